"""How large a value is in a picture: height and width of a map, places of a sequence, features of a vector.

Which dimension the channels are is known from the ops: layers over (N, C, …) have them behind the batch, linear
layers, attention and embeddings at the end; what only moves numbers about hands them on, and a value that no op has
said anything of is laid out as what reads it wants.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from archdsl.figure.flow import Flow, read_by
from archdsl.ir.graph import Node, Value
from archdsl.ops.base import Kind
from archdsl.ops.layers import Spatial
from archdsl.ops.norm import GroupNorm, LocalResponseNorm, TrailingNorm
from archdsl.ops.rearrange import Rearrange, parse
from archdsl.ops.reshape import Regroup, Reorder
from archdsl.shapes import Shape
from archdsl.words.quantities import size

MAP: Final = 2
"""The dimensions of a map beside its channels, at least."""
NAMES: Final = ("int64", "int32", "bool")
"""Dtypes of what stands at the places of a sequence: numbers of words, masks."""
FAR: Final = 12
"""Ops that are looked through for a layer that tells the layout."""
_LAST: Final = (Kind.LINEAR, Kind.ATTENTION, Kind.EMBEDDING)


class ExtentForm(Enum):
    """What a value is, apart from its size."""

    MAP = "map"
    """Channels of height and width."""
    ROWS = "rows"
    """Channels at each place of a sequence."""
    VECTOR = "vector"
    """Features alone."""


class SampleExtent(NamedTuple):
    """The size of one sample of a value. Of rows the places are the height; a vector's features are the channels."""

    form: ExtentForm
    channels: int
    height: int = 1
    width: int = 1
    more: tuple[int, ...] = ()
    """Further dimensions: the frames of a video."""

    @property
    def sides(self) -> str:
        """`56×56`; empty for a vector."""
        if self.form is ExtentForm.VECTOR:
            return ""
        found = (*self.more, self.height, self.width) if self.form is ExtentForm.MAP else (*self.more, self.height)
        return "×".join(map(str, found))

    @property
    def short_sides(self) -> str:
        """`56²`, where both are equal."""
        equal = self.form is ExtentForm.MAP and self.height == self.width and not self.more
        return f"{self.height}²" if equal else self.sides


class Extents:
    """The extents of a graph's values."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._channels: dict[Node, int] = {}
        """By node: which dimension of its first output the channels are."""
        for node in flow.graph.nodes:
            found = _made(node) if node not in flow.static else None
            if found is None:
                found = self._handed_on(node)
            if found is not None:
                self._channels[node] = found

    def of(self, value: Value) -> SampleExtent:
        """The extent of a value at the sample sizes."""
        shape = value.type.shape
        batch = self._flow.graph.batch_place(shape)
        if batch is None and shape[:1] == (1,):
            batch = 0
        channels = self.channels(value)
        known = (size(dim, self._flow.graph.counted_sizes) for dim in shape)
        numbers = [number if isinstance(number, int) else 0 for number in known]
        kept = [place for place in range(len(shape)) if place not in (batch, channels)]
        sides = [numbers[place] for place in kept]
        features = numbers[channels] if channels is not None else 1
        if not sides and channels is not None and value.type.dtype in NAMES:
            return SampleExtent(ExtentForm.ROWS, 1, features)
        if len(sides) >= MAP:
            *more, height, width = sides
            if height == width == 1 and set(more) <= {1}:
                return SampleExtent(ExtentForm.VECTOR, features)
            return SampleExtent(ExtentForm.MAP, features, height, width, tuple(more))
        if sides and sides != [1]:
            return SampleExtent(ExtentForm.ROWS, features, sides[0])
        return SampleExtent(ExtentForm.VECTOR, features)

    def channels(self, value: Value) -> int | None:
        """Which dimension of a value the channels are; None where it has no dimension but the batch."""
        shape = value.type.shape
        batch = self._flow.graph.batch_place(shape)
        if len(shape) <= (0 if batch is None else 1):
            return None
        found = self._channels.get(value.node)
        if found is None or found >= len(shape) or found == batch:
            found = self._wanted(value)
        if found is None or found >= len(shape) or found == batch:
            # the usual layout: an image's channels are behind the batch
            found = len(shape) - MAP - 1 if len(shape) - (batch is not None) > MAP else len(shape) - 1
        return found if found != batch else next(place for place in range(len(shape)) if place != batch)

    def _handed_on(self, node: Node) -> int | None:
        """What a node that only moves numbers, or works on each of them, makes of the channels' place."""
        before = next((value for value in read_by(node) if value.node in self._channels), None)
        if before is None:
            return None
        at, old, new = self._channels[before.node], before.type.shape, node.types[0].shape
        if isinstance(node.op, Reorder) and len(old) == len(new):
            order = node.op.order(len(old))
            return order.index(at) if at in order else None
        if isinstance(node.op, Rearrange):
            return _rearranged(node.op, at)
        if isinstance(node.op, Regroup):
            return _regrouped(old, new, at)
        return at if len(old) == len(new) else None

    def _wanted(self, value: Value) -> int | None:
        """Where the next layers that read a value have the channels, through what keeps its rank."""
        seen = {value.node}
        waiting = [value.node]
        for node in waiting:
            for reader in self._flow.readers.get(node, ()):
                if len(node.types[0].shape) != len(value.type.shape):
                    continue
                found = _made(reader)
                if found is not None:
                    return found
                if reader not in seen and len(seen) < FAR and not isinstance(reader.op, Reorder | Regroup | Rearrange):
                    seen.add(reader)
                    waiting.append(reader)
        return None


def _made(node: Node) -> int | None:
    """Which dimension the channels are of what an op makes, and of what it reads; None for an op that does not say."""
    rank = len(node.types[0].shape)
    if isinstance(node.op, Spatial | GroupNorm | LocalResponseNorm):
        return 1 if rank > 1 else None
    if isinstance(node.op, TrailingNorm) or (node.op.kind in _LAST and not node.op.unwritten):
        return rank - 1 if rank else None
    return None


def _rearranged(op: Rearrange, at: int) -> int | None:
    """The place of a dimension that a pattern keeps whole; None where it does not, or does not name it."""
    pattern = parse(op.pattern)
    groups = pattern.left[at : at + 1]
    return pattern.right.index(groups[0]) if groups and groups[0] in pattern.right else None


def _regrouped(old: Shape, new: Shape, at: int) -> int | None:
    """The place of a dimension that is kept whole while others are split or merged; None where it is not."""
    if new[: at + 1] == old[: at + 1] and at:
        return at
    behind = len(old) - at
    if len(new) >= behind and new[len(new) - behind :] == old[at:]:
        return len(new) - behind
    return None
