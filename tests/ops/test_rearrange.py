from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from pydantic import ValidationError

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering import Arg, Fixed, In, Many, lower, method
from tests.ops.harness import Case, check, run_code

Groups = list[list[str]]


@st.composite
def grouped(draw: DrawFn, axes: list[str]) -> Groups:
    """The axes in groups, with `1` here and there."""
    groups: Groups = []
    for axis in axes:
        if groups and draw(st.booleans()):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    for place in draw(st.sets(st.integers(0, len(groups)), max_size=draw(st.sampled_from([0, 0, 1, 2])))):
        groups.insert(place, [])
    return groups


def spelled(groups: Groups) -> str:
    return " ".join(group[0] if len(group) == 1 else f"({' '.join(group)})" if group else "1" for group in groups)


@st.composite
def patterns(draw: DrawFn) -> tuple[Groups, Groups, dict[str, int], dict[str, int]]:
    """Both sides, the size of every axis, and the sizes that are given."""
    axes = [f"a{i}" for i in range(draw(st.integers(1, 6)))]
    sizes = {axis: draw(st.integers(1, 4)) for axis in axes}
    left = draw(grouped(axes))
    right = draw(grouped(list(draw(st.permutations(axes)))))
    given: dict[str, int] = {}
    for group in left:
        free = draw(st.sampled_from([None, *group]))
        given |= {axis: sizes[axis] for axis in group if axis != free}
    return left, right, sizes, given


@st.composite
def rearrangements(draw: DrawFn) -> Case:
    left, right, sizes, given = draw(patterns())
    shape = tuple(prod(sizes[axis] for axis in group) for group in left)
    return Case(OPS["rearrange"](pattern=f"{spelled(left)} -> {spelled(right)}", **given), (TensorType(shape),))


STRATEGIES = {"rearrange": rearrangements()}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


def place(group: list[str], sizes: dict[str, int], at: dict[str, int]) -> int:
    number = 0
    for axis in group:
        number = number * sizes[axis] + at[axis]
    return number


def plainly(x: torch.Tensor, left: Groups, right: Groups, sizes: dict[str, int]) -> torch.Tensor:
    """The rearranged tensor, one element at a time."""
    result = torch.full([prod(sizes[axis] for axis in group) for group in right], -1, dtype=x.dtype)
    for numbers in product(*(range(size) for size in sizes.values())):
        at = dict(zip(sizes, numbers, strict=True))
        source = tuple(place(group, sizes, at) for group in left)
        result[tuple(place(group, sizes, at) for group in right)] = x[source]
    return result


@given(drawn=patterns())
def test_values(drawn: tuple[Groups, Groups, dict[str, int], dict[str, int]]) -> None:
    left, right, sizes, given = drawn
    shape = [prod(sizes[axis] for axis in group) for group in left]
    x = torch.arange(prod(shape)).reshape(shape)
    op = OPS["rearrange"](pattern=f"{spelled(left)}->{spelled(right)}", **given)
    function = lower(op, TensorType(tuple(shape))).function
    assert function is not None
    assert torch.equal(run_code(function, (x,)), plainly(x, left, right, sizes))


N, T, H, W, C = map(symbol, "NTHWC")


