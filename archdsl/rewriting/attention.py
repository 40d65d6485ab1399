"""Attention that is written out, as one op: softmax(query @ key^T * scale + mask) @ value."""

from __future__ import annotations

from math import isclose
from typing import Any, Final, NamedTuple, final

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl.ir.graph import Node, Value
from archdsl.ops.activation import Softmax
from archdsl.ops.apply import apply
from archdsl.ops.attention import ScaledDotProductAttention
from archdsl.ops.base import Op, OpError
from archdsl.ops.contract import Bmm, Matmul
from archdsl.ops.dropout import Dropout
from archdsl.ops.reshape import Flatten, Regroup, Transpose, Unflatten
from archdsl.ops.special import Formula, sum_of
from archdsl.rewriting.editing import GraphEditor, output_of
from archdsl.shapes import Shape, TensorType

_ALIKE: Final = 1e-12
"""How far a factor may be from the one that the op takes by itself."""
_TURN: Final = Transpose(dim0=-2, dim1=-1)
_TOGETHER: Final = Flatten(start_dim=0, end_dim=1)
_LONGEST: Final = 30
"""How many terms and nodes are looked through for the product, at most."""
_MASKS: Final = 2
"""How many are added up at most: their sum may be larger than each."""


class _Scores(NamedTuple):
    """What softmax is taken of."""

    product: Node
    """query @ key^T"""
    scale: float = 1.0
    masks: tuple[Value, ...] = ()
    nodes: tuple[Node, ...] = ()
    """All that stand for it, each before what it reads."""
    split: Shape = ()
    """What the first dimension is taken apart into while a mask is added that differs from window to window."""
    joined: bool = True
    """Whether it is one again."""

    @property
    def shape(self) -> Shape:
        x = self.product.types[0].shape
        return x if self.joined else (*self.split, *x[1:])


def attended(editor: GraphEditor) -> None:
    """Puts the op in the place of what computes it step by step, and leaves out a scale that it takes by itself."""
    for node in [*editor.nodes()]:
        if isinstance(node.op, Softmax):
            _WrittenOut(editor, node).replace()
        elif isinstance(node.op, ScaledDotProductAttention) and editor.may_go(node):
            _without_scale(editor, node)


@final
class _WrittenOut:
    """The nodes around a softmax."""

    def __init__(self, editor: GraphEditor, softmax: Node) -> None:
        self._editor, self._softmax = editor, softmax
        self._left = _LONGEST

    def replace(self) -> None:
        """Does nothing where these are no attention."""
        after, source = self._after(), self._softmax.inputs[0]
        assert source is not None and isinstance(self._softmax.op, Softmax)
        scores = self._scores(source) if after and self._softmax.op.dim in (-1, source.type.rank - 1) else None
        if scores is not None and scores.joined and len(scores.masks) <= _MASKS:
            self._put(scores, after)

    def _after(self) -> tuple[Node, ...]:
        """The product with the values, a dropout, and the softmax; nothing where these are not there."""
        weights, dropout = self._softmax, self._editor.reader(self._softmax)
        if dropout is not None and isinstance(dropout.op, Dropout) and self._goes(dropout):
            weights = dropout
        product = self._editor.reader(weights)
        if product is None or not isinstance(product.op, Matmul | Bmm) or not self._goes(self._softmax):
            return ()
        first = product.inputs[0]
        if first is None or first.node is not weights or not self._editor.may_go(product) or not self._near(product):
            return ()
        return tuple(dict.fromkeys((product, weights, self._softmax)))

    def _near(self, node: Node) -> bool:
        return node.scope is self._softmax.scope and node.when is self._softmax.when

    def _goes(self, node: Node) -> bool:
        """Whether a node is known inside of the attention alone."""
        return self._editor.may_go(node) and self._near(node) and self._editor.reader(node) is not None

    # --- scores ------------------------------------------------------------------------------------

    def _scores(self, value: Value) -> _Scores | None:
        node = value.node
        self._left -= 1
        if self._left < 0 or not self._goes(node):
            return None
        if isinstance(node.op, Matmul | Bmm):
            return _Scores(node, nodes=(node,))
        found = self._windows(node)
        if isinstance(node.op, Formula):
            found = self._term(node.op.expression, node)
        if found is None or node.types[0].shape != found.shape:
            return None
        return found._replace(nodes=(node, *found.nodes))

    def _windows(self, node: Node) -> _Scores | None:
        """Scores of which the first dimension is taken apart, or made one again."""
        source = node.inputs[0] if isinstance(node.op, Regroup) else None
        found = None if source is None else self._scores(source)
        if found is None or source is None:
            return None
        if not found.split and node.types[0].shape[2:] == source.type.shape[1:]:
            broadcast = all(mask.type.rank < source.type.rank or mask.type.shape[0] == 1 for mask in found.masks)
            return found._replace(split=node.types[0].shape[:2], joined=False) if broadcast else None
        return found._replace(joined=True) if not found.joined else None

    def _term(self, tree: Tree, node: Node) -> _Scores | None:
        """A part of a formula."""
        if isinstance(tree, trees.Name):
            return self._scores(_operand(tree, node))
        self._left -= 1
        if self._left < 0 or not isinstance(tree, trees.Binary):
            return None
        if (scaled := _scaled(tree)) is not None:
            found = self._term(scaled[0], node)
            return None if found is None or found.masks else found._replace(scale=found.scale * scaled[1])
        for scores, mask in ((tree.left, tree.right), (tree.right, tree.left)) if tree.sign == "+" else ():
            if isinstance(mask, trees.Name) and (found := self._term(scores, node)) is not None:
                return found._replace(masks=(*found.masks, _operand(mask, node)))
        return None

    def _unscaled(self, value: Value) -> tuple[Value, float, tuple[Node, ...]]:
        """What a factor is multiplied with, the factor, and the node that does it."""
        node = value.node
        if isinstance(node.op, Formula) and self._goes(node) and (scaled := _scaled(node.op.expression)) is not None:
            inner, factor = scaled
            if isinstance(inner, trees.Name):
                return _operand(inner, node), factor, (node,)
        return value, 1.0, ()

    # --- the op ------------------------------------------------------------------------------------

    def _put(self, scores: _Scores, after: tuple[Node, ...]) -> None:
        (left, right), value = scores.product.inputs, after[0].inputs[1]
        assert left is not None and right is not None and value is not None
        query, factor, of_query = self._unscaled(left)
        keys, other, of_keys = self._unscaled(right)
        batches = {each.type.shape[:-2] for each in (query, keys, value)}
        if len(batches) > 1 or () in batches or any(mask.type.dtype != query.type.dtype for mask in scores.masks):
            return
        gone = (*after, *scores.nodes, *of_query, *of_keys)
        reads = (query, keys, value, *scores.masks)
        if len({*gone}) < len(gone) or any(each.node in gone for each in reads):
            return
        dropout = sum(node.op.p for node in after if isinstance(node.op, Dropout))
        op = _op(query, scores.scale * factor * other, dropout)
        if _takes(op, reads, scores.split, gone[0].types[0]):
            self._swap(op, reads, scores.split, gone)

    def _swap(self, op: Op, reads: tuple[Value, ...], split: Shape, gone: tuple[Node, ...]) -> None:
        edit, at = self._editor, gone[0]
        edit.remove(*gone)

        def put(op: Op, *inputs: Value | None, name: str = "") -> Value:
            return output_of(edit.add(op, inputs, at, name))

        query, keys, value = (put(_apart(split), each) if split else each for each in reads[:3])
        masks = reads[3:] if len(reads) < 5 else (put(sum_of(range(2)), *reads[3:], name="mask"),)
        made = put(op, query, put(_TURN, keys), value, *masks)
        edit.swap(output_of(at), put(_TOGETHER, made) if split else made)


