"""A node's fields: parsed once per template, evaluated for each instance."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from archdsl.document.overrides import KINDS
from archdsl.document.template import NodeTemplate, Written
from archdsl.document.unknown import UNKNOWN
from archdsl.elaboration.applying import check_known, shown, unknown_field
from archdsl.elaboration.blocks import BlockSpec, ParamSpec, accepts
from archdsl.elaboration.fields import OpName, ValueMap, evaluate, prepare, prepare_field
from archdsl.elaboration.formulas import bind_constant
from archdsl.elaboration.frames import Frame, evaluate_here, place_of
from archdsl.elaboration.knowing import check_names_here
from archdsl.elaboration.mistakes import Reported, traced
from archdsl.elaboration.sources import elements_of
from archdsl.expressions import Expression, ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Env
from archdsl.ops.base import FieldSpec, Op, field_specs
from archdsl.ops.special import FILLED
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import quoted

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.elaboration.walk import Elaborator

Prepared = list[tuple[str, Any]]

PLAIN = frozenset((int, float, bool, type(None)))
"""What is its own value."""


def make_op(run: Elaborator, template: NodeTemplate, frame: Frame, kind: type[Op], extra: Mapping[str, Any]) -> Op:
    """The op of a node; one for all nodes of a template whose fields are plain values. Raises Reported."""
    known = None if extra else template.cache.get((Op, kind))
    if known is not None:
        return cast(Op, known)
    fields = op_fields(run, template, frame, kind, extra)
    with run.mistakes.at(template, frame):
        op = run.applier.make(kind, fields)
    if kind not in FILLED and not extra and all(type(value) in PLAIN for _, value in template.cache[kind]):
        template.cache[Op, kind] = op
    return op


def op_fields(
    run: Elaborator, template: NodeTemplate, frame: Frame, kind: type[Op], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of an op's node as values; `extra` are those of the template that `$name` stands for.

    All bad fields are reported before Reported is raised.
    """
    prepared = template.cache.get(kind)
    if prepared is None:
        prepared = template.cache[kind] = _prepare_fields(run, template, frame, kind)
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in extra.items()}
    index: tuple[str, ...] = ()
    if kind in FILLED and "index" in template.written:
        with run.mistakes.at(template, frame, template.written["index"].path):
            index = _index(prepared, frame.env)

    def resolve(key: str, value: Any) -> Any:
        if kind in FILLED and key == "value":
            elements = elements_of(frame.env)
            return bind_constant(value, index, frame.env, run.applier.sizes, elements, template.cache)
        try:
            return evaluate_here(value, frame)
        except ExpressionError as error:
            error.advise(_word_hint(kind, key, value) or error.hint)
            raise

    fields.update(_each(run, template, frame, prepared, resolve))
    return fields


def check_fields(
    run: Elaborator, template: NodeTemplate, frame: Frame, kind: type[Op], extra: Mapping[str, Any]
) -> tuple[dict[str, Any], Op | None]:
    """Tells what is wrong with the fields of an op, of which some may have no value: those that have, and the op."""
    prepared = _known(template, lambda: _prepare_fields(run, template, frame, kind))

    def resolve(key: str, value: Any) -> Any:
        if kind in FILLED and key == "value":
            raise FollowOn
        return evaluate_here(value, frame)

    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in extra.items()}
    fields |= _each_known(run, template, frame, prepared, resolve)
    with suppress(Reported), run.mistakes.at(template, frame):
        return fields, check_known(kind, fields, frozenset(template.written) - set(fields))
    return fields, None


def check_keys(run: Elaborator, template: NodeTemplate, frame: Frame, found: BlockSpec | type[Op]) -> None:
    """Tells of the fields that an op or block does not have, and of nothing else."""
    for key, written in template.written.items():
        if isinstance(found, BlockSpec):
            _no_argument(run, template, frame, found, key, written)
        else:
            _no_field(run, template, frame, found, key, written)


