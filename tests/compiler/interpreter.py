"""Runs a graph node by node: what a generated module must compute, found without its source.

Layers are torch's functions, given the tensors that stand under the node's path in the module: its parameters
themselves, so that gradients reach them, and copies of its buffers. Formulas and constants are worked out from
their trees. Nothing here knows of the compiler.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.expressions import Expression
from archdsl.expressions.tree import Binary, Call, Choice, Compare, Literal, Logic, Name, Unary
from archdsl.ir.graph import Graph, Mode, Node, Scope, Value
from archdsl.ir.training import is_frozen
from archdsl.ops.base import Op, at_sizes
from archdsl.ops.special import (
    ByMode,
    Constant,
    Formula,
    InputOp,
    Parameter,
    ScanCarry,
    ScanLast,
    ScanSlice,
    ScanStack,
)
from archdsl.shapes import Symbolic, evaluate
from tests.oracle.layers import compute


def run(graph: Graph, module: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
    """The network's outputs by name; None for those of the other mode."""
    return Run(graph, module, inputs).outputs()


def check_trained(graph: Graph, module: nn.Module) -> None:
    """Fails where the module trains what the graph says is frozen, or does not train the others."""
    state = dict(module.named_parameters(remove_duplicate=False))
    for node in graph.nodes:
        for name, weight in node.tensors.items() if node.share is None else ():
            path = f"{node.path}.{name}" if name else node.path
            if not weight.buffer:
                assert state[path].requires_grad is not is_frozen(node, name), f"{path}: {state[path].requires_grad}"


def draw(graph: Graph, sizes: Mapping[str, int] | None = None, seed: int = 0) -> dict[str, Tensor]:
    """Random inputs, in float64 where they are numbers."""
    generator = torch.Generator().manual_seed(seed)
    drawn: dict[str, Tensor] = {}
    for name, node in graph.inputs.items():
        op = node.op
        assert isinstance(op, InputOp)
        shape = [evaluate(dim, {**graph.sample_sizes, **(sizes or {})}) for dim in op.shape]
        if op.dtype == "float32":
            drawn[name] = torch.randn(shape, generator=generator, dtype=torch.float64)
        else:
            drawn[name] = torch.randint(0, op.below or 2, shape, generator=generator).to(getattr(torch, op.dtype))
    return drawn


