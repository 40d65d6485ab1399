"""Code as a tree: every expression of a printed source until the last step, which prints it.

What an op is in PyTorch is such a tree with holes, `In`, `Arg`, `Like` and `Self`, that are filled where it is
written; `SizeOf`, `PassedSize` and `Sized` are settled when a forward is finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, TypeAlias, final

from archdsl.text.alike import same

# --- holes ----------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class In:
    """The op's input at this place in the order of its ports (unfed optional ports count)."""

    index: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class Arg:
    """A Python value: number, text, bool, None, Dim, or a tuple of them."""

    value: Any
    field: str | None = None
    """The op's field that it is, unchanged; for a size read off an input and for `inplace`, torch's argument name."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Arg) and self.field == other.field and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.value, self.field))


@final
@dataclass(frozen=True, slots=True)
class Like:
    """The `device` or the floating `dtype` of the tensors around."""

    what: Literal["device", "dtype"]


@final
@dataclass(frozen=True, slots=True)
class Self:
    """The module that `Lowered.module` constructs; only in `Lowered.call`."""


@final
@dataclass(frozen=True, slots=True)
class SizeOf:
    """The size of a dimension of a forward's argument as it was given."""

    argument: str
    axis: int


@final
@dataclass(frozen=True, slots=True)
class PassedSize:
    """A number that a forward is given, since no tensor in it has a dimension of this size."""

    name: str
    """What the spec calls it."""
    number: int
    """Which one of that name it is."""


@final
@dataclass(frozen=True, slots=True)
class Sized:
    """What the spec calls by a name, made of sizes of a forward's arguments: a variable where it is read again."""

    name: str
    value: Code


# --- words ----------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """A Python value that belongs to the form of the code, such as the number of a dimension: where it
    differs, two nodes do different things, and no one line of code serves both."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed) and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash(self.value)


@final
@dataclass(frozen=True, slots=True)
class Global:
    """What the file imports, defines or has from Python, by its dotted name: `torch.float64`, `nn.ReLU`, `Block`."""

    name: str


@final
@dataclass(frozen=True, slots=True)
class Variable:
    """A name of the method around."""

    name: str


# --- what is made of others -----------------------------------------------------------------------


Breaking: TypeAlias = Literal["filled", "sole", "exploded"]
"""How arguments break over lines: on one line of their own if they fit there, else one a line, each with a comma; the
same of a sole argument, which no comma follows; one a line whether or not they fit."""

Keywords: TypeAlias = "tuple[tuple[str, Code], ...]"
"""Keyword arguments."""


@final
@dataclass(frozen=True, slots=True)
class Call:
    """A call of what a `Global` of that name is: `torch.cat(...)`, `F.pad(...)`, `nn.Conv2d(...)`"""

    function: str
    args: tuple[Code, ...] = ()
    kwargs: Keywords = ()
    breaking: Breaking = "filled"


@final
@dataclass(frozen=True, slots=True)
class Apply:
    """A call of what an expression gives: `self.layer1[0](x)`"""

    function: Code
    args: tuple[Code, ...] = ()
    kwargs: Keywords = ()
    breaking: Breaking = "filled"


@final
@dataclass(frozen=True, slots=True)
class Method:
    """`x.permute(0, 2, 3, 1)`"""

    receiver: Code
    name: str
    args: tuple[Code, ...] = ()
    kwargs: Keywords = ()
    breaking: Breaking = "filled"


@final
@dataclass(frozen=True, slots=True)
class Attribute:
    """`self.weight`; of a name that Python cannot read so, `getattr(self, "conv-1")`."""

    owner: Code
    name: str


@final
@dataclass(frozen=True, slots=True)
class Range:
    """`1:3` between the brackets of a `Subscript`; a bound that is None is not written."""

    start: Code | None = None
    stop: Code | None = None
    step: Code | None = None


