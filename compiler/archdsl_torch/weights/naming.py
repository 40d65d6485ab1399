"""What a tensor of a file, or of another module, is called in a network."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final, final

from archdsl.ir.graph import Graph
from archdsl.ops.special import Constant
from archdsl_torch.planning.renames import old_names

COUNTER: Final = "num_batches_tracked"
"""A batch norm's count of batches, which files from before 2018 do not have; torch asks for it neither."""


def is_counter(key: str) -> bool:
    return key.rpartition(".")[2] == COUNTER


def table_paths(graph: Graph) -> set[str]:
    """The constants that a formula computes from indices: a file has nothing to add."""
    tables = (node for node in graph.nodes if isinstance(node.op, Constant) and node.op.index)
    return {path for node in tables for path in node.tensor_paths()}


@final
class TensorNames:
    """The names of a network's own tensors, and what else they may be called."""

    def __init__(self, graph: Graph, own: Container[str], prefix: str = "") -> None:
        """`prefix` stands before the names of a file that is for a part of the network."""
        self._graph = graph
        self._prefix = prefix
        self._own = own
        self._old_names = old_names(graph)

    def name(self, key: str) -> str | None:
        """The network's name for a tensor, if it has one."""
        return next((name for name in self.candidates(key) if name in self._own), None)

    def candidates(self, key: str) -> Iterator[str]:
        """What a tensor may be called: as there, or by what the spec says of earlier names."""
        key = self._prefix + key
        yield key
        for before, now in self._old_names:
            if key == before or key.startswith(f"{before}."):
                yield now + key[len(before) :]
        for rename in self._graph.renames:
            if (name := rename.apply(key)) is not None:
                yield name

    def unneeded(self, key: str) -> bool:
        """Whether a tensor that the network does not have is not needed."""
        name = self._prefix + key
        return is_counter(key) or any(rename.now is None and rename.meant(name) for rename in self._graph.renames)
