"""Blocks that are opened in place: all that was around them is still there, and every link goes from box to box."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archdsl
from tests.viewer.test_browsing import reached
from tests.viewer.watched import WatchedPage

LARGER = ("inception_v3", "unet", "whisper_tiny", "fcos_resnet50_fpn", "transformer")
SOME = ["resnet50", *(pytest.param(name, marks=pytest.mark.slow) for name in LARGER)]


@pytest.fixture
def opened(browse: Callable[..., WatchedPage], drawn: Callable[[str], Path]) -> Callable[..., WatchedPage]:
    """Opens a network's page from its file, at a place."""
    return lambda name, place="", **settings: browse(drawn(name).as_uri() + place, **settings)


def sign(page: WatchedPage, name: str) -> Any:
    """What opens the box of this name in place, or closes it."""
    return page.box(name).locator("g.sign circle.reach")


FAULTS = """() => {
  const at = (node) => node.getBBox();
  const boxes = [...document.querySelectorAll("#stage [role=button]")].map((box) => {
    const {x, y, width, height} = at(box.querySelector(":scope > rect, :scope > circle"));
    return {name: box.querySelector("title").textContent, x, y, width, height};
  });
  const within = (a, b) => a.x >= b.x - 1 && a.y >= b.y - 1 && a.x + a.width <= b.x + b.width + 1 &&
    a.y + a.height <= b.y + b.height + 1;
  const apart = (a, b) => a.x + a.width <= b.x + 1 || b.x + b.width <= a.x + 1 || a.y + a.height <= b.y + 1 ||
    b.y + b.height <= a.y + 1;
  const clear = (a, b) => apart(a, b) || within(a, b) || within(b, a);
  const faults = boxes.flatMap((a, i) =>
    boxes.slice(i + 1).filter((b) => !clear(a, b)).map((b) => `${a.name} lies on ${b.name}`));
  for (const path of document.querySelectorAll("#stage g > path:not(.sign path)")) {
    const length = path.getTotalLength();
    for (let part = 0; part < 1; part += 0.02) {
      const {x, y} = path.getPointAtLength(part * length);
      const inside = boxes.filter((box) => x > box.x + 2 && x < box.x + box.width - 2 && y > box.y + 2 &&
        y < box.y + box.height - 2);
      const others = inside.filter((box) => !boxes.some((inner) => inner !== box && within(inner, box)));
      if (others.length) faults.push(`a link runs through ${others[0].name}`);
    }
    const numbers = path.getAttribute("d").match(/-?[\\d.]+/g).map(Number);
    for (let i = 2; i < numbers.length; i += 2) {
      const [across, down] = [numbers[i] - numbers[i - 2], numbers[i + 1] - numbers[i - 1]];
      if (Math.abs(across) > 1 && Math.abs(down) > 1) faults.push(`a link is bent at ${numbers[i]} ${numbers[i + 1]}`);
    }
    if (/NaN|undefined/.test(path.getAttribute("d"))) faults.push("a link without a place");
  }
  for (const text of document.querySelectorAll("#stage [role=button] > text")) {
    const box = text.parentNode.querySelector(":scope > rect");
    if (!box) continue;
    const {x, y, width, height} = at(box);
    const room = {x, y: y - 3, width, height: height + 6};
    if (!within(at(text), room)) faults.push(`${text.textContent} is not in its box`);
  }
  return [...new Set(faults)];
}"""


