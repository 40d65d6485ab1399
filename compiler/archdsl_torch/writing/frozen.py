"""What is not trained: the statements after which it needs no gradient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ir.training import has_parameters, is_all_frozen
from archdsl_torch.lowering.statements import Body, Effect, If, Statement
from archdsl_torch.lowering.tree import Call, Code, Fixed, Global, Infix, Method, tensor_below
from archdsl_torch.planning.outline import Make
from archdsl_torch.planning.outliner import Outliner
from archdsl_torch.writing.originals import MODULE, for_modules


def frozen(graph: Graph, outliner: Outliner) -> Body:
    """The statements for the network's constructor: whole scopes first, then all layers of a class, then the others."""
    if not any(node.frozen for node in graph.nodes):
        return ()
    found = _Frozen(graph, outliner)
    body = [*found.below(graph.root)]
    classes = [name for name, nodes in found.single.items() if len(nodes) > 1 and found.is_whole_class(name)]
    if classes:
        test = Call("isinstance", (MODULE, _either(classes)))
        body.append(for_modules((If(((test, (_without_gradient(MODULE),)),)),)))
    for name, nodes in found.single.items():
        if name not in classes:
            body += [_without_gradient(outliner.access(node, graph.root)) for node in nodes]
    return (*body, *found.parts)


class _Frozen:
    def __init__(self, graph: Graph, outliner: Outliner) -> None:
        self.graph = graph
        self.outliner = outliner
        self.single: dict[str, list[Node]] = {}
        """Layers that stand in no scope which is frozen whole, by class."""
        self.parts: list[Statement] = []
        """Single tensors."""

    def below(self, scope: Scope) -> Iterator[Statement]:
        """The scopes that are frozen whole; what else is frozen is noted."""
        for child in scope.children.values():
            if child.share is not None:
                continue
            if isinstance(child, Node):
                self._node(child)
            elif self._is_whole(child) and self.outliner.build(child) is not None:
                yield _without_gradient(self.outliner.access(child, self.graph.root))
            else:
                yield from self.below(child)

    def _node(self, node: Node) -> None:
        build = self.outliner.build(node)
        if isinstance(build, Make) and is_all_frozen(node):
            self.single.setdefault(build.call.function, []).append(node)
        elif node.frozen:
            module = self.outliner.access(node, self.graph.root)
            self.parts += [_without_gradient(tensor_below(module, name)) for name in node.frozen]

    def _is_whole(self, scope: Scope) -> bool:
        trained = [node for node in scope.nodes() if node.share is None and has_parameters(node)]
        return bool(trained) and all(map(is_all_frozen, trained))

    def is_whole_class(self, name: str) -> bool:
        """Whether all modules of a class are frozen, those inside of torch's own layers too."""
        makes = [
            build
            for node in self.graph.nodes
            if node.share is None and isinstance(build := self.outliner.build(node), Make)
        ]
        inside = name == "nn.Linear" and any("MultiheadAttention" in build.call.function for build in makes)
        own = [build.node for build in makes if build.call.function == name and has_parameters(build.node)]
        return not inside and all(map(is_all_frozen, own))


def _without_gradient(code: Code) -> Statement:
    return Effect(Method(code, "requires_grad_", (Fixed(False),)))


def _either(classes: list[str]) -> Code:
    kinds: list[Code] = [Global(name) for name in classes]
    return reduce(lambda one, other: Infix("|", one, other), kinds)
