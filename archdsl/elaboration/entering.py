"""The names of a frame: whether one is free, and where a node's entry goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from archdsl.document.template import NodeTemplate
from archdsl.elaboration.frames import Entry, Frame, State, place_of
from archdsl.elaboration.placing import bad_name
from archdsl.faults.code import Code
from archdsl.ops.special import InputOp
from archdsl.text.names import check_name

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator


def check_free(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> None:
    """Tells of a name that a node cannot have, or another has already. Raises Reported."""
    problem = None if template.name is None else check_name(name)
    if problem is not None:
        bad_name(run, template, frame, problem)
    found = taken(frame, name)
    if found is None:
        return
    said, entry = found
    where = f"the first is in line {entry.template.span.line}" if entry.template else "the first is above"
    span = template.home.key_span(template.path) if template.name else template.span
    run.mistakes.refuse(
        Code.DUPLICATE_NAME, f"a second node `{said}`; {where}", span, place=place_of(frame, template),
        hint="names in one scope differ; in a `for`, put the loop variable into the name: `block$i`",
    )  # fmt: skip


def taken(frame: Frame, name: str) -> tuple[str, Entry] | None:
    """The part of a new node's name that another node has, and that node."""
    entries: Mapping[str, Entry] = frame.entries
    *containers, last = name.split(".")
    for part in containers:
        found = entries.get(part)
        if found is None or (found.state is not State.CONTAINER and _left_out(found)):
            return None
        if found.state is not State.CONTAINER:
            return part, found
        entries = found.children
    found = entries.get(last)
    return None if found is None or _left_out(found) else (name, found)


def _left_out(entry: Entry) -> bool:
    """Whether only left-out nodes have the name, so that another may take it."""
    if entry.state is State.CONTAINER:
        return all(map(_left_out, entry.children.values()))
    if entry.state is State.BROKEN:  # it may have been left out, if it could be read
        written = entry.template
        return isinstance(written, NodeTemplate) and (written.condition is not None or bool(written.groups))
    return entry.state in (State.ABSENT, State.AMBIGUOUS) or entry.left_out_by is not None


def slot(frame: Frame, name: str) -> tuple[dict[str, Entry], str]:
    """The entries that a node's dotted name goes into, containers made on first use, and its last part."""
    entries = frame.entries
    *containers, last = name.split(".")
    for part in containers:
        found = entries.get(part)
        if found is None or found.state is not State.CONTAINER:
            found = entries[part] = Entry(state=State.CONTAINER)
        entries = cast("dict[str, Entry]", found.children)  # a container is no copy
    return entries, last


def enter(template: NodeTemplate, frame: Frame, name: str, entry: Entry) -> None:
    """Puts an entry under its name, and makes it the node above."""
    entries, last = slot(frame, name)
    entries[last] = entry
    if template.name is None:
        frame.count += 1
    declares = entry.node is not None and not entry.node.op.ports and not isinstance(entry.node.op, InputOp)
    if not declares and entry.mode is None:
        frame.above = entry
