"""Nodes put into the graph: containers on the way, types inferred, mistakes told with their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from archdsl.document.template import NodeTemplate
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.frames import Entry, Frame, PathError, check_reach, find, place_of, value_of
from archdsl.elaboration.mistakes import Reported, traced
from archdsl.elaboration.sources import around
from archdsl.elaboration.unfound import unknown_path
from archdsl.faults.code import Code
from archdsl.faults.fault import Note
from archdsl.ir.graph import Mode, Node, Scope, ScopeKind, Value
from archdsl.limits import MAX_PATH, MAX_SCOPES, TooLarge
from archdsl.ops.apply import Applied
from archdsl.ops.base import Kind, Op, OpError
from archdsl.ops.special import Parameter
from archdsl.shapes import TensorType
from archdsl.text.names import check_module_name
from archdsl.text.spelled import quoted

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

Fed = tuple[Value | None, ...]
"""What feeds each port; None where an optional one is not fed."""


def place_op(
    run: Elaborator, template: NodeTemplate, frame: Frame, name: str, op: Op, values: Fed, names: tuple[str, ...]
) -> Entry:
    """Puts a node of `op` into the graph. `names` are its inputs' as the spec says them."""
    types = tuple([None if value is None else value.type for value in values])
    try:
        applied = run.applier.apply(op, types)
        run.indices.check(op, types, values)
    except OpError as error:
        tell_op(run, template, frame, error, names, values)
        raise Reported from None
    node = _new_node(run, template, frame, name, op, values, applied)
    if template.tie:
        _tie(run, template, frame, node)
    outputs = {name: Value(node, i, applied.types[i]) for i, name in enumerate(applied.names)}
    return Entry(outputs, node=node, mode=own_mode(frame))


def tell_op(
    run: Elaborator, template: NodeTemplate, frame: Frame, error: OpError, names: tuple[str, ...], values: Fed
) -> None:
    """Tells of an op that does not take its inputs, with where they come from."""
    from archdsl.elaboration.makers import size_notes  # only where something is wrong

    notes = origins(names, values, frame)
    if template.formula is not None:
        notes = tuple(_told_apart(note, frame) for note in notes)
    told = traced(template.fields.get(error.fault.place.field or ""), frame.env)
    notes = size_notes(run.sites, values, (*notes, *told.notes), template.span.line, (template, frame.env))
    run.mistakes.op(template, error, place_of(frame, template), notes)


def own_mode(frame: Frame) -> Mode | None:
    """The mode that a node here is bound to beyond that of its scope."""
    return frame.mode if frame.mode is not frame.scope.when else None


def _new_node(
    run: Elaborator, template: NodeTemplate, frame: Frame, name: str, op: Op, values: Fed, applied: Applied
) -> Node:
    if applied.tensors or op.kind is not Kind.RESHAPE:
        _check_module_name(run, template, frame, name)
    run.budget.spend("nodes", 1)
    scope, last = container(run, frame, name)
    path = f"{scope.path}.{last}" if scope.path else last
    node = Node(
        last, path, scope, run.sites.of(template), around(frame.env), frame.loops, frame.mode, template.note,
        template.was, op=op, inputs=values, types=applied.types, output_names=applied.names, tensors=applied.tensors,
        macs=applied.macs * frame.repeats if applied.macs else 0,
    )  # fmt: skip
    scope.children[last] = node
    run.nodes.append(node)
    return node


def bad_name(run: Elaborator, template: NodeTemplate, frame: Frame, problem: tuple[str, str | None]) -> NoReturn:
    """Tells of a name that a node cannot have. Raises Reported."""
    span = template.home.key_span(template.path)
    run.mistakes.refuse(Code.BAD_NAME, problem[0], span, place=place_of(frame), hint=problem[1])


