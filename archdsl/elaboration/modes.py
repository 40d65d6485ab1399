"""Modules that run twice (`share`), and values that depend on the mode (`when`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.document.template import NodeTemplate
from archdsl.elaboration.choices import unnamed
from archdsl.elaboration.fields import evaluate_text
from archdsl.elaboration.frames import IN_LOOP, RENAMED, Entry, Frame, PathError, State, find, place_of, value_of
from archdsl.elaboration.placing import came_from, place_op, read
from archdsl.elaboration.reading import read_sources
from archdsl.elaboration.scopes import block, inline
from archdsl.elaboration.sources import around
from archdsl.elaboration.unfound import unknown_path
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn, Note
from archdsl.ir.graph import Mode, Node, Scope, ScopeKind
from archdsl.ops.base import Op
from archdsl.ops.special import ByMode, ScanStack
from archdsl.shapes import TensorType

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator


def shared(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> Entry:
    """Another node's module, run again on this input."""
    assert template.share is not None
    with run.mistakes.at(template, frame, (*template.path, "share")):
        entry = _origin(frame, str(evaluate_text(template.share, frame.env)))
    if entry.scope is not None:
        return _share_scope(run, template, frame, name, entry.scope)
    assert entry.node is not None
    return _share_node(run, template, frame, name, entry.node)


def _origin(frame: Frame, path: str) -> Entry:
    entry = find(frame, path)
    if entry is None:
        raise unknown_path(frame, path)
    if entry.state is State.BROKEN:
        raise FollowOn
    is_module = entry.alias in (None, IN_LOOP) or (entry.alias == RENAMED and entry.of is None)
    if entry.scope is None and (entry.node is None or not is_module):
        raise PathError(Code.BAD_SHARE, f"`{path}` is no module", "share the node of an op or a block")
    return entry


def _share_node(run: Elaborator, template: NodeTemplate, frame: Frame, name: str, origin: Node) -> Entry:
    where = template.source.path if template.source else None
    with run.mistakes.at(template, frame, where):
        reading = read_sources(template, frame, origin.op.ports)
        values = reading.values(frame.mode)
    entry = place_op(run, template, frame, name, origin.op, values, reading.names)
    assert entry.node is not None
    _link(run, template, frame, entry.node, origin)
    return entry


def _share_scope(run: Elaborator, template: NodeTemplate, frame: Frame, name: str, origin: Scope) -> Entry:
    if origin.scan is not None:
        run.mistakes.refuse(
            Code.BAD_SHARE, f"`{origin.path}` is a loop over time, and runs once", template.span,
            place=place_of(frame, template), hint="capture parameters of the scope around in both loops instead",
        )  # fmt: skip
    written = run.sites.template(origin)
    assert written is not None
    again = NodeTemplate(
        template.home, template.path, template.name, op=written.op, source=template.source, body=written.body,
        listed=written.listed, order=written.order,
    )  # fmt: skip
    run.instances.closed += 1
    try:
        if origin.kind is ScopeKind.BLOCK:
            entry = block(run, again, frame, name, run.block_of[origin], origin.arguments)
        else:
            entry = inline(run, again, frame, name)
    finally:
        run.instances.closed -= 1
    assert entry.scope is not None
    entry.scope.share = origin.share or origin
    again_nodes, first_nodes = list(entry.scope.nodes()), list(origin.nodes())
    if list(map(_without_steps, again_nodes)) != list(map(_without_steps, first_nodes)):
        run.mistakes.refuse(
            Code.BAD_SHARE, f"`{origin.path}` has other nodes on this input", template.span,
            place=place_of(frame, template), hint="its `if` or its sizes come out differently here",
        )  # fmt: skip
    for node, first in zip(again_nodes, first_nodes, strict=True):
        _link(run, template, frame, node, first)
    return entry


def _without_steps(node: Node) -> Op:
    """The node's op; a loop over time may run more often in one place than in another."""
    return node.op.model_copy(update={"steps": 0}) if isinstance(node.op, ScanStack) else node.op


def _link(run: Elaborator, template: NodeTemplate, frame: Frame, node: Node, origin: Node) -> None:
    node.share = origin.share or origin
    if dict(node.tensors) == dict(origin.tensors):
        return
    from archdsl.elaboration.makers import size_notes  # only where something is wrong

    notes = tuple(
        Note(key, str(TensorType(origin.tensors[key].shape)), f"here {TensorType(weight.shape)}")
        for key, weight in node.tensors.items()
        if key in origin.tensors
    )
    reading = tuple(value for value in (*origin.inputs, *node.inputs) if value is not None)
    notes += tuple(Note(value.name, str(value.type), came_from(value)) for value in reading)
    notes = size_notes(run.sites, reading, notes, template.span.line)
    run.mistakes.refuse(
        Code.BAD_SHARE, f"`{origin.path}` has other parameter shapes on this input", template.span,
        place=place_of(frame, template), notes=notes,
    )  # fmt: skip


def by_mode(run: Elaborator, template: NodeTemplate, frame: Frame, name: str, entry: Entry, mode: Mode) -> Entry:
    """A value that exists in one mode; with `else`, a choice that both modes may read."""
    if template.otherwise is None:
        return Entry(
            entry.outputs, entry.state, entry.node, entry.scope, entry.children, template, mode, entry.alias,
            entry.named, entry.left,
        )  # fmt: skip
    with run.mistakes.at(template, frame, (*template.path, "else")):
        path = str(evaluate_text(template.otherwise, around(frame.env)))
        values = (value_of(entry, name, mode), read(frame, path))
    choice = name if entry.alias is not None else unnamed(name)
    op = run.applier.make(ByMode, {"mode": mode.value})
    made = place_op(run, template, frame, choice, op, values, (name, path))
    return Entry(made.outputs, node=made.node, children=entry.children, scope=entry.scope)
