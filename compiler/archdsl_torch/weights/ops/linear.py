"""Linear layers: features in and out."""

from collections.abc import Mapping

from archdsl.ops.linear import Linear
from archdsl_torch.weights.channels import Channels, channels_of, silencing


@channels_of.register
def _(op: Linear) -> Mapping[str, Channels]:
    return {"weight": Channels((0, 1), 1), "bias": Channels((0,))}


@silencing.register
def _(op: Linear) -> tuple[str, ...]:
    return ("weight", "bias")
