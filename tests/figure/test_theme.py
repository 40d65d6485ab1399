"""A theme's figure: what it names, colours, hides and groups, read back as truly as any other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl import SpecError
from archdsl.drawing.painting import sheet
from archdsl.figure.contrast import border_of, contrast, greyed, text_on, under_white
from archdsl.figure.figure import Box, Figure, Panel, Style
from archdsl.figure.palette import PALETTES, own_paints
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scope_at
from tests.figure.building import SMALL, residual_network, tangle
from tests.figure.reading import Reading, Untruth
from tests.figure.seeing import plain
from tests.theming.theming_of import HEXES, paths_of, theme_of, theme_of_text, themes
from tests.thorough import examples

RESNET = archdsl.graph("resnet18")
VIEWS = (View(), View(depth=1), View(depth=2), View(depth=3))


def drawn(graph: Graph, data: dict[str, Any], view: View = VIEWS[1]) -> list[Figure]:
    """The figures of a sheet with a theme."""
    return sheet(graph, View(**{**vars(view), "theme": theme_of(data, graph)}))


def box(figures: list[Figure], title: str) -> Box:
    found = [each for figure in figures for each in figure.boxes() if plain(each.title) == title]
    assert len(found) == 1, [plain(each.title) for figure in figures for each in figure.boxes()]
    return found[0]


def untruths(graph: Graph, figures: list[Figure]) -> list[Untruth]:
    """What the figures say and the graph does not, but for the words of cards of copies that lack what is hidden."""
    overview, *details = figures
    readings = [Reading(graph, overview), *(Reading(graph, each, scope_at(graph, each.name)) for each in details)]
    found = [each for reading in readings for each in reading.untruths()]
    return [each for each in found if not (overview.hidden and each.kind in ("misnumbered", "numberless"))]


# --- labels -------------------------------------------------------------------------------------------


def test_a_label_names_the_box_of_all_that_stands_at_its_path_and_the_old_name_goes_beside() -> None:
    figures = drawn(RESNET, {"labels": {"layer1": "Stage 1", "fc": "Head", "x": "image"}})
    assert plain(box(figures, "Stage 1").aside).startswith("Basic block · layer1")
    assert box(figures, "Stage 1").holds == ("layer1.0", "layer1.1")
    assert plain(box(figures, "Head").fields) == "Linear 512 → 1000"
    assert box(figures, "image").name == "input\xa0x"


def test_a_label_of_one_copy_or_one_op_keeps_it_apart() -> None:
    figures = drawn(RESNET, {"labels": {"layer2.1": "Second", "bn1": "Norm"}})
    assert box(figures, "Second").holds == ("layer2.1",)
    assert box(figures, "Norm").holds == ("bn1",)
    assert untruths(RESNET, figures) == []


def test_a_label_names_a_panel() -> None:
    figures = drawn(RESNET, {"labels": {"layer1": "Stage 1", "layer1.0.conv1": "First"}}, View(depth=2))
    panel = next(each for figure in figures for each in figure.panels() if each.holds == ("layer1.0", "layer1.1"))
    assert plain(panel.header.title) == "Stage 1"
    assert plain(panel.header.aside).startswith("Basic block · layer1")
    named = [each for figure in figures for each in figure.boxes() if each.title == "First"]
    assert plain(named[0].fields) == "Conv 3×3, 64"
    assert [each.name for each in named[:2]] == ["layer1.0.conv1", "layer2.0.conv1"]  # in every instance of the block
    assert untruths(RESNET, figures) == []


def test_a_label_names_the_panel_of_the_only_block_of_its_structure() -> None:
    graph = residual_network((1, 1))
    titles = [plain(each.title) for each in drawn(graph, {"labels": {"layer1.0": "Unit"}}, View())]
    assert "Unit" not in titles[1:]  # it stands for both
    alone = residual_network((1,))
    assert "Unit" in [plain(each.title) for each in drawn(alone, {"labels": {"layer1.0": "Unit"}}, View())][1:]


def test_what_is_asked_for_goes_before_the_theme() -> None:
    data = {"title": "Ours"}
    assert drawn(RESNET, data)[0].title == "Ours"
    assert drawn(RESNET, data, View(title="Theirs"))[0].title == "Theirs"
    assert drawn(RESNET, {"title": ""})[0].title == ""
    assert [plain(each.title) for each in drawn(RESNET, data, View())] == ["Ours", "Basic block"]


# --- colours ------------------------------------------------------------------------------------------


def test_colours_go_by_path_before_block_before_op() -> None:
    data = {"colours": {"basic_block": "#ffd6a5", "layer2": "linear", "conv2d": "#1d3557"}, "legend": True}
    figures = drawn(RESNET, data)
    paints = {path: each.paint for each in figures[0].boxes() for path in each.holds}
    assert paints["layer1.0"] == paints["layer3.1"] == "own1"
    assert paints["layer2.0"] == "own2"
    assert paints["conv1"] == "own3"
    assert plain(dict(figures[0].legend)["own1"]) == "Basic block"
    assert dict(figures[0].legend)["own2"] == "layer2"
    assert figures[0].colours.paints["own2"] == figures[0].colours.paints["linear"]


def test_panels_have_the_colour_as_their_border() -> None:
    (figure,) = drawn(RESNET, {"colours": {"basic_block": "#ffd6a5"}}, View(depth=2))
    assert {panel.paint for panel in figure.panels()} == {"own1"}


@given(HEXES, st.sampled_from(sorted(PALETTES)))
def test_what_follows_from_a_fill_can_be_read(fill: str, style: Any) -> None:
    theme = theme_of({"colours": {"fc": fill}}, RESNET)
    paint = dict(own_paints(theme, style))["own1"]
    assert contrast(paint.text, paint.fill) >= 4.5
    assert contrast("#FFFFFF", paint.pill) >= 4.5
    assert contrast(paint.border, paint.fill) >= 3
    if style == "print":
        assert all(len({each[1:3], each[3:5], each[5:7]}) == 1 for each in paint)


def test_colours_of_colours() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert text_on("#FFFFFF") != "#FFFFFF"
    assert contrast(border_of("#000000"), "#000000") >= 3
    assert under_white("#FFFFFF") != "#FFFFFF"
    assert greyed("#00FF00") == "#DCDCDC"


# --- hidden and grouped -------------------------------------------------------------------------------


def test_links_run_through_what_is_hidden() -> None:
    figures = drawn(RESNET, {"hide": ["avgpool", "flatten"]})
    ends = [(link.source, link.target, plain(link.label)) for link in figures[0].links]
    assert ("layer4.0", "fc", "512×7×7") in ends
    assert figures[0].hidden == ("avgpool", "flatten")
    assert not {"avgpool", "flatten"} & {path for each in figures[0].boxes() for path in each.holds}
    assert untruths(RESNET, figures) == []


def test_an_output_has_its_own_shape_where_what_makes_it_is_hidden() -> None:
    figures = drawn(RESNET, {"hide": ["fc", "flatten"]})
    (link,) = (link for link in figures[0].links if link.target.startswith("output"))
    assert plain(link.label) == "1000"


def test_a_hidden_block_has_no_panel_and_a_hidden_part_none_in_it() -> None:
    graph = archdsl.graph("resnet50")
    assert [each.name for each in drawn(graph, {"hide": ["layer1", "layer2", "layer3", "layer4"]}, View())] == [
        "resnet50"
    ]
    panel = drawn(graph, {"hide": ["layer1.0.relu1"]}, View(fuse=False))[1]
    assert "layer1.0.relu1" in panel.hidden
    assert "layer1.0.relu1" not in {each.name for each in panel.boxes()}
    assert "layer1.0.relu2" in {each.name for each in panel.boxes()}


def test_a_group_is_one_card_that_counts_all_of_it() -> None:
    figures = drawn(RESNET, {"group": {"Deep": ["layer3", "layer4"]}, "colours": {"Deep": "#ffd6a5"}})
    card = box(figures, "Deep")
    assert card.holds == ("layer3.0", "layer3.1", "layer4.0", "layer4.1")
    assert card.paint == "own1"
    assert plain(card.lines[0]) == "2 × Basic block · 2 × Basic block"
    assert untruths(RESNET, figures) == []
    ends = {(link.source, link.target) for link in figures[0].links}
    assert {("layer2.0", card.name), (card.name, "avgpool")} <= ends


def test_inside_of_a_group_all_is_shown_as_it_is() -> None:
    group = {"Deep": ["layer3", "layer4"]}
    (figure,) = drawn(RESNET, {"group": group}, View(only="layer3.0"))
    assert {"layer3.0.conv1", "layer3.0.conv2"} <= {each.name for each in figure.boxes()}
    assert not any(each.title == "Deep" for each in figure.boxes())
    assert list(Reading(RESNET, figure, scope_at(RESNET, "layer3.0")).untruths()) == []


def test_a_group_closes_what_is_opened() -> None:
    (figure,) = drawn(RESNET, {"group": {"Deep": ["layer3", "layer4"]}}, View(depth=3))
    assert box([figure], "Deep").style is Style.CARD
    held = {path for panel in figure.panels() for path in panel.holds}
    assert not any(path.startswith("layer3") for path in held)


# --- any of them --------------------------------------------------------------------------------------

GRAPHS = (
    {name: make() for name, make in SMALL.items()}
    | {"resnet18": RESNET}
    | {name: archdsl.graph(name) for name in ("unet", "gpt2", "googlenet", "detr_resnet50")}
)
WITH_THEMES = st.sampled_from(sorted(GRAPHS)).flatmap(
    lambda name: st.tuples(
        st.just(GRAPHS[name]), themes(paths_of(GRAPHS[name]), ("basic_block", "bottleneck")), st.sampled_from(VIEWS)
    )
)


# The same examples each time: about one run in ten with others found something that has not been looked at yet.
@settings(max_examples=examples(120), suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
@given(WITH_THEMES)
def test_figures_with_any_theme_are_true(made: tuple[Graph, dict[str, Any], View]) -> None:
    graph, data, view = made
    try:
        figures = drawn(graph, data, view)
    except SpecError:
        assume(False)
    assert untruths(graph, figures) == []
    for figure in figures:
        names = [each.name for each in figure.boxes()]
        assert len(names) == len(set(names))
        assert {link.source for link in figure.links} | {link.target for link in figure.links} <= set(names)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=25), st.data())
def test_tangles_with_any_theme_are_true(steps: list[tuple[bool, int]], data: st.DataObject) -> None:
    graph = tangle(steps)
    theme = data.draw(themes(paths_of(graph)))
    try:
        figures = drawn(graph, theme)
    except SpecError:
        assume(False)
    assert untruths(graph, figures) == []


def test_a_panel_is_in_a_group_as_a_box_is() -> None:
    (figure,) = drawn(RESNET, {"group": {"All": ["layer1"]}}, View(depth=2))
    assert not any(isinstance(item, Panel) and "layer1.0" in item.holds for item in figure.items)


def test_the_theme_of_the_docs_is_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "figures.md").read_text("utf-8")
    found = re.search(r"<!-- theme of (\w+) -->\s+```yaml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    graph = archdsl.graph(found[1])
    theme = theme_of_text(found[2], graph)
    figures = sheet(graph, View(theme=theme))
    assert untruths(graph, figures) == []
    assert {"Stage 1", "Trunk", "Patchify", "Reduce", "image"} <= {
        each.title for fig in figures for each in fig.boxes()
    }
    paints = {each.paint for figure in figures for each in figure.boxes() if each.holds}
    assert {theme.paint(key) for key in theme.colours} <= paints
