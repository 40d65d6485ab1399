"""The order in which a scope's modules are registered, and modules under a second name: `order`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from archdsl.document.positions import Path
from archdsl.document.template import BlockTemplate, NodeTemplate, Template, TemplateError, Written
from archdsl.elaboration.frames import Entry, Frame, State, descend
from archdsl.elaboration.mistakes import Reported
from archdsl.elaboration.turns import listed, path_text
from archdsl.elaboration.unfound import unknown_path
from archdsl.faults.code import Code
from archdsl.ir.graph import Node, Scope, ScopeKind
from archdsl.text.spelled import kind_of

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator


OTHERS: Final = "..."
"""Stands for the children that are not named."""


def order_children(
    run: Elaborator, written: Written | None, template: NodeTemplate | BlockTemplate, frame: Frame
) -> None:
    """Puts the children of a finished scope into the order that is written; the others follow as they run.

    A dotted name is of a child in a container, which stands where it is first named. A `share` that is named is
    registered by its own name as well, after all others.
    """
    if written is None:
        return
    here, said, placed = Template(template.home, template.path), set[str](), dict[Scope, dict[str, None]]()
    names: list[tuple[str, Path]] = []
    with suppress(Reported), run.mistakes.at(here, frame, written.path):
        names += _names(written, frame)
    for name, at in names:
        with suppress(Reported), run.mistakes.at(here, frame, at):
            child = None if name == OTHERS else _child(name, at, frame)
            if (own := name if child is None else child.path) in said:
                raise TemplateError(Code.DUPLICATE_NAME, f"`{name}` is named twice", at, hint="say it once")
            said.add(own)
            if name == OTHERS:
                placed.setdefault(frame.scope, {})[OTHERS] = None
            while child is not None and child is not frame.scope:
                assert child.scope is not None
                placed.setdefault(child.scope, {}).setdefault(child.name)
                child = child.scope
    for scope, children in placed.items():
        scope.children = _ordered(scope.children, [*children])


def _ordered(children: Mapping[str, Node | Scope], said: list[str]) -> dict[str, Node | Scope]:
    """The children in the order in which they are said, the others where that says so; second names come last."""
    named = {*said}
    others = [name for name in children if name not in named]
    place = said.index(OTHERS) if OTHERS in said else len(said)
    names = [name for name in (*said[:place], *others, *said[place + 1 :]) if name in children]
    return {name: children[name] for name in sorted(names, key=lambda name: children[name].registered)}


def _names(written: Written, frame: Frame) -> Iterator[tuple[str, Path]]:
    """The names with where each is written. Raises TemplateError."""
    if not isinstance(written.value, list):
        raise TemplateError(
            Code.WRONG_TYPE, f"`order` is a list of names, found {kind_of(written.value)}", written.path,
            hint="write `order: [first, second]`",
        )  # fmt: skip
    if frame.scope.listed:
        raise TemplateError(
            Code.BAD_NODE, "`order` is of nodes with names, and these are a list", written.path, key=True,
            hint="write them as a mapping: names may be numbers, `0: …`",
        )  # fmt: skip
    for raw, at, env in listed(written.value, frame.env, written.path):
        yield path_text(raw, env, at), at


def _child(name: str, at: Path, frame: Frame) -> Node | Scope | None:
    """The child of that name; None for one that is not there this time. Raises TemplateError, PathError."""
    *containers, last = name.split(".")
    holder: Scope | None = frame.scope
    for part in containers:
        within = None if holder is None else holder.children.get(part)
        if within is not None and not (isinstance(within, Scope) and within.kind is ScopeKind.CONTAINER):
            message = f"`order` names the children of this scope, and `{name}` is further inside"
            raise TemplateError(Code.UNKNOWN_NODE, message, at, hint="say it in the scope or block that holds it")
        holder = within
    child = None if holder is None else holder.children.get(last)
    if child is None:
        return _elsewhere(name, at, frame)
    if child.share is not None:
        _check_again(child, at)
        child.registered = True
    return child


def _elsewhere(name: str, at: Path, frame: Frame) -> Node | Scope | None:
    """What a name stands for that no module has; None for one that is not there. Raises TemplateError, PathError."""
    head, _, rest = name.partition(".")
    entry = frame.entries.get(head)
    if entry is not None and rest:
        entry = descend(entry, rest)
    if entry is None:
        error = unknown_path(frame, name)
        error.place(at)
        raise error
    if _is_away(entry):
        return None
    named = entry.scope or entry.node
    holder = None if named is None else named.scope
    while holder is not None and holder.kind is ScopeKind.CONTAINER:
        holder = holder.scope
    if holder is frame.scope:
        return named  # such as a node that a patch has renamed
    raise TemplateError(Code.NO_VALUE, f"`{name}` is another name, and no module", at, hint="name the node itself")


def _is_away(entry: Entry) -> bool:
    return entry.state in (State.ABSENT, State.AMBIGUOUS, State.BROKEN) or entry.left_out_by is not None


def _check_again(child: Node | Scope, at: Path) -> None:
    """Raises TemplateError where a module cannot be registered again."""
    origin: Any = child.share
    made = [origin] if isinstance(origin, Node) else [*origin.nodes()]
    if not any(node.tensors and node.share is None for node in made):
        raise TemplateError(
            Code.BAD_SHARE, f"`{origin.path}` has no parameters to stand under a second name", at,
            hint=f"leave `{child.name}` out of `order`",
        )  # fmt: skip
    holder = child.scope
    assert holder is not None
    if holder.scope is not None and not any(node.tensors and node.share is None for node in holder.nodes()):
        raise TemplateError(
            Code.BAD_SHARE, f"`{holder.path}` has no module of its own that could hold `{child.name}`", at,
            hint="share it in the scope around",
        )  # fmt: skip
