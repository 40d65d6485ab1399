"""Whether a file of weights fits the network as it was published, and only a change keeps it from fitting now.

Three changes explain a tensor that does not fit. The caller's parameters do, where the spec's own would make
the tensor as the file has it. What a spec is given where it is used as a block does so too, and what of it nobody
reads is left out. And a spec that extends another may have other last layers, or none, where the other's are as in the
file; no other layers, since then nothing says that the file belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, final

from archdsl.document.inherit import Reader
from archdsl.document.reach import Reach
from archdsl.elaboration.analyse import analyse, ancestors
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.scopes import scope_at
from archdsl.ir.training import has_parameters
from archdsl.text.alike import same
from archdsl_torch import runtime
from archdsl_torch.weights.fitting import StoredShape

StoredShapes: TypeAlias = Mapping[str, StoredShape]


@final
class Published:
    """The networks that a graph, or the spec used as a block at `part`, was made from: by settings or by extending."""

    def __init__(self, graph: Graph, part: str = "") -> None:
        self.graph = graph
        self._part = part
        self._prefix = f"{part}." if part else ""
        self._path = graph.provenance.specs.get(part) if part else graph.path
        self._reach = Reach(graph.provenance.folders)

    def why(self, name: str, shape: StoredShape) -> str | None:
        """The change that explains why a tensor of the file does not fit, `: num_classes is changed`, if one does."""
        if self._before is not None and self._before.get(name) == shape:
            return _changed(self.graph.overrides)
        if self._alone is not None and self._alone.shapes.get(name) == shape:
            return _changed(self._given) if self._given else ": nothing here reads it"
        for other in self._extended:
            if name in self._heads | other.heads and other.shapes.get(name) == shape:
                return f": as in `{other.name}`"
        return None

    def lacks(self, name: str) -> bool:
        """Whether the network has a tensor only since it was changed."""
        if self._before is not None and name not in self._before:
            return True
        if self._alone is not None and self._given and name not in self._alone.shapes:
            return True
        return name in self._heads and any(name not in other.shapes for other in self._extended)

    @cached_property
    def _before(self) -> StoredShapes | None:
        """The network with the spec's own parameters; None where the caller changed none."""
        graph = self._read(self.graph.path) if self.graph.overrides else None
        return None if graph is None else shapes_of(graph)

    @cached_property
    def _alone(self) -> _Other | None:
        """The spec that is used as a block at the part, by itself; None where the part is none."""
        graph = self._read(self._path) if self._part else None
        return None if graph is None else self._other(graph)

    @cached_property
    def _given(self) -> list[str]:
        """What that spec is given otherwise than it has it itself."""
        alone = self._read(self._path)
        own = {} if alone is None else alone.params
        used = scope_at(self.graph, self._part)
        if used is None:
            return []
        here = {name: (own[name], value) for name, value in used.arguments.items() if name in own}
        return [name for name, (before, now) in here.items() if not same(_plain(before), _plain(now))]

    @cached_property
    def _extended(self) -> list[_Other]:
        """The specs that this one extends, the nearest first."""
        files = ancestors(self._path, self._reach) if self._path is not None else ()
        return [self._other(graph) for graph in map(self._read, files) if graph is not None]

    @cached_property
    def _heads(self) -> frozenset[str]:
        """None where outputs were chosen: what gives them is in the middle of the network."""
        if self.graph.chosen:
            return frozenset()
        scope = scope_at(self.graph, self._part) if self._part else None
        return _last_layers(self.graph.outputs if scope is None else scope.outputs)

    def _other(self, graph: Graph) -> _Other:
        shapes = {self._prefix + name: shape for name, shape in shapes_of(graph).items()}
        return _Other(graph.name, shapes, frozenset(self._prefix + name for name in _last_layers(graph.outputs)))

    def _read(self, file: Path | None) -> Graph | None:
        """The network of a file with its own parameters; None where it has mistakes."""
        return None if file is None else analyse(file, reader=Reader(reach=self._reach))[0]


def earlier(graph: Graph) -> Iterator[Graph]:
    """The networks that it may have been before it was changed: by parameters, by what its spec extends."""
    reach = Reach(graph.provenance.folders)
    files = () if graph.path is None else (graph.path, *ancestors(graph.path, reach))
    for file in files:
        found = analyse(file, reader=Reader(reach=reach))[0]
        if found is not None:
            yield found


def _plain(value: Any) -> Any:
    """A list as a tuple: a file's own values are lists, and what a block is given is not."""
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def _changed(names: Iterable[str]) -> str:
    changed = [f"`{name}`" for name in names]
    return f": {' and '.join(changed)} {'is' if len(changed) == 1 else 'are'} changed"


class _Other(NamedTuple):
    """A spec that the network's spec extends, or is made of; its tensors by the network's names."""

    name: str
    shapes: StoredShapes
    heads: frozenset[str]


def shapes_of(graph: Graph) -> StoredShapes:
    """The shape of each tensor that a graph's network saves."""
    tensors = runtime.build(graph, device="meta").state_dict()
    return {key: tuple(tensor.shape) for key, tensor in tensors.items()}


def _last_layers(outputs: Mapping[str, Value]) -> frozenset[str]:
    """The tensors of the layers that no other layer separates from an output."""
    seen: set[Node] = set()
    found: set[str] = set()
    waiting = [value.node for value in outputs.values()]
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
