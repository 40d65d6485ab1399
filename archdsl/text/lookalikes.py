"""Text that reads as another value: in quotes that should not stand there, or in the words of other languages."""

from __future__ import annotations

from typing import Final

_TRUTHS: Final = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), "true"),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), "false"),
}
_NOTHING: Final = frozenset(("null", "Null", "NULL", "~", "none", "None", "nil"))


def reads_as_plain(text: str) -> bool:
    """Whether a text would be a number, true or false without its quotes."""
    return text in ("true", "false") or _is_number(text)


def meant(text: str) -> str | None:
    """How the value is written that a text reads as; None for one that reads as nothing but text."""
    if text in _NOTHING:
        return "null"
    return _TRUTHS.get(text) or (text if _is_number(text) else None)


def says_no(text: str) -> bool:
    """Whether a text reads as a value that does not hold as a condition."""
    value = meant(text)
    return value in ("false", "null") or (value not in (None, "true") and float(value) == 0)


def never_equal(text: str, other: object) -> str | None:
    """How the value is written that a text reads as, where it is compared with one of that kind; else None.

    `M` beside 64 is a table's mark, and `5` beside null asks whether a text is given: those are just not equal.
    """
    value = meant(text)
    return value if (value == "null") is (other is None) else None


def _is_number(text: str) -> bool:
    try:
        _ = float(text)
    except ValueError:
        return False
    return True
