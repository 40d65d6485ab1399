"""Attention between projections, as the layer that it is: a scope that has the layer's tensors, by their names.

The axes of what the scope reads are followed through it: from the input to the projections, to the heads, through
attention, and back. They have to go where those of the layer go, and nothing else may stand in the scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias, final

from archdsl.ir.graph import Node, Scope, Value
from archdsl.ir.scopes import scopes_of
from archdsl.measures.regrouping import MOVES, AxisGroups, Regrouping, SplitAxisError
from archdsl.ops.apply import apply
from archdsl.ops.attention import MultiheadAttention, ScaledDotProductAttention
from archdsl.ops.base import OpError, Weight
from archdsl.ops.divide import Dividing, Unbind
from archdsl.ops.linear import Linear
from archdsl.ops.reshape import Transpose
from archdsl.ops.special import Parameter
from archdsl.rewriting.editing import GraphEditor, output_of
from archdsl.shapes import Dim, TensorType

_Steps: TypeAlias = list[tuple[Node, int]]
"""Nodes one after the other, each with which of its outputs is read."""
_SAMPLES, _HEADS, _PLACES, _FEATURES = range(4)
"""The axes of what attention reads and gives."""
_INSIDE: Final = (
    ((_SAMPLES,), (_HEADS,), (_PLACES,), (_FEATURES,)),
    ((_SAMPLES, _HEADS), (_PLACES,), (_FEATURES,)),
)  # fmt: skip
"""How these may be its dimensions."""


_RESULTS: Final = (((_SAMPLES,), (_PLACES,), (4,)), ((_PLACES,), (_SAMPLES,), (4,)))
"""How the result may be: the features are a new axis."""
_TURN: Final = Transpose(dim0=0, dim1=1)


class _NoLayerError(Exception):
    """The scope does something else."""


class _Projected(NamedTuple):
    """What attention reads by one of its ports."""

    source: Value
    samples: int
    """Which dimension of the source they are."""
    heads: Dim


def multiheaded(editor: GraphEditor) -> None:
    """Puts the layer in the place of every scope that is one."""
    for scope in scopes_of(editor.graph.root)[1:]:
        nodes = [each for each in scope.children.values() if isinstance(each, Node) and editor.is_plain(each)]
        attention = [each for each in nodes if isinstance(each.op, ScaledDotProductAttention)]
        if len(nodes) < len(scope.children) or len(attention) != 1 or not editor.is_plain(scope):
            continue
        try:
            _Layer(editor, scope, nodes, attention[0]).replace()
        except (_NoLayerError, SplitAxisError, OpError):
            continue


@final
class _Layer:
    """The nodes of a scope, and what they are in the layer: all raises _NoLayerError or SplitAxisError for others."""

    def __init__(self, editor: GraphEditor, scope: Scope, nodes: list[Node], attention: Node) -> None:
        self._editor, self._scope, self._nodes, self._attention = editor, scope, nodes, attention
        self._used = {attention}
        self._heads: Dim = 0

    def replace(self) -> None:
        """Raises OpError, too, for what the layer does not take."""
        projected = [self._projected(number) for number in range(3)]
        mask = self._mask()
        last, samples = self._after()
        same = {(each.samples, each.heads) for each in projected} == {(samples, self._heads)}
        if not same or self._used != {*self._nodes} or any(map(self._is_read, {*self._nodes} - {last})):
            raise _NoLayerError
        op = self._op()
        types = tuple(_turned(each.source.type) if samples else each.source.type for each in projected)
        tensors = apply(op, (*types, *((None, mask.type) if mask else ()))).tensors
        if [*tensors.items()] != [*_tensors(self._nodes)]:
            raise _NoLayerError
        self._put(op, [each.source for each in projected], samples == 1, mask, last)

    def _is_read(self, node: Node) -> bool:
        """Whether anything of a node is read outside of the scope."""
        return self._editor.is_given(node) or not {*self._editor.all_readers(node)} <= {*self._nodes}

    def _inside(self, node: Node) -> bool:
        return node.scope is self._scope

    def _back(self, value: Value) -> tuple[Value, _Steps]:
        """Where a value comes from that is moved about and picked in the scope, and how."""
        steps: _Steps = []
        while self._inside(value.node) and isinstance(value.node.op, (*MOVES, Unbind)):
            self._used.add(value.node)
            steps.insert(0, (value.node, value.output))
            source = value.node.inputs[0]
            assert source is not None
            value = source
        return value, steps

    # --- before attention --------------------------------------------------------------------------

    def _projected(self, number: int) -> _Projected:
        source, steps = self._back(_given(self._attention, number))
        layer = source.node
        if not self._inside(layer) or not isinstance(layer.op, Linear) or layer.tensors:
            raise _NoLayerError
        self._used.add(layer)
        axes = Regrouping(source.type)
        kind = _follow(axes, steps)
        found = axes.regrouped()
        *_, heads, features = (-1, -1, *(axis for group in found.left for axis in group))
        if found.left != ((0,), (1,), (2, 3) if kind is None else (2, 3, 4)):
            raise _NoLayerError
        samples = next((n for n in (0, 1) if found.right in _heads(n, heads, 1 - n, features)), None)
        if samples is None:
            raise _NoLayerError
        rows = found.sizes[heads] * found.sizes[features]
        self._check_rows(layer, rows * number - rows * (kind or 0), rows * 3)
        value, turned = self._input(_given(layer, 0))
        return _Projected(value, turned[samples], found.sizes[heads])

    def _check_rows(self, layer: Node, start: Dim, count: Dim) -> None:
        """Demands that a projection has the rows from `start` on of a parameter of so many."""
        for value in layer.inputs[1:]:
            if value is None:
                continue
            before: Dim = 0
            owner = value
            if isinstance(value.node.op, Dividing) and value.node.op.dim == 0:
                before = sum((each.shape[0] for each in value.node.types[: value.output]), before)
                self._used.add(value.node)
                owner = _given(value.node, 0)
            whole = isinstance(owner.node.op, Parameter) and self._inside(owner.node)
            if not whole or (before, owner.type.shape[0]) != (start, count):
                raise _NoLayerError
            self._used.add(owner.node)

    def _input(self, value: Value) -> tuple[Value, tuple[int, ...]]:
        """What comes into the scope, and for each dimension of what is projected which one it is of that."""
        value, steps = self._back(value)
        axes = Regrouping(value.type)
        picked, found = _follow(axes, steps), axes.regrouped()
        if (
            picked is not None
            or found.left != ((0,), (1,), (2,))
            or found.right not in (found.left, ((1,), (0,), (2,)))
        ):
            raise _NoLayerError
        return value, tuple(group[0] for group in found.right)

    def _mask(self) -> Value | None:
        """What is added to the scores: for each place of the query, for each of the key."""
        if self._attention.inputs[3:] in ((), (None,)):
            return None
        value, steps = self._back(_given(self._attention, 3))
        axes = Regrouping(value.type)
        picked, found = _follow(axes, steps), axes.regrouped()
        seen = tuple(group for group in found.right if group)
        if picked is not None or found.left != ((0,), (1,)) or seen != found.left or value.type.dtype == "bool":
            raise _NoLayerError
        return value

    # --- after attention ---------------------------------------------------------------------------

    def _after(self) -> tuple[Node, int]:
        """The last node of the scope, and which dimension of its result the samples are."""
        axes = Regrouping(self._attention.types[0])
        node = self._moved(self._attention, axes)
        layer = self._editor.reader(node)
        found = axes.regrouped()
        if layer is None or not self._inside(layer) or not isinstance(layer.op, Linear) or not layer.tensors:
            raise _NoLayerError
        if found.left not in _INSIDE or found.right[-1] != (_HEADS, _FEATURES):
            raise _NoLayerError
        self._used.add(layer)
        self._heads = found.sizes[_HEADS]
        axes.mix(layer.types[0].shape[-1])
        last = self._moved(layer, axes)
        result = axes.regrouped().right
        if result not in _RESULTS:
            raise _NoLayerError
        return last, _RESULTS.index(result)

    def _moved(self, node: Node, axes: Regrouping) -> Node:
        """The last of the nodes that only move about what a node gives."""
        while (reader := self._editor.reader(node)) is not None and self._inside(reader):
            if not isinstance(reader.op, MOVES):
                break
            axes.apply(reader.op, node.types[0])
            self._used.add(reader)
            node = reader
        return node

    # --- the layer ---------------------------------------------------------------------------------

    def _op(self) -> MultiheadAttention:
        attention = self._attention.op
        assert isinstance(attention, ScaledDotProductAttention)
        if attention.scale is not None or attention.enable_gqa:
            raise _NoLayerError
        fields: dict[str, Any] = {"num_heads": self._heads}
        if attention.dropout_p:
            fields["dropout"] = attention.dropout_p
        if not any(isinstance(node.op, Parameter) and node.types[0].rank == 1 for node in self._nodes):
            fields["bias"] = False
        return MultiheadAttention(**fields, **({"is_causal": True} if attention.is_causal else {}))

    def _put(self, op: MultiheadAttention, sources: list[Value], turn: bool, mask: Value | None, last: Node) -> None:
        edit, holder = self._editor, self._scope.scope
        turned: dict[tuple[Node, int], Value] = {}
        for value in sources if turn else ():
            key = value.node, value.output
            if key not in turned:
                turned[key] = output_of(edit.add(_TURN, [value], last, scope=holder))
        reads = [turned.get((value.node, value.output), value) for value in sources]
        made = output_of(edit.replace_scope(self._scope, op, [*reads, *((None, mask) if mask else ())], last))
        if turn:
            made = output_of(edit.add(_TURN, [made], last, scope=holder))
        edit.swap(output_of(last), made)


def _given(node: Node, port: int) -> Value:
    value = node.inputs[port]
    assert value is not None
    return value


def _follow(axes: Regrouping, steps: _Steps) -> int | None:
    """Takes axes through nodes; which place of a dimension is picked on the way, if one is. Raises _NoLayerError."""
    kind: int | None = None
    for node, output in steps:
        x = _given(node, 0).type
        if not isinstance(node.op, Unbind):
            axes.apply(node.op, x)
            continue
        if kind is not None:
            raise _NoLayerError
        kind = output
        axes.pick(node.op.dim % x.rank)
    return kind


def _heads(*axes: int) -> list[AxisGroups]:
    """How samples, heads, places and features may stand before attention."""
    return [tuple(tuple(axes[axis] for axis in group) for group in form) for form in _INSIDE]


def _turned(x: TensorType) -> TensorType:
    return x.with_shape((x.shape[1], x.shape[0], *x.shape[2:]))


def _tensors(nodes: Iterable[Node]) -> Iterator[tuple[str, Weight]]:
    """The tensors of a scope, by their keys."""
    for node in nodes:
        for name, weight in node.tensors.items():
            yield f"{node.name}.{name}" if name else node.name, weight
