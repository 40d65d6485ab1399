"""Characters that our typeface lacks, and which fonts of the machine have them."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

from archdsl.drawing.metrics import characters
from archdsl.figure.figure import Figure

TOLD: Final = 10
"""Characters that a message names."""
MOST_FILES: Final = 2000
"""Fonts of the machine that are looked into."""
MOST_BYTES: Final = 4_000_000
"""Of a font's table of characters."""
_SUFFIXES: Final = (".ttf", ".otf", ".ttc", ".otc")
_COLLECTION: Final = b"ttcf"


def lacking(text: Iterable[str]) -> frozenset[str]:
    """The characters that can be seen and that our typeface does not have."""
    known = characters()
    return frozenset(each for each in set(text) if ord(each) not in known and each.isprintable() and not each.isspace())


def lacking_in(figures: Iterable[Figure]) -> frozenset[str]:
    """Those of all texts of figures."""
    return lacking(letter for figure in figures for text in _texts(figure) for letter in text)


def unknown(wanted: frozenset[str]) -> list[str]:
    """Those that no font of the machine has either, in order."""
    left = set(map(ord, wanted))
    for path in _fonts():
        if not left:
            break
        left -= _known(path)
    return [chr(code) for code in sorted(left)]


def unseen(figures: Iterable[Figure], format: str) -> str:
    """What is said of characters that no font here has; where a file holds text, its reader has fonts."""
    wanted = lacking_in(figures) if format in ("png", "pdf") else frozenset()
    found = unknown(wanted) if wanted else []
    if not found:
        return ""
    some = "".join(found[:TOLD]) + ("…" if len(found) > TOLD else "")
    return f"no font on this machine has the characters `{some}`: install one, as Noto Sans, or draw to .svg"


def folders() -> list[Path]:
    """Where the machine keeps its fonts."""
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"))
        return [windows / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts", home / ".local/share/fonts"]


def _texts(figure: Figure) -> Iterator[str]:
    yield from (figure.title, figure.counts, *(text for _, text in figure.legend))
    for box in figure.boxes():
        yield from (box.title, box.fields, box.aside, box.counts, *box.lines, *(text for _, text in box.remarks))
    yield from (link.text for link in figure.links)


def _fonts() -> Iterator[Path]:
    found = (path for folder in folders() for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES)
    for path, _ in zip(found, range(MOST_FILES), strict=False):
        yield path


@cache
def _known(path: Path) -> frozenset[int]:
    """The code points that a font file has; none of one that cannot be read."""
    try:
        with path.open("rb") as file:
            return frozenset(_codes(_table(file, _start(file))))
    except (OSError, struct.error, ValueError):
        return frozenset()


def _start(file: BinaryIO) -> int:
    """Where the file's first font begins: those of a collection have about the same characters."""
    head = file.read(16)
    first: int = struct.unpack_from(">L", head, 12)[0] if head[:4] == _COLLECTION else 0
    return first


def _table(file: BinaryIO, start: int) -> bytes:
    """A font's table of characters (OpenType's `cmap`)."""
    file.seek(start)
    count = struct.unpack(">4xH6x", file.read(12))[0]
    for tag, offset, length in struct.iter_unpack(">4s4xLL", file.read(16 * count)):
        if tag == b"cmap" and length <= MOST_BYTES:
            file.seek(offset)
            return file.read(length)
    return b""


def _codes(table: bytes) -> Iterator[int]:
    """The code points of the table's parts of formats 4 and 12."""
    if not table:
        return
    for number in range(struct.unpack_from(">H", table, 2)[0]):
        at = struct.unpack_from(">4xL", table, 4 + 8 * number)[0]
        form = struct.unpack_from(">H", table, at)[0]
        if form == 4:
            yield from _segments(table, at)
        elif form == 12:
            for group in range(struct.unpack_from(">L", table, at + 12)[0]):
                first, last = struct.unpack_from(">LL", table, at + 16 + 12 * group)
                yield from range(first, min(last, 0x10FFFF) + 1)


def _segments(table: bytes, at: int) -> Iterator[int]:
    count = struct.unpack_from(">H", table, at + 6)[0] // 2
    for number in range(count):
        end = struct.unpack_from(">H", table, at + 14 + 2 * number)[0]
        start = struct.unpack_from(">H", table, at + 16 + 2 * count + 2 * number)[0]
        yield from range(start, min(end, 0xFFFE) + 1)
