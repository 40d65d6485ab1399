"""How parameters start: by op, where all nodes of an op start alike; else each node says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from archdsl.ir.graph import Node
from archdsl.ir.initialise import Initialiser

Rules: TypeAlias = "dict[str, dict[str, Initialiser]]"
"""Initialisers by the names of ops and tensors."""


def rules_by_op(nodes: Iterable[Node]) -> Rules:
    """The initialisers that all nodes of an op have, by the names of ops and tensors."""
    found: dict[str, dict[str, Any]] = {}
    for node in nodes:
        if node.share is not None or not node.op.ports:
            continue
        known = {name: weight.buffer for name, weight in node.tensors.items()} | dict.fromkeys(node.init or {}, False)
        for name, buffer in known.items():
            if buffer or name in node.tie:
                continue
            said = (node.init or {}).get(name)
            first = found.setdefault(node.op.name, {}).setdefault(name, said)
            if not _alike(first, said):
                found[node.op.name][name] = None
    return {
        op: {name: said for name, said in rules.items() if said is not None}
        for op, rules in found.items() if any(rules.values())
    }  # fmt: skip


def _alike(one: Initialiser | None, two: Initialiser | None) -> bool:
    if one is None or two is None:
        return one is two
    return (one.name, one.arguments) == (two.name, two.arguments)


def own(node: Node, rules: Rules) -> dict[str, Initialiser]:
    """What a node itself must say."""
    known = rules.get(node.op.name, {})
    return {name: said for name, said in (node.init or {}).items() if name not in known}


def spelled_init(said: Initialiser) -> str:
    """An initialiser as a spec writes it."""
    arguments = ", ".join(f"{name}={value}" for name, value in said.arguments)
    return f"{said.name}({arguments})" if arguments else said.name
