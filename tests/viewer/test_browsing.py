"""The page in a browser: what is opened, found, reached by keys, and never asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import archdsl
from tests.viewer.watched import WatchedPage

Browse = Callable[..., WatchedPage]
Drawn = Callable[[str], Path]


class Case(NamedTuple):
    """A network, and ways into it."""

    network: str
    box: str
    """Of the overview: it opens the block of this path."""
    inner: str
    """In the figure of that block, the box of an op."""
    query: str
    found: str
    """The first module that the query finds."""


CASES = [
    Case("resnet50", "layer1.0", "conv1", "layer3.2 conv2", "layer3.2.conv2"),
    Case("swin_t", "features.1.0", "norm1", "features.5.1 attn", "features.5.1.attn"),
    Case("inception_v3", "Mixed_6a", "cat", "Mixed_7a", "Mixed_7a"),
    Case("unet", "level0", "conv1", "level2 conv", "level2.conv"),
    Case("gpt2", "transformer.h.0", "ln_1", "h.7 c_fc", "transformer.h.7.mlp.c_fc"),
]
SLOW = [pytest.param(case, marks=pytest.mark.slow) for case in CASES[1:]]
each_network = pytest.mark.parametrize("case", [CASES[0], *SLOW], ids=lambda case: case.network)


@pytest.fixture
def opened(browse: Browse, drawn: Drawn) -> Callable[..., WatchedPage]:
    """Opens a network's page from its file, at a place."""

    def open_network(name: str, place: str = "", **settings: Any) -> WatchedPage:
        return browse(drawn(name).as_uri() + place, **settings)

    return open_network


def address(path: str) -> str:
    return f"#/{path.replace('.', '/')}"


@each_network
def test_a_click_opens_a_block_and_back_closes_it(case: Case, opened: Callable[..., WatchedPage]) -> None:
    page = opened(case.network)
    overview = page.boxes()
    page.box(case.box).click()
    assert page.path == case.box
    assert case.inner in page.boxes()
    page.box(case.inner).click()
    assert page.path == f"{case.box}.{case.inner}"
    assert page.text("#panel .path code") == f"{case.box}.{case.inner}"
    page.page.go_back()
    page.page.go_back()
    assert (page.path, page.boxes(), page.title) == ("", overview, case.network)
    assert page.focused == case.box


@each_network
def test_every_block_can_be_opened_by_keys_alone(case: Case, opened: Callable[..., WatchedPage]) -> None:
    page = opened(case.network)
    assert page.focused == ""
    page.press("Tab")
    boxes = page.boxes()
    assert page.focused == boxes[0]
    assert page.page.evaluate(OUTLINE) > 1, "the focus is seen"
    page.press("Tab")
    assert page.focused == "", "one box stands for the figure"
    page.press("Shift+Tab", "End")
    assert page.focused == boxes[-1]
    page.press("Home")
    assert reached(page, boxes[0]) == set(boxes)
    page.page.evaluate("name => boxNamed(name).focus()", case.box)
    page.press("Enter")
    assert page.path == case.box
    page.press("ArrowDown")
    assert page.focused == page.boxes()[0]
    page.press("Escape")
    assert (page.path, page.focused) == ("", case.box)


OUTLINE = (
    "parseFloat(getComputedStyle(document.activeElement.querySelector(':scope > rect, :scope > circle')).strokeWidth)"
)
BOX_NAMED = """() => { window.boxNamed = name => [...document.querySelectorAll('#stage [role=button]')].find(
  box => box.querySelector(':scope > title').textContent === name); }"""