def _takes(op: Op, reads: tuple[Value, ...], split: Shape, expected: TensorType) -> bool:
    """Whether attention with these gives what there was."""
    types = [each.type.with_shape((*split, *each.type.shape[1:])) if split else each.type for each in reads[:3]]
    types[1] = types[1].with_shape((*types[1].shape[:-2], *types[1].shape[:-3:-1]))
    masks = tuple(each.type for each in reads[3:])
    try:
        mask = apply(sum_of(range(len(masks))), masks).types if masks else ()
        (found,) = apply(op, (*types, *mask)).types
    except OpError:  # a mask that the op does not take
        return False
    shape = (expected.shape[:1] if split else ()) + found.shape[2 if split else 0 :]
    return found.with_shape(shape) == expected


def _apart(split: Shape) -> Unflatten:
    """The size that only the run knows follows from the other."""
    return Unflatten(dim=0, unflattened_size=(-1 if isinstance(split[1], int) else split[0], split[1]))


def _op(query: Value, scale: float, dropout: float) -> ScaledDotProductAttention:
    scaled: dict[str, Any] = {} if _is_usual(scale, query) else {"scale": scale}
    drops: dict[str, Any] = {"dropout_p": dropout} if dropout else {}
    return ScaledDotProductAttention(**scaled, **drops)


def _is_usual(scale: float, query: Value) -> bool:
    """Whether it is the scale that the op takes by itself."""
    features = query.type.shape[-1]
    return isinstance(features, int) and isclose(scale, features**-0.5, rel_tol=_ALIKE)


def _without_scale(editor: GraphEditor, node: Node) -> None:
    query = node.inputs[0]
    assert query is not None and isinstance(node.op, ScaledDotProductAttention)
    if node.op.scale is None or not _is_usual(node.op.scale, query):
        return
    fields = {name: value for name, value in node.fields.items() if name != "scale"}
    editor.remove(node)
    made = editor.add(ScaledDotProductAttention(**fields), node.inputs, node, node.name)
    editor.swap(output_of(node), output_of(made))


def _operand(name: trees.Name, node: Node) -> Value:
    value = node.inputs[int(name.name)]
    assert value is not None
    return value


def _scaled(tree: Tree) -> tuple[Tree, float] | None:
    """What is multiplied by a positive number, and the number."""
    if not isinstance(tree, trees.Binary):
        return None
    if tree.sign == "/" and (factor := _positive(tree.right)) is not None:
        return tree.left, 1 / factor
    for inner, other in ((tree.left, tree.right), (tree.right, tree.left)) if tree.sign == "*" else ():
        if (factor := _positive(other)) is not None:
            return inner, factor
    return None


def _positive(tree: Tree) -> float | None:
    number = tree.value if isinstance(tree, trees.Literal) else None
    return float(number) if isinstance(number, int | float) and number > 0 else None
