"""What the operators of expressions do to values, within limits.

The functions here are the careful half of evaluation: types are checked, costs are counted, and
comparisons of `Symbolic` dimensions are decided or refused. Errors are `ValueError`s whose text is
the message for the user (and a hint as second argument); the caller knows where in the text they belong.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from reprlib import Repr
from typing import Any, Final, final

from archdsl.limits import MAX_INT, Budget, current
from archdsl.shapes import Dim, Division, Symbolic, differ, least
from archdsl.text.lookalikes import meant, never_equal, says_no

MAX_BITS: Final = MAX_INT.bit_length()

Spend = Callable[[int], None]
"""Takes steps from the evaluation's budget, or raises ValueError."""

_repr = Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlist = _repr.maxtuple = 4
NUMBERS: Final = (int, float)
_COMPARABLE: Final[frozenset[type[Any]]] = frozenset((int, float, bool))
_EQUATABLE: Final[frozenset[type[Any]]] = _COMPARABLE | {type(None)}
_TEXT: Final[frozenset[type[Any]]] = frozenset((str,))
VERBS: Final = {
    "+": "add {0} and {1}",
    "-": "subtract {1} from {0}",
    "*": "multiply {0} and {1}",
    "/": "divide {0} by {1}",
    "//": "divide {0} by {1}",
    "%": "take the remainder of {0} by {1}",
    "**": "raise {0} to the power {1}",
}
_OPERATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
FAST: Final = {sign: _OPERATIONS[sign] for sign in ("+", "-", "*")}
"""What two ints can be given to without further thought, but for the size of the result."""
PLAIN: Final[dict[str, tuple[Callable[[Any, Any], bool], frozenset[type[Any]]]]] = {
    "==": (operator.eq, _EQUATABLE),
    "!=": (operator.ne, _EQUATABLE),
    "<": (operator.lt, _COMPARABLE),
    "<=": (operator.le, _COMPARABLE),
    ">": (operator.gt, _COMPARABLE),
    ">=": (operator.ge, _COMPARABLE),
}
"""Comparisons, and the types of values that they can be given without further thought."""
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def show(value: object) -> str:
    """The value, short enough for a message."""
    return str(value) if isinstance(value, Symbolic) else _repr.repr(value)


def _operand(value: object) -> str:
    text = show(value)
    bracketed = isinstance(value, Symbolic) and " " in text
    return f"({text})" if bracketed or (isinstance(value, int | float) and text[0] == "-") else text


def weight(value: object) -> int:
    """How many elements a nested list holds; where the same list stands in it twice, twice as many.

    Raises TooLarge: without a bound, counting would take as long as the list is large.
    """
    return _weight(value, current()) if isinstance(value, list | tuple) else 1


def _weight(value: list[Any] | tuple[Any, ...], budget: Budget) -> int:
    total = len(value)
    for item in value:
        if isinstance(item, list | tuple):
            total += _weight(item, budget)
            budget.check("elements", total)
    return total


@final
class Undecided(ValueError):
    """A decision that only the run can make."""


def run_time(*dims: object) -> Undecided:
    """That a decision on these dimensions is left to the run."""
    symbolic = next(dim for dim in dims if isinstance(dim, Symbolic))
    return Undecided(f"`{symbolic}` is known only at run time")


# Arithmetic


def arithmetic(sign: str, left: Any, right: Any, spend: Spend) -> Any:
    """`left sign right` for numbers, dimensions, text and lists."""
    if isinstance(left, Symbolic) or isinstance(right, Symbolic):
        return _symbolic(sign, left, right)
    if isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
        return _numbers(sign, left, right)
    if isinstance(left, int) and isinstance(right, str | list | tuple) and sign == "*":
        return _repeat(right, left, spend)
    if isinstance(right, int) and isinstance(left, str | list | tuple) and sign == "*":
        return _repeat(left, right, spend)
    joinable = isinstance(left, str | list | tuple) and type(left) is type(right)
    if sign != "+" or not joinable:
        raise _cannot(sign, left, right)
    _spend_on(left, len(left) + len(right), weight(left) + weight(right), spend)
    return left + right


def _numbers(sign: str, left: float, right: float) -> float:
    whole_power = sign == "**" and isinstance(left, int) and isinstance(right, int)
    if whole_power and abs(left) > 1 and right > MAX_BITS:
        raise _too_large(sign, left, right)
    try:
        result = _OPERATIONS[sign](left, right)
    except ZeroDivisionError:
        raise ValueError(f"{_operand(left)} {sign} {_operand(right)} divides by zero") from None
    except OverflowError:
        raise _too_large(sign, left, right) from None
    if isinstance(result, complex):
        raise ValueError(f"{_operand(left)} ** {_operand(right)} is no real number")
    if isinstance(result, int) and not -MAX_INT <= result <= MAX_INT:
        raise _too_large(sign, left, right)
    return result  # type: ignore[no-any-return]


