"""Ops applied to types, each distinct application computed once."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any, NamedTuple, final

from archdsl.diagnostics import nearest
from archdsl.document import kind_of
from archdsl.elaboration.fields import freeze
from archdsl.ops.base import Op, OpError, Weight, at_sizes, field_specs
from archdsl.ops.extent import check_outputs, check_tensors, uncountable
from archdsl.overrides import reads_as_plain
from archdsl.shapes import Dim, TensorType, evaluate

Types = tuple[TensorType | None, ...]


class Applied(NamedTuple):
    """What a node of an op has, for inputs of given types."""

    types: tuple[TensorType, ...]
    names: tuple[str, ...]
    tensors: Mapping[str, Weight]
    macs: Dim


class Problem(NamedTuple):
    """What is wrong with a field, with an item of it, or (`field` None) with the node."""

    code: str
    message: str
    field: str | None
    hint: str | None
    item: int | None = None


class FieldError(Exception):
    """Fields that an op does not take; several at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


@final
class Applier:
    """Makes ops from fields and applies them, remembering both."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self._ops: dict[Any, Op] = {}
        self._applied: dict[tuple[int, Types], Applied] = {}
        self._samples: dict[TensorType, TensorType] = {}

    def make(self, kind: type[Op], fields: dict[str, Any]) -> Op:
        """The op with these fields. Raises FieldError."""
        key = (kind, freeze(fields))
        try:
            found = self._ops.get(key)
        except TypeError:
            return _make(kind, fields)
        if found is None:
            found = self._ops[key] = _make(kind, fields)
        return found

    def intern(self, op: Op) -> Op:
        """One op for all equal ones, for ops made elsewhere."""
        return self._ops.setdefault(op, op)

    def apply(self, op: Op, types: Types) -> Applied:
        """Types, tensors and MACs for these inputs; checked at the sample sizes too. Raises OpError."""
        key = (id(op), types)
        found = self._applied.get(key)
        if found is None:
            found = _apply(op, types)
            self._check_sample(op, types, found)
            self._ops.setdefault(("keep", id(op)), op)
            self._applied[key] = found
        return found

    def _check_sample(self, op: Op, types: Types, applied: Applied) -> None:
        sampled = tuple(None if t is None else self._at_sample(t) for t in types)
        outputs = tuple(self._at_sample(t) for t in applied.types)
        check_outputs(outputs)
        check_tensors(applied.tensors)
        small = next((t for t in outputs if any(isinstance(d, int) and d < 1 for d in t.shape)), None)
        at_sample = at_sizes(op, self.sizes)
        if sampled != types or at_sample is not op:
            _apply(at_sample, sampled)
        if small is not None:
            raise OpError(f"the output would be {small}: a size below 1", code="size-error")

    def _at_sample(self, type_: TensorType) -> TensorType:
        found = self._samples.get(type_)
        if found is None:
            found = type_.with_shape(evaluate(dim, self.sizes) for dim in type_.shape)
            self._samples[type_] = found
        return found


@lru_cache(maxsize=8192)
def _apply(op: Op, types: Types) -> Applied:
    """What an op's rules say. They are pure: a process that elaborates again need not ask them again."""
    result = op.infer(*types)
    outputs = result if isinstance(result, tuple) else (result,)
    names = op.output_names(len(outputs)) if isinstance(result, tuple) else ("output",)
    return Applied(outputs, names, op.tensors(*types), op.macs(*types))


def _make(kind: type[Op], fields: dict[str, Any]) -> Op:
    from pydantic import ValidationError

    try:
        op = kind.model_validate(fields)
    except ValidationError as error:
        errors = error.errors()
    else:
        problems = [_uncounted(name, value) for name, value in fields.items() if uncountable(value) is not None]
        if problems:
            raise FieldError(problems)
        return op
    raise FieldError(_problems(kind, fields, errors))


def _problems(kind: type[Op], fields: dict[str, Any], errors: list[Any]) -> list[Problem]:
    missing = [str(each["loc"][0]) for each in errors if each["type"] == "missing"]
    others = [_problem(kind, fields, each) for each in _distinct(errors) if each["type"] != "missing"]
    return [*([_missing(kind, missing)] if missing else []), *others]