def test_a_block_opens_in_place_and_closes_again(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50")
    overview = page.boxes()
    before = page.view()
    sign(page, "layer2.0").click()
    assert (page.path, page.open, page.title) == ("", ["layer2.0"], "resnet50")
    assert set(overview) < set(page.boxes()), "what was around it is still there"
    assert {"layer2.0.conv1", "layer2.0.add"} <= set(page.boxes())
    assert page.view() == before
    assert page.box("layer2.0").get_attribute("aria-expanded") == "true"
    assert "layer2.0, the first of 4" in page.box("layer2.0").text_content()
    assert page.page.evaluate(FAULTS) == []
    sign(page, "layer2.0").click()
    assert (page.open, page.boxes()) == ([], overview)
    page.page.go_back()
    assert page.open == ["layer2.0"]


def test_what_is_open_is_selected_in_place_and_found_again_by_its_address(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/?open=layer1.0&open=layer3.0")
    page.box("layer3.0.conv2").focus()
    page.press("Enter")
    assert (page.path, page.open) == ("layer3.0.conv2", ["layer1.0", "layer3.0"])
    assert page.page.text_content("#stage .selected > title") == "layer3.0.conv2"
    assert page.title.startswith("Conv 3×3")
    again = opened("resnet50", page.page.evaluate("location.hash"))
    assert again.boxes() == page.boxes()
    assert again.page.text_content("#stage .selected > title") == "layer3.0.conv2"
    # on its own, a block shows no more than itself; what was open is open again when one comes back
    again.box("layer4.0").focus()
    again.press("Enter")
    assert again.path == "layer4.0"
    assert "conv1" in again.boxes() and "layer1.0" not in again.boxes()
    again.press("Escape")
    assert again.path == ""
    assert again.boxes() == page.boxes()


def test_a_block_in_a_figure_of_its_own_opens_there(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/layer3")
    (name, *_) = [name for name in page.boxes() if page.box(name).get_attribute("aria-expanded") == "false"]
    sign(page, name).click()
    inner = next(each for each in page.boxes() if each.startswith(f"{name}."))
    page.box(inner).click()
    assert page.path == f"layer3.{inner}"
    assert name in page.boxes(), "the figure is that of layer3 still"


def test_space_opens_in_place_and_escape_closes(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50")
    page.box("layer1.0").focus()
    page.press("Space")
    assert (page.open, page.focused) == (["layer1.0"], "layer1.0")
    assert reached(page, "layer1.0") == set(page.boxes())
    page.box("layer1.0.conv2").focus()
    assert page.title.startswith("Conv 3×3")
    page.press("Escape")
    assert (page.open, page.focused) == ([], "layer1.0")


def test_blocks_open_in_one_another(opened: Callable[..., WatchedPage]) -> None:
    page = opened("whisper_tiny")
    for _ in range(2):
        inner = [name for name in page.boxes() if page.box(name).get_attribute("aria-expanded") == "false"]
        deepest = max(inner, key=lambda name: name.count("."))
        sign(page, deepest).click()
        assert deepest in page.open
    assert page.page.evaluate(FAULTS) == []
    first, second = page.open
    assert second.startswith(f"{first}.")
    sign(page, first).click()
    assert page.open == [], "what is open in it closes with it"


@pytest.mark.parametrize("name", SOME)
def test_nothing_lies_on_anything_whatever_is_open(name: str, opened: Callable[..., WatchedPage]) -> None:
    page = opened(name)
    faults = set(page.page.evaluate(FAULTS))
    closed = [box for box in page.boxes() if page.box(box).get_attribute("aria-expanded") == "false"]
    assert closed
    for box in closed[:6]:
        page.box(box).focus()
        page.press("Space")
        assert set(page.page.evaluate(FAULTS)) <= faults
    assert len(page.open) == len(closed[:6])


def test_a_card_of_several_blocks_opens_on_its_own_alone(browse: Callable[..., WatchedPage], tmp_path: Path) -> None:
    """The figure of the first would not be all that the card stands for."""
    page = browse(archdsl.draw("swin_t", tmp_path / "net.html").as_uri())
    assert page.box("features.1.0").get_attribute("aria-expanded") is None
    assert page.box("features.2").get_attribute("aria-expanded") == "false"


def test_a_path_to_open_that_is_not_there_is_told(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/?open=layer9.0")
    assert page.text("#nowhere").startswith("There is no module layer9.0. The network is shown")
    assert page.open == ["layer9.0"] and "layer1.0" in page.boxes()


def test_what_is_open_is_saved(opened: Callable[..., WatchedPage]) -> None:
    page = opened("resnet50", "#/?open=layer2.0")
    page.page.click("#save")
    with page.page.expect_download() as download:
        page.page.click("#save-svg")
    text = Path(download.value.path()).read_text("utf-8")
    assert "<title>layer2.0.conv2</title>" in text and "Open in place" not in text
