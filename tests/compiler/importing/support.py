"""Modules beside what is built of the specs that they become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import archdsl
from archdsl_torch import spec_of
from tests.importing_survey.proof import trained


def same(module: nn.Module, *shapes: tuple[int, ...], integers: bool = False) -> str:
    """Demands that what is built of a module's spec has its keys and gives its outputs, with another batch too."""
    torch.manual_seed(0)

    def drawn(batch: int) -> list[torch.Tensor]:
        sizes = [(batch, *shape) for shape in shapes]
        return [torch.randint(0, 5, size) if integers else torch.randn(size, dtype=torch.float64) for size in sizes]

    module = module.double().eval()
    text = spec_of(module.float(), [each if integers else each.float() for each in drawn(2)], "net")
    built = archdsl.build(archdsl.loads(text), init=False)
    assert list(built.state_dict()) == list(module.state_dict())
    built.load_state_dict(module.state_dict())
    built.double().eval(), module.double()
    for batch in (2, 3):
        given = drawn(batch)
        outputs = [model(*(each.clone() for each in given)) for model in (module, built)]
        several = (tuple(each.values()) if isinstance(each, dict) else each for each in outputs)
        several = (each if isinstance(each, tuple) else (each,) for each in several)
        pairs = zip(*([each for each in output if each is not None] for output in several), strict=True)
        for expected, found in pairs:
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    return text


def both(module: nn.Module, *shape: int) -> str:
    """Demands that what is built is the module in training, too, where nothing is drawn."""
    text = same(module, shape)
    built = archdsl.build(archdsl.loads(text), init=False)
    built.load_state_dict(module.state_dict())
    assert trained(module.double(), built.double(), (torch.randn(3, *shape),)) == ""
    return text


class Of(nn.Module):
    """A module that applies a function to its inputs."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)