def _uncounted(name: str, value: Any) -> Problem:
    message = f"`{name}` is {shown(value)}: torch takes whole numbers up to 2 ** 63 - 1"
    return Problem("bad-value", message, name, None)


def check_known(kind: type[Op], fields: dict[str, Any], unknown: Set[str]) -> None:
    """Raises FieldError for the fields of an op that are wrong, whatever the unknown ones are.

    None is missing where there are unknown ones: it may be what a misspelt one means.
    """
    from pydantic import ValidationError

    try:
        kind.model_validate(fields)
    except ValidationError as error:
        named = [found for found in error.errors() if found["loc"] and not (unknown and found["type"] == "missing")]
        if named:
            raise FieldError(_problems(kind, fields, named)) from None


def _distinct(errors: list[Any]) -> list[Any]:
    """One error a field: a union reports each of its members."""
    by_field: dict[Any, Any] = {}
    for error in errors:
        by_field.setdefault(error["loc"][:1], error)
    return list(by_field.values())


def _missing(kind: type[Op], names: list[str]) -> Problem:
    """All that a node lacks at once."""
    needs = " and ".join(f"`{name}`" for name in names)
    return Problem("missing-field", f"`{kind.name}` needs {needs}", None, f"add `{': …, '.join(names)}: …`")


def _problem(kind: type[Op], fields: Mapping[str, Any], error: Any) -> Problem:
    name = str(error["loc"][0]) if error["loc"] else None
    if error["type"] == "extra_forbidden":
        return Problem(*unknown_field(kind, str(name)))
    if name is None:
        return Problem("bad-value", str(error["msg"]).removeprefix("Value error, "), None, None)
    said = str(error["ctx"]["error"]) if error["type"] == "value_error" else ""
    if said and not said.startswith("expected"):
        return Problem("bad-value", f"`{name}`: {said}", name, None)
    given = fields.get(name)
    if name not in kind.model_fields:  # one of those that an op takes beyond its own
        expected = said.removeprefix("expected ") or "another value"
        return Problem("bad-value", f"`{name}` is {shown(given)}, expected {expected}", name, None)
    item = _wrong_item(given, error["loc"])
    counted = said if isinstance(given, list | tuple) else ""
    expected = counted.removeprefix("expected ") or _wanted(
        kind, name, given[item] if item is not None and given else given
    )
    words = field_specs(kind)[name].words
    near = nearest(str(given), words)
    hint = f"did you mean `{near}`?" if near else None
    return Problem("bad-value", f"`{name}` is {shown(given)}, expected {expected}", name, hint, item)


def _wrong_item(given: Any, place: tuple[Any, ...]) -> int | None:
    """Which item of a list is at fault; None where it is the whole value."""
    last = place[-1]
    return last if isinstance(given, list | tuple) and isinstance(last, int) and last < len(given) else None


def _wanted(kind: type[Op], name: str, given: Any) -> str:
    from archdsl.ops.wanted import wanted

    return wanted(kind, name, given)


INFERRED = frozenset(("in_channels", "in_features", "num_features", "num_channels", "normalized_shape", "embed_dim"))
"""torch's arguments that the edges say."""


def unknown_field(kind: type[Op], name: str) -> tuple[str, str, str | None, str | None]:
    """What to say of a field that an op does not have."""
    specs = field_specs(kind)
    near = nearest(name, specs)
    listed = ", ".join(f"`{field}`" for field in specs) or "no fields"
    hint = f"did you mean `{near}`?" if near else f"it takes {listed}"
    if name in INFERRED:
        hint = "it is inferred from the input: remove it"
    else:
        from archdsl.ops.othernames import field_hint

        hint = field_hint(name, specs) or hint
    return "unknown-field", f"`{kind.name}` has no field `{name}`", name, hint


def shown(value: Any) -> str:
    """A value as a spec writes it; text that could be taken for a number says that it is text."""
    if isinstance(value, str) and (reads_as_plain(value) or not value.isidentifier()):
        return kind_of(value)
    return _spelled(value)


def _spelled(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_spelled(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_spelled(item)}" for key, item in value.items()) + "}"
    return str(value)
