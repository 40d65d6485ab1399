"""The lowerings by theme; importing the package registers them all with `lower`."""

from archdsl_torch.ops import activation, attention, conv, dropout, embedding, linear, norm, pool

__all__ = ["activation", "attention", "conv", "dropout", "embedding", "linear", "norm", "pool"]
