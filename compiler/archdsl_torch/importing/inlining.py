"""Blocks of a trace that torch keeps as functions, as those under `torch.no_grad()`: put where they run."""

from __future__ import annotations

from operator import getitem
from typing import Any, Final

import torch
from torch.fx import GraphModule, Node

from archdsl.ir.modules import ModuleError

_GRADIENTS: Final = "wrap_with_set_grad_enabled"
_AUTOCAST: Final = "wrap_with_autocast"
_BEFORE: Final = {_GRADIENTS: 1, _AUTOCAST: 4}
"""How many arguments stand before the function and what it reads."""


def inlined(module: GraphModule) -> GraphModule:
    """A trace without such blocks; what comes out of one without gradients is detached. Raises ModuleError."""
    for node in [each for each in module.graph.nodes if _block(each) is not None]:
        _inline(module, node)
    return module


def _block(node: Node) -> str | None:
    name = getattr(node.target, "__name__", "") if node.op == "call_function" else ""
    return name if name in _BEFORE else None


def _inline(module: GraphModule, node: Node) -> None:
    """Raises ModuleError."""
    kind = _block(node)
    assert kind is not None
    function, *reads = node.args[_BEFORE[kind] :]
    if kind == _AUTOCAST and node.args[2]:
        raise ModuleError(f"`torch.autocast` of {node.args[1]} in `forward`: a spec has no numbers that vary in size")
    assert isinstance(function, Node) and isinstance(function.target, str)
    body = inlined(getattr(module, function.target))
    places = dict(zip((each for each in body.graph.nodes if each.op == "placeholder"), reads, strict=True))
    with module.graph.inserting_before(node):
        found: Any = module.graph.graph_copy(body.graph, places)
        results = [*found] if isinstance(found, tuple | list) else [found]
        if kind == _GRADIENTS and not node.args[0]:
            results = [*map(_detached, results)]
    for user in [*node.users]:
        place: Any = user.args[1]
        assert user.target is getitem
        user.replace_all_uses_with(results[place])
        module.graph.erase_node(user)
    module.graph.erase_node(node)


def _detached(value: Any) -> Any:
    """A value through which no gradient flows, where it had one."""
    if not isinstance(value, Node) or not value.meta["val"].is_floating_point():
        return value
    made = value.graph.call_function(torch.ops.aten.detach.default, (value,))
    made.meta = dict(value.meta)
    return made
