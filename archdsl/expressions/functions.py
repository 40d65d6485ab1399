"""The functions and constants of expressions: how many arguments each takes, and the plain ones' values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple


class Arity(NamedTuple):
    """How many arguments a function takes; `most` None: any number."""

    least: int
    most: int | None


_ONE: Final = Arity(1, 1)
_FORMULA_ONLY: Final = {
    **dict.fromkeys(("relu", "gelu", "silu", "softplus", "erf", "rsqrt"), _ONE),
    "clamp": Arity(3, 3),
}
_OF_ONE: Final = (
    "abs", "ceil", "cos", "exp", "float", "floor", "int", "len", "log2", "sigmoid", "sign", "sin", "sqrt", "str", "sum",
    "tanh",
)  # fmt: skip
_EXPRESSION: Final = {
    **dict.fromkeys(_OF_ONE, _ONE),
    **dict.fromkeys(("min", "max", "zip"), Arity(1, None)),
    **dict.fromkeys(("round", "log", "enumerate"), Arity(1, 2)),
    "range": Arity(1, 3),
    "linspace": Arity(3, 3),
    "make_divisible": Arity(2, 3),
}
ARITIES: Final[Mapping[str, Arity]] = {**_EXPRESSION, **_FORMULA_ONLY}

FUNCTIONS: Final = frozenset(_EXPRESSION)
"""The functions of every expression."""
FORMULA_FUNCTIONS: Final = frozenset(ARITIES)
"""The functions of formulas and constants."""
OPERATORS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("add", "residual", "residual_add", "eltwise", "eltwise_add", "add_n", "iadd"), "+"),
    **dict.fromkeys(("sub", "subtract"), "-"),
    **dict.fromkeys(("mul", "multiply", "hadamard", "scale"), "*"),
    **dict.fromkeys(("div", "divide", "true_divide"), "/"),
    **dict.fromkeys(("floor_divide", "floordiv"), "//"),
    **dict.fromkeys(("remainder", "fmod", "mod"), "%"),
    **dict.fromkeys(("pow", "power"), "**"),
    **dict.fromkeys(("eq", "equal"), "=="),
    **dict.fromkeys(("ne", "not_equal"), "!="),
    **dict.fromkeys(("lt", "less"), "<"),
    **dict.fromkeys(("le", "less_equal"), "<="),
    **dict.fromkeys(("gt", "greater"), ">"),
    **dict.fromkeys(("ge", "greater_equal"), ">="),
}
"""What is a function elsewhere and an operator here."""
LIBRARIES: Final = frozenset(("math", "np", "numpy", "jnp", "torch", "F", "nn.functional", "torch.nn.functional", "tf"))
"""What Python's expressions take functions from."""
CONSTANTS: Final[Mapping[str, Any]] = {"pi": math.pi, "inf": math.inf, "true": True, "false": False, "null": None}
"""Names that are literals wherever they are read: no parameter, loop variable or dimension may take one."""


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x: float) -> float:
    """log(1 + exp(x)), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sign(x: float) -> float:
    """-1, 0 or 1, a float for a float."""
    return type(x)((x > 0) - (x < 0))


def make_divisible(value: float, divisor: int, min_value: float | None = None) -> int:
    """`value` rounded to the nearest multiple of `divisor`, never below 90 % of it or below `min_value`.

    The usual rounding of channel numbers (arXiv:1801.04381's code); `min_value` is `divisor` by default.
    """
    least = divisor if min_value is None else min_value
    rounded = max(least, int(value + divisor / 2) // divisor * divisor)
    return int(rounded + divisor if rounded < 0.9 * value else rounded)


def linspace(start: float, stop: float, count: int) -> list[float]:
    """`count` numbers from `start` to `stop` at equal distances, both included."""
    steps = max(count - 1, 1)
    inner = [start + (stop - start) * i / steps for i in range(count)]
    if count > 1:
        inner[-1] = float(stop)
    return [float(x) for x in inner]


def _gelu(x: float) -> float:
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


NUMERIC: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "erf": math.erf,
    "exp": math.exp,
    "float": float,
    "floor": math.floor,
    "gelu": _gelu,
    "int": int,
    "log": math.log,
    "log2": math.log2,
    "relu": lambda x: max(x, type(x)(0)),
    "round": round,
    "rsqrt": lambda x: 1 / math.sqrt(x),
    "sigmoid": sigmoid,
    "sign": sign,
    "silu": lambda x: x * sigmoid(x),
    "sin": math.sin,
    "softplus": softplus,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
}
"""The functions from numbers to a number."""
