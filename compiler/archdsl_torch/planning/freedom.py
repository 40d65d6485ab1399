"""The network's own parameters that its class can take as arguments: `Net(num_classes=10)`.

Only those that nothing else depends on: read in one place of the file, as the bare width of a layer whose
value is an output and is read by nobody. The layer's own `if` may read it as well: `Net(num_classes=0)` has no head.
"""

from __future__ import annotations

from typing import Final

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions.tree import Compare, Literal, Name
from archdsl.expressions.walking import children, free_names
from archdsl.ir.graph import Env, Graph, Node
from archdsl.ir.scopes import scopes_of
from archdsl.ir.sites import Site
from archdsl.ops.parametrized import parametrization_of
from archdsl_torch.lowering.base import lower
from archdsl_torch.planning.crossings import numbers_of

WIDTHS: Final = ("out_features", "out_channels")
_BY_WIDTH: Final = frozenset((*WIDTHS, "fan_out"))
"""What an initialiser reads of a layer's width."""


def free_parameters(graph: Graph) -> dict[str, Node]:
    """The parameters that may change without the rest of the source being wrong, each with the layer that it widens."""
    read = {value.node for node in graph.nodes for value in node.inputs if value is not None}
    read |= {value.node for node in graph.nodes for value in node.tie.values()}
    read |= {node.share for node in graph.nodes if node.share is not None}
    last = {value.node for value in graph.outputs.values()} - read
    others = {node.site for node in graph.nodes if node not in last}
    ends = (node for node in last if node.site not in others)
    return {name: node for node in ends if (name := _width(graph, node)) is not None}


def _width(graph: Graph, node: Node) -> str | None:
    """The parameter that is the node's width, and that the file reads nowhere else."""
    if node.tie or node.site is None or any(own.reads & _BY_WIDTH for own in (node.init or {}).values()):
        return None
    for field in WIDTHS:
        written = node.site.fields.get(field)
        if written is None or not isinstance(written.tree, Name):
            continue
        name = written.tree.name
        binding = node.env.find(name)
        if binding is not None and binding.kind == "param" and type(binding.value) is int:
            own = binding is graph.root.env.find(name)
            reads = 1 + _is_left_out_by(graph, node, node.site, name)
            return name if own and graph.reads.get(name) == reads else None
    return None


def _is_left_out_by(graph: Graph, node: Node, site: Site, name: str) -> bool:
    """Whether the parameter alone decides if the node is there, and nothing else; without it, its input is the output.

    It runs last, so that nothing overwrites that output, and its module is called with the input as it is. Other nodes
    have the tensors that tell the network's dtype.
    """
    if site.condition is None or site.otherwise is not None or node is not graph.nodes[-1] or node.when is not None:
        return False
    if not _asks_only(site.condition, name) or not _holds(site.condition, node.env):
        return False
    asking = [item for item in (*graph.nodes, *scopes_of(graph.root)) if item.site and _asks(item.site, name)]
    fed = [value.type for value in node.inputs if value is not None]
    plain = len(fed) == 1 and lower(node.op, *fed).call is None
    told = any(numbers_of(other) for other in graph.nodes if other is not node and other.share is None)
    return len(asking) == 1 and plain and told and not node.frozen and parametrization_of(node.op) is None


def _asks(site: Site, name: str) -> bool:
    return site.condition is not None and name in free_names(site.condition.tree)


def _asks_only(condition: Expression, name: str) -> bool:
    """Whether it is the parameter itself, or compares it with numbers."""
    if not isinstance(condition.tree, Name | Compare) or free_names(condition.tree) != {name}:
        return False
    return all(isinstance(part, Name | Literal) for part in children(condition.tree))


def _holds(condition: Expression, env: Env) -> bool:
    try:
        return bool(condition.evaluate(env))
    except ExpressionError:  # in a stranger's graph
        return False
