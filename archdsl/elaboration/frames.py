"""What a path means while a network is elaborated: entries, and the frames that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, final

from archdsl.diagnostics import FollowOn, Note, Span, alike, nearest
from archdsl.elaboration.fields import evaluate_text, evaluate_with_shapes
from archdsl.elaboration.sources import Use, without_sections
from archdsl.expressions import ExpressionError
from archdsl.graph import Env, LoopStep, Mode, Node, Scope, Value
from archdsl.limits import current
from archdsl.patterns import STAR, match
from archdsl.shapes import Dim, TensorType

if TYPE_CHECKING:
    from archdsl.substitution import Text
    from archdsl.template import NodeTemplate, Template


SCOPE_INPUT = "input"
"""The path of what came into the innermost scope."""
NOT_FED = "not fed"
"""The alias of an optional port that nothing feeds."""
IN_LOOP = "in a loop"
"""The alias of a node that runs in a finished loop over time: outside it has a module and no value."""


class State(Enum):
    """What reading an entry gives."""

    VALUE = "value"
    CONTAINER = "container"
    """Made only by dotted names: reading it is an error."""
    ABSENT = "absent"
    """A left-out declaration: only optional ports may read it."""
    AMBIGUOUS = "ambiguous"
    """Left out, and it has not one input but several or none: `left` says which."""
    BROKEN = "broken"
    """Its mistake has been reported: what reads it is left in peace."""


@final
@dataclass(slots=True, eq=False)
class LeftOut:
    """A left-out node for which no value stands."""

    template: NodeTemplate
    scope: Scope
    name: str
    reads: tuple[str, ...]
    """What it would have read, by name."""
    told: bool = False
    """Whether a reader of it has been told of already."""


@final
@dataclass(slots=True, eq=False)
class Entry:
    """What a name stands for: outputs by name, and the children that a path reaches inside."""

    outputs: dict[str, Value] = field(default_factory=dict)
    state: State = State.VALUE
    node: Node | None = None
    scope: Scope | None = None
    children: dict[str, Entry] = field(default_factory=dict)
    template: Template | None = None
    mode: Mode | None = None
    """Its value exists in this mode only."""
    alias: str | None = None
    """Why it stands for another's value, for messages: ``left out by `if` (line 27)``."""
    named: bool = False
    """The outputs have names, even if there is one."""
    left: LeftOut | None = None
    """The left-out node that it comes from, where no value stands for that."""


@final
@dataclass(slots=True, eq=False)
class Frame:
    """A scope while its nodes are elaborated."""

    scope: Scope
    env: Env
    parent: Frame | None
    """The enclosing frame that its paths see: None for a block."""
    above: Entry
    """The node above; at first the scope's input."""
    given: Entry | None = None
    """What came into a nested scope; None for a block and the network, which have ports."""
    entries: dict[str, Entry] = field(default_factory=dict)
    ports: dict[str, Entry] = field(default_factory=dict)
    loops: tuple[LoopStep, ...] = ()
    count: int = 0
    """The number of the next child of a list."""
    later: list[tuple[tuple[Template, ...], int]] = field(default_factory=list)
    """The bodies that run in this scope, outermost first, each with the first position still to come."""
    mode: Mode | None = None
    repeats: Dim = 1
    """How often a node here runs in one pass: the steps of the loops over time around it."""
    unsure: bool = False
    """Something here that makes nodes could not be read: a missing name may follow from that."""
    maybe: list[Template] = field(default_factory=list)
    """Nodes and loops of which nobody knows what names they give."""


