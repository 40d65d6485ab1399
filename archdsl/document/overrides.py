"""Parameters set from outside a file: `-p num_classes=10`, `build(..., num_classes=10)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Final, TypeGuard

from archdsl.diagnostics.report import Report
from archdsl.document.dotted import at, copied, missing, walk
from archdsl.document.unknown import UNKNOWN
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault
from archdsl.limits import MAX_INT64, MAX_NESTING, MAX_PATH
from archdsl.text.lookalikes import reads_as_plain
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import excerpt, kind_of, quoted

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

_MAPPING: Final = "mapping"
"""The kind of a parameter, or of a row, that is a mapping and no template: none that can be declared."""
_SAID: Final = {**KINDS, _MAPPING: "a mapping"}


def is_declared(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a parameter is written as its type and default: `{type: text, default: null}`."""
    return isinstance(value, dict) and set(value) == {"type", "default"} and str(value["type"]) in KINDS


def defaults(params: Mapping[str, Any]) -> dict[str, Any]:
    """A file's parameters with typed defaults resolved."""
    return {name: raw["default"] if is_declared(raw) else raw for name, raw in params.items()}


def misdeclared(name: str, raw: Any) -> str | None:
    """What is wrong with a parameter whose declared type does not take its default; null is taken by all."""
    if not is_declared(raw) or raw["default"] is None or _fits(raw["default"], str(raw["type"])):
        return None
    return f"the default of `{name}` is {kind_of(raw['default'])}, expected {KINDS[str(raw['type'])]}"


class Overrides:
    """Checks what was set from outside against a file's parameters: `num_classes`, or `stages.1.out` in a table."""

    def __init__(self, params: Mapping[str, Any], report: Report, unsure: bool = False) -> None:
        """`unsure` says that some of the file's parameters could not be read."""
        self.params = params
        self.report = report
        self.unsure = unsure
        self.values = defaults(params)
        """The parameters, as they are set."""
        self.accepted: dict[str, Any] = {}
        """What was set, by what it was called."""
        self._copied: set[str] = set()
        """The tables that are no more the file's own."""

    def accept(self, given: Mapping[str, Any]) -> None:
        """Sets parameters to plain data; mistakes are reported and left out."""
        for name, value in given.items():
            try:
                self._set(name, plain(value))
            except TypeError as error:
                self._wrong(Code.WRONG_TYPE, f"parameter `{name}`: {error}")

    def _set(self, name: str, value: Any) -> None:
        if len(name) > MAX_PATH:
            message = f"a path of {len(name):,} characters to a parameter"
            self._wrong(Code.UNKNOWN_PARAMETER, message, f"paths have at most {MAX_PATH:,}")
            return
        head, *rest = name.split(".")
        if self.params.get(head, UNKNOWN if self.unsure else None) is UNKNOWN:
            return
        if head not in self.params:
            self._wrong(Code.UNKNOWN_PARAMETER, f"no parameter `{head}`", self._others(head))
            return
        path, left = walk(self.values[head], rest)
        if left:
            message, hint, _ = missing(self.values, (head, *path), left, "")
            self._wrong(Code.UNKNOWN_PARAMETER, message, hint)
            return
        default = at(self.values[head], path)
        around = at(self.values[head], path[:-1])
        beside = around if path and isinstance(around, list) else []  # of a list that mixes kinds any one does
        expected = kind(default if path else self.params[head])
        if not any(_fits(value, each) for each in (expected, *map(kind, beside))):
            message = f"parameter `{name}`: expected {_SAID[expected]}, found {kind_of(value)}"
            self._wrong(Code.WRONG_TYPE, message, _hint(value, default))
            return
        self.accepted[name] = value
        if not path:
            self.values[head] = value
            return
        if head not in self._copied:
            self._copied.add(head)
            self.values[head] = copied(self.values[head])
        at(self.values[head], path[:-1])[path[-1]] = value

    def _others(self, name: str) -> str:
        """What an unknown parameter may mean."""
        if name[:1].isupper():
            return f"the size of a dimension is set by `--size {name}=…`, in Python by `sizes={{'{name}': …}}`"
        return did_you_mean(name, self.params) or f"the parameters are {quoted(self.params) or 'none'}"

    def _wrong(self, code: Code, message: str, hint: str | None = None) -> None:
        self.report.tell(Fault(code, message, hint), None)


def _hint(value: Any, default: Any) -> str | None:
    """What to do about a value of another kind than the default's; either may be text by its quotes alone."""
    if isinstance(value, str) and not isinstance(default, str) and reads_as_plain(value) and value == excerpt(value):
        return f"give {value} itself, without quotes"
    shown = f"the default is {kind_of(default)}" if default is not None else None
    if isinstance(default, str) and reads_as_plain(default):
        return f"{shown}: remove its quotes in the file"
    return shown


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
    if isinstance(default, dict) and "op" not in default:
        return _MAPPING
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
    if expected == _MAPPING:
        return isinstance(value, dict)
    return expected == "text"  # also null: no op


_MAX_GIVEN: Final = 10**400
"""As in a file: Python refuses to print very long ones."""


def plain(value: Any, depth: int = 0) -> Any:
    """A Python value as plain data: tuples become lists, NumPy's numbers and arrays Python's, any mapping a `dict`.

    Raises TypeError for what a file cannot hold.
    """
    if depth > MAX_NESTING:
        raise TypeError(f"lists and mappings nest more than {MAX_NESTING} deep")
    value = _number(value)
    if isinstance(value, int) and abs(value) > _MAX_GIVEN:
        raise TypeError("a whole number of more than 400 digits")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    raise TypeError(f"expected plain data, found a value of type `{type(value).__name__}`")


def _number(value: Any) -> Any:
    """The same number as Python's own, whoever's it is; of an array, its numbers."""
    if callable(listed := getattr(value, "tolist", None)):
        return listed()
    if isinstance(value, int | float):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def check_sizes(given: Mapping[str, Any], report: Report) -> dict[str, int]:
    """The sizes that are whole numbers of at least 1; others are reported."""
    sizes = {name: _number(size) for name, size in given.items()}
    for name, size in sizes.items():
        if not isinstance(name, str):
            report.tell(Fault(Code.BAD_VALUE, f"size `{name}`: expected the name of a dimension, `H` or `x.H`"), None)
        elif isinstance(size, bool) or not isinstance(size, int) or size < 1:
            message = f"size `{name}`: expected a whole number of at least 1, found {kind_of(size)}"
            report.tell(Fault(Code.BAD_VALUE, message), None)
        elif size > MAX_INT64:
            report.tell(Fault(Code.BAD_VALUE, f"size `{name}`: sizes go up to 2 ** 63 - 1"), None)
    return {
        name: size for name, size in sizes.items() if type(name) is str and type(size) is int and 0 < size <= MAX_INT64
    }
