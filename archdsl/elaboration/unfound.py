"""Why nothing is found at a path, and what is near it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby, islice
from typing import Final

from archdsl.document.substitution import Text
from archdsl.document.template import LoopTemplate, NodeTemplate, Template
from archdsl.elaboration.frames import SCOPE_INPUT, Entry, Frame, PathError, State, descend, find, visible
from archdsl.elaboration.sources import BlockUse, home_of, without_sections
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn, Note, Span
from archdsl.limits import current
from archdsl.text.nearest import alike, nearest
from archdsl.text.patterns import STAR, match
from archdsl.text.spelled import quoted


def unknown_path(frame: Frame, path: str) -> PathError:
    """Why nothing is found at a path, and what is near it. Raises FollowOn where another mistake may be why."""
    from archdsl.elaboration.misnamed import path_hint

    if (form := path_hint(path, frame)) is not None:
        return PathError(Code.UNKNOWN_NODE, f"`{path}` is no path of a node", form)
    head, _, rest = path.partition(".")
    if _written_later(frame, head):
        return PathError(
            Code.FORWARD_REFERENCE,
            f"`{path}` is written after the node that reads it",
            f"nodes run in the order in which they are written: move `{head}` up",
            notes=_near_notes(frame, head),
        )
    entry = find(frame, head)
    if entry is None:
        return _no_node(frame, head)
    while rest and (inner := descend(entry, rest.partition(".")[0])) is not None:
        part, _, rest = rest.partition(".")
        head, entry = f"{head}.{part}", inner
    return _no_part(head, entry, rest)


def _no_node(frame: Frame, head: str) -> PathError:
    """Why no node is called so. Raises FollowOn where another mistake may be why."""
    if may_be_node(frame, head):
        raise FollowOn
    if head == SCOPE_INPUT and len(frame.ports) > 1:
        listed = quoted(frame.ports)
        return PathError(Code.UNKNOWN_NODE, f"`input` is one of several here: {listed}", "name the one that is meant")
    near = nearest(head, visible(frame))
    names = quoted([*islice(visible(frame), _MANY)][-6:])
    hint = f"did you mean `{near}`?" if near else (f"there are {names}" if names else None)
    where = " here" if near else (without_sections(frame.env, "inputs") or " here")
    notes = (*_removed_notes(frame, head), *_near_notes(frame, head), *_loop_notes(frame, head))
    return PathError(Code.UNKNOWN_NODE, f"no node `{head}`{where}", hint, notes=notes)


def _no_part(head: str, entry: Entry, rest: str) -> PathError:
    """Why a node that is there has nothing at the rest of a path."""
    if (by := entry.left_out_by) is not None:
        advice = "give the reader the same `if`, or read the node itself, which stands for what its readers get"
        return PathError(Code.UNKNOWN_NODE, f"`{head}` was left out by {by}, so it has no `{rest}`", advice)
    outputs = entry.outputs if entry.named or len(entry.outputs) > 1 else {}
    inside = [*dict.fromkeys((*outputs, *entry.children, *(entry.node.tensors if entry.node else ())))]
    near = nearest(rest.partition(".")[0], inside)
    listed = quoted(inside[:8])
    hint = f"did you mean `{head}.{near}`?" if near else (f"it has {listed}" if listed else None)
    span = _entry_span(entry.children.get(near or "", entry))
    notes = () if span is None else (Note(f"{head}.{near}" if near else head, f"line {span.line}"),)
    return PathError(Code.UNKNOWN_NODE, f"`{head}` has no `{rest}`", hint, notes=notes)


def _removed_notes(frame: Frame, head: str) -> tuple[Note, ...]:
    """Where a patch takes out what was called so."""
    home = home_of(frame.scope.env)
    found = None if home is None else home.origins.removed.get(head)
    if found is None:
        return ()
    source, place = found
    return (Note(head, f"line {source.key(place).line}", f"of {source.file} removes it"),)


def _near_notes(frame: Frame, head: str) -> tuple[Note, ...]:
    """Where the names stand that a missing one may mean."""
    return tuple(
        Note(name, f"line {span.line}")
        for name in alike(head, islice(visible(frame), _MANY))
        if (span := _span(frame, name)) is not None
    )


def _loop_notes(frame: Frame, head: str) -> tuple[Note, ...]:
    """The loops whose nodes have names like a missing one, and did not give it."""
    use = frame.scope.env.source
    bodies = [body for body, _ in frame.later] or ([use.block.body] if isinstance(use, BlockUse) else [])
    loops = (template for body in bodies for template in body if isinstance(template, LoopTemplate))
    return tuple(
        Note(f"for {', '.join(loop.targets)}", f"line {loop.home.key_span(loop.path).line}", "gives other names")
        for loop in loops
        if _gives((loop,), head)
    )


def _gives(templates: tuple[Template, ...], head: str) -> bool:
    """Whether a name fits one that is written with a `$` and something else."""
    return any(pattern != STAR and all(match(pattern, head) or ("",)) for _, pattern in _heads(templates)[1])


def _span(frame: Frame, name: str) -> Span | None:
    """Where what a name stands for is written: a node, or an input."""
    seen: Frame | None = frame
    while seen is not None:
        if name in seen.entries:
            return _entry_span(seen.entries[name])
        source = seen.scope.env.source
        if name in seen.ports and isinstance(source, BlockUse):
            return source.block.home.key_span((*source.block.path, "inputs", name))
        if name in seen.ports:
            return _entry_span(seen.ports[name])
        seen = seen.parent
    return None


def _entry_span(entry: Entry) -> Span | None:
    while entry.state is State.CONTAINER and entry.children:
        entry = next(iter(entry.children.values()))
    if entry.template is not None:
        return entry.template.home.key_span(entry.template.path)
    return entry.node.site.key if entry.node is not None and entry.node.site is not None else None


_MANY: Final = 10_000
"""Names of which the last few are listed, looked through for each mistake."""


def may_be_node(frame: Frame, head: str) -> bool:
    """Whether a missing name may follow from what could not be read."""
    seen: Frame | None = frame
    while seen is not None:
        if seen.unsure or (seen.maybe and may_be_called(tuple(seen.maybe), head)):
            return True
        seen = seen.parent
    return False


def may_be_called(templates: tuple[Template, ...], head: str) -> bool:
    """Whether one of these nodes and loops may give a name; those of lists give numbers."""
    names, patterns = _heads(templates)
    return head.isdecimal() or head in names or any(all(match(pattern, head) or ("",)) for _, pattern in patterns)


def _written_later(frame: Frame, head: str) -> bool:
    seen: Frame | None = frame
    while seen is not None:
        if head not in seen.entries and _comes_later(seen, head):
            return True
        seen = seen.parent
    return False


def _comes_later(frame: Frame, head: str) -> bool:
    for body, start in frame.later:
        names, patterns = _heads(body)
        current().spend("steps", len(patterns))
        if names.get(head, -1) >= start:
            return True
        if any(
            position >= start and pattern != STAR and all(match(pattern, head) or ("",))
            for position, pattern in patterns
        ):
            return True
    return False


@lru_cache(maxsize=256)
def _heads(body: tuple[Template, ...]) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """The names that the nodes of a body have, or give to containers, with the last position of each.

    Those that are known before their `$` is substituted, and patterns for the others.
    """
    names: dict[str, int] = {}
    patterns: list[tuple[int, str]] = []
    for position, template in enumerate(body):
        for text in _names(template):
            if text.literal is not None:
                names[text.literal.partition(".")[0]] = position
            else:
                pieces = (part.literal if part.expression is None else STAR for part in text.parts)
                # of several values beside one another some may be empty
                pattern = "".join(piece for piece, _ in groupby(pieces))
                patterns.append((position, pattern.partition(".")[0]))
    return names, patterns


def _names(template: Template) -> Iterator[Text]:
    if isinstance(template, LoopTemplate):
        for inner in template.body:
            yield from _names(inner)
    elif isinstance(template, NodeTemplate) and template.name is not None:
        yield template.name
