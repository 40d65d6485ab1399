"""One axis of a plot: where values lie on it, and which round numbers it shows."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Final, final

_SPREAD: Final = 20
"""Values further apart than by this factor lie on a logarithmic axis."""
_STEPS: Final = (1, 2, 2.5, 5, 10)
_TICKS: Final = 6
"""At most about as many."""
_UNITS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K"))


@final
class Axis:
    """Values from the least to the largest, with some room at both ends, between two places of a picture."""

    def __init__(self, values: Sequence[int], start: float, end: float) -> None:
        low, high = min(values), max(values)
        self._start, self._end = start, end
        self.logarithmic = low > 0 and high > _SPREAD * low
        self.ticks: list[float] = _powers(low, high) if self.logarithmic else _round_steps(low, high)
        self._low, self._high = self._scaled(self.ticks[0]), self._scaled(self.ticks[-1])

    def place(self, value: float) -> float:
        """Where a value lies."""
        share = (self._scaled(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def label(self, tick: float) -> str:
        """`2.5 M`, in the unit of the largest tick; on a logarithmic axis each in its own."""
        if not tick:
            return "0"
        top = tick if self.logarithmic else self.ticks[-1]
        size, unit = next(((size, unit) for size, unit in _UNITS if top >= size), (1.0, ""))
        return f"{tick / size:.10g} {unit}".rstrip()

    def _scaled(self, value: float) -> float:
        return log10(value) if self.logarithmic else value


def _powers(low: int, high: int) -> list[float]:
    """1, 2 and 5 times powers of ten, or powers alone where these are many, around the values."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    dense = [float(mantissa * 10**power) for power in powers for mantissa in (1, 2, 5)]
    ticks = dense if len(powers) <= 3 else [10.0**power for power in powers]
    first = max(i for i, tick in enumerate(ticks) if tick <= low)
    last = min((i for i, tick in enumerate(ticks) if tick >= high), default=len(ticks) - 1)
    return ticks[first : last + 1]


def _round_steps(low: int, high: int) -> list[float]:
    """Equal steps of a round size around the values; around one value alone, two."""
    span = high - low or high or 1
    rough = span / _TICKS
    size = 10.0 ** floor(log10(rough))
    step = max(1.0, next(size * each for each in _STEPS if size * each >= rough * 0.999))
    first, last = floor(low / step), ceil(high / step)
    if first == last:
        first, last = max(first - 1, 0), last + 1
    return [step * number for number in range(first, last + 1)]
