"""Texts of a spec with `$name` and `$(expression)` in them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from archdsl.expressions import Expression, ExpressionError, parse

_SUBSTITUTION = re.compile(r"\$([A-Za-z_]\w*)|\$\(")


class TextPart(NamedTuple):
    """A stretch of a text: literal, or an expression to substitute, with where it begins."""

    literal: str
    expression: Expression | None
    offset: int


class Text(NamedTuple):
    """A name, a path or a text field, with `$name` and `$(expression)` found."""

    raw: str
    parts: tuple[TextPart, ...]
    literal: str | None
    """The text itself where nothing is substituted."""

    @property
    def sole(self) -> Expression | None:
        """The expression of a text that is one substitution and nothing else."""
        return self.parts[0].expression if len(self.parts) == 1 else None


@lru_cache(maxsize=4096)
def parse_text(raw: str) -> Text:
    """A text with its `$` substitutions found. Raises ExpressionError with offsets in `raw`."""
    parts: list[TextPart] = []
    position = 0
    while (match := _SUBSTITUTION.search(raw, position)) is not None:
        if match.start() > position:
            parts.append(TextPart(raw[position : match.start()], None, position))
        if match.group(1):
            parts.append(TextPart("", parse(match.group(1)), match.start(1)))
            position = match.end()
        else:
            end = _closing(raw, match.end())
            parts.append(TextPart("", _parse_part(raw[match.end() : end], match.end()), match.end()))
            position = end + 1
    if position < len(raw) or not parts:
        parts.append(TextPart(raw[position:], None, position))
    plain = all(part.expression is None for part in parts)
    return Text(raw, tuple(parts), "".join(part.literal for part in parts) if plain else None)


def _parse_part(text: str, offset: int) -> Expression:
    try:
        return parse(text)
    except ExpressionError as error:
        error.move(offset + error.start, offset + error.end)
        raise


def _closing(raw: str, start: int) -> int:
    depth = 1
    for position in range(start, len(raw)):
        depth += {"(": 1, ")": -1}.get(raw[position], 0)
        if depth == 0:
            return position
    raise ExpressionError("`$(` without its closing bracket", start - 2, len(raw), "add `)`")
