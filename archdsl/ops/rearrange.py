"""`rearrange`: splits, orders and merges dimensions by a pattern that names their axes.

    n (h p) (w q) c -> n (h w) (p q) c

Each side is one group per dimension: an axis, or axes in brackets, the slowest first, or `1`, or `...` for as
many dimensions as there are. A number is an axis of that size, called by it and by how many of it stand before, `2#0`,
so that equal ones are paired in their order. A tensor is rearranged in three steps: split the input's groups, permute
the axes, merge them into the output's groups. `Rearranging` is the pattern with the size of every axis.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, ClassVar, Final, NamedTuple, TypeAlias, final

from pydantic import ConfigDict, Field

from archdsl.faults.code import Code
from archdsl.limits import MAX_INT64, MAX_NOTATION
from archdsl.ops.base import AnyDim, Moving, OpError, read_by
from archdsl.ops.rules import divides
from archdsl.shapes import Dim, Shape, TensorType, differ, least, product
from archdsl.text.nearest import nearest

Axes: TypeAlias = tuple[str, ...]
"""The axes of one dimension; the empty group is `1`."""

_TOKEN: Final = re.compile(r"\s*([A-Za-z_]\w*|\d+(?!\w)|\.\.\.|->|[()])")
_DOTS: Final = "..."
_BRACKETED: Final = "(...)"
"""`...` in brackets, which is one dimension."""


class Pattern(NamedTuple):
    """Both sides of a pattern, a group per dimension."""

    left: tuple[Axes, ...]
    right: tuple[Axes, ...]

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes in the order of the input."""
        return tuple(axis for group in self.left for axis in group)

    @property
    def constants(self) -> dict[str, int]:
        """The sizes of the axes that are numbers."""
        return {axis: int(_shown(axis)) for axis in self.axes if "#" in axis}

    @property
    def fewest(self) -> int:
        """How many dimensions the input has, at least."""
        return len(self.left) - ((_DOTS,) in self.left)

    def spread(self, rank: int) -> "Pattern":
        """The pattern with an axis for each dimension that `...` stands for in a tensor of this rank."""
        dots = tuple(f"{_DOTS}{i}" for i in range(rank - self.fewest))
        return Pattern(_spread(self.left, dots), _spread(self.right, dots))


class Rearranging(NamedTuple):
    """A pattern that is applied to a tensor: what `rearrange` does, step by step."""

    pattern: Pattern
    sizes: dict[str, Dim]
    """The size of every axis."""

    @property
    def order(self) -> tuple[int, ...]:
        """For each axis of the output, flattened, its place among the input's."""
        places = {axis: place for place, axis in enumerate(self.pattern.axes)}
        return tuple(places[axis] for group in self.pattern.right for axis in group)

    @property
    def shape(self) -> Shape:
        """The output's shape."""
        return tuple(product(self.sizes[axis] for axis in group) for group in self.pattern.right)


@lru_cache(maxsize=4096)
def parse(text: str) -> Pattern:
    """The pattern that the text says. Raises ValueError, in words for the user."""
    if len(text) > MAX_NOTATION:
        raise ValueError(f"expected at most {MAX_NOTATION:,} characters, found {len(text):,}")
    sides = [_groups(side) for side in _tokens(text)]
    if len(sides) != 2:
        raise ValueError(f"expected one `->` in the pattern, found {len(sides) - 1}")
    pattern = Pattern(*sides)
    if _BRACKETED in pattern.axes:
        raise ValueError("`...` stands in brackets before the `->`, where it can only stand alone")
    inside, outside = (_flat(side) for side in pattern)
    for axis in inside:
        if axis not in outside:
            raise ValueError(f"axis `{_shown(axis)}` of the input is missing in the output{_near(axis, outside)}")
    for axis in outside:
        if axis not in inside:
            raise ValueError(f"axis `{_shown(axis)}` of the output is missing in the input{_near(axis, inside)}")
    return pattern


def _spread(groups: tuple[Axes, ...], dots: Axes) -> tuple[Axes, ...]:
    spread: list[Axes] = []
    for group in groups:
        if group == (_DOTS,):
            spread += ((axis,) for axis in dots)
        else:
            spread.append(tuple(each for axis in group for each in (dots if axis == _BRACKETED else (axis,))))
    return tuple(spread)


@final
class Rearrange(Moving):
    """Splits, orders and merges dimensions: `n (h p) (w q) c -> n (h w) (p q) c`.

    Every other field is the size of an axis (`p: 7`); in each bracket of the input at most one axis
    goes without. A number is an axis of that size, `n (c 2) -> n 2 c`; equal ones are paired in their
    order. `1` is a dimension of size 1, removed or inserted, and `...` as many dimensions as there are,
    `... (h d) -> ... h d`, or in brackets of the output one of them all.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AnyDim]

    name = "rearrange"
    silent = True
    open_fields: ClassVar[bool] = True
    """Takes fields beyond the declared ones: the sizes of axes."""

    pattern: Annotated[str, read_by(parse), Field(description="the axes before and after, `->` between")]

    def plan(self, x: TensorType) -> Rearranging:
        """The pattern with all axes' sizes. Raises OpError where it does not fit `x`."""
        pattern = parse(self.pattern)
        self._check_given(pattern)
        some = (_DOTS,) in pattern.left
        if x.rank < pattern.fewest or (x.rank > pattern.fewest and not some):
            raise OpError(
                f"the pattern's left side has {'at least ' * some}{pattern.fewest} dimensions, but {x} has {x.rank}",
                code=Code.RANK_ERROR,
                ports=("input",),
                field="pattern",
            )
        pattern = pattern.spread(x.rank)
        given: dict[str, Dim] = {**self.given, **pattern.constants}
        sizes: dict[str, Dim] = {}
        for dim, (group, size) in enumerate(zip(pattern.left, x.shape, strict=True)):
            sizes |= _solve(group, dim, size, given)
        return Rearranging(pattern, sizes)

    def infer(self, x: TensorType) -> TensorType:
        plan = self.plan(x)
        return x.with_shape(plan.shape)

    @property
    def given(self) -> dict[str, Dim]:
        """The sizes of axes that the spec gives."""
        return self.__pydantic_extra__ or {}

    def _check_given(self, pattern: Pattern) -> None:
        for axis, size in self.given.items():
            if axis not in pattern.axes or not axis.isidentifier():
                raise OpError(
                    f"`{axis}` is no axis of the pattern{_near(axis, pattern.axes)}", code=Code.BAD_VALUE, field=axis
                )
            if least(-size) >= 0:
                raise OpError(f"axis `{axis}` has the size {size}", code=Code.BAD_VALUE, field=axis)
        for group in pattern.left:
            _check_open(group, {**self.given, **pattern.constants})


