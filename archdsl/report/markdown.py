"""Text in Markdown: nothing in it is markup, and it stays on its line and in its cell."""

from __future__ import annotations

import re
from typing import Final

from archdsl.text.plain_text import visible

_MARKUP: Final = re.compile(r"[\\`*\[\]<>|~$&#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=www)\.|(?<=://)|(?<=@)|^[-+=]")
"""Of Markdown, of HTML and of GitHub: tables, formulas, mentions, addresses."""


def escaped(text: str) -> str:
    """Text as itself."""
    return _MARKUP.sub(_mark, visible(text).replace("\t", " "))


def code(text: str) -> str:
    """Text between backticks; in a table `|` ends a cell even there."""
    return f"`{visible(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def _mark(found: re.Match[str]) -> str:
    return f"\\{found[0]}" if found[0] else "\N{WORD JOINER}"
