"""What a path means while a network is elaborated: entries, and the frames that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from archdsl.elaboration.fields import evaluate_text, evaluate_with_shapes
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, FollowOn, Note, Place
from archdsl.ir.graph import UNSURE, Env, LoopStep, Mode, Node, Scope, Value
from archdsl.shapes import Dim, TensorType

if TYPE_CHECKING:
    from archdsl.document.substitution import Text
    from archdsl.document.template import IfTemplate, NodeTemplate, Template


SCOPE_INPUT = "input"
"""The path of what came into the innermost scope."""


class Why(Enum):
    """Why an entry stands for another's value, or for none."""

    RENAMED = "renamed"
    """It gives its input another name."""
    LEFT_OUT = "left out"
    NOT_FED = "not fed"
    """An optional port that nothing feeds."""
    IN_LOOP = "in a loop"
    """A node that runs in a finished loop over time: outside it has a module and no value."""


class Alias(NamedTuple):
    """What an entry stands for is not its own."""

    why: Why
    by: str = ""
    """What leaves it out, for messages: `` `if` (line 27)``."""


RENAMED = Alias(Why.RENAMED)
NOT_FED = Alias(Why.NOT_FED)
IN_LOOP = Alias(Why.IN_LOOP)


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
@dataclass(slots=True, eq=False, repr=False)
class LeftOut:
    """A left-out node for which no value stands."""

    template: NodeTemplate
    scope: Scope
    name: str
    reads: tuple[str, ...]
    """What it would have read, by name."""
    where: Place
    """Where it is said that it may be left out."""
    told: bool = False
    """Whether a reader of it has been told of already."""


@final
@dataclass(slots=True, eq=False, repr=False)
class Entry:
    """What a name stands for: outputs by name, and the children that a path reaches inside."""

    outputs: dict[str, Value] = field(default_factory=dict)
    state: State = State.VALUE
    node: Node | None = None
    scope: Scope | None = None
    children: Mapping[str, Entry] = field(default_factory=dict)
    template: Template | None = None
    mode: Mode | None = None
    """Its value exists in this mode only."""
    alias: Alias | None = None
    """Why it stands for another's value, or for none."""
    named: bool = False
    """The outputs have names, even if there is one."""
    left: LeftOut | None = None
    """The left-out node that it comes from, where no value stands for that."""
    of: Entry | None = None
    """What it stands for, where it is left out."""
    broken: frozenset[str] = frozenset()
    """Outputs whose mistakes have been reported; `UNSURE` where their names could not be read either."""

    @property
    def left_out_by(self) -> str | None:
        """What leaves it out, for messages; None where nothing does."""
        return self.alias.by if self.alias is not None and self.alias.why is Why.LEFT_OUT else None


class Absent(NamedTuple):
    """Nodes under an `if` key are not there."""

    group: IfTemplate | None
    """None where nobody knows whether they are: the mistake has been told."""


UNDECIDED = Absent(None)


@final
@dataclass(slots=True, eq=False, repr=False)
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
    absent: Absent | None = None
    """What leaves out the nodes that are elaborated now; None where nothing does."""
    mode: Mode | None = None
    repeats: Dim = 1
    """How often a node here runs in one pass: the steps of the loops over time around it."""
    unsure: bool = False
    """Something here that makes nodes could not be read: a missing name may follow from that."""
    maybe: list[Template] = field(default_factory=list)
    """Nodes and loops of which nobody knows what names they give."""
    guarded: list[Template] = field(default_factory=list)
    """Left-out loops of which nobody knows it either: what an `if` guards need not make sense."""


class PathError(FaultError):
    """A path that gives no value; the notes say where what may be meant stands."""

    def __init__(self, code: Code, message: str, hint: str | None = None, *, notes: tuple[Note, ...] = ()) -> None:
        super().__init__(Fault(code, message, hint, notes=notes))


class MissingElse(PathError):
    """A left-out node that is read, and for which no value stands: the mistake is the node's, not the reader's."""

    def __init__(self, left: LeftOut) -> None:
        several = f"several values, {' and '.join(f'`{name}`' for name in left.reads)}"
        super().__init__(
            Code.MISSING_ELSE,
            f"`{left.name}` is left out here, and nothing stands for it: it would read "
            + (several if len(left.reads) > 1 else "none" if not left.reads else f"more than `{left.reads[0]}`"),
            "say with `else` what its readers get",
        )
        self.left = left


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
            Code.OUTER_INPUT, f"`input` is what came into `{scope}`, and what is around it has an `input` of its own",
            "give each another name: here with a first node `entered: identity`, outside with `outer: {from: input}`",
        )  # fmt: skip
    raise PathError(
        Code.OUTER_INPUT, f"`{head}` is an input from outside of `{scope}`, and not what came into it",
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
    if head in entry.broken or (UNSURE in entry.broken and head not in entry.children):
        return Entry(state=State.BROKEN)
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


def value_of(entry: Entry, path: str, mode: Mode | None = None) -> Value:
    """The one tensor that reading an entry gives. Raises PathError or FollowOn."""
    if entry.state is not State.VALUE:
        _refuse(entry, path)
    if len(entry.outputs) != 1 or entry.broken:
        _refuse_count(entry, path)
    if entry.mode is not None and entry.mode is not mode:
        raise PathError(
            Code.OTHER_MODE, f"`{path}` exists only in {entry.mode.value} mode",
            f"read it `when: {entry.mode.value}`, or give it an `else`",
        )  # fmt: skip
    return next(iter(entry.outputs.values()))


def _refuse(entry: Entry, path: str) -> NoReturn:
    """Raises PathError or FollowOn for an entry that has no value of its own."""
    if entry.state is State.BROKEN:
        raise FollowOn
    if entry.state is State.CONTAINER:
        last = next(reversed([*entry.children]), "")
        raise PathError(
            Code.NO_VALUE, f"`{path}` is made by dotted names and has no value of its own",
            f"read its last child, `{path}.{last}`",
        )  # fmt: skip
    if entry.state is State.ABSENT:
        if entry.alias == NOT_FED:
            raise PathError(
                Code.ABSENT,
                f"nothing feeds the optional input `{path}` here",
                f"ask for it, `if: {path}`: only optional inputs, and lists such as that of `cat`, take what is absent",
            )
        raise PathError(Code.ABSENT, f"`{path}` was left out by its `if`", "give it an `else`, or the reader an `if`")
    assert entry.left is not None
    raise MissingElse(entry.left)


def _refuse_count(entry: Entry, path: str) -> NoReturn:
    """Raises PathError or FollowOn for an entry that has not one output."""
    if not entry.outputs and entry.alias == IN_LOOP:
        raise PathError(
            Code.NO_VALUE, f"`{path}` has a value of its own at each step of a loop over time, and none outside",
            "name it under the `outputs` of the loop's block, and under `collect`",
        )  # fmt: skip
    if entry.broken:
        raise FollowOn
    names = ", ".join(f"`{path}.{name}`" for name in entry.outputs)
    what = f"has several outputs: read {names}" if names else "has no output"
    raise PathError(Code.SEVERAL_OUTPUTS, f"`{path}` {what}")


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