def reached(page: WatchedPage, start: str) -> set[str]:
    """All boxes to which arrow keys lead from one."""
    page.page.evaluate(BOX_NAMED)
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for key in ("ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
            page.page.evaluate("name => boxNamed(name).focus()", here)
            page.press(key)
            if page.focused not in found:
                found.add(page.focused)
                waiting.append(page.focused)
    return found


def test_arrow_keys_lead_into_the_figure_before_anything_has_the_focus(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/layer1/0/conv2")
    page.page.evaluate("document.activeElement.blur()")
    page.press("ArrowDown")
    assert page.focused == "conv2", "the selected box"
    page.press("ArrowDown")
    assert page.focused == "conv3"


@pytest.mark.parametrize("key", ["Escape", "Backspace"])
def test_a_key_leads_out_step_by_step(key: str, opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/layer1/1/conv2")
    paths = []
    for _ in range(3):
        page.press(key)
        paths.append(page.path)
    assert paths == ["layer1.1", "", ""]
    page.visit("layer1.1")
    page.press("/")
    page.page.keyboard.type("conv")
    page.press(key)
    assert page.path == "layer1.1", "in the search it has its usual meaning"


def test_a_box_says_what_it_is_and_what_is_before_and_after_it(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/layer1/0")
    told = page.box("conv2").evaluate("box => [box.ariaLabel, box.getAttribute('aria-description')]")
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in told] == [
        "Conv 3×3, 64, BN · ReLU",
        "reads Conv 1×1 64 BN · ReLU; read by Conv 1×1 256 BN",
    ]
    first = page.box("conv1").evaluate("box => box.getAttribute('aria-description')")
    assert first.startswith("reads x; ")
    assert page.page.get_attribute("#stage", "aria-label") == "Figure of layer1.0"


CONSTANTS = """\
archdsl: 1
name: net
inputs: {x: [N, 8]}
blocks:
  unit:
    inputs: {x: [N, C]}
    nodes:
      table: {op: parameter, shape: [1, C]}
      twice: = 2 * table
      sum: = x + twice
      keep: {op: dropout, p: 0.0}
      out: relu
nodes:
  shift: {op: constant, shape: [1, 8], value: 3.0}
  first: unit
  scaled: = first * shift
  second: unit
"""


def test_what_has_no_box_is_found_and_told_at_what_reads_it(browse: Browse, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(CONSTANTS, "utf-8")
    page = browse(archdsl.draw(spec, tmp_path / "net.html").as_uri())
    page.press("/")
    page.page.keyboard.type("constant")
    found = page.page.locator("#results li").all_inner_texts()
    assert found[0].splitlines()[0] == "shift"
    assert {"first.table", "first.twice", "second.twice"} < {each.splitlines()[0] for each in found}
    page.page.locator("#results li", has_text="first.table").click()
    assert page.path == "first.table"
    assert page.page.text_content("#stage .selected.near > title") == "sum"
    said = page.text("#panel")
    assert "op parameter · the same for every input" in said
    page.page.click("#panel .chips a:text('first.sum')")
    assert page.path == "first.sum"
    assert page.page.locator("#stage .near").count() == 0
    page.visit("shift")
    assert page.page.locator("#stage .selected").count() == 1


def test_a_tensor_is_found_by_its_key(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50")
    page.press("/")
    page.page.keyboard.type("layer3.2.bn1.running_mean")
    page.press("Enter")
    assert page.path == "layer3.2.bn1"


@each_network
def test_search_finds_by_path_and_op(case: Case, opened: Callable[..., WatchedPage]) -> None:
    page = opened(case.network)
    page.press("/")
    page.page.keyboard.type(case.query)
    assert page.text("#results li >> nth=0").splitlines()[0] == case.found
    page.press("ArrowDown", "ArrowUp", "Enter")
    assert page.path == case.found
    assert page.page.is_hidden("#results")
    page.press("/")
    page.page.keyboard.type("no such module")
    assert page.text("#results") == "nothing has this path, op or tensor"
    page.press("Enter", "Escape")
    assert page.page.is_hidden("#results")
    assert (page.path, page.page.input_value("#query")) == (case.found, "")


@each_network
def test_a_link_opens_where_it_points(case: Case, opened: Callable[..., WatchedPage]) -> None:
    path = f"{case.box}.{case.inner}"
    page = opened(case.network, address(path))
    assert page.text("#panel .path code") == path
    assert page.page.text_content("#stage .selected > title") == case.inner
    assert page.page.locator("#crumbs a").all_inner_texts() == [case.network, *path.split(".")]
    page.page.click("#crumbs a >> nth=0")
    assert (page.path, page.title) == ("", case.network)


OVERLAPS = """() => {
  const texts = [...document.querySelectorAll("#stage text")].filter((text) => text.textContent.trim());
  const boxes = texts.map((text) => {
    const {x, y, width, height} = text.getBBox();
    return [text.textContent.trim(), x, y + 0.2 * height, x + width, y + 0.8 * height];
  });
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
    Math.min(a[3], b[3]) - Math.max(a[1], b[1]) > 0.5 && Math.min(a[4], b[4]) - Math.max(a[2], b[2]) > 0.5
  ).map((b) => `${a[0]} | ${b[0]}`));
}"""
"""Pairs of labels that cover one another, by the part of a line in which letters stand."""


@each_network
def test_no_two_labels_of_any_figure_overlap(case: Case, opened: Callable[..., WatchedPage]) -> None:
    page = opened(case.network)
    places = list(page.figures().values())
    assert len(places) > 5
    for place in places:
        page.visit(place)
        assert page.page.evaluate(OVERLAPS) == [], place


@each_network
def test_every_module_has_its_place(case: Case, opened: Callable[..., WatchedPage]) -> None:
    """However often it is folded: its address shows it, and a box stands for it or reads it."""
    page = opened(case.network)
    graph = archdsl.graph(case.network)
    page.page.evaluate("() => { window.told = () => document.querySelector('#panel .path code')?.textContent; }")
    for node in graph.nodes[:: max(1, len(graph.nodes) // 40)]:
        page.page.evaluate("place => { location.hash = place; }", address(node.path))
        page.page.wait_for_function("path => told() === path", arg=node.path)
        assert page.page.locator("#stage .selected").count() == 1, node.path


def test_an_address_that_leads_nowhere_says_so(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/layer2/7/conv9")
    assert page.text("#nowhere") == "There is no module layer2.7.conv9. layer2 is shown, which holds 0, 1, 2, 3."
    page.visit("layer2.0")
    assert page.page.locator("#nowhere").is_hidden()
    page.page.evaluate("() => { location.hash = '#/nothing'; }")
    page.page.wait_for_function("() => !document.querySelector('#nowhere').hidden")
    there = "conv1, bn1, relu, maxpool, layer1, layer2, layer3, layer4, …"
    assert page.text("#nowhere") == f"There is no module nothing. The network is shown, which holds {there}."
    page.visit("layer1.0.conv1")
    page.page.evaluate("() => { location.hash = '#/layer1/0/conv1/weights'; }")
    page.page.wait_for_function("() => !document.querySelector('#nowhere').hidden")
    assert page.text("#nowhere").endswith("layer1.0.conv1 is shown, which holds no others.")


def test_a_fold_names_each_of_its_instances(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50")
    page.box("layer3.0").focus()
    heading = page.page.locator("#panel h3", has_text="Repeated")
    assert heading.inner_text().lower() == "repeated ×6 in layer3"
    instances = page.page.locator("#panel .chips a")
    assert instances.all_inner_texts() == [str(i) for i in range(6)]
    instances.nth(4).click()
    assert page.path == "layer3.4"
    assert "downsample" not in page.boxes()


def test_the_panel_tells_all_about_a_module(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/layer2/0/conv2")
    said = page.text("#panel")
    for expected in (
        "Conv 3×3, 128, /2", "layer2.0.conv2 · op conv2d", "147,456", "115,605,504", "kernel_size\t[3, 3]",
        "1×128×56×56", "N×128×((H + 3) // 4)×((W + 3) // 4)", "1×128×28×28", "weight\t128×128×3×3",
        "specs/families/resnet.yaml:", "conv2:",
    ):  # fmt: skip
        assert expected in said
    page.visit("layer2.0")
    said = page.text("#panel")
    assert "block bottleneck" in said
    assert "planes\t128" in said
    assert "bottleneck:" in said


def test_the_figure_moves_and_zooms(opened: Callable[..., WatchedPage]) -> None:
    page = opened("unet")
    start = page.view()
    page.page.mouse.move(300, 400)
    page.page.mouse.wheel(0, -300)
    page.page.wait_for_function(f"parseFloat(document.querySelector('#stage').getAttribute('viewBox')) > {start[0]}")
    near = page.view()
    assert near[2] < start[2]
    # What lies under the pointer stays there.
    at = page.page.evaluate("document.querySelector('#stage').getBoundingClientRect().toJSON()")
    across = (300 - at["left"]) / at["width"]
    assert start[0] + across * start[2] == pytest.approx(near[0] + across * near[2], abs=0.1)
    page.page.mouse.down()
    page.page.mouse.move(200, 300, steps=5)
    page.page.mouse.up()
    moved = page.view()
    assert moved[0] > near[0] and moved[1] > near[1] and moved[2:] == near[2:]
    assert page.path == ""
    page.press("0")
    assert page.view() == start
    page.press("+")
    assert page.view()[2] == pytest.approx(start[2] / 1.25, abs=0.1)
    page.press("-")
    assert page.view()[2] == pytest.approx(start[2], abs=0.1)


CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = getComputedStyle(document.body).backgroundColor;
  const told = [...document.querySelectorAll("#stage text")].filter((text) => text.textContent.trim()).map((text) => {
    const shape = text.parentNode.querySelector(text.matches(".times") ? ".pill" : "rect");
    const under = shape ? getComputedStyle(shape).fill : ground;
    return [text.textContent.trim(), ratio(getComputedStyle(text).fill, under)];
  });
  const panel = document.querySelector("#side");
  for (const each of panel.querySelectorAll("h2, h3, p, dt, dd, th, td, a, small, pre, i")) {
    const under = each.closest("pre, .chips a") ?? panel;
    const found = ratio(getComputedStyle(each).color, getComputedStyle(under).backgroundColor);
    told.push([each.textContent.slice(0, 20), found]);
  }
  return told.filter(([, found]) => found < 4.5);
}"""
"""Texts whose contrast with what is under them is below the 4.5 of WCAG's level AA."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_network
def test_every_text_stands_out(case: Case, scheme: str, opened: Callable[..., WatchedPage]) -> None:
    page = opened(case.network, color_scheme=scheme)
    for place in ("", case.box, f"{case.box}.{case.inner}"):
        page.visit(place)
        assert page.page.evaluate(CONTRASTS) == []


def test_the_scheme_is_the_systems_until_it_is_switched(opened: Callable[..., WatchedPage]) -> None:
    page = opened("lenet5", color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.page.evaluate(ground)
    page.page.click("#theme")
    assert page.page.evaluate(ground) == "rgb(255, 255, 255)" != dark
    page.page.click("#theme")
    assert page.page.evaluate(ground) == dark
    page.page.emulate_media(media="print")
    assert page.page.evaluate(ground) == "rgb(255, 255, 255)"
    assert page.page.is_hidden("#search")
    order = "['header', '#stage', '#panel'].map(each => document.querySelector(each).getBoundingClientRect().top)"
    tops = page.page.evaluate(order)
    assert tops == sorted(tops)


def test_a_theme_has_its_names_colours_and_legend(browse: Browse, tmp_path: Path) -> None:
    theme = tmp_path / "theme.yaml"
    theme.write_text('labels: {c1: First}\ncolours: {c1: "#ffd6a5"}\nlegend: true\n')
    page = browse(archdsl.draw("lenet5", tmp_path / "net.html", theme=theme, style="dark").as_uri())
    box = page.box("c1")
    assert "First" in (box.text_content() or "")
    assert box.locator("rect").first.evaluate("each => getComputedStyle(each).fill") == "rgb(255, 214, 165)"
    assert page.page.locator("#legend li").first.text_content() == "First"
    assert page.page.evaluate("document.documentElement.dataset.theme") == "dark"
