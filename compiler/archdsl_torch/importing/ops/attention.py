"""Attention."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Unsaid, short
from archdsl_torch.importing.tracing import TracedCall


@rule("scaled_dot_product_attention")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    kind = OPS["scaled_dot_product_attention"]
    if call.argument("dropout_p"):
        raise Unsaid("it drops in evaluation mode, too")
    reads = {port.name: each for port in kind.ports if (each := call.argument(port.name)) is not None}
    fields = {name: call.argument(name) for name in ("is_causal", "scale", "enable_gqa")}
    fields["dropout_p"] = call.argument("dropout") or 0.0
    return Said(kind.name, reads, short(kind, fields))
