"""The finished graph without the document: what elaboration knew of it for its messages is let go.

Whoever reads a graph reads the graph; and one that is kept does not keep its files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archdsl.elaboration.fields import OpName
from archdsl.ir.graph import Env, Node, Scope
from archdsl.ir.scopes import scopes_of


def forget_document(root: Scope, nodes: Iterable[Node], named: bool) -> None:
    """Leaves the names of the graph's scopes and nodes their values alone.

    `named` says whether an argument names a block, and so a file: few do, and all values are looked through then.
    """
    scopes = scopes_of(root)
    environments = _environments(scopes, nodes)
    for env in environments:
        env.source = None
    if not named:
        return
    for scope in scopes:
        scope.arguments = {name: _plain(value) for name, value in scope.arguments.items()}
    for env in environments:
        env.names = {name: binding._replace(value=_plain(binding.value)) for name, binding in env.names.items()}


def _environments(scopes: Iterable[Scope], nodes: Iterable[Node]) -> set[Env]:
    """All that scopes and nodes saw; what a node's loops bind it sees itself."""
    found = {node.env for node in nodes}
    for scope in scopes:
        found.add(scope.env)
        found.update([step.env for step in scope.loops])
    for env in [*found]:
        around = env.parent
        while around is not None and around not in found:
            found.add(around)
            around = around.parent
    return found


def _plain(value: Any) -> Any:
    """The value, the names of blocks in it without the file that gives them their meaning."""
    if isinstance(value, OpName):
        return str(value)
    if isinstance(value, dict) and isinstance(value.get("op"), OpName | dict):
        return {**value, "op": _plain(value["op"])}
    return value
