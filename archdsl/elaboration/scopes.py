"""Scopes: nested nodes, blocks with their ports, and what a finished scope is to the one around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from archdsl.document.template import NodeTemplate, TemplateError, Written
from archdsl.elaboration.arguments import block_arguments
from archdsl.elaboration.blocks import BlockSpec, PatternError, PortSpec, bind_pattern
from archdsl.elaboration.fields import evaluate_with_shapes
from archdsl.elaboration.frames import (
    NOT_FED,
    Entry,
    Frame,
    MissingElse,
    State,
    find,
    measure,
    note_read,
    place_of,
    value_of,
)
from archdsl.elaboration.instances import Instance, copied
from archdsl.elaboration.knowing import check_names
from archdsl.elaboration.mistakes import Reported, read_by
from archdsl.elaboration.ordering import order_children
from archdsl.elaboration.placing import Fed, new_scope, origins, own_mode, place_op
from archdsl.elaboration.reading import read_block_sources, read_sources
from archdsl.elaboration.recursion import Open, check_ends
from archdsl.elaboration.sources import BlockUse, say_without
from archdsl.elaboration.unfound import unknown_path
from archdsl.expressions import Expression, ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn, Note
from archdsl.ir.graph import UNSURE_SIZE, Binding, Env, Scope, ScopeKind, SizeCheck, Value
from archdsl.ops.base import Port
from archdsl.ops.linear import Identity
from archdsl.shapes import TensorType

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator


def inline(run: Elaborator, template: NodeTemplate, frame: Frame, name: str) -> Entry:
    """A nested list or mapping of nodes: one child module with its own children."""
    assert template.body is not None
    above = frame.above
    if template.source is not None:
        with run.mistakes.at(template, frame, template.source.path):
            read = read_sources(template, frame, (Port("input"),)).entries[0]
            assert read is not None
            above = read
    scope = new_scope(run, template, frame, name, ScopeKind.INLINE)
    scope.listed = template.listed
    run.budget.spend("expansions", len(template.body))
    inner = Frame(scope, frame.env, frame, above, above, mode=frame.mode, repeats=frame.repeats)
    run.body(template.body, inner)
    order_children(run, template.order, template, inner)
    if len(above.outputs) == 1 and above.state is State.VALUE:
        scope.inputs = {"x": next(iter(above.outputs.values()))}
    return _close(scope, inner.entries, inner.above, frame)


def block(
    run: Elaborator, template: NodeTemplate, frame: Frame, name: str, spec: BlockSpec, extra: Mapping[str, Any]
) -> Entry:
    """An instance of a block: `extra` are arguments that the template says by `$name`."""
    _check_own_keys(run, template, frame, spec)
    arguments = block_arguments(run, template, frame, spec, extra)
    outer = run.catalogue.outer_env(spec, frame.scope)
    env = Env(
        {n: Binding(v, "param") for n, v in arguments.items()}, outer, BlockUse(template, spec.template, frame.env)
    )
    ports = ports_in(run, spec, env, frame)
    with run.mistakes.at(template, frame, template.source.path if template.source else None):
        named = tuple(Port(port.name, port.optional) for port in ports)
        reading = read_block_sources(template, frame, named, spec.patched)
        values = reading.values(frame.mode)
    scope = new_scope(run, template, frame, name, ScopeKind.BLOCK)
    run.block_of[scope] = spec
    scope.env, scope.block, scope.arguments, scope.listed = env, spec.name, arguments, spec.template.listed
    scope.definition = run.sites.of(spec.template)
    bind_ports(run, template, ports, scope, values, reading.names, frame)
    if spec.unsure:
        env.names[UNSURE_SIZE] = Binding(None, "broken")
    key = run.instances.key(spec, arguments, outer, values, frame)
    known = run.instances.find(key)
    if known is not None:
        scope.env = known.scope.env
        for value, pattern in zip(values, known.inputs, strict=True):
            if value is not None and pattern is not None and pattern.node.measured:
                measure(value)
        return _close(scope, *copied(run, known, scope, values), frame)
    before = _progress(run)
    bind_let(run, spec, scope, types_of(scope.inputs))
    first, scopes = len(run.nodes), run.budget.spent["scopes"]
    inner, last = instance(run, spec, scope, values, frame)
    if key is not None and _progress(run) == before:
        made = run.budget.spent["scopes"] - scopes
        run.instances.keep(key, Instance(scope, values, run.nodes[first:], inner.entries, last, made))
    return _close(scope, inner.entries, last, frame)


def _progress(run: Elaborator) -> tuple[int, int]:
    """What an instance that can be copied leaves as it is: no mistakes in it, and no specs used as blocks."""
    return run.mistakes.count, len(run.spec_scopes)


def instance(run: Elaborator, spec: BlockSpec, scope: Scope, values: Fed | None, frame: Frame) -> tuple[Frame, Entry]:
    """A block's body, run in a frame of its own, and what reading the instance gives.

    Where `values`, what its inputs are fed with, is None, all of them are broken. Raises Reported.
    """
    opened = Open(spec, scope, values)
    check_ends(run, opened)
    run.seen.add(spec)
    inner = Frame(scope, scope.env, None, Entry(), mode=frame.mode, repeats=frame.repeats)
    if values is None:
        inner.ports = {port: Entry(state=State.BROKEN) for port in scope.inputs}
    else:
        inner.ports = {port: _port_entry(value) for port, value in zip(scope.inputs, values, strict=True)}
    inner.above = next(iter(inner.ports.values()), Entry())
    if spec.template.is_spec:
        run.spec_scopes.append((scope, spec.template.home))
        run.catalogue.enter(spec, scope)
    run.budget.spend("expansions", len(spec.template.body))
    run.blocks.append(opened)
    run.body(spec.template.body, inner)
    order_children(run, spec.template.order, spec.template, inner)
    run.blocks.pop()
    return inner, inner.above if spec.template.outputs is None else outputs(run, spec, inner)


def _port_entry(value: Value | None) -> Entry:
    return Entry(state=State.ABSENT, alias=NOT_FED) if value is None else Entry({"output": value})


def _close(scope: Scope, entries: Mapping[str, Entry], last: Entry, frame: Frame) -> Entry:
    """What a finished scope is to the frame that it stands in."""
    if last.state is State.BROKEN:
        raise Reported(inside=True)
    note_read(last)
    scope.outputs = dict(last.outputs)
    return Entry(
        dict(last.outputs), last.state, scope=scope, children=entries, mode=own_mode(frame), named=last.named,
        left=last.left, broken=last.broken,
    )  # fmt: skip


def _check_own_keys(run: Elaborator, template: NodeTemplate, frame: Frame, spec: BlockSpec) -> None:
    """A block owns no parameters itself."""
    for code, key, given in ((Code.BAD_TIE, "tie", template.tie), (Code.BAD_INIT, "init", template.init)):
        if given:
            run.mistakes.refuse(
                code, f"`{key}` is for the node of an op, and `{spec.name}` is a block",
                template.home.key_span((*template.path, key)), place=place_of(frame, template),
                hint="say it at a node of the block" + (", or by path in the file's `init`" if key == "init" else ""),
            )  # fmt: skip


def ports_in(run: Elaborator, spec: BlockSpec, env: Env, frame: Frame) -> tuple[PortSpec, ...]:
    """The inputs that a block has with the arguments in `env`. Raises Reported."""
    with run.mistakes.at(spec.template, frame, (*spec.template.path, "inputs")):
        return spec.ports_in(env)


def bind_ports(
    run: Elaborator, template: NodeTemplate, ports: tuple[PortSpec, ...], scope: Scope, values: Fed,
    names: tuple[str, ...], frame: Frame,
) -> None:  # fmt: skip
    """Binds the dimensions that a block's inputs name; `names` are those of its inputs in the spec. Raises Reported."""
    for port, value in zip(ports, values, strict=True):
        scope.inputs[port.name] = value
        if port.optional and port.name not in scope.env:
            scope.env.names[port.name] = Binding(value is not None, "port")
        if value is None:
            continue
        try:
            unproved = bind_pattern(port, value.type, scope.env, run.applier.sizes)
            scope.checks += [SizeCheck(value, position, size) for position, size in unproved]
        except PatternError as error:
            from archdsl.elaboration.makers import size_notes  # only where something is wrong

            notes = (*origins(names, values, frame), _pattern(run, port, scope))
            run.mistakes.add(
                error.code, f"`{scope.block}`: {error.message}", template.span, place=place_of(frame, template),
                notes=size_notes(run.sites, values, notes, template.span.line),
            )  # fmt: skip
            raise Reported from None
        except TemplateError as error:
            home = run.block_of[scope].template.home
            run.mistakes.at_place(home, error.fault, place=place_of(frame, template))
            raise Reported from None


