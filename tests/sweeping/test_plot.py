"""The plot: every trial is where its numbers say, and no text of a spec says more than itself."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.sweeping.axis import Axis
from tests.hostile_texts import HOSTILE
from tests.sweeping.test_sweep import NET

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=20))
def test_an_axis_holds_its_values_and_shows_few_round_numbers(values: list[int]) -> None:
    axis = Axis(values, 100, 500)
    places = [axis.place(value) for value in sorted(values)]
    assert places == sorted(places) and places[0] >= 99.99 and places[-1] <= 500.01
    ticks = [axis.place(tick) for tick in axis.ticks]
    assert 2 <= len(ticks) <= 16 and all(b - a > 10 for a, b in pairwise(ticks))
    labels = [axis.label(tick) for tick in axis.ticks]
    assert len({*labels}) == len(labels) and all(len(label) < 12 for label in labels)


def test_marks_stand_where_the_numbers_are() -> None:
    sweep = archdsl.sweep(NET, {"width": [16, 32, 64], "depth": [1, 4]})
    svg = sweep.svg()
    marks = [(float(x), float(y)) for x, y in re.findall(r"translate\((\S+) (\S+)\) scale", svg)]
    across = Axis([trial.parameters or 0 for trial in sweep], 0, 1)
    up = Axis([trial.macs or 0 for trial in sweep], 1, 0)
    shown = marks[: len(sweep)]  # those of the legend follow
    assert len(marks) == len(sweep) + 3
    for (x, y), trial in zip(shown, sweep, strict=True):
        first, last = shown[0], shown[-1]
        assert trial.parameters and trial.macs
        ends = [across.place(each.parameters or 0) for each in (sweep.trials[0], sweep.trials[-1])]
        assert (x - first[0]) / (last[0] - first[0]) == pytest.approx(
            (across.place(trial.parameters) - ends[0]) / (ends[1] - ends[0]), abs=1e-3
        )
        assert (y < first[1]) == (up.place(trial.macs) < up.place(sweep.trials[0].macs or 0))
    titles = [each.text for each in ElementTree.fromstring(svg).iter(f"{SVG}title")]
    assert titles == [
        f"width = {trial.params['width']}, depth = {trial.params['depth']}:"
        f" {trial.parameters:,} parameters, {trial.macs:,} MACs"
        for trial in sweep
    ]


def test_series_are_named_where_several_parameters_are_swept() -> None:
    shown = texts(archdsl.sweep(NET, {"act": ["relu", "gelu"], "depth": [1, 2]}).svg())
    assert {"act = relu", "act = gelu"} < {*shown}
    shown = texts(archdsl.sweep(NET, {"depth": [1, 2]}).svg())
    assert {"depth = 1", "depth = 2"} < {*shown}


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_a_spec_are_texts(text: str) -> None:
    net = {**NET, "params": {"act": "relu", "word": "a"}, "nodes": {"l": {"op": "linear", "out_features": "len(word)"}}}
    try:
        svg = archdsl.sweep(net, {"act": ["relu", "gelu"], "word": [text, f"{text}b"]}).svg()
    except archdsl.SpecError:
        return
    known = {"svg", "rect", "text", "path", "polyline", "g", "title"}
    assert {each.tag.removeprefix(SVG) for each in ElementTree.fromstring(svg).iter()} <= known


def test_the_figure_of_the_docs_is_what_its_command_draws() -> None:
    layers = [[1, 1, 1, 1], [2, 2, 2, 2], [3, 4, 6, 3]]
    svg = archdsl.sweep("resnet18", {"channels": [32, 48, 64], "layers": layers}).svg()
    assert (Path(__file__).parents[2] / "docs" / "sweep.svg").read_text("utf-8") == svg