def _check_module_name(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> None:
    problem = check_module_name(name)
    if problem is not None:
        bad_name(run, template, frame, problem)


def new_scope(run: Elaborator, template: NodeTemplate, frame: Frame, name: str, kind: ScopeKind) -> Scope:
    """An empty scope at its place."""
    _check_module_name(run, template, frame, name)
    holder, last = container(run, frame, name)
    path = f"{holder.path}.{last}" if holder.path else last
    check_path(path)
    run.budget.spend("scopes", 1)
    scope = Scope(
        last, path, holder, run.sites.of(template), around(frame.env), frame.loops, frame.mode, template.note,
        template.was, kind=kind,
    )  # fmt: skip
    holder.children[last] = scope
    return scope


def check_path(path: str) -> None:
    """Raises TooLarge for the path of a scope that stands too deep, or is too long."""
    if path.count(".") >= MAX_SCOPES:
        raise TooLarge(
            f"blocks and lists of nodes stand more than {MAX_SCOPES} deep in one another", code=Code.TOO_DEEP
        )
    if len(path) > MAX_PATH:
        raise TooLarge(f"a path of {len(path):,} characters, more than {MAX_PATH:,}", "give shorter names")


def container(run: Elaborator, frame: Frame, name: str) -> tuple[Scope, str]:
    """The scope that a dotted name puts its node into, made on first use, and the last part."""
    scope = frame.scope
    if "." not in name:
        return scope, name
    *containers, last = name.split(".")
    for part in containers:
        child = scope.children.get(part)
        if not isinstance(child, Scope):
            path = f"{scope.path}.{part}" if scope.path else part
            check_path(path)
            run.budget.spend("scopes", 1)
            child = Scope(part, path, scope, None, frame.env, (), scope.when, kind=ScopeKind.CONTAINER)
            scope.children[part] = child
        scope = child
    return scope, last


def _tie(run: Elaborator, template: NodeTemplate, frame: Frame, node: Node) -> None:
    ties: dict[str, Value] = {}
    for key, text in template.tie.items():
        with run.mistakes.at(template, frame, (*template.path, "tie", key)):
            ties[key] = _tied(frame, node, key, str(evaluate_text(text, around(frame.env))))
    node.tie = ties


def _tied(frame: Frame, node: Node, key: str, path: str) -> Value:
    value = read(frame, path)
    own = node.tensors.get(key)
    if own is None:
        listed = quoted(node.tensors) or "none"
        raise PathError(Code.BAD_TIE, f"`{node.op.name}` has no tensor `{key}`", f"it has {listed}")
    if value.weight is None and not isinstance(value.node.op, Parameter):
        raise PathError(Code.BAD_TIE, f"`{path}` is not a parameter", "tie to a weight such as `embed.weight`")
    if value.type.shape != own.shape:
        raise PathError(Code.SHAPE_MISMATCH, f"cannot tie `{key}` {TensorType(own.shape)} to `{path}` {value.type}")
    return value


def read(frame: Frame, path: str) -> Value:
    """The tensor at a path. Raises PathError, FollowOn."""
    check_reach(frame, path)
    entry = find(frame, path)
    if entry is None:
        raise unknown_path(frame, path)
    return value_of(entry, path, frame.mode)


def origins(names: tuple[str, ...], values: Fed, frame: Frame) -> tuple[Note, ...]:
    """What each input is and where it comes from."""
    return tuple(
        Note(name, str(value.type), _origin(name, value, frame))
        for name, value in zip(names, values, strict=False)
        if value is not None
    )


def _told_apart(note: Note, frame: Frame) -> Note:
    """In a formula a name means a node before a value: said where it could have meant both."""
    if note.subject not in frame.env:
        return note
    return note._replace(detail=f"{note.detail}, which hides the value `{note.subject}`")


def _origin(name: str, value: Value, frame: Frame) -> str:
    entry = find(frame, name)
    if entry is not None and (by := entry.left_out_by) is not None:
        return f"left out by {by}, so this is `{value.name}`"
    return came_from(value)


def came_from(value: Value) -> str:
    """The node that makes a value, with its line."""
    span = value.node.span
    return f"from {value.node.path}" + (f" (line {span.line})" if span else "")
