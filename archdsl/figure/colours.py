"""Boxes in the colour of what they cost or hold instead of that of their kind, and what colours stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from archdsl.figure.figure import Box, Figure, Panel, Style
from archdsl.figure.palette import HEAT
from archdsl.figure.theme import Theme
from archdsl.figure.view import ColourBy, View
from archdsl.ir.graph import Graph, Mode, Node
from archdsl.ir.scopes import scopes_of
from archdsl.measures.memory import size_of
from archdsl.ops.base import Kind
from archdsl.shapes import TensorType, evaluate
from archdsl.words.naming import humanise
from archdsl.words.quantities import SPACE

SHARES: Final = (1, 5, 10, 25)
"""Per cent of the network's total at which the next colour begins."""
_COLOURED: Final = (Style.CARD, Style.TILE, Style.OP)
_SETS: Final = ("conv", "pool", "attention", "linear", "embedding", "norm", "activation", "reshape")
"""Paints of what has no order."""
_KINDS: Final = {
    Kind.CONV: "convolution", Kind.NORM: "normalisation", Kind.ACTIVATION: "activation, dropout", Kind.POOL: "pooling",
    Kind.LINEAR: "linear", Kind.ATTENTION: "attention", Kind.EMBEDDING: "embedding", Kind.RESHAPE: "reshaping, merging",
}  # fmt: skip


def coloured(graph: Graph, figures: Sequence[Figure], view: View) -> list[Figure]:
    """The figures of a sheet in the colours that the view asks for; the first has the legend that says so."""
    if view.colour_by == "op":
        used = {box.paint for box in _boxes(figures)}
        return _entitled(figures, [*own_in(graph, used, view.theme), *_kinds(figures)])
    if view.colour_by == "dtype":
        return _by_dtype(graph, figures)
    return _by_share(graph, figures, view.colour_by)


def _entitled(figures: Sequence[Figure], legend: Sequence[tuple[str, str]]) -> list[Figure]:
    first, *others = figures
    return [replace(first, legend=(*first.legend, *legend)), *others]


def _painted(figure: Figure, paint: Callable[[Box], str]) -> Figure:
    def of(item: Box | Panel) -> Box | Panel:
        if isinstance(item, Panel):
            return replace(item, items=tuple(map(of, item.items)))
        return replace(item, paint=paint(item)) if item.style in _COLOURED and item.holds else item

    return replace(figure, items=tuple(map(of, figure.items)))


def _boxes(figures: Sequence[Figure]) -> Iterator[Box]:
    for figure in figures:
        yield from (box for box in figure.boxes() if box.style in _COLOURED and box.holds)


# --- by kind -----------------------------------------------------------------------------------------


def _kinds(figures: Sequence[Figure]) -> Iterator[tuple[str, str]]:
    used = {box.paint for box in _boxes(figures)}
    yield from kinds_in(used)
    if "block" in used:
        yield "block", "block"


def kinds_in(used: Collection[str]) -> Iterator[tuple[str, str]]:
    """The kinds of op whose paints are used, each with what it is called."""
    yield from ((kind.value, words) for kind, words in _KINDS.items() if kind.value in used)


def own_in(graph: Graph, used: Collection[str], theme: Theme) -> Iterator[tuple[str, str]]:
    """The theme's own paints that are used, with what each is of."""
    blocks = {scope.block for scope in scopes_of(graph.root)} - set(theme.paths.values())
    for key in theme.colours:
        if theme.paint(key) in used:
            yield theme.paint(key), theme.labels.get(key) or (humanise(key) if key in blocks else key)


# --- by what it costs --------------------------------------------------------------------------------


def _by_share(graph: Graph, figures: Sequence[Figure], what: ColourBy) -> list[Figure]:
    amounts = _sums(graph, lambda node: _amount(graph, node, what))
    total = amounts[""] or 1

    def paint(box: Box) -> str:
        share = 100 * sum(amounts[path] for path in box.holds) / total
        return HEAT[sum(share >= limit for limit in SHARES)]

    words = {"parameters": "parameters", "macs": "MACs", "memory": "bytes of outputs"}[what]
    bounds = [f"<{SPACE}{SHARES[0]}{SPACE}%"]
    bounds += [f"{low}–{high}{SPACE}%" for low, high in pairwise(SHARES)]
    bounds += [f"≥{SPACE}{SHARES[-1]}{SPACE}%"]
    bounds[0] = f"{bounds[0]} of the {words}"
    return _entitled([_painted(figure, paint) for figure in figures], list(zip(HEAT, bounds, strict=True)))


def _sums(graph: Graph, amount: Callable[[Node], int]) -> Counter[str]:
    """By path of an op, a block or a list what all in it has; by the empty path what the network has."""
    found: Counter[str] = Counter()
    for node in graph.nodes:
        number = amount(node)
        path = node.path
        while path:
            found[path] += number
            path = path.rpartition(".")[0]
        found[""] += number
    return found


def _amount(graph: Graph, node: Node, what: ColourBy) -> int:
    """Of parameters, multiply-accumulates or bytes of outputs; in training alone nothing is counted but the first."""
    if what == "parameters":
        return node.parameters
    if node.when is Mode.TRAINING:
        return 0
    if what == "macs":
        return evaluate(node.macs, graph.counted_sizes)
    sizes = graph.counted_sizes
    types = (TensorType(tuple(evaluate(dim, sizes) for dim in each.shape), each.dtype) for each in node.types)
    return sum(size_of(type, "float32") for type in types)


# --- by dtype ----------------------------------------------------------------------------------------


def _by_dtype(graph: Graph, figures: Sequence[Figure]) -> list[Figure]:
    """By the dtype of what comes out of a box."""
    last: dict[str, str] = {}
    for node in graph.nodes:
        path = node.path
        while path:
            last[path] = node.types[0].dtype
            path = path.rpartition(".")[0]
    found = list(dict.fromkeys(last[box.holds[-1]] for box in _boxes(figures)))
    paints = {dtype: _SETS[min(number, len(_SETS) - 1)] for number, dtype in enumerate(found)}
    painted = [_painted(figure, lambda box: paints[last[box.holds[-1]]]) for figure in figures]
    return _entitled(painted, [(paint, dtype) for dtype, paint in paints.items()])
