"""Functions of tensors, each against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.compiler.importing.support import Of, same

FUNCTIONS: list[Callable[..., Any]] = [
    lambda x: (x + 1, 2 - x, x * 0.5, x / 3, -x, x**2, 1 / (x * x + 1)),
    lambda x: (x.exp(), x.abs().sqrt(), (x * x + 1).rsqrt(), x.sin(), x.cos(), x.clamp(-1, 0.5), x.clamp(min=0)),
    lambda x: (x.mean(1), x.mean((1, 2), keepdim=True), x.sum(-1), x.amax(1), x.var(1), x.norm(dim=-1)),
    lambda x: (*x.chunk(2, 1), *x.split([1, 3], 1), *x.unbind(2)),
    lambda x: (torch.cat([x, x * 2], 1), torch.stack([x, x], 0), x.permute(0, 2, 1), x.swapaxes(1, 2), x.mT),
    lambda x: (x.flatten(1), x.reshape(x.shape[0], 2, -1), x.unflatten(1, (2, 2)), x.unsqueeze(1).squeeze(1)),
    lambda x: (x[:, 1:], x[:, :, ::2], x[:, 0], x.select(2, 1), x.narrow(1, 0, 2)),
    lambda x: (x.roll(1, 1), F.pad(x, (1, 0), value=2.0), x.unsqueeze(1).expand(-1, 3, -1, -1), x.repeat(1, 2, 1)),
    lambda x: (x.softmax(1), F.silu(x), F.normalize(x, dim=1), x.contiguous().clone(), x.detach()),
    lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    lambda x: (x @ x.transpose(1, 2), torch.matmul(x.transpose(1, 2), x)),
    lambda x: torch.where(x > 0, x, x * 0.1),
    lambda x: (x.div(x.cos(), rounding_mode="floor"), torch.max(x, -x), torch.min(x, -x), *x.max(1)),
    lambda x: ((x > 0).cumsum(1), x.cumsum(1, dtype=torch.float64), (x > 0).cumsum(2, dtype=torch.float32) * x),
    lambda x: (x.clamp(x.cos(), x.sin() + 1), x.clamp(max=x * x), x.clamp(min=0, max=2)),
    lambda x: (torch.cat([x[:, :0], x * 2], 1), torch.cat([x[..., :0], x, x], -1)),
    lambda x: (x.diff(dim=1), x.diff(), x.diff(dim=1, prepend=x[:, :1])),
    lambda x: (
        x.mT @ x,
        x[0] @ x[0].T,
        torch.addmm(x[0, 0], x[0], x[0].T @ x[0], beta=2, alpha=0.5),
    ),
    lambda x: (x.unfold(1, 3, 1), x.unfold(2, 4, 2).unfold(1, 2, 2)),
    lambda x: F.batch_norm(x, None, None, x[0, :, 0], x[0, :, 1], training=True),
    lambda x: torch.addcmul(x, x.sin(), x.cos(), value=0.5),
    lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest"),
    lambda x: (F.avg_pool1d(x, 2), F.max_pool1d(x, 2), x.cumsum(1), x.flip(2), x.tril(), F.leaky_relu(x, 0.2)),
    lambda x: F.interpolate(x.unsqueeze(1), size=(3, 5), mode="bicubic", align_corners=True),
    lambda x: (
        x + torch.arange(6),
        x * torch.arange(4, dtype=x.dtype)[:, None],
        x + torch.arange(1, 12, 2, dtype=x.dtype),
    ),
    lambda x: (
        x + torch.zeros_like(x),
        x * x.new_full((4, 6), 0.5),
        x + x.new_ones(6),
        x - torch.eye(4, 6, dtype=x.dtype),
    ),
    lambda x: (x * torch.tensor([1, 5, 2, 4, 9, 0]), x + torch.tensor([[0.5], [2], [7], [1]], dtype=x.dtype)),
    lambda x: torch.stack(torch.meshgrid(torch.arange(x.shape[1]), torch.arange(3), indexing="ij")) * x[0, 0, 0],
    lambda x: torch.stack(torch.meshgrid(torch.arange(x.shape[1]), torch.arange(3), indexing="xy")) * x[0, 0, 0],
    lambda x: torch.where((x > 0) & ~(x > 1) | (x < -1), x, 0.0),
    lambda x: (torch.where(x > 0, 1.0, x), x.masked_fill(x > 0, 3), x.remainder(0.7)),
    lambda x: (x[:, torch.tensor([1, 0, 3])], x[:, [0, 1], [5, -1]], x[:, :, torch.tensor([[0, 1], [2, -2]])]),
    lambda x: (x.roll((1, 2), (1, 2)), x.squeeze(1), x.unsqueeze(1).squeeze()),
    lambda x: (x.std(1, unbiased=False), torch.var(x, -1, False), x.var(1, correction=0), x.std(2)),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_what_torch_makes_of_it(function: Callable[..., Any]) -> None:
    same(Of(function), (4, 6))


def test_a_reciprocal_root_is_one_function() -> None:
    assert "= rsqrt(x)" in same(Of(lambda x: (x * x + 1).rsqrt()), (4, 6)).replace("add", "x")


def test_what_torch_calls_by_another_name() -> None:
    assert "op: relu6" in same(Of(F.relu6), (4, 6))
    assert "op: hardtanh" in same(Of(lambda x: F.hardtanh(x, 0, 5)), (4, 6))


@pytest.mark.parametrize(("mode", "border"), [("bilinear", "zeros"), ("nearest", "border"), ("bicubic", "reflection")])
def test_a_map_is_sampled(mode: str, border: str) -> None:
    def sampled(x: torch.Tensor) -> torch.Tensor:
        theta = x.flatten(1)[:, :6].reshape(-1, 2, 3)
        grid = F.affine_grid(theta, [x.shape[0], 2, 5, 4], align_corners=mode == "nearest")
        return F.grid_sample(x.unflatten(1, (2, 2)), grid, mode=mode, padding_mode=border, align_corners=False)

    assert "op: grid_sample" in same(Of(sampled), (4, 6))
