"""Layers of one list that run one after another, as a loop: `for layer in self.layers: x = layer(x, mask)`.

A chain of layers is an `nn.Sequential`, which runs itself. Here are those that each read more than the
layer before, and all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from archdsl.ir.graph import Scope
from archdsl_torch.lowering.spelling import identifier, variable
from archdsl_torch.lowering.statements import For, Statement, assign
from archdsl_torch.lowering.text import all_same
from archdsl_torch.lowering.tree import SELF, Apply, Attribute, Code, Fixed, Range, Subscript, Variable
from archdsl_torch.planning.merge import MergedStep
from archdsl_torch.planning.outline import Items, PortRef, Ref, ResultRef
from archdsl_torch.writing.inner_sizes import InnerSizes
from archdsl_torch.writing.runs import SHORTEST
from archdsl_torch.writing.variables import Variables

if TYPE_CHECKING:
    from archdsl_torch.writing.forward import Forward


class Stack(NamedTuple):
    """Steps that call layers of one list in order."""

    steps: tuple[MergedStep, ...]
    port: int
    """Which input is the output of the layer before."""
    list: str
    start: int
    """The first layer's number."""

    @property
    def source(self) -> Ref:
        """What the first layer reads."""
        ref = self.steps[0].inputs[self.port]
        assert ref is not None
        return ref


def stacks(variables: Variables, sizes: InnerSizes) -> dict[str, Stack]:
    """The stacks of a forward, by their first step. Their sources are given the name that the loop has for them."""
    found: dict[str, Stack] = {}
    steps, start = variables.steps, 0
    while start < len(steps):
        stack = _stack(variables, sizes, start)
        if stack is not None and len(stack.steps) >= SHORTEST:
            found[steps[start].key] = stack
            if variables.reads.get(stack.source) == 1:
                variables.preferred[stack.source] = "x"
            start += len(stack.steps)
        else:
            start += 1
    return found


def _stack(variables: Variables, sizes: InnerSizes, start: int) -> Stack | None:
    """The longest stack that starts with this step."""
    steps = variables.steps
    place = _place(variables, steps[start])
    if place is None or start + 1 == len(steps):
        return None
    port = next((i for i, ref in enumerate(steps[start + 1].inputs) if ref == ResultRef(steps[start].key, 0)), None)
    if port is None or steps[start].inputs[port : port + 1] in ((), (None,)):
        return None
    stop = start + 1
    while stop < len(steps) and _follows(variables, sizes, steps[stop - 1], steps[stop], port):
        stop += 1
    return Stack(tuple(steps[start:stop]), port, *place)


def _place(variables: Variables, step: MergedStep) -> tuple[str, int] | None:
    """The list that the step's module is in, and its number there; None where it is in none."""
    if step.codes or step.fallback is not None or not variables.gives_one(step):
        return None
    match step.some.module:
        case Subscript(Attribute(owner, name), (Fixed(int(number)),)) if owner == SELF:
            return name, number
    return None


def _follows(variables: Variables, sizes: InnerSizes, before: MergedStep, step: MergedStep, port: int) -> bool:
    """Whether the step is the next layer, on the output of the one before, which nobody else reads."""
    here, there = _place(variables, before), _place(variables, step)
    if here is None or there != (here[0], here[1] + 1):
        return False
    if (step.where, step.when, step.names) != (before.where, before.when, before.names):
        return False
    if variables.reads.get(ResultRef(before.key, 0)) != 1:
        return False
    same = list(before.inputs)
    if port >= len(same):
        return False
    same[port] = ResultRef(before.key, 0)
    return same == list(step.inputs) and sizes.of(before) == sizes.of(step)


def stack_loop(forward: Forward, stack: Stack) -> Iterator[Statement]:
    """The loop."""
    variables, last = forward.variables, stack.steps[-1]
    name = _carried(forward, stack)
    source = forward.operand(stack.source)
    if source != Variable(name):
        yield assign(Variable(name), source)
    variables.give(ResultRef(stack.steps[0].key, 0), name)
    layer = variables.free(_singular(stack), variables.places[stack.steps[0].key])
    call = forward.call(stack.steps[1])
    variables.give(ResultRef(last.key, 0), name)
    forward.values.note(last)
    turn = assign(Variable(name), Apply(Variable(layer), call.args, call.kwargs))
    yield For((layer,), _listed(forward, stack), (turn,))


def _carried(forward: Forward, stack: Stack) -> str:
    """The variable that goes through the loop: the source's own, where nothing else reads that any more."""
    variables, source = forward.variables, stack.source
    place = variables.places[stack.steps[0].key]
    others = [ref for i, ref in enumerate(stack.steps[0].inputs) if i != stack.port and ref is not None]
    alone = variables.last.get(source, place) <= place and source not in others
    if alone and source in variables.names and (isinstance(source, ResultRef) or not variables.is_loop):
        name = variables.names[source]
        if isinstance(source, PortRef):
            variables.rebound.add(name)
        return name
    return variables.free("x", place)


def _singular(stack: Stack) -> str:
    """What one layer is called: `layer` of `layers`, else as its block."""
    if len(stack.list) > 2 and stack.list.endswith("s"):
        return variable(stack.list[:-1])
    unit = stack.steps[0].some.unit
    return identifier(unit.block) if isinstance(unit, Scope) and unit.block else "layer"


def _listed(forward: Forward, stack: Stack) -> Code:
    """`self.layers`, or a slice of it."""
    stop = stack.start + len(stack.steps)
    entries = forward.merged.members.get(stack.list, ())
    lengths = [len(e.build.entries) for e in entries if e is not None and isinstance(e.build, Items)]
    whole = len(lengths) == len(entries) and all_same([*lengths, stop])
    layers = Attribute(SELF, stack.list)
    if whole and stack.start == 0:
        return layers
    first, last = (Fixed(stack.start) if stack.start else None), (None if whole else Fixed(stop))
    return Subscript(layers, (Range(first, last),))


__all__ = ["Stack", "stack_loop", "stacks"]
