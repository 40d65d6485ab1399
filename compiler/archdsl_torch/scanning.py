"""The forward of a loop over time: `scan` as a plain `for`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from archdsl.graph import Node, Scope
from archdsl.ops.base import Op
from archdsl.ops.special import SCAN, ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl_torch.code import Text
from archdsl_torch.lowering import Arg, Call, Code, In, Lowered, Method, lower
from archdsl_torch.merge import MergedStep
from archdsl_torch.outline import Result
from archdsl_torch.special import Suffix
from archdsl_torch.text import Doc, Group, prefixed, render

if TYPE_CHECKING:
    from archdsl_torch.forward import Forward


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
    steps: Code = Suffix(In(0), "::-1") if op.reverse else In(0)  # type: ignore[assignment]
    return Lowered(None, Call("torch.stack", (steps,), (("dim", Arg(op.dim, "dim")),)))


def loop_lines(forward: Forward, steps: Sequence[MergedStep]) -> list[str]:
    """The loop: what is carried before it, a step's work in it, what is stacked after it.

    A carried `h` is `h_t` in the loop, and a slice of `x` is `x_t`: the arguments keep their names.
    """
    variables = forward.variables
    slices, carries, stacks, lasts = (_of(steps, kind) for kind in SCAN)
    carried = {step.key: variables.target(step, 0) for step in carries}
    lists = {step.key: variables.index(_plain_name(step), set()) for step in stacks}
    lines = [line for step in carries for line in _start(forward, step, carried[step.key])]
    lines += [f"        {name} = []" for name in lists.values()]
    lines += render("for ", _header(forward, slices, carries), 8)
    lines[-1] += ":"
    lines += [f"    {line}" for line in _body(forward, steps)]
    for step in stacks:
        lines += render("", Group(f"{lists[step.key]}.append(", (_given(forward, step),)), 12)
    lines += _update(forward, lasts, carried)
    for step in stacks:
        name = lists[step.key]
        lines += render(f"{name} = ", forward.writer(step, [Text(name)]).write(step.codes).doc, 8)
        variables.names[Result(step.key, 0)] = name
    return lines


def _of(steps: Sequence[MergedStep], kind: type[Op]) -> list[MergedStep]:
    return [step for step in steps if isinstance(step.some.unit, Node) and type(step.some.unit.op) is kind]


def _is_border(step: MergedStep) -> bool:
    return isinstance(step.some.unit, Node) and type(step.some.unit.op) in SCAN


def _plain_name(step: MergedStep) -> str:
    return step.some.unit.name.partition("[")[0]


def _given(forward: Forward, step: MergedStep) -> Doc:
    """What the step reads, in words."""
    ref = step.inputs[0]
    assert ref is not None
    return forward.operand(ref).doc


def _start(forward: Forward, step: MergedStep, name: str) -> list[str]:
    forward.values.note(step)
    return render(f"{name} = ", _given(forward, step), 8)


def _header(forward: Forward, slices: Sequence[MergedStep], carries: Sequence[MergedStep]) -> Doc:
    """`x_t in x.unbind(1)`, or `_ in range(20)`."""
    if not slices:
        counts = [Arg(scope.scan.steps) for scope in _scopes(carries[0]) if scope.scan is not None]
        return f"_ in range({forward.values.say(carries[0], counts, 'steps')})"
    sequences = [forward.writer(step, [forward.operand(r) for r in step.inputs if r]).write(step.codes).doc
                 for step in slices]  # fmt: skip
    names = []
    for step in slices:
        names.append(forward.variables.target(step, 0))
        forward.values.note(step)
    if len(slices) == 1:
        return prefixed(f"{names[0]} in ", sequences[0])
    return prefixed(f"{', '.join(names)} in ", Group("zip(", tuple(sequences)))


def _scopes(step: MergedStep) -> Iterator[Scope]:
    return (own.unit.scope for own in step.steps if own is not None and own.unit.scope is not None)


def _body(forward: Forward, steps: Sequence[MergedStep]) -> Iterator[str]:
    own = [step for step in steps if not _is_border(step)]
    for _, group in groupby(own, key=lambda step: (step.where, step.when)):
        yield from forward.group(list(group))


def _update(forward: Forward, lasts: Sequence[MergedStep], carried: dict[str, str]) -> list[str]:
    """`h_t, c_t = next_h, next_c`: what the next step is given."""
    if not lasts:
        return []
    names = [carried[ref.step] for step in lasts if isinstance(ref := step.inputs[1], Result)]
    texts = tuple(_given(forward, step) for step in lasts)
    for step, name in zip(lasts, names, strict=True):
        forward.variables.names[Result(step.key, 0)] = name
    if len(texts) == 1:
        return render(f"{names[0]} = ", texts[0], 12)
    return [f"            {', '.join(names)} = {', '.join(map(str, texts))}"]
