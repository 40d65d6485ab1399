"""What the functions of expressions do to values, within the same limits as the operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from archdsl.expressions.functions import NUMERIC, linspace, make_divisible
from archdsl.expressions.values import NUMBERS, Spend, arithmetic, new_list, ordered, run_time, show, weight, whole
from archdsl.limits import MAX_DIGITS, MAX_INT
from archdsl.shapes import Dim, Symbolic


def apply(function: str, arguments: list[Any], spend: Spend) -> Any:
    """The value of a function's call."""
    special = _SPECIAL.get(function)
    if special is not None:
        return special(function, arguments, spend)
    return _numeric(function, arguments)


def _numeric(function: str, arguments: list[Any]) -> Any:
    first = arguments[0]
    if isinstance(first, Symbolic):
        if function in ("int", "floor", "ceil", "round") and len(arguments) == 1:
            return first
        if function in ("abs", "sign", "relu"):
            return _signed(function, first)
    for argument in arguments:
        _number(function, argument)
    if function == "round":
        arguments = [first, *(_digits(argument) for argument in arguments[1:])]
    try:
        result = NUMERIC[function](*arguments)
    except (ValueError, OverflowError, ZeroDivisionError):
        raise ValueError(f"`{function}({', '.join(map(show, arguments))})` has no value") from None
    if isinstance(result, int) and not -MAX_INT <= result <= MAX_INT:
        raise ValueError(f"`{function}({show(first)})` is too large", "whole numbers go up to 2 ** 64")
    return result


def _digits(value: Any) -> int:
    digits = whole(value, "`round`'s digits")
    if abs(digits) > MAX_DIGITS:
        raise ValueError(f"`round` cannot round to {digits} digits")
    return digits


def _signed(function: str, dim: Symbolic) -> Dim:
    positive = ordered(">", dim, 0) if function == "sign" else ordered(">=", dim, 0)
    if function == "sign":
        return 1 if positive else 0 if ordered(">=", dim, 0) else -1
    if function == "relu":
        return dim if positive else 0
    return dim if positive else -dim


def _number(function: str, value: Any) -> None:
    if isinstance(value, Symbolic):
        raise run_time(value)
    if not isinstance(value, NUMBERS):
        raise ValueError(f"`{function}` expects a number, not {show(value)}")


def _extreme(function: str, arguments: list[Any], spend: Spend) -> Any:
    values = arguments if len(arguments) > 1 else _list(function, arguments[0])
    if not values:
        raise ValueError(f"`{function}` of an empty list has no value")
    spend(len(values))
    sign = "<" if function == "min" else ">"
    best = values[0]
    for value in values[1:]:
        # on a tie the first stays, as in Python; for dimensions a weak order is enough
        if _beats(sign, value, best):
            best = value
    return best


def _beats(sign: str, value: Any, best: Any) -> bool:
    if not isinstance(value, Symbolic) and not isinstance(best, Symbolic):
        return ordered(sign, value, best)
    try:
        return ordered(sign + "=", value, best)
    except ValueError:
        return not ordered(sign + "=", best, value)


def _total(function: str, arguments: list[Any], spend: Spend) -> Any:
    values = _list(function, arguments[0])
    spend(len(values))
    total: Any = 0
    if all(value.__class__ is int for value in values):
        return arithmetic("+", 0, sum(values), spend)
    for value in values:
        total = arithmetic("+", total, value, spend)
    return total


def _length(function: str, arguments: list[Any], spend: Spend) -> int:
    if isinstance(arguments[0], str | dict):
        return len(arguments[0])
    return len(_list(function, arguments[0]))


def _range(function: str, arguments: list[Any], spend: Spend) -> list[int]:
    numbers = range(*_range_bounds(arguments))
    first, last, step = numbers.start, numbers.stop, numbers.step
    new_list(max(0, (last - first) // step), spend)
    return list(numbers)


def _range_bounds(arguments: list[Any]) -> list[int]:
    bounds = [whole(argument, "`range`'s bound") for argument in arguments]
    if bounds[2:] == [0]:
        raise ValueError("`range`'s step cannot be 0")
    return bounds


def _enumerate(function: str, arguments: list[Any], spend: Spend) -> list[tuple[int, Any]]:
    values = _list(function, arguments[0])
    start = whole(arguments[1], "`enumerate`'s start") if len(arguments) > 1 else 0
    return _paid(enumerate(values, start), sum(map(weight, values)) + 2 * len(values), spend)


def _zip(function: str, arguments: list[Any], spend: Spend) -> list[tuple[Any, ...]]:
    lists = [_list(function, argument) for argument in arguments]
    return _paid(zip(*lists, strict=False), sum(map(weight, lists)), spend)


def _paid(items: Iterable[Any], cost: int, spend: Spend) -> list[Any]:
    new_list(cost, spend)
    return list(items)


def _list(function: str, value: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"`{function}` expects a list, not {show(value)}")
    return value


def _text(function: str, arguments: list[Any], spend: Spend) -> str:
    value = arguments[0]
    if isinstance(value, Symbolic):
        raise run_time(value)
    if not isinstance(value, int | float | str):
        raise ValueError(f"`str` expects a number or text, not {show(value)}")
    return str(value)


def _linspace(function: str, arguments: list[Any], spend: Spend) -> list[float]:
    for argument in arguments:
        _number(function, argument)
    count = whole(arguments[2], "`linspace`'s count")
    new_list(max(count, 0), spend)
    return linspace(arguments[0], arguments[1], max(count, 0))


def _make_divisible(function: str, arguments: list[Any], spend: Spend) -> int:
    for argument in arguments[:2] + [a for a in arguments[2:] if a is not None]:
        _number(function, argument)
    if whole(arguments[1], "`make_divisible`'s divisor") < 1:
        raise ValueError(f"`make_divisible`'s divisor must be 1 or more, not {arguments[1]}")
    if not all(abs(argument) <= MAX_INT for argument in arguments if argument is not None):
        raise ValueError("`make_divisible` takes numbers up to 2 ** 64")
    return make_divisible(*arguments)


def _clamp(function: str, arguments: list[Any], spend: Spend) -> Any:
    value, low, high = arguments
    raised = value if low is None else _extreme("max", [value, low], spend)
    return raised if high is None else _extreme("min", [raised, high], spend)


_SPECIAL: Final[dict[str, Callable[[str, list[Any], Spend], Any]]] = {
    "clamp": _clamp,
    "enumerate": _enumerate,
    "len": _length,
    "linspace": _linspace,
    "make_divisible": _make_divisible,
    "max": _extreme,
    "min": _extreme,
    "range": _range,
    "str": _text,
    "sum": _total,
    "zip": _zip,
}