class PathError(Exception):
    """A path that gives no value."""

    at: tuple[str | int, ...] | None = None
    """Where it is written, where that is known."""
    key: bool = False
    """The key there is at fault, not the value."""
    also: tuple[PathError, ...] = ()
    """Others of the same node."""
    notes: tuple[Note, ...] = ()
    """Where what may be meant stands."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, offsets: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.offsets = offsets
        """Where in the text, where it is only a part of it."""


class MissingElse(PathError):
    """A left-out node that is read, and for which no value stands: the mistake is the node's, not the reader's."""

    def __init__(self, left: LeftOut) -> None:
        several = f"several values, {' and '.join(f'`{name}`' for name in left.reads)}"
        super().__init__(
            "missing-else",
            f"`{left.name}` is left out here, and nothing stands for it: it would read "
            + (several if len(left.reads) > 1 else "none" if not left.reads else f"more than `{left.reads[0]}`"),
            "say with `else` what its readers get",
        )
        self.left = left

    @property
    def where(self) -> tuple[str | int, ...]:
        """Where the node says that it may be left out."""
        template = self.left.template
        return template.condition_path or template.op_path or template.path


def find(frame: Frame, path: str) -> Entry | None:
    """The entry at a path, or None. Sees this scope's nodes, the enclosing ones', then the ports.

    `input` is what came into the scope, unless something in it is called so.
    """
    head, _, rest = path.partition(".")
    entry = scope_input(frame) if head == SCOPE_INPUT else None
    if entry is None:
        entry = _called(frame, head)
    if entry is not None and entry.alias is not None:
        note_read(entry)
    return descend(entry, rest) if rest and entry is not None else entry


def note_read(entry: Entry) -> None:
    """Remembers of another name that something reads it."""
    if entry.alias is not None and entry.template is not None:
        entry.template.read = True


def _called(frame: Frame | None, head: str) -> Entry | None:
    """The innermost node or port that is called so."""
    while frame is not None:
        entry = frame.entries.get(head) or frame.ports.get(head)
        if entry is not None:
            return entry
        frame = frame.parent
    return None


def scope_input(frame: Frame) -> Entry | None:
    """What came into the innermost scope; None where it is several values, or where a node or a value has the name."""
    written = (template for body, _ in frame.later for template in body)
    if SCOPE_INPUT in frame.entries or SCOPE_INPUT in frame.env or any(map(_is_called_input, written)):
        return None
    if frame.given is not None:
        return frame.given
    return next(iter(frame.ports.values())) if len(frame.ports) == 1 else None


def _is_called_input(template: Template) -> bool:
    name = getattr(template, "name", None)
    if name is not None:
        return bool(name.raw.partition(".")[0] == SCOPE_INPUT)
    return any(map(_is_called_input, getattr(template, "body", None) or ())) if hasattr(template, "targets") else False


def check_reach(frame: Frame, path: str) -> None:
    """Refuses a path that can be taken for what came into the nested scope that it is read in, and is not.

    Such are the first input of the block or network around, and `x`. Raises PathError.
    """
    given, outer = frame.given, None
    if given is None or path in frame.entries or given.state is State.BROKEN:
        return
    head = path.partition(".")[0]
    if head != SCOPE_INPUT:
        outer = _outer_input(frame, head)
    elif scope_input(frame) is not None:
        outer = _called(frame, head)
    if outer is None or outer is given or _same_value(outer, given):
        return
    scope = frame.scope.path
    if head == SCOPE_INPUT:
        raise PathError(
            "outer-input", f"`input` is what came into `{scope}`, and what is around it has an `input` of its own",
            "give each another name: here with a first node `entered: identity`, outside with `outer: {from: input}`",
        )  # fmt: skip
    raise PathError(
        "outer-input", f"`{head}` is an input from outside of `{scope}`, and not what came into it",
        f"that is called `input`; to read `{head}`, give the scope `from: {head}`, or name it outside: "
        f"`outer: {{from: {head}}}`",
    )  # fmt: skip


def _outer_input(frame: Frame, head: str) -> Entry | None:
    """The port of that name that is read across a nested scope, if it is the first or `x`."""
    seen: Frame | None = frame
    while seen is not None and head not in seen.entries:
        if head in seen.ports:
            return seen.ports[head] if head == "x" or head == next(iter(seen.ports)) else None
        seen = seen.parent
    return None


def _same_value(one: Entry, other: Entry) -> bool:
    values = [*one.outputs.values()], [*other.outputs.values()]
    return len(values[0]) == len(values[1]) == 1 and values[0][0] is values[1][0]


def descend(entry: Entry, path: str) -> Entry | None:
    """What `path` reaches from inside an entry: a child, an output, or a node's own tensor."""
    if entry.state is State.BROKEN:
        return entry
    if entry.node is not None and path in entry.node.tensors:
        weight = entry.node.tensors[path]
        value = Value(entry.node, 0, TensorType(weight.shape, weight.dtype), path)
        return Entry({"output": value}, node=entry.node, mode=entry.mode)
    head, _, rest = path.partition(".")
    if head in entry.outputs and (entry.named or len(entry.outputs) > 1):
        return Entry({"output": entry.outputs[head]}, mode=entry.mode) if not rest else None
    child = entry.children.get(head)
    if child is None and head.isdecimal() and len(entry.outputs) > int(head) and len(entry.outputs) > 1 and not rest:
        return Entry({"output": list(entry.outputs.values())[int(head)]}, mode=entry.mode)
    if child is None:
        return None
    note_read(child)
    return descend(child, rest) if rest else child


