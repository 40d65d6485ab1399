"""Blocks under `torch.no_grad()` and `torch.autocast`, which a trace keeps apart."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archdsl
from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import same


class Blocks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.no_grad():
            still = self.layer(x).sin()
            with torch.autocast("cpu", enabled=False):
                mask = x > 0
        with torch.autocast("cpu", enabled=False), torch.enable_grad():
            x = self.layer(x) * 3
        return x + still * mask, still


def test_what_runs_in_a_block_stands_where_it_runs() -> None:
    text = same(nn.Sequential(Blocks()), (4,))
    assert text.count("op: detach") == 1


def test_no_gradient_flows_out_of_no_grad() -> None:
    module = Blocks()
    built = archdsl.build(archdsl.loads(spec_of(module, [torch.randn(2, 4)], "net")))
    built.load_state_dict(module.state_dict())
    gradients = []
    for each in (module, built):
        x = torch.ones(2, 4, requires_grad=True)
        each(x)[0].sum().backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients)


class Autocast(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu"):
            return x @ x


def test_numbers_of_another_size_under_autocast_are_told() -> None:
    with pytest.raises(ModuleError, match=r"`torch\.autocast` of torch\.bfloat16 in `forward`"):
        spec_of(Autocast(), [torch.randn(4, 4)])
