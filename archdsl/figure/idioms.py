"""Layers that are written from primitives, by their structure: what the field has a word for is one box with that word.

A product with a weight, and a bias, is a linear layer; `x * rsqrt(mean(x ** 2) + eps)` is RMS norm, and layer norm with
`x - mean(x)` in place of `x`; `x * scale + shift` is a batch norm that is frozen, or an affine layer; and
`x * cos + turned * sin`, where `turned` is made of the parts of `x`, turns the pairs of `x` by their positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from archdsl.expressions import tree as trees
from archdsl.expressions.walking import free_names, walk
from archdsl.figure.tensors import made_of
from archdsl.ir.graph import Node, Scope, Value
from archdsl.ops.base import Kind
from archdsl.ops.contract import Matmul
from archdsl.ops.rules import listed
from archdsl.ops.special import Formula
from archdsl.words.naming import Title, fixed
from archdsl.words.quantities import SPACE

if TYPE_CHECKING:
    from archdsl.figure.flow import Flow

ROOTS: Final = frozenset(("rsqrt", "sqrt"))
MOST: Final = 12
"""The most ops of one layer."""


class Idiom(NamedTuple):
    """Ops that are one layer."""

    title: Title
    kind: Kind
    nodes: tuple[Node, ...]
    """Those that move, in running order."""
    speaker: Node
    """The one that says what they are."""


def idioms_in(flow: Flow, scope: Scope | None) -> dict[Node, Idiom]:
    """The layer that each node right in a scope is a part of, for nodes that are part of one."""
    found: dict[Node, Idiom] = {}
    nodes = [child for child in scope.children.values() if isinstance(child, Node)] if scope is not None else []
    for node in sorted(nodes, key=flow.order.__getitem__):
        if node in flow.static or node in found or not isinstance(node.op, Formula | Matmul):
            continue
        for rule in _RULES:
            idiom = rule(flow, node)
            if idiom is not None and found.keys().isdisjoint(idiom.nodes) and _is_one(flow, idiom.nodes):
                found.update(dict.fromkeys(idiom.nodes, idiom))
                break
    return found


def _is_one(flow: Flow, nodes: Sequence[Node]) -> bool:
    """Whether they stand in one scope, one after another, and only the last is read by others."""
    own = set(nodes)
    places = [flow.order[node] for node in nodes]
    between = (place for place in range(places[0], places[-1]) if place not in set(places))
    return (
        len({(node.scope, node.when) for node in nodes}) == 1
        and all(map(flow.is_static_place, between))
        and all(own.issuperset(flow.readers[node]) and node not in flow.results for node in nodes[:-1])
        and not any(node.note for node in nodes)
    )


def _linear(flow: Flow, node: Node) -> Idiom | None:
    """`x @ weight + bias`."""
    if not isinstance(node.op, Matmul):
        return None
    x, weight = (flow.resolve(value) for value in node.inputs if value is not None)
    if not flow.moves(x) or flow.moves(weight) or weight.type.rank != 2 or not flow.is_learned(weight):
        return None
    before, after = (flow.numbers(value.type.shape)[-1] for value in (x, Value(node, 0, node.types[0])))
    title = Title("Linear", fixed(f"{before} → {after}"), comma=False, stem="Linear")
    return Idiom(title, Kind.LINEAR, (node, *_then(flow, node, "+")), node)


def _then(flow: Flow, node: Node, sign: str) -> Iterator[Node]:
    """The one op that reads a node, where it adds or multiplies a learned number for each feature."""
    readers = set(flow.readers[node])
    reader = readers.pop() if len(readers) == 1 else None
    if reader is None or not isinstance(reader.op, Formula) or node in flow.results:
        return
    tree, values = reader.op.expression, _values(flow, reader)
    if isinstance(tree, trees.Binary) and tree.sign == sign and len(values) == 2:
        static = [value for value in values.values() if not flow.moves(value)]
        names = all(isinstance(side, trees.Name) for side in (tree.left, tree.right))
        if names and len(static) == 1 and _is_by_channel(flow, static[0]):
            yield reader


def _rms_norm(flow: Flow, node: Node) -> Idiom | None:
    """`x * rsqrt(mean(x ** 2) + eps)`, and a weight."""
    values = _values(flow, node)
    moving = {name: value for name, value in values.items() if flow.moves(value)}
    if not isinstance(node.op, Formula) or len(moving) != 2 or len({value.node for value in moving.values()}) != 2:
        return None
    for name, mean in moving.items():
        (x,) = (value for other, value in moving.items() if other != name)
        square = _squared(flow, mean, x)
        if square is not None and _divides_by_root(node.op.expression, name):
            weighted = tuple(_then(flow, node, "*"))
            nodes = (square, mean.node, node, *weighted)
            return Idiom(Title("RMSNorm"), Kind.NORM, nodes, nodes[-1])
    return None


def _squared(flow: Flow, mean: Value, x: Value) -> Node | None:
    """The node that squares `x`, where this is the mean of that over the features."""
    square = _of_features(flow, mean, "mean")
    root = _root_of_square(square.node) if square is not None else None
    if square is None or not isinstance(root, trees.Name):
        return None
    return square.node if all(_same(value, x) for value in _values(flow, square.node).values()) else None


def _root_of_square(node: Node) -> Any:
    """What a formula squares; None where it does anything else."""
    tree = node.op.expression if isinstance(node.op, Formula) else None
    if not isinstance(tree, trees.Binary):
        return None
    squares = (tree.sign == "*" and tree.left == tree.right) or (tree.sign == "**" and tree.right == trees.Literal(2))
    return tree.left if squares else None


def _of_features(flow: Flow, value: Value, statistic: str) -> Value | None:
    """What a value is this statistic of over the features, which stay as a dimension of size 1."""
    op: Any = value.node.op
    rank = value.type.rank
    if op.statistic != statistic or not op.keepdim or [dim % rank for dim in listed(op.dim)] != [rank - 1]:
        return None
    (given,) = _values(flow, value.node).values()
    return given if getattr(op, "correction", 0) == 0 else None


def _layer_norm(flow: Flow, node: Node) -> Idiom | None:
    """`(x - mean) * rsqrt(variance + eps)`, and a weight and a bias."""
    tree = node.op.expression if isinstance(node.op, Formula) else None
    if not isinstance(tree, trees.Binary) or tree.sign not in ("*", "/"):
        return None
    values = _values(flow, node)
    for own, root in ((tree.left, tree.right), (tree.right, tree.left)):
        names = free_names(root) if isinstance(root, trees.Call) and root.function in ROOTS else ()
        centred = _centred(flow, own, values)
        spread = _spread(flow, values[next(iter(names))], centred) if len(names) == 1 and centred is not None else ()
        if centred is not None and spread:
            nodes = sorted({*centred.nodes, *spread, node}, key=flow.order.__getitem__)
            nodes += _weighted(flow, node)
            return Idiom(Title("LayerNorm"), Kind.NORM, tuple(nodes), nodes[-1])
    return None


class _Centred(NamedTuple):
    """Values without their mean."""

    x: Value
    mean: Value
    nodes: tuple[Node, ...]
    """That make the mean, and the difference where that has a node of its own."""


def _centred(flow: Flow, tree: Any, values: Mapping[str, Value]) -> _Centred | None:
    """What a part of a formula is, where it is `x - mean(x)`, perhaps by the name of another formula."""
    node = values[tree.name].node if isinstance(tree, trees.Name) else None
    if node is not None and isinstance(node.op, Formula):
        inner = _difference(flow, node.op.expression, _values(flow, node))
        return inner._replace(nodes=(*inner.nodes, node)) if inner is not None else None
    return _difference(flow, tree, values)


def _difference(flow: Flow, tree: Any, values: Mapping[str, Value]) -> _Centred | None:
    if not isinstance(tree, trees.Binary) or tree.sign != "-":
        return None
    if not (isinstance(tree.left, trees.Name) and isinstance(tree.right, trees.Name)):
        return None
    x, mean = values[tree.left.name], values[tree.right.name]
    given = _of_features(flow, mean, "mean") if flow.moves(x) and flow.moves(mean) else None
    return _Centred(x, mean, (mean.node,)) if given is not None and _same(given, x) else None


def _spread(flow: Flow, value: Value, centred: _Centred) -> tuple[Node, ...]:
    """The nodes that make the variance of what was centred; none where the value is none."""
    own = _of_features(flow, value, "variance")
    if own is not None:
        return (value.node,) if _same(own, centred.x) else ()
    square = _of_features(flow, value, "mean")
    tree = _root_of_square(square.node) if square is not None else None
    again = _centred(flow, tree, _values(flow, square.node)) if square is not None and tree is not None else None
    alike = again is not None and _same(again.x, centred.x) and _same(again.mean, centred.mean)
    return (*again.nodes, square.node, value.node) if alike and again is not None and square is not None else ()


def _weighted(flow: Flow, node: Node) -> list[Node]:
    """What multiplies a node with a learned number for each feature and adds one, in one formula or in two."""
    readers = set(flow.readers[node])
    reader = readers.pop() if len(readers) == 1 and node not in flow.results else None
    affine = _affine(flow, reader) if reader is not None else None
    if affine is not None and affine.title.name == "Affine":
        return [*affine.nodes]
    scaled = [*_then(flow, node, "*")]
    return [*scaled, *_then(flow, (scaled or [node])[-1], "+")]


def _divides_by_root(tree: Any, name: str) -> bool:
    """Whether a product or quotient has a root of this name in it."""
    roots = [part for part in walk(tree) if isinstance(part, trees.Call) and part.function in ROOTS]
    is_product = isinstance(tree, trees.Binary) and tree.sign in ("*", "/")
    return is_product and any(free_names(root) == {name} for root in roots)


def _affine(flow: Flow, node: Node) -> Idiom | None:
    """`x * scale + shift`, for each channel."""
    values = _values(flow, node)
    moving = [name for name, value in values.items() if flow.moves(value)]
    static = [value for value in values.values() if not flow.moves(value)]
    if len(moving) != 1 or len(static) != 2 or not all(_is_by_channel(flow, value) for value in static):
        return None
    terms = _products(node)
    if terms is None or len(terms) != 2 or {len(term) for term in terms} != {1, 2}:
        return None
    if not any(moving[0] in term for term in terms if len(term) == 2):
        return None
    if all(map(flow.is_learned, static)):
        return Idiom(Title("Affine"), Kind.NORM, (node,), node)
    if any(map(flow.is_learned, static)) or not any(
        _has_root(each) for value in static for each in made_of(value.node)
    ):
        return None
    return Idiom(Title("BatchNorm", "frozen", stem="BatchNorm"), Kind.NORM, (node,), node)


def _rotary(flow: Flow, node: Node) -> Idiom | None:
    """`x * cos + turned * sin`, where `turned` is made of the parts of `x`."""
    terms = _products(node)
    values = _values(flow, node)
    moving = {name for name, value in values.items() if flow.moves(value)}
    if terms is None or len(values) != 4 or [len(term & moving) for term in terms] != [1, 1]:
        return None
    if any(flow.is_learned(value) for name, value in values.items() if name not in moving):
        return None
    first, second = (values[(term & moving).pop()] for term in terms)
    for x, turned in ((first, second), (second, first)):
        parts = _parts(flow, turned, x)
        if parts:
            nodes = (*sorted(parts, key=flow.order.__getitem__), node)
            return Idiom(Title(f"Rotary{SPACE}positions"), Kind.EMBEDDING, nodes, node)
    return None


def _parts(flow: Flow, turned: Value, x: Value) -> set[Node]:
    """The ops that make one value of another by moving and negating its elements; none where others have a part."""
    found: set[Node] = set()
    waiting = [turned]
    while waiting:
        value = waiting.pop()
        if _same(value, x) or value.node in found:
            continue
        negates = isinstance(value.node.op, Formula) and isinstance(value.node.op.expression, trees.Unary)
        if len(found) > MOST or not flow.moves(value) or not (value.node.op.moves or negates):
            return set()
        found.add(value.node)
        waiting += _values(flow, value.node).values()
    return found


def _products(node: Node) -> list[set[str]] | None:
    """The names in each term of a sum of products of names."""
    tree = node.op.expression if isinstance(node.op, Formula) else None
    if not isinstance(tree, trees.Binary) or tree.sign != "+":
        return None
    terms = [_factors(side) for side in (tree.left, tree.right)]
    return [term for term in terms if term] if all(terms) else None


def _factors(tree: Any) -> set[str]:
    """The names that a product is of; none where it is of anything else."""
    if isinstance(tree, trees.Name):
        return {tree.name}
    if not isinstance(tree, trees.Binary) or tree.sign != "*":
        return set()
    sides = [_factors(side) for side in (tree.left, tree.right)]
    return set().union(*sides) if all(sides) else set()


def _has_root(node: Node) -> bool:
    tree = node.op.expression if isinstance(node.op, Formula) else None
    return tree is not None and any(isinstance(part, trees.Call) and part.function in ROOTS for part in walk(tree))


def _is_by_channel(flow: Flow, value: Value) -> bool:
    """Whether it is one number for each channel, and no other."""
    return sum(size != 1 for size in flow.numbers(value.type.shape)) == 1


def _values(flow: Flow, node: Node) -> dict[str, Value]:
    """What a node reads, by the number of the input."""
    return {str(i): flow.resolve(value) for i, value in enumerate(node.inputs) if value is not None}


def _same(one: Value, other: Value) -> bool:
    return (one.node, one.output, one.weight) == (other.node, other.output, other.weight)


_RULES: Final[tuple[Callable[[Any, Node], Idiom | None], ...]] = (
    _linear, _layer_norm, _rms_norm, _affine, _rotary,
)  # fmt: skip