def _check_open(group: Axes, given: dict[str, Dim]) -> None:
    """Raises OpError where more than one axis of a group has no size."""
    open_axes = [axis for axis in group if axis not in given]
    if len(open_axes) > 1:
        raise OpError(
            f"the sizes of {' and '.join(f'`{axis}`' for axis in open_axes)} in "
            f"{_spell(group)} are open: give all but one",
            code=Code.BAD_VALUE,
            field="pattern",
            hint=f"write `{open_axes[-1]}: size` beside the pattern",
        )


def _solve(group: Axes, dim: int, size: Dim, given: dict[str, Dim]) -> dict[str, Dim]:
    """The sizes of a group's axes, where the dimension `dim` of the input has this size."""
    open_axes = [axis for axis in group if axis not in given]
    known = product(given[axis] for axis in group if axis in given)
    sizes = {axis: given[axis] for axis in group if axis in given}
    if not open_axes:
        if differ(known, size):
            raise OpError(
                f"{_spell(group)} is {known}, but dimension {dim} of the input is {size}",
                code=Code.SIZE_ERROR,
                ports=("input",),
                field=_field(reversed(group)),
            )
        return sizes
    if divides(known, size) is False:
        factors = " * ".join(map(_shown, sizes))
        raise OpError(
            f"{_spell(group)}: {size} is not divisible by {factors}{f' = {known}' * (factors != str(known))}",
            code=Code.SIZE_ERROR,
            ports=("input",),
            field=_field(sizes),
        )
    return {axis: size // known if axis in open_axes else given[axis] for axis in group}


def _field(axes: Iterable[str]) -> str:
    """The field that says the size of the first axis for which there is one."""
    return next((axis for axis in axes if axis.isidentifier()), "pattern")


def _tokens(text: str) -> list[list[str]]:
    """The tokens of each side. Raises ValueError for a character that is none."""
    sides: list[list[str]] = [[]]
    end = 0
    while text[end:].strip():
        match = _TOKEN.match(text, end)
        if match is None:
            raise ValueError(f"cannot read `{text[end:].split(maxsplit=1)[0]}` in the pattern")
        end = match.end()
        if match[1] == "->":
            sides.append([])
        else:
            sides[-1].append(match[1])
    return sides


def _groups(tokens: list[str]) -> tuple[Axes, ...]:
    """The groups of one side. Raises ValueError for an axis written twice and for unbalanced brackets."""
    groups: list[Axes] = []
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    inside = False
    for token in tokens:
        if token in "()":
            if inside == (token == "("):
                raise ValueError(f"unexpected `{token}` in the pattern")
            inside = token == "("
            groups += [()] * inside
            continue
        if token in seen:
            raise ValueError(f"axis `{token}` stands twice on one side of the pattern")
        axes = _axes(token, inside, counts)
        seen.update(axes if axes != (_BRACKETED,) else (_DOTS,))
        groups[-1:] = [groups[-1] + axes] if inside else [*groups[-1:], axes]
    if inside:
        raise ValueError("a `(` in the pattern is not closed")
    return tuple(groups)


def _axes(token: str, inside: bool, counts: Counter[str]) -> Axes:
    """What a token stands for; `counts` tells how many of each number came before. Raises ValueError."""
    if token == _DOTS:
        return (_BRACKETED if inside else _DOTS,)
    if not token.isdigit():
        return (token,)
    number = token.lstrip("0") or "0"
    if number == "0" or len(number) > len(str(MAX_INT64)) or int(number) > MAX_INT64:
        raise ValueError(f"a size in the pattern is a number from 1 to 2 ** 63 - 1, not `{token[:20]}`")
    if number == "1":
        return ()
    counts[number] += 1
    return (f"{number}#{counts[number] - 1}",)


def _flat(groups: tuple[Axes, ...]) -> tuple[str, ...]:
    return tuple(_DOTS if axis == _BRACKETED else axis for group in groups for axis in group)


def _shown(axis: str) -> str:
    """An axis as the pattern writes it."""
    return _DOTS if axis.startswith(_DOTS) else axis.partition("#")[0]


def _spell(group: Axes) -> str:
    shown = [_shown(axis) for axis in group]
    return f"({' '.join(shown)})" if len(shown) > 1 else f"`{shown[0] if shown else 1}`"


def _near(axis: str, others: tuple[str, ...]) -> str:
    close = nearest(axis, [other for other in others if other.isidentifier()])
    return f", did you mean `{close}`?" if close else ""