def types_of(inputs: Mapping[str, Value | None]) -> Callable[[str], TensorType | None]:
    """What knows the types of an instance's inputs."""

    def type_of(name: str) -> TensorType | None:
        value = inputs.get(name)
        return None if value is None else measure(value)

    return type_of


def _pattern(run: Elaborator, port: PortSpec, scope: Scope) -> Note:
    """Where the block says what it takes."""
    span = run.block_of[scope].template.home.span(port.path)
    return Note(f"`{port.name}`", "takes", f"what line {span.line} says")


def bind_let(run: Elaborator, spec: BlockSpec, scope: Scope, type_of: Callable[[str], TensorType | None]) -> None:
    """Adds a block's derived values to the names of its instance; `type_of` knows its inputs."""
    env = scope.env
    for name, value in spec.let.items():
        try:
            definition = value if isinstance(value, Expression) else None
            env.names[name] = Binding(evaluate_with_shapes(value, env, type_of), "let", definition)
        except ExpressionError as error:
            _tell_let(run, spec, scope, name, error)
            env.names[name] = Binding(None, "broken")
        except FollowOn:
            _check_let(run, spec, scope, name)
            env.names[name] = Binding(None, "broken")


def _tell_let(run: Elaborator, spec: BlockSpec, scope: Scope, name: str, error: ExpressionError) -> None:
    path, told = (*spec.template.path, "let", name), read_by(error.fault, scope.env)
    say_without(error, scope.env)
    run.mistakes.at_place(spec.template.home, error.fault.at(path), told, scope.path)


