"""`was`: the names that tensors had before, so that older weights still load."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Graph, Scope
from archdsl_torch.lowering.spelling import dotted, literal

_METHOD = """
    def load_state_dict(self, state_dict, strict=True, assign=False):
        \"""Takes weights under the names that they had before, too.\"""
        renamed = {}
        for key, tensor in state_dict.items():
            for before, now in NAMES:
                if key == before or key.startswith(f"{before}."):
                    key = now + key[len(before) :]
                    break
            renamed[key] = tensor
        return super().load_state_dict(renamed, strict, assign)
"""


def rename_lines(graph: Graph) -> list[str]:
    """The network's `load_state_dict`, where a node has had another name; no lines elsewhere."""
    pairs = old_names(graph)
    if not pairs:
        return []
    names = ", ".join(f"({literal(before)}, {literal(now)})" for before, now in pairs)
    return _METHOD.replace("NAMES", f"[{names}]").rstrip().splitlines()


def old_names(graph: Graph) -> list[tuple[str, str]]:
    """Old and new path of whatever has had another name; a child's own old name comes before its parent's."""
    return sorted(_pairs(graph.root, ()), key=lambda pair: -len(pair[0]))


def _pairs(scope: Scope, before: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Old and new path of everything below that was called otherwise; `before` is the scope's old path, in names."""
    for child in scope.children.values():
        if child.was is not None:
            yield dotted(*before, child.was), child.path
        if isinstance(child, Scope):
            yield from _pairs(child, (*before, child.was or child.name))
