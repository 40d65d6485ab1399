"""Tables of vectors."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, short
from archdsl_torch.importing.tracing import TracedCall


@rule("embedding")
def _(call: TracedCall) -> Said:
    weight, indices = call.given[:2]
    padding = call.argument("padding_idx")
    fields = dict(zip(("num_embeddings", "embedding_dim"), weight.shape, strict=True))
    fields["padding_idx"] = None if padding == -1 else padding
    return Said("embedding", {"input": indices}, short(OPS["embedding"], fields), weights={"weight": weight})
