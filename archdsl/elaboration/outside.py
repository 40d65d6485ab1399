"""What the nodes of a scope read from around it, seen without elaborating them.

Some of it is decided only where they are: which of them there are, and names with a `$`. So everything counts
that may be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.document.substitution import Text, TextPart, parse_text
from archdsl.document.template import LoopTemplate, NodeTemplate, Template
from archdsl.elaboration.fields import part_value
from archdsl.elaboration.frames import SCOPE_INPUT, Entry, Frame, find
from archdsl.elaboration.reading import above_name, declares
from archdsl.expressions import ExpressionError
from archdsl.faults.fault import FollowOn

if TYPE_CHECKING:
    from archdsl.elaboration.catalogue import Catalogue

_UNSURE = "\0"
"""Stands for a substitution that only a loop inside of the scope can make."""
_PATHS = re.compile(r"[A-Za-z_\0][\w\0]*(?:\.[\w\0]+)*(?![\w\0]*\s*\()")

NamedEntry = tuple[str, Entry | None]


class _Around(NamedTuple):
    """What is known where a body is read."""

    catalogue: Catalogue
    frame: Frame
    """The frame around the outermost scope."""
    given: tuple[NamedEntry, ...]
    """The scope's own input, as far as it comes from outside."""
    own: frozenset[str]
    """The first parts of the names that the scope and those around it have given."""
    loops: frozenset[str]
    """The loop variables that only the scope knows."""


def body_reads(
    catalogue: Catalogue, body: tuple[Template, ...], frame: Frame, source: list[NamedEntry]
) -> Iterator[NamedEntry]:
    """What a scope's nodes read from outside of it; `source` is what its `from` reads, if it has one."""
    given = tuple(source) or ((above_name(frame.above), frame.above),)
    yield from _body(body, _Around(catalogue, frame, given, frozenset(), frozenset()), True)


def _body(body: tuple[Template, ...], around: _Around, first: bool) -> Iterator[NamedEntry]:
    """`first` says that the node above may still be the scope's own input."""
    for template in body:
        if isinstance(template, LoopTemplate):
            around = around._replace(own=around.own | set(_names(template.body)))
            yield from _body(template.body, around._replace(loops=around.loops | set(template.targets)), first)
            continue
        assert isinstance(template, NodeTemplate)
        yield from _node(template, around, first)
        first = first and (declares(template) or template.when is not None)
        around = around._replace(own=around.own | set(_names((template,))))


def _node(template: NodeTemplate, around: _Around, first: bool) -> Iterator[NamedEntry]:
    written = [read for path in _paths(template, around) for read in _resolved(path, around)]
    if template.body is None:
        yield from written
        if first and _takes_above(template, around):
            yield from around.given
        return
    given = tuple(written) if template.source is not None else around.given if first else ()
    yield from given if template.source is not None else ()
    inner = template.source is not None or first
    yield from _body(template.body, around._replace(given=given), inner)


def _takes_above(template: NodeTemplate, around: _Around) -> bool:
    """Whether a port of the node reads the node above."""
    if template.formula is not None or declares(template):
        return False
    source = None if template.source is None else template.source.value
    if source is None:
        return True
    if not isinstance(source, Mapping) or template.op is None:
        return False
    literal = template.op.literal
    ports = around.catalogue.ports(literal, template.home) if literal is not None else None
    return ports is None or any(not port.optional and port.name not in source for port in ports)


def _names(body: tuple[Template, ...]) -> Iterator[str]:
    """The first parts of the names that nodes have, up to the first `$`."""
    for template in body:
        if isinstance(template, LoopTemplate):
            yield from _names(template.body)
        elif isinstance(template, NodeTemplate) and template.name is not None:
            yield template.name.raw.partition(".")[0].replace("$", f"{_UNSURE}$").partition("$")[0]


def _paths(template: NodeTemplate, around: _Around) -> list[str]:
    """The paths that a node names."""
    if template.formula is not None:
        return _PATHS.findall(_spelled(template.formula, around))
    raw = () if template.source is None else _listed(template.source.value)
    return [_spelled(text, around) for text in map(_text, raw)]


def _listed(raw: Any) -> Iterator[str]:
    if isinstance(raw, Mapping | list):
        for item in raw.values() if isinstance(raw, Mapping) else raw:
            yield from _listed(item)
    else:
        yield str(raw)


def _text(path: str) -> Text:
    try:
        return parse_text(path)
    except ExpressionError:
        return Text(path, (), path)


def _spelled(text: Text, around: _Around) -> str:
    """A text, its `$` substituted as far as the names around the scope say them."""
    return text.literal if text.literal is not None else "".join(_part(part, around) for part in text.parts)


def _part(part: TextPart, around: _Around) -> str:
    if part.expression is not None and part.expression.names & around.loops:
        return _UNSURE
    try:
        return str(part_value(part, around.frame.env))
    except (ExpressionError, FollowOn):
        return _UNSURE


def _resolved(path: str, around: _Around) -> Iterator[NamedEntry]:
    """What a path reads from outside; nothing where it is the scope's own."""
    head = path.partition(".")[0]
    start, unsure, _ = head.partition(_UNSURE)
    if unsure:
        if not any(name.startswith(start) or start.startswith(name.rstrip(_UNSURE)) for name in around.own):
            yield path.replace(_UNSURE, "…"), None
    elif head in around.own or any(head.startswith(name[:-1]) for name in around.own if name[-1:] == _UNSURE):
        return
    elif head == SCOPE_INPUT:
        yield from around.given
    elif (entry := find(around.frame, path)) is not None:
        yield path, entry
