"""The time from a graph to its source in units of the time from a document to that graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import archdsl
from archdsl.document.inherit import read
from archdsl.elaboration.analyse import elaborate
from archdsl.limits import analysis
from archdsl_torch import source
from benchmarks import synthetic
from benchmarks.timing import Comparison, Result, compare

SPECS: Final = Path(__file__).parents[1] / "specs"
AT_MOST: Final = 3
LEVELS, LAYERS = 10, 23
"""Of the synthetic network: 1,390 nodes, whose paddings depend on `H % 2` at ten levels."""


def results() -> Iterator[Result]:
    """Every network that ships, and one whose layers are given sizes of the network; the collector rests in both."""
    for spec in sorted(SPECS.glob("*.yaml")):
        yield _result(spec.stem, measured(spec))
    with TemporaryDirectory() as folder:
        file = Path(folder, "padded.yaml")
        file.write_text(synthetic.padded(LEVELS, LAYERS))
        yield _result("padded at ten levels", measured(file))


def _result(name: str, found: Comparison) -> Result:
    low, high = found.interval
    detail = f"{found}, {low:.2f} to {high:.2f}"
    return Result(f"source of {name} / its elaboration", found.ratio, detail, at_most=AT_MOST, interval=found.interval)


def measured(spec: Path) -> Comparison:
    """Printing a spec's source against elaborating it, both warm."""
    with archdsl.budget(10):
        with analysis():
            resolved, _ = read(spec)
        assert resolved is not None

        def elaborated() -> object:
            with analysis():  # each its own: what one has spent, the next has left
                return elaborate(resolved)

        graph = archdsl.graph(spec)
        return compare(lambda: source(graph), elaborated, budget=0.5, pairs=(5, 11))
