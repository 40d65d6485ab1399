"""Whether a file of weights fits the network as it was published, and only a change keeps it from fitting now.

Two changes explain a tensor that does not fit. The caller's parameters do, where the spec's own would make
the tensor as the file has it. And a spec that extends another may have other last layers, or none, where the
other's are as in the file; no other layers, since then nothing says that the file belongs to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from archdsl.document.inherit import Reader
from archdsl.document.reach import Reach
from archdsl.elaboration.analyse import analyse, ancestors
from archdsl.ir.graph import Graph, Node
from archdsl.ir.training import has_parameters
from archdsl_torch import runtime

StoredShape: TypeAlias = tuple[int, ...]
StoredShapes: TypeAlias = Mapping[str, StoredShape]


@final
class Published:
    """The networks that a graph was made from, by changing parameters or by extending."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._reach = Reach(graph.folders)

    def why(self, name: str, shape: StoredShape) -> str | None:
        """The change that explains why a tensor of the file does not fit, `: num_classes is changed`, if one does."""
        if self._before is not None and self._before.get(name) == shape:
            changed = [f"`{key}`" for key in self.graph.overrides]
            return f": {' and '.join(changed)} {'is' if len(changed) == 1 else 'are'} changed"
        for other in self._extended:
            if name in self._heads | other.heads and other.shapes.get(name) == shape:
                return f": as in `{other.name}`"
        return None

    def lacks(self, name: str) -> bool:
        """Whether the network has a tensor only since it was changed."""
        if self._before is not None and name not in self._before:
            return True
        return name in self._heads and any(name not in other.shapes for other in self._extended)

    @cached_property
    def _before(self) -> StoredShapes | None:
        """The network with the spec's own parameters; None where the caller changed none."""
        graph = self._read(self.graph.path) if self.graph.overrides else None
        return None if graph is None else _shapes(graph)

    @cached_property
    def _extended(self) -> list[_Other]:
        """The specs that this one extends, the nearest first."""
        files = ancestors(self.graph.path, self._reach) if self.graph.path is not None else ()
        graphs = [graph for graph in map(self._read, files) if graph is not None]
        return [_Other(graph.name, _shapes(graph), _last_layers(graph)) for graph in graphs]

    @cached_property
    def _heads(self) -> frozenset[str]:
        return _last_layers(self.graph)

    def _read(self, file: Path | None) -> Graph | None:
        """The network of a file with its own parameters; None where it has mistakes."""
        return None if file is None else analyse(file, reader=Reader(reach=self._reach))[0]


class _Other(NamedTuple):
    """A spec that the network's spec extends."""

    name: str
    shapes: StoredShapes
    heads: frozenset[str]


def _shapes(graph: Graph) -> StoredShapes:
    tensors = runtime.build(graph, device="meta").state_dict()
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def _last_layers(graph: Graph) -> frozenset[str]:
    """The tensors of the layers that no other layer separates from an output."""
    seen: set[Node] = set()
    found: set[str] = set()
    waiting = [value.node for value in graph.outputs.values()]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if has_parameters(node):
            found.update(node.tensor_paths())
        else:
            waiting += [value.node for value in node.inputs if value is not None]
    return frozenset(found)
