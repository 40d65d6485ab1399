"""Inputs above all, and parallel ways in two lines: what is drawn stays the same, in less width."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from archdsl.drawing.painting import laid_out
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.lanes import with_lanes
from archdsl.figure.staggering import FEWEST, staggered, with_inputs_above, with_outputs_below
from tests.drawing.test_pages import assert_apart


def ways(lengths: list[int], *more: Link) -> Figure:
    """Ways of these many boxes from one box to another."""
    boxes, links = [Box("first", Style.OP, "conv", "Conv")], []
    for number, length in enumerate(lengths):
        names = [f"w{number}.{place}" for place in range(length)]
        boxes += [Box(name, Style.OP, "conv", "Conv 3×3", "256") for name in names]
        links += [Link("first", names[0], LinkRole.BRANCH), Link(names[-1], "last", LinkRole.BRANCH)]
        links += [Link(source, target, LinkRole.SPINE) for source, target in pairwise(names)]
    boxes.append(Box("last", Style.OP, "conv", "Concat"))
    return with_lanes(Figure("net", "", "", tuple(boxes), (*links, *more)))


@pytest.mark.parametrize("lengths", [[1] * 4, [1, 2, 3, 1, 4], [3] * 9])
def test_many_ways_stand_in_two_lines(lengths: list[int]) -> None:
    figure = ways(lengths)
    found = staggered(figure)
    assert {replace(link, length=1) for link in found.links} == set(figure.links)
    assert sorted(name for row in found.rows for name in row) == sorted(name for row in figure.rows for name in row)
    before, after = laid_out([figure, found])
    assert after.layout.width < before.layout.width
    assert_apart(after)
    half = -(-len(lengths) // 2)
    spots = [[after.layout.boxes[f"w{way}.{place}"] for place in range(length)] for way, length in enumerate(lengths)]
    lowest = max(spot.bottom for way in spots[:half] for spot in way)
    assert all(spot.top > lowest for way in spots[half:] for spot in way)


@pytest.mark.parametrize(
    "figure",
    [
        ways([1] * (FEWEST - 1)),
        ways([2] * 5, Link("w0.0", "w4.1", LinkRole.BRANCH)),
    ],
)  # fmt: skip
def test_few_ways_and_ways_that_meet_elsewhere_stay(figure: Figure) -> None:
    assert staggered(figure) == figure


def test_ways_in_a_panel() -> None:
    inner = ways([1] * 6)
    panel = Panel("block", (Box("block header", Style.HEADER, "block", "Block"), *inner.items), rows=inner.rows)
    figure = Figure("net", "", "", (panel,), inner.links)
    (found,) = staggered(figure).panels()
    assert [len(row) for row in found.rows] == [3, 3]


def test_outputs_stand_below_the_panel_that_they_leave() -> None:
    ports = tuple(Box(f"out {name}", Style.PORT, "reshape", name) for name in ("y", "bias"))
    boxes = tuple(Box(name, Style.OP, "conv", "Conv 3×3") for name in "abc")
    panel = Panel("block", (Box("block header", Style.FORK, "block", ""), *boxes))
    ends = [("a", "b"), ("b", "c"), ("a", "out bias"), ("c", "out y")]
    links = tuple(Link(source, target, LinkRole.SPINE) for source, target in ends)
    figure = Figure("net", "", "", (panel, *ports), links)
    (after,) = laid_out([with_outputs_below(figure)])
    bottom = after.layout.panels["block"].bottom
    assert all(after.layout.boxes[port.name].top >= bottom for port in ports)


def test_inputs_stand_above_the_panel_that_they_enter() -> None:
    ports = tuple(Box(f"in {name}", Style.PORT, "reshape", name) for name in ("x", "mask"))
    boxes = tuple(Box(name, Style.OP, "conv", "Conv 3×3") for name in "abc")
    panel = Panel("block", (Box("block header", Style.FORK, "block", ""), *boxes))
    links = tuple(
        Link(source, target, LinkRole.SPINE)
        for source, target in (
            ("in x", "block header"),
            ("block header", "a"),
            ("a", "b"),
            ("b", "c"),
            ("in mask", "c"),
        )
    )
    figure = Figure("net", "", "", (*ports, panel), links)
    before, after = laid_out([figure, with_inputs_above(figure)])
    top = after.layout.panels["block"].top
    assert all(after.layout.boxes[port.name].bottom <= top for port in ports)
    assert after.layout.width < before.layout.width
    assert with_inputs_above(replace(figure, items=(ports[0], panel), links=links[:-1])).rows == ()
