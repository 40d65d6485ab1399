"""Ratios that hold on a busy machine: two things timed in turn, again and again; the median of the ratios.

Times are this process's CPU time, and with one thread that is the wall clock's on an idle machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import geometric_mean, median
from time import process_time
from typing import TypeAlias

Action: TypeAlias = Callable[[], object]
LEAST_PAIRS, MOST_PAIRS = 3, 31


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
        return median(a / b for a, b in zip(self.ours, self.reference, strict=True))

    def __str__(self) -> str:
        return f"{_spell(median(self.ours))} against {_spell(median(self.reference))}"


def pooled(comparisons: Iterable[Comparison]) -> Comparison:
    """The pairs of all of them."""
    found = list(comparisons)
    return Comparison(tuple(t for one in found for t in one.ours), tuple(t for one in found for t in one.reference))


def compare(
    ours: Action, reference: Action, *, budget: float = 8, timer: Callable[[Action], float] = seconds
) -> Comparison:
    """Both timed in turn after a warm-up of each, for about `budget` seconds; which goes first alternates."""
    once = timer(ours) + timer(reference)
    times: list[tuple[float, float]] = []
    for i in range(min(max(int(budget / once), LEAST_PAIRS), MOST_PAIRS)):
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


def _spell(time: float) -> str:
    return f"{time:.2f} s" if time >= 1 else f"{1000 * time:.1f} ms"