@final
@dataclass(frozen=True, slots=True)
class Subscript:
    """`x[:, 1:3]`"""

    receiver: Code
    items: tuple[Code | Range, ...]


@final
@dataclass(frozen=True, slots=True)
class Many:
    """A list of codes: `[a, b]` in `torch.cat([a, b])`."""

    items: tuple[Code, ...]


@final
@dataclass(frozen=True, slots=True)
class Tuple:
    """`(a, b)`"""

    items: tuple[Code, ...]


@final
@dataclass(frozen=True, slots=True)
class Mapping:
    """`{"a": x, "b": y}`"""

    pairs: tuple[tuple[str, Code], ...]


@final
@dataclass(frozen=True, slots=True)
class Starred:
    """`*x`, an item of a call's arguments or of a list."""

    value: Code


@final
@dataclass(frozen=True, slots=True)
class Numbered:
    """The text `f"layer{k + 1}"`."""

    head: str
    number: Code
    tail: str


@final
@dataclass(frozen=True, slots=True)
class Infix:
    """`left + right`, `left and right`"""

    sign: str
    left: Code
    right: Code


@final
@dataclass(frozen=True, slots=True)
class Prefix:
    """`-x`, `~x`, `not x`"""

    sign: str
    operand: Code


@final
@dataclass(frozen=True, slots=True)
class Relation:
    """A chain, `0 < x <= 3`, of whose sides each is read once."""

    first: Code
    rest: tuple[tuple[str, Code], ...]


@final
@dataclass(frozen=True, slots=True)
class Conditional:
    """`then if test else otherwise`"""

    test: Code
    then: Code
    otherwise: Code


Target: TypeAlias = "str | tuple[Target, ...]"
"""A name, or names in brackets."""


@final
@dataclass(frozen=True, slots=True)
class Loop:
    """`for a, b in pairs if a` of a comprehension."""

    targets: tuple[Target, ...]
    iterable: Code
    conditions: tuple[Code, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Comprehension:
    """`[x for x in y]`"""

    element: Code
    loops: tuple[Loop, ...]
    bare: bool = False
    """Without brackets of its own, as the sole argument of a call."""


# --- what only lowerings make ---------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class AddInto:
    """`left.add_(right)`: a sum that overwrites an operand which nobody else reads."""

    target: int
    """Which input is overwritten."""

    @property
    def plain(self) -> Infix:
        return Infix("+", In(0), In(1))


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """A value over index tensors, which stand before it under names of their own."""

    names: tuple[str, ...]
    indices: tuple[Code, ...]
    value: Code
    """`In(i)` is the i-th index."""


Hole: TypeAlias = "In | Arg | Like | Self | AddInto | Grid"
Leaf: TypeAlias = "Fixed | Global | Variable"
Whole: TypeAlias = (
    "Call | Apply | Method | Attribute | Subscript | Many | Tuple | Mapping | Starred | Numbered | Infix | Prefix"
    " | Relation | Conditional | Comprehension"
)
Code: TypeAlias = "Hole | SizeOf | PassedSize | Sized | Leaf | Whole"

SELF: Final = Variable("self")
TRAINING: Final = Attribute(SELF, "training")
NONE: Final = Fixed(None)


def tensor_below(owner: Code, path: str) -> Code:
    """A tensor that a module owns, by its path in the module's `state_dict`; the owner itself for none."""
    for part in path.split(".") if path else ():
        owner = Subscript(owner, (Fixed(int(part)),)) if part.isdigit() else Attribute(owner, part)
    return owner


def is_none(code: Code) -> Relation:
    return Relation(code, (("is", NONE),))


def is_given(code: Code) -> Relation:
    """`code is not None`"""
    return Relation(code, (("is not", NONE),))


def never(code: NoReturn) -> NoReturn:
    """Ends a `match` over every kind of code: mypy sees to it that none is left out."""
    raise AssertionError(f"no case for {code!r}")
