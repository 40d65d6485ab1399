"""The forward of a loop over time: `scan` as a plain `for`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from archdsl.ir.graph import Node, Scope
from archdsl.ops.base import Op
from archdsl.ops.special import SCAN, ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl_torch.lowering.base import Lowered, lower
from archdsl_torch.lowering.statements import Assign, Body, Effect, For, Statement, assign
from archdsl_torch.lowering.tree import Arg, Call, Code, Fixed, In, Many, Method, Range, Subscript, Variable
from archdsl_torch.planning.merge import MergedStep
from archdsl_torch.planning.outline import ResultRef

if TYPE_CHECKING:
    from archdsl_torch.writing.forward import Forward


@lower.register
def _slice(op: ScanSlice, *inputs: object) -> Lowered:
    steps: Code = Method(In(0), "unbind", (Arg(op.dim, "dim"),), ())
    return Lowered(None, Call("reversed", (steps,), ()) if op.reverse else steps)


@lower.register(ScanCarry)
@lower.register(ScanLast)
def _passed_on(op: ScanCarry | ScanLast, *inputs: object) -> Lowered:
    return Lowered(None, In(0))


@lower.register
def _stack(op: ScanStack, *inputs: object) -> Lowered:
    steps: Code = Subscript(In(0), (Range(step=Fixed(-1)),)) if op.reverse else In(0)
    return Lowered(None, Call("torch.stack", (steps,), (("dim", Arg(op.dim, "dim")),)))


def loop(forward: Forward, steps: Sequence[MergedStep]) -> Iterator[Statement]:
    """The loop: what is carried before it, a step's work in it, what is stacked after it.

    A carried `h` is `h_t` in the loop, and a slice of `x` is `x_t`: the arguments keep their names.
    """
    variables = forward.variables
    slices, carries, stacks, lasts = (_of(steps, kind) for kind in SCAN)
    carried = {step.key: variables.target(step, 0) for step in carries}
    lists = {step.key: variables.index(_plain_name(step), frozenset()) for step in stacks}
    yield from [_start(forward, step, carried[step.key]) for step in carries]
    yield from (assign(Variable(name), Many(())) for name in lists.values())
    targets, values = _header(forward, slices, (*carries, *stacks))
    body = list(_body(forward, steps))
    body += [Effect(Method(Variable(lists[step.key]), "append", (_given(forward, step),))) for step in stacks]
    yield For(targets, values, (*body, *_update(forward, lasts, carried)))
    for step in stacks:
        own = Variable(lists[step.key])
        yield assign(own, forward.filler(step, [own]).fill(step.codes))
        variables.share(ResultRef(step.key, 0), own.name)


def _of(steps: Sequence[MergedStep], kind: type[Op]) -> list[MergedStep]:
    return [step for step in steps if isinstance(step.some.unit, Node) and type(step.some.unit.op) is kind]


def _is_border(step: MergedStep) -> bool:
    return isinstance(step.some.unit, Node) and type(step.some.unit.op) in SCAN


def _plain_name(step: MergedStep) -> str:
    return step.some.unit.name.partition("[")[0]


def _given(forward: Forward, step: MergedStep) -> Code:
    """What the step reads, in words."""
    ref = step.inputs[0]
    assert ref is not None
    return forward.operand(ref)


def _start(forward: Forward, step: MergedStep, name: str) -> Statement:
    forward.values.note(step)
    return assign(Variable(name), _given(forward, step))


def _header(
    forward: Forward, slices: Sequence[MergedStep], others: Sequence[MergedStep]
) -> tuple[tuple[str, ...], Code]:
    """`x_t in x.unbind(1)`, or `_ in range(20)`."""
    if not slices:
        counts = [Arg(scope.scan.steps) for scope in _scopes(others[0]) if scope.scan is not None]
        return ("_",), Call("range", (forward.values.say(others[0], counts, "steps"),))
    sequences = [
        forward.filler(step, [forward.operand(r) for r in step.inputs if r]).fill(step.codes) for step in slices
    ]
    names = []
    for step in slices:
        names.append(forward.variables.target(step, 0))
        forward.values.note(step)
    return tuple(names), sequences[0] if len(slices) == 1 else Call("zip", tuple(sequences))


def _scopes(step: MergedStep) -> Iterator[Scope]:
    return (own.unit.scope for own in step.steps if own is not None and own.unit.scope is not None)


def _body(forward: Forward, steps: Sequence[MergedStep]) -> Iterator[Statement]:
    own = [step for step in steps if not _is_border(step)]
    for _, group in groupby(own, key=lambda step: (step.where, step.when)):
        yield from forward.group(list(group))


def _update(forward: Forward, lasts: Sequence[MergedStep], carried: dict[str, str]) -> Body:
    """`h_t, c_t = next_h, next_c`: what the next step is given."""
    if not lasts:
        return ()
    names = [carried[ref.step] for step in lasts if isinstance(ref := step.inputs[1], ResultRef)]
    given = tuple(_given(forward, step) for step in lasts)
    for step, name in zip(lasts, names, strict=True):
        forward.variables.share(ResultRef(step.key, 0), name)
    return (Assign(tuple(map(Variable, names)), given),)
