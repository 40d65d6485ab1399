"""How wide a text is in the typeface that figures are set in.

The widths are read from the fonts that ship with archdsl (no kerning, no hints), so they are what
Graphviz lays out and the same on every machine.
"""

from __future__ import annotations

import struct
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Final

from archdsl.words.quantities import SPACE

FONTS: Final = Path(__file__).parent / "fonts"
WINDOWS, UNICODE = 3, 1
ELLIPSIS: Final = "…"
"""Where a text is cut."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of `text` in points at a font size in points."""
    widths, default, units = _advances(bold)
    return sum(map(widths.get, map(ord, text), repeat(default))) * size / units


def wrap(text: str, size: float, width: float, *, lines: int) -> list[str]:
    """`text` broken at its spaces into lines no wider than `width` points.

    What does not fit into `lines` lines is cut at a space and ends in `…`.
    """
    words = text.split(" ")
    result = [words[0]]
    for position, word in enumerate(words[1:], 1):
        longer = f"{result[-1]} {word}"
        if text_width(longer, size) <= width:
            result[-1] = longer
        elif len(result) < lines:
            result.append(word)
        else:
            last = [*result[-1].split(" "), *words[position:]]
            return [*map(_without_dot, result[:-1]), _cut(last, size, width)]
    return [*map(_without_dot, result[:-1]), result[-1]]


def _without_dot(line: str) -> str:
    """The line without the dot between it and the next one."""
    return line.removesuffix("·").rstrip()


def _cut(words: list[str], size: float, width: float) -> str:
    kept = words[0]
    for word in words[1:]:  # from the start: a note may have a hundred thousand words
        if text_width(f"{kept} {word} {ELLIPSIS}", size) > width:
            break
        kept += f" {word}"
    return f"{kept.rstrip(f' {SPACE}·→,')} {ELLIPSIS}"


@cache
def characters() -> frozenset[int]:
    """The code points that our typeface has in both weights."""
    return frozenset(_advances(False)[0]) & frozenset(_advances(True)[0])


@cache
def _advances(bold: bool) -> tuple[dict[int, int], int, int]:
    """Widths by code point, the width of other characters, and units per em."""
    data = (FONTS / f"ArchdslSans-{'Bold' if bold else 'Regular'}.ttf").read_bytes()
    tables = _tables(data)
    units = struct.unpack_from(">H", data, tables["head"] + 18)[0]
    count = struct.unpack_from(">H", data, tables["hhea"] + 34)[0]
    advances = struct.unpack_from(">" + "Hh" * count, data, tables["hmtx"])[::2]
    glyphs = _characters(data, tables["cmap"])
    widths = {code: advances[min(glyph, count - 1)] for code, glyph in glyphs.items()}
    # a letter that the fonts lack comes from another font: most likely a wide one
    return widths, units, units


def _tables(data: bytes) -> dict[str, int]:
    count = struct.unpack_from(">H", data, 4)[0]
    records = (struct.unpack_from(">4sLLL", data, 12 + 16 * i) for i in range(count))
    return {tag.decode("ascii"): offset for tag, _, offset, _ in records}


def _characters(data: bytes, cmap: int) -> dict[int, int]:
    """Glyph by code point, from the font's table of format 4 (OpenType's `cmap`)."""
    count = struct.unpack_from(">H", data, cmap + 2)[0]
    records = (struct.unpack_from(">HHL", data, cmap + 4 + 8 * i) for i in range(count))
    at = next(cmap + offset for *kind, offset in records if kind == [WINDOWS, UNICODE])
    segments = struct.unpack_from(">H", data, at + 6)[0] // 2
    columns = [at + 14, at + 16 + 2 * segments, at + 16 + 4 * segments, at + 16 + 6 * segments]
    found: dict[int, int] = {}
    for i in range(segments):
        end, start, delta, offset = (struct.unpack_from(">H", data, column + 2 * i)[0] for column in columns)
        for code in range(start, min(end, 0xFFFE) + 1):
            place = columns[3] + 2 * i + offset + 2 * (code - start)
            glyph = struct.unpack_from(">H", data, place)[0] if offset else code
            found[code] = (glyph + delta) % 65536 if glyph else 0
    return found
