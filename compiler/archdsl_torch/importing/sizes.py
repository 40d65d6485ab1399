"""Sizes of a traced module in the words of a spec: `s77 // 4` becomes `H // 4`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

TracedSize: TypeAlias = "int | str"
"""A number, or an expression over the inputs' dimensions."""

_FUNCTIONS = {"FloorDiv": "//", "CleanDiv": "//", "Mod": "%", "PythonMod": "%"}
_SEVERAL = {"Max": "max", "Min": "min"}


class UnknownSize(ValueError):
    """A size that no expression of the inputs' dimensions says: it depends on the data, or on another function."""


def spelled(size: Any, names: Mapping[str, str]) -> TracedSize:
    """A size of the trace, by the `names` of its symbols. Raises UnknownSize."""
    if isinstance(size, int):
        return int(size)
    found = _term(size.node.expr, names)
    return int(found) if found.lstrip("-").isdecimal() else found


def plus(left: TracedSize, right: TracedSize) -> TracedSize:
    """The sum of two sizes."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if left == 0 or right == 0:
        return right if left == 0 else left
    return f"{left} - {-right}" if isinstance(right, int) and right < 0 else f"{left} + {right}"


def _term(term: Any, names: Mapping[str, str]) -> str:
    kind = type(term).__name__
    if term.is_Integer:
        return str(term)
    if term.is_Symbol:
        if str(term) not in names:
            raise UnknownSize(str(term))
        return names[str(term)]
    if kind in _FUNCTIONS:
        left, right = (_factor(part, names) for part in term.args)
        return f"{left} {_FUNCTIONS[kind]} {right}"
    if kind in _SEVERAL:
        return f"{_SEVERAL[kind]}({', '.join(_term(part, names) for part in term.args)})"
    if term.is_Add:
        return " + ".join(_term(part, names) for part in sorted(term.args, key=lambda part: bool(part.is_Integer)))
    if term.is_Mul:
        return " * ".join(_factor(part, names) for part in term.args)
    if term.is_Pow and term.exp.is_Integer and term.exp > 0:
        return f"{_factor(term.base, names)} ** {term.exp}"
    raise UnknownSize(str(term))


def _factor(term: Any, names: Mapping[str, str]) -> str:
    """A term as a factor of another: in brackets where it is more than a name or a number."""
    written = _term(term, names)
    return written if written.isidentifier() or written.isdecimal() else f"({written})"
