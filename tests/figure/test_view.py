"""The options of a figure: what is opened, which way it runs, and what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest

import archdsl
from archdsl.drawing.dot import dot_source
from archdsl.drawing.metrics import text_width
from archdsl.drawing.painting import sheet
from archdsl.figure.errors import DrawingError
from archdsl.figure.figure import Box, LinkRole, Panel, Style
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from tests.figure.building import (
    Builder,
    bottleneck,
    conv,
    loop,
    residual_network,
    two_loops,
    two_streams,
    u_network,
)
from tests.figure.seeing import panel, plain, seen, view

# --- what is opened -------------------------------------------------------------------------------


def test_a_block_of_a_folded_repeat_is_opened_and_what_is_left_stays_folded() -> None:
    figure = view(residual_network((5, 1)), expand=("layer1.2",))
    assert seen(figure.items)[1:5] == [
        ("card", "layer1.0 – layer1.1", 2),
        ("panel", "layer1.2", 1),
        ("card", "layer1.3 – layer1.4", 2),
        ("card", "layer2.0", 1),
    ]
    spine = {(link.source, link.target) for link in figure.links if link.role is LinkRole.SPINE}
    assert {("layer1.0", "layer1.2 header"), ("layer1.2.relu", "layer1.3")} <= spine


def test_two_equal_blocks_that_are_both_named_are_two_panels() -> None:
    figure = view(residual_network((4,)), expand=("layer1.1", "layer1.2"))
    assert [each[:2] for each in seen(figure.items)[1:]] == [
        ("card", "layer1.0"), ("panel", "layer1.1"), ("panel", "layer1.2"), ("card", "layer1.3"),
    ]  # fmt: skip


def test_all_around_a_named_block_is_opened_and_what_stands_beside_it_is_not() -> None:
    figure = view(two_streams(), expand=("decoder.3.mlp",))
    assert seen(figure.items) == [
        ("card", "encoder", 6), ("card", "decoder.0 – decoder.2", 3), ("panel", "decoder.3", 1),
        ("card", "decoder.4 – decoder.5", 2),
    ]  # fmt: skip
    inner = panel(figure, "decoder.3.mlp")
    assert [box.title for box in inner.items if isinstance(box, Box)][1:] == ["Linear", "ReLU", "Linear"]
    # every block of the decoder still reads the encoder
    assert ("encoder.0", "decoder.3.attention") in {(link.source, link.target) for link in figure.links}


def test_a_list_opens_the_blocks_in_it_as_depth_does() -> None:
    graph = residual_network((3, 2))
    figure = view(graph, expand=("layer1",))
    assert seen(figure.items)[1:] == [
        ("panel", "layer1.0", 1), ("panel", "layer1.1 – layer1.2", 2), ("card", "layer2", 2),
    ]  # fmt: skip
    assert figure.items[2:4] == view(graph, depth=2).items[3:5]


def test_a_block_inside_of_a_box_of_ops_is_opened_out_of_it() -> None:
    b = Builder()
    x = b.input(3, 16, 16)
    for name in "abc":
        b.scope(name, "unit")
        x = conv(b, name, x, 3)
    graph = b.graph(bottleneck(b, "body", x, 8))
    boxes = [box for box in view(graph).boxes() if box.style is Style.CARD]
    assert boxes[0].times == 3
    figure = view(graph, expand=("b",))
    assert [item.name for item in figure.items[1:5]] == ["a", "b", "c", "body"]
    assert [box.title for box in panel(figure, "b").items if isinstance(box, Box)][1:] == [
        "Conv\N{NO-BREAK SPACE}3×3",
        "BatchNorm",
        "ReLU",
    ]


def test_the_ops_of_a_group_without_blocks_are_shown_one_by_one() -> None:
    b = Builder()
    x = b.input(8)
    for i in range(2):
        x = b.add(f"features.{2 * i + 1}", "relu", b.add(f"features.{2 * i}", "linear", x, out_features=8))
    graph = b.graph(b.add("head", "linear", x, out_features=2))
    figure = view(graph, expand=("features",))
    assert [box.title for box in figure.boxes() if box.style is Style.OP] == ["Linear", "ReLU", "Linear", "ReLU"]


def test_a_collapsed_block_stays_a_card_at_any_depth() -> None:
    figure = view(residual_network((3, 2)), depth=3, collapse=("layer1.0", "layer2"))
    assert seen(figure.items) == [
        ("card", "layer1.0", 1), ("panel", "layer1.1 – layer1.2", 2), ("card", "layer2", 2),
    ]  # fmt: skip


def test_a_collapsed_block_inside_of_an_opened_one_stays_a_card() -> None:
    figure = view(two_streams(), depth=3, collapse=("decoder.0.mlp",))
    cards = [box.name for box in figure.boxes() if box.style is Style.CARD]
    assert cards == ["decoder.0.mlp"]
    assert panel(figure, "encoder.0.mlp").header.title == "MLP"


def test_collapse_goes_before_expand() -> None:
    assert view(two_streams(), expand=("encoder.1.mlp",), collapse=("encoder",)) == view(two_streams())


def test_the_one_block_of_a_network_is_a_card_where_it_is_collapsed() -> None:
    b = Builder()
    graph = b.graph(bottleneck(b, "all", b.input(16, 8, 8), 8))
    assert len([box for box in view(graph).boxes() if box.style is Style.CARD]) > 1
    assert [box.name for box in view(graph, collapse=("all",)).boxes() if box.style is Style.CARD] == ["all"]


def test_one_block_alone() -> None:
    graph = residual_network()
    figure = view(graph, only="layer2.0")
    assert (figure.title, plain(figure.counts)) == ("Bottleneck", "layer2.0 · 0.38 M params · 0.37 GMACs")
    assert [item.name for item in figure.items if isinstance(item, Panel)] == ["layer2.0"]


def test_a_group_alone_has_what_enters_and_leaves_it() -> None:
    b = Builder()
    x = b.add("stem", "linear", b.input(8), out_features=8)
    y = b.add("body.act", "relu", b.add("body.layer", "linear", x, out_features=4))
    figure = view(b.graph(b.add("head", "linear", y, out_features=2)), only="body")
    assert [(link.source, link.target, link.label) for link in figure.links] == [
        ("input\N{NO-BREAK SPACE}stem", "body header", "8"), ("body header", "body.layer", ""),
        ("body.layer", "body.act", "4"), ("body.act", "output\N{NO-BREAK SPACE}act", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["expand", "collapse", "only"])
@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("layr1.2", "there is no block `layr1.2` in `residual`", "did you mean `layer1.2`?"),
        ("", "there is no block `` in `residual`", "`archdsl summary` lists the paths"),
        ("stem.conv", "`stem.conv` is an op, `conv2d`, expected a block", "the block around it is `stem`"),
        ("fc", "`fc` is an op, `linear`, expected a block", None),
    ],
)  # fmt: skip
def test_a_path_that_is_no_blocks_is_refused(option: str, path: str, message: str, hint: str | None) -> None:
    value = path if option == "only" else (path,)
    with pytest.raises(DrawingError) as caught:
        view(residual_network(), **{option: value})
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_path_outside_of_the_one_block_that_is_drawn_is_refused() -> None:
    with pytest.raises(DrawingError, match=r"`layer2\.0` is not in `layer1`, which is all that is drawn"):
        view(residual_network(), only="layer1", expand=("layer2.0",))


# --- what is said ---------------------------------------------------------------------------------


def test_shapes_may_begin_with_the_batch() -> None:
    labels = [link.label for link in view(residual_network((1,)), batch=True).links]
    assert labels == ["N×3×224×224", "N×64×56×56", "N×256×56×56", "N×256", "N×1000"]


def test_a_multiple_of_the_batch_is_said_as_one() -> None:
    graph = archdsl.graph("swin_t")
    labels = {link.label for link in view(graph, only="features.1.0.attn", batch=True).links}
    assert "64N×49×96" in labels


def test_a_title_of_the_users() -> None:
    assert view(residual_network(), title="Ours").title == "Ours"
    bare = view(residual_network(), title="")
    assert (bare.title, bare.counts) == ("", "")
    text = dot_source(bare)
    assert "residual" in text.splitlines()[0]
    assert "label" not in text.splitlines()[1].replace("labeljust", "").replace("labelloc", "")


NOTE = "a note that has so many words that no box of a figure would hold all of them in one line of text"


def noted() -> Graph:
    b = Builder()
    x = b.add("entry", "conv2d", b.input(16, 8, 8), out_channels=16, kernel_size=1)
    x = bottleneck(b, "body", x, 8)
    graph = b.graph(b.add("head", "conv2d", x, out_channels=4, kernel_size=1))
    for item in (b.scope("body"), *(node for node in b.nodes if node.name in ("entry", "add"))):
        item.note = f"{item.name}: {NOTE}"
    return graph


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, {"entry", "body"}), ({"depth": 2}, {"entry", "body", "add"}), ({"only": "body"}, {"body", "add"}),
        ({"direction": "LR"}, {"entry", "body"}), ({"direction": "LR", "expand": ("body",)}, {"entry", "body", "add"}),
    ],
)  # fmt: skip
def test_notes_stand_in_cards_boxes_and_headers_and_are_broken_into_lines(
    options: dict[str, Any], names: set[str]
) -> None:
    text = dot_source(view(noted(), **options))
    shown = [plain(part) for part in re.findall(r"<(?:FONT|B)[^>]*>([^<]+)<", text)]
    assert {name for name in ("entry", "body", "add") if any(f"{name}: a note" in part for part in shown)} == names
    assert "in one line of text" in " ".join(shown)
    assert max(text_width(part, 9) for part in shown) < 260


def test_a_note_of_a_list_stands_on_the_card_of_its_blocks() -> None:
    graph = residual_network((3,))
    graph.root.children["layer1"].note = "conv2_x in the paper"
    cards = [box for box in view(graph).boxes() if box.name == "layer1.0"]
    assert cards[0].lines[-1] == "conv2_x in the paper"


def test_a_card_says_that_it_holds_a_loop() -> None:
    b = Builder()
    x = b.input(24, 8)
    b.scope("text", "encoder")
    x = b.add("text.embed", "linear", x, out_features=8)
    x, _ = loop(b, "text.cell", x, b.add("text.start", "mean", x, dim=[1]))
    graph = b.graph(b.add("head", "linear", x, out_features=2))
    (card,) = (box for box in view(graph).boxes() if box.name == "text")
    assert plain(card.aside) == "text · × 24 steps inside"
    opened = view(graph, expand=("text",))
    assert "inside" not in "".join(box.aside for box in opened.boxes())


# --- to the right ---------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", [residual_network(), u_network(), two_loops()], ids=["residual", "u", "loops"])
def test_a_figure_to_the_right_shows_the_same_in_narrow_cards(graph: Graph) -> None:
    down, right = view(graph, terraced=False), view(graph, direction="LR")
    assert right.direction == "LR"
    assert right.links == down.links
    assert {box.style for box in right.boxes()} - {box.style for box in down.boxes()} == {Style.TILE}
    assert [box.title for box in right.boxes()] == [box.title for box in down.boxes()]
    assert "rankdir=LR" in dot_source(right)


# --- colours --------------------------------------------------------------------------------------


def test_the_palette_of_the_style_is_all_that_a_figure_uses() -> None:
    from archdsl.figure.palette import PALETTES

    for graph in (residual_network(), u_network(), two_loops()):
        for name, palette in PALETTES.items():
            used = set(re.findall(r"#[0-9A-F]{6}\b", dot_source(view(graph, depth=2, style=name))))
            own = {colour for paint in palette.paints.values() for colour in paint}
            own |= {value for value in vars(palette).values() if isinstance(value, str)} | {"#FFFFFF"}
            assert used <= own, name
    assert "white" not in dot_source(view(u_network(), depth=2, style="dark"))


# --- with panels ----------------------------------------------------------------------------------


def test_what_is_collapsed_has_no_panel() -> None:
    def panels(**options: Any) -> list[str]:
        return [figure.name for figure in sheet(two_streams(), View(**options))][1:]

    assert panels() == ["encoder.0", "decoder.0"]
    assert panels(collapse=("decoder",)) == ["encoder.0"]
    # a panel stands for all blocks of its structure
    assert panels(collapse=("encoder.2",)) == ["decoder.0"]


def test_panels_beside_the_overview_have_its_options_and_run_down() -> None:
    asked = View(direction="LR", style="dark", counts=False, batch=True, title="Ours")
    overview, *details = sheet(two_streams(), asked)
    assert (overview.title, overview.direction) == ("Ours", "LR")
    assert {(detail.direction, detail.palette) for detail in details} == {("TB", "dark")}
    assert "N×128×64" in {link.label for link in details[0].links}
    assert not any("params" in detail.counts for detail in details)
