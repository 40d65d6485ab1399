"""What a place of an output is said to see, against what reaches it: a NaN put at each place of an input in turn.

Dimensions are made of several axes too, as reshapes and windows make them.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final, NamedTuple

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archdsl.measures.fields import AxisPart, Field, Seen, plain, windowed
from archdsl.measures.receptive import ITSELF, sliding
from archdsl.measures.rules import sees
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import lower
from tests.generators.cases import strategies
from tests.ops.harness import Case, forms, infer, on_axes, outputs, sizes, tensors
from tests.thorough import examples

STRATEGIES: Final = strategies()
MOST: Final = 120
"""Elements of an input; each is one run."""
LOOSE: Final = {
    "unfold": "its channels are places of a window: what is told is the window",
    **dict.fromkeys(
        ("cumprod", "cumsum", "glu", "local_response_norm", "logcumsumexp"),
        "told is the whole row of which it reads a part",
    ),
    **dict.fromkeys(
        ("gather", "index", "index_select", "take_along_dim"), "numbers tell which place of a row it reads"
    ),
    **{f"instance_norm{n}d": "it reads the whole map in training alone" for n in (1, 2, 3)},
}
"""Ops of which more may be told than reaches, and why."""
UNSEEN: Final = frozenset(
    ("argmax", "argmin", "interpolate", "one_hot", "sort", "topk", "max_unpool1d", "max_unpool2d", "max_unpool3d")
)
"""Whole numbers hold no NaN, and one that is multiplied by 0 stays; for `interpolate` there are the gradients.

Of unpooling it is told for the indices of a pooling, and those that are drawn are any.
"""


class Axis(NamedTuple):
    """One axis of an input, and the place along it of each of the input's elements."""

    input: int
    size: int
    places: torch.Tensor


@st.composite
def fields(draw: st.DrawFn, shapes: list[tuple[int, ...] | None]) -> tuple[list[Field | None], list[Axis]]:
    """The fields of inputs of these shapes: dimensions of no axis, of one or two, and an axis along two dimensions."""
    axes: list[Axis] = []
    made: list[Field | None] = []
    # where two tensors meet, a dimension keeps the places of one: how much of the other is seen is told, not where
    alone = sum(shape is not None for shape in shapes) == 1
    for i, shape in enumerate(shapes):
        if shape is None:
            made.append(None)
            continue
        along = [_along(dim, shape) for dim in range(len(shape))]
        pair = draw(st.permutations(range(len(shape))))[:2] if alone and len(shape) > 1 and draw(st.booleans()) else []
        dims = {dim: _parts(draw, i, shape[dim], along[dim], axes) for dim in range(len(shape)) if dim not in pair}
        if pair:
            outer, inner = pair
            dims[outer] = (AxisPart(len(axes), shape[inner], shape[outer]),)
            dims[inner] = (AxisPart(len(axes), 1, shape[inner]),)
            axes.append(Axis(i, shape[outer] * shape[inner], along[outer] * shape[inner] + along[inner]))
        there = {part.axis for parts in dims.values() for part in parts if part.axis is not None}
        seen = {axis: Seen(ITSELF, axes[axis].size) for axis in sorted(there)}
        made.append(Field(tuple(dims[dim] for dim in range(len(shape))), seen))
    return made, axes


