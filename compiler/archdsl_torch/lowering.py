"""What an op is in PyTorch, as a tree of code: `lower(op, *inputs) -> Lowered`.

The lowerings register on the op's class in `archdsl_torch.ops`, one module per theme, same stems as
`archdsl.ops`. A tree names torch's functions as generated source does: `nn` is `torch.nn`, `F` is
`torch.nn.functional`; a bare name is a class of `archdsl_torch.helpers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, NamedTuple, TypeAlias

from archdsl.ops.base import Op
from archdsl.shapes import TensorType


@dataclass(frozen=True, slots=True)
class In:
    """The op's input at this place in the order of its ports (unfed optional ports count)."""

    index: int


@dataclass(frozen=True, slots=True)
class Arg:
    """A Python value: number, text, bool, None, Dim, or a tuple of them."""

    value: Any
    field: str | None = None
    """The op's field that it is, unchanged; for a size read off an input, torch's argument name."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A Python value that belongs to the form of the code, such as the number of a dimension: where it
    differs, two nodes do different things, and no one line of code serves both."""

    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """`torch.cat(...)`, `F.pad(...)`, `nn.Conv2d(...)`"""

    function: str
    args: tuple[Code, ...] = ()
    kwargs: tuple[tuple[str, Code], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """`x.permute(0, 2, 3, 1)`"""

    receiver: Code
    name: str
    args: tuple[Code, ...] = ()
    kwargs: tuple[tuple[str, Code], ...] = ()


@dataclass(frozen=True, slots=True)
class Many:
    """A list or tuple of codes: `[a, b]` in `torch.cat([a, b])`."""

    items: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`1:3` between the brackets of an `Index`; a bound that is None is not written."""

    start: Code | None = None
    stop: Code | None = None
    step: Code | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """`x[:, 1:3]`"""

    receiver: Code
    items: tuple[Code | Range, ...]


@dataclass(frozen=True, slots=True)
class Training:
    """`value if self.training else 0.0`"""

    value: Code


@dataclass(frozen=True, slots=True)
class Self:
    """The module that `Lowered.module` constructs; only in `Lowered.call`."""


Code: TypeAlias = "In | Arg | Fixed | Call | Method | Many | Index | Training | Self"


class Lowered(NamedTuple):
    """An op as a module, as an expression, or as either; an op that owns tensors has a module."""

    module: Call | None
    """The constructor of a module. Its forward takes the op's fed inputs in port order, unless
    `call` says otherwise."""
    function: Code | None
    """An expression over the inputs."""
    call: Code | None = None
    """How the module is called, where that is not `module(*fed inputs)`: a `Method` of `Self`
    named `__call__`, whose arguments may be keywords."""
    outputs: tuple[int, ...] = ()
    """How many outputs stand together, where the module gives tuples inside of a tuple: (1, 2) for `y, (h, c)`."""


@singledispatch
def lower(op: Op, *inputs: TensorType | None) -> Lowered:
    """The PyTorch form of `op` for inputs of these types (None: an optional port that is not fed).

    The op's `infer` has accepted the inputs. Raises TypeError for an op without a lowering.
    """
    raise TypeError(f"op `{op.name}` has no lowering in archdsl_torch.ops")


def call(function: str, *args: Code, **kwargs: Code) -> Call:
    return Call(function, args, tuple(kwargs.items()))


def method(receiver: Code, name: str, *args: Code, **kwargs: Code) -> Method:
    return Method(receiver, name, args, tuple(kwargs.items()))


def fields(op: Op, *names: str) -> dict[str, Code]:
    """The keyword arguments for these fields; those at their default, which is torch's, are left out."""
    return {name: Arg(getattr(op, name), name) for name in names if not is_default(op, name)}


def is_default(op: Op, name: str) -> bool:
    return bool(getattr(op, name) == type(op).model_fields[name].get_default())


def fed(names: Sequence[str], inputs: Sequence[TensorType | None], start: int) -> dict[str, Code]:
    """Keyword arguments for the ports from `start` on that are fed, under torch's names for them."""
    return {
        name: In(index) for index, name in enumerate(names, start) if index < len(inputs) and inputs[index] is not None
    }
