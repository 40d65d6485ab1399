"""Layers: calls that read weights, which are a node's own where the module that runs them has them."""

from __future__ import annotations

from typing import Any, Final

from archdsl.ops import OPS
from archdsl_torch.importing.said import Said, short
from archdsl_torch.importing.tracing import TracedCall

_WEIGHTS: Final = ("weight", "bias")


def layer(call: TracedCall, kind: str, fields: dict[str, Any], *buffers: str) -> Said:
    """A layer with a weight and a bias, where the call has them, and these buffers; its input is what comes first."""
    weights = {name: each for name in (*_WEIGHTS, *buffers) if (each := call.argument(name)) is not None}
    return Said(kind, {"input": call.given[0]}, short(OPS[kind], fields), weights=weights)