def _too_large(sign: str, left: object, right: object) -> ValueError:
    return ValueError(f"{_operand(left)} {sign} {_operand(right)} is too large", "numbers go up to 2 ** 64")


def _cannot(sign: str, left: object, right: object) -> ValueError:
    return ValueError("cannot " + VERBS[sign].format(show(left), show(right)))


def _repeat(value: Any, count: int, spend: Spend) -> Any:
    times = max(count, 0)
    _spend_on(value, len(value) * times, weight(value) * times, spend)
    return value * times


def _spend_on(value: object, length: int, cost: int, spend: Spend) -> None:
    if isinstance(value, str):
        current().check("text", length)
    else:
        new_list(cost, spend)


def new_list(cost: int, spend: Spend) -> None:
    """Pays for a list of that many elements."""
    current().check("elements", cost)
    spend(cost)


def _symbolic(sign: str, left: Any, right: Any) -> Any:
    for side in (left, right):
        if isinstance(side, float) and sign != "**":
            hint = "use `//`" if sign == "/" else "a dimension takes whole numbers, and `//` for a part of it"
            if sign == "*":
                hint = f"write which way to round: `floor({show(left)} * {show(right)})`, or `ceil(…)`"
            raise ValueError("cannot " + VERBS[sign].format(show(left), show(right)), hint)
        if isinstance(side, list | tuple | str) and sign == "*":
            raise run_time(left, right)
        if not isinstance(side, int | float | Symbolic):
            raise _cannot(sign, left, right)
    if sign == "/":
        return _exact_quotient(left, right)
    if sign == "**":
        return _symbolic_power(left, right)
    if sign in ("//", "%") and right == 0:
        raise ValueError(f"{_operand(left)} {sign} 0 divides by zero")
    result = _OPERATIONS[sign](left, right)
    if isinstance(result, Symbolic) and any(not -MAX_INT <= factor <= MAX_INT for _, factor in result.terms):
        raise _too_large(sign, left, right)
    return result


def _exact_quotient(left: Dim, right: Dim) -> Dim:
    if right == 0:
        raise ValueError(f"{_operand(left)} / 0 divides by zero")
    quotient = left // right
    if quotient * right != left:
        hint = "use `//` for the whole quotient; `ceil(a / b)` rounds up"
        raise ValueError(f"`{left}` is not always a multiple of `{right}`", hint)
    return quotient


ROUNDING: Final = frozenset(("ceil", "floor", "int"))
"""The functions that make a whole number of a quotient, or of a product with a fraction."""


def rounded_product(function: str, size: Symbolic, factor: float) -> Dim:
    """`floor(size * factor)`, or `ceil` or `int` of it, in floating point."""
    if not 0 < abs(factor) < MAX_INT:
        raise ValueError(f"`{size}` times {factor}", "give a factor that is not 0")
    if function == "int" and (factor < 0 or least(size) < 0):
        raise ValueError(f"`{size} * {factor}` may be negative", "say which way to round: `floor(a * b)`")
    if factor == int(factor):
        return size * int(factor)
    if function == "ceil":
        return -rounded_product("floor", size, -factor)
    return Symbolic((((Division("*", size, factor),), 1),))


def rounded_quotient(function: str, left: Dim, right: Dim) -> Dim:
    """`ceil(left / right)`, `floor(left / right)` or `int(left / right)` where one is known only at run time."""
    if right == 0:
        raise ValueError(f"{_operand(left)} / 0 divides by zero")
    if least(right) < 1:
        left, right = -left, -right
    if least(right) < 1:
        raise run_time(left, right)
    if function == "ceil":
        return _symbolic("//", left + right - 1, right)  # type: ignore[no-any-return]
    if function == "int" and least(left) < 0:
        raise ValueError(f"`{left}` may be negative", "say which way to round: `floor(a / b)` or `ceil(a / b)`")
    return _symbolic("//", left, right)  # type: ignore[no-any-return]


def _symbolic_power(left: Any, right: Any) -> Any:
    if isinstance(right, Symbolic) or not isinstance(right, int):
        if isinstance(right, Symbolic):
            raise run_time(right)
        raise ValueError(f"cannot raise {left} to the power {show(right)}", "the exponent of a dimension is whole")
    if right < 0:
        raise ValueError(f"cannot raise {left} to the power {right}", "the exponent of a dimension is 0 or more")
    if right > 16:
        raise _too_large("**", left, right)
    result: Dim = 1
    for _ in range(right):
        result = result * left
    return result


def negative(sign: str, value: Any) -> Any:
    """`-value` or `+value`."""
    if isinstance(value, int | float | Symbolic):
        return -value if sign == "-" else value if isinstance(value, Symbolic) else +value
    raise ValueError(f"cannot put `{sign}` before {show(value)}", "it needs a number")


