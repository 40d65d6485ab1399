"""Embeddings: `nn.Embedding(...)`, or `F.embedding(...)` where the table is fed."""

from __future__ import annotations

from archdsl.ops.embedding import Embedding
from archdsl.shapes import TensorType
from archdsl_torch.lowering import Arg, In, Lowered, call, fields, lower


@lower.register
def _(op: Embedding, x: TensorType, weight: TensorType | None = None) -> Lowered:
    options = fields(op, "padding_idx")
    if weight is not None:
        return Lowered(None, call("F.embedding", In(0), In(1), **options))
    sizes = (Arg(op.num_embeddings, "num_embeddings"), Arg(op.embedding_dim, "embedding_dim"))
    return Lowered(call("nn.Embedding", *sizes, **options), None)
