"""One scope as a class would hold it: its children, and the steps of its forward.

An outline is made for every instance of a class on its own; `merge` finds what they have in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias, final

from archdsl.ir.graph import Mode, Node, Scope
from archdsl.ops.parametrized import Parametrization, parametrization_of
from archdsl.shapes import Dim
from archdsl_torch.lowering.tree import Call, Code
from archdsl_torch.planning.crossings import Key, Unit
from archdsl_torch.planning.skeletons import skeleton

# --- children -------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True, eq=False)
class Make:
    """A module of torch, or of the helpers."""

    node: Node
    call: Call

    @property
    def parametrization(self) -> Parametrization | None:
        """What computes one of its tensors."""
        return parametrization_of(self.node.op)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """An instance of a generated class."""

    scope: Scope


@final
@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A parameter or a buffer."""

    node: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A child with its name and with what it is aligned by: the place where it is written."""

    name: str
    unit: Unit
    build: Build

    @property
    def key(self) -> object:
        if self.unit.site is None:
            return self.name
        return self.unit.site, tuple(step.index for step in self.unit.loops)


@final
@dataclass(frozen=True, eq=False)
class Items:
    """`nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict`."""

    kind: Literal["Sequential", "ModuleList", "ModuleDict"]
    entries: tuple[Member, ...]

    @cached_property
    def numbered(self) -> bool:
        return [entry.name for entry in self.entries] == [str(i) for i in range(len(self.entries))]


Build: TypeAlias = "Make | Use | Tensor | Items"


def used(build: Build) -> Iterator[Scope]:
    """The scopes whose classes a child is an instance of, or holds instances of."""
    if isinstance(build, Use):
        yield build.scope
    elif isinstance(build, Items):
        for entry in build.entries:
            yield from used(entry.build)


# --- steps ----------------------------------------------------------------------------------------


class PortRef(NamedTuple):
    """An argument of the forward: any of these names, where several hold one tensor."""

    names: tuple[str, ...]


class ResultRef(NamedTuple):
    """An output of an earlier step."""

    step: str
    output: int


@final
@dataclass(frozen=True, slots=True)
class Owned:
    """A parameter or buffer below the class."""

    access: Code


Ref: TypeAlias = "PortRef | ResultRef | Owned"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A module's call, or an expression."""

    key: str
    unit: Unit
    inputs: tuple[Ref | None, ...]
    """By port; of a scope, by the names in `names`."""
    names: tuple[str, ...]
    """A scope's ports, in the order of `inputs`."""
    outputs: tuple[Key, ...]
    module: Code | None
    """How its module is reached: `self.layer1[0]`."""
    code: Code | None
    when: Mode | None
    output_names: tuple[str, ...] = ()
    """A scope's outputs, by name."""


@final
@dataclass(eq=False)
class Outline:
    """A scope as a class would hold it."""

    scope: Scope
    members: dict[str, Member] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    ports: dict[str, Key] = field(default_factory=dict)
    checks: dict[tuple[str, int], Dim] = field(default_factory=dict)
    """Sizes that only the run can compare, by port and dimension."""
    exports: dict[str, Ref] = field(default_factory=dict)
    """What other scopes read of it, by output name."""
    chain: bool = False
    """The class is a subclass of nn.Sequential."""

    @cached_property
    def ports_by_key(self) -> dict[Key, tuple[str, ...]]:
        """The ports that hold each value that comes in. Read when `ports` is complete."""
        found: dict[Key, tuple[str, ...]] = {}
        for name, key in self.ports.items():
            found[key] = (*found.get(key, ()), name)
        return found

    @cached_property
    def signature(self) -> object:
        """Equal for outlines that one class can hold by arguments alone."""
        return (
            tuple((name, signature_of(entry.build)) for name, entry in self.members.items()),
            tuple(
                (s.key, s.module, s.code and skeleton(s.code), s.inputs, s.names, s.when) for s in self.steps.values()
            ),
            tuple(self.exports.items()),
            tuple(self.ports),
        )


def signature_of(build: Build) -> object:
    match build:
        case Make(call=call):
            return skeleton(call), build.parametrization
        case Use(scope=scope):
            return ("use", scope.site) if scope.block is None else ("use", scope.block)
        case Tensor(node=node):
            return "tensor", type(node.op), frozenset(node.op.model_fields_set)
        case Items(kind=kind, entries=entries):
            return kind, tuple((entry.name, signature_of(entry.build)) for entry in entries)
