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

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.splices import decided
from archdsl.document.template import LoopTemplate, NodeTemplate, Template
from archdsl.elaboration.applying import Applier
from archdsl.elaboration.arguments import make_op, unfolded
from archdsl.elaboration.blocks import BlockSpec
from archdsl.elaboration.catalogue import Catalogue
from archdsl.elaboration.entering import check_free, enter, slot, taken
from archdsl.elaboration.fields import OpName, evaluate_text, formula_text
from archdsl.elaboration.finish import finish
from archdsl.elaboration.foreseen import Foreseen
from archdsl.elaboration.formulas import bind_values, formula_reads
from archdsl.elaboration.frames import RENAMED, UNDECIDED, Entry, Frame, PathError, State, evaluate_here, place_of
from archdsl.elaboration.indices import Indices
from archdsl.elaboration.inputs import network_inputs
from archdsl.elaboration.instances import Instances
from archdsl.elaboration.left_out import left_out
from archdsl.elaboration.mistakes import Mistakes, Reported, Stopped, traced
from archdsl.elaboration.ordering import order_children
from archdsl.elaboration.own import own_names
from archdsl.elaboration.placing import place_op, read
from archdsl.elaboration.reading import declares, read_sources
from archdsl.elaboration.recursion import Open, unending
from archdsl.elaboration.scopes import block, features, inline, outputs
from archdsl.elaboration.sites import Sites
from archdsl.elaboration.sources import around
from archdsl.elaboration.splicing import Groups, loop, loop_notes
from archdsl.expressions import Expression, ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import UNSURE, Env, Graph, Mode, Node, Scope, ScopeKind, Value
from archdsl.limits import TooLarge, current
from archdsl.ops.base import Op, OpError, Port
from archdsl.ops.special import Add, Formula, sum_of
from archdsl.text.spelled import kind_of

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved


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
        self.foreseen = Foreseen(self.catalogue)
        self.nodes: list[Node] = []
        self.block_of: dict[Scope, BlockSpec] = {}
        """What the scopes of blocks are instances of."""
        self.blocks: list[Open] = []
        """The blocks that are being instantiated, outermost first."""
        self.spec_scopes: list[tuple[Scope, Resolved]] = []
        """The network, and the specs used as blocks in it."""
        self.applier = Applier({})
        self.indices = Indices({})
        self.instances = Instances()
        self.sites = Sites()
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
                self.mistakes.tell(error.fault, span)
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
        self.applier, self.indices = Applier(sample), Indices(sample)
        frame = Frame(root, env, None, Entry(state=State.BROKEN))
        frame.ports = {name: _input(node) for name, node in inputs.items()}
        frame.above = next(iter(frame.ports.values()), frame.above)
        frame.unsure = UNSURE in inputs or self.resolved.misses_within("patch")
        self.body(network.template.body, frame)
        order_children(self, network.template.order, network.template, frame)
        root.outputs = outputs(self, network, frame).outputs
        root.features = features(self, network, frame)
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
        outer, groups = frame.absent, None
        try:
            for position, template in enumerate(body):
                frame.later[-1] = body, 0 if again else position + 1
                if template.groups and outer is None:
                    groups = groups or Groups(self, frame)
                    frame.absent = groups.absent(template)
                else:
                    frame.absent = outer
                if isinstance(template, LoopTemplate):
                    loop(self, template, frame)
                elif isinstance(template, NodeTemplate):
                    self._guarded(template, frame)
        except TooLarge as error:
            error, notes = unending(self.blocks, error)
            self.mistakes.too_large(error, template, place_of(frame, template), (*loop_notes(self), *notes))
        frame.absent = outer
        frame.later.pop()

    def _guarded(self, template: NodeTemplate, frame: Frame) -> None:
        """Elaborates a node; one that cannot be made is looked at again, and its readers stay silent."""
        try:
            self._node(template, frame)
        except Reported as reported:
            from archdsl.elaboration.second_look import look_again  # only where something is wrong

            look_again(self, template, frame, reported.inside)
            self._break(template, frame)

    def _break(self, template: NodeTemplate, frame: Frame) -> None:
        """A broken entry under the node's name, so that its readers stay silent."""
        entry = Entry(state=State.BROKEN, template=template)
        if not declares(template):
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
        if taken(frame, name) is None:
            entries, last = slot(frame, name)
            entries[last] = entry

    def _node(self, template: NodeTemplate, frame: Frame) -> None:
        if template.broken or frame.absent is UNDECIDED:
            raise Reported
        kept = frame.absent is None
        if kept and template.condition is not None:
            kept = self._condition(template, template.condition, frame)
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
        check_free(self, template, frame, name)
        make = self._made if template.when is None else self._in_mode
        with own_names(self, template, frame):
            entry = make(template, frame, name, operation)
        entry.template = template
        enter(template, frame, name, entry)

    def _condition(self, template: NodeTemplate, condition: Expression, frame: Frame) -> bool:
        with self.mistakes.at(template, frame, template.condition_path):
            return decided(condition, lambda expression: evaluate_here(expression, frame))

    def _in_mode(self, template: NodeTemplate, frame: Frame, name: str, operation: Any) -> Entry:
        from archdsl.elaboration.modes import by_mode

        mode = Mode(template.when)
        if frame.mode not in (None, mode):
            self.mistakes.refuse(
                Code.OTHER_MODE, f"this never runs: it is for {mode.value}, inside of what is for {frame.mode.value}",
                template.home.span((*template.path, "when")), place=place_of(frame, template), hint="remove one `when`",
            )  # fmt: skip
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
            from archdsl.elaboration.modes import shared

            return shared(self, template, frame, name)
        return self._pass_on(template, frame)

    def _name(self, template: NodeTemplate, frame: Frame) -> str:
        if template.name is None:
            return str(frame.count)
        if (literal := template.name.literal) is not None:
            return literal
        with self.mistakes.at(template, frame):
            return str(evaluate_text(template.name, frame.env))

    def _leave_out(self, template: NodeTemplate, frame: Frame, name: str) -> None:
        with self.mistakes.at(template, frame):
            entry = left_out(self, template, frame, name)
        named = entry
        if template.name is not None:
            entries, last = slot(frame, name)
            named = entries.setdefault(last, entry)
        if entry.state is not State.ABSENT and template.when is None:
            # another group may have given its name to a node that is there
            frame.above = entry if frame.absent is None else named

    def _pass_on(self, template: NodeTemplate, frame: Frame) -> Entry:
        with self.mistakes.at(template, frame, template.source.path if template.source else None):
            entry = read_sources(template, frame, (Port("input"),)).entries[0]
        assert entry is not None
        if template.otherwise is None or template.when is None:  # a choice by mode is a node
            self.renamed.setdefault(template, place_of(frame, template))
        return Entry(
            entry.outputs, entry.state, entry.node, entry.scope, entry.children, template, entry.mode, RENAMED,
            entry.named, entry.left, entry.of,
        )  # fmt: skip

    def _formula(self, template: NodeTemplate, frame: Frame, name: str) -> Entry:
        assert template.formula is not None
        known = template.cache.get("formula")
        if known is not None and (values := _same_reads(known[1], frame)) is not None:
            return place_op(self, template, frame, name, known[0], values, known[1])
        with self.mistakes.at(template, frame, template.formula_path):
            formula = formula_text(template.formula, around(frame.env))
            try:
                expression, tensors, values = formula_reads(formula.text, frame)
                if len(tensors) == 1 and formula.text.strip() == tensors[0]:
                    return Entry({"output": values[0]}, alias=RENAMED)
                places = {path: i for i, path in enumerate(tensors)}
                tree = bind_values(expression, places, frame.env, self.applier.sizes)
            except ExpressionError as error:
                error.move(*formula.written(error.start, error.end))
                raise
            except PathError as error:
                if (offsets := error.fault.place.offsets) is not None:
                    error.move(*formula.written(*offsets))
                raise
        template.fields["value"] = expression
        op = self.applier.intern(Formula(expression=tree))
        if expression.names == set(tensors) and "." not in formula.text and template.formula.literal is not None:
            template.cache["formula"] = op, tensors
        return place_op(self, template, frame, name, op, values, tensors)

    def _operation(self, template: NodeTemplate, frame: Frame, name: str, operation: Any) -> Entry:
        written = operation
        operation, extra = unfolded(written) if isinstance(written, dict) else (written, {})
        if not isinstance(operation, str):
            nameless = operation is None and written is not None
            found_kind = f"{kind_of(written)} without `op`" if nameless else kind_of(operation)
            self.mistakes.refuse(
                Code.WRONG_TYPE, f"`op` is the name of an op or block, found {found_kind}",
                template.home.span(template.op_path or template.path), place=place_of(frame, template),
                notes=traced(template.op, frame.env).notes,
            )  # fmt: skip
        if self.catalogue.is_scan(operation, template.home):
            from archdsl.elaboration.scan import scan

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
        if kind is Add:
            return self._sum(template, frame, name, values, reading.names)
        return place_op(self, template, frame, name, op, values, reading.names)

    def _sum(
        self, template: NodeTemplate, frame: Frame, name: str, values: tuple[Value | None, ...], names: tuple[str, ...]
    ) -> Entry:
        """`add` as the formula that it is."""
        if len(values) == 1 and values[0] is not None:
            return Entry({"output": values[0]}, alias=RENAMED)
        numbers = {value: place for place, value in enumerate(dict.fromkeys(values))}
        try:
            op = self.applier.intern(sum_of([numbers[value] for value in values]))
        except OpError as error:
            self.mistakes.op(template, error, place_of(frame, template), ())
            raise Reported from None
        told = dict(zip(values, names, strict=False))
        return place_op(self, template, frame, name, op, tuple(numbers), tuple(told[value] for value in numbers))


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
