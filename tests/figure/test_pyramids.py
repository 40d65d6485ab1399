"""A backbone whose maps meet again from the top down is found as a pyramid, with its rows and columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.figure.outline import outline
from archdsl.figure.pyramids import ALL, GridCell, pyramid_of
from archdsl.figure.slopes import Tread, u_of
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from tests.figure.building import Builder, conv
from tests.figure.seeing import plain


class Net:
    """Steps under construction."""

    def __init__(self) -> None:
        self.treads: list[Tread] = []
        self.kinds: list[Hashable] = []

    def add(self, kind: Hashable, level: int | None, *reads: int) -> int:
        own = Fraction(level) if level is not None else None
        kept = {source: own if self.treads[source].level == own else None for source in reads}
        self.treads.append(Tread(own, kept))
        self.kinds.append(kind)
        return len(self.treads) - 1


def backbone(net: Net, count: int, stem: int) -> list[int]:
    """The last step of each level."""
    last = net.add("stem", 1)
    for i in range(stem):
        last = net.add(("early", i), 2, last)
    found = []
    for i in range(count):
        last = net.add(("stage", i), 4 * 2**i, last)
        found.append(last)
    return found


@st.composite
def pyramids(draw: st.DrawFn) -> tuple[Net, list[list[int]], bool]:
    """Feature pyramids, with the steps of each column; whether layers stand on the links across."""
    net, count, aside = Net(), draw(st.integers(3, 5)), draw(st.booleans())
    maps = backbone(net, count, draw(st.integers(0, 2)))
    levels = [4 * 2**i for i in range(count)]
    inner = [net.add("lateral", levels[i], maps[i]) for i in range(count)] if aside else maps
    merged = [inner[-1]]
    for i in range(count - 2, -1, -1):
        merged.append(net.add("merge", levels[i], inner[i], merged[-1]))
    merged.reverse()
    columns = [inner] if aside else []
    columns.append(merged[:-1])
    leaving = merged
    for kind in draw(st.lists(st.sampled_from(["smooth", "head", "boxes"]), min_size=1, max_size=3, unique=True)):
        leaving = [net.add(kind, levels[i], leaving[i]) for i in range(count)]
        columns.append(leaving)
    if draw(st.booleans()):
        columns.append([net.add("all", None, *leaving)])
    return net, columns, aside


@given(pyramids())
def test_any_pyramid_is_found_with_its_columns(found: tuple[Net, list[list[int]], bool]) -> None:
    net, columns, _ = found
    cells = pyramid_of(net.treads, net.kinds)
    assert cells is not None
    assert u_of(net.treads) is None
    for number, steps in enumerate(columns, 1):
        assert {cells[step].column for step in steps} == {number}
    rows = defaultdict(set)
    for cell, tread in zip(cells, net.treads, strict=True):
        rows[tread.level].add(cell.row)
    assert all(len(each) == 1 for each in rows.values())
    assert rows.pop(None, {ALL}) == {ALL}
    assert [row for level, (row,) in sorted(rows.items(), key=lambda each: -(each[0] or 0))] == list(range(len(rows)))


@given(st.lists(st.integers(1, 64), min_size=1, max_size=20))
def test_no_chain_is_a_pyramid(levels: list[int]) -> None:
    net = Net()
    for i, level in enumerate(levels):
        net.add(i, level, *([i - 1] if i else []))
    assert pyramid_of(net.treads, net.kinds, {len(levels) - 1}) is None


def test_a_decoder_whose_last_map_alone_leaves_is_none() -> None:
    net = Net()
    maps = backbone(net, 4, 0)
    last = maps[-1]
    for i in (2, 1, 0):
        last = net.add("up", 4 * 2**i, last, maps[i])
    assert u_of(net.treads) is not None
    assert pyramid_of(net.treads, net.kinds, {last}) is None


def test_heads_behind_layers_of_the_chain_make_a_pyramid() -> None:
    net = Net()
    maps = backbone(net, 4, 0)
    last = maps[-1]
    for i in (2, 1, 0):
        joined = net.add("up", 4 * 2**i, last, maps[i])
        last = net.add("layer", 4 * 2**i, joined)
        net.add("head", 4 * 2**i, last)
    cells = pyramid_of(net.treads, net.kinds)
    assert u_of(net.treads) is None
    assert cells is not None
    assert [cell.row for cell in cells[-3:]] == [3, 3, 3]


def test_heads_on_maps_that_do_not_meet_are_no_pyramid() -> None:
    net = Net()
    for i, last in enumerate(backbone(net, 4, 1)):
        net.add("head", 4 * 2**i, last)
    assert pyramid_of(net.treads, net.kinds) is None


def pyramid(*, apart: bool) -> Graph:
    """A pyramid for three levels, whose maps are made larger by an op of its own or in a block."""
    b = Builder("pyramid")
    x = conv(b, "stem", b.input(3, 64, 64), 8, 3, 2)
    maps = []
    for i in range(3):
        x = conv(b, f"stage{i}", x, 8 * 2**i, 3, 2)
        maps.append(x)
    inner = [b.add(f"inner{i}", "conv2d", each, out_channels=8, kernel_size=1) for i, each in enumerate(maps)]
    made = [inner[2]]
    for i in (1, 0):
        if not apart:
            b.scope(f"merge{i}", "merge")
        names = (f"up{i}", f"add{i}") if apart else (f"merge{i}.up", f"merge{i}.add")
        larger = b.add(names[0], "interpolate", made[-1], scale_factor=2)
        made.append(b.plus(names[1], inner[i], larger))
    outputs = {
        f"p{2 - i}": b.add(f"smooth{2 - i}", "conv2d", each, out_channels=8, kernel_size=3, padding=1)
        for i, each in enumerate(made)
    }
    return b.graph(**outputs)


@pytest.mark.parametrize("apart", [False, True], ids=["blocks", "ops"])
def test_maps_are_made_larger_in_blocks_or_by_ops(*, apart: bool) -> None:
    figure = outline(pyramid(apart=apart), View(depth=1))
    cells = {plain(name): cell for name, cell in figure.cells}
    joins = ["add1", "add0"] if apart else ["merge1", "merge0"]
    assert [cells[name] for name in ("inner2", "inner1", "inner0")] == [GridCell(1, 0), GridCell(1, 1), GridCell(1, 2)]
    assert [cells[name] for name in joins] == [GridCell(2, 1), GridCell(2, 2)]
    assert [cells[f"smooth{i}"] for i in (2, 1, 0)] == [GridCell(3, 0), GridCell(3, 1), GridCell(3, 2)]
    assert [cells[f"output p{i}"] for i in (2, 1, 0)] == [GridCell(4, 0), GridCell(4, 1), GridCell(4, 2)]
    if apart:
        assert cells["up1"] == cells["add1"]


def test_a_detector_s_heads_stand_behind_their_levels() -> None:
    cells = dict(outline(archdsl.graph("fcos_resnet50_fpn"), View(depth=1)).cells)
    heads = [cells[name] for name in ("head_p7", "head_p6", "head_2", "head_1", "head")]
    assert [cell.row for cell in heads] == list(range(5))
    assert len({cell.column for cell in heads}) == 1
    assert cells["every"].row == ALL
