"""How other tools put a value into a text, `{{k}}`, `${k}` and `{% for … %}`, and what is written here instead."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 200
"""Characters of a text that is looked at: what is written by hand for one value is shorter."""
# compiled when a mistake asks, and not by every start
_PLACEHOLDER: Final = r"\$?\{+([^{}%:,]*[^{}%:,\s][^{}%:,]*)\}+"
_STATEMENT: Final = r"\{%-?\s*(?:(?P<for>for\b[^%]*?)|(?P<if>if\b)[^%]*|[^%]*)\s*-?%\}"


def in_text(text: str) -> str | None:
    """What to write in a name, a path or text; None where nothing is put into it."""
    dollars = _replaced(text, "$({})")
    return None if dollars is None else f"a value is put into a name by `$`: `{dollars}`"


def in_expression(text: str) -> str | None:
    """What to write in an expression; None where nothing is put into it."""
    bare = _replaced(text, "{}")
    return None if bare is None else f"an expression reads a name as it is: `{bare}`"


def in_value(text: str) -> str | None:
    """What to write for a value, which may be an expression or text; None where nothing is put into it."""
    bare, dollars = _replaced(text, "{}"), _replaced(text, "$({})")
    return None if bare is None else f"a value is read by its name, `{bare}`; in names, paths and text by `{dollars}`"


def _replaced(text: str, form: str) -> str | None:
    if len(text) > LONGEST:
        return None
    found, count = re.subn(_PLACEHOLDER, lambda match: form.format(match[1].strip()), text)
    return found if count else None


def statement(text: str) -> str | None:
    """What to write for `{% … %}` at the start of a text; None for anything else."""
    found = re.match(_STATEMENT, text[:LONGEST])
    if found is None:
        return None
    if found["for"]:
        return f"a loop is a key, and what it repeats stands below it: `{found['for']}:`"
    if found["if"]:
        return "whether a node is there is said in it: `{if: …, op: …}`"
    return "loops and conditions end by their indentation: remove the line"
