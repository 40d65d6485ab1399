"""`scan`: a block that runs once for every step of a sequence, and passes values on to its next step.

The body stands in the graph once. Nodes of their own are where values come and go: `x[t]` is a step's slice
of a sequence, `h[t]` a carried value, `y[:]` what was collected, and `h[-1]` the carried value at the end.
So the graph stays acyclic, and every rule about nodes holds inside a loop too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

from archdsl.diagnostics import Note, Severity, nearest
from archdsl.document import kind_of
from archdsl.elaboration.arguments import block_arguments, unfolded
from archdsl.elaboration.blocks import BlockSpec, PortSpec
from archdsl.elaboration.fields import OpName, evaluate_text, prepare
from archdsl.elaboration.frames import IN_LOOP, Entry, Frame, PathError, State, evaluate_here, place_of
from archdsl.elaboration.mistakes import Reported
from archdsl.elaboration.names import check_name
from archdsl.elaboration.placing import new_scope, origins, own_mode, place_op, read
from archdsl.elaboration.scopes import bind_let, bind_ports, check_recursion, instance, ports_in, types_of
from archdsl.elaboration.sources import Use
from archdsl.graph import Binding, Env, Scan, Scope, ScopeKind, SizeCheck, Value
from archdsl.ops.base import Op
from archdsl.ops.special import ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl.shapes import Dim, Symbolic, differ, evaluate
from archdsl.substitution import parse_text
from archdsl.template import NodeTemplate, Written

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

NAME = "scan"
FIELDS = ("body", "dim", "steps", "reverse", "over", "carry", "capture", "collect")
_PORTS = ("over", "carry", "capture")
COSTLY = 1_000_000
"""Operations in one pass from which on a loop is warned of: at some microseconds for each, seconds."""


class _Parts(NamedTuple):
    """What is written, evaluated."""

    spec: BlockSpec
    arguments: dict[str, Any]
    env: Env
    ports: tuple[PortSpec, ...]
    dim: int
    reverse: bool
    over: dict[str, Value]
    carry: dict[str, Value]
    capture: dict[str, Value]
    steps: Dim
    collect: dict[str, str]


def scan(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> Entry:
    """A loop over time. Raises Reported."""
    parts = _Reader(run, template, frame).read()
    scope = new_scope(run, template, frame, name, ScopeKind.BLOCK)
    scope.env = parts.env
    scope.block, scope.arguments, scope.listed = parts.spec.name, parts.arguments, parts.spec.template.listed
    scope.scan = Scan(parts.steps, parts.reverse)
    run.block_of[scope] = parts.spec
    return _Loop(run, template, frame, scope, parts).run_body()


@final
class _Loop:
    """The nodes of one loop."""

    def __init__(self, run: Elaborator, template: NodeTemplate, frame: Frame, scope: Scope, parts: _Parts) -> None:
        self.run = run
        self.template = template
        self.outer = frame
        self.scope = scope
        self.parts = parts
        self.frame = Frame(scope, frame.env, None, Entry(), mode=frame.mode, repeats=frame.repeats * parts.steps)
        self.told = run.mistakes.count

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
            "costly", f"{steps:,} steps of {nodes} nodes run one after another, {steps * nodes:,} operations in a pass",
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
        made = last.outputs
        outputs: dict[str, Value] = {}
        for output, source in self.parts.collect.items():
            value = self._output(made, source, ("collect", output))
            outputs[output] = self._stack(output, value)
        for port in self.parts.carry:
            value = self._output(made, port, ("carry", port))
            outputs[port] = self._last(port, value, inside[port])
        self.scope.outputs = outputs
        mode = own_mode(self.outer)
        return Entry(dict(outputs), scope=self.scope, children=_modules(entries), mode=mode, named=True)

    def _output(self, made: Mapping[str, Value], name: str, where: tuple[str, ...]) -> Value:
        if name in made:
            self._check_mode(made[name], name, where)
            return made[name]
        if self.run.mistakes.count > self.told:
            raise Reported  # what makes it is broken
        home, near = self.template.home, nearest(name, made)
        carried = "what is carried on is the output of the same name: " if where[0] == "carry" else ""
        listed = ", ".join(f"`{output}`" for output in made) or "none"
        self.run.mistakes.add(
            "unknown-output", f"`{self.parts.spec.name}` has no output `{name}`",
            home.span((*self.template.path, *where)), place=place_of(self.outer, self.template),
            hint=f"did you mean `{near}`?"
            if near
            else f"{carried}name it under the block's `outputs`, which has {listed}",
        )  # fmt: skip
        raise Reported

    def _check_mode(self, value: Value, name: str, where: tuple[str, ...]) -> None:
        """What leaves a step exists whenever the loop runs."""
        mode = value.node.when
        if mode is not None and mode is not self.outer.mode:
            self.run.mistakes.add(
                "other-mode", f"`{name}` of `{self.parts.spec.name}` exists only in {mode.value} mode",
                self.template.home.span((*self.template.path, *where)), place=place_of(self.outer, self.template),
                hint=f"give it an `else`, or the loop `when: {mode.value}`",
            )  # fmt: skip
            raise Reported

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


@final
class _Reader:
    """Reads what is written, every mistake told before Reported is raised."""

    def __init__(self, run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
        self.run = run
        self.template = template
        self.frame = frame

    def read(self) -> _Parts:
        self._check_keys()
        spec, arguments = self._body()
        outer = self.run.catalogue.outer_env(spec, self.frame.scope)
        names = {n: Binding(v, "param") for n, v in arguments.items()}
        env = Env(names, outer, Use(self.template, spec.template, self.frame.env))
        declared = ports_in(self.run, spec, env, self.frame)
        values = {key: self._values(key) for key in _PORTS}
        self._check_ports(spec, declared, values)
        dim, reverse = self._number("dim", 0), self._value("reverse", False)
        if not isinstance(reverse, bool):
            self._fail("bad-value", f"`reverse` is `true` or `false`, found {kind_of(reverse)}", "reverse")
        steps = self._steps(values["over"], dim)
        if not values["carry"]:
            self._check_use(values["over"])
        return _Parts(spec, arguments, env, declared, dim, reverse, **values, steps=steps, collect=self._collect())

    # --- the mistakes -----------------------------------------------------------------------------

    def _fail(
        self, code: str, message: str, *where: str, hint: str | None = None, key: bool = False,
        notes: tuple[Note, ...] = (),
    ) -> NoReturn:  # fmt: skip
        home, path = self.template.home, (*self.template.path, *where)
        span = home.key_span(path) if key else home.span(path)
        self.run.mistakes.add(code, message, span, place=place_of(self.frame, self.template), hint=hint, notes=notes)
        raise Reported

    def _check_keys(self) -> None:
        for key in self.template.written:
            if key not in FIELDS:
                near = nearest(key, FIELDS)
                hint = f"did you mean `{near}`?" if near else f"it takes {', '.join(f'`{one}`' for one in FIELDS)}"
                self._fail("unknown-field", f"`scan` has no field `{key}`", key, hint=hint, key=True)
        ports = "say what is read with `over`, `carry` and `capture`"
        for code, key, given, hint in (
            ("bad-node", "from", self.template.source, ports),
            ("bad-tie", "tie", self.template.tie, "say it in the body"),
            ("bad-init", "init", self.template.init, "say it in the body"),
        ):
            if given:
                self._fail(code, f"`scan` takes no `{key}`", key, key=True, hint=hint)
        if "body" not in self.template.written:
            self._fail("missing-field", "`scan` needs `body`", hint="add `body: …`, the block that runs at each step")

    def _check_use(self, over: Mapping[str, Value]) -> None:
        """Without a carried value the steps must differ, and something be collected."""
        if not over:
            message = "`scan` takes `steps` with `carry`: with neither `over` nor `carry` all steps are the same"
            self._fail("bad-node", message, hint="carry what a step passes on to the next: `carry: {h: start}`")
        if not self._mapping("collect"):
            message = "`scan` gives nothing: it has neither `carry` nor `collect`"
            self._fail("bad-node", message, hint="`collect: {y: …}` stacks an output of every step")

    def _check_ports(
        self, spec: BlockSpec, declared: tuple[PortSpec, ...], values: Mapping[str, Mapping[str, Value]]
    ) -> None:
        ports = {port.name: port for port in declared}
        seen: dict[str, str] = {}
        for key, given in values.items():
            for name in given:
                self._check_port(spec, ports, key, name, seen)
                seen[name] = key
        for port in declared:
            if port.name not in seen and not port.optional:
                self._fail(
                    "missing-input", f"nothing feeds `{port.name}` of `{spec.name}`",
                    hint="name it under `over`, `carry` or `capture`",
                )  # fmt: skip

    def _check_port(
        self, spec: BlockSpec, ports: Mapping[str, PortSpec], key: str, name: str, seen: Mapping[str, str]
    ) -> None:
        if name not in ports:
            near = nearest(name, ports)
            listed = ", ".join(f"`{port}`" for port in ports)
            hint = f"did you mean `{near}`?" if near else f"it has {listed}"
            self._fail("unknown-port", f"`{spec.name}` has no input `{name}`", key, name, hint=hint, key=True)
        if name in seen:
            message = f"`{name}` is fed by `{seen[name]}` and by `{key}`"
            self._fail("duplicate-name", message, key, name, hint="remove one", key=True)

    # --- the parts --------------------------------------------------------------------------------

    def _body(self) -> tuple[BlockSpec, dict[str, Any]]:
        written = self.template.written["body"]
        inner = self.template.cache.get("body")
        if inner is None:
            inner = self.template.cache["body"] = self._body_template(written)
        assert isinstance(inner, NodeTemplate) and inner.op is not None
        with self.run.mistakes.at(inner, self.frame, inner.op_path):
            operation = evaluate_text(inner.op, self.frame.env)
        extra: dict[str, Any] = {}
        if isinstance(operation, dict):
            operation, extra = unfolded(operation)
        if not isinstance(operation, str):
            self._fail("wrong-type", f"`body` is the name of a block, found {kind_of(operation)}", "body")
        home = operation.home if isinstance(operation, OpName) else inner.home
        found = self.run.catalogue.find(operation, inner, self.frame, home)
        if not isinstance(found, BlockSpec):
            self._fail(
                "bad-value", f"`body` names a block, and `{operation}` is an op", "body", hint="put the op into a block"
            )
        check_recursion(self.run, inner, self.frame, found)
        return found, block_arguments(self.run, inner, self.frame, found, extra)

    def _body_template(self, written: Written) -> NodeTemplate:
        """The block with its arguments, as a node of its own would say them."""
        raw, path, home = written.value, written.path, self.template.home
        inner = NodeTemplate(home, path, self.template.name)
        if isinstance(raw, Mapping):
            inner.written = {key: Written(value, (*path, key)) for key, value in raw.items() if key != "op"}
            raw, path = raw.get("op"), (*path, "op")
        if not isinstance(raw, str):
            self._fail("wrong-type", f"`body` is the name of a block, found {kind_of(raw)}", "body")
        with self.run.mistakes.at(self.template, self.frame, path):
            inner.op, inner.op_path = parse_text(raw), path
        return inner

    def _mapping(self, key: str) -> dict[str, Any]:
        written = self.template.written.get(key)
        if written is None:
            return {}
        raw = written.value
        if isinstance(raw, str) and "$" in raw:
            with self.run.mistakes.at(self.template, self.frame, written.path):
                raw = evaluate_text(parse_text(raw), self.frame.env)
        if not isinstance(raw, Mapping):
            self._fail(
                "wrong-type", f"`{key}` is a mapping, found {kind_of(raw)}", key, hint=f"write `{key}: {{x: …}}`"
            )
        return dict(raw)

    def _values(self, key: str) -> dict[str, Value]:
        """The tensors of one of the mappings, by port."""
        found: dict[str, Value] = {}
        for port, raw in self._mapping(key).items():
            path = (*self.template.path, key, port)
            with self.run.mistakes.at(self.template, self.frame, path):
                if raw is None or isinstance(raw, list | dict | bool | float):
                    raise PathError("wrong-type", f"expected the path of a node, found {kind_of(raw)}")
                found[port] = read(self.frame, str(evaluate_text(parse_text(str(raw)), self.frame.env)))
        return found

    def _collect(self) -> dict[str, str]:
        """The block's outputs to collect, by the name that they get."""
        carried = self._mapping("carry")
        found: dict[str, str] = {}
        for name, raw in self._mapping("collect").items():
            if not isinstance(raw, str | int) or isinstance(raw, bool):
                self._fail("wrong-type", f"expected the name of an output, found {kind_of(raw)}", "collect", name)
            if (problem := check_name(name)) is not None or "." in name:
                message, hint = problem or (f"`{name}` is not a name", "give what is collected a name without dots")
                self._fail("bad-name", message, "collect", name, hint=hint, key=True)
            if name in carried:
                self._fail(
                    "duplicate-name", f"`{name}` is the carried value at the end", "collect", name, key=True,
                    hint=f"give what is collected another name: `{name}s: {raw}`",
                )  # fmt: skip
            found[name] = str(raw)
        return found

    def _value(self, key: str, default: Any) -> Any:
        written = self.template.written.get(key)
        if written is None:
            return default
        with self.run.mistakes.at(self.template, self.frame, written.path):
            return evaluate_here(prepare(written.value, text=False), self.frame)

    def _number(self, key: str, default: int) -> int:
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self._fail("bad-value", f"`{key}` is a whole number, found {value!r}", key)
        return value

    def _steps(self, over: Mapping[str, Value], dim: int) -> Dim:
        """How many steps there are: the length of what is sliced, or `steps`."""
        if ("steps" in self.template.written) == bool(over):
            message = "`scan` takes `over` or `steps`" + f", found {'both' if over else 'neither'}"
            self._fail("bad-node", message, hint="`over` has as many steps as its sequences are long")
        if not over:
            steps = self._value("steps", 0)
            if (
                isinstance(steps, bool)
                or not isinstance(steps, int | Symbolic)
                or (isinstance(steps, int) and steps < 1)
            ):
                self._fail("bad-value", f"`steps` is a whole number from 1, found {steps!r}", "steps")
            return steps
        (first, value), *others = over.items()
        length = self._length(first, value, dim)
        for name, other in others:
            found = self._length(name, other, dim)
            here, there = (evaluate(size, self.run.applier.sizes) for size in (length, found))
            if differ(length, found) or here != there:
                at = "" if differ(length, found) else f": at the sample sizes {here} and {there}"
                message = f"`{first}` has {length} steps and `{name}` has {found}{at}"
                self._fail("shape-mismatch", message, "over", name, notes=self._over_notes(over))
        return length

    def _over_notes(self, over: Mapping[str, Value]) -> tuple[Note, ...]:
        """What the sequences are, and along which dimension they are sliced."""
        from archdsl.elaboration.makers import size_notes  # only where something is wrong

        notes = origins(tuple(over), tuple(over.values()), self.frame)
        dim = self.template.written.get("dim")
        if dim is not None:
            notes += (Note("`dim`", f"line {self.template.home.span(dim.path).line}"),)
        return size_notes(over.values(), notes, self.template.span.line)

    def _length(self, name: str, value: Value, dim: int) -> Dim:
        rank = value.type.rank
        if not -rank <= dim < rank:
            message = f"`dim` is {dim}, and `{name}` {value.type} has {rank} dimensions"
            self._fail("rank-error", message, "dim" if "dim" in self.template.written else "over")
        return value.type.shape[dim]
