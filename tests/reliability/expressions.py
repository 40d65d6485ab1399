"""Expressions drawn at random, against Python's own evaluation of the same text."""

from __future__ import annotations

import math
import random
import re
from types import GeneratorType
from typing import Any, Final, NamedTuple

from archdsl.expressions import ExpressionError, parse

NUMBERS: Final = {"a": 3, "b": -2, "c": 7, "half": 0.5, "flag": True, "zero": 0}
LISTS: Final = {"sizes": [2, 3, 5], "empty": [], "names": ["relu", "tanh"]}
TABLE: Final = {"rows": [{"out": 16, "kernel": 3}, {"out": 24, "kernel": 5}]}
ENV: Final[dict[str, Any]] = {**NUMBERS, **LISTS, **TABLE, "word": "abc"}
ERRORS: Final = (ArithmeticError, TypeError, ValueError, LookupError)
"""What Python raises where an expression has no value."""


_SHOWN: Final = 500
"""Characters of a value that a failure shows."""


class Different(NamedTuple):
    """An expression with two values."""

    text: str
    ours: str
    pythons: str


class Row(dict[str, Any]):
    """A table's row, whose columns are read as attributes."""

    __getattr__ = dict.__getitem__


def _make_divisible(value: float, divisor: int, minimum: int | None = None) -> int:
    low = divisor if minimum is None else minimum
    rounded = max(low, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def _str(value: Any) -> str:
    if not isinstance(value, int | float | str):
        raise TypeError("the language spells numbers and text alone")
    return str(value)


def _enumerate(items: Any, start: int = 0) -> list[tuple[int, Any]]:
    if not isinstance(items, list | tuple | GeneratorType):
        raise TypeError("the language counts lists alone")
    return [*enumerate(items, start)]


def _int(value: Any) -> int:
    if isinstance(value, str):
        raise TypeError("the language reads no numbers out of text")
    return int(value)


def _extreme(function: Any) -> Any:
    def run(*values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], str):
            raise TypeError("text is no list in the language")
        return function(*values)

    return run


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


PYTHONS: Final[dict[str, Any]] = {
    "__builtins__": {}, "pi": math.pi, "inf": math.inf, "true": True, "false": False, "null": None,
    "min": _extreme(min), "max": _extreme(max), "sum": sum, "len": len, "abs": abs,
    "int": _int, "float": float, "round": round, "str": _str,
    "range": lambda *x: [*range(*x)], "enumerate": _enumerate,
    "zip": lambda *x: [*zip(*x, strict=False)],
    "floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log2": math.log2,
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "sigmoid": _sigmoid,
    "sign": lambda x: type(x)((x > 0) - (x < 0)), "make_divisible": _make_divisible,
    **{name: [Row(row) for row in value] if name == "rows" else value for name, value in ENV.items()},
}  # fmt: skip


def expression(draw: random.Random, depth: int = 3) -> str:
    """Text of an expression, mostly one that has a value."""
    if depth == 0 or draw.random() < 0.15:
        return _leaf(draw)
    return draw.choice(_FORMS)(draw, lambda: expression(draw, depth - 1))


def _leaf(draw: random.Random) -> str:
    return draw.choice((
        *NUMBERS, *NUMBERS, "0", "1", "2", "10", "-1", "2.5", "1e-3", "0.1", "true", "False", "None", "null", "pi",
        "inf",
        "'x'", "word", "names[0]", "sizes", "sizes[1]", "rows[0].out", "rows[1]['kernel']", "[]", "empty",
    ))  # fmt: skip


_SIGNS: Final = ("+", "-", "*", "/", "//", "%", "+", "-", "*")
_COMPARED: Final = ("<", "<=", ">", ">=", "==", "!=", "in", "not in", "is", "is not")
_ONE: Final = ("abs", "int", "float", "round", "floor", "ceil", "sqrt", "exp", "log", "log2", "sin", "cos", "tanh",
               "sigmoid", "sign", "str", "len", "sum", "max", "min", "range", "enumerate")  # fmt: skip
