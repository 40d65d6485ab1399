"""Dropout of zeros is zeros, but for the kind that draws its own values."""

from archdsl.ops.dropout import AlphaDropout, FeatureAlphaDropout, Passing
from archdsl_torch.weights.channels import keeps_zeros


@keeps_zeros.register
def _(op: Passing) -> bool:
    return not isinstance(op, AlphaDropout | FeatureAlphaDropout)
