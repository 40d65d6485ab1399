"""Embeddings: `nn.Embedding(...)`, or `F.embedding(...)` where the table is fed."""

from archdsl.ops.embedding import Embedding, EmbeddingBag, Lookup
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fed, fields, lower
from archdsl_torch.lowering.tree import Arg, Code, In, Method, Self


@lower.register
def _(op: Embedding, x: TensorType, weight: TensorType | None = None) -> Lowered:
    options = fields(op, "padding_idx")
    if weight is not None:
        return Lowered(None, call("F.embedding", In(0), In(1), **options))
    return Lowered(call("nn.Embedding", *_sizes(op), **options), None)


@lower.register
def _(op: EmbeddingBag, x: TensorType, *others: TensorType | None) -> Lowered:
    options = fields(op, "mode", "padding_idx")
    weights = fed(("per_sample_weights",), (x, *others), start=2)
    if others and others[0] is not None:
        return Lowered(None, call("F.embedding_bag", In(0), In(1), **options, **weights))
    called = Method(Self(), "__call__", (In(0),), tuple(weights.items())) if weights else None
    return Lowered(call("nn.EmbeddingBag", *_sizes(op), **options), None, called)


def _sizes(op: Lookup) -> tuple[Code, ...]:
    return Arg(op.num_embeddings, "num_embeddings"), Arg(op.embedding_dim, "embedding_dim")
