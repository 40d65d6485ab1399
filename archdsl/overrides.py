"""Parameters set from outside a file: `-p num_classes=10`, `build(..., num_classes=10)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from archdsl.diagnostics import Report, did_you_mean
from archdsl.document import kind_of
from archdsl.limits import MAX_INT64

KINDS: Final[Mapping[str, str]] = {
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "bool": "true or false",
    "text": "text",
    "list": "a list",
    "any": "anything",
}
"""The names of types that a parameter can be declared with, in words."""


def is_declared(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a parameter is written as its type and default: `{type: text, default: null}`."""
    return isinstance(value, dict) and set(value) == {"type", "default"} and str(value["type"]) in KINDS


def defaults(params: Mapping[str, Any]) -> dict[str, Any]:
    """A file's parameters with typed defaults resolved."""
    return {name: raw["default"] if is_declared(raw) else raw for name, raw in params.items()}


class Overrides:
    """Checks what was set from outside against a file's parameters."""

    def __init__(self, params: Mapping[str, Any], report: Report) -> None:
        self.params = params
        self.report = report

    def accept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was set, as plain data; mistakes are reported and left out."""
        values = ((name, self._value(name, value)) for name, value in given.items())
        return {name: value for name, value in values if value is not _BAD}

    def _value(self, name: str, given: Any) -> Any:
        if name not in self.params:
            listed = ", ".join(f"`{each}`" for each in self.params) or "none"
            hint = did_you_mean(name, self.params) or f"the parameters are {listed}"
            if name[:1].isupper():
                hint = f"the size of a dimension is set by `--size {name}=…`, in Python by `sizes={{'{name}': …}}`"
            self.report.error("unknown-parameter", f"no parameter `{name}`", None, hint=hint)
            return _BAD
        try:
            value = plain(given)
        except TypeError as error:
            self.report.error("wrong-type", f"parameter `{name}`: {error}", None)
            return _BAD
        expected = kind(self.params[name])
        if _fits(value, expected):
            return value
        default = defaults(self.params)[name]
        message = f"parameter `{name}`: expected {KINDS[expected]}, found {kind_of(value)}"
        self.report.error("wrong-type", message, None, hint=_hint(value, default))
        return _BAD


def _hint(value: Any, default: Any) -> str | None:
    """What to do about a value of another kind than the default's; either may be text by its quotes alone."""
    if isinstance(value, str) and not isinstance(default, str) and reads_as_plain(value):
        return f"give {value} itself, without quotes"
    shown = f"the default is {kind_of(default)}" if default is not None else None
    if isinstance(default, str) and reads_as_plain(default):
        return f"{shown}: remove its quotes in the file"
    return shown


def reads_as_plain(text: str) -> bool:
    """Whether a text would be a number, true or false without its quotes."""
    try:
        float(text)
    except ValueError:
        return text in ("true", "false")
    return True


_BAD: Final[Any] = object()


def kind(default: Any) -> str:
    """What a parameter takes, by its default; a template in place of an op's name is text."""
    if is_declared(default):
        return str(default["type"])
    if isinstance(default, bool):
        return "bool"
    if isinstance(default, int | float):
        return "number"
    if isinstance(default, list):
        return "list"
    return "text" if default is not None else "any"


def _fits(value: Any, expected: str) -> bool:
    if expected == "any":
        return True
    if isinstance(value, bool):
        return expected == "bool"
    if isinstance(value, int):
        return expected in {"int", "float", "number"}
    if isinstance(value, float):
        return expected in {"float", "number"}
    if isinstance(value, list):
        return expected == "list"
    return expected == "text" and value is not None


_MAX_GIVEN: Final = 10**400
"""As in a file: Python refuses to print very long ones."""


def plain(value: Any) -> Any:
    """A Python value as plain data: tuples become lists. Raises TypeError for what a file cannot hold."""
    if isinstance(value, int) and abs(value) > _MAX_GIVEN:
        raise TypeError("a whole number of more than 400 digits")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise TypeError(f"expected plain data, found a value of type `{type(value).__name__}`")


def check_sizes(sizes: Mapping[str, Any], report: Report) -> dict[str, int]:
    """The sizes that are whole numbers of at least 1; others are reported."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            message = f"size `{name}`: expected a whole number of at least 1, found {kind_of(size)}"
            report.error("bad-value", message, None)
        elif size > MAX_INT64:
            report.error("bad-value", f"size `{name}`: sizes go up to 2 ** 63 - 1", None)
    return {name: size for name, size in sizes.items() if type(size) is int and 0 < size <= MAX_INT64}
