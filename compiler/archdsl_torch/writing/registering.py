"""Modules that stand in the network under a second name: one module, and its tensors under both."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Graph
from archdsl_torch.lowering.spelling import is_attribute
from archdsl_torch.lowering.statements import Effect, Statement, assign
from archdsl_torch.lowering.tree import Attribute, Fixed, Method
from archdsl_torch.planning.origins import origin_of
from archdsl_torch.planning.outliner import Outliner


def registered(graph: Graph, outliner: Outliner) -> Iterator[Statement]:
    """One module under several names."""
    for scope in outliner.survey.crossings.scopes:
        second = {name: child for name, child in scope.children.items() if child.registered}
        if not second or origin_of(scope) is not scope:  # the module is another's, with all that is registered in it
            continue
        owner = outliner.access(scope, graph.root)
        for name, child in second.items():
            module = outliner.access(child, graph.root)
            if is_attribute(name):
                yield assign(Attribute(owner, name), module)
            else:
                yield Effect(Method(owner, "add_module", (Fixed(name), module)))
