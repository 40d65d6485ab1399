"""Rows that a tensor of numbers picks."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Unsaid, short
from archdsl_torch.importing.tracing import TracedCall


@rule("index")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    source, places = call.given
    given = [(dim, each) for dim, each in enumerate(places) if each is not None]
    if len(given) > 1:
        raise Unsaid("it picks by several tensors at once")
    ((dim, index),) = given
    if index.dtype in ("bool", "uint8"):
        raise Unsaid("how much it picks depends on the data: write `where` or `masked_fill`")
    return Said("index", {"input": source, "index": index}, short(OPS["index"], {"dim": dim}))
