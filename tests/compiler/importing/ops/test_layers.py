"""Layers with weights of their own, and weights that functions read."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import same

LAYERS = [
    (nn.Conv1d(4, 6, 3, padding=1), (4, 9)),
    (nn.Conv2d(4, 8, (3, 5), stride=(2, 1), padding=(1, 2), groups=2, bias=False), (4, 9, 11)),
    (nn.Conv2d(4, 8, 3, padding="same", dilation=2), (4, 9, 11)),
    (nn.Conv3d(2, 3, 2), (2, 5, 6, 7)),
    (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (4, 5, 6)),
    (nn.Linear(5, 3, bias=False), (7, 5)),
    (nn.LayerNorm((3, 5), elementwise_affine=False), (3, 5)),
    (nn.LayerNorm(5, eps=1e-3, bias=False), (3, 5)),
    (nn.RMSNorm(5, eps=1e-6), (3, 5)),
    (nn.BatchNorm1d(5), (5,)),
    (nn.BatchNorm2d(5, eps=1e-3, momentum=0.01, affine=False), (5, 4, 4)),
    (nn.BatchNorm3d(5, track_running_stats=False), (5, 2, 3, 4)),
    (nn.GroupNorm(2, 4), (4, 3, 3)),
    (nn.PReLU(4), (4, 3, 3)),
    (nn.Sequential(nn.Dropout(0.3), nn.Dropout2d(0.2), nn.ReLU6(), nn.Hardswish(), nn.LeakyReLU(0.2)), (4, 3, 3)),
    (nn.Sequential(nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(2, 1), nn.AdaptiveAvgPool2d((2, 1))), (2, 9, 9)),
    (nn.Sequential(nn.ZeroPad2d((1, 2, 0, 1)), nn.Upsample(scale_factor=2, mode="bilinear")), (2, 4, 5)),
    (nn.Sequential(nn.Flatten(), nn.Unflatten(1, (4, 3)), nn.GELU("tanh"), nn.Softmax(-1), nn.Identity()), (6, 2)),
    (nn.Sequential(nn.PixelShuffle(2), nn.ELU(0.5), nn.Softplus(2.0), nn.GLU(1)), (8, 3, 3)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda each: type(each).__name__)
def test_a_layer_is_what_torch_makes_of_it(layer: nn.Module, shape: tuple[int, ...]) -> None:
    same(nn.Sequential(layer), shape)


def test_numbers_are_looked_up() -> None:
    same(nn.Sequential(nn.Embedding(6, 4, padding_idx=1), nn.Linear(4, 2)), (7,), integers=True)


class Fed(nn.Module):
    """Weights of a module that are not those of a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 4, 3))
        self.table = nn.Parameter(torch.randn(6))
        self.norm = nn.LayerNorm(6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.conv1d(x, self.kernel, self.table, padding=1).transpose(1, 2)
        return F.linear(
            F.layer_norm(x, (6,), self.table, eps=1e-3), self.norm.weight * self.kernel[:, 0, :1], self.norm.bias
        )


def test_weights_are_read() -> None:
    text = same(Fed(), (4, 7))
    assert "norm.weight: {op: parameter, shape: [6]}" in text


class Unbiased(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.group_norm(x, 2, self.weight)


def test_a_normalisation_without_a_bias_has_none() -> None:
    same(nn.Sequential(Unbiased()), (4, 5))
    norm = nn.BatchNorm1d(4)
    norm.register_parameter("bias", None)
    with pytest.raises(ModuleError, match="it has a weight without a bias"):
        spec_of(nn.Sequential(norm), [torch.randn(2, 4)])
