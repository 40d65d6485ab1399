"""The blocks that ship, under the names of several publishers: equal to their modules, with their keys; and listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor, nn

import archdsl
from tests.references import parity
from tests.references.torchvision_shim import models  # before timm, which imports torchvision too

ROOT = Path(__file__).parents[2]


def named_conv() -> nn.Module:
    from timm.layers import ConvNormAct

    return ConvNormAct(6, 8, 3, stride=2, groups=2, act_layer=nn.SiLU)


def squeeze_excitation() -> nn.Module:
    from timm.models._efficientnet_blocks import SqueezeExcite

    return SqueezeExcite(6, rd_channels=3, act_layer=nn.SiLU)


def squeeze_excitation_of_torchvision() -> nn.Module:
    from torchvision.ops.misc import SqueezeExcitation

    assert models
    return SqueezeExcitation(6, 3)


def fused() -> nn.Module:
    from timm.layers import Attention

    return Attention(6, num_heads=2, qkv_bias=True)


def patches() -> nn.Module:
    from timm.layers import PatchEmbed

    return PatchEmbed(8, 2, 6, 5)


class Projected(nn.Module):
    """Two heads, one after the other; the mask is true where a key is seen."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.dense = (nn.Linear(width, 6) for width in (6, 5, 5, 6))

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        heads = []
        for part in (slice(0, 3), slice(3, 6)):
            scores = (q[..., part] @ k[..., part].mT / 3**0.5).masked_fill(~mask, -torch.inf)
            heads.append(scores.softmax(-1) @ v[..., part])
        return self.dense(torch.cat(heads, dim=-1))


class Grouped(nn.Module):
    """Four heads of queries for two of keys and values, one after the other, turned as complex numbers; causal."""

    def __init__(self) -> None:
        super().__init__()
        self.wq, self.wk, self.wv = (nn.Linear(6, width) for width in (16, 8, 8))
        self.wo = nn.Linear(16, 6, bias=False)
        self.q_norm, self.k_norm = nn.RMSNorm(4, eps=1e-6), nn.RMSNorm(4, eps=1e-6)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        def head(part: Tensor, number: int) -> Tensor:
            return part[..., 4 * number : 4 * number + 4]

        def turned(part: Tensor) -> Tensor:
            pairs = torch.complex(part[..., :2], part[..., 2:]) * torch.complex(cos, sin)[:, :2]
            return torch.cat([pairs.real, pairs.imag], dim=-1)

        future, heads = torch.ones(7, 7, dtype=torch.bool).triu(1), []
        for h in range(4):
            q = turned(self.q_norm(head(self.wq(x), h)))
            k = turned(self.k_norm(head(self.wk(x), h // 2)))
            scores = (0.3 * q @ k.mT).masked_fill(future, -torch.inf)
            heads.append(scores.softmax(-1) @ head(self.wv(x), h // 2))
        return self.wo(torch.cat(heads, dim=-1))


def vocoder() -> nn.Module:
    from transformers.models.speecht5.modeling_speecht5 import HifiGanResidualBlock

    return HifiGanResidualBlock(6, kernel_size=5, dilation=(1, 3))


def image() -> Tensor:
    return normal(2, 6, 8, 8)


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


ANGLES = normal(7, 2).repeat(1, 2)
MASK = torch.tensor([[True, True, False, True]])
IMAGE = "{x: [N, 6, H = 8, W = 8]}"
TOKENS = "{x: [N, T = 7, 6]}"
BLOCKS: dict[str, tuple[str, str, Callable[[], nn.Module], tuple[Tensor, ...]]] = {
    "convolution and norm": (
        IMAGE, "{op: named_conv_norm_act, out_channels: 8, stride: 2, groups: 2, activation: silu}",
        named_conv, (image(),),
    ),
    "squeeze-and-excitation, timm": (
        IMAGE, "{op: named_squeeze_excitation, squeeze_channels: 3, activation: silu}",
        squeeze_excitation, (image(),),
    ),
    "squeeze-and-excitation, torchvision": (
        IMAGE, "{op: squeeze_excitation, squeeze_channels: 3}", squeeze_excitation_of_torchvision, (image(),),
    ),
    "fused attention": (TOKENS, "{op: fused_attention, num_heads: 2}", fused, (normal(2, 7, 6),)),
    "patch embedding": (IMAGE, "{op: patch_embedding, dim: 5, patch_size: 2}", patches, (image(),)),
    "attention of another sequence": (
        "{x: [N, T = 7, 6], memory: [N, S = 4, 5], mask: {shape: [1, S], dtype: bool}}",
        "{op: projected_attention, from: [x, memory, mask], num_heads: 2, names: [query, key, value, dense]}",
        Projected, (normal(2, 7, 6), normal(2, 4, 5), MASK),
    ),
    "attention of grouped queries": (
        "{x: [N, T = 7, 6], cos: [T, 4], sin: [T, 4]}",
        "{op: rotary_attention, from: [x, cos, sin], num_heads: 4, num_kv_heads: 2, names: [wq, wk, wv, wo], "
        "bias: true, norm: {op: rms_norm, eps: 1e-6}, scale: 0.3}",
        Grouped, (normal(2, 7, 6), ANGLES.cos(), ANGLES.sin()),
    ),
    "dilated residuals": (
        "{x: [N, 6, L = 16]}", "{op: dilated_residual, kernel_size: 5, dilations: [1, 3]}",
        vocoder, (normal(2, 6, 16),),
    ),
}  # fmt: skip


USED = [f"blocks/{name}" for name in ("attention", "conv", "named_conv", "embedding", "rotary", "vocoder")]


@pytest.mark.parametrize("block", BLOCKS)
def test_equal_to_the_publishers_module(block: str, tmp_path: Path) -> None:
    inputs, node, reference, given = BLOCKS[block]
    (tmp_path / "net.yaml").write_text(
        f"archdsl: 1\nname: net\nuse: [{', '.join(USED)}]\ninputs: {inputs}\nnodes:\n  block: {node}\n"
    )
    theirs = reference().double().eval()
    parity.fill(theirs, seed=7)
    ours = archdsl.build(tmp_path / "net.yaml", dtype=torch.float64).eval()
    ours.load_state_dict({f"block.{key}": value for key, value in theirs.state_dict().items()}, strict=True)
    expected = theirs(*given)
    assert expected.std() > 0.01
    torch.testing.assert_close(ours(*given), expected, rtol=1e-10, atol=1e-10)


def test_sinusoidal_positions(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "archdsl: 1\nname: net\nuse: [blocks/embedding]\ninputs: {x: [N, T = 5, 6]}\n"
        "nodes:\n  place: {op: sinusoidal_positions, dim: 6}\n  out: = x + place\n"
    )
    rate = 10000 ** (torch.arange(3, dtype=torch.float64) / 3)
    angle = torch.arange(9, dtype=torch.float64)[:, None] / rate
    expected = torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)
    module = archdsl.build(tmp_path / "net.yaml", dtype=torch.float64)
    torch.testing.assert_close(module(torch.zeros(1, 9, 6, dtype=torch.float64))[0], expected)


def test_what_the_page_lists_ships() -> None:
    page = (ROOT / "docs/language.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `blocks/(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert "attention" in listed
    for library, text in listed.items():
        shipped = yaml.safe_load((ROOT / f"specs/blocks/{library}.yaml").read_text("utf-8"))["blocks"]
        assert {*re.findall(r"`(\w+)`", text)} <= {*shipped}, library