def _check_let(run: Elaborator, spec: BlockSpec, scope: Scope, name: str) -> None:
    """Tells of a name in a derived value that means nothing, where another has no value."""
    ports = {port.name for port in spec.ports}
    try:
        check_names(spec.let[name], scope.env, ports.__contains__)
    except ExpressionError as error:
        _tell_let(run, spec, scope, name, error)


def outputs(run: Elaborator, spec: BlockSpec, frame: Frame) -> Entry:
    """A block's or the network's outputs by name; a single unnamed one is `output`.

    An output whose node is left out is left out too.
    """
    written = spec.template.outputs
    if written is None:
        note_read(frame.above)
        if frame.above.left is not None:
            run.mistakes.missing_else(MissingElse(frame.above.left), None)
        return Entry(dict(frame.above.outputs) if frame.above.state is State.VALUE else {})
    found, broken = _named_values(run, spec, frame, written)
    state = State.BROKEN if broken and not found else State.VALUE
    return Entry(found, state, named=isinstance(written.value, Mapping), broken=frozenset(broken))


def features(run: Elaborator, spec: BlockSpec, frame: Frame) -> dict[str, Value]:
    """What the network's file says are its features, by name; those that are left out are none."""
    written = spec.template.home.document.features
    return {} if written is None else _named_values(run, spec, frame, Written(written, ("features",)))[0]


def _named_values(
    run: Elaborator, spec: BlockSpec, frame: Frame, written: Written
) -> tuple[dict[str, Value], set[str]]:
    """The values of paths by name, and the names of those whose mistakes have been told."""
    found: dict[str, Value] = {}
    broken: set[str] = set()
    for name, path, where in run.catalogue.output_paths(written, frame, spec, place_of(frame)):
        try:
            value = None if path is None else _output(run, spec, frame, path, where)
        except Reported:
            broken.add(name)
            continue
        if value is not None:
            found[name] = value
        elif path is None:
            broken.add(name)
    return found, broken


def _output(run: Elaborator, spec: BlockSpec, frame: Frame, path: str, where: tuple[Any, ...]) -> Value | None:
    """What a path gives as an output; None for a node that is left out. Raises Reported."""
    with run.mistakes.at(spec.template, frame, where):
        entry = find(frame, path)
        if entry is None:
            raise unknown_path(frame, path)
        if entry.state is State.ABSENT:
            return None
        return _in_its_mode(run, entry, frame, path, value_of(entry, path, entry.mode))


def _in_its_mode(run: Elaborator, entry: Entry, frame: Frame, path: str, value: Value) -> Value:
    """An output; another name with a `when` becomes a node, for only nodes say in which mode an output is there."""
    if not isinstance(entry.template, NodeTemplate) or entry.alias is None or entry.mode in (None, value.node.when):
        return value
    outer, frame.mode = frame.mode, entry.mode
    try:
        made = place_op(run, entry.template, frame, path, run.applier.make(Identity, {}), (value,), (path,))
    finally:
        frame.mode = outer
    return made.outputs["output"]
