"""A figure in parts: each box in one of them, each link too or led through a letter."""

from __future__ import annotations

from itertools import pairwise

import pytest

from archdsl.figure.continuing import LEAST, continued
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style


def chain(length: int, *more: Link) -> Figure:
    """A column with an input and an output."""
    ends = [Box(name, Style.PORT, "reshape", name) for name in ("x", "y")]
    boxes = [ends[0], *(Box(f"b{number}", Style.OP, "conv", "Conv") for number in range(length)), ends[1]]
    links = [Link(one.name, two.name, LinkRole.SPINE, "8×8") for one, two in pairwise(boxes)]
    return Figure("net", "net", "3 params", tuple(boxes), (*links, *more))


def forked(times: int) -> Figure:
    """Three ways from each box of a column to the next, and an output of each that stands at the end."""
    boxes, links, outputs = [Box("j0", Style.OP, "conv", "Conv")], [], []
    for number in range(times):
        ways = [f"w{number}.{way}" for way in range(3)]
        boxes += [Box(name, Style.OP, "conv", "Conv") for name in (*ways, f"j{number + 1}")]
        links += [Link(f"j{number}", way, LinkRole.BRANCH) for way in ways]
        links += [Link(way, f"j{number + 1}", LinkRole.BRANCH) for way in ways]
        outputs.append(Box(f"out{number}", Style.PORT, "reshape", f"out{number}"))
        links.append(Link(f"w{number}.0", f"out{number}", LinkRole.BRANCH))
    return Figure("net", "net", "", (*boxes, *outputs), tuple(links))


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("figure", [chain(12), chain(31), forked(6), forked(9)], ids=["12", "31", "f6", "f9"])
def test_nothing_is_lost_and_letters_join_the_parts(figure: Figure, number: int) -> None:
    parts = continued(figure, number)
    assert [part.title for part in parts] == [f"net, {at} of {number}" for at in range(1, number + 1)]
    names = [box.name for part in parts for box in part.boxes()]
    letters = {name for name in names if names.count(name) == 2}
    assert len(letters) == number - 1
    assert sorted(set(names) - letters) == sorted(box.name for box in figure.boxes())
    carried = {link.target: link.source for part in parts for link in part.links if link.target in letters}
    found = {
        (carried.get(link.source, link.source), link.target)
        for part in parts
        for link in part.links
        if link.target not in letters
    }
    assert found == {(link.source, link.target) for link in figure.links}
    for part in parts:
        inside = {box.name for box in part.boxes()}
        assert len(inside) >= LEAST and all({link.source, link.target} <= inside for link in part.links)


@pytest.mark.parametrize(
    "figure",
    [
        chain(3),
        chain(20, Link("b0", "b19", LinkRole.SKIP)),
        chain(20, Link("b19", "b0", LinkRole.LOOP)),
        Figure("net", "net", "", (Panel("p", (Box("h", Style.HEADER, "block", "h"), *chain(20).boxes())),)),
    ],
    ids=["short", "a skip", "a way back", "a panel"],
)  # fmt: skip
def test_a_figure_that_cannot_be_cut_stays(figure: Figure) -> None:
    assert continued(figure, 2) == [figure]
