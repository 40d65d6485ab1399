"""Ops applied to types, each distinct application computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, final

from archdsl.diagnostics import nearest
from archdsl.elaboration.fields import freeze
from archdsl.ops.base import Op, OpError, Weight, at_sizes, field_specs
from archdsl.ops.extent import check_outputs, check_tensors, uncountable
from archdsl.shapes import Dim, TensorType, evaluate

Types = tuple[TensorType | None, ...]


class Applied(NamedTuple):
    """What a node of an op has, for inputs of given types."""

    types: tuple[TensorType, ...]
    names: tuple[str, ...]
    tensors: Mapping[str, Weight]
    macs: Dim


class FieldError(Exception):
    """Fields that an op does not take; several at once."""

    def __init__(self, problems: list[tuple[str, str, str | None, str | None]]) -> None:
        super().__init__(problems[0][1])
        self.problems = problems
        """code, message, field (None: the node), hint"""


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
        raise FieldError([_problem(kind, fields, e) for e in _distinct(error.errors())]) from None
    problems = [_uncounted(name, value) for name, value in fields.items() if uncountable(value) is not None]
    if problems:
        raise FieldError(problems)
    return op


def _uncounted(name: str, value: Any) -> tuple[str, str, str | None, str | None]:
    return "bad-value", f"`{name}` is {spell(value)}: torch takes whole numbers up to 2 ** 63 - 1", name, None


def _distinct(errors: list[Any]) -> list[Any]:
    """One error a field: a union reports each of its members."""
    by_field: dict[Any, Any] = {}
    for error in errors:
        by_field.setdefault(error["loc"][:1], error)
    return list(by_field.values())


def _problem(kind: type[Op], fields: Mapping[str, Any], error: Any) -> tuple[str, str, str | None, str | None]:
    name = str(error["loc"][0]) if error["loc"] else None
    specs = field_specs(kind)
    if error["type"] == "missing":
        return "missing-field", f"`{kind.name}` needs `{name}`", None, f"add `{name}: …`"
    if error["type"] == "extra_forbidden":
        return unknown_field(kind, str(name))
    if name is None:
        return "bad-value", str(error["msg"]).removeprefix("Value error, "), None, None
    if error["type"] == "value_error" and not str(error["ctx"]["error"]).startswith("expected"):
        return "bad-value", f"`{name}`: {error['ctx']['error']}", name, None
    found = spell(fields.get(name))
    words = specs[name].words if name in specs else frozenset()
    expected = _expected(error, words)
    near = nearest(str(fields.get(name)), words)
    return "bad-value", f"`{name}` is {found}, expected {expected}", name, f"did you mean `{near}`?" if near else None


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


def spell(value: Any) -> str:
    """A value as a spec writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(spell(item) for item in value) + "]"
    return str(value)


_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "too_short": "a longer list",
    "too_long": "a shorter list",
}


def _expected(error: Any, words: frozenset[str]) -> str:
    context = error.get("ctx", {})
    bounds = {
        "greater_than": ("gt", "more than"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "less than"),
        "less_than_equal": ("le", "at most"),
    }
    if error["type"] in bounds:
        key, phrase = bounds[error["type"]]
        return f"a number {phrase} {context[key]}"
    if error["type"] in ("too_short", "too_long"):
        size = context.get("min_length", context.get("max_length"))
        return f"{size} numbers, or one for all"
    if error["type"] == "literal_error" or (words and error["type"] not in _EXPECTED):
        return "one of " + ", ".join(sorted(words)) if words else str(context.get("expected", "another value"))
    if error["type"] in _EXPECTED:
        listed = " or one of " + ", ".join(sorted(words)) if words else ""
        return _EXPECTED[error["type"]] + listed
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("expected ").lower()