def type_at(frame: Frame, path: str) -> TensorType | None:
    """The type of the one tensor at a path; None where there is none. Raises PathError, FollowOn."""
    check_reach(frame, path)
    entry = find(frame, path)
    if entry is not None and entry.state is State.BROKEN:
        raise FollowOn
    if entry is None or entry.state is not State.VALUE or len(entry.outputs) != 1:
        return None
    return measure(next(iter(entry.outputs.values())))


def measure(value: Value) -> TensorType:
    """A value's type, for an expression: what reads a node's shape reads the node."""
    value.node.measured = True
    return value.type


def evaluate_here(value: Any, frame: Frame) -> Any:
    """A prepared value in the names of a frame; `x.shape` of its nodes can be read. Raises ExpressionError."""
    return evaluate_with_shapes(value, frame.env, lambda path: type_at(frame, path))


def visible(frame: Frame) -> Iterator[str]:
    """Every name that a path may begin with."""
    seen: Frame | None = frame
    while seen is not None:
        yield from seen.entries
        yield from seen.ports
        seen = seen.parent


def unknown_path(frame: Frame, path: str) -> PathError:
    """Why nothing is found at a path, and what is near it. Raises FollowOn where another mistake may be why."""
    from archdsl.elaboration.misnamed import path_hint

    if (form := path_hint(path, frame)) is not None:
        return PathError("unknown-node", f"`{path}` is no path of a node", form)
    head, _, rest = path.partition(".")
    if _written_later(frame, head):
        error = PathError(
            "forward-reference",
            f"`{path}` is written after the node that reads it",
            f"nodes run in the order in which they are written: move `{head}` up",
        )
        error.notes = _near_notes(frame, head)
        return error
    entry = find(frame, head)
    if entry is None:
        if may_be_node(frame, head):
            raise FollowOn
        if head == SCOPE_INPUT and len(frame.ports) > 1:
            listed = ", ".join(f"`{name}`" for name in frame.ports)
            return PathError("unknown-node", f"`input` is one of several here: {listed}", "name the one that is meant")
        near = nearest(head, visible(frame))
        names = ", ".join(f"`{name}`" for name in [*islice(visible(frame), _MANY)][-6:])
        hint = f"did you mean `{near}`?" if near else (f"there are {names}" if names else None)
        where = " here" if near else (without_sections(frame.env, "inputs") or " here")
        error = PathError("unknown-node", f"no node `{head}`{where}", hint)
        error.notes = (*_near_notes(frame, head), *_loop_notes(frame, head))
        return error
    while rest and (inner := descend(entry, rest.partition(".")[0])) is not None:
        part, _, rest = rest.partition(".")
        head, entry = f"{head}.{part}", inner
    if (entry.alias or "").startswith("left out"):
        hint = "give the reader the same `if`, or read the node itself, which stands for what its readers get"
        return PathError("unknown-node", f"`{head}` was {entry.alias}, so it has no `{rest}`", hint)
    outputs = entry.outputs if entry.named or len(entry.outputs) > 1 else {}
    inside = [*outputs, *entry.children, *(entry.node.tensors if entry.node else ())]
    near = nearest(rest.partition(".")[0], inside)
    listed = ", ".join(f"`{name}`" for name in inside[:8])
    hint = f"did you mean `{head}.{near}`?" if near else (f"it has {listed}" if listed else None)
    error = PathError("unknown-node", f"`{head}` has no `{rest}`", hint)
    span = _entry_span(entry.children.get(near or "", entry))
    error.notes = () if span is None else (Note(f"{head}.{near}" if near else head, f"line {span.line}"),)
    return error


