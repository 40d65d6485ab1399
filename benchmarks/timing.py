"""Ratios that hold on a busy machine: two things timed in turn, again and again; the median of the ratios.

Times are this process's CPU time, and with one thread that is the wall clock's on an idle machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import geometric_mean, median
from time import process_time
from typing import TypeAlias

Action: TypeAlias = Callable[[], object]
Interval: TypeAlias = tuple[float, float]


def seconds(action: Action) -> float:
    """How long one run takes this process."""
    start = process_time()
    action()
    return process_time() - start


@dataclass(frozen=True)
class Comparison:
    """Seconds of ours and of the reference, pair by pair."""

    ours: tuple[float, ...]
    reference: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Ours in units of the reference."""
        return median(self._ratios())

    @property
    def interval(self) -> Interval:
        """Holds the true median of the ratios with 95 % confidence, however they are distributed."""
        ratios = sorted(self._ratios())
        rank = max(int(len(ratios) / 2 - 1.96 * sqrt(len(ratios)) / 2), 1)
        return ratios[rank - 1], ratios[-rank]

    def _ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.reference, strict=True)]

    def __str__(self) -> str:
        return f"{_spell(median(self.ours))} against {_spell(median(self.reference))}"


def pooled(comparisons: Iterable[Comparison]) -> Comparison:
    """The pairs of all of them."""
    found = list(comparisons)
    return Comparison(tuple(t for one in found for t in one.ours), tuple(t for one in found for t in one.reference))


def compare(
    ours: Action,
    reference: Action,
    *,
    budget: float = 8,
    pairs: tuple[int, int] = (3, 31),
    timer: Callable[[Action], float] = seconds,
) -> Comparison:
    """Both timed in turn after a warm-up of each, for about `budget` seconds; which goes first alternates.

    `pairs` are the fewest and the most, whatever the budget.
    """
    once = timer(ours) + timer(reference)
    times: list[tuple[float, float]] = []
    fewest, most = pairs
    for i in range(min(max(int(budget / once), fewest), most)):
        if i % 2:
            second, first = timer(reference), timer(ours)
        else:
            first, second = timer(ours), timer(reference)
        times.append((first, second))
    return Comparison(tuple(a for a, _ in times), tuple(b for _, b in times))


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    name: str
    value: float
    detail: str = ""
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""
    interval: Interval | None = None
    """Holds the true value with 95 % confidence."""

    @property
    def goal(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g}{self.unit}"
        return f"at least {self.at_least:g}{self.unit}" if self.at_least is not None else ""

    @property
    def met(self) -> bool:
        """Whether the goal is met; a line without one always is."""
        low, high = self.at_least, self.at_most
        return (high is None or self.value <= high) and (low is None or self.value >= low)


def mean_ratio(results: list[Result]) -> float:
    """The geometric mean of the results' values."""
    return geometric_mean(result.value for result in results)


def mean_interval(results: list[Result]) -> Interval:
    """The geometric mean's, from the results' own, which are independent."""
    widths = [log(high / low) / 2 for low, high in (result.interval for result in results if result.interval)]
    reach = sqrt(sum(width**2 for width in widths)) / len(widths)
    mean = mean_ratio(results)
    return mean * exp(-reach), mean * exp(reach)


def _spell(time: float) -> str:
    return f"{time:.2f} s" if time >= 1 else f"{1000 * time:.1f} ms"
