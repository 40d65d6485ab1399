"""Finds spec files, by path or by name among those that ship, and reads their text."""

from __future__ import annotations

import os
from pathlib import Path

from archdsl.diagnostics import Diagnostic, Span, did_you_mean
from archdsl.loader import MAX_SIZE

SUFFIXES = (".yaml", ".yml")


def specs_folder() -> Path:
    """The folder of the specs that ship: inside the installed package, else beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def shipped() -> list[Path]:
    """The files of the networks that ship, sorted; not the families and blocks that they share."""
    return sorted(specs_folder().glob("*.yaml"))


def shipped_names() -> list[str]:
    """The names by which everything that ships is found: `name`, `families/name`, `blocks/name`."""
    folder = specs_folder()
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def find(spec: str, beside: Path | None = None) -> Path | None:
    """The file that a path or name means; None if there is none.

    Inside a spec (`beside` is its file) paths are relative to that file's folder, and the file itself
    comes last: `extends: name` in a file called name.yaml means the one that ships.
    """
    base = Path() if beside is None else beside.parent
    places = [base / spec]
    if not spec.endswith(SUFFIXES):
        places += [] if beside is None else [base / f"{spec}.yaml"]
        places.append(specs_folder() / f"{spec}.yaml")
    elif beside is not None:
        places.append(specs_folder() / spec)
    try:
        there = [place for place in places if place.exists()]
        return min(there, key=lambda place: (place.is_dir(), _same(place, beside)), default=None)
    except (OSError, ValueError):
        return None


def _same(place: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and place.samefile(other)


def not_found(spec: str, span: Span | None) -> Diagnostic:
    """The diagnostic for a path or name that means no file."""
    names = shipped_names()
    message = f"no file `{spec}`, and no spec of that name ships with archdsl"
    listed = "`archdsl list` shows what ships, or give the path of a spec file"
    hint = did_you_mean(spec.removesuffix(".yaml"), names)
    return Diagnostic("file-not-found", message, span, hint=hint or listed)


def display(path: Path) -> str:
    """The path as messages show it: relative to the current folder where it lies inside."""
    absolute = Path(os.path.abspath(path))
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return absolute.as_posix()


def read_text(path: Path, span: Span | None = None) -> tuple[str | None, Diagnostic | None]:
    """A file's text, or why there is none. `span` is where another file names it."""
    try:
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "not an ordinary file"
            return None, _unreadable(path, f"is {kind}", span)
        size = path.stat().st_size
        if size > 4 * MAX_SIZE:
            message = f"`{display(path)}` has {size:,} bytes, too many for a spec"
            return None, Diagnostic("file-too-large", message, span or _start(path))
        data = path.read_bytes()
    except OSError as error:
        return None, _unreadable(path, f"cannot be read: {(error.strerror or str(error)).lower()}", span)
    return _decode(path, data, span)


def _decode(path: Path, data: bytes, span: Span | None) -> tuple[str | None, Diagnostic | None]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, _wrong_encoding(path, data, error)
    if text.strip():
        return text, None
    hint = "a spec begins with `archdsl: 1`"
    return None, Diagnostic("file-empty", f"`{display(path)}` is empty", span or _start(path), hint=hint)


def _wrong_encoding(path: Path, data: bytes, error: UnicodeDecodeError) -> Diagnostic:
    # The decoder counts from after a byte order mark.
    place = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
    line = data.count(b"\n", 0, place) + 1
    column = len(data[data.rfind(b"\n", 0, place) + 1 : place].decode("utf-8", "replace")) + 1
    message = f"`{display(path)}` is not UTF-8: byte {place} is 0x{data[place]:02X}"
    where = Span(display(path), line, column, line, column + 1)
    return Diagnostic("file-encoding", message, where, hint="save the file as UTF-8")


def _unreadable(path: Path, why: str, span: Span | None) -> Diagnostic:
    return Diagnostic("file-unreadable", f"`{display(path)}` {why}", span or _start(path))


def _start(path: Path) -> Span:
    return Span(display(path), 1, 1, 1, 1)


def source_of(file: str) -> str | None:
    """The text of a file by the name that spans give it, for showing its lines; None if it is gone."""
    return read_text(Path(file))[0]
