"""What does not fit the form of a spec: pydantic's errors, in our words and at their paths."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from archdsl.document.model import LOWER_CASE, RESIZE_MODES, Document, Form, plain_name
from archdsl.document.positions import Path
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, Place
from archdsl.text.nearest import did_you_mean, nearest, surely
from archdsl.text.spelled import excerpt, kind_of


class Mistake(NamedTuple):
    """Something wrong with a document's form."""

    fault: Fault
    other: Fault | None = None
    """The same, told at another piece: the one to change where it stands in the file itself, and this is inherited."""
    near: str | None = None
    """The key that an unknown one may mean."""
    missing: str | None = None
    """The key that is missing."""

    @property
    def path(self) -> Path:
        return self.fault.place.path or ()


_Model = TypeVar("_Model", bound=Form)


def validated(model: type[_Model], raw: Any, prefix: Path) -> tuple[_Model | None, list[Mistake]]:
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        return None, _without_misspelt([_mistake(model, each, prefix) for each in details])


def _without_misspelt(mistakes: list[Mistake]) -> list[Mistake]:
    """Without the keys that are missing only since they are misspelt."""
    meant = {(*found.path[:-1], found.near) for found in mistakes if found.near is not None}
    return [found for found in mistakes if found.missing is None or (*found.path, found.missing) not in meant]


_EXPECTED: Final = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
}
_OURS: Final = {Code.BAD_NAME, Code.BAD_VERSION, Code.BAD_VALUE}
"""The kinds of errors that the types above raise, which are codes."""


def _mistake(model: type[Form], found: ErrorDetails, prefix: Path) -> Mistake:
    """One of pydantic's errors, in our words."""
    kind, value = found["type"], found["input"]
    path = (*prefix, *found["loc"])
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return _unknown(model, found["loc"], path)
    if kind == "missing":
        return _missing(name, path[:-1])
    if name == "[key]":
        message = f"`{excerpt(str(value))}` is no name here: expected {found['msg']}"
        return Mistake(fault_at(Code.BAD_NAME, message, path[:-1], True, _name_hint(value, kind == LOWER_CASE)))
    expected = _EXPECTED.get(kind, found["msg"])
    code = Code(kind) if kind in _OURS else Code.WRONG_TYPE
    at_key = len(path) == 2 and path[0] == "blocks"  # its value is of another kind and stands below
    message = f"`{name}`: expected {expected}, found {kind_of(value)}"
    return Mistake(fault_at(code, message, path, at_key, _hint(kind, name, value)))


def fault_at(code: Code, message: str, path: Path, key: bool = False, hint: str | None = None) -> Fault:
    """What is wrong with the value at a path, or with its last key."""
    return Fault(code, message, hint, Place(path, key))


def _hint(kind: str, name: str, value: Any) -> str | None:
    """What to write instead of a value of another kind."""
    if kind == Code.BAD_NAME:
        return _name_hint(value, False)
    if kind == Code.BAD_VERSION:
        return "remove the quotes: `archdsl: 1`" if value == "1" else "this archdsl reads `archdsl: 1`"
    if kind == "dict_type" and isinstance(value, list):
        if name == "inputs":
            return f"give the input a name: `inputs: {{x: [{', '.join(map(str, value))}]}}`"
        return f"write `name: value` under `{name}`, without `-`"
    if name == "nodes" and isinstance(value, str):
        return f"a single node stands in a list: `nodes: [{value}]`"
    if name == "mode":
        return did_you_mean(str(value), RESIZE_MODES)
    return None


def _name_hint(name: Any, lower: bool) -> str | None:
    """A name of the same letters."""
    made = re.sub(r"\W+", "_", str(name), flags=re.ASCII).strip("_")
    made = made.lower() if lower else made
    made = f"{made}_" if iskeyword(made) else made
    return f"write `{made}`" if plain_name(made) and made != name else None


def _keys(model: type[Form], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the mapping may have in which an unknown one was found."""
    inner: type[Form] = model
    for step in loc[:-1]:
        field = inner.model_fields.get(str(step))
        forms = _forms_in(field.annotation) if field is not None else []
        inner = forms[0] if forms else inner
    return [*inner.model_fields]


def _forms_in(annotation: Any) -> list[type[Form]]:
    """The forms that a field's values have, be it in a mapping."""
    if get_origin(annotation) is None and isinstance(annotation, type) and issubclass(annotation, Form):
        return [annotation]  # Python 3.10 takes `dict[str, int]` for a type
    return [form for part in get_args(annotation) for form in _forms_in(part)]


def _unknown(model: type[Form], loc: Path, path: Path) -> Mistake:
    from archdsl.document.otherkeys import TOP

    keys, name = _keys(model, loc), str(path[-1])
    meant = TOP.get(name) if len(path) == 1 and model is Document else None
    hint = f"did you mean `{meant}`?" if meant else did_you_mean(name, keys) or f"the keys here are {', '.join(keys)}"
    fault = fault_at(Code.UNKNOWN_KEY, f"unknown key `{name}`", path, True, hint)
    fault = fault._replace(instead=surely(name, keys))
    return Mistake(fault, near=meant or nearest(name, keys))


def _missing(name: str, path: Path) -> Mistake:
    if name == "archdsl":
        hint = "put `archdsl: 1` first: the version of the language"
        fault = fault_at(Code.MISSING_FIELD, "the version of the language is missing", path, hint=hint)
    else:
        fault = fault_at(Code.MISSING_FIELD, f"`{name}` is missing", path, bool(path))
    return Mistake(fault, missing=name)
