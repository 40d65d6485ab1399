"""Which places of an axis each place of a tensor sees, exactly: the arithmetic behind receptive fields.

Places are numbered from 0, and what lies outside of a tensor (padding, say) is taken as if the input went on without
end. Upsampling makes neighbours see differently, so what is seen repeats after a period only: place `i + period` sees
what place `i` sees, `advance` further on.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor, gcd, lcm
from typing import Final, NamedTuple, TypeAlias

Hull: TypeAlias = "tuple[int, int] | None"
"""The first and the last place that is seen; None where nothing is."""

LONGEST: Final = 2**12
"""What takes more numbers than this to tell is not told: who wants to know is given None."""


class Reads(NamedTuple):
    """Which places of its input an op reads for each place of its output, over one period."""

    advance: int
    places: tuple[range, ...]


class Receptive(NamedTuple):
    """What each place of a tensor sees of the network's input, over one period."""

    advance: int
    hulls: tuple[Hull, ...]

    def at(self, place: int) -> Hull:
        turn, phase = divmod(place, len(self.hulls))
        hull = self.hulls[phase]
        return hull and (hull[0] + turn * self.advance, hull[1] + turn * self.advance)

    @property
    def rate(self) -> Fraction:
        """How far apart in the input neighbours are, on average."""
        return Fraction(self.advance, len(self.hulls))

    def span(self, count: int) -> int:
        """The most that one of `count` places sees, from the first to the last place."""
        return max((hull[1] - hull[0] + 1 for hull in self.hulls[:count] if hull), default=0)


ITSELF = Receptive(1, ((0, 0),))
"""The input's: every place sees itself."""


@lru_cache(1024)
def through(reach: Receptive, reads: Reads, count: int) -> Receptive | None:
    """What each of `count` places sees that are read from places with this reach."""
    turns = len(reach.hulls) // gcd(len(reach.hulls), reads.advance)
    advance = Fraction(turns * reads.advance, len(reach.hulls)) * reach.advance
    period = turns * len(reads.places)
    seen = _Seen(reach)
    if min(period, count) * seen.work(max(map(len, reads.places))) > LONGEST:
        return None

    def hull(place: int) -> Hull:
        turn, phase = divmod(place, len(reads.places))
        places = reads.places[phase]
        return seen.over(range(places.start + turn * reads.advance, places.stop + turn * reads.advance, places.step))

    return _periodic(hull, period, advance, count)


@lru_cache(1024)
def either(first: Receptive, second: Receptive, count: int) -> Receptive | None:
    """What each of `count` places sees that see what these two do."""
    if first == second:
        return first
    period = lcm(len(first.hulls), len(second.hulls)) if first.rate == second.rate else count + 1
    if min(period, count) > LONGEST:
        return None
    return _periodic(lambda place: _hull(first.at(place), second.at(place)), period, first.rate * period, count)


@lru_cache(1024)
def among(reach: Receptive, stride: int, digits: range, size: int, count: int) -> Receptive | None:
    """What each place sees that reads, of the `size` places `stride` apart that it stands among, these.

    `count` is how many places there are in all: where they are all of one such row, it goes round.
    """
    row = stride * size
    period = stride if row == count else lcm(len(reach.hulls), row)
    seen = _Seen(reach)
    if min(period, count) * seen.work(len(digits)) > LONGEST:
        return None

    def hull(place: int) -> Hull:
        first = place - place // stride % size * stride
        return seen.over(range(first + digits.start * stride, first + digits.stop * stride, stride * digits.step))

    if row == count:
        return Receptive(0, tuple(map(hull, range(stride))))
    return _periodic(hull, period, reach.rate * period, count)


def sliding(kernel: int, stride: int = 1, dilation: int = 1, padding: int = 0) -> Reads:
    """The windows of a convolution or a pooling."""
    return Reads(stride, (range(-padding, dilation * (kernel - 1) + 1 - padding, dilation),))


def spread(kernel: int, stride: int, dilation: int, padding: int) -> Reads | None:
    """What a transposed convolution reads: the places whose windows hold the output's."""
    if kernel * stride > LONGEST:
        return None
    return Reads(1, tuple(_sources(kernel, stride, dilation, phase + padding) for phase in range(stride)))


def _sources(kernel: int, stride: int, dilation: int, place: int) -> range:
    found = [left // stride for k in reversed(range(kernel)) if (left := place - k * dilation) % stride == 0]
    if not found:
        return range(0)
    return range(found[0], found[-1] + 1, dilation // gcd(stride, dilation))


def repeated(times: int) -> Reads | None:
    """Each place several times."""
    return Reads(1, (range(1),) * times) if times <= LONGEST else None


def portions(old: int, new: int) -> Reads | None:
    """The windows of a pooling that makes `new` places of `old`: where it does not divide, they overlap."""
    common = gcd(old, new)
    if new // common > LONGEST:
        return None
    bounds = ((i * old // new, -(-(i + 1) * old // new)) for i in range(new // common))
    return Reads(old // common, tuple(range(*each) for each in bounds))


def sampled(scale: Fraction, shift: Fraction, count: int, taps: Callable[[Fraction], range]) -> Reads | None:
    """What `count` places read that lie at `scale * i + shift`."""
    period = min(scale.denominator, count)
    if period > LONGEST:
        return None
    return Reads(round(scale * period), tuple(taps(scale * i + shift) for i in range(period)))


def nearest(place: Fraction) -> range:
    return range(floor(place), floor(place) + 1)


def within(radius: Fraction) -> Callable[[Fraction], range]:
    """The places closer than this."""
    return lambda place: range(floor(place - radius) + 1, ceil(place + radius))


def cubic(place: Fraction) -> range:
    """Four neighbours; one where the place is one of them, since the others' weights are 0."""
    return (
        range(floor(place), floor(place) + 1) if place.denominator == 1 else range(floor(place) - 1, floor(place) + 3)
    )


def lifted(reads: Reads, stride: int) -> Reads | None:
    """The same reading of places that stand `stride` apart, each place between them for itself."""
    if len(reads.places) * stride > LONGEST:
        return None
    places = (
        range(each.start * stride + phase, each.stop * stride + phase, each.step * stride)
        for each in reads.places
        for phase in range(stride)
    )
    return Reads(reads.advance * stride, tuple(places))


class _Seen:
    """What stretches of places see together."""

    def __init__(self, reach: Receptive) -> None:
        self.reach = reach
        self.ordered = _ordered(reach)

    def work(self, length: int) -> int:
        """How many places are looked at for a stretch of this length."""
        return 1 if self.ordered else length

    def over(self, places: range) -> Hull:
        if len(places) > 1 and self.ordered:
            return _hull(self.reach.at(places[0]), self.reach.at(places[-1]))
        found: Hull = None
        for place in places:
            found = _hull(found, self.reach.at(place))
        return found


def _ordered(reach: Receptive) -> bool:
    """Whether every place sees something, and none what lies before its neighbour's."""
    hulls = [reach.at(place) for place in range(len(reach.hulls) + 1)]
    return all(left and right and left[0] <= right[0] and left[1] <= right[1] for left, right in pairwise(hulls))


def _hull(first: Hull, second: Hull) -> Hull:
    if first is None or second is None:
        return first or second
    return min(first[0], second[0]), max(first[1], second[1])


def _periodic(hull: Callable[[int], Hull], period: int, advance: Fraction, count: int) -> Receptive:
    """The reach of `count` places; where its period is longer than they are, it goes on roughly beyond them."""
    if period <= count:
        return Receptive(int(advance), tuple(map(hull, range(period))))
    return Receptive(round(advance * count / period), tuple(map(hull, range(count))))
