"""Ops applied to types, each distinct application computed once."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Final, final
from weakref import WeakValueDictionary

from pydantic import ValidationError

from archdsl.elaboration.fields import freeze
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, Place
from archdsl.limits import current
from archdsl.ops.apply import Applied, Sample, Types, apply_at
from archdsl.ops.base import Op, Unexpected, field_specs
from archdsl.ops.extent import uncountable
from archdsl.ops.special import FILLED
from archdsl.text.lookalikes import reads_as_plain
from archdsl.text.nearest import did_you_mean, nearest, surely
from archdsl.text.spelled import kind_of, quoted, spelled


class FieldError(FaultError):
    """Fields that an op does not take; several at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0])
        self.also = tuple(faults[1:])


def _bad_value(message: str, field: str | None, hint: str | None = None, item: int | None = None) -> Fault:
    """What is wrong with a field, with an item of it, or (`field` None) with the node."""
    return Fault(Code.BAD_VALUE, message, hint, Place(field=field, item=item))


@final
class Applier:
    """Makes ops from fields and applies them, remembering both."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self._ops: dict[Any, Op] = {}
        self._applied: dict[tuple[int, Types], tuple[Applied, Op]] = {}
        """With the op, so that its number stays its own."""
        self._sample = Sample(tuple(sizes.items()), current().limits)

    def make(self, kind: type[Op], fields: dict[str, Any]) -> Op:
        """The op with these fields. Raises FieldError."""
        key = (kind, freeze(fields))
        known = self._ops if kind in FILLED else _MADE
        try:
            found = known.get(key)
        except TypeError:
            return _make(kind, fields)
        if found is None:
            found = known[key] = _make(kind, fields)
        return found

    def intern(self, op: Op) -> Op:
        """One op for all equal ones, for ops made elsewhere."""
        return self._ops.setdefault(op, op)

    def apply(self, op: Op, types: Types) -> Applied:
        """Types, tensors and MACs for these inputs; checked at the sample sizes too. Raises OpError."""
        key = (id(op), types)
        found = self._applied.get(key)
        if found is None:
            found = self._applied[key] = apply_at(op, types, self._sample), op
        return found[0]


_MADE: Final = WeakValueDictionary[Any, Op]()
"""Those that somebody has, without formulas, which know where they are written."""


def _make(kind: type[Op], fields: dict[str, Any]) -> Op:
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


def _problems(kind: type[Op], fields: dict[str, Any], errors: list[Any]) -> list[Fault]:
    missing = [str(each["loc"][0]) for each in errors if each["type"] == "missing"]
    others = [_problem(kind, fields, each) for each in _distinct(errors) if each["type"] != "missing"]
    return [*([_missing(kind, missing)] if missing else []), *others]


def _uncounted(name: str, value: Any) -> Fault:
    message = f"`{name}` is {shown(value)}: torch takes whole numbers up to 2 ** 63 - 1"
    return _bad_value(message, name)


def check_known(kind: type[Op], fields: dict[str, Any], unknown: Set[str]) -> Op | None:
    """The op, where all its fields are known. Raises FieldError for those that are wrong whatever the unknown ones are.

    None is missing where there are unknown ones: it may be what a misspelt one means.
    """
    try:
        op = kind.model_validate(fields)
    except ValidationError as error:
        named = [found for found in error.errors() if found["loc"] and not (unknown and found["type"] == "missing")]
        if named:
            raise FieldError(_problems(kind, fields, named)) from None
        return None
    return None if unknown else op


def as_far_as_known(kind: type[Op], fields: dict[str, Any], unread: Set[str]) -> tuple[Op, Set[str]] | None:
    """An op with the right ones of these fields, and those of its fields of which nothing is known.

    These are what is wrong or `unread`, and what a misspelt name may mean. None where there is no such op.
    """
    names = kind.model_fields.keys()
    wrong = _wrong(kind, fields) | unread
    meant = {name: nearest(name, names) for name in wrong - names}
    unsure = {near for near in meant.values() if near is not None} | (wrong & names)
    if None in meant.values():
        unsure |= names - fields.keys()
    right = {name: value for name, value in fields.items() if name in names - unsure}
    stand_ins = {name: 1 for name in names - right.keys() if kind.model_fields[name].is_required()}
    if _wrong(kind, made := {**stand_ins, **right}):
        return None
    return kind.model_validate(made), unsure | stand_ins.keys()


def _wrong(kind: type[Op], fields: dict[str, Any]) -> set[str]:
    """The fields that an op does not take, or not so; empty texts for what they are together."""
    try:
        kind.model_validate(fields)
    except ValidationError as error:
        return {str(each["loc"][0]) if each["loc"] else "" for each in error.errors()}
    return set()


def _distinct(errors: list[Any]) -> list[Any]:
    """One error a field: a union reports each of its members."""
    by_field: dict[Any, Any] = {}
    for error in errors:
        by_field.setdefault(error["loc"][:1], error)
    return list(by_field.values())


def _missing(kind: type[Op], names: list[str]) -> Fault:
    """All that a node lacks at once."""
    needs = quoted(names, " and ")
    return Fault(Code.MISSING_FIELD, f"`{kind.name}` needs {needs}", f"add `{': …, '.join(names)}: …`")


def _problem(kind: type[Op], fields: Mapping[str, Any], error: Any) -> Fault:
    name = str(error["loc"][0]) if error["loc"] else None
    if error["type"] == "extra_forbidden":
        return unknown_field(kind, str(name))
    cause = error["ctx"]["error"] if error["type"] == "value_error" else None
    if name is None:
        return _bad_value(str(error["msg"] if cause is None else cause), None)
    wanted = cause.wanted if isinstance(cause, Unexpected) else None
    if cause is not None and wanted is None:
        return _bad_value(f"`{name}`: {cause}", name)
    given = fields.get(name)
    if name not in kind.model_fields:  # one of those that an op takes beyond its own
        expected = wanted or "another value"
        return _bad_value(f"`{name}` is {shown(given)}, expected {expected}", name)
    item = _wrong_item(given, error["loc"])
    counted = wanted if isinstance(given, list | tuple) else None
    expected = counted or _wanted(kind, name, given[item] if item is not None and given else given)
    hint = did_you_mean(str(given), field_specs(kind)[name].words)
    if field_specs(kind)[name].text and isinstance(given, str) and given.startswith("["):
        hint = f'text is literal, and an expression in it `$(…)`: write `{name}: "$({given})"`'
    return _bad_value(f"`{name}` is {shown(given)}, expected {expected}", name, hint, item)


def _wrong_item(given: Any, place: tuple[Any, ...]) -> int | None:
    """Which item of a list is at fault; None where it is the whole value."""
    last = place[-1]
    return last if isinstance(given, list | tuple) and isinstance(last, int) and last < len(given) else None


def _wanted(kind: type[Op], name: str, given: Any) -> str:
    from archdsl.ops.wanted import wanted

    return wanted(kind, name, given)


INFERRED = frozenset((
    "in_channels", "in_features", "in1_features", "in2_features", "num_features", "num_channels", "normalized_shape",
    "embed_dim", "kdim", "vdim", "input_size",
))  # fmt: skip
"""torch's arguments that the edges say."""


def unknown_field(kind: type[Op], name: str) -> Fault:
    """What to say of a field that an op does not have."""
    specs = field_specs(kind)
    hint = did_you_mean(name, specs) or f"it takes {quoted(specs) or 'no fields'}"
    if name in INFERRED:
        hint = "it is inferred from the input: remove it"
    else:
        from archdsl.ops.othernames import field_hint

        hint = field_hint(name, specs) or hint
    instead = None if name in INFERRED else surely(name, specs)
    return Fault(Code.UNKNOWN_FIELD, f"`{kind.name}` has no field `{name}`", hint, Place(field=name), instead=instead)


def shown(value: Any) -> str:
    """A value as a spec writes it; text that could be taken for a number says that it is text."""
    if isinstance(value, str) and (reads_as_plain(value) or not value.isidentifier()):
        return kind_of(value)
    return spelled(value)