@pytest.mark.parametrize(
    ("pattern", "given", "shape", "made"),
    [
        ("n (h p) (w q) c -> (n h w) (p q) c", {"p": 7, "q": 7}, (N, 56, 56, 96), (N * 64, 49, 96)),
        ("n (h p) (w q) c -> (n h w) (p q) c", {"p": 7, "q": 7}, (N, H, W, C), (N * (H // 7) * (W // 7), 49, C)),
        ("(n w) h t s -> n w h t s", {"n": N}, (N * 64, 3, 49, 49), (N, 64, 3, 49, 49)),
        ("n t (h d) -> n h t d", {"h": 12}, (N, T, 768), (N, 12, T, 64)),
        ("n s -> n 1 1 s", {}, (N, T), (N, 1, 1, T)),
        ("(t s) h -> 1 h t s", {"t": 49}, (2401, 3), (1, 3, 49, 49)),
    ],
)
def test_symbolic_sizes(pattern: str, given: dict[str, Any], shape: Any, made: Any) -> None:
    assert OPS["rearrange"](pattern=pattern, **given).infer(TensorType(shape)).shape == made


def test_code_holds_no_size_but_the_given_ones() -> None:
    op = OPS["rearrange"](pattern="n (h p) (w q) c -> (n h w) (p q) c", p=7, q=7)
    code = method(In(0), "unflatten", Fixed(2), Many((Fixed(-1), Arg(7, "q"))))
    code = method(code, "unflatten", Fixed(1), Many((Fixed(-1), Arg(7, "p"))))
    code = method(code, "transpose", Fixed(2), Fixed(3))
    code = method(method(code, "flatten", Fixed(0), Fixed(2)), "flatten", Fixed(1), Fixed(2))
    assert lower(op, TensorType((N, H, W, C))).function == code


def test_code_skips_steps_that_do_nothing() -> None:
    x = TensorType((N, T, C))
    for pattern, code in {
        "n t c -> n t c": In(0),
        "n t c -> n c t": method(In(0), "transpose", Fixed(1), Fixed(2)),
        "n t c -> n (t c)": method(In(0), "flatten", Fixed(1), Fixed(2)),
        "n t c -> n t 1 c": method(In(0), "unsqueeze", Fixed(2)),
    }.items():
        assert lower(OPS["rearrange"](pattern=pattern), x).function == code


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("n h w", "expected one `->` in the pattern, found 0"),
        ("n -> n -> n", "expected one `->` in the pattern, found 2"),
        ("n (h w -> n h w", "a `(` in the pattern is not closed"),
        ("n ((h w)) -> n h w", "unexpected `(` in the pattern"),
        ("n h) -> n h", "unexpected `)` in the pattern"),
        ("n n -> n", "axis `n` stands twice on one side of the pattern"),
        ("n height -> n heigt", "axis `height` of the input is missing in the output, did you mean `heigt`?"),
        ("n -> n c", "axis `c` of the output is missing in the input"),
        ("n ... -> n", "cannot read `...` in the pattern"),
        ("n 7 -> n 7", "cannot read `7` in the pattern"),
    ],
)
def test_broken_patterns(pattern: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OPS["rearrange"](pattern=pattern)
    assert str(caught.value.errors()[0]["ctx"]["error"]) == message


@pytest.mark.parametrize(
    ("pattern", "given", "message", "field"),
    [
        ("n h c -> n c h", {}, "the pattern's left side has 3 dimensions, but N×30×C×8 has 4", "pattern"),
        ("n (h p) c d -> n h p c d", {"p": 7}, "(h p): 30 is not divisible by p = 7", "p"),
        ("n (h p) c d -> n h p c d", {"p": 7, "h": 4}, "(h p) is 28, but dimension 1 of the input is 30", "p"),
        ("n h c d -> n c h d", {"d": 7}, "`d` is 7, but dimension 3 of the input is 8", "d"),
        ("n h c 1 -> n c h", {}, "`1` is 1, but dimension 3 of the input is 8", "pattern"),
        (
            "n (h p) c d -> n h p c d",
            {},
            "the sizes of `h` and `p` in (h p) are open: give all but one",
            "pattern",
        ),
        ("n h c d -> n c h d", {"q": 7}, "`q` is no axis of the pattern", "q"),
        ("n (h p) c d -> n h p c d", {"p": 0}, "axis `p` has the size 0", "p"),
    ],
)
def test_messages(pattern: str, given: dict[str, Any], message: str, field: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS["rearrange"](pattern=pattern, **given).infer(TensorType((N, 30, C, 8)))
    assert caught.value.message == message
    assert caught.value.field == field


def test_an_axis_size_is_a_whole_number_or_a_dimension() -> None:
    with pytest.raises(ValidationError, match="expected a whole number or a dimension"):
        OPS["rearrange"](pattern="(a b) -> a b", a=2.5)
