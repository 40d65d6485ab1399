"""`rearrange`: splits, orders and merges dimensions by a pattern that names their axes.

    n (h p) (w q) c -> n (h w) (p q) c

Each side is one group per dimension: an axis, or axes in brackets, the slowest first, or `1`. A
tensor is rearranged in three steps: split the input's groups, permute the axes, merge them into the
output's groups. `Plan` is the pattern with the size of every axis.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, ClassVar, Final, NamedTuple, TypeAlias, final

from pydantic import ConfigDict, Field, field_validator

from archdsl.diagnostics import nearest
from archdsl.limits import MAX_NOTATION
from archdsl.ops import fields
from archdsl.ops.base import AnyDim, Kind, Op, OpError
from archdsl.ops.memory import Placed, Sizes, reshaped
from archdsl.ops.rules import divides
from archdsl.shapes import Dim, Shape, TensorType, differ, evaluate, least, product

Group: TypeAlias = tuple[str, ...]
"""The axes of one dimension; the empty group is `1`."""

_TOKEN: Final = re.compile(r"\s*([A-Za-z_]\w*|->|[()1])")


class Pattern(NamedTuple):
    """Both sides of a pattern, a group per dimension."""

    left: tuple[Group, ...]
    right: tuple[Group, ...]

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes in the order of the input."""
        return tuple(axis for group in self.left for axis in group)


class Plan(NamedTuple):
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
    inside, outside = (_flat(side) for side in pattern)
    for axis in inside:
        if axis not in outside:
            raise ValueError(f"axis `{axis}` of the input is missing in the output{_near(axis, outside)}")
    for axis in outside:
        if axis not in inside:
            raise ValueError(f"axis `{axis}` of the output is missing in the input{_near(axis, inside)}")
    return pattern


@final
class Rearrange(Op):
    """Splits, orders and merges dimensions: `n (h p) (w q) c -> n (h w) (p q) c`.

    Every other field is the size of an axis (`p: 7`); in each bracket of the input at most one axis
    goes without. `1` is a dimension of size 1, removed or inserted.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AnyDim]

    name: ClassVar[str] = "rearrange"
    aliases: ClassVar[tuple[str, ...]] = ("einops",)
    kind: ClassVar[Kind] = Kind.RESHAPE
    open_fields: ClassVar[bool] = True
    """Takes fields beyond the declared ones: the sizes of axes."""

    pattern: Annotated[str, Field(description="the axes before and after, `->` between")]

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, text: str) -> str:
        parse(text)
        return text

    def plan(self, x: TensorType) -> Plan:
        """The pattern with all axes' sizes. Raises OpError where it does not fit `x`."""
        pattern = parse(self.pattern)
        self._check_given(pattern)
        if len(pattern.left) != x.rank:
            raise OpError(
                f"the pattern's left side has {len(pattern.left)} dimensions, but {x} has {x.rank}",
                code="rank-error",
                ports=("input",),
                field="pattern",
            )
        sizes: dict[str, Dim] = {}
        for dim, (group, size) in enumerate(zip(pattern.left, x.shape, strict=True)):
            sizes |= _solve(group, dim, size, self.given)
        return Plan(pattern, sizes)

    def infer(self, x: TensorType) -> TensorType:
        return x.with_shape(self.plan(x).shape)

    def views(self, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
        order, split = self._split(x.shape)
        strides = reshaped(x, split)
        if strides is None:
            return None
        turned = x._replace(shape=tuple(split[i] for i in order), strides=tuple(strides[i] for i in order))
        merged = reshaped(turned, made[0])
        return None if merged is None else (merged,)

    def field(self, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
        order, split = self._split(x.shape)
        return (fields.regrouped(fields.permuted(fields.regrouped(x, split), order), made[0]),)

    def _split(self, shape: Sizes) -> tuple[Sizes, Sizes]:
        """The order of the axes, and their sizes in the order of the input."""
        plan = self.plan(TensorType(shape))
        return plan.order, tuple(evaluate(plan.sizes[axis], {}) for axis in plan.pattern.axes)

    @property
    def given(self) -> dict[str, Dim]:
        """The sizes of axes that the spec gives."""
        return self.__pydantic_extra__ or {}

    def _check_given(self, pattern: Pattern) -> None:
        for axis, size in self.given.items():
            if axis not in pattern.axes:
                raise OpError(
                    f"`{axis}` is no axis of the pattern{_near(axis, pattern.axes)}",
                    code="bad-value",
                    field=axis,
                )
            if least(-size) >= 0:
                raise OpError(f"axis `{axis}` has the size {size}", code="bad-value", field=axis)


def _solve(group: Group, dim: int, size: Dim, given: dict[str, Dim]) -> dict[str, Dim]:
    """The sizes of a group's axes, where the dimension `dim` of the input has this size."""
    open_axes = [axis for axis in group if axis not in given]
    known = product(given[axis] for axis in group if axis in given)
    if len(open_axes) > 1:
        raise OpError(
            f"the sizes of {' and '.join(f'`{axis}`' for axis in open_axes)} in "
            f"{_spell(group)} are open: give all but one",
            code="bad-value",
            field="pattern",
            hint=f"write `{open_axes[-1]}: size` beside the pattern",
        )
    sizes = {axis: given[axis] for axis in group if axis in given}
    if not open_axes:
        if differ(known, size):
            raise OpError(
                f"{_spell(group)} is {known}, but dimension {dim} of the input is {size}",
                code="size-error",
                ports=("input",),
                field=group[-1] if group else "pattern",
            )
        return sizes
    if divides(known, size) is False:
        factors = " * ".join(sizes)
        raise OpError(
            f"{_spell(group)}: {size} is not divisible by {factors} = {known}",
            code="size-error",
            ports=("input",),
            field=next(iter(sizes)),
        )
    return {axis: size // known if axis in open_axes else given[axis] for axis in group}


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


def _groups(tokens: list[str]) -> tuple[Group, ...]:
    """The groups of one side. Raises ValueError for an axis written twice and for unbalanced brackets."""
    groups: list[Group] = []
    seen: set[str] = set()
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
        axes = () if token == "1" else (token,)
        seen.update(axes)
        groups[-1:] = [groups[-1] + axes] if inside else [*groups[-1:], axes]
    if inside:
        raise ValueError("a `(` in the pattern is not closed")
    return tuple(groups)


def _flat(groups: tuple[Group, ...]) -> tuple[str, ...]:
    return tuple(axis for group in groups for axis in group)


def _spell(group: Group) -> str:
    return f"({' '.join(group)})" if len(group) > 1 else f"`{group[0] if group else 1}`"


def _near(axis: str, others: tuple[str, ...]) -> str:
    close = nearest(axis, others)
    return f", did you mean `{close}`?" if close else ""


REARRANGE = (Rearrange,)
