"""What is written in place, and which other tensors have it: names of the same tensor, and parts of it.

A write into a part makes the whole anew: the view by which the part was taken says how. Other parts are taken again
when they are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, final

from archdsl_torch.importing.calls import put_back, said
from archdsl_torch.importing.patches import patched
from archdsl_torch.importing.said import Said, Steps, Unsaid, between
from archdsl_torch.importing.tracing import TracedCall, TracedTensor
from archdsl_torch.importing.training import DROPPED

PutNode: TypeAlias = Callable[..., None]
"""Puts a node into the spec: what it is, and the tensors that it gives."""


@final
class WrittenTensors:
    """What each tensor of a trace holds as its calls run."""

    def __init__(self) -> None:
        self._same: dict[str, TracedTensor] = {}
        """By name of a tensor: the one that it is by another name, or what has been written into it."""
        self._sharing: defaultdict[int, dict[str, TracedTensor]] = defaultdict(dict)
        """The tensors of each storage, by name."""
        self._views: dict[str, tuple[TracedTensor, TracedCall]] = {}
        """By name of a tensor: that of which it is a view, and the call that made it one."""
        self._stale: set[str] = set()
        """Tensors of which the memory has been written by another's name."""
        self._constants: dict[str, Said] = {}

    def meet(self, call: TracedCall) -> None:
        """Takes note of the tensors of a call."""
        for tensor in (*call.tensors, *call.gives):
            self._sharing[tensor.storage][tensor.name] = tensor
        source = call.given[0] if call.given else None
        if isinstance(source, TracedTensor) and not call.written and call.target != DROPPED:
            for each in call.gives:
                if each.storage == source.storage:
                    self._views[each.name] = source, call

    def hold(self, found: Said, tensor: TracedTensor) -> None:
        """Takes note of what a node is that gives a tensor."""
        if found.op == "constant":
            self._constants[tensor.name] = found

    def rename(self, tensor: TracedTensor, known: TracedTensor) -> None:
        """One tensor is another's other name."""
        if tensor.name != known.name:
            self._same[tensor.name] = known

    def now(self, tensor: TracedTensor, make: PutNode) -> TracedTensor:
        """The tensor that one stands for, after what has been written into it so far. Raises Unsaid."""
        if tensor.name in self._stale:
            self._stale.discard(tensor.name)
            self._same[tensor.name] = self._retaken(tensor, make)
        return self._same.get(tensor.name, tensor)

    def _retaken(self, tensor: TracedTensor, make: PutNode) -> TracedTensor:
        if tensor.name not in self._views:
            raise Unsaid("it reads a tensor after a write into another one that shares its memory")
        source, call = self._views[tensor.name]
        whole = self.now(source, make)
        number = call.gives.index(tensor)
        gives = tuple(between(each) for each in call.gives)
        again = replace(call, given=(whole, *call.given[1:]), gives=gives)
        found = said(again)
        if isinstance(found, Said) and found.renames:
            return found.tensors[0]
        for each, tensors in [(found, gives)] if isinstance(found, Said) else ((e, (t,)) for e, t in found):
            make(each, *tensors)
        return gives[number]

    def write(self, target: TracedTensor, result: TracedTensor, make: PutNode) -> None:
        """The target has the result now, and what it is a view of has it there. Raises Unsaid."""
        sharing = self._sharing[target.storage]
        if owned := next((each.owned for each in sharing.values() if each.owned is not None), None):
            raise Unsaid(f"it writes into `{owned}`")
        holding: dict[str, TracedTensor] = {}
        child, value = target, result
        while True:
            before = self.now(child, make)
            equal = [n for n, each in sharing.items() if n not in self._stale and self._same.get(n, each) == before]
            holding |= dict.fromkeys((child.name, *equal), value)
            while child.name in self._views and self._views[child.name][0].name in holding:
                child = self._views[child.name][0]
            if child.name not in self._views:
                break
            child, value = self._whole(child, value, make)
        self._stale |= sharing.keys() - holding.keys() - {result.name}
        self._same |= {name: each for name, each in holding.items() if name != each.name}

    def _whole(self, part: TracedTensor, value: TracedTensor, make: PutNode) -> tuple[TracedTensor, TracedTensor]:
        """What a part was taken of, and that with another value there: a constant at once from its root."""
        chain = [self._views[part.name]]
        while chain[-1][0].name in self._views:
            chain.append(self._views[chain[-1][0].name])
        root = chain[-1][0]
        before, written = self._constants.get(self.now(root, make).name), self._constants.get(value.name)
        if before is not None and written is not None:
            found = patched(before, written, root, [call for _, call in reversed(chain)])
            if found is not None:
                made = between(root)
                make(found, made)
                return root, made
        source, call = chain[0]
        whole = self.now(source, make)
        steps: Steps = put_back(call, part, whole, value)
        for found, each in steps:
            make(found, each)
        return source, steps[-1][1]
