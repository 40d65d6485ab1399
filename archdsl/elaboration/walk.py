"""The walk through a document's nodes, in the order in which they are written.

Theory of operation. A *frame* is a scope while its nodes run through here. Each node leaves an
*entry* in its frame: the values that a path to it gives, and what a path can reach inside it. A block
gets a frame of its own that sees only its ports; a nested list or mapping gets one that sees the
enclosing frames. Whatever is wrong is reported once and leaves a broken entry, so that what reads it
stays silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, final

from archdsl.diagnostics import Diagnostic, FollowOn, Note
from archdsl.document import kind_of
from archdsl.elaboration.applying import Applier
from archdsl.elaboration.arguments import make_op, unfolded
from archdsl.elaboration.blocks import BlockSpec
from archdsl.elaboration.catalogue import Catalogue
from archdsl.elaboration.fields import OpName, evaluate_text, formula_text
from archdsl.elaboration.finish import finish
from archdsl.elaboration.formulas import bind_values, formula_reads
from archdsl.elaboration.frames import Entry, Frame, PathError, State, evaluate_here, place_of
from archdsl.elaboration.inputs import network_inputs
from archdsl.elaboration.instances import Instances
from archdsl.elaboration.left_out import left_out
from archdsl.elaboration.mistakes import Mistakes, Reported, Stopped, traced
from archdsl.elaboration.modes import by_mode, shared
from archdsl.elaboration.names import check_name
from archdsl.elaboration.placing import bad_name, place_op, read
from archdsl.elaboration.reading import DECLARATIONS, read_sources
from archdsl.elaboration.scan import NAME as SCAN
from archdsl.elaboration.scan import scan
from archdsl.elaboration.scopes import block, inline, outputs
from archdsl.elaboration.sources import Turn
from archdsl.expressions import Expression, ExpressionError
from archdsl.graph import UNSURE, Binding, Env, Graph, LoopStep, Mode, Node, Scope, ScopeKind, Value
from archdsl.limits import TooLarge, current
from archdsl.ops.base import Op, Port
from archdsl.ops.special import Constant, Formula, Parameter
from archdsl.shapes import Symbolic
from archdsl.template import LoopTemplate, NodeTemplate, Template, TemplateError

if TYPE_CHECKING:
    from archdsl.inherit import Resolved


@final
class Elaborator:
    """The state of one elaboration."""

    def __init__(self, resolved: Resolved, sizes: Mapping[str, int]) -> None:
        self.resolved = resolved
        self.sizes = dict(sizes)
        self.mistakes = Mistakes()
        self.budget = current()
        self.turning: list[tuple[LoopTemplate, int]] = []
        """The `for` keys around, outermost first, each with how many turns it takes."""
        self.catalogue = Catalogue(self.mistakes)
        self.nodes: list[Node] = []
        self.block_of: dict[Scope, BlockSpec] = {}
        """What the scopes of blocks are instances of."""
        self.blocks: list[BlockSpec] = []
        """The blocks that are being instantiated, outermost first."""
        self.spec_scopes: list[tuple[Scope, Resolved]] = []
        """The network, and the specs used as blocks in it."""
        self.applier = Applier({})
        self.instances = Instances()
        self.seen: set[BlockSpec] = set()
        """The blocks whose bodies have run."""
        self.looks: Counter[int] = Counter()
        """How often each template has been looked at again."""
        self.looked: set[Any] = set()
        """The bodies of blocks that have been looked at with unknown inputs."""
        self.renamed: dict[Template, str] = {}
        """The nodes that only give their input another name, each with its first place in the network."""

    def run(self) -> tuple[Graph | None, list[Diagnostic]]:
        """The graph, or None, and every diagnostic."""
        try:
            return self._network()
        except TooLarge as error:
            span = error.span or self.resolved.span(())
            with suppress(Stopped):
                self.mistakes.add("too-large", error.message, span, hint=error.hint)
        except Stopped:
            pass
        return None, self.mistakes.diagnostics

    def _network(self) -> tuple[Graph | None, list[Diagnostic]]:
        network = self.catalogue.network(self.resolved)
        if network is None:
            return None, self.mistakes.diagnostics
        env = Env({}, self.catalogue.file_env(self.resolved))
        root = Scope("", "", None, None, env, kind=ScopeKind.NETWORK, listed=network.template.listed)
        self.spec_scopes.append((root, self.resolved))
        inputs, sample = network_inputs(self.resolved, root, self.sizes, self.mistakes)
        self.applier = Applier(sample)
        frame = Frame(root, env, None, Entry(state=State.BROKEN))
        frame.ports = {name: _input(node) for name, node in inputs.items()}
        frame.above = next(iter(frame.ports.values()), frame.above)
        frame.unsure = UNSURE in inputs
        self.body(network.template.body, frame)
        root.outputs = outputs(self, network, frame)
        self._look_at(self.catalogue.unused(self.resolved, self.seen))
        graph = finish(self, frame, {n: node for n, node in inputs.items() if node is not None}, sample)
        return graph, self.mistakes.diagnostics

    def _look_at(self, unused: Iterator[BlockSpec]) -> None:
        """Looks at blocks that the network does not use, where there are some."""
        for spec in unused:
            from archdsl.elaboration.second_look import look_at_unused

            look_at_unused(self, spec)

    def body(self, body: tuple[Template, ...], frame: Frame, again: bool = False) -> None:
        """Elaborates nodes into a frame; `again` says that a loop comes back to them."""
        frame.later.append((body, 0))
        try:
            for position, template in enumerate(body):
                frame.later[-1] = body, 0 if again else position + 1
                if isinstance(template, LoopTemplate):
                    self._loop(template, frame)
                elif isinstance(template, NodeTemplate):
                    try:
                        self._node(template, frame)
                    except Reported as reported:
                        from archdsl.elaboration.second_look import look_again  # only where something is wrong

                        look_again(self, template, frame, reported.inside)
                        self._break(template, frame)
        except TooLarge as error:
            self.mistakes.too_large(error, template, place_of(frame, template), self._loops())
        frame.later.pop()

    def _loops(self) -> tuple[Note, ...]:
        """The `for` keys around, for a message."""
        return tuple(
            Note(template.text.strip(), f"{turns:,} turns", f"line {template.home.key_span(template.path).line}")
            for template, turns in self.turning
        )

    def _loop(self, template: LoopTemplate, frame: Frame) -> None:
        if template.iterable is None:
            self._unknown_turn(template, frame)
            return
        try:
            with self.mistakes.at(template, frame):
                turns = self._turns(template, template.iterable, frame)
        except Reported:
            self._unknown_turn(template, frame)
            return
        if not turns:
            from archdsl.elaboration.empty_loops import check_empty

            check_empty(template, frame, self.mistakes)
        self.budget.spend("expansions", len(turns) * (1 + len(template.body)))
        env, loops = frame.env, frame.loops
        self.turning.append((template, len(turns)))
        for index, turn in enumerate(turns):
            names = {n: Binding(v, "loop") for n, v in zip(template.targets, turn, strict=True)}
            frame.env = Env(names, env, Turn(template, index))
            frame.loops = (*loops, LoopStep(id(template), index, frame.env))
            self.body(template.body, frame, index + 1 < len(turns))
        self.turning.pop()
        frame.env, frame.loops = env, loops

    def _unknown_turn(self, template: LoopTemplate, frame: Frame) -> None:
        """One turn of a loop of which nobody knows what it runs over."""
        frame.maybe.append(template)
        env, frame.env = frame.env, Env({name: Binding(None, "broken") for name in template.targets}, frame.env)
        self.body(template.body, frame)
        frame.env = env

    def _turns(self, template: LoopTemplate, iterable: Expression, frame: Frame) -> list[tuple[Any, ...]]:
        for name in template.targets:
            found = frame.env.find(name)
            if found is not None and found.kind == "loop":
                raise TemplateError(
                    "bad-for",
                    f"`{name}` is a loop variable already",
                    template.path,
                    key=True,
                    hint="call this one otherwise",
                )
        try:
            turns: list[tuple[Any, ...]] = evaluate_here(iterable, frame)
        except ExpressionError as error:
            if error.unknown is not None and frame.env.may_miss(error.unknown):
                raise FollowOn from None
            # The key's own text begins after the brackets that make a list of it.
            if "known only at run time" in error.message:
                error.hint = "`for` is decided when the graph is built: make the size a parameter of the file"
            shift = len(f"[({', '.join(template.targets)},) ")
            offsets = max(error.start - shift, 0), max(error.end - shift, 1)
            located = TemplateError(
                error.code, error.message, template.path, hint=error.hint, key=True, offsets=offsets
            )
            located.tree, located.unknown = error.tree, error.unknown
            raise located from None
        return turns

    def _break(self, template: NodeTemplate, frame: Frame) -> None:
        """A broken entry under the node's name, so that its readers stay silent."""
        entry = Entry(state=State.BROKEN, template=template)
        if template.op is None or template.op.literal not in DECLARATIONS:
            frame.above = entry
        if template.name is None:
            frame.entries[str(frame.count)] = entry
            frame.count += 1
            return
        if template.broken and template.name.literal is None and not any(p.expression for p in template.name.parts):
            frame.unsure = True
            return
        try:
            name = str(evaluate_text(template.name, frame.env))
        except (ExpressionError, FollowOn):
            frame.maybe.append(template)
            return
        if _taken(frame, name) is None:
            entries, last = _place(frame, name)
            entries[last] = entry

    def _node(self, template: NodeTemplate, frame: Frame) -> None:
        if template.broken:
            raise Reported
        kept = template.condition is None or self._condition(template, template.condition, frame)
        operation: Any = None
        if kept and template.op is not None:
            operation = template.op.literal
            if operation is None:
                with self.mistakes.at(template, frame, template.op_path):
                    operation = evaluate_text(template.op, frame.env)
                kept = operation is not None
        name = self._name(template, frame)
        if not kept:
            self._leave_out(template, frame, name)
            return
        self._check_free(template, frame, name)
        make = self._made if template.when is None else self._in_mode
        entry = make(template, frame, name, operation)
        entry.template = template
        _enter(template, frame, name, entry)

    def _condition(self, template: NodeTemplate, condition: Expression, frame: Frame) -> bool:
        with self.mistakes.at(template, frame, template.condition_path):
            try:
                value = evaluate_here(condition, frame)
            except ExpressionError as error:
                if "known only at run time" in error.message:
                    error.hint = "`if` is decided when the graph is built: make the size a parameter of the file"
                raise
            if isinstance(value, Symbolic):
                raise ExpressionError(
                    f"`if` is decided when the graph is built, and {value} is known only at run time",
                    0, len(condition.text), "make the size a parameter of the file",
                )  # fmt: skip
        return bool(value)

    def _in_mode(self, template: NodeTemplate, frame: Frame, name: str, operation: Any) -> Entry:
        mode = Mode(template.when)
        if frame.mode not in (None, mode):
            self.mistakes.add(
                "other-mode", f"this never runs: it is for {mode.value}, inside of what is for {frame.mode.value}",
                template.home.span((*template.path, "when")), place=place_of(frame, template), hint="remove one `when`",
            )  # fmt: skip
            raise Reported
        outer, frame.mode = frame.mode, mode
        try:
            entry = self._made(template, frame, name, operation)
        finally:
            frame.mode = outer
        return by_mode(self, template, frame, name, entry, mode)

    def _made(self, template: NodeTemplate, frame: Frame, name: str, operation: Any) -> Entry:
        if template.formula is not None:
            return self._formula(template, frame, name)
        if template.body is not None:
            return inline(self, template, frame, name)
        if template.op is not None:
            return self._operation(template, frame, name, operation)
        if template.share is not None:
            return shared(self, template, frame, name)
        return self._pass_on(template, frame)

    def _name(self, template: NodeTemplate, frame: Frame) -> str:
        if template.name is None:
            return str(frame.count)
        if (literal := template.name.literal) is not None:
            return literal
        with self.mistakes.at(template, frame):
            return str(evaluate_text(template.name, frame.env))

    def _check_free(self, template: NodeTemplate, frame: Frame, name: str) -> None:
        problem = None if template.name is None else check_name(name)
        if problem is not None:
            bad_name(self, template, frame, problem)
        taken = _taken(frame, name)
        if taken is None:
            return
        said, entry = taken
        where = f"the first is in line {entry.template.span.line}" if entry.template else "the first is above"
        span = template.home.key_span(template.path) if template.name else template.span
        self.mistakes.add(
            "duplicate-name", f"a second node `{said}`; {where}", span, place=place_of(frame, template),
            hint="names in one scope differ; in a `for`, put the loop variable into the name: `block$i`",
        )  # fmt: skip
        raise Reported

    def _leave_out(self, template: NodeTemplate, frame: Frame, name: str) -> None:
        with self.mistakes.at(template, frame):
            entry = left_out(self, template, frame, name)
        if entry.state is not State.ABSENT and template.when is None:
            frame.above = entry
        if template.name is not None:
            entries, last = _place(frame, name)
            entries.setdefault(last, entry)

    def _pass_on(self, template: NodeTemplate, frame: Frame) -> Entry:
        with self.mistakes.at(template, frame, template.source.path if template.source else None):
            entry = read_sources(template, frame, (Port("input"),)).entries[0]
        assert entry is not None
        if template.otherwise is None or template.when is None:  # a choice by mode is a node
            self.renamed.setdefault(template, place_of(frame, template))
        return Entry(
            entry.outputs, entry.state, entry.node, None, entry.children, template, entry.mode, "names its input",
            entry.named, entry.left,
        )  # fmt: skip

    def _formula(self, template: NodeTemplate, frame: Frame, name: str) -> Entry:
        assert template.formula is not None
        known = template.cache.get("formula")
        if known is not None and (values := _same_reads(known[1], frame)) is not None:
            return place_op(self, template, frame, name, known[0], values, known[1])
        with self.mistakes.at(template, frame, template.formula_path):
            formula = formula_text(template.formula, frame.env)
            try:
                expression, tensors, values = formula_reads(formula.text, frame)
                if len(tensors) == 1 and formula.text.strip() == tensors[0]:
                    return Entry({"output": values[0]}, alias="names its input")
                places = {path: i for i, path in enumerate(tensors)}
                tree = bind_values(expression, places, frame.env, self.applier.sizes)
            except ExpressionError as error:
                error.start, error.end = formula.written(error.start, error.end)
                raise
            except PathError as error:
                error.offsets = formula.written(*error.offsets) if error.offsets else None
                raise
        template.fields["value"] = expression
        op = self.applier.intern(Formula(expression=tree))
        if expression.names == set(tensors) and "." not in formula.text and template.formula.literal is not None:
            template.cache["formula"] = op, tensors
        return place_op(self, template, frame, name, op, values, tensors)

    def _operation(self, template: NodeTemplate, frame: Frame, name: str, operation: Any) -> Entry:
        extra: dict[str, Any] = {}
        if isinstance(operation, dict):
            operation, extra = unfolded(operation)
        if not isinstance(operation, str):
            self.mistakes.add(
                "wrong-type", f"`op` is the name of an op or block, found {kind_of(operation)}",
                template.home.span(template.op_path or template.path), place=place_of(frame, template),
                notes=traced(template.op, frame.env).notes,
            )  # fmt: skip
            raise Reported
        if operation == SCAN and not self.catalogue.sees_block(template.home, SCAN):
            return scan(self, template, frame, name)
        home = operation.home if isinstance(operation, OpName) else template.home
        found = self.catalogue.find(operation, template, frame, home)
        if isinstance(found, BlockSpec):
            return block(self, template, frame, name, found, extra)
        return self._op(template, frame, name, found, extra)

    def _op(self, template: NodeTemplate, frame: Frame, name: str, kind: type[Op], extra: Mapping[str, Any]) -> Entry:
        op = make_op(self, template, frame, kind, extra)
        with self.mistakes.at(template, frame, template.source.path if template.source else None):
            reading = read_sources(template, frame, kind.ports)
            values = reading.values(frame.mode)
        return place_op(self, template, frame, name, op, values, reading.names)


