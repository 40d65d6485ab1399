"""The arithmetic of what places see, against the places themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archdsl.measures.receptive import (
    ITSELF,
    LONGEST,
    Hull,
    Reads,
    Receptive,
    among,
    cubic,
    either,
    lifted,
    nearest,
    portions,
    repeated,
    sampled,
    sliding,
    spread,
    through,
    within,
)
from tests.thorough import examples

HULLS = st.one_of(st.none(), st.tuples(st.integers(-4, 8), st.integers(0, 5)).map(lambda x: (x[0], x[0] + x[1])))
REACHES = st.builds(Receptive, st.integers(0, 4), st.lists(HULLS, min_size=1, max_size=4).map(tuple))
SORTED = st.builds(  # as images have them: what neighbours see moves on
    lambda advance, starts, size: Receptive(advance + 4, tuple((at, at + size) for at in sorted(starts))),
    st.integers(0, 3), st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 5),
)  # fmt: skip
ANY = st.one_of(REACHES, SORTED, st.just(ITSELF))
RANGES = st.builds(lambda at, count, step: range(at, at + count * step, step), st.integers(-3, 4), st.integers(0, 4),
                   st.integers(1, 3))  # fmt: skip
READS = st.builds(Reads, st.integers(0, 4), st.lists(RANGES, min_size=1, max_size=4).map(tuple))
SMALL = st.integers(1, 6)


def read(reads: Reads, place: int) -> list[int]:
    turn, phase = divmod(place, len(reads.places))
    return [each + turn * reads.advance for each in reads.places[phase]]


def around(hulls: Iterable[Hull]) -> Hull:
    found = [hull for hull in hulls if hull is not None]
    return (min(first for first, _ in found), max(last for _, last in found)) if found else None


def sees(reach: Receptive, place: int) -> Hull:
    turn, phase = divmod(place, len(reach.hulls))
    hull = reach.hulls[phase]
    return None if hull is None else (hull[0] + turn * reach.advance, hull[1] + turn * reach.advance)


def agrees(found: Receptive | None, expected: Callable[[int], Hull], count: int, rate: Fraction) -> None:
    """Place by place; further on it moves at this rate, as well as one period of whole numbers tells."""
    assert found is not None
    assert [found.at(place) for place in range(count)] == [expected(place) for place in range(count)]
    assert len(found.hulls) <= count
    assert found.advance == round(rate * len(found.hulls))


@given(ANY, st.integers(1, 12))
def test_a_reach(reach: Receptive, count: int) -> None:
    hulls = [sees(reach, place) for place in range(-3, count)]
    assert [reach.at(place) for place in range(-3, count)] == hulls
    assert reach.rate == Fraction(reach.advance, len(reach.hulls))
    lengths = [hull[1] - hull[0] + 1 for hull in hulls[3:] if hull]
    assert reach.span(count) == max(lengths, default=0)


BACK = Receptive(1, ((0, 0), (5, 5)))
"""In order within its period, and not from one to the next."""


@settings(max_examples=examples(150))
@given(ANY, READS, st.integers(1, 30))
@example(BACK, Reads(2, (range(3),)), 4)
def test_through(reach: Receptive, reads: Reads, count: int) -> None:
    rate = reach.rate * Fraction(reads.advance, len(reads.places))
    agrees(
        through(reach, reads, count),
        lambda place: around(sees(reach, each) for each in read(reads, place)),
        count,
        rate,
    )


@settings(max_examples=examples(100))
@given(ANY, ANY, st.integers(1, 30))
def test_either(first: Receptive, second: Receptive, count: int) -> None:
    found = either(first, second, count)
    assert found is not None
    expected = [around((sees(first, place), sees(second, place))) for place in range(count)]
    assert [found.at(place) for place in range(count)] == expected
    if first.rate == second.rate:
        assert found.rate == first.rate or len(found.hulls) == count


@settings(max_examples=examples(100))
@given(ANY, st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.data())
def test_among(reach: Receptive, stride: int, size: int, rows: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size - 1))
    digits = range(start, data.draw(st.integers(start + 1, size)))
    count = stride * size * rows

    def expected(place: int) -> Hull:
        own = place // stride % size
        return around(sees(reach, place + (digit - own) * stride) for digit in digits)

    found = among(reach, stride, digits, size, count)
    agrees(found, expected, count, reach.rate if rows > 1 else Fraction(0))
    if rows == 1:
        assert found is not None and len(found.hulls) == stride


@given(SMALL, SMALL, SMALL, st.integers(0, 4))
def test_sliding(kernel: int, stride: int, dilation: int, padding: int) -> None:
    reads = sliding(kernel, stride, dilation, padding)
    for place in range(6):
        assert read(reads, place) == [place * stride + k * dilation - padding for k in range(kernel)]


def test_a_window_by_default() -> None:
    assert [read(sliding(2), place) for place in range(2)] == [[0, 1], [1, 2]]


@given(SMALL, SMALL, SMALL, st.integers(0, 4))
def test_spread(kernel: int, stride: int, dilation: int, padding: int) -> None:
    """Place `i` of the input is written to `i * stride + k * dilation - padding`."""
    reads = spread(kernel, stride, dilation, padding)
    assert reads is not None
    written = {(i, i * stride + k * dilation - padding) for i in range(-60, 60) for k in range(kernel)}
    for place in range(12):
        assert read(reads, place) == sorted({i for i, made in written if made == place})


@given(SMALL, st.integers(0, 12))
def test_repeated(times: int, place: int) -> None:
    reads = repeated(times)
    assert reads is not None and read(reads, place) == [place // times]


@given(st.integers(1, 20), st.integers(1, 20))
def test_portions(old: int, new: int) -> None:
    reads = portions(old, new)
    assert reads is not None
    for place in range(new):
        assert read(reads, place) == [*range(floor(Fraction(place * old, new)), ceil(Fraction((place + 1) * old, new)))]


@given(st.fractions(0, 3, max_denominator=6), st.fractions(-1, 1, max_denominator=6), st.integers(1, 12))
def test_sampled(scale: Fraction, shift: Fraction, count: int) -> None:
    for taps in (nearest, cubic, within(Fraction(3, 2))):
        reads = sampled(scale, shift, count, taps)
        assert reads is not None
        assert [read(reads, i) for i in range(count)] == [[*taps(scale * i + shift)] for i in range(count)]
        assert reads.advance == round(scale * len(reads.places))


@given(st.fractions(-4, 4, max_denominator=8), st.fractions(Fraction(1, 2), 3, max_denominator=4))
def test_taps(place: Fraction, radius: Fraction) -> None:
    close = range(-12, 12)
    assert [*nearest(place)] == [each for each in close if each <= place < each + 1]
    assert [*within(radius)(place)] == [each for each in close if abs(each - place) < radius]
    if place.denominator == 1:
        assert [*cubic(place)] == [place]
    else:
        assert [*cubic(place)] == [each for each in close if abs(each - place) < 2]


@given(READS, SMALL)
def test_lifted(reads: Reads, stride: int) -> None:
    made = lifted(reads, stride)
    assert made is not None
    for place in range(3 * stride * len(reads.places)):
        outer, phase = divmod(place, stride)
        assert read(made, place) == [each * stride + phase for each in read(reads, outer)]


TWO = Receptive(1, ((0, 0), None))
"""Not in order, so that all that is read is looked at."""


@pytest.mark.parametrize("more", [0, 1])
def test_what_takes_too_many_numbers_is_not_told(more: int) -> None:
    long, half = LONGEST + more, LONGEST // 2 + more
    scale = Fraction(1, long)
    found = [
        repeated(long),
        spread(half, 2, 1, 0),
        portions(1, long),
        sampled(scale, Fraction(0), long, nearest),
        lifted(Reads(2, (range(2),) * 2), half),
        through(ITSELF, Reads(1, (range(1),) * long), long),
        through(TWO, Reads(2, (range(2),) * half), 2 * LONGEST),
        either(ITSELF, Receptive(long, ((0, 0),) * (long - 1)), long),
        either(Receptive(2, ((0, 0),) * 2), Receptive(long, ((1, 1),) * long), long),
        among(ITSELF, 1, range(long), long, 2 * long),
        among(TWO, 1, range(1, 3), half, 2 * half),
        among(TWO, 1, range(long), long, long),
    ]
    assert [each is None for each in found] == [bool(more)] * len(found)


def test_few_places_are_told_whatever_the_period() -> None:
    assert through(ITSELF, Reads(1, (range(1),) * (LONGEST + 1)), LONGEST) is not None
    assert sampled(Fraction(1, LONGEST + 1), Fraction(0), LONGEST, nearest) is not None
    assert among(ITSELF, 1, range(LONGEST + 1), LONGEST + 1, LONGEST) is not None
