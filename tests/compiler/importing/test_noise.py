"""Branches that uniform numbers drop."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.compiler.importing.support import both, same


class Floored(nn.Module):
    """A residual branch that is dropped where a uniform number is small."""

    def __init__(self, keep: float, way: str) -> None:
        super().__init__()
        self.linear, self.keep, self.way = nn.Linear(4, 4), keep, way

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        if not self.training:
            return x + y
        shape = {"batch": (1, 1, 1), "scalar": (), "misplaced": (x.shape[1], 1)}.get(self.way, (x.shape[0], 1, 1))
        drawn = torch.rand(shape, dtype=x.dtype)
        noise = (drawn < self.keep).to(x.dtype) if self.way == "compared" else (self.keep + drawn).floor_()
        if self.way == "added":
            return x + y.div(self.keep) * (self.keep + drawn)
        if self.way == "unscaled":
            return x + y * noise
        if self.way in ("noise", "compared", "misplaced"):
            return x + y * (noise / self.keep)
        scaled = y.div(self.keep)
        return x + scaled * noise if self.way != "read twice" else x + scaled * noise * scaled.sigmoid()


@pytest.mark.parametrize(
    ("way", "mode"),
    [("", ""), ("batch", ", mode: batch"), ("scalar", ", mode: batch"), ("noise", ""), ("compared", "")],
)
def test_a_branch_that_uniform_numbers_drop(way: str, mode: str) -> None:
    text = both(Floored(0.8, way), 5, 4)
    assert f"stochastic_depth: {{op: stochastic_depth, from: linear, p: 0.2{mode}}}" in text
    assert "div" not in text


@pytest.mark.parametrize("way", ["unscaled", "read twice", "misplaced", "added"])
def test_a_branch_that_is_multiplied_otherwise_is_not_said(way: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "stochastic_depth" not in same(Floored(0.8, way), (5, 4))
    assert "is written as it is in evaluation mode alone" in caplog.text
