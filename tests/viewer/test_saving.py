"""What is saved from the page: a figure that stands alone, in the page's colours, and nothing but a figure."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import archdsl
from tests.viewer.watched import WatchedPage

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"svg", "style", "rect", "circle", "g", "title", "path", "polygon", "text"}


def save(page: WatchedPage, suffix: str) -> tuple[str, bytes]:
    """The name and the content of the file."""
    page.page.click("#save")
    with page.page.expect_download() as download:
        page.page.click(f"#save-{suffix}")
    assert page.page.is_hidden("#formats")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@pytest.fixture
def resnet50(browse: Callable[..., WatchedPage], drawn: Callable[[str], Path]) -> Callable[..., WatchedPage]:
    return lambda place="", **settings: browse(drawn("resnet50").as_uri() + place, **settings)


def texts(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def shown(page: WatchedPage) -> list[str]:
    return list(page.page.eval_on_selector_all("#stage text", "all => all.map(each => each.textContent)"))


def test_an_svg_stands_alone(resnet50: Callable[..., WatchedPage]) -> None:
    page = resnet50("#/layer1/0/conv2")
    name, data = save(page, "svg")
    assert name == "resnet50-layer1.0.svg"
    root = ElementTree.fromstring(data)
    assert sorted(texts(root)) == sorted(shown(page))
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == DRAWN
    assert {name for each in root.iter() for name in each.attrib}.isdisjoint({"class", "style", "role", "tabindex"})
    assert not re.search(rb"var\(|light-dark|https?://(?!www\.w3\.org/(?:2000/svg|XML))", data)
    fonts = root.findtext(f"{SVG}style") or ""
    assert fonts.count("@font-face") == fonts.count("url(data:font/ttf;base64,") == 2
    box = next(each for each in root.iter(f"{SVG}g") if each.findtext(f"{SVG}title") == "conv2")
    (border,) = box.findall(f"{SVG}rect")
    assert (border.get("fill"), border.get("stroke")) == ("rgb(220, 233, 251)", "rgb(74, 127, 193)"), "not as selected"


def test_the_colours_are_those_of_the_page(resnet50: Callable[..., WatchedPage]) -> None:
    page = resnet50(color_scheme="dark")
    name, data = save(page, "svg")
    assert name == "resnet50.svg"
    ground = next(ElementTree.fromstring(data).iter(f"{SVG}rect"))
    assert ground.get("fill") == "rgb(18, 22, 29)"


SEEN = """async data => {
  const image = new Image();
  image.src = `data:image/png;base64,${data}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const colours = new Set();
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  for (let i = 0; i < pixels.length; i += 4) colours.add([...pixels.slice(i, i + 4)].join());
  return ["220,233,251,255", "255,255,255,255", "17,24,39,255"].map(each => colours.has(each));
}"""


def test_a_png_is_as_sharp_as_two_screens(resnet50: Callable[..., WatchedPage]) -> None:
    from base64 import b64encode

    page = resnet50()
    name, data = save(page, "png")
    assert (name, data[:8]) == ("resnet50.png", b"\x89PNG\r\n\x1a\n")
    _, _, width, height = page.content["figures"][0]["frame"]
    sides: tuple[Any, ...] = struct.unpack(">II", data[16:24])
    assert sides == (round(width * 8 / 3), round(height * 8 / 3))
    assert page.page.evaluate(SEEN, b64encode(data).decode()) == [True, True, True], "fill, ground and text"


HOSTILE = "</text><script>alert(1)</script><image href='x' onerror='alert(2)'/>"


def test_what_a_spec_says_is_text_in_what_is_saved(browse: Callable[..., WatchedPage], tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    note = HOSTILE.replace("'", "''")
    nodes = f"nodes: {{act: {{op: relu, note: '{note}'}}}}"
    spec.write_text(f"archdsl: 1\nname: net\ninputs: {{x: [N, 4]}}\n{nodes}\n", "utf-8")
    page = browse(archdsl.draw(spec, tmp_path / "net.html").as_uri())
    assert page.page.locator("#stage image, #stage script").count() == 0
    name, data = save(page, "svg")
    assert name == "net.svg"
    root = ElementTree.fromstring(data)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= DRAWN
    assert not [attribute for each in root.iter() for attribute in each.attrib if attribute.startswith("on")]
    assert any("<script>alert(1)" in text for text in texts(root))
    assert save(page, "png")[1].startswith(b"\x89PNG")


def test_the_keyboard_saves_too(resnet50: Callable[..., WatchedPage]) -> None:
    page = resnet50("#/layer1/0")
    page.page.focus("#save")
    page.press("Enter", "Escape")
    assert (page.page.is_hidden("#formats"), page.path) == (True, "layer1.0"), "Esc closes the menu alone"
    page.press("Enter", "Tab")
    with page.page.expect_download() as download:
        page.press("Enter")
    assert download.value.suggested_filename == "resnet50-layer1.0.svg"
