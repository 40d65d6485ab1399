from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import prod
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from pydantic import ValidationError

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering.base import lower, method
from archdsl_torch.lowering.tree import Arg, Fixed, In, Many
from tests.ops.harness import Case, check, run_code
from tests.oracle.axes import rearranged

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


class Drawn(NamedTuple):
    """A pattern as text, with the sizes that are given; and both sides with an axis for each dimension of `...` and for
    each number, with the size of every axis."""

    text: str
    given: dict[str, int]
    left: Groups
    right: Groups
    sizes: dict[str, int]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(prod(self.sizes[axis] for axis in group) for group in self.left)


@st.composite
def patterns(draw: DrawFn) -> Drawn:
    axes = [f"a{i}" for i in range(draw(st.integers(1, 6)))]
    sizes = {axis: draw(st.integers(1, 4)) for axis in axes}
    left = draw(grouped(axes))
    more = {f"d{i}": draw(st.integers(1, 3)) for i in range(draw(st.integers(0, 2)))}
    if dots := draw(st.booleans()):
        left.insert(draw(st.integers(0, len(left))), ["..."])
    right = draw(grouped(list(draw(st.permutations([*axes, *["..."] * dots])))))
    given: dict[str, int] = {}
    for group in left:
        free = draw(st.sampled_from([None, *group]))
        given |= {axis: sizes[axis] for axis in group if axis not in (free, "...")}
    # of each number one axis, so that nothing has to be paired
    named = {size: axis for axis, size in given.items() if size > 1 and draw(st.booleans())}
    numbers = {axis: str(size) for size, axis in named.items()}
    text = " -> ".join(
        spelled([[numbers.get(axis, axis) for axis in group] for group in side]) for side in (left, right)
    )
    given = {axis: size for axis, size in given.items() if axis not in numbers}
    return Drawn(text, given, spread(left, more), spread(right, more), sizes | more)


def spread(groups: Groups, more: Iterable[str]) -> Groups:
    """The groups with these axes for `...`: in brackets together, else each for itself."""
    found: Groups = []
    for group in groups:
        if group == ["..."]:
            found += ([axis] for axis in more)
        else:
            found.append([each for axis in group for each in ([*more] if axis == "..." else [axis])])
    return found


@st.composite
def rearrangements(draw: DrawFn) -> Case:
    drawn = draw(patterns())
    return Case(OPS["rearrange"](pattern=drawn.text, **drawn.given), (TensorType(drawn.shape),))


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
def test_values(drawn: Drawn) -> None:
    x = torch.arange(prod(drawn.shape)).reshape(drawn.shape)
    function = lower(OPS["rearrange"](pattern=drawn.text, **drawn.given), TensorType(drawn.shape)).function
    assert function is not None
    found = run_code(function, (x,))
    assert torch.equal(found, plainly(x, drawn.left, drawn.right, drawn.sizes))
    assert torch.equal(found, rearranged(x, drawn.text, drawn.given))


@pytest.mark.parametrize(
    ("pattern", "other", "shape"),
    [
        ("(a 2) (b 2) -> a b (2 2)", "(a p) (b q) -> a b (p q)", (6, 8)),
        ("(2 a) 2 b -> b 2 a 2", "(p a) q b -> b p a q", (4, 2, 3)),
        ("n (...) -> n ...", "", (2, 3)),
        ("n ... c -> c (...) n", "n h w c -> c (h w) n", (2, 3, 4, 5)),
        ("n ... c -> c (...) n", "n c -> c 1 n", (2, 5)),
        ("... (h 2) -> ... 2 h", "n t (h p) -> n t p h", (2, 3, 8)),
    ],
)
def test_equal_numbers_are_paired_in_order_and_dots_are_dimensions(pattern: str, other: str, shape: Any) -> None:
    if not other:
        with pytest.raises(ValidationError, match=r"`\.\.\.` stands in brackets before the `->`"):
            OPS["rearrange"](pattern=pattern)
        return
    x = torch.arange(prod(shape)).reshape(shape)
    given = {axis: 2 for axis in "pq" if axis in other}
    codes = [lower(OPS["rearrange"](pattern=text, **fields), TensorType(shape)).function
             for text, fields in ((pattern, {}), (other, given))]  # fmt: skip
    first, second = (run_code(code, (x,)) for code in codes if code is not None)
    assert torch.equal(first, second)
    assert torch.equal(first, rearranged(x, pattern, {}))


