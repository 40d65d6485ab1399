"""What moves values about."""

from archdsl.ops.base import Moving
from archdsl_torch.weights.channels import keeps_zeros


@keeps_zeros.register
def _(op: Moving) -> bool:
    return True
