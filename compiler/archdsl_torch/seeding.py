"""Random numbers from a seed of their own, beside torch's generators: other threads may draw from those meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any, Final, final

import torch
from torch.overrides import TorchFunctionMode

from archdsl.limits import SEED, SEEDS

_DRAWING: Final[frozenset[Callable[..., Any]]] = frozenset(
    {
        torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.exponential_, torch.Tensor.bernoulli_,
        torch.Tensor.random_, torch.Tensor.cauchy_, torch.Tensor.log_normal_, torch.Tensor.geometric_,
        torch.nn.init.uniform_, torch.nn.init.normal_, torch.nn.init.kaiming_uniform_,
        torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal, torch.bernoulli, torch.multinomial,
    }
)  # fmt: skip
"""What draws random numbers and takes a `generator`."""


@final
class Seeded(TorchFunctionMode):
    """Within it random numbers come from a seed, the same ones as after `torch.manual_seed`, in this thread alone."""

    def __init__(self, seed: int) -> None:
        """Raises ValueError for a seed that torch does not take."""
        super().__init__()
        if not hasattr(seed, "__index__") or index(seed) not in SEEDS:
            raise ValueError(f"a seed is {SEED}, found {seed!r}")
        self._seed = seed
        self._generators: dict[torch.device, torch.Generator] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if func in _DRAWING and given.get("generator") is None:
            given = {**given, "generator": self._generator(_device(args, given))}
        return func(*args, **given)

    def _generator(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self._seed)
        return self._generators[device]


def _device(args: Any, kwargs: Any) -> torch.device:
    """Where the numbers will be: with the tensor that is filled or read, or in a new one."""
    tensor = next((each for each in (*args, *kwargs.values()) if isinstance(each, torch.Tensor)), None)
    return tensor.device if tensor is not None else torch.device(kwargs.get("device") or torch.get_default_device())
