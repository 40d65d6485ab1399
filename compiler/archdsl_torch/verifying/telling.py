"""Values with which a mistake shows: with its own initial ones a network may give zeros, or 1e12, and prove nothing.

Matrices are drawn normal with variance 2 / fan-in, biases near 0, other vectors near 1, and the statistics of batch
norms are those of the inputs, so that values stay near 1 through the whole network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_SEED: Final = 7
_PERIOD: Final = 1_000_003
"""After how many numbers the noise of a large tensor repeats: a prime number, so that no two rows are alike."""
_LEAST_VARIANCE: Final = 1e-2
"""Of what a norm reads, as part of the mean over its channels: a channel without any would magnify rounding."""


@torch.no_grad()
def fill(module: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Gives every parameter and every batch norm of the module, which is in evaluation mode, a telling value."""
    generator = torch.Generator().manual_seed(_SEED)
    for name, parameter in module.named_parameters():
        if parameter.is_floating_point():
            parameter.copy_(_telling(name, parameter, generator))
    norms = [each for each in module.modules() if isinstance(each, _BatchNorm) and each.running_mean is not None]
    if not norms:
        return
    hooks = [norm.register_forward_pre_hook(_calibrate) for norm in norms]
    try:
        module(*inputs)
    finally:
        for hook in hooks:
            hook.remove()


def _calibrate(norm: nn.Module, given: tuple[Any, ...]) -> None:
    """Sets a norm's statistics to those of what reaches it, nearly."""
    assert isinstance(norm, _BatchNorm) and norm.running_mean is not None and norm.running_var is not None
    values = given[0].transpose(0, 1).flatten(1)
    variance = values.var(1, correction=0)
    variance = variance.clamp(min=_LEAST_VARIANCE * float(variance.mean()) + 1e-6)
    # Not quite: what a step of training makes of its own statistics would hide its momentum.
    norm.running_mean.copy_(values.mean(1) + 0.1 * variance.sqrt())
    norm.running_var.copy_(1.2 * variance)


def _telling(name: str, parameter: Tensor, generator: torch.Generator) -> Tensor:
    shape = parameter.shape
    noise = _noise(shape, generator, parameter.dtype)
    if name.endswith("bias"):
        return 0.2 * noise
    if len(shape) == 1:
        return 1 + 0.2 * noise.clamp(-2, 2)
    if shape[1:].numel() == 1:  # a scale, or a number alone
        return 0.5 + 0.1 * noise
    if shape[0] == 1 and len(shape) == 3:  # a learned token or position
        return 0.5 * noise
    return noise * math.sqrt(2 / max(1, shape[1:].numel()))


def _noise(shape: torch.Size, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Standard normal."""
    numbers = shape.numel()
    noise = torch.randn(min(numbers, _PERIOD), generator=generator, dtype=torch.float64).to(dtype)
    return noise.repeat(-(-numbers // _PERIOD))[:numbers].view(shape) if numbers else noise.view(shape)