_FORMS: Final[tuple[Any, ...]] = (
    lambda d, e: f"{e()} {d.choice(_SIGNS)} {e()}",
    lambda d, e: f"({e()}) {d.choice(_SIGNS)} ({e()})",
    lambda d, e: f"({e()}) ** {d.choice(('2', '3', '-1', '0.5', 'a'))}",
    lambda d, e: f"-({e()})",
    lambda d, e: f"+({e()})",
    lambda d, e: f"(not {e()})",
    lambda d, e: f"{e()} {d.choice(('and', 'or'))} {e()}",
    lambda d, e: f"{e()} {d.choice(_COMPARED[:8])} {e()}",
    lambda d, e: f"{e()} < {e()} <= {e()}",
    lambda d, e: f"({e()}) if ({e()}) else ({e()})",
    lambda d, e: f"{d.choice(_ONE)}({e()})",
    lambda d, e: f"{d.choice(('min', 'max'))}({e()}, {e()})",
    lambda d, e: f"round({e()}, {d.randrange(3)})",
    lambda d, e: f"range({d.randrange(5)}, {d.randrange(9)})",
    lambda d, e: f"[{e()}, {e()}]",
    lambda d, e: f"({e()}, {e()})",
    lambda d, e: f"[{e()}, {e()}, {e()}][{d.choice(('0', '-1', '1:', ':2', '::-1', '5', 'a - 2'))}]",
    lambda d, e: f"[{e()} for i in range({d.randrange(4)})]",
    lambda d, e: f"[i * 2 + {e()} for i in sizes if i > {d.randrange(5)}]",
    lambda d, e: f"sum(r.out for r in rows if r.kernel > {d.randrange(6)})",
    lambda d, e: f"[k + ({e()}) for k, s in enumerate(sizes)]",
    lambda d, e: f"[x + y for x, y in zip(sizes, [{e()}, {e()}])]",
    lambda d, e: f"make_divisible({d.randrange(1, 200)} * {d.choice(('1', '0.75', '1.4'))}, 8)",
    lambda d, e: f"word[{d.randrange(4)}] + str({e()})",
    lambda d, e: f"len({d.choice(('sizes', 'names', 'word', 'empty', '[1, 2]'))}) + ({e()})",
)  # fmt: skip


def compared(seed: str, count: int) -> tuple[list[Different], int]:
    """The expressions that have other values than Python's, and how many had one at all."""
    draw = random.Random(seed)
    found = []
    valued = 0
    for _ in range(count):
        text = expression(draw)
        ours, pythons = _ours(text), _pythons(text)
        valued += not isinstance(ours, _None)
        if not alike(ours, pythons):
            found.append(Different(text, repr(ours)[:_SHOWN], repr(pythons)[:_SHOWN]))
    return found, valued


class _None(NamedTuple):
    """No value, and why."""

    why: str


def _ours(text: str) -> Any:
    try:
        return parse(text).evaluate(ENV)
    except ExpressionError as error:
        return _None(error.message)


def _pythons(text: str) -> Any:
    try:
        return eval(compile(text, "<python>", "eval"), dict(PYTHONS))
    except ERRORS as error:
        return _None(f"{type(error).__name__}: {error}")


def alike(ours: Any, pythons: Any) -> bool:
    """Equal values of equal types. Where we refuse what Python computes, the words say that it is refused."""
    if isinstance(ours, _None):
        return isinstance(pythons, _None) or _may_refuse(ours.why)
    if isinstance(pythons, _None):
        return False
    return _same(ours, pythons)


def _same(ours: Any, pythons: Any) -> bool:
    if isinstance(ours, list | tuple):
        if type(ours) is not type(pythons) or len(ours) != len(pythons):
            return False
        return all(_same(a, b) for a, b in zip(ours, pythons, strict=True))
    if isinstance(ours, float) and isinstance(pythons, float):
        return (
            ours == pythons or (math.isnan(ours) and math.isnan(pythons)) or math.isclose(ours, pythons, rel_tol=1e-12)
        )
    return bool(type(ours) is type(pythons) and ours == pythons) or isinstance(ours, dict)


def _may_refuse(why: str) -> bool:
    """What the language refuses of Python's values: more than its budget, the order of lists, `%` of text, numbers that
    are not real, and text where a value is asked for: as a condition, in a comparison, in a function of numbers."""
    if re.match(r"the text '.*' is (no condition|never equal to)|`\w+` expects a \w+, not '", why):
        return True
    begins = why.startswith(("more than ", "cannot compare", "cannot take the remainder of '"))
    return begins or why.endswith(("is no real number", "is too large"))
