"""`scan`: a block that runs once for every step of a sequence, and passes values on to its next step.

Theory of operation. A loop over time is a cycle, and the graph has none: all that comes after relies on running order.
So the body stands in the graph once, as one step of many, and nodes of their own are where values come and go:

- `x[t]` (`ScanSlice`) is a step's slice of a sequence that the loop runs `over`;
- `h[t]` (`ScanCarry`) is a carried value as the step finds it. Its input is the start, which the first step finds;
- `y[:]` (`ScanStack`) is what was collected, with the dimension of the steps again;
- `h[-1]` (`ScanLast`) is the carried value at the end. It reads what the body made of `h`, and `h[t]`, to which that
  would go back: the only trace of the cycle.

Captured values need no node: each step sees the same. The body's ports are bound to these nodes' outputs, and then
it is elaborated as any other block. `scan_reading` turns what is written into `ScanParts`, every mistake told; `_Loop`
makes the nodes.

What holds throughout:

- The graph stays acyclic, and every rule about nodes (shapes, modes, memory, names) holds inside a loop too.
- What a step carries on has the type that it found: `ScanLast` refuses another.
- All sequences have as many steps. What a pattern of the body's ports asks of sizes is checked once, of what the loop
  is given (`_move_checks`), and not at each step.
- Only collected and last values leave: outside, paths into a loop reach modules and parameters, but no value of a step.
- `Scope.scan` marks the loop for later stages: counts are times the steps, the compiler writes a `for`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, final

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.substitution import parse_text
from archdsl.document.template import NodeTemplate
from archdsl.elaboration.frames import IN_LOOP, Entry, Frame, State, place_of
from archdsl.elaboration.mistakes import Reported
from archdsl.elaboration.placing import new_scope, own_mode, place_op
from archdsl.elaboration.scan_reading import ScanParts, ScanReader
from archdsl.elaboration.scopes import bind_let, bind_ports, instance, types_of
from archdsl.faults.code import Code
from archdsl.ir.graph import UNSURE, Scan, Scope, ScopeKind, SizeCheck, Value
from archdsl.ops.base import Op
from archdsl.ops.special import ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl.shapes import evaluate
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import quoted

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

COSTLY = 1_000_000
"""Operations in one pass from which on a loop is warned of: at some microseconds for each, seconds."""


def scan(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> Entry:
    """A loop over time. Raises Reported."""
    parts = ScanReader(run, template, frame).read()
    scope = new_scope(run, template, frame, name, ScopeKind.BLOCK)
    scope.env = parts.env
    scope.block, scope.arguments, scope.listed = parts.spec.name, parts.arguments, parts.spec.template.listed
    scope.definition = run.sites.of(parts.spec.template)
    scope.scan = Scan(parts.steps, parts.reverse)
    run.block_of[scope] = parts.spec
    return _Loop(run, template, frame, scope, parts).run_body()


@final
class _Loop:
    """The nodes of one loop."""

    def __init__(self, run: Elaborator, template: NodeTemplate, frame: Frame, scope: Scope, parts: ScanParts) -> None:
        self.run = run
        self.template = template
        self.outer = frame
        self.scope = scope
        self.parts = parts
        self.frame = Frame(scope, frame.env, None, Entry(), mode=frame.mode, repeats=frame.repeats * parts.steps)

    def run_body(self) -> Entry:
        parts, run, spec = self.parts, self.run, self.parts.spec
        first = len(run.nodes)
        inside = {port: self._slice(port, value) for port, value in parts.over.items()}
        inside |= {port: self._carry(port, value) for port, value in parts.carry.items()}
        inside |= parts.capture
        names = tuple(port.name for port in parts.ports)
        values = tuple(inside.get(name) for name in names)
        bind_ports(run, self.template, parts.ports, self.scope, values, names, self.outer)
        given = {**parts.over, **parts.carry, **parts.capture}
        self.scope.inputs = {name: given.get(name) for name in names}
        self._move_checks({value: port for port, value in inside.items()}, given)
        bind_let(run, spec, self.scope, types_of(inside))
        inner, last = instance(run, spec, self.scope, values, self.frame)
        if last.state is State.BROKEN:
            raise Reported(inside=True)
        entry = self._close(last, inside, inner.entries)
        self._warn_of_cost(len(run.nodes) - first)
        return entry

    def _warn_of_cost(self, nodes: int) -> None:
        """Tells of a loop that takes long: its steps run one after another."""
        steps = evaluate(self.frame.repeats, self.run.applier.sizes)
        if steps * nodes <= COSTLY:
            return
        self.run.mistakes.add(
            Code.COSTLY,
            f"{steps:,} steps of {nodes} nodes run one after another, {steps * nodes:,} operations in a pass",
            self.template.span, place=place_of(self.outer, self.template), severity=Severity.WARNING,
            hint="loop over fewer steps, such as whole chunks of the sequence; `torch.compile` would unroll them all",
        )  # fmt: skip

    def _move_checks(self, ports: Mapping[Value, str], given: Mapping[str, Value]) -> None:
        """What a step would check is checked once, of what the loop is given."""
        parts, moved = self.parts, []
        for value, position, size in self.scope.checks:
            source = given[ports[value]]
            dim = parts.dim % source.type.rank if ports[value] in parts.over else source.type.rank
            moved.append(SizeCheck(source, position + (position >= dim), size))
        for value in parts.over.values():
            dim = parts.dim % value.type.rank
            if value.type.shape[dim] != parts.steps:
                moved.append(SizeCheck(value, dim, parts.steps))
        self.scope.checks = moved

    def _close(self, last: Entry, inside: Mapping[str, Value], entries: Mapping[str, Entry]) -> Entry:
        """What a finished loop is to the frame that it stands in."""
        outputs: dict[str, Value] = {}
        for output, source in self.parts.collect.items():
            value = self._output(last, source, ("collect", output))
            outputs[output] = self._stack(output, value)
        for port in self.parts.carry:
            value = self._output(last, port, ("carry", port))
            outputs[port] = self._last(port, value, inside[port])
        self.scope.outputs = outputs
        mode = own_mode(self.outer)
        return Entry(dict(outputs), scope=self.scope, children=_modules(entries), mode=mode, named=True)

    def _output(self, last: Entry, name: str, where: tuple[str, ...]) -> Value:
        made = last.outputs
        if name in made:
            self._check_mode(made[name], name, where)
            return made[name]
        if not last.broken.isdisjoint((name, UNSURE)):
            raise Reported  # what makes it is broken
        carried = "what is carried on is the output of the same name: " if where[0] == "carry" else ""
        listed = f"{carried}name it under the block's `outputs`, which has {quoted(made) or 'none'}"
        self.run.mistakes.refuse(
            Code.UNKNOWN_OUTPUT, f"`{self.parts.spec.name}` has no output `{name}`",
            self.template.home.span((*self.template.path, *where)), place=place_of(self.outer, self.template),
            hint=did_you_mean(name, made) or listed,
        )  # fmt: skip

    def _check_mode(self, value: Value, name: str, where: tuple[str, ...]) -> None:
        """What leaves a step exists whenever the loop runs."""
        mode = value.node.when
        if mode is not None and mode is not self.outer.mode:
            self.run.mistakes.refuse(
                Code.OTHER_MODE, f"`{name}` of `{self.parts.spec.name}` exists only in {mode.value} mode",
                self.template.home.span((*self.template.path, *where)), place=place_of(self.outer, self.template),
                hint=f"give it an `else`, or the loop `when: {mode.value}`",
            )  # fmt: skip

    def _slice(self, port: str, value: Value) -> Value:
        op = self._op(ScanSlice, dim=self.parts.dim, reverse=self.parts.reverse)
        return self._place(f"{port}[t]", ("over", port), op, (value,), (port,))

    def _carry(self, port: str, value: Value) -> Value:
        return self._place(f"{port}[t]", ("carry", port), self._op(ScanCarry), (value,), (port,))

    def _stack(self, name: str, value: Value) -> Value:
        op = self._op(ScanStack, dim=self.parts.dim, steps=self.parts.steps, reverse=self.parts.reverse)
        return self._place(f"{name}[:]", ("collect", name), op, (value,), (name,))

    def _last(self, port: str, value: Value, carried: Value) -> Value:
        return self._place(f"{port}[-1]", ("carry", port), self._op(ScanLast), (value, carried), (f"{port} next", port))

    def _op(self, kind: type[Op], **fields: Any) -> Op:
        return self.run.applier.make(kind, fields)

    def _place(
        self, name: str, where: tuple[str, str], op: Op, values: tuple[Value, ...], names: tuple[str, ...]
    ) -> Value:
        """A node at the border of the loop, which comes from what is written there."""
        known = self.template.cache
        if name not in known:
            path = (*self.template.path, *where)
            known[name] = NodeTemplate(self.template.home, path, parse_text(name))
        entry = place_op(self.run, known[name], self.frame, name, op, values, names)
        return entry.outputs["output"]


def _modules(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """What is left of a loop's nodes outside of it: their modules and parameters, and no value."""
    return {
        name: Entry({}, e.state, e.node, e.scope, _modules(e.children), e.template, e.mode, e.alias or IN_LOOP)
        for name, e in entries.items()
    }