def _along(dim: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Where each element of a tensor stands along a dimension."""
    ones = [-1 if d == dim else 1 for d in range(len(shape))]
    return torch.arange(shape[dim]).reshape(ones).expand(shape).reshape(-1)


def _parts(draw: st.DrawFn, i: int, size: int, along: torch.Tensor, axes: list[Axis]) -> tuple[AxisPart, ...]:
    """A dimension of an input, whose elements stand here along it."""
    if draw(st.integers(0, 3)) == 3:
        return plain(size)
    factor = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
    parts: list[AxisPart] = []
    for count, stride in ((factor, size // factor), (size // factor, 1)):
        if count > 1 or (factor == size and stride == 1 and not parts):
            parts.append(AxisPart(len(axes), 1, count))
            axes.append(Axis(i, count, along // stride % count))
    return tuple(parts)


def reached(case: Case, shapes: list[tuple[int, ...]]) -> list[list[torch.Tensor]]:
    """By input and output, which elements of the input reach which of the output: (elements, *output)."""
    lowered = lower(case.op, *case.inputs)
    run = forms(case, lowered, "cpu")[0]
    given = [x if x is None or not x.dtype.is_floating_point else x.abs() + 0.5 for x in tensors(case, "cpu")]
    found: list[list[torch.Tensor]] = []
    assume(not any(y.isnan().any() for y in outputs(run(*given))))  # as the variance of one number is
    for i, x in enumerate(given):
        if x is None or not x.dtype.is_floating_point:
            found.append([])
            continue
        answers: list[list[torch.Tensor]] = [[] for _ in shapes]
        for element in range(x.numel()):
            changed = x.clone()
            changed.reshape(-1)[element] = torch.nan
            with torch.no_grad():
                made = outputs(run(*given[:i], changed, *given[i + 1 :]))
            for answer, y in zip(answers, made, strict=True):
                answer.append(y.isnan())
        found.append([torch.stack(answer) for answer in answers])
    return found


def told(field: Field, axis: int) -> Any:
    """What each element of a field is said to see of an axis, in order; None where it may be all."""
    seen = field.seen[axis]
    if seen.reach is None:
        return None
    at = torch.zeros(field.shape, dtype=torch.int64)
    for dim, parts in enumerate(field.dims):
        left = torch.arange(field.shape[dim])
        for part in reversed(parts):
            digit, left = left % part.size, left // part.size
            if part.axis == axis:
                at += (digit * part.stride).reshape([-1 if d == dim else 1 for d in range(len(field.dims))])
    return [seen.reach.at(int(place)) for place in at.reshape(-1)]


def compare(axis: Axis, field: Field, number: int, answer: torch.Tensor, *, tight: bool) -> None:
    """Every element sees what it is said to see: no more, and where that lies inside of the input, no less."""
    answer = answer.reshape(len(axis.places), -1)
    elements = [axis.places[answer[:, i]] for i in range(answer.shape[1])]
    if number not in field.seen:
        assert all(len(places) == 0 for places in elements)
        return
    hulls = told(field, number)
    if hulls is None:
        return
    if all(part.axis != number or part.size == 1 for parts in field.dims for part in parts):
        # it stands nowhere: how much is seen of it is told, not where
        widest = max((int(places.max() - places.min()) for places in elements if len(places)), default=0)
        assert hulls[0] is None or widest <= hulls[0][1] - hulls[0][0]
        return
    for places, hull in zip(elements, hulls, strict=True):
        if len(places):
            assert hull is not None, "sees nothing"
        if len(places) and hull[0] >= 0 and hull[1] < axis.size:  # not beside the border
            first, last = int(places.min()), int(places.max())
            assert (first, last) == hull if tight else hull[0] <= first and last <= hull[1]


@pytest.mark.parametrize("shape", [(2, 6, 8), (1, 2, 6, 8)])
def test_a_window_as_a_column(shape: tuple[int, ...]) -> None:
    op = OPS["unfold"](kernel_size=[2, 3], stride=[2, 1], dilation=[3, 1])
    made = [sizes(y) for y in infer(op, (TensorType(shape),))]
    (found,) = sees(op, made, on_axes(shape, iter(range(len(shape)))))
    reaches = [found.seen[axis].reach for axis in range(len(shape) - 2, len(shape))]
    assert [reach and reach.span(8) for reach in reaches] == [4, 3]


@pytest.mark.parametrize("dim", range(4))
def test_what_is_joined_along_a_dimension_without_places_keeps_those_of_the_others(dim: int) -> None:
    shape, made = (2, 3, 4, 5), [2, 3, 4, 5]
    made[dim] = 2 * shape[dim]
    field = on_axes(shape, iter(range(4)))
    dims = [
        plain(size) if place == dim else parts
        for place, (size, parts) in enumerate(zip(shape, field.dims, strict=True))
    ]
    seen = {axis: each for axis, each in field.seen.items() if axis != dim}
    (found,) = sees(OPS["cat"](dim=dim), [tuple(made)], *[Field(tuple(dims), seen)] * 2)
    assert found == Field((*dims[:dim], plain(made[dim]), *dims[dim + 1 :]), seen)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_window_reaches_over_the_border(count: int) -> None:
    """However few places there are: a field says what a place would see of a larger input."""
    field = windowed(on_axes((count,), iter((0,))), 0, (sliding(3, padding=1),), (count,))
    assert [told(field, 0)[place] for place in range(count)] == [(place - 1, place + 1) for place in range(count)]


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name not in UNSEEN])
@settings(max_examples=examples(12), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_told_is_what_reaches(name: str, data: st.DataObject) -> None:
    case = data.draw(STRATEGIES[name])._replace(training=False)
    shapes = [None if x is None else sizes(x) for x in case.inputs]
    assume(sum(prod(shape) for shape in shapes if shape is not None) <= MOST)
    try:
        inferred = infer(case.op, case.inputs)
    except OpError:
        assume(False)
        raise
    assume(all(x.dtype.startswith("float") for x in inferred))
    assume(getattr(case.op, "track_running_stats", True))  # batches are no places
    made = [sizes(x) for x in inferred]
    given, axes = data.draw(fields(shapes))
    found = sees(case.op, made, *given)
    assert [field.shape for field in found] == made
    answers = reached(case, made)
    for number, axis in enumerate(axes):
        for field, answer in zip(found, answers[axis.input], strict=False):
            compare(axis, field, number, answer, tight=name not in LOOSE)
