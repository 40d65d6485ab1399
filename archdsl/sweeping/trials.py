"""The settings of a sweep, each with the graph that it gives and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.spec_error import SpecError
from archdsl.limits import MAX_TRIALS
from archdsl.report import summarise

if TYPE_CHECKING:
    from archdsl.diagnostics.diagnostic import Diagnostic
    from archdsl.ir.graph import Graph


@dataclass(frozen=True, eq=False)
class Trial:
    """One setting of the parameters that are swept."""

    params: Mapping[str, Any]
    """Their values."""
    graph: Graph | None
    """None where the spec has mistakes at that setting."""
    mistakes: tuple[Diagnostic, ...] = ()
    latency: float | None = None
    """Seconds of a pass in evaluation at the sample sizes on this machine, where that was asked for."""

    @property
    def parameters(self) -> int | None:
        return None if self.graph is None else self.graph.parameters

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates of one sample."""
        return None if self.graph is None else self.graph.macs

    @cached_property
    def memory(self) -> int | None:
        """Bytes of inference in float32 at the sample sizes: parameters, buffers, activations and inputs."""
        return None if self.graph is None else summarise(self.graph).memory.inference.total


def tried(
    swept: Mapping[str, Sequence[Any]],
    made: Callable[[Mapping[str, Any]], Graph],
    timed: Callable[[Graph], float] | None,
) -> tuple[Trial, ...]:
    """A trial for every combination of values: `made` gives its graph, and `timed`, if it is there, the latency.

    Raises what `settings` raises, and where every trial has mistakes the SpecError of the last.
    """
    trials = [_tried(setting, made, timed) for setting in settings(swept)]
    if all(trial.graph is None for trial in trials):
        made(trials[-1].params)
    return tuple(trials)


def _tried(
    setting: Mapping[str, Any], made: Callable[[Mapping[str, Any]], Graph], timed: Callable[[Graph], float] | None
) -> Trial:
    try:
        graph = made(setting)
    except SpecError as error:
        return Trial(setting, None, tuple(error.diagnostics))
    return Trial(setting, graph, latency=None if timed is None else timed(graph))


def settings(swept: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of the values, the last parameter's fastest.

    Raises ValueError for a parameter without values, and where there are no parameters or too many combinations.
    """
    if not swept:
        raise ValueError("nothing to sweep: give a parameter several values")
    for name, values in swept.items():
        if not values:
            raise ValueError(f"`{name}` has no values to try")
    count = prod(map(len, swept.values()))
    if count > MAX_TRIALS:
        raise ValueError(f"{count:,} combinations, and a sweep has at most {MAX_TRIALS:,}: leave values out")
    return (dict(zip(swept, values, strict=True)) for values in product(*swept.values()))
