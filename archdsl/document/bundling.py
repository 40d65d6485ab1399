"""All the files that a spec was read from, as one bundle: what ships goes along, so that it stays what it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.document.reach import real, shipped_folder
from archdsl.text.bundles import Bundle, inside, opened
from archdsl.text.plain_text import visible

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved

_SHIPPED = "archdsl"
"""The folder of what ships, in a bundle."""


def bundle_of(resolved: Resolved) -> Bundle:
    """The spec with everything that was read of it, and what its caller has set."""
    reader = resolved.reader
    main = real(resolved.path)
    named = _named(main, reader.texts)
    names: dict[str, dict[str, str]] = {}
    for (beside, name), target in reader.links.items():
        if beside in named and target in named:
            names.setdefault(named[beside], {})[name] = named[target]
    texts = {named[path]: text for path, text in reader.texts.items()}
    params = {key: value for key, value in resolved.overrides.items() if key not in resolved.sizes}
    return Bundle(named[main], texts, names, params, resolved.sizes)


def _named(main: Path, texts: Mapping[Path, str]) -> dict[Path, str]:
    """What each file is called in the bundle: by its path from the spec's folder, if it lies there."""
    found: dict[Path, str] = {}
    for path in (main, *(each for each in texts if each != main)):
        name, number = _name(path, main.parent), 2
        while name in found.values():
            name, number = f"{number}/{path.name}", number + 1
        found[path] = name
    return found


def _name(path: Path, folder: Path) -> str:
    if (place := inside(path)) is not None:
        return place[1]
    if path.is_relative_to(shipped_folder()):
        return f"{_SHIPPED}/{path.relative_to(shipped_folder()).as_posix()}"
    return visible(path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name)


def unpacked(
    path: Path, params: Mapping[str, Any], sizes: Mapping[str, Any]
) -> tuple[Path, Mapping[str, Any], Mapping[str, Any]]:
    """The spec's own file in a bundle, and its settings under the caller's. Raises BundleError."""
    bundle = opened(path)
    given = {name.partition(".")[0] for name in params if "." not in name}
    kept = {name: value for name, value in bundle.params.items() if name.partition(".")[0] not in given}
    return path / bundle.main, {**kept, **params}, {**bundle.sizes, **sizes}