# Decisions


def truth(value: Any) -> bool:
    """Whether a condition holds."""
    if isinstance(value, Symbolic):
        if (known := differ(value, 0)) is None:
            raise run_time(value)
        return known
    if isinstance(value, str) and says_no(value):
        raise ValueError(f"the text {show(value)} is no condition: every text but the empty one holds", _write(value))
    if value is None or isinstance(value, int | float | str | list | tuple | dict):
        return bool(value)
    raise ValueError("a tensor is neither true nor false")


def compare(sign: str, left: Any, right: Any, spend: Spend) -> bool:
    """`left sign right` for every sign of comparison."""
    if sign in ("==", "!="):
        return equal(left, right, spend) is (sign == "==")
    if sign in ("is", "is not"):
        _refuse_lookalikes(left, None)
        return (left is None) is (sign == "is")
    if sign in ("in", "not in"):
        return _contains(right, left, spend) is (sign == "in")
    return ordered(sign, left, right)


def equal(left: Any, right: Any, spend: Spend) -> bool:
    """`left == right`; lists item by item, since they may hold dimensions.

    Raises ValueError for text that reads as a value and stands beside one: that is never equal.
    """
    if left.__class__ is not right.__class__:
        _refuse_lookalikes(left, right)
    if isinstance(left, Symbolic) or isinstance(right, Symbolic):
        return _equal_dims(left, right)
    if not isinstance(left, list | tuple) or type(left) is not type(right):
        return bool(left == right)
    spend(min(len(left), len(right)))
    return len(left) == len(right) and all(equal(a, b, spend) for a, b in zip(left, right, strict=True))


def _refuse_lookalikes(left: Any, right: Any) -> None:
    for text, other in ((left, right), (right, left)):
        beside = other is None or isinstance(other, int | float | Symbolic)
        if isinstance(text, str) and beside and never_equal(text, other):
            raise ValueError(f"the text {show(text)} is never equal to {_written(other)}", _write(text))


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else show(value)


def _write(text: str) -> str:
    value = meant(text)
    return f"write {value} without quotes where it is given" if value == text else f"write {value} where it is given"


def _equal_dims(left: Any, right: Any) -> bool:
    sides = [int(side) if isinstance(side, float) and side.is_integer() else side for side in (left, right)]
    if not all(isinstance(side, int | Symbolic) for side in sides):
        return False
    if (different := differ(sides[0], sides[1])) is None:
        raise run_time(left, right)
    return not different


def _contains(container: Any, value: Any, spend: Spend) -> bool:
    if isinstance(container, str):
        if not isinstance(value, str):
            raise ValueError(f"cannot look for {show(value)} in text", "put text on the left of `in`")
        return value in container
    if isinstance(container, dict):
        return isinstance(value, str) and value in container
    if not isinstance(container, list | tuple):
        raise ValueError(f"cannot look into {show(container)}", "`in` needs a list, a tuple or text on its right")
    spend(len(container))
    alike = _TEXT if value.__class__ is str else _EQUATABLE
    if value.__class__ in alike and all(item.__class__ in alike for item in container):
        return value in container
    return any(equal(item, value, spend) for item in container)


def ordered(sign: str, left: Any, right: Any) -> bool:
    """`left sign right` for the four signs of order."""
    if isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
        return ORDERS[sign](left, right)
    if isinstance(left, str) and isinstance(right, str):
        return ORDERS[sign](left, right)
    if not isinstance(left, int | float | Symbolic) or not isinstance(right, int | float | Symbolic):
        raise ValueError(f"cannot compare {show(left)} and {show(right)} with `{sign}`", "compare two numbers")
    if isinstance(left, float):
        return ordered(_FLIPPED[sign], right, left)
    if isinstance(right, float):
        if math.isinf(right) or math.isnan(right):
            return ORDERS[sign](0, right)
        # a whole number is below 2.5 where it is below 3, and at most 2.5 where it is at most 2
        right = math.ceil(right) if sign in ("<", ">=") else math.floor(right)
    return _ordered_dims(sign, left, right)


def _ordered_dims(sign: str, left: Dim, right: Dim) -> bool:
    if sign in (">", ">="):
        return not _ordered_dims("<=" if sign == ">" else "<", left, right)
    gap = right - left
    margin = 1 if sign == "<" else 0
    if least(gap) >= margin:
        return True
    if least(-gap) >= 1 - margin:
        return False
    raise run_time(left, right)


# Reading parts


def whole(value: Any, what: str) -> int:
    """The value, which must be a whole number; `what` says whose it is."""
    if isinstance(value, int):
        return value
    if isinstance(value, Symbolic):
        raise run_time(value)
    raise ValueError(f"{what} must be a whole number, not {show(value)}")