class Run:
    """One pass over the graph; `state` holds the module's parameters, and its buffers as they are afterwards."""

    def __init__(self, graph: Graph, module: nn.Module, inputs: Mapping[str, Tensor]) -> None:
        self.graph = graph
        self.training = module.training
        buffers = {name: x.clone() for name, x in module.named_buffers()}
        self.state: dict[str, Tensor] = {**dict(module.named_parameters(remove_duplicate=False)), **buffers}
        self.values: dict[tuple[Node, int], Tensor] = {}
        self.sizes: dict[str, int] = {}
        for name, node in graph.inputs.items():
            self.values[node, 0] = inputs[name]
            self._bind(node, inputs[name])
        self._nodes(graph.nodes, None)

    def outputs(self) -> dict[str, Tensor | None]:
        return {name: self._read(value) for name, value in self.graph.outputs.items()}

    def _nodes(self, nodes: Sequence[Node], around: Scope | None) -> None:
        """Runs nodes in order; those of a loop inside of `around` once for every step."""
        active = (node for node in nodes if node.when is None or (node.when is Mode.TRAINING) == self.training)
        for loop, group in itertools.groupby(active, key=lambda node: _loop_of(node, around)):
            if loop is not None:
                self._steps(loop, list(group))
                continue
            for node in group:
                self._node(node)

    def _steps(self, loop: Scope, nodes: list[Node]) -> None:
        """A loop over time, a step at a time."""
        assert loop.scan is not None
        own = [node for node in nodes if node.scope is loop]
        slices, carries, stacks, lasts = (
            [node for node in own if isinstance(node.op, kind)] for kind in (ScanSlice, ScanCarry, ScanStack, ScanLast)
        )
        border = {*slices, *carries, *stacks, *lasts}
        body = [node for node in nodes if node not in border]
        passed = {node: self._input(node) for node in carries}
        kept: dict[Node, list[Tensor]] = {node: [] for node in stacks}
        steps = evaluate(loop.scan.steps, self.sizes)
        for step in reversed(range(steps)) if loop.scan.reverse else range(steps):
            for node in slices:
                self.values[node, 0] = self._input(node).select(node.op.dim, step)  # type: ignore[attr-defined]
            for node, value in passed.items():
                self.values[node, 0] = value
            self._nodes(body, loop)
            for node in stacks:
                kept[node].append(self._input(node))
            passed.update({node.inputs[1].node: self._input(node) for node in lasts if node.inputs[1] is not None})
        for node, values in kept.items():
            ordered = values[::-1] if loop.scan.reverse else values
            self._give(node, [torch.stack(ordered, node.op.dim)])  # type: ignore[attr-defined]
        for node in lasts:
            self._give(node, [self._input(node)])

    def _input(self, node: Node) -> Tensor:
        value = node.inputs[0]
        assert value is not None
        found: Tensor = self._read(value)
        return found

    def _bind(self, node: Node, tensor: Tensor) -> None:
        op = node.op
        assert isinstance(op, InputOp)
        for dim, size in zip(op.shape, tensor.shape, strict=True):
            if isinstance(dim, Symbolic) and str(dim).isidentifier():
                self.sizes.setdefault(str(dim), size)

    def _read(self, value: Value) -> Any:
        if value.weight is not None:
            return self._tensor(value.node, value.weight)
        return self.values.get((value.node, value.output))

    def _tensor(self, node: Node, name: str) -> Tensor:
        owner = node.share or node
        return self.state[f"{owner.path}.{name}" if name else owner.path]

    def _node(self, node: Node) -> None:
        results = self._compute(node)
        self._give(node, [*_flat(results)])

    def _give(self, node: Node, results: Sequence[Tensor]) -> None:
        for place, result in enumerate(results):
            expected = tuple(evaluate(dim, self.sizes) for dim in node.types[place].shape)
            assert tuple(result.shape) == expected, f"{node.path} has {tuple(result.shape)}, not {expected}"
            self.values[node, place] = result

    def _compute(self, node: Node) -> Any:
        op = node.op
        inputs = [None if value is None else self._read(value) for value in node.inputs]
        if isinstance(op, Parameter):
            return self._tensor(node, "")
        if isinstance(op, Constant):
            return constant(op, self.sizes)
        if isinstance(op, ByMode):
            return inputs[0] if (op.mode == "training") == self.training else inputs[1]
        if isinstance(op, Formula):
            single = any(x is not None and x.type.dtype == "torch.float32" for x in node.inputs)
            exact = torch.float32 if single else torch.float64
            result = formula(op.expression, lambda name: inputs[int(name)], self.sizes, exact)  # type: ignore[return-value]
            dtype = node.types[0].dtype.removeprefix("torch.")
            return result if dtype == "float32" else torch.as_tensor(result).to(getattr(torch, dtype))
        tensors = {name: self._tensor(node, name) for name in node.tensors}
        return compute(at_sizes(_settled(node), self.sizes), inputs, tensors, self.training)


def _settled(node: Node) -> Op:
    """The op; a `squeeze` without `dim` removes what the spec knows to be 1, and no batch that happens to be."""
    value = node.inputs[0] if node.inputs else None
    if value is None or node.op.name != "squeeze" or getattr(node.op, "dim", None) is not None:
        return node.op
    return node.op.model_copy(update={"dim": tuple(i for i, size in enumerate(value.type.shape) if size == 1)})


def _flat(result: Any) -> Iterator[Tensor]:
    """The tensors given, also those of a tuple in a tuple."""
    if isinstance(result, Tensor):
        yield result
        return
    for part in result:
        yield from _flat(part)


def _loop_of(node: Node, around: Scope | None) -> Scope | None:
    """The outermost loop over time, inside of `around`, that a node runs in."""
    found, scope = None, node.scope
    while scope is not None and scope is not around:
        found = scope if scope.scan is not None else found
        scope = scope.scope
    return found


def constant(op: Constant, sizes: Mapping[str, int]) -> Tensor:
    """Element by element, by the expression language itself."""
    shape = [evaluate(dim, sizes) for dim in op.shape]
    tree = Literal(op.value) if isinstance(op.value, int | float) else op.value
    expression = Expression("", _without_symbols(tree, sizes))
    elements = [
        float(expression.evaluate(dict(zip(op.index, place, strict=False))))
        for place in itertools.product(*map(range, shape))
    ]
    dtype = torch.float64 if op.dtype == "float32" else getattr(torch, op.dtype.removeprefix("torch."))
    return torch.tensor(elements, dtype=torch.float64).reshape(shape).to(dtype)


