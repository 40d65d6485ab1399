"""The files of a spec as data, and how one lies over the one that it extends."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any, Final, NamedTuple

from archdsl.document.checked import Checked
from archdsl.document.model import TEXT_KEYS
from archdsl.document.origins import Origins
from archdsl.document.positions import SourceMap
from archdsl.faults.fault import Span

MERGED: Final = ("params", "let", "blocks", "init", "weights")
"""What `extends` merges by name; the rest replaces, except that block libraries add up."""
OWN: Final = ("name", "extends", "patch")
"""What a file does not inherit."""


class SpecFile(NamedTuple):
    """A file that has been read."""

    path: FilePath
    data: dict[str, Any]
    source: SourceMap
    checked: Checked


class LibraryUse(NamedTuple):
    """A block library as a file names it."""

    name: str
    file: SpecFile
    span: Span


class Layer(NamedTuple):
    """A file with what it extends merged in, still plain data."""

    data: dict[str, Any]
    origins: Origins
    uses: tuple[LibraryUse, ...]
    checked: Checked | None = None
    """What it says, where it is one file alone."""


def with_texts(data: Any, source: SourceMap) -> Any:
    """The data with what is text as it is written: `reference: 1512.03385` is not a number."""
    if not isinstance(data, dict):
        return data
    texts = {key: source.scalar_text((key,)) for key in TEXT_KEYS if isinstance(data.get(key), bool | int | float)}
    return {**data, **texts}


def uses_of(file: SpecFile) -> tuple[LibraryUse, ...]:
    """The block libraries that it names."""
    named = file.data.get("use")
    if not isinstance(named, list):
        return ()
    spans = ((name, file.source.value(("use", index))) for index, name in enumerate(named))
    return tuple(LibraryUse(name, file, span) for name, span in spans if isinstance(name, str))


def merge(own: Layer, parent: Layer) -> Layer:
    """What `MERGED` names by name, libraries together; otherwise what a file says itself."""
    data, origins = dict(own.data), own.origins
    origins.removed = {**parent.origins.removed, **origins.removed}
    for key, inherited in parent.data.items():
        if key in OWN:
            continue
        if key not in data:
            data[key] = inherited
            origins.take((key,), parent.origins)
        elif key in MERGED and isinstance(inherited, dict) and isinstance(data[key], dict):
            missing = [name for name in inherited if name not in data[key]]
            data[key] = _joined(key, inherited, data[key])
            for name in missing:
                origins.take((key, name), parent.origins)
    return Layer(data, origins, (*parent.uses, *own.uses))


def _joined(key: str, inherited: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The inherited order, except in `init`: there the last match wins, and the file's own come last."""
    if key != "init":
        return {**inherited, **own}
    return {**{name: value for name, value in inherited.items() if name not in own}, **own}
