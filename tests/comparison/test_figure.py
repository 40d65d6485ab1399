"""The figure of a difference: which boxes are marked how, and where what is gone stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import archdsl
from archdsl import Difference
from archdsl.comparison.marks import ChangeMarks
from archdsl.figure.figure import Box, Figure, LinkRole, Panel, Style
from archdsl.figure.outline import outline
from archdsl.figure.palette import CHANGES
from archdsl.figure.view import View
from tests.comparison.support import changed
from tests.figure.building import residual_network

MINUS = "\N{MINUS SIGN}"
ROOT = Path(__file__).parents[2]


def figure(difference: Difference, depth: int = 1) -> Figure:
    return outline(difference.after, View(depth=depth), marks=ChangeMarks(difference))


def painted(boxes: Iterable[Box]) -> list[tuple[str, str, int]]:
    """Title, paint and count of the boxes that are marked."""
    told = [(box.title.replace("\xa0", " "), box.paint, box.times) for box in boxes]
    return [each for each in told if each[1] in CHANGES and each[1] != "unchanged"]


def test_nothing_is_marked_where_nothing_changed() -> None:
    drawn = figure(archdsl.diff(residual_network(), residual_network()))
    assert painted(drawn.boxes()) == []
    assert drawn.legend == (("unchanged", "as before"),)


def test_added_blocks_are_apart_from_those_before_them() -> None:
    drawn = figure(archdsl.diff(residual_network(), residual_network((3, 4, 23, 3))))
    assert painted(drawn.boxes()) == [("+ Bottleneck", "added", 17)]
    assert [box.times for box in drawn.boxes() if box.title == "Bottleneck"] == [3, 4, 6, 3]
    assert [text for _, text in drawn.legend] == ["+ added", "as before"]
    assert drawn.title.replace("\xa0", " ") == "residual → residual"
    assert "→" in drawn.counts


def test_removed_blocks_inside_a_box_are_told_by_it() -> None:
    drawn = figure(archdsl.diff(residual_network((3, 4, 23, 3)), residual_network()))
    gone = [box for box in drawn.boxes() if box.paint == "removed"]
    assert [(box.times, box.dashed) for box in gone] == [(17, True)]
    links = [link for link in drawn.links if link.role is LinkRole.GONE]
    assert [link.source == gone[0].name for link in links] == [False, True]
    assert all(link.dashed for link in links)


CHAIN = "a: {op: conv2d, out_channels: 4, kernel_size: 1}\nb: batch_norm2d\nc: relu"


def test_what_was_removed_from_a_chain_is_told_in_its_box(tmp_path: Path) -> None:
    drawn = figure(changed(tmp_path, CHAIN, CHAIN.replace("b: batch_norm2d\n", "")))
    box = next(box for box in drawn.boxes() if box.paint == "altered")
    assert box.remarks == (("removed", f"{MINUS} BatchNorm"),)


def test_a_removed_op_stands_beside_what_read_it_where_ops_are_shown(tmp_path: Path) -> None:
    drawn = figure(changed(tmp_path, CHAIN, CHAIN.replace("b: batch_norm2d\n", "")), depth=2)
    gone = next(box for box in drawn.boxes() if box.paint == "removed")
    assert [(link.source, link.target, link.length) for link in drawn.links if link.role is LinkRole.GONE] == [
        ("a", gone.name, 1),
        (gone.name, "c", 0),
    ]


def test_an_altered_box_says_what_is_another(tmp_path: Path) -> None:
    after = CHAIN.replace("4, kernel_size: 1", "8, kernel_size: 3")
    drawn = figure(changed(tmp_path, CHAIN, after))
    box = next(box for box in drawn.boxes() if box.paint == "altered")
    assert box.remarks == (("altered", "~ out_channels 4 → 8, kernel_size 1 → 3"),)
    assert " → " in box.counts.replace("\xa0", " ")
    assert [link.label for link in drawn.links if link.label] == ["4×8×8", "4×8×8 → 8×6×6"]


def test_a_panel_is_marked_as_its_boxes_are() -> None:
    drawn = figure(archdsl.diff(residual_network((1, 1)), residual_network((1, 2))), depth=2)
    paints = {item.name: item.paint for item in drawn.items if isinstance(item, Panel)}
    assert paints == {"layer1.0": "", "layer2.0": "", "layer2.1": "added"}
    header = next(item for item in drawn.items if isinstance(item, Panel) and item.paint).header
    assert header.title.startswith("+ ")


def test_rates_are_not_coloured_and_the_legend_says_so() -> None:
    difference = archdsl.diff("swin_t", archdsl.graph("swin_t", stochastic_depth=0.5))
    drawn = figure(difference)
    assert difference
    assert painted(drawn.boxes()) == []
    assert drawn.legend == (("unchanged", "as before but for drop rates"),)


def test_an_output_that_is_new_is_marked(tmp_path: Path) -> None:
    text = "inputs: {{x: [N, 4]}}\nnodes:\n  a: relu\n  b: gelu\noutputs: {}\n"
    drawn = figure(changed(tmp_path, text.format("{a: a}"), text.format("{a: a, b: b}")))
    assert [box.title for box in drawn.boxes() if box.name == "output\xa0b"] == ["+ b"]


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("before", "after"), [("densenet121", "efficientnet_b0"), ("vit_b_16", "swin_t")])
def test_networks_without_much_in_common_are_drawn(before: str, after: str, depth: int, tmp_path: Path) -> None:
    path = archdsl.diff(before, after).draw(tmp_path / "diff.dot", depth=depth)
    text = path.read_text("utf-8")
    drawn = figure(archdsl.diff(before, after), depth)
    names = [box.name for box in drawn.boxes()]
    assert len(names) == len(set(names))
    assert all(link.source in names and link.target in names for link in drawn.links)
    assert 'class="gone"' in text or "class=gone" in text


def test_a_difference_is_drawn_with_the_options_of_figures(tmp_path: Path) -> None:
    difference = archdsl.diff("resnet18", "resnet34")
    path = difference.draw(tmp_path / "diff.dot", title="Deeper", direction="LR", style="dark", counts=False)
    text = path.read_text("utf-8")
    assert "Deeper" in text
    assert "resnet18" not in text
    assert "rankdir=LR" in text
    assert "params" not in text
    assert "added" in text  # the legend
    assert "Deeper" in difference.figure(title="Deeper")._repr_svg_()


def test_what_is_gone_is_as_narrow_as_what_is_there_in_a_figure_to_the_right() -> None:
    difference = archdsl.diff("resnet18", "resnet50")
    drawn = outline(difference.after, View(depth=1, direction="LR"), marks=ChangeMarks(difference))
    assert {box.style for box in drawn.boxes() if box.paint == "removed"} == {Style.TILE}


def test_the_figure_in_the_docs_says_what_archdsl_draws() -> None:
    drawn = archdsl.diff("resnet18", "resnet50")._repr_svg_()
    assert drawn is not None
    texts = [
        re.findall(r"<text[^>]*>([^<]*)<", svg) for svg in ((ROOT / "docs" / "diff.svg").read_text("utf-8"), drawn)
    ]
    assert texts[0] == texts[1]
