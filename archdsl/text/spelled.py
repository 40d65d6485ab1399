"""Values as a spec writes them, and what they are in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final


def spelled(value: Any) -> str:
    """A value as YAML on one line; text stands without quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(spelled, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {spelled(item)}' for key, item in value.items())}}}"
    return str(value)


def kind_of(value: object) -> str:
    """What a value of plain data is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text `{excerpt(value)}`"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def quoted(names: Iterable[str], between: str = ", ") -> str:
    """Names as a message lists them."""
    return between.join(f"`{name}`" for name in names)


def excerpt(text: str) -> str:
    """Its beginning, where it is long."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN: Final = 40