def _near_notes(frame: Frame, head: str) -> tuple[Note, ...]:
    """Where the names stand that a missing one may mean."""
    return tuple(
        Note(name, f"line {span.line}")
        for name in alike(head, islice(visible(frame), _MANY))
        if (span := _span(frame, name)) is not None
    )


def _loop_notes(frame: Frame, head: str) -> tuple[Note, ...]:
    """The loops whose nodes have names like a missing one, and did not give it."""
    from archdsl.template import LoopTemplate

    use = frame.scope.env.source
    bodies = [body for body, _ in frame.later] or ([use.block.body] if isinstance(use, Use) else [])
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
        if name in seen.ports and isinstance(source, Use):
            return source.block.home.key_span((*source.block.path, "inputs", name))
        if name in seen.ports:
            return _entry_span(seen.ports[name])
        seen = seen.parent
    return None


def _entry_span(entry: Entry) -> Span | None:
    while entry.state is State.CONTAINER and entry.children:
        entry = next(iter(entry.children.values()))
    template = entry.template or (entry.node.template if entry.node is not None else None)
    return None if template is None else template.home.key_span(template.path)


_MANY: Final = 10_000
"""Names of which the last few are listed, looked through for each mistake."""


def may_be_node(frame: Frame, head: str) -> bool:
    """Whether a missing name may follow from what could not be read."""
    seen: Frame | None = frame
    while seen is not None:
        if seen.unsure or (seen.maybe and _may_be_called(tuple(seen.maybe), head)):
            return True
        seen = seen.parent
    return False


def _may_be_called(templates: tuple[Template, ...], head: str) -> bool:
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
                raw = "".join(part.literal if part.expression is None else STAR for part in text.parts)
                patterns.append((position, raw.partition(".")[0]))
    return names, patterns


def _names(template: Template) -> Iterator[Text]:
    from archdsl.template import LoopTemplate, NodeTemplate

    if isinstance(template, LoopTemplate):
        for inner in template.body:
            yield from _names(inner)
    elif isinstance(template, NodeTemplate) and template.name is not None:
        yield template.name


def value_of(entry: Entry, path: str, mode: Mode | None = None) -> Value:
    """The one tensor that reading an entry gives. Raises PathError or FollowOn."""
    if entry.state is State.BROKEN:
        raise FollowOn
    if entry.state is State.CONTAINER:
        last = next(reversed(entry.children), "")
        raise PathError(
            "no-value", f"`{path}` is made by dotted names and has no value of its own",
            f"read its last child, `{path}.{last}`",
        )  # fmt: skip
    if entry.state is State.ABSENT:
        if entry.alias == NOT_FED:
            raise PathError(
                "absent",
                f"nothing feeds the optional input `{path}` here",
                f"ask for it, `if: {path}`: only optional inputs, and lists such as that of `cat`, take what is absent",
            )
        raise PathError("absent", f"`{path}` was left out by its `if`", "give it an `else`, or the reader an `if`")
    if entry.state is State.AMBIGUOUS:
        assert entry.left is not None
        raise MissingElse(entry.left)
    if not entry.outputs and entry.alias == IN_LOOP:
        raise PathError(
            "no-value", f"`{path}` has a value of its own at each step of a loop over time, and none outside",
            "name it under the `outputs` of the loop's block, and under `collect`",
        )  # fmt: skip
    if len(entry.outputs) != 1:
        names = ", ".join(f"`{path}.{name}`" for name in entry.outputs)
        what = f"has several outputs: read {names}" if names else "has no output"
        raise PathError("several-outputs", f"`{path}` {what}")
    if entry.mode is not None and entry.mode is not mode:
        raise PathError(
            "other-mode", f"`{path}` exists only in {entry.mode.value} mode",
            f"read it `when: {entry.mode.value}`, or give it an `else`",
        )  # fmt: skip
    return next(iter(entry.outputs.values()))


def place_of(frame: Frame, template: Template | None = None) -> str:
    """Where in the network, for messages."""
    if template is None:
        return frame.scope.path
    text = getattr(template, "name", None)
    name = str(frame.count) if text is None else _spelled(text, frame.env)
    return ".".join(part for part in (frame.scope.path, name) if part)


def _spelled(text: Text, env: Env) -> str:
    """A node's name; what is written, where that says none."""
    try:
        return str(evaluate_text(text, env))
    except (ExpressionError, FollowOn):
        return text.raw