def check_arguments(
    run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """A block's parameters as values, `UNKNOWN` where one has none; tells what is wrong with each."""
    prepared = _known(template, lambda: _prepare_arguments(run, template, frame, block))
    given = {**extra, **_each_known(run, template, frame, prepared, lambda _, value: evaluate_here(value, frame))}
    home_env = run.catalogue.outer_env(block, frame.scope) or Env({})
    found: dict[str, Any] = dict.fromkeys(block.params, UNKNOWN)
    misspelt = any(key not in block.params for key in template.written)
    for name, spec in block.params.items():
        with suppress(Reported):
            if name in given:
                found[name] = _accepted(run, template, frame, block, spec, _located(run, template.home, given[name]))
            elif name not in template.written and not (misspelt and spec.required):
                found[name] = _not_given(run, template, frame, block, spec, home_env, given)
    return found


def _known(template: NodeTemplate, prepare: Callable[[], Prepared]) -> Prepared:
    """What of the fields of a node can be prepared."""
    try:
        return prepare()
    except Reported:
        return [(key, template.fields[key]) for key in template.written if key in template.fields]


def _each_known(
    run: Elaborator, template: NodeTemplate, frame: Frame, prepared: Prepared, resolve: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """The fields that have values, and of the others each name looked at."""
    values: dict[str, Any] = {}
    for key, value in prepared:
        with suppress(Reported), run.mistakes.at(template, frame, template.written[key].path):
            try:
                values[key] = resolve(key, value)
            except FollowOn:
                check_names_here(value, frame)
    return values


def block_arguments(
    run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """A block's parameters as values, defaults filled in. Raises Reported."""
    prepared = template.cache.get(block)
    if prepared is None:
        prepared = template.cache[block] = _prepare_arguments(run, template, frame, block)
    given = {**extra, **_each(run, template, frame, prepared, lambda _, value: evaluate_here(value, frame))}
    given = {name: _located(run, template.home, value) for name, value in given.items()}
    home_env = run.catalogue.outer_env(block, frame.scope) or Env({})
    arguments: dict[str, Any] = {}
    for name, spec in block.params.items():
        if name in given:
            arguments[name] = _accepted(run, template, frame, block, spec, given[name])
        else:
            arguments[name] = _not_given(run, template, frame, block, spec, home_env, given)
    return arguments


def _accepted(
    run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec, spec: ParamSpec, value: Any
) -> Any:
    if not accepts(spec, value):
        _wrong_type(run, template, frame, block, spec, value)
    return value


def _not_given(
    run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec, spec: ParamSpec, env: Env,
    given: Container[str],
) -> Any:  # fmt: skip
    if not spec.required:
        return _default(run, frame, block, spec, env)
    missing = [name for name, each in block.params.items() if each.required and name not in given]
    needs = quoted(missing, " and ")
    run.mistakes.refuse(
        Code.MISSING_FIELD, f"`{block.name}` needs {needs}", template.span, place=place_of(frame, template),
        hint=f"add `{', '.join(f'{name}: …' for name in missing)}`",
    )  # fmt: skip


def check_defaults(run: Elaborator, block: BlockSpec, frame: Frame) -> None:
    """Tells of defaults that have no value."""
    env = run.catalogue.outer_env(block, frame.scope) or Env({})
    for spec in block.params.values():
        if not spec.required:
            with suppress(Reported, FollowOn):
                _default(run, frame, block, spec, env)


def _default(run: Elaborator, frame: Frame, block: BlockSpec, spec: ParamSpec, env: Env) -> Any:
    """A parameter's default, in the names of the block's own file. Raises Reported."""
    with run.mistakes.at(block.template, frame, (*block.template.path, "params", spec.name)):
        return evaluate(spec.default, env)


def _wrong_type(
    run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec, spec: ParamSpec, value: Any
) -> NoReturn:
    written = template.written.get(spec.name)
    told = traced(template.fields.get(spec.name), frame.env)
    run.mistakes.refuse(
        Code.BAD_VALUE, f"`{spec.name}` of `{block.name}` is {shown(value)}, expected {KINDS[spec.kind]}",
        template.home.span(written.path) if written else template.span, place=place_of(frame, template),
        notes=told.notes, hint=told.hint,
    )  # fmt: skip


def _word_hint(kind: type[Op], key: str, value: Any) -> str | None:
    """For a word that is none of those that a field takes."""
    spec = field_specs(kind).get(key)
    if spec is None or not isinstance(value, Expression) or not value.text.isidentifier():
        return None
    listed = f"the words that it takes are {quoted(sorted(spec.words))}" if spec.words else None
    return did_you_mean(value.text, spec.words) or listed


def _each(
    run: Elaborator, template: NodeTemplate, frame: Frame, prepared: Prepared, resolve: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """Every field resolved; all that fail are reported before Reported is raised."""
    values: dict[str, Any] = {}
    failed = False
    for key, value in prepared:
        # a constant's formula is text that is still to be read
        if type(value) in PLAIN and key != "value":
            values[key] = value
            continue
        try:
            values[key] = resolve(key, value)
        except Reported:
            failed = True
        except Exception as error:
            if not run.mistakes.caught(error, template, frame, template.written[key].path):
                raise
            failed = True
    if failed:
        raise Reported
    return values


def _prepare_fields(run: Elaborator, template: NodeTemplate, frame: Frame, kind: type[Op]) -> Prepared:
    specs = field_specs(kind)

    def ready(key: str, written: Written) -> Any:
        spec = specs.get(key)
        if kind in FILLED and key == "value":
            return written.value
        return prepare(written.value, text=False) if spec is None else _ready(template, spec, written)

    return _prepare(run, template, frame, ready, partial(_no_field, run, template, frame, kind))


def _no_field(
    run: Elaborator, template: NodeTemplate, frame: Frame, kind: type[Op], key: str, written: Written
) -> bool:
    """Whether an op has no such field, which is told."""
    if key in field_specs(kind) or getattr(kind, "open_fields", False):
        return False
    span = template.home.key_span(written.path)
    run.mistakes.tell(unknown_field(kind, key), span, place_of(frame, template))
    return True


def _prepare_arguments(run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec) -> Prepared:
    def ready(key: str, written: Written) -> Any:
        raw = written.value
        if isinstance(raw, Mapping) and "op" in raw:
            specs = run.catalogue.template_fields(template.home, raw)
            parts = ((name, _part_of_template(name, value, specs.get(name))) for name, value in raw.items())
            return ValueMap(tuple(parts))
        return prepare(raw, text=block.params[key].text)

    return _prepare(run, template, frame, ready, partial(_no_argument, run, template, frame, block))


def _no_argument(
    run: Elaborator, template: NodeTemplate, frame: Frame, block: BlockSpec, key: str, written: Written
) -> bool:
    """Whether a block has no such parameter, which is told where no patch may have given it one."""
    if key in block.params:
        return False
    if not block.patched:
        run.catalogue.unknown_argument(template, block, key, written, place_of(frame, template))
    return True


def _part_of_template(name: str, raw: Any, spec: FieldSpec | ParamSpec | None) -> Any:
    """A field of a template passed as an argument: the op or block that it names says whether it is text."""
    if isinstance(spec, FieldSpec):
        return prepare_field(raw, spec)
    return prepare(raw, text=name == "op" or (spec is not None and spec.text))


def _located(run: Elaborator, home: Resolved, value: Any) -> Any:
    """An argument in which the names of the caller's blocks keep their meaning."""
    if isinstance(value, dict) and "op" in value:
        return {**value, "op": _located(run, home, value["op"])}
    if type(value) is str and run.catalogue.sees_block(home, value):
        named = OpName(value)
        named.home = home
        run.catalogue.named = True
        return named
    return value


def _prepare(
    run: Elaborator, template: NodeTemplate, frame: Frame, ready: Callable[[str, Written], Any],
    unknown: Callable[[str, Written], bool],
) -> Prepared:  # fmt: skip
    prepared: Prepared = []
    failed = False
    for key, written in template.written.items():
        if unknown(key, written):
            failed = True
            continue
        try:
            with run.mistakes.at(template, frame, written.path):
                value = ready(key, written)
        except Reported:
            failed = True
            continue
        prepared.append((key, value))
        template.fields[key] = value
    if failed:
        raise Reported
    return prepared


def _ready(template: NodeTemplate, spec: FieldSpec, written: Written) -> Any:
    raw = written.value
    if spec.text and isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = template.home.scalar_text(written.path)
    return prepare_field(raw, spec)


def _index(prepared: Prepared, env: Env) -> tuple[str, ...]:
    """A constant's index names; what is none is told of as a field."""
    found = evaluate(dict(prepared).get("index", ()), env)
    items = (found,) if isinstance(found, str) else found if isinstance(found, list | tuple) else ()
    return tuple(item for item in items if isinstance(item, str))


def unfolded(template: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The op that a node template names in the end, and the fields that it says on the way."""
    fields: dict[str, Any] = {}
    operation: Any = template
    while isinstance(operation, dict):
        fields = {**{key: value for key, value in operation.items() if key != "op"}, **fields}
        operation = operation.get("op")
    return operation, fields
