"""The normal form of a graph: the terms of its outputs, its keys, and what it takes.

Two graphs of one normal form are one network in exact arithmetic: every rule here is an identity of it. Loops over time
are written out where their steps are known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from archdsl.ir.graph import Graph, Mode, Node, Scope, Value
from archdsl.ops.special import ByMode, Constant, InputOp, Parameter, ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl.shapes import TensorType
from tests.round_trip import decomposed  # noqa: F401 - for its rules
from tests.round_trip.layout import reshaped, without
from tests.round_trip.rules import said
from tests.round_trip.sizes import Sized, resized
from tests.round_trip.terms import Term, Terms


@dataclass(frozen=True)
class Normal:
    """What a graph computes, in terms."""

    outputs: tuple[Term, ...]
    names: tuple[str, ...]
    tensors: Mapping[str, tuple[Any, ...]]
    """What the `state_dict` holds, by its keys in their order."""


def normal(graph: Graph, terms: Terms, sized: Sized | None = None, *, evaluation: bool = False) -> Normal:
    """The normal form, with sizes by other names; `evaluation`: without what training mode alone runs."""
    return _Normaliser(graph, terms, sized or {}, evaluation).normal()


@final
class _Normaliser:
    def __init__(self, graph: Graph, terms: Terms, sized: Sized, evaluation: bool) -> None:
        self._graph, self._terms, self._sized, self._evaluation = graph, terms, sized, evaluation
        self._values: dict[tuple[Node, int], Term] = {}

    def normal(self) -> Normal:
        for place, node in enumerate(self._graph.inputs.values()):
            op = node.op
            assert isinstance(op, InputOp)
            self._values[node, 0] = self._terms.make("input", self._type(node.types[0]), (), [place])
        self._run(self._graph.nodes, None)
        modes = self._graph.output_modes
        kept = {
            name: value
            for name, value in self._graph.outputs.items()
            if not (self._evaluation and modes.get(name) is Mode.TRAINING)
        }
        outputs = tuple(
            self._given(value, None if self._evaluation else modes.get(name)) for name, value in kept.items()
        )
        tensors = dict(_tensors(self._graph.root, self._graph.root.path))
        return Normal(outputs, (*kept,), tensors)

    def _given(self, value: Value, mode: Mode | None) -> Term:
        term = self._read(value)
        return term if mode is None or self._evaluation else self._terms.make("mode", term.type, [term], [mode.value])

    def _run(self, nodes: Sequence[Node], around: Scope | None) -> None:
        run = [node for node in nodes if not self._left_out(node)]
        for loop, group in itertools.groupby(run, key=lambda node: _loop_of(node, around)):
            if loop is None:
                for node in group:
                    self._node(node)
            else:
                self._steps(loop, [*group])

    def _left_out(self, node: Node) -> bool:
        """What does not run in evaluation mode: what is of training alone, and what a loop collects of that."""
        collects = isinstance(node.op, ScanStack | ScanLast)
        sources = [value.node for value in node.inputs if value is not None] if collects else []
        return self._evaluation and any(each.when is Mode.TRAINING for each in (node, *sources))

    def _steps(self, loop: Scope, nodes: Sequence[Node]) -> None:
        """A loop over time, written out."""
        assert loop.scan is not None
        steps = resized(loop.scan.steps, self._sized)
        assert isinstance(steps, int), f"`{loop.path}` runs {steps} times"
        own = [node for node in nodes if node.scope is loop]
        kinds = (ScanSlice, ScanCarry, ScanStack, ScanLast)
        slices, carries, stacks, lasts = ([node for node in own if isinstance(node.op, kind)] for kind in kinds)
        border = {*slices, *carries, *stacks, *lasts}
        body = [node for node in nodes if node not in border]
        passed = {node: self._first(node) for node in carries}
        kept: dict[Node, list[Term]] = {node: [] for node in stacks}
        for step in reversed(range(steps)) if loop.scan.reverse else range(steps):
            for node in slices:
                self._values[node, 0] = without(self._terms, self._first(node), node.op.dim, step)  # type: ignore[attr-defined]
            for node, term in passed.items():
                self._values[node, 0] = term
            self._run(body, loop)
            for node in stacks:
                kept[node].append(self._first(node))
            passed |= {node.inputs[1].node: self._first(node) for node in lasts if node.inputs[1] is not None}
        for node, found in kept.items():
            dim = node.op.dim % len(node.types[0].shape)  # type: ignore[attr-defined]
            rows = [reshaped(self._terms, x, (*x.shape[:dim], 1, *x.shape[dim:])) for x in found]
            ordered = rows[::-1] if loop.scan.reverse else rows
            self._values[node, 0] = (
                ordered[0] if len(ordered) == 1 else self._terms.make("cat", self._type(node.types[0]), ordered, [dim])
            )
        for node in lasts:
            self._values[node, 0] = self._first(node)

    def _first(self, node: Node) -> Term:
        assert node.inputs[0] is not None
        return self._read(node.inputs[0])

    def _read(self, value: Value) -> Term:
        if value.weight is not None:
            return self._tensor(value.node, value.weight)
        return self._values[value.node, value.output]

    def _tensor(self, node: Node, name: str) -> Term:
        """A tensor of the network by its key: that of the first that has it."""
        if name in node.tie:
            return self._read(node.tie[name])
        owner = node.share or node
        if owner is not node:
            return self._tensor(owner, name)
        weight = node.tensors[name]
        path = f"{node.path}.{name}" if name else node.path
        return self._terms.make(
            "buffer" if weight.buffer else "parameter",
            self._type(TensorType(weight.shape, weight.dtype)),
            (),
            [path, name in node.frozen],
        )

    def _node(self, node: Node) -> None:
        op = node.op
        if isinstance(op, Parameter) or (isinstance(op, Constant) and op.persistent):
            self._values[node, 0] = self._tensor(node, "")
            return
        if isinstance(op, ByMode) and self._evaluation:
            chosen = node.inputs[0 if op.mode == "evaluation" else 1]
            assert chosen is not None
            self._values[node, 0] = self._read(chosen)
            return
        inputs = [None if value is None else self._read(value) for value in node.inputs]
        types = [self._type(type) for type in node.types]
        made = said(self._terms, op, inputs, types, self._own(node), self._sized)
        for place, (term, type) in enumerate(zip(made, types, strict=True)):
            self._values[node, place] = term
            assert term.shape == type.shape, f"{node.path}: {op}: {term}, {type}"

    def _own(self, node: Node) -> dict[str, Term]:
        owner = node.share or node
        return {} if isinstance(node.op, Constant) else {name: self._tensor(owner, name) for name in owner.tensors}

    def _type(self, type: TensorType) -> TensorType:
        found: TensorType = resized(type, self._sized)
        return found


def _loop_of(node: Node, around: Scope | None) -> Scope | None:
    """The outermost loop over time, inside of `around`, that a node runs in."""
    found, scope = None, node.scope
    while scope is not None and scope is not around:
        found = scope if scope.scan is not None else found
        scope = scope.scope
    return found


def _tensors(scope: Scope, before: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The `state_dict`: keys in order, each with what it holds."""
    for name, child in sorted(scope.children.items(), key=lambda each: _rank(each[1])):
        path = f"{before}.{name}" if before else name
        if child.share is not None and not child.registered:
            continue
        if isinstance(child, Scope):
            yield from _tensors(child, path)
            continue
        for tensor, weight in child.tensors.items():
            if weight.buffer and child.op.name == "constant" and not child.op.persistent:  # type: ignore[attr-defined]
                continue
            yield (
                (f"{path}.{tensor}" if tensor else path),
                (weight.shape, weight.dtype, weight.buffer, tensor in child.frozen),
            )


def _rank(child: Node | Scope) -> int:
    """A module has its own parameters before its buffers, and these before its children's tensors."""
    own = isinstance(child, Node) and "" in child.tensors
    return (1 if child.tensors[""].buffer else 0) if isinstance(child, Node) and own else 2