def _input(node: Node | None) -> Entry:
    if node is None:
        return Entry(state=State.BROKEN)
    return Entry({"output": Value(node, 0, node.types[0])}, node=node)


def _same_reads(paths: tuple[str, ...], frame: Frame) -> tuple[Value, ...] | None:
    """What a formula of node names alone reads in another instance; None where it must be read anew."""
    try:
        return tuple(read(frame, path) for path in paths)
    except (PathError, FollowOn):
        return None


def _taken(frame: Frame, name: str) -> tuple[str, Entry] | None:
    """The part of a new node's name that another node has, and that node."""
    entries = frame.entries
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
        return getattr(entry.template, "condition", None) is not None
    return entry.state in (State.ABSENT, State.AMBIGUOUS) or (entry.alias or "").startswith("left out")


def _place(frame: Frame, name: str) -> tuple[dict[str, Entry], str]:
    """The entries that a node's dotted name goes into, containers made on first use, and its last part."""
    entries = frame.entries
    *containers, last = name.split(".")
    for part in containers:
        found = entries.get(part)
        if found is None or found.state is not State.CONTAINER:
            found = entries[part] = Entry(state=State.CONTAINER)
        entries = found.children
    return entries, last


def _enter(template: NodeTemplate, frame: Frame, name: str, entry: Entry) -> None:
    """Puts an entry under its name, and makes it the node above."""
    entries, last = _place(frame, name)
    entries[last] = entry
    if template.name is None:
        frame.count += 1
    declares = entry.node is not None and isinstance(entry.node.op, Parameter | Constant)
    if not declares and entry.mode is None:
        frame.above = entry
