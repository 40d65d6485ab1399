"""Initialisers: `kaiming_normal(mode=fan_out, nonlinearity=relu)`, and which tensor gets which.

A name is `torch.nn.init`'s without its `_`. An argument is a word where torch takes a word, else an
expression that sees the node's fields, `fan_in`, `fan_out` and the file's names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, final

from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError
from archdsl.limits import MAX_NOTATION
from archdsl.shapes import Shape, product
from archdsl.text.nearest import nearest

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "uniform": ("a", "b"),
    "normal": ("mean", "std"),
    "constant": ("val",),
    "ones": (),
    "zeros": (),
    "eye": (),
    "dirac": ("groups",),
    "xavier_uniform": ("gain",),
    "xavier_normal": ("gain",),
    "kaiming_uniform": ("a", "mode", "nonlinearity"),
    "kaiming_normal": ("a", "mode", "nonlinearity"),
    "trunc_normal": ("mean", "std", "a", "b"),
    "orthogonal": ("gain",),
    "sparse": ("sparsity", "std"),
}
"""The initialisers of `torch.nn.init` and their arguments."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "mode": ("fan_in", "fan_out"),
    "nonlinearity": (
        "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
        "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu",
    ),
}  # fmt: skip

REQUIRED: Mapping[str, str] = {"constant": "val", "sparse": "sparsity"}

_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_ARGUMENT = re.compile(r"\s*(?:([A-Za-z_]\w*)\s*=)?(.*)", re.DOTALL)


class InitialiserError(FaultError):
    """An initialiser that cannot be read."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(Fault(Code.BAD_INIT, message, hint))


@final
@dataclass(frozen=True, slots=True)
class Initialiser:
    """An initialiser with its arguments evaluated."""

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()
    reads: frozenset[str] = field(default=frozenset(), compare=False)
    """The names that its arguments read: fields of the node, `fan_in`, `fan_out`, the file's names."""


class InitialiserText(NamedTuple):
    """An initialiser as it is written."""

    name: str
    arguments: tuple[tuple[str, str | Expression], ...]
    reads: frozenset[str]
    """The names that its arguments read."""

    def evaluate(self, env: Any) -> Initialiser:
        """Its arguments as values. Raises ExpressionError."""
        return Initialiser(
            self.name,
            tuple((name, value if isinstance(value, str) else value.evaluate(env)) for name, value in self.arguments),
            self.reads,
        )


@lru_cache(maxsize=1024)
def parse_initialiser(text: str) -> InitialiserText:
    """Reads `name` or `name(argument=value, …)`. Raises InitialiserError."""
    if len(text) > MAX_NOTATION:
        raise InitialiserError(f"an initialiser of {len(text):,} characters", f"at most {MAX_NOTATION:,} are read")
    match = _CALL.fullmatch(text)
    if match is None:
        raise InitialiserError(f"cannot read the initialiser `{text}`", "write `normal(std=0.02)`")
    name = match[1]
    if name not in ARGUMENTS:
        near = nearest(name.rstrip("_"), ARGUMENTS)
        known = ", ".join(sorted(ARGUMENTS))
        raise InitialiserError(
            f"unknown initialiser `{name}`", f"did you mean `{near}`?" if near else f"there are {known}"
        )
    arguments: dict[str, str | Expression] = {}
    for position, part in enumerate(_split(match[2] or "")):
        key, value = _argument(name, part, position)
        arguments[key] = value
    missing = REQUIRED.get(name)
    if missing and missing not in arguments:
        raise InitialiserError(f"`{name}` needs `{missing}`", f"write `{name}({missing}=…)`")
    reads = (value.names for value in arguments.values() if not isinstance(value, str))
    return InitialiserText(name, tuple(arguments.items()), frozenset().union(*reads))


def fans(shape: Shape) -> dict[str, Any]:
    """`fan_in` and `fan_out` of a weight, as `torch.nn.init` counts them; none below rank 2."""
    if len(shape) < 2:
        return {}
    field = product(shape[2:])
    return {"fan_in": shape[1] * field, "fan_out": shape[0] * field}


def _argument(name: str, part: str, position: int) -> tuple[str, str | Expression]:
    match = _ARGUMENT.fullmatch(part)
    known = ARGUMENTS[name]
    key, text = (match[1], match[2].strip()) if match else (None, part)
    if key is None and position < len(known):
        key = known[position]
    if key not in known:
        takes = ", ".join(known) or "no arguments"
        raise InitialiserError(f"`{name}` has no argument `{key or text}`", f"it takes {takes}")
    if key in WORDS:
        if text not in WORDS[key]:
            near = nearest(text, WORDS[key])
            hint = f"did you mean `{near}`?" if near else f"one of {', '.join(WORDS[key])}"
            raise InitialiserError(f"`{text}` is not a {key}", hint)
        return key, text
    try:
        return key, parse(text)
    except ExpressionError as error:
        raise InitialiserError(f"{error.message} in the initialiser `{part.strip()}`", error.hint) from None


def _split(text: str) -> list[str]:
    """The arguments between top-level commas."""
    parts: list[str] = []
    depth, start = 0, 0
    for position, letter in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]
