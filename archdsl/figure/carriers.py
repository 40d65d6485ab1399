"""Ops that only carry: they say how a tensor is laid out, and every place keeps the elements that it has.

Views in a row are one change of layout. It regroups where a part of a dimension is set beside anything but the part
that was next to it: windows and patches, a shuffle of channels, depth made of space. A dimension that is split and
whose parts stand alone, as the heads of attention, is carried, and so is what merges dimensions as they are. What
computes element by element, as an activation, stands in such a row without an end to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from archdsl.ir.graph import Node, Value
from archdsl.measures.regrouping import MOVES, AxisGroups, Regrouping, SplitAxisError
from archdsl.ops.base import Kind, at_sizes
from archdsl.ops.divide import Parting
from archdsl.ops.rearrange import Rearrange
from archdsl.shapes import TensorType, evaluate

if TYPE_CHECKING:
    from archdsl.figure.flow import Flow

MANY: Final = 1009
"""As many samples are looked at, so that no other size is taken for theirs."""


class Carriers:
    """Which nodes of a graph only carry, found as it is asked."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._sizes = flow.sizes | dict.fromkeys(flow.graph.batch, MANY)
        self._known: dict[tuple[Any, ...], bool] = {}
        """By the ops of a row and what it is given: whether it regroups."""
        self._rows: dict[Node, tuple[Node, ...]] = {}

    def has(self, node: Node) -> bool:
        """Whether a moving node only carries."""
        if isinstance(node.op, Parting):
            return self._is_gathered(node)
        return isinstance(node.op, MOVES) and not any(map(self.regroups, self._through(node)))

    def _is_gathered(self, node: Node) -> bool:
        """Whether one op reads all parts, each through a port of its own."""
        ports: list[tuple[Node, int]] = []
        for reader, place in self._read(node):
            if reader is None or any(port.variadic for port in reader.op.ports):
                return False
            ports.append((reader, place))
        return len({reader for reader, _ in ports}) == 1 and len(set(ports)) >= len(node.types)

    def _read(self, node: Node) -> Iterator[tuple[Node | None, int]]:
        """Who reads a node, by way of other carriers, and through which port; None leaves the network."""
        if node in self._flow.results:
            yield None, 0
        for reader in dict.fromkeys(self._flow.readers[node]):
            if isinstance(reader.op, MOVES) and self.has(reader):
                yield from self._read(reader)
                continue
            for place, value in enumerate(reader.inputs):
                if value is not None and self._flow.resolve(value).node is node:
                    yield reader, place

    def _through(self, node: Node) -> Iterator[Node]:
        """The views after which the row through a node may end, with itself."""
        yield node
        if self.regroups(node):
            return
        for reader in dict.fromkeys(self._flow.readers[node]):
            if node in self._row(reader):
                yield from self._through(reader)

    def _row(self, node: Node) -> tuple[Node, ...]:
        """The ops that end with this one, of which each lays out what the one before it made, or keeps its layout."""
        if node not in self._rows:
            self._rows[node] = ()  # a loop over time reads what it makes
            source = self._flow.sources[node][0] if self._flow.sources[node] else None
            if not isinstance(node.op, MOVES) and not self._keeps(node):
                return ()
            is_first = source is None or self.regroups(source) or self._is_parted(node)
            before = () if source is None or is_first else self._row(source)
            self._rows[node] = (*before, node)
        return self._rows[node]

    def _is_parted(self, node: Node) -> bool:
        """Whether something hidden stands before it."""
        hidden = self._flow.hidden
        return bool(hidden) and any(value.node in hidden for value in node.inputs if value is not None)

    def _keeps(self, node: Node) -> bool:
        """Whether each element that it makes stands where the one that it reads stood."""
        read = {(value.node, value.output): value for value in _given(self._flow, node)}
        if len(read) != 1 or len(node.types) != 1 or node.op.moves:
            return False
        (value,) = read.values()
        known = node.op.kind in (Kind.ACTIVATION, Kind.NORM) or node.op.silent
        return known and value.type.shape == node.types[0].shape

    def regroups(self, node: Node) -> bool:
        """Whether the row that ends with a node sets elements beside others than before."""
        views = [each for each in self._row(node) if isinstance(each.op, MOVES)]
        if not views or not isinstance(node.op, MOVES):
            return False
        read = (value for value in views[0].inputs if value is not None)
        type = next(value.type for value in read if self._flow.moves(self._flow.resolve(value)))
        key = (type, *(each.op for each in views))
        if key not in self._known:
            self._known[key] = _is_regrouped(views, type, self._sizes)
        return self._known[key]


def _given(flow: Flow, node: Node) -> list[Value]:
    """What moves into a node."""
    given = (flow.resolve(value) for value in node.inputs if value is not None)
    return [value for value in given if flow.moves(value)]


def _is_regrouped(views: Sequence[Node], type: TensorType, sizes: Mapping[str, int]) -> bool:
    row: Regrouping | None = None
    try:
        for node in views:
            op, known = at_sizes(node.op, sizes), type.with_shape(evaluate(dim, sizes) for dim in type.shape)
            if isinstance(op, Rearrange) and regroups(*_as_written(op, known)):
                return True
            row = row or Regrouping(known)
            row.apply(op, known)
            type = node.types[0]
    except SplitAxisError:
        return True
    found = row.regrouped() if row is not None else None
    return found is not None and regroups(found.left, found.right)


def _as_written(op: Rearrange, x: TensorType) -> tuple[AxisGroups, AxisGroups]:
    """The axes of a pattern, those of size 1 too: at another size they are more."""
    pattern = op.plan(x).pattern
    place = {axis: i for i, axis in enumerate(pattern.axes)}
    left, right = (tuple(tuple(place[axis] for axis in group) for group in side) for side in pattern)
    return left, right


def regroups(left: AxisGroups, right: AxisGroups) -> bool:
    """Whether a part of a dimension stands beside anything but the part that was next to it, or parts of several
    dimensions stand among each other."""
    dims = [dim for dim, group in enumerate(left) for _ in group]
    parts = [_parts(group, dims) for group in right]
    if any(len(found) > 1 and not all(part in left for part in found) for found in parts):
        return True
    pieces = Counter(dims[part[0]] for found in parts for part in found)
    flat = [axis for group in right for axis in group]
    several = (sum(count > 1 for count in pieces.values()), sum(len(found) > 1 for found in parts))
    return flat != sorted(flat) and max(several) > 1


def _parts(group: Sequence[int], dims: Sequence[int]) -> list[tuple[int, ...]]:
    """The axes of a dimension, those together that were next to each other in one."""
    parts: list[tuple[int, ...]] = []
    for axis in group:
        if parts and parts[-1][-1] == axis - 1 and dims[axis - 1] == dims[axis]:
            parts[-1] += (axis,)
        else:
            parts.append((axis,))
    return parts
