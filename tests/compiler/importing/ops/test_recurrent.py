"""Layers with recurrence."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import nn

from tests.compiler.importing.support import same


class Read(nn.Module):
    """The outputs of a layer, which starts from given states or from none."""

    def __init__(self, layer: nn.Module, started: bool) -> None:
        super().__init__()
        self.layer, self.started = layer, started

    def forward(self, x: torch.Tensor) -> Any:
        rows = x.mean(1)[None, :, :4].contiguous()
        states = (rows, rows * 2) if isinstance(self.layer, nn.LSTM) else rows
        output, last = self.layer(x, states) if self.started else self.layer(x)
        return output, *(last if isinstance(last, tuple) else [last])


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_layer_with_recurrence(kind: Any, started: bool) -> None:
    text = same(nn.Sequential(OrderedDict(net=Read(kind(6, 4, batch_first=True), started))), (5, 6))
    assert f"op: {kind.__name__.lower()}" in text
    assert "zeros" not in text  # which torch starts from where nothing is given


def test_states_of_which_one_is_not_zero() -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.LSTM(6, 4, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows = x.mean(1)[None, :, :4].contiguous()
            output: torch.Tensor = self.layer(x, (torch.zeros_like(rows), rows))[0]
            return output

    assert "h_0: constant, c_0: " in same(Half(), (5, 6))


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(6, 4, num_layers=2, bidirectional=True, bias=False, batch_first=True, dropout=0.2),
        nn.LSTM(6, 4, proj_size=3, batch_first=True),
        nn.RNN(6, 4, nonlinearity="relu", batch_first=True),
        nn.GRU(6, 4, bidirectional=True, num_layers=2, batch_first=True),
    ],
)
def test_its_fields(layer: nn.Module) -> None:
    same(Read(layer, started=False), (5, 6))
