"""What removes the noise of diffusion, from the papers: the U-Net of DDPM, and DiT of timm's parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def waves(t: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
    """Sines and cosines of every time at every rate."""
    angles = t[:, None] * rates[None, :]
    return angles.sin(), angles.cos()


# --- arXiv:2006.11239, appendix B -----------------------------------------------------------------


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(32, channels, eps=1e-6)


class Residual(nn.Module):
    """Two convolutions; what time it is comes between them."""

    def __init__(self, before: int, after: int, time: int) -> None:
        super().__init__()
        self.norm1 = _norm(before)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.temb_proj = nn.Linear(time, after)
        self.norm2 = _norm(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        if before != after:
            self.nin_shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        y = self.conv1(F.silu(self.norm1(x)))
        y = y + self.temb_proj(F.silu(time))[..., None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        return y + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Places(nn.Module):
    """Every place of a map attends to every place."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        for name in ("q", "k", "v", "proj_out"):
            self.add_module(name, nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        normal = self.norm(x)
        q, k, v = (self.get_submodule(name)(normal).flatten(2) for name in "qkv")
        weights = torch.softmax(torch.einsum("nci,ncj->nij", q, k) / math.sqrt(x.shape[1]), dim=2)
        read = torch.einsum("nij,ncj->nci", weights, v).view(x.shape)
        return x + self.get_submodule("proj_out")(read)


class _Within(nn.Module):
    """A convolution called `conv`."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.conv = conv


class Ddpm(nn.Module):
    """The U-Net; at each level `down` and `up` hold lists of blocks, of attention, and what leads to the next."""

    def __init__(
        self, image_size: int = 32, channels: int = 128, multipliers: Sequence[int] = (1, 2, 2, 2), layers: int = 2
    ) -> None:
        super().__init__()
        self.channels, time = channels, 4 * channels
        self.temb = nn.Module()
        self.temb.dense = nn.ModuleList([nn.Linear(channels, time), nn.Linear(time, time)])
        self.conv_in = nn.Conv2d(3, channels, 3, padding=1)
        widths = [channels * m for m in multipliers]
        now, kept = channels, [channels]
        self.down = nn.ModuleList()
        for i, width in enumerate(widths):
            level = self._level(image_size // 2**i == 16, width, layers)
            for _ in range(layers):
                level.block.append(Residual(now, width, time))
                now = width
                kept.append(now)
            if width is not widths[-1] or i < len(widths) - 1:
                level.downsample = _Within(nn.Conv2d(now, now, 3, stride=2))
                kept.append(now)
            self.down.append(level)
        self.mid = nn.ModuleDict({"block_1": Residual(now, now, time), "attn_1": Places(now)})
        self.mid["block_2"] = Residual(now, now, time)
        levels = []
        for i, width in reversed(list(enumerate(widths))):
            level = self._level(image_size // 2**i == 16, width, layers + 1)
            for _ in range(layers + 1):
                level.block.append(Residual(now + kept.pop(), width, time))
                now = width
            if i:
                level.upsample = _Within(nn.Conv2d(now, now, 3, padding=1))
            levels.append(level)
        self.up = nn.ModuleList(levels[::-1])
        self.norm_out = _norm(now)
        self.conv_out = nn.Conv2d(now, 3, 3, padding=1)

    @staticmethod
    def _level(attends: bool, width: int, count: int) -> Any:
        level: Any = nn.Module()
        level.block = nn.ModuleList()
        level.attn = nn.ModuleList(Places(width) for _ in range(count if attends else 0))
        return level

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        half = self.channels // 2
        rates = torch.exp(torch.arange(half, dtype=t.dtype) * (-math.log(10000) / (half - 1)))
        first, second = self.temb.dense  # type: ignore[misc]
        time = second(F.silu(first(torch.cat(waves(t, rates), 1))))
        x = self.conv_in(x)
        kept = [x]
        for level in self.down:
            for k, block in enumerate(level.block):  # type: ignore[arg-type]
                x = block(x, time)
                x = level.attn[k](x) if len(level.attn) else x  # type: ignore[index,arg-type]
                kept.append(x)
            if hasattr(level, "downsample"):
                x = level.downsample.conv(F.pad(x, (0, 1, 0, 1)))  # type: ignore[union-attr]
                kept.append(x)
        x = self.mid["block_2"](self.mid["attn_1"](self.mid["block_1"](x, time)), time)
        for level in reversed(self.up):
            for k, block in enumerate(level.block):  # type: ignore[arg-type]
                x = block(torch.cat([x, kept.pop()], 1), time)
                x = level.attn[k](x) if len(level.attn) else x  # type: ignore[index,arg-type]
            if hasattr(level, "upsample"):
                x = level.upsample.conv(x.repeat_interleave(2, 2).repeat_interleave(2, 3))  # type: ignore[union-attr]
        return self.conv_out(F.silu(self.norm_out(x)))


# --- arXiv:2212.09748, section 3.2 ----------------------------------------------------------------


def _modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale[:, None]) + shift[:, None]


class DitBlock(nn.Module):
    """A layer with adaLN-Zero."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        from timm.layers import Mlp
        from timm.models.vision_transformer import Attention

        self.attn = Attention(width, num_heads=heads, qkv_bias=True)
        self.mlp = Mlp(width, 4 * width, act_layer=lambda: nn.GELU(approximate="tanh"))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.adaLN_modulation(c).chunk(6, dim=1)
        x = x + gate[:, None] * self.attn(_modulated(x, shift, scale))
        return x + mlp_gate[:, None] * self.mlp(_modulated(x, mlp_shift, mlp_scale))


class Dit(nn.Module):
    """Patches, layers that the time and the class modulate, and the noise of every patch with its variance."""

    def __init__(
        self, image_size: int = 32, hidden_size: int = 1152, depth: int = 28, num_heads: int = 16,
        num_classes: int = 1000,
    ) -> None:  # fmt: skip
        super().__init__()
        from timm.layers import PatchEmbed

        self.x_embedder = PatchEmbed(image_size, 2, 4, hidden_size)
        self.side = image_size // 2
        self.pos_embed = nn.Parameter(torch.empty(1, self.side**2, hidden_size), requires_grad=False)
        self.t_embedder, self.y_embedder = nn.Module(), nn.Module()
        self.t_embedder.mlp = nn.Sequential(nn.Linear(256, hidden_size), nn.SiLU(), nn.Linear(hidden_size, hidden_size))
        self.y_embedder.embedding_table = nn.Embedding(num_classes + 1, hidden_size)
        self.blocks = nn.ModuleList(DitBlock(hidden_size, num_heads) for _ in range(depth))
        self.final_layer = nn.Module()
        self.final_layer.linear = nn.Linear(hidden_size, 2 * 2 * 8)
        self.final_layer.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(hidden_size, 2 * hidden_size))

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        sine, cosine = waves(t, torch.exp(torch.arange(128, dtype=t.dtype) * (-math.log(10000) / 128)))
        c = self.t_embedder.mlp(torch.cat([cosine, sine], 1)) + self.y_embedder.embedding_table(y)  # type: ignore[operator]
        x = self.x_embedder(x) + self.pos_embed
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.final_layer.adaLN_modulation(c).chunk(2, dim=1)  # type: ignore[operator]
        patches = self.final_layer.linear(_modulated(x, shift, scale))  # type: ignore[operator]
        grid = patches.view(-1, self.side, self.side, 2, 2, 8)
        return grid.permute(0, 5, 1, 3, 2, 4).reshape(-1, 8, 2 * self.side, 2 * self.side)


def grid_positions(side: int, width: int) -> Tensor:
    """(side², width): sine and cosine of the column, then of the row, as DiT starts with; one place at a time."""
    quarter = width // 4
    rows = []
    for place in range(side**2):
        numbers: list[float] = []
        for position in (place % side, place // side):
            angles = [position / 10000 ** (k / quarter) for k in range(quarter)]
            numbers += [*map(math.sin, angles), *map(math.cos, angles)]
        rows.append(numbers)
    return torch.tensor(rows, dtype=torch.float64)
