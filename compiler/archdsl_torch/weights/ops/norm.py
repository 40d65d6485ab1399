"""Norms: a number for each channel or feature."""

from collections.abc import Mapping

from archdsl.ops.norm import GroupNorm, RunningNorm, TrailingNorm
from archdsl_torch.weights.channels import Channels, channels_of, silencing


@channels_of.for_each(RunningNorm, GroupNorm)
def _(op: RunningNorm | GroupNorm) -> Mapping[str, Channels]:
    return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), Channels((0,)))


@channels_of.register
def _(op: TrailingNorm) -> Mapping[str, Channels]:
    return dict.fromkeys(("weight", "bias"), Channels((0, 1, 2, 3)))


@silencing.for_each(RunningNorm, GroupNorm, TrailingNorm)
def _(op: RunningNorm | GroupNorm | TrailingNorm) -> tuple[str, ...]:
    """Without a weight of its own nothing silences it."""
    return ("weight", "bias")
