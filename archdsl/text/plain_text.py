"""Texts of strangers, shown in a terminal and written as JSON."""

from __future__ import annotations

import re
from typing import Any, Final

_HIDDEN: Final = (
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
"""Characters that JSON may hold as they are, and that a reader does not see or that no encoding has."""


def visible(text: str) -> str:
    """Text that cannot move a terminal's cursor, change its colours or turn the direction of reading."""
    return text if text.isprintable() else "".join(map(_visible, text))


def visible_lines(text: str) -> str:
    """The same for a text of several lines, which `\\n` divides."""
    return "\n".join(map(visible, text.split("\n")))


def to_json(value: Any, **options: Any) -> str:
    """JSON in which every character shows and can be encoded; it says the same."""
    from json import dumps

    return re.sub(_HIDDEN, lambda found: f"\\u{ord(found[0]):04x}", dumps(value, ensure_ascii=False, **options))


def _visible(character: str) -> str:
    return character if character.isprintable() or character == "\t" else ascii(character)[1:-1]
