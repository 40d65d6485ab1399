"""Attention: heads are no channels of their own; what comes out goes through one projection."""

from archdsl.ops.attention import MultiheadAttention
from archdsl_torch.weights.channels import silencing


@silencing.register
def _(op: MultiheadAttention) -> tuple[str, ...]:
    return ("out_proj.weight", "out_proj.bias")
