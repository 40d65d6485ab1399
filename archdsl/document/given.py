"""A spec that the caller has in hand: as a text, or as the mapping that a file would hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite, isnan
from typing import Any, Final

from archdsl.document.overrides import plain
from archdsl.text.lookalikes import meant
from archdsl.text.plain_text import to_json

WIDTH: Final = 110
_BARE: Final = re.compile(r"[A-Za-z_$](?:[\w.$*/+-]| (?=[\w$*/+-]))*", re.ASCII)
"""Texts that YAML reads as themselves wherever they stand, unless they read as another value."""


def text_of(spec: object) -> str | None:
    """The text of a spec that is a mapping, or a text of several lines; None for one that names a file.

    Raises TypeError for a mapping with what no file can hold.
    """
    if isinstance(spec, str):
        return spec if "\n" in spec else None
    if not isinstance(spec, Mapping):
        return None
    return "".join(f"{line}\n" for line in _block(plain(spec)))


def _block(value: Any) -> Iterator[str]:
    """A mapping or list over several lines, without an indent."""
    for key, item in value.items() if isinstance(value, dict) else ((None, item) for item in value):
        head = "-" if key is None else f"{_scalar(key)}:"
        line = f"{head} {_flow(item)}"
        if not (isinstance(item, dict | list) and item) or (len(line) <= WIDTH and _is_leaf(item)):
            yield line
            continue
        yield head
        yield from (f"  {inner}" for inner in _block(item))


def _is_leaf(value: Any) -> bool:
    """Whether nothing in it has an entry of its own below."""
    items = value.values() if isinstance(value, dict) else value
    return not any(isinstance(item, dict) or (isinstance(item, list) and not _is_leaf(item)) for item in items)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) and meant(value) is None else to_json(value)
    if isinstance(value, float) and not isfinite(value):
        return ".nan" if isnan(value) else f"{'-' * (value < 0)}.inf"
    return to_json(value)