N, T, H, W, C = map(symbol, "NTHWC")


@pytest.mark.parametrize(
    ("pattern", "given", "shape", "made"),
    [
        ("n (h p) (w q) c -> (n h w) (p q) c", {"p": 7, "q": 7}, (N, 56, 56, 96), (N * 64, 49, 96)),
        ("n (h p) (w q) c -> (n h w) (p q) c", {"p": 7, "q": 7}, (N, H, W, C), (N * (H // 7) * (W // 7), 49, C)),
        ("(n w) h t s -> n w h t s", {"n": N}, (N * 64, 3, 49, 49), (N, 64, 3, 49, 49)),
        ("n t (h d) -> n h t d", {"h": 12}, (N, T, 768), (N, 12, T, 64)),
        ("n s -> n 1 1 s", {}, (N, T), (N, 1, 1, T)),
        ("n ... (h 2) -> n h ... 2", {}, (N, T, H, 8), (N, 4, T, H, 2)),
        ("n c ... -> n (...) c", {}, (N, C, H, W), (N, H * W, C)),
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
        ("n ... -> n", "axis `...` of the input is missing in the output"),
        ("... n ... -> n ...", "axis `...` stands twice on one side of the pattern"),
        ("n (h ...) -> n h ...", "`...` stands in brackets before the `->`, where it can only stand alone"),
        ("n (h 2) -> n h", "axis `2` of the input is missing in the output"),
        ("n h -> n h 7", "axis `7` of the output is missing in the input"),
        ("n (h 0) -> n 0 h", "a size in the pattern is a number from 1 to 2 ** 63 - 1, not `0`"),
        ("n 7a -> n 7a", "cannot read `7a` in the pattern"),
        ("n .. -> n ..", "cannot read `..` in the pattern"),
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
        ("n h c 2 -> n c 2 h", {}, "`2` is 2, but dimension 3 of the input is 8", "pattern"),
        ("n (h 7) c d -> n h 7 c d", {}, "(h 7): 30 is not divisible by 7", "pattern"),
        ("n (h 7 p) c d -> n h 7 p c d", {"p": 2}, "(h 7 p): 30 is not divisible by 7 * p = 14", "p"),
        (
            "... a b c d e -> a b c d e ...",
            {},
            "the pattern's left side has at least 5 dimensions, but N×30×C×8 has 4",
            "pattern",
        ),
        ("n h c d -> n c h d", {"2#0": 7}, "`2#0` is no axis of the pattern", "2#0"),
        ("n h c 1 -> n c h", {}, "`1` is 1, but dimension 3 of the input is 8", "pattern"),
        (
            "n (h p) c d -> n h p c d",
            {},
            "the sizes of `h` and `p` in (h p) are open: give all but one",
            "pattern",
        ),
        ("n h c d -> n c h d", {"q": 7}, "`q` is no axis of the pattern", "q"),
        ("n (h p) c d -> n h p c d", {"p": 0}, "axis `p` has the size 0", "p"),
        ("n (h p) c d -> n h p c d", {"p": -2}, "axis `p` has the size -2", "p"),
        ("n (h p) c d -> n h p c d", {"p": -N - 1}, "axis `p` has the size -N - 1", "p"),
    ],
)
def test_messages(pattern: str, given: dict[str, Any], message: str, field: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS["rearrange"](pattern=pattern, **given).infer(TensorType((N, 30, C, 8)))
    assert caught.value.message == message
    assert caught.value.fault.place.field == field


def test_an_axis_size_is_a_whole_number_or_a_dimension() -> None:
    with pytest.raises(ValidationError, match="expected a whole number or a dimension"):
        OPS["rearrange"](pattern="(a b) -> a b", a=2.5)
