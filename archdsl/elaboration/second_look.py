"""The second look at a node that could not be made: what does not depend on its mistake is looked at as well.

The walk leaves a node at its first mistake, and at once where what it reads is broken. What it has not come to
is looked at here with everything unknown that is: fields, paths, names in expressions, and the bodies of scopes
and blocks, whose nodes run through the same walk. Nothing here is reached while a spec has no mistake, but for
blocks that nobody uses. A place tells a mistake once, so looking twice tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from archdsl.document.substitution import Text
from archdsl.document.template import NodeTemplate, TemplateError
from archdsl.document.unknown import UNKNOWN
from archdsl.elaboration.applying import as_far_as_known
from archdsl.elaboration.arguments import check_arguments, check_defaults, check_fields, check_keys, unfolded
from archdsl.elaboration.blocks import BlockSpec, PortSpec
from archdsl.elaboration.fields import OpName, evaluate_text, freeze
from archdsl.elaboration.formulas import formula_mistakes
from archdsl.elaboration.frames import UNDECIDED, Entry, Frame, PathError, State, evaluate_here, find, place_of
from archdsl.elaboration.initialising import read_rule
from archdsl.elaboration.knowing import check_names, check_names_here
from archdsl.elaboration.mistakes import Reported, traced
from archdsl.elaboration.own import own_names
from archdsl.elaboration.placing import bad_name, tell_op
from archdsl.elaboration.reading import check_paths, read_sources, written_sources
from archdsl.elaboration.scopes import bind_let, instance, ports_in
from archdsl.elaboration.sources import BlockUse
from archdsl.elaboration.unfound import unknown_path
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import UNSURE_SIZE, Binding, Env, Scope, ScopeKind
from archdsl.ops import OPS
from archdsl.ops.apply import check_alone, check_inputs
from archdsl.ops.base import Kind, Op, OpError, Port
from archdsl.shapes import TensorType
from archdsl.text.names import check_module_name, check_name

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

BODIES = 1000
"""How many bodies of blocks are looked at with unknown inputs: past that nothing new is to be expected."""
_OF_INPUTS: Final = (Code.RANK_ERROR, Code.DTYPE_ERROR, Code.SHAPE_MISMATCH)
"""The codes of what is wrong with the inputs of an op."""
LOOKS = 30
"""How often one node is looked at again, in the turns of a loop or the uses of a block."""


def look_again(run: Elaborator, template: NodeTemplate, frame: Frame, inside: bool) -> None:
    """Tells what is wrong with a broken node besides what has been told; `inside` says that its body has run."""
    run.looks[id(template)] += 1
    if run.looks[id(template)] > LOOKS or not _there(run, template, frame):
        return
    _own_name(run, template, frame)
    with own_names(run, template, frame, again=True):
        _rest(run, template, frame, inside)


def _rest(run: Elaborator, template: NodeTemplate, frame: Frame, inside: bool) -> None:
    """What a node reads and does."""
    if template.formula is not None:
        _formula(run, template, frame)
    elif template.body is not None:
        _sources(run, template, frame, (Port("input"),))
        if not inside:
            _body(run, template, frame)
    elif template.op is not None:
        _operation(run, template, frame, inside)
    elif template.share is None:
        _sources(run, template, frame, (Port("input"),))
    else:
        _sources(run, template, frame, None)
    _paths(run, template, frame)
    if template.init is not None:
        read_rule(template.init.value, template.home, template.init.path, run.mistakes)


def look_at_unused(run: Elaborator, spec: BlockSpec) -> None:
    """Looks at a block that nobody uses, and leaves no trace in the network."""
    nodes, specs = len(run.nodes), len(run.spec_scopes)
    run.instances.closed += 1
    scope = Scope("", spec.name, None, None, Env({}), kind=ScopeKind.BLOCK)
    frame = Frame(scope, scope.env, None, Entry())
    check_defaults(run, spec, frame)
    _inside(run, None, spec, dict.fromkeys(spec.params, UNKNOWN), frame, scope)
    run.instances.closed -= 1
    del run.nodes[nodes:], run.spec_scopes[specs:]


def _there(run: Elaborator, template: NodeTemplate, frame: Frame) -> bool:
    """Whether the node may be there: its `if` is not known to be false."""
    if frame.absent is not None and frame.absent is not UNDECIDED:
        return False
    if template.condition is None:
        return True
    try:
        return bool(evaluate_here(template.condition, frame))
    except FollowOn:
        _names(run, template, frame, template.condition, template.condition_path)
    except ExpressionError:
        pass  # told
    return True


def _names(run: Elaborator, template: NodeTemplate, frame: Frame, value: Any, path: tuple[Any, ...]) -> None:
    with suppress(Reported), run.mistakes.at(template, frame, path):
        check_names_here(value, frame)


def _own_name(run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
    """The node's name: the walk looks at it when the rest of the node is in order."""
    if template.name is None or template.broken:
        return
    try:
        name = str(evaluate_text(template.name, frame.env))
    except (ExpressionError, FollowOn):
        return
    problem = check_name(name) or (check_module_name(name) if _is_module(run, template, frame) else None)
    if problem is not None:
        with suppress(Reported):
            bad_name(run, template, frame, problem)


