"""Layers of one list that run one after another, as a loop: `for layer in self.layers: x = layer(x, mask)`.

A chain of layers is an `nn.Sequential`, which runs itself. Here are those that each read more than the
layer before, and all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from archdsl.graph import Scope
from archdsl_torch.merge import MergedStep
from archdsl_torch.outline import Items, Port, Ref, Result
from archdsl_torch.runs import SHORTEST
from archdsl_torch.spelling import identifier
from archdsl_torch.text import Group, all_same, render
from archdsl_torch.variables import Variables, plain

if TYPE_CHECKING:
    from archdsl_torch.forward import Forward

_PLACE: Final = re.compile(r"self\.(\w+)\[(\d+)\]")


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


def stacks(variables: Variables) -> dict[str, Stack]:
    """The stacks of a forward, by their first step. Their sources are given the name that the loop has for them."""
    found: dict[str, Stack] = {}
    steps, start = variables.steps, 0
    while start < len(steps):
        stack = _stack(variables, steps[start:])
        if stack is not None and len(stack.steps) >= SHORTEST:
            found[steps[start].key] = stack
            if variables.reads.get(stack.source) == 1:
                variables.preferred[stack.source] = "x"
            start += len(stack.steps)
        else:
            start += 1
    return found


def _stack(variables: Variables, steps: Sequence[MergedStep]) -> Stack | None:
    """The longest stack that starts with the first of these steps."""
    place = _place(variables, steps[0])
    if place is None or len(steps) < 2:
        return None
    port = next((i for i, ref in enumerate(steps[1].inputs) if ref == Result(steps[0].key, 0)), None)
    if port is None or steps[0].inputs[port : port + 1] in ((), (None,)):
        return None
    count = 1
    while count < len(steps) and _follows(variables, steps[count - 1], steps[count], port):
        count += 1
    return Stack(tuple(steps[:count]), port, *place)


def _place(variables: Variables, step: MergedStep) -> tuple[str, int] | None:
    """The list that the step's module is in, and its number there; None where it is in none."""
    matched = _PLACE.fullmatch(step.some.module or "")
    if matched is None or step.codes[0] is not None or step.fallback is not None or not variables.gives_one(step):
        return None
    return matched[1], int(matched[2])


def _follows(variables: Variables, before: MergedStep, step: MergedStep, port: int) -> bool:
    """Whether the step is the next layer, on the output of the one before, which nobody else reads."""
    here, there = _place(variables, before), _place(variables, step)
    if here is None or there != (here[0], here[1] + 1):
        return False
    if (step.where, step.when, step.names) != (before.where, before.when, before.names):
        return False
    if _ports(variables, step) != _ports(variables, before) or variables.reads[Result(before.key, 0)] > 1:
        return False
    same = list(before.inputs)
    if port >= len(same):
        return False
    same[port] = Result(before.key, 0)
    return same == list(step.inputs)


def _ports(variables: Variables, step: MergedStep) -> object:
    """What the layer is called with, in order."""
    unit = step.some.unit
    return variables.ports_of(unit) if isinstance(unit, Scope) else None


def stack_lines(forward: Forward, stack: Stack, indent: int) -> Iterator[str]:
    """The loop."""
    variables, last = forward.variables, stack.steps[-1]
    name = _carried(forward, stack)
    text = forward.operand(stack.source)
    if str(text.doc) != name:
        yield from render(f"{name} = ", text.doc, indent)
    variables.names = {ref: own for ref, own in variables.names.items() if own != name}
    variables.names[Result(stack.steps[0].key, 0)] = name
    layer = variables.free(_singular(stack), variables.places[stack.steps[0].key])
    call = forward.call(stack.steps[1])
    variables.names.pop(Result(stack.steps[0].key, 0))
    variables.names[Result(last.key, 0)] = name
    forward.values.note(last)
    yield f"{' ' * indent}for {layer} in {_listed(forward, stack)}:"
    yield from render(f"{name} = ", Group(f"{layer}(", call.items), indent + 4)


def _carried(forward: Forward, stack: Stack) -> str:
    """The variable that goes through the loop: the source's own, where nothing else reads that any more."""
    variables, source = forward.variables, plain(stack.source)
    place = variables.places[stack.steps[0].key]
    others = [ref for i, ref in enumerate(stack.steps[0].inputs) if i != stack.port and ref is not None]
    alone = variables.last.get(source, place) <= place and source not in map(plain, others)
    if alone and source in variables.names and (isinstance(source, Result) or not variables.is_loop):
        name = variables.names[source]
        if isinstance(source, Port):
            variables.rebound.add(name)
        return name
    return variables.free("x", place)


def _singular(stack: Stack) -> str:
    """What one layer is called: `layer` of `layers`, else as its block."""
    if len(stack.list) > 2 and stack.list.endswith("s"):
        return stack.list[:-1]
    unit = stack.steps[0].some.unit
    return identifier(unit.block) if isinstance(unit, Scope) and unit.block else "layer"


def _listed(forward: Forward, stack: Stack) -> str:
    """`self.layers`, or a slice of it."""
    stop = stack.start + len(stack.steps)
    entries = forward.merged.members.get(stack.list, ())
    lengths = [len(e.build.entries) for e in entries if e is not None and isinstance(e.build, Items)]
    whole = len(lengths) == len(entries) and all_same([*lengths, stop])
    if whole and stack.start == 0:
        return f"self.{stack.list}"
    return f"self.{stack.list}[{stack.start or ''}:{'' if whole else stop}]"


__all__ = ["Stack", "stack_lines", "stacks"]
