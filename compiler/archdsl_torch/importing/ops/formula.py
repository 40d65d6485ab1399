"""Arithmetic, element by element: formulas."""

from __future__ import annotations

from typing import Final

from archdsl.ops import OPS
from archdsl_torch.importing.rules import plain, rule
from archdsl_torch.importing.said import Said, Unsaid, alone, number
from archdsl_torch.importing.tracing import TracedCall, TracedTensor

_FORMULAS: Final = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "pow": "{0} ** {1}",
    "rsub": "{1} - {0}", "neg": "-{0}", "square": "{0} ** 2", "reciprocal": "1 / {0}",
    "lt": "{0} < {1}", "le": "{0} <= {1}", "gt": "{0} > {1}", "ge": "{0} >= {1}", "eq": "{0} == {1}",
    "ne": "{0} != {1}", "minimum": "min({0}, {1})", "maximum": "max({0}, {1})", "clamp_min": "max({0}, {1})",
    "clamp_max": "min({0}, {1})", "remainder": "{0} % {1}", "floor_divide": "{0} // {1}",
    "logical_not": "not {0}", "logical_and": "{0} and {1}", "logical_or": "{0} or {1}",
    **{name: f"{name}({{0}})" for name in (
        "exp", "log", "sin", "cos", "sqrt", "rsqrt", "abs", "floor", "ceil", "round", "erf",
    )},
}  # fmt: skip
_NAMES: Final = ("self", "other", "exponent", "min", "max")
"""What their arguments are called."""


@rule(*_FORMULAS)
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    alone(call, *_NAMES)
    return _written(call, _FORMULAS[call.name])


def _written(call: TracedCall, formula: str) -> Said:
    values = [value for name, value in zip(call.names, call.given, strict=True) if name in _NAMES]
    reads = [value for value in values if isinstance(value, TracedTensor)]
    places = iter(range(len(reads)))
    written = [f"{{{next(places)}}}" if isinstance(value, TracedTensor) else number(value) for value in values]
    return Said(None, reads, formula=formula.format(*written))


@rule("div")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    mode = call.argument("rounding_mode")
    if mode not in (None, "floor"):
        raise Unsaid(f"its `rounding_mode` {mode!r} is not said")
    return _written(call, "{0} / {1}" if mode is None else "{0} // {1}")


@rule("max", "min")
def _(call: TracedCall) -> Said:
    """Of two tensors, element by element, or along a dimension. Raises Unsaid."""
    if "other" in call.names:
        return _written(call, f"{call.name}({{0}}, {{1}})")
    return plain(call, OPS[call.name])


@rule("addcmul", "addcdiv")
def _(call: TracedCall) -> Said:
    sign, value = "*" if call.name == "addcmul" else "/", call.argument("value")
    factor = "" if value == 1 else f"{number(value)} * "
    return Said(None, [*call.given[:3]], formula=f"{{0}} + {factor}{{1}} {sign} {{2}}")


@rule("clamp")
def _(call: TracedCall) -> Said:
    text, reads = "{0}", [call.given[0]]
    for function, name in (("max", "min"), ("min", "max")):
        bound = call.argument(name)
        if isinstance(bound, TracedTensor):
            text = f"{function}({text}, {{{len(reads)}}})"
            reads.append(bound)
        elif bound is not None:
            text = f"{function}({text}, {number(bound)})"
    return Said(None, reads, formula=text)


@rule("bitwise_not", "bitwise_and", "bitwise_or", "and", "or")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    if any(each.dtype != "bool" for each in call.tensors):
        raise Unsaid("it works on the bits of whole numbers")
    return Said(None, call.tensors, formula=_FORMULAS[f"logical_{call.name.removeprefix('bitwise_')}"])