def _is_module(run: Elaborator, template: NodeTemplate, frame: Frame) -> bool:
    """Whether the node is certainly one whose name a module has."""
    if template.op is None or template.op.literal is None:
        return template.body is not None
    found = _found(run, template, frame, template.op.literal)
    return isinstance(found, BlockSpec) or (found is not None and found.kind is not Kind.RESHAPE)


def _formula(run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
    assert template.formula is not None
    for error in formula_mistakes(template.formula, frame):
        run.mistakes.caught(error, template, frame, template.formula_path)


def _sources(run: Elaborator, template: NodeTemplate, frame: Frame, ports: tuple[Port, ...] | None) -> None:
    """The paths under `from`, and the ports where they are known."""
    if template.source is None:
        if ports is not None and frame.above.state is State.VALUE:
            with suppress(Reported), run.mistakes.at(template, frame):
                read_sources(template, frame, ports)
        return
    with suppress(Reported), run.mistakes.at(template, frame, template.source.path):
        if ports is None:
            check_paths(template, frame)
        else:
            read_sources(template, frame, ports)


def _exists(frame: Frame, path: str) -> None:
    """Raises PathError where a path leads nowhere."""
    if find(frame, path) is None:
        raise unknown_path(frame, path)


def _paths(run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
    """The paths under `else`, `share` and `tie`."""
    texts: list[tuple[tuple[str, ...], Text | None]] = [(("else",), template.otherwise), (("share",), template.share)]
    texts += [(("tie", key), text) for key, text in template.tie.items()]
    for where, text in texts:
        if text is None:
            continue
        with suppress(Reported), run.mistakes.at(template, frame, (*template.path, *where)):
            _exists(frame, str(evaluate_text(text, frame.env)))


def _body(run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
    """A nested scope, of which nobody knows what it reads."""
    assert template.body is not None
    scope = _detached(run, template, frame, ScopeKind.INLINE)
    given = Entry(state=State.BROKEN)
    inner = Frame(scope, frame.env, frame, given, given, mode=frame.mode)
    run.body(template.body, inner)


def _operation(run: Elaborator, template: NodeTemplate, frame: Frame, inside: bool) -> None:
    assert template.op is not None
    try:
        operation = evaluate_text(template.op, frame.env)
    except (ExpressionError, FollowOn) as error:
        if isinstance(error, FollowOn):
            _names(run, template, frame, template.op, template.op_path)
        operation = None
    extra: dict[str, Any] = {}
    if isinstance(operation, dict):
        operation, extra = unfolded(operation)
    found = _found(run, template, frame, operation)
    if found is None:
        _sources(run, template, frame, None)
        _misspelt(run, template, frame)
    elif isinstance(found, BlockSpec):
        _sources(run, template, frame, _ports(found))
        arguments = check_arguments(run, template, frame, found, extra)
        if not inside:
            _instance(run, template, frame, found, arguments)
    else:
        _sources(run, template, frame, found.ports)
        fields, op = check_fields(run, template, frame, found, extra)
        if op is None:
            known = as_far_as_known(found, fields, template.written.keys() - fields.keys())
            if known is not None:
                _inputs(run, template, frame, *known)
        else:
            _alone(run, template, frame, op)


def _misspelt(run: Elaborator, template: NodeTemplate, frame: Frame) -> None:
    """The fields of a misspelt op or block, where it is beyond doubt which is meant."""
    name = None if template.op is None else template.op.literal
    if name is None or run.catalogue.is_scan(name, template.home):
        return
    meant = run.catalogue.meant(name, template, frame)
    if meant is not None:
        check_keys(run, template, frame, meant)


def _inputs(run: Elaborator, template: NodeTemplate, frame: Frame, op: Op, unsure: Set[str]) -> None:
    """What is wrong with an op's inputs whatever those of its fields are that are wrong."""
    with suppress(Reported), run.mistakes.at(template, frame):
        reading = read_sources(template, frame, op.ports)
        values = reading.values(frame.mode)
        try:
            check_inputs(op, tuple(None if value is None else value.type for value in values), unsure)
        except OpError as error:
            if error.code in _OF_INPUTS and error.fault.place.field is None:
                tell_op(run, template, frame, error, reading.names, values)


def _alone(run: Elaborator, template: NodeTemplate, frame: Frame, op: Op) -> None:
    """What is wrong with an op whatever its inputs are."""
    if any(port.variadic for port in op.ports):
        return  # how many it reads is unknown
    try:
        check_alone(op, _fed(run, template, frame, op.ports))
    except OpError as error:
        told = traced(template.fields.get(error.fault.place.field or ""), frame.env)
        run.mistakes.op(template, error, place_of(frame, template), told.notes)


def _fed(run: Elaborator, template: NodeTemplate, frame: Frame, ports: tuple[Port, ...]) -> list[bool | None]:
    """Of each port whether something feeds it; None where nobody knows."""
    try:
        sources = written_sources(template, frame) if template.source is not None else []
    except (PathError, ExpressionError, TemplateError, FollowOn):
        return [None if port.optional else True for port in ports]
    named = [*sources] if isinstance(sources, dict) else [port.name for port, _ in zip(ports, sources, strict=False)]
    readable = [frame.above, *(find(frame, path) for path in sources if len(sources) == 1)]

    def fed(port: Port) -> bool | None:
        if not port.optional:
            return True
        # what is named may be absent
        unsure = port.name in named or any(_may_give(run, frame, entry, port.name) for entry in readable)
        return None if unsure else False

    return [fed(port) for port in ports]


def _may_give(run: Elaborator, frame: Frame, entry: Entry | None, output: str) -> bool:
    """Whether what a node reads may have an output of that name."""
    if entry is None:
        return True
    if entry.state is not State.BROKEN and not entry.broken:
        return output in entry.outputs
    made = entry.template
    if not isinstance(made, NodeTemplate):
        return entry not in frame.ports.values()
    if made.formula is not None:
        return False
    operation = None if made.op is None else made.op.literal
    return operation is None or operation not in OPS or run.catalogue.sees_block(made.home, operation)


def _found(run: Elaborator, template: NodeTemplate, frame: Frame, operation: Any) -> BlockSpec | type[Op] | None:
    """What an op's name means; None where that is nothing, or `scan`, whose mistakes are its own."""
    if not isinstance(operation, str) or run.catalogue.is_scan(operation, template.home):
        return None
    home = operation.home if isinstance(operation, OpName) else template.home
    try:
        return run.catalogue.find(operation, template, frame, home)
    except Reported:
        return None


def _ports(spec: BlockSpec) -> tuple[Port, ...] | None:
    """A block's inputs; None where only a use, or a patch that could not be read, knows them."""
    return None if spec.patched else tuple(Port(port.name, port.optional) for port in spec.ports) or None


def _instance(
    run: Elaborator, template: NodeTemplate, frame: Frame, spec: BlockSpec, arguments: Mapping[str, Any]
) -> None:
    if any(block.spec is spec for block in run.blocks):  # whose nodes are being looked at
        return
    _inside(run, template, spec, arguments, frame, _detached(run, template, frame, ScopeKind.BLOCK))


def _detached(run: Elaborator, template: NodeTemplate, frame: Frame, kind: ScopeKind) -> Scope:
    """A scope at its place that the network does not hold."""
    path = place_of(frame, template)
    name, site = path.rpartition(".")[2], run.sites.of(template)
    return Scope(name, path, frame.scope, site, frame.env, frame.loops, frame.mode, kind=kind)


def _inside(
    run: Elaborator, template: NodeTemplate | None, spec: BlockSpec, arguments: Mapping[str, Any], frame: Frame,
    scope: Scope,
) -> None:  # fmt: skip
    """A block's body, of whose inputs nothing is known."""
    key = spec, freeze({name: repr(value) for name, value in arguments.items()})
    if key in run.looked or len(run.looked) >= BODIES:
        return
    run.looked.add(key)
    outer = run.catalogue.outer_env(spec, frame.scope)
    use = BlockUse(template, spec.template, frame.env)
    scope.env = Env({n: _binding(value) for n, value in arguments.items()}, outer, use)
    scope.block = spec.name
    if spec.unsure:
        scope.env.names[UNSURE_SIZE] = Binding(None, "broken")
    with suppress(Reported):
        for port in ports_in(run, spec, scope.env, frame):
            _bind(run, port, spec, scope)
        bind_let(run, spec, scope, _unknown_type)
        instance(run, spec, scope, None, frame)


def _bind(run: Elaborator, port: PortSpec, spec: BlockSpec, scope: Scope) -> None:
    """Gives what a port binds its names, without values, and looks at the names that its other sizes read."""
    scope.inputs[port.name] = None
    names = [entry.name for entry in port.pattern or () if entry.name is not None]
    for name in [*names, *([port.name] if port.optional else [])]:
        scope.env.names.setdefault(name, Binding(None, "broken"))
    for entry in port.pattern or ():
        if entry.expression is not None:
            try:
                check_names(entry.expression, port.env or scope.env, lambda name: False)
            except ExpressionError as error:
                run.mistakes.at_place(spec.template.home, error.fault.at(entry.path), place=scope.path)


def _binding(value: Any) -> Binding:
    return Binding(None, "broken") if value is UNKNOWN else Binding(value, "param")


def _unknown_type(path: str) -> TensorType | None:
    raise FollowOn