def _without_symbols(tree: Any, sizes: Mapping[str, int]) -> Any:
    from archdsl.expressions.walking import rebuild

    if isinstance(tree, Literal):
        return Literal(evaluate(tree.value, sizes)) if isinstance(tree.value, Symbolic) else tree
    return rebuild(tree, lambda child: _without_symbols(child, sizes))


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def _in(exact: torch.dtype, value: Any) -> Any:
    return value.to(exact) if isinstance(value, Tensor) and not value.is_floating_point() else value


def _counted(value: Any) -> Any:
    """A comparison as 0 or 1, whole numbers in one dtype."""
    if isinstance(value, bool):
        return int(value)
    return value.long() if isinstance(value, Tensor) and not value.is_floating_point() else value


def _is_whole(value: Any) -> bool:
    return not value.is_floating_point() if isinstance(value, Tensor) else isinstance(value, int)


def formula(
    tree: Any, tensor: Callable[[str], Tensor | None], sizes: Mapping[str, int], exact: torch.dtype = torch.float64
) -> Any:
    """A formula's value; comparisons count as 0 and 1, and what is no sum or product of whole numbers is `exact`."""

    def number(part: Any) -> Any:
        return _in(exact, value_of(part))

    def value_of(part: Any) -> Any:
        match part:
            case Literal(value=value):
                return evaluate(value, sizes) if isinstance(value, Symbolic) else value
            case Name(name=name):
                return tensor(name)
            case Unary(sign="not", operand=operand):
                return torch.as_tensor(number(operand)) == 0
            case Unary(sign=sign, operand=operand):
                value = _counted(value_of(operand))
                return -value if sign == "-" else value
            case Binary(sign=sign, left=left, right=right):
                sides = [_counted(value_of(left)), _counted(value_of(right))]
                whole = sign in "+-*" and all(map(_is_whole, sides))
                return _BINARY[sign](*(sides if whole else (_in(exact, side) for side in sides)))
            case Compare(first=first, rest=rest):
                sides = [number(first), *(number(side) for _, side in rest)]
                found = [_BINARY[s](a, b) for (s, _), a, b in zip(rest, sides, sides[1:], strict=False)]
                return torch.stack(torch.broadcast_tensors(*map(torch.as_tensor, found))).all(0)
            case Logic(word=word, parts=parts):
                found = [torch.as_tensor(number(side)) != 0 for side in parts]
                stacked = torch.stack(torch.broadcast_tensors(*found))
                return stacked.all(0) if word == "and" else stacked.any(0)
            case Choice(condition=condition, then=then, otherwise=otherwise):
                sides = [torch.as_tensor(number(side), dtype=exact) for side in (then, otherwise)]
                return torch.where(torch.as_tensor(number(condition)) != 0, *sides)
            case Call(function=function, arguments=arguments):
                found = _function(function, [number(argument) for argument in arguments])
                return found.to(exact) if isinstance(found, Tensor) and exact is torch.float32 else found
        raise AssertionError(part)

    return value_of(tree)


_OF_NUMBERS: dict[str, Callable[..., Any]] = {
    "float": float, "int": int, "ceil": math.ceil, "floor": math.floor, "round": round, "abs": abs,
}  # fmt: skip


def _function(name: str, values: Sequence[Any]) -> Any:
    if name in _OF_NUMBERS and not isinstance(values[0], Tensor):
        return _OF_NUMBERS[name](*values)
    if name in ("min", "max"):
        pick = torch.minimum if name == "min" else torch.maximum
        result = torch.as_tensor(values[0], dtype=torch.float64)
        for value in values[1:]:
            result = pick(result, torch.as_tensor(value, dtype=torch.float64))
        return result
    first, *others = values
    if name == "clamp":
        # at a bound itself the gradient of torch's own passes, while `minimum` passes half of it
        tensor, low, high = (None if v is None else torch.as_tensor(v, dtype=torch.float64) for v in values)
        return torch.clamp(tensor, low, high)
    if name == "log" and others:
        return _function("log", [first]) / _function("log", others)
    if name == "round" and others:
        return torch.round(first, decimals=int(others[0]))
    function = getattr(torch, name, None) or getattr(F, name)
    return function(first if isinstance(first, Tensor) else torch.tensor(first, dtype=torch.float64), *others)
