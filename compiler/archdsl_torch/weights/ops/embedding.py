"""Embeddings: rows for what is looked up, which have features."""

from collections.abc import Mapping

from archdsl.ops.embedding import Lookup
from archdsl_torch.weights.channels import Channels, channels_of


@channels_of.register
def _(op: Lookup) -> Mapping[str, Channels]:
    return {"weight": Channels((0, 1))}
