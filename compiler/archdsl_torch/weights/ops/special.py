"""Parameters that stand alone: which dimension is what, nobody says, and each may be copied."""

from collections.abc import Mapping

from archdsl.ops.special import Parameter
from archdsl_torch.weights.channels import Channels, channels_of, silencing


@channels_of.register
def _(op: Parameter) -> Mapping[str, Channels]:
    return {"": Channels(tuple(range(len(op.shape))))}


@silencing.register
def _(op: Parameter) -> tuple[str, ...]:
    """As a factor: the scale of a branch."""
    return ("",)
