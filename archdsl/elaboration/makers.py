"""Where the sizes of a value come from: the nodes above it that made them, for messages about shapes.

A mismatch shows where two values meet; what made their sizes may stand far above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from archdsl.elaboration.tracing import sources
from archdsl.faults.fault import Note
from archdsl.ir.graph import Env, Node, Value
from archdsl.shapes import Dim

if TYPE_CHECKING:
    from archdsl.document.template import NodeTemplate
    from archdsl.elaboration.sites import Sites

MOST_STEPS: Final = 500
"""Nodes that are walked through for one value."""
MOST_MAKERS: Final = 3
MOST_NOTES: Final = 12
"""Lines under one message."""


def size_notes(
    sites: Sites, values: Iterable[Value | None], told: tuple[Note, ...], line: int,
    reader: tuple[NodeTemplate, Env] | None = None,
) -> tuple[Note, ...]:  # fmt: skip
    """Notes for the nodes that made the sizes in which values differ, and for what those nodes and the reader read.

    `told` are the notes that are there, `line` is that of the message: neither is repeated.
    """
    known = [value for value in values if value is not None]
    lines = {line} | {value.node.span.line for value in known if value.node.span is not None}
    notes: dict[Note, None] = {}
    found = [
        *(_read(*reader) if reader is not None else ()),
        *(each for node in _makers(known) for each in _notes(node, sites)),
    ]
    for at, note in found:
        if at not in lines:
            lines.add(at)
            notes[note] = None
    return (*told, *[note for note in notes if note not in told][: MOST_NOTES - len(told)])


def _makers(values: list[Value]) -> Iterator[Node]:
    """The nodes that made the sizes in which values differ: the nearest of each value first."""
    shapes = [frozenset(value.type.shape) for value in values]
    common = frozenset.intersection(*shapes) if len(shapes) > 1 else frozenset()
    alone = len(values) == 1
    made = [_made(value.node, (shape - common) or shape, alone) for value, shape in zip(values, shapes, strict=True)]
    yield from dict.fromkeys(node for nodes in zip_longest(*made) for node in nodes if node is not None)


def _made(node: Node, sizes: frozenset[Dim], further: bool) -> Iterator[Node]:
    """The nodes above that made these sizes: that have them, and none of whose inputs has.

    `further` goes on with the sizes that those were made from.
    """
    remaining, made = sizes, 0
    for _ in range(MOST_STEPS):
        inputs = [value for value in node.inputs if value is not None]
        above = [frozenset(value.type.shape) for value in inputs]
        new = remaining & {dim for type_ in node.types for dim in type_.shape} - frozenset().union(*above)
        if new or not inputs:
            yield node
            made += 1
            remaining = (remaining - new) or (frozenset().union(*above) if further else remaining - new)
        if not remaining or not inputs or made == MOST_MAKERS:
            return
        node = max(zip(inputs, above, strict=True), key=lambda pair: len(pair[1] & remaining))[0].node


def _notes(node: Node, sites: Sites) -> Iterator[tuple[int, Note]]:
    """A node's own line, and those of the values that its fields read."""
    if node.span is None:
        return
    line = node.span.line
    yield line, Note(node.name, str(node.types[0]), f"from {node.path} (line {line})")
    template = sites.template(node)
    if template is None:
        return
    for name, written in template.written.items():
        at = template.home.key_span(written.path).line
        if isinstance(written.value, int | float):
            yield at, Note(name, str(written.value), f"line {at}")
    yield from _read(template, node.env)


def _read(template: NodeTemplate, env: Env) -> Iterator[tuple[int, Note]]:
    """The values that a node's fields read, each with its line."""
    for value in template.fields.values():
        for read in sources(value, env):
            if not read.origin.given:
                yield read.origin.span.line, read.note
