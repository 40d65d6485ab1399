"""Reads the counts of cards."""

from __future__ import annotations

import re

from tests.figure.seeing import plain

_UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12}
_COUNT = re.compile(r"([\d.]+) ?([KMGBT]?) ?(param|MAC)s?")


def told(text: str) -> dict[str, tuple[float, float]]:
    """The numbers that a text of counts says, each with how far it may be rounded."""
    found = {"params": (0.0, 0.0), "MACs": (0.0, 0.0)}
    for number, unit, what in _COUNT.findall(plain(text)):
        digits = len(number.partition(".")[2])
        found[f"{what}s"] = (float(number) * _UNITS[unit], 0.5 * 10**-digits * _UNITS[unit] if unit else 0)
    return found
