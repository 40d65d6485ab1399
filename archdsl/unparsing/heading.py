"""What a spec says beside its nodes: its name, inputs, outputs, what is frozen, and published weights."""

from __future__ import annotations

from typing import Any

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import literal_of
from archdsl.ir.batch import BATCH
from archdsl.ir.graph import Graph, Node
from archdsl.ir.renaming import Resize
from archdsl.ops.special import InputOp
from archdsl.text.patterns import match
from archdsl.unparsing.draft import DraftNode, DraftScope, DraftValue, meant, passed_over, read_below
from archdsl.unparsing.pathfinding import Pathfinder


def header(graph: Graph) -> dict[str, str]:
    """What the network is called."""
    return {"name": graph.name, "summary": graph.summary, "reference": graph.reference}


def inputs(graph: Graph) -> dict[str, Any]:
    """The network's inputs; each size to sample with where its name stands first."""
    waiting = {name: size for name, size in graph.sample_sizes.items() if (name, size) != (BATCH, 1)}
    found: dict[str, Any] = {}
    for name, node in graph.inputs.items():
        op = node.op
        assert isinstance(op, InputOp)
        texts = [f"{dim} = {waiting.pop(str(dim))}" if str(dim) in waiting else str(dim) for dim in op.shape]
        found[name] = shape = [*map(trees.Name, texts)]
        if (op.dtype, op.below) != ("float32", None):
            below = {} if op.below is None else {"below": literal_of(op.below)}
            found[name] = {"shape": shape, "dtype": op.dtype, **below}
    return found


def outputs(graph: Graph, root: DraftScope, paths: Pathfinder) -> Any:
    """The paths of the outputs, by name where they have names; None for the last node."""
    values = {name: meant(value) for name, value in graph.outputs.items()}
    if [*values] == ["output"]:
        value = values["output"]
        return None if _last(root) == (value,) else paths.path(value, root, None)
    return {name: paths.path(value, root, None) for name, value in values.items()}


def _last(root: DraftScope) -> tuple[DraftValue, ...]:
    """What a network gives that says no outputs, where that has no name."""
    last = next((child for child in reversed(root.children) if not passed_over(child)), None)
    named = isinstance(last, DraftNode) and last.item.output_names != ("output",)
    return () if last is None or named else read_below(last)


def is_wholly_frozen(node: Node) -> bool:
    """Whether none of a node's own parameters is trained, and it has some."""
    own = {name for name, weight in node.tensors.items() if not weight.buffer and name not in node.tie}
    return bool(own) and own == {*node.frozen} and not node.tie  # `trainable` would freeze another's tensor, too


def frozen(graph: Graph) -> list[str]:
    """The parameters that are not trained, of nodes that have others which are."""
    return [
        f"{node.path}.{name}" if name else node.path
        for node in graph.nodes if not is_wholly_frozen(node) for name in node.frozen
    ]  # fmt: skip


def weights(graph: Graph) -> dict[str, Any]:
    """What published weights need to fit."""
    found: dict[str, Any] = {}
    if graph.renames:
        found["renames"] = {each.before: literal_of(None) if each.now is None else each.now for each in graph.renames}
    if graph.resizes:
        found["resize"] = {name: _resize(how) for name, how in _patterns(graph).items()}
    return found


def _patterns(graph: Graph) -> dict[str, Resize]:
    """How tensors follow the image, in as few patterns as mean these tensors alone."""
    tensors = [path for node in graph.nodes for path in node.tensor_paths()]
    found: dict[str, Resize] = {}
    for name, how in graph.resizes.items():
        pattern = f"*.{name.rpartition('.')[2]}"
        meant_by = [path for path in tensors if match(pattern, path) is not None]
        alike = len(meant_by) > 1 and all(graph.resizes.get(path) == how for path in meant_by)
        found[pattern if alike else name] = how
    return found


def _resize(how: Resize) -> Any:
    if (how.prefix, how.align_corners) == (0, False):
        return how.mode
    return {"mode": how.mode, "prefix": literal_of(how.prefix), "align_corners": literal_of(how.align_corners)}
