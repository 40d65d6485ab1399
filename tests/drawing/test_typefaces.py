"""Characters beyond our typeface: which there are, which fonts have them, and what is said of those that none has."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from archdsl.drawing import typefaces
from archdsl.drawing.metrics import FONTS
from archdsl.drawing.typefaces import lacking, lacking_in, unknown
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Style
from archdsl.figure.view import View
from archdsl.formats import DrawingWarning, draw
from tests.figure.building import SMALL


def segments(first: int, last: int) -> bytes:
    """A part of format 4 with one segment."""
    ends, starts = struct.pack(">HH", last, 0xFFFF), struct.pack(">HH", first, 0xFFFF)
    body = struct.pack(">HHHH", 4, 0, 0, 0) + b"\0" * 6 + ends + b"\0\0" + starts + b"\0" * 8
    return struct.pack(">HHHH", 4, len(body), 0, 4) + body[8:]


def groups(first: int, last: int) -> bytes:
    """A part of format 12 with one group."""
    return struct.pack(">HHLLL", 12, 0, 28, 0, 1) + struct.pack(">LLL", first, last, 1)


def font(part: bytes, *, start: int = 0) -> bytes:
    """A file with nothing but a table of characters."""
    table = struct.pack(">HHHHL", 0, 1, 3, 10, 12) + part
    return struct.pack(">LH6x", 0x00010000, 1) + struct.pack(">4sLLL", b"cmap", 0, start + 28, len(table)) + table


def collection(part: bytes) -> bytes:
    return b"ttcf" + struct.pack(">LLL", 0x00010000, 1, 16) + font(part, start=16)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of fonts that is all the machine has."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    monkeypatch.setattr(typefaces, "folders", lambda: [folder, tmp_path / "no such folder"])
    return folder


def test_what_our_typeface_lacks() -> None:
    assert lacking("ResNet 3×3 → é…\n\t\N{NO-BREAK SPACE}") == frozenset()
    assert lacking("Сеть 熊") == frozenset("Сеть熊")
    box = Box("a", Style.CARD, "conv", "熊", "猫", "犬", ("鳥",), (("conv", "魚"),), "虫")
    figure = Figure(
        "net", "馬", "牛", (box, Box("b", Style.OP, "conv", "b")), (Link("a", "b", LinkRole.SPINE, "羊", names="鹿"),)
    )
    assert lacking_in([figure]) == frozenset("熊猫犬鳥魚虫馬牛羊鹿")


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (font(segments(0x410, 0x44F)), "熊🐼"), (font(groups(0x1F400, 0x1F43F)), "Ж熊"),
        (collection(groups(0x4E00, 0x9FFF)), "Ж🐼"),
        (b"", "Ж熊🐼"), (b"no font at all, but long enough to be looked into", "Ж熊🐼"), (font(b"\0\x04"), "Ж熊🐼"),
        (font(struct.pack(">HHLLL", 12, 0, 28, 0, 2**31)), "Ж熊🐼"), (b"ttcf", "Ж熊🐼"),
    ],
)  # fmt: skip
def test_which_characters_a_font_has(machine: Path, data: bytes, left: str) -> None:
    (machine / "one.TTF").write_bytes(data)
    (machine / "other.txt").write_bytes(font(groups(0, 0x10FFFF)))
    assert "".join(unknown(frozenset("Ж熊🐼"))) == left


def test_no_fonts_and_our_own(machine: Path) -> None:
    assert unknown(frozenset("a熊")) == ["a", "熊"]
    for each in FONTS.glob("*.ttf"):
        (machine / each.name).write_bytes(each.read_bytes())
    assert unknown(frozenset("a熊")) == ["熊"]


@pytest.mark.usefixtures("machine")
def test_what_no_font_has_is_told_where_it_is_drawn(tmp_path: Path) -> None:
    graph, view = SMALL["residual"](), View(title="Сеть 熊")
    with pytest.warns(DrawingWarning, match="no font on this machine has the characters `Сеть熊`: install one"):
        draw(graph, tmp_path / "net.png", view)
    draw(graph, tmp_path / "net.svg", view)  # warns of nothing: the reader's program has fonts
    draw(graph, tmp_path / "plain.png", View(title="Réseau"))
