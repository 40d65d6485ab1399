"""A scope while it is written: what its nodes can read, and the nodes so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis.strategies import DrawFn
from pydantic import ValidationError

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import Dim, Shape, TensorType
from tests.generators.fields import pick, rarely

NAMES = ("a", "conv", "fc", "act", "x1", "x2", "norm", "y", "h")
AWKWARD = (
    "input", "self", "torch", "F", "nn", "math", "lambda_", "items", "keys", "zip", "range", "output",
    "block-0", "Net", "Outputs", "weight", "bias", "layers", "_", "x", "len", "print", "super", "module", "str",
)  # fmt: skip


class Value(NamedTuple):
    """What a path reads. `when` says the one mode in which it exists."""

    path: str
    type: TensorType
    when: str | None = None
    still: bool = False
    """A parameter or constant, which is never the node above, nor is another name for it."""


class Shareable(NamedTuple):
    """A node or block instance that can run again: its inputs by port, and its outputs."""

    path: str
    inputs: tuple[TensorType, ...]
    outputs: tuple[tuple[str, TensorType], ...]
    ports: tuple[str, ...] = ()
    weight: Shape | None = None
    """The shape of its `weight`, where it has one that may be tied."""


class Block(NamedTuple):
    """A block that was written: how it was first used."""

    name: str
    ports: tuple[tuple[str, TensorType], ...]
    outputs: tuple[tuple[str, TensorType], ...]
    arguments: dict[str, Any]


class Family(NamedTuple):
    """Nodes `stem0`, `stem1`, …, so many."""

    stem: str
    count: int


@dataclass
class World:
    """What all scopes of one network share."""

    draw: DrawFn
    budget: int
    """How many more nodes may be written."""
    blocks: dict[str, Any] = field(default_factory=dict)
    uses: list[Block] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    """Other files: specs used as blocks, block libraries."""
    libraries: list[str] = field(default_factory=list)
    """The files whose blocks the network uses."""
    params: dict[str, Any] = field(default_factory=dict)
    """The network's parameters that statements brought with them."""
    families: list[Family] = field(default_factory=list)
    """The network's nodes that a `for` numbers."""
    word: bool = False
    """Whether scopes read what came into them as `input`; else nodes may be called so."""
    count: int = 0

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"


@dataclass
class Scope:
    """Nodes as they will stand in the file, and what the next one may read."""

    world: World
    values: list[Value]
    above: Value | None
    numbers: dict[str, int] = field(default_factory=dict)
    """What expressions see, by name."""
    words: dict[str, str] = field(default_factory=dict)
    """Names that `$name` reads, and the op that they hold."""
    dims: dict[str, Dim] = field(default_factory=dict)
    """The run-time sizes that expressions see, by name."""
    entries: dict[str, Any] = field(default_factory=dict)
    shareable: list[Shareable] = field(default_factory=list)
    depth: int = 0
    when: str | None = None
    """The mode that everything in it runs in."""
    kept: tuple[str, ...] = ()
    """Names that no node takes, but `x`, which none takes anywhere."""

    @property
    def draw(self) -> DrawFn:
        return self.world.draw

    # --- reading ----------------------------------------------------------------------------------

    def readable(self) -> list[Value]:
        """The values of both modes, or of this scope's, the newest first."""
        return [v for v in reversed(self.values) if v.when in (None, self.when)]

    def source(self, floats: bool = True) -> Value | None:
        """A value to read: mostly the newest."""
        values = [v for v in self.readable() if not floats or v.type.dtype == "float32"]
        if not values:
            return None
        return values[0] if not rarely(self.draw, 3) else pick(self.draw, values)

    def same(self, type: TensorType) -> list[Value]:
        return [v for v in self.readable() if v.type == type]

    def reads(self, value: Value) -> dict[str, str]:
        """How a node says what it reads: nothing, where it is the node above."""
        if self.above is not None and self.above.path == value.path and not rarely(self.draw):
            return {}
        return {"from": value.path}

    def came_in(self, value: Value | None) -> None:
        """What came into the scope is called `input` there, and nothing from around it is."""
        self.values = [v for v in self.values if v.path.split(".")[0] != "input"]
        if value is not None and self.world.word:
            self.values.append(value._replace(path="input"))

    # --- writing ----------------------------------------------------------------------------------

    def name(self) -> str:
        """A name that no node of the scope has."""
        stem = pick(self.draw, AWKWARD) if rarely(self.draw, 8) else pick(self.draw, NAMES)
        if stem == "input" and self.world.word:
            stem = "inputs"
        if rarely(self.draw, 10):
            stem = f"part.{stem}"
        return stem if stem not in (*self.entries, "x", *self.kept) else self.world.fresh(stem)

    def add(self, name: str, entry: Any, values: list[Value], shown: bool = True) -> None:
        """Writes a node; `values` is what it gives, the first of which the next node reads by default."""
        self.entries[name] = entry
        first = name.partition(".")[0]
        self.values = [v for v in self.values if v.path.split(".")[0] != first or "." in name] + values
        self.world.budget -= 1
        if shown:
            self.above = values[0] if len(values) == 1 else None

    def order(self) -> list[str]:
        """Some of the children in another order than they run, and where the others stand."""
        names = [name for name, entry in self.entries.items() if self._is_child(name, entry)]
        some = [name for name in reversed(names) if not rarely(self.draw, 3)]
        return [*some, "..."] if rarely(self.draw, 3) else ["...", *some] if rarely(self.draw, 3) else some

    def _is_child(self, name: str, entry: Any) -> bool:
        """Whether an entry is a child, and one whose module has parameters here if it is another's."""
        if any(sign in name for sign in " .$") or not isinstance(entry, dict):
            return not any(sign in name for sign in " .$")
        if "share" in entry:
            there = entry["share"] in self.entries
            return there and any(each.path == entry["share"] and each.weight is not None for each in self.shareable)
        return not {"op", "nodes", "value"}.isdisjoint(entry)

    def expression(self, number: int) -> int | str:
        """A number, or an expression that gives it here."""
        if not self.numbers or not rarely(self.draw, 3):
            return number
        name = pick(self.draw, sorted(self.numbers))
        given = self.numbers[name]
        if given == number:
            return name
        if given and number % given == 0:
            return f"{number // given} * {name}"
        gap = number - given
        forms = [
            f"{name} + {gap}" if gap > 0 else f"{name} - {-gap}",
            f"{number} if {name} == {given} else {number + 1}",
        ]
        return pick(self.draw, forms)

    def size(self, dim: Dim) -> int | str | None:
        """A dimension as it may be written here; None where it has no name."""
        if isinstance(dim, int):
            return dim
        return next((name for name, known in self.dims.items() if known == dim), None)


def infer(op: str, fields: dict[str, Any], *inputs: TensorType | None) -> tuple[TensorType, ...] | None:
    """The outputs' types; None where the op refuses."""
    try:
        made = OPS[op](**fields).infer(*inputs)
    except (OpError, ValidationError, ValueError):
        return None
    return made if isinstance(made, tuple) else (made,)


def output_names(op: str, fields: dict[str, Any], count: int) -> tuple[str, ...]:
    return OPS[op](**fields).output_names(count)
