"""What is made of no tensor: constants by formulas over their indices."""

from __future__ import annotations

from typing import Any, Final

from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Unsaid, constant, number
from archdsl_torch.importing.tracing import TracedCall

_FILLED: Final = {"zeros": 0, "ones": 1}


@rule(*(f"{before}{each}{after}" for each in _FILLED for before, after in (("", ""), ("new_", ""), ("", "_like"))))
def _(call: TracedCall) -> Said:
    return constant(call.gives[0], _FILLED[call.name.removeprefix("new_").removesuffix("_like")])


@rule("zero")
def _(call: TracedCall) -> Said:
    return constant(call.gives[0], 0)


@rule("full", "new_full", "full_like", "scalar_tensor", "fill")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    value = call.argument("fill_value")
    value = next(each for each in (value, call.argument("s"), call.argument("value")) if each is not None)
    if isinstance(value, bool | int | float):
        return constant(call.gives[0], value)
    if getattr(value, "numbers", None) is not None and not value.shape:
        return constant(call.gives[0], value.numbers.item())
    if isinstance(value, str):
        return constant(call.gives[0], value)
    raise Unsaid("it fills with a number that is worked out")


@rule("arange")
def _(call: TracedCall) -> Said:
    start, step = (_given(call, name, otherwise) for name, otherwise in (("start", 0), ("step", 1)))
    scaled = "i" if step == 1 else f"{number(step)} * i"
    return constant(call.gives[0], scaled if start == 0 else f"{number(start)} + {scaled}")


@rule("eye")
def _(call: TracedCall) -> Said:
    return constant(call.gives[0], "1 if i == j else 0")


def _given(call: TracedCall, name: str, otherwise: Any) -> Any:
    found = call.argument(name)
    return otherwise if found is None else found
