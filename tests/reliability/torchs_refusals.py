"""What torch itself refuses, told from the graph before anything runs. docs/reliability.md lists the same."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.ir.graph import Graph, Mode, Node, Value
from archdsl.ops.cast import Cast
from archdsl.ops.norm import BatchNorm, GroupNorm, InstanceNorm
from archdsl.ops.parametrized import parametrization_of
from archdsl.ops.special import Parameter, ScanCarry, ScanSlice
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


def fx_refuses(graph: Graph) -> str | None:
    """Why `fx.symbolic_trace` cannot follow: it takes no loop over a tensor's steps."""
    if any(isinstance(node.op, ScanSlice | ScanCarry) for node in graph.nodes):
        return "fx: loop over time"
    if "self" in graph.root.children:
        return "fx: a module called self"  # the code that fx writes calls its variables as modules are called
    return None


def pickle_refuses(graph: Graph) -> bool:
    """Whether a weight is computed from others by a parametrisation, whose class torch makes anew for each layer."""
    return any(parametrization_of(node.op) for node in graph.nodes)


def ddp_refuses(graph: Graph) -> str | None:
    """Why `DistributedDataParallel` cannot train: it looks for the parameters behind outputs, not among them."""
    if any(_may_be_parameter(value) for value in graph.outputs.values()):
        return "DDP: a parameter as an output"
    return None


def _may_be_parameter(value: Value | None) -> bool:
    """Whether a tensor may be a parameter itself: what does nothing to it, in one of the modes, gives the same one."""
    while value is not None and value.weight is None and value.node.inputs:
        op, (first, *_) = value.node.op, value.node.inputs
        if first is None or first.type != value.type or not (op.passes or op.moves or op.is_idle() or type(op) is Cast):
            return False
        value = first
    return value is not None and (value.weight is not None or isinstance(value.node.op, Parameter))
