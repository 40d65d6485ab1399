"""How much smaller than the image each value of a network is.

A value is a map of the image where it has the image's rank and all its sizes but the channels' are the same part of
those of the map that it was made of. What is between maps, windows and rows of tokens, hands on the map before it, and
what has one place alone, or a given number of them, is none any more.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

from archdsl.ir.batch import names_in
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.attention import ScaledDotProductAttention
from archdsl.ops.pool import AdaptivePool
from archdsl.shapes import Dim, Shape, evaluate

LARGE: Final = 2**13
"""The size of an image at which borders do not matter, where its size is free."""
_BORDER: Final = 10
"""Places that a map may lack along an axis for its border's sake, and the part of many."""
_LEAST: Final = 4
"""The rank of a batch of images with channels."""

MadeKey: TypeAlias = tuple[Node, int]


class Level(NamedTuple):
    """A map of the image."""

    sizes: tuple[int, ...]
    reduction: Fraction
    """How many places of the image one of its own stands for, along each axis; below 1 where it is larger."""
    channels: int
    """Which dimension the channels are."""
    batch: Dim
    """The first dimension: a row of windows is a batch of others."""


def levels(graph: Graph, least: int = _LEAST) -> tuple[dict[MadeKey, Level], dict[MadeKey, Level]]:
    """The maps among the values, and for all that comes of the image the map that it was made of last.

    An image has at least so many dimensions: 3 lets in rows of samples, as sound.
    """
    sizes = _Sizes(_sizes(graph, least))
    maps: dict[MadeKey, Level] = {}
    last: dict[MadeKey, Level] = {}
    for node in graph.inputs.values():
        shape = sizes.of(node.types[0].shape)
        if len(shape) >= least and node.types[0].dtype == "float32":
            maps[node, 0] = last[node, 0] = Level(shape[2:], Fraction(1), 1, node.types[0].shape[0])
    for node in graph.nodes:
        before = [last[key] for value in node.inputs if value is not None and (key := key_of(value)) in last]
        if before and not isinstance(node.op, AdaptivePool):
            _follow(node, min(before, key=lambda level: level.reduction), sizes, maps, last)
    return maps, last


def key_of(value: Value) -> MadeKey:
    return value.node, value.output


def _follow(node: Node, before: Level, sizes: _Sizes, maps: dict[MadeKey, Level], last: dict[MadeKey, Level]) -> None:
    """Notes what a node makes of a map."""
    rows = isinstance(node.op, ScaledDotProductAttention)  # of tokens, by heads: their numbers may look like a map's
    for output, made in enumerate(node.types):
        shape = sizes.of(made.shape)
        level = _level(shape, before) if made.shape[:1] == (before.batch,) and not rows else None
        if level is None:
            last[node, output] = before
        elif max(level.sizes) > 1:
            maps[node, output] = last[node, output] = level


def _level(shape: tuple[int, ...], before: Level) -> Level | None:
    """A shape as a map, which is made of the one before; None where it is none."""
    if len(shape) != len(before.sizes) + 2:
        return None
    layouts = dict.fromkeys((before.channels, 1, len(shape) - 1))
    fits = [fit for channels in layouts if (fit := _fit(shape, channels, before)) is not None]
    return min(fits, key=lambda fit: fit[0])[1] if fits else None


def _fit(shape: tuple[int, ...], channels: int, before: Level) -> tuple[int, Level] | None:
    """The shape as a map with its channels there, after how far that is from a part of the map before."""
    sizes = (*shape[1:channels], *shape[channels + 1 :])
    pairs = [*zip(before.sizes, sizes, strict=True)]
    steps = {_step(old, new) for old, new in pairs}
    if len(steps) > 1:
        return None
    step = steps.pop()
    gaps = [abs(old - int(step * new)) for old, new in pairs]
    if any(gap > max(_BORDER, old // _BORDER) for gap, (old, _) in zip(gaps, pairs, strict=True)):
        return None
    return sum(gaps), Level(sizes, before.reduction * step, channels, before.batch)


def _step(old: int, new: int) -> Fraction:
    return Fraction(max(1, round(old / new))) if old >= new else Fraction(1, round(new / old))


def _sizes(graph: Graph, least: int) -> dict[str, int]:
    """A size for every one that only the run knows: large images."""
    shapes = [node.types[0].shape for node in graph.inputs.values()]
    free = {name for shape in shapes if len(shape) >= least for dim in shape[2:] for name in names_in(dim)}
    return graph.counted_sizes | dict.fromkeys(free, LARGE)


class _Sizes:
    """Shapes as numbers: few in a network are not another one's."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes
        self._known: dict[Shape, tuple[int, ...]] = {}

    def of(self, shape: Shape) -> tuple[int, ...]:
        if shape not in self._known:
            self._known[shape] = tuple(evaluate(dim, self._sizes) for dim in shape)
        return self._known[shape]
