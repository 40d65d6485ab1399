"""What torch itself refuses, told from the graph before anything runs. docs/reliability.md lists the same."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.graph import Graph, Mode, Node
from archdsl.ops.norm import BatchNorm, GroupNorm, InstanceNorm
from archdsl.shapes import evaluate, product


def one_value(graph: Graph, sizes: Mapping[str, int], training: bool) -> Node | None:
    """The first normalisation that would have one value per channel to normalise, if there is one."""
    known = {**graph.sample_sizes, **sizes}
    for node in graph.nodes:
        if node.when is not None and (node.when is Mode.TRAINING) != training:
            continue
        value = node.inputs[0] if node.inputs else None
        if value is None or not isinstance(node.op, BatchNorm | InstanceNorm | GroupNorm):
            continue
        try:
            shape = [evaluate(dim, known) for dim in value.type.shape]
        except KeyError:  # a size inside of a loop over time
            continue
        if _refused(node.op, shape, training):
            return node
    return None


def _refused(op: BatchNorm | InstanceNorm | GroupNorm, shape: list[int], training: bool) -> bool:
    if isinstance(op, GroupNorm):
        return evaluate(product(shape), {}) // (op.num_groups * 1) == 1
    if not training and op.track_running_stats:
        return False
    counted = (shape[0], *shape[2:]) if isinstance(op, BatchNorm) else tuple(shape[2:])
    return evaluate(product(counted), {}) == 1
