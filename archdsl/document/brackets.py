"""Puts together what YAML's flow rules have broken: `{groups: gcd(8, 4)}` has the keys `groups` and `4)`.

Inside brackets a comma always ends a value and `:` with a space always ends a key. A key without a
value after an unclosed round bracket is therefore the rest of an expression, and `for i` without `in`
the start of a loop.
"""

from __future__ import annotations

import re
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.positions import Collection, Positions, Scalar
from archdsl.faults.code import Code
from archdsl.text.lines import Lines
from archdsl.text.placeholders import in_value

CODE = Code.FLOW_SYNTAX


def quote_hint(expression: str) -> str:
    """What to do about an expression that falls apart inside brackets."""
    quoting = f'inside {{...}} quote it: `"{expression}"`, or write the node over several lines'
    return _other_form(expression) or quoting


def in_quotes(written: str) -> str | None:
    """An expression that falls apart inside brackets as it is whole; None where quotes are not what it lacks."""
    text = written.rstrip()
    if "\n" in text or "\r" in text or _other_form(" ".join(text.split())) is not None:
        return None
    mark = '"' if '"' not in text and "\\" not in text else "'"
    return mark + text.replace("'", "''" if mark == "'" else "'") + mark + written[len(text) :]


def _other_form(expression: str) -> str | None:
    """What to write for what is no expression of the language."""
    if (bare := in_value(expression)) is not None:
        return bare
    if re.fullmatch(r"\([\w\s,]*\)", expression):
        return f"a list is written `[{expression[1:-1].strip().rstrip(',')}]`"
    return None


class Mender:
    """Joins broken pieces and keeps one diagnostic for each."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.broken: dict[int, Diagnostic] = {}
        """By the offset where the broken piece starts."""

    def fail(self, diagnostic: Diagnostic, new: bool) -> None:
        """The parser stopped here. A piece that starts at the same place is the same mistake.

        What seemed broken behind it followed from it; `new` says that this does not follow from another itself.
        """
        span = diagnostic.span
        offset = self.lines.starts[span.line - 1] + span.column - 1 if span is not None else 0
        self.broken = {place: found for place, found in self.broken.items() if place < offset or found.code != CODE}
        if new:
            self.broken[offset] = diagnostic

    def entry(self, data: dict[str, Any], box: Collection, key: Scalar | None, place: Positions) -> Scalar | None:
        """The key to store a flow mapping's next value under; None where it belongs to the value before."""
        last = next(reversed(data), None)
        if last is None or key is None:
            return self._colon(key, place)
        before = box.values[last]
        if _gap(before) and _open(last):
            joined = self._join(box.keys[last], key)
            del data[last], box.keys[last], box.values[last]
            return joined
        if not _gap(place):
            return key
        if isinstance(before, tuple) and not before[3] and _unclosed(before[2]):
            box.values[last] = joined = self._join(before, key)
            data[last] = joined[2]
            return None
        return self._colon(key, place)

    def sequence(self, data: list[Any], box: Collection) -> list[Any]:
        """A flow list's items, with `for i`, `{n in enumerate(x): y}` made one again."""
        head = next((i for i, item in enumerate(data) if isinstance(item, str) and _loop(item)), None)
        if head is None:
            return data
        body = next((i for i in range(head, len(data)) if isinstance(data[i], dict) and data[i]), None)
        if body is None:
            return data
        places = [*box.values.values()]
        first, inner = places[head], places[body]
        if not isinstance(first, tuple) or not isinstance(inner, Collection):
            return data
        name = next(iter(data[body]))
        key = self._join(first, inner.keys.pop(name))
        inner.keys[key[2]] = key
        inner.values[key[2]] = inner.values.pop(name)
        box.values = dict(enumerate([*places[:head], *places[body:]]))
        return [*data[:head], {key[2]: data[body][name]}, *data[body + 1 :]]

    def _colon(self, key: Scalar | None, place: Positions) -> Scalar | None:
        if key is None or key[3] or not _gap(place) or ":" not in key[2]:
            return key
        start, end, text, _ = key
        name, _, value = text.partition(":")
        message, hint = f"no space after the colon in `{text}`", f"write `{name}: {value}`"
        self.broken[start] = Diagnostic(Code.YAML_SYNTAX, message, self.lines.span(start, end), hint=hint)
        return None

    def _join(self, first: Scalar, last: Scalar) -> Scalar:
        start, end = first[0], last[1]
        text = " ".join(self.lines.text[start:end].split())
        message = f"`{text}` is broken at its comma, which ends a value inside {{...}}"
        instead = in_quotes(self.lines.text[start:end])
        span = self.lines.span(start, end)
        self.broken[start] = Diagnostic(CODE, message, span, hint=quote_hint(text), instead=instead)
        return start, end, text, ""


def _gap(place: Positions) -> bool:
    """Whether nothing at all is written there."""
    return isinstance(place, tuple) and place[2:] == ("", "")


def _unclosed(text: str) -> bool:
    return text.count("(") > text.count(")")


def _loop(text: str) -> bool:
    return text.startswith("for ") and " in " not in text


def _open(key: str) -> bool:
    return _loop(key) or _unclosed(key)
