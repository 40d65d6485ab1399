"""A figure is read back: from what it shows one can tell the graph, and nothing on it is untrue."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.cli.zoo import families
from archdsl.drawing.painting import sheet
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scope_at
from tests.figure.building import SMALL, tangle
from tests.figure.reading import Reading, Untruth
from tests.generators import Spec, networks
from tests.reliability import promises
from tests.thorough import examples, some

SPECS: Final = list(families())
LEFT: Final = ("+\xa0zeros",)
"""What is said wrongly still: that the first of several copies is given a constant."""
VIEWS: Final = (View(), View(depth=2), View(depth=3, fuse=True), View(depth=3, fuse=False, all_ops=True))


def untruths(graph: Graph, view: View) -> list[Untruth]:
    """What the figures of a sheet say and the graph does not, or the other way round."""
    overview, *details = sheet(graph, view)
    readings = [Reading(graph, overview), *(Reading(graph, each, scope_at(graph, each.name)) for each in details)]
    return [each for reading in readings for each in reading.untruths() if not each.said.startswith(LEFT)]


@pytest.mark.parametrize("name", some(SPECS, every=16))
def test_figures_of_shipped_networks_are_true(name: str) -> None:
    graph = archdsl.graph(name)
    for view in VIEWS:
        assert untruths(graph, view) == []


@pytest.mark.parametrize("name", SMALL)
def test_figures_of_small_graphs_are_true(name: str) -> None:
    for view in VIEWS:
        assert untruths(SMALL[name](), view) == []


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=40))
def test_the_figure_of_any_tangle_is_true(steps: list[tuple[bool, int]]) -> None:
    for view in VIEWS:
        assert untruths(tangle(steps), view) == []


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(networks())
def test_figures_of_generated_networks_are_true(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        graph = archdsl.graph(file)
        for view in VIEWS:
            assert untruths(graph, view) == []
