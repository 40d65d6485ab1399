"""Modules that become networks: what they are traced with, and what that can fail of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, final

from archdsl.shapes import evaluate

if TYPE_CHECKING:
    from archdsl.ir.graph import Graph

BATCH_OF_EXAMPLES: Final = 2
"""Of one, a trace takes the batch as fixed."""


@final
class ModuleError(ValueError):
    """Calls of a module that no op of the language says: a line for each, with the module that makes it."""


class Example(NamedTuple):
    """What an input to trace with is like."""

    dtype: str
    sizes: tuple[int, ...]


def examples_of(graph: Graph) -> list[Example]:
    """What the inputs of a module are like that is to be a network's: its sample sizes, and a batch of 2."""
    sizes = {**graph.sample_sizes, **dict.fromkeys(graph.batch, BATCH_OF_EXAMPLES)}
    types = [node.types[0] for node in graph.inputs.values()]
    return [Example(each.dtype, tuple(evaluate(dim, sizes) for dim in each.shape)) for each in types]
