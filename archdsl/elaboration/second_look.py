"""The second look at a node that could not be made: what does not depend on its mistake is looked at as well.

The walk leaves a node at its first mistake, and at once where what it reads is broken. What it has not come to
is looked at here with everything unknown that is: fields, paths, names in expressions, and the bodies of scopes
and blocks, whose nodes run through the same walk. Nothing here is reached while a spec has no mistake, but for
blocks that nobody uses. A place tells a mistake once, so looking twice tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics import FollowOn
from archdsl.elaboration.arguments import check_arguments, check_fields, unfolded
from archdsl.elaboration.blocks import BlockSpec, PortSpec
from archdsl.elaboration.fields import OpName, evaluate_text, freeze
from archdsl.elaboration.finish import read_rule
from archdsl.elaboration.formulas import formula_mistakes
from archdsl.elaboration.frames import Entry, Frame, State, evaluate_here, find, place_of, unknown_path
from archdsl.elaboration.knowing import check_names_here
from archdsl.elaboration.mistakes import Reported
from archdsl.elaboration.reading import check_paths, read_sources
from archdsl.elaboration.scan import NAME as SCAN
from archdsl.elaboration.scopes import bind_let, check_recursion, instance, ports_in
from archdsl.elaboration.sources import Use
from archdsl.expressions import ExpressionError
from archdsl.graph import Binding, Env, Scope, ScopeKind
from archdsl.ops.base import Op, Port
from archdsl.shapes import TensorType
from archdsl.substitution import Text
from archdsl.template import NodeTemplate
from archdsl.unknown import UNKNOWN

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator

BODIES = 1000
"""How many bodies of blocks are looked at with unknown inputs: past that nothing new is to be expected."""
LOOKS = 30
"""How often one node is looked at again, in the turns of a loop or the uses of a block."""


def look_again(run: Elaborator, template: NodeTemplate, frame: Frame, inside: bool) -> None:
    """Tells what is wrong with a broken node besides what has been told; `inside` says that its body has run."""
    run.looks[id(template)] += 1
    if run.looks[id(template)] > LOOKS or not _there(run, template, frame):
        return
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
    _inside(run, None, spec, dict.fromkeys(spec.params, UNKNOWN), Frame(scope, scope.env, None, Entry()), scope)
    run.instances.closed -= 1
    del run.nodes[nodes:], run.spec_scopes[specs:]


def _there(run: Elaborator, template: NodeTemplate, frame: Frame) -> bool:
    """Whether the node may be there: its `if` is not known to be false."""
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
    scope = _detached(template, frame, ScopeKind.INLINE)
    inner = Frame(scope, frame.env, frame, Entry(state=State.BROKEN), mode=frame.mode, loops=())
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
    elif isinstance(found, BlockSpec):
        _sources(run, template, frame, _ports(found))
        arguments = check_arguments(run, template, frame, found, extra)
        if not inside:
            _instance(run, template, frame, found, arguments)
    else:
        _sources(run, template, frame, found.ports)
        check_fields(run, template, frame, found, extra)


def _found(run: Elaborator, template: NodeTemplate, frame: Frame, operation: Any) -> BlockSpec | type[Op] | None:
    """What an op's name means; None where that is nothing, or `scan`, whose mistakes are its own."""
    if not isinstance(operation, str) or (operation == SCAN and not run.catalogue.sees_block(template.home, SCAN)):
        return None
    home = operation.home if isinstance(operation, OpName) else template.home
    try:
        return run.catalogue.find(operation, template, frame, home)
    except Reported:
        return None


def _ports(spec: BlockSpec) -> tuple[Port, ...] | None:
    """A block's inputs; None where only a use knows them."""
    return tuple(Port(port.name, port.optional) for port in spec.ports) or None


def _instance(
    run: Elaborator, template: NodeTemplate, frame: Frame, spec: BlockSpec, arguments: Mapping[str, Any]
) -> None:
    try:
        check_recursion(run, template, frame, spec)
    except Reported:
        return
    _inside(run, template, spec, arguments, frame, _detached(template, frame, ScopeKind.BLOCK))


def _detached(template: NodeTemplate, frame: Frame, kind: ScopeKind) -> Scope:
    """A scope at its place that the network does not hold."""
    path = place_of(frame, template)
    return Scope(path.rpartition(".")[2], path, frame.scope, template, frame.env, frame.loops, frame.mode, kind=kind)


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
    use = Use(template, spec.template, frame.env)
    scope.env = Env({n: _binding(value) for n, value in arguments.items()}, outer, use)
    scope.block = spec.name
    with suppress(Reported):
        for port in ports_in(run, spec, scope.env, frame):
            _bind(port, scope)
        bind_let(run, spec, scope, _unknown_type)
        instance(run, spec, scope, None, frame)


def _bind(port: PortSpec, scope: Scope) -> None:
    """Gives what a port binds its names, without values."""
    scope.inputs[port.name] = None
    names = [entry.name for entry in port.pattern or () if entry.name is not None]
    for name in [*names, *([port.name] if port.optional else [])]:
        scope.env.names.setdefault(name, Binding(None, "broken"))


def _binding(value: Any) -> Binding:
    return Binding(None, "broken") if value is UNKNOWN else Binding(value, "param")


def _unknown_type(path: str) -> TensorType | None:
    raise FollowOn
