"""swin_t, made by archdsl 0.1.0: archdsl source swin_t

Swin transformer: hierarchical vision transformer using shifted windows, tiny size. arXiv:2103.14030.

28,288,354 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Permute(nn.Module):
    """`permute` as a module."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(self.dims)


class StochasticDepth(nn.Module):
    """Zeroes a residual branch with probability p while training, else scales it by 1 / (1 - p).

    `row` draws for each sample, `batch` once for all (arXiv:1603.09382).
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return x
        rows = x.shape[0] if self.mode == "row" else 1
        noise = x.new_empty((rows,) + (1,) * (x.dim() - 1)).bernoulli_(1.0 - self.p)
        return x * (noise.div_(1.0 - self.p) if self.p < 1.0 else noise)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode!r}"


class WindowAttention(nn.Module):
    """The block `window_attention`: `features.1.0.attn` and 11 more."""

    def __init__(self, dim, heads, shift=0):
        super().__init__()
        self.has_padded_rows = shift > 0
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.relative_position_bias_table = nn.Parameter(torch.empty(169, heads))
        self.register_buffer("relative_position_index", torch.empty(2401, dtype=torch.int64))
        self.register_buffer(
            "last_row", torch.empty(1, 1, 1, 49, 49) if shift > 0 else None, persistent=False
        )
        self.register_buffer(
            "last_column", torch.empty(1, 1, 49, 49) if shift > 0 else None, persistent=False
        )
        self.drop = nn.Dropout(p=0.0)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        i = torch.arange(2401, dtype=torch.float64)
        self.relative_position_index.copy_(
            (i // 49 // 7 - i % 49 // 7 + 7 - 1) * 13 + i // 49 % 7 - i % 7 + 7 - 1
        )
        if self.last_row is not None:
            t = torch.arange(49, dtype=torch.float64)[:, None]
            u = torch.arange(49, dtype=torch.float64)
            self.last_row.copy_(torch.where((t // 7 < 4) != (u // 7 < 4), -100, 0))
        if self.last_column is not None:
            t = torch.arange(49, dtype=torch.float64)[:, None]
            u = torch.arange(49, dtype=torch.float64)
            self.last_column.copy_(torch.where((t % 7 < 4) != (u % 7 < 4), -100, 0))

    def forward(self, x):
        n, h, w, _ = x.shape
        rows = -(-h // 7)
        columns = -(-w // 7)
        shift_h = 3 * (1 - 1 // rows)
        shift_w = 3 * (1 - 1 // columns)
        by_head = self.relative_position_bias_table.transpose(0, 1)
        biases = by_head.index_select(1, self.relative_position_index)
        bias = biases.unflatten(1, [49, -1]).unsqueeze(0)
        if self.has_padded_rows:
            padded_rows = F.pad(self.last_row, (0, 0, 0, 0, 0, 0, 0, 0, rows - 1, 1 // rows))
            row_mask = padded_rows.narrow(0, 1 // rows, rows)
            padded_columns = F.pad(self.last_column, (0, 0, 0, 0, 0, 0, columns - 1, 1 // columns))
            column_mask = padded_columns.narrow(0, 1 // columns, columns)
            masked = bias + torch.minimum(row_mask, column_mask)
            each = masked.expand((n, masked.shape[0], masked.shape[1], self.heads, 49, 49))
            mask = each.flatten(0, 2)
        else:
            mask = bias
        x = F.pad(x, (0, 0, 0, columns * 7 - w, 0, rows * 7 - h))
        if self.has_padded_rows:
            x = torch.roll(x, shifts=(-shift_h, -shift_w), dims=(1, 2))
        x = x.unflatten(2, [-1, 7]).unflatten(1, [-1, 7]).transpose(2, 3).flatten(0, 2).flatten(1, 2)
        x = self.qkv(x)
        x = x.unflatten(2, [3, self.heads, -1]).permute((2, 0, 3, 1, 4))
        q, k, v = x.unbind(0)
        attention = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        proj = self.proj(attention.transpose(1, 2).flatten(2, 3))
        drop = self.drop(proj)
        map_ = (
            drop.unflatten(1, [7, 7])
            .unflatten(0, [-1, rows, columns])
            .transpose(2, 3)
            .flatten(1, 2)
            .flatten(2, 3)
        )
        if self.has_padded_rows:
            unroll = torch.roll(map_, shifts=(shift_h, shift_w), dims=(1, 2))
        else:
            unroll = map_
        crop_h = unroll.narrow(1, 0, h)
        return crop_h.narrow(2, 0, w)


class Mlp(nn.Sequential):
    """The block `mlp`: `features.1.0.mlp` and 11 more."""

    def __init__(self, dim, hidden):
        super().__init__(
            nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(p=0.0), nn.Linear(hidden, dim), nn.Dropout(p=0.0)
        )


class SwinBlock(nn.Module):
    """The block `swin_block`: `features.1.0` and 11 more."""

    def __init__(self, dim, heads, drop_path, shift=0):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, heads, shift=shift)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * 4.0))
        self.drop_path_1 = StochasticDepth(drop_path)
        self.drop_path_2 = StochasticDepth(drop_path)

    def forward(self, x):
        attn = self.attn(self.norm1(x))
        drop_path_1 = self.drop_path_1(attn)
        add_1 = x + drop_path_1
        mlp = self.mlp(self.norm2(add_1))
        drop_path_2 = self.drop_path_2(mlp)
        return drop_path_2.add_(add_1)


class PatchMerging(nn.Module):
    """The block `patch_merging`: `features.2` and 2 more."""

    def __init__(self, dim):
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = nn.LayerNorm(4 * dim)

    def forward(self, x):
        _, h, w, _ = x.shape
        x = (
            F.pad(x, (0, 0, 0, w % 2, 0, h % 2))
            .unflatten(2, [-1, 2])
            .unflatten(1, [-1, 2])
            .permute((0, 1, 3, 4, 2, 5))
            .flatten(3, 5)
        )
        return self.reduction(self.norm(x))


class SwinT(nn.Module):
    """The network `swin_t`."""

    def __init__(self, num_classes=1000):
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 96, kernel_size=4, stride=4), Permute((0, 2, 3, 1)), nn.LayerNorm(96)),
            nn.Sequential(
                SwinBlock(96, 3, drop_path=0.0), SwinBlock(96, 3, drop_path=0.018181818181818184, shift=3)
            ),
            PatchMerging(96),
            nn.Sequential(
                SwinBlock(192, 6, drop_path=0.03636363636363637),
                SwinBlock(192, 6, drop_path=0.05454545454545456, shift=3),
            ),
            PatchMerging(192),
            nn.Sequential(
                *[
                    SwinBlock(384, 12, drop_path=0.2 * (4 + k) / 11, shift=0 if k % 2 == 0 else 3)
                    for k in range(6)
                ],
            ),
            PatchMerging(384),
            nn.Sequential(
                SwinBlock(768, 24, drop_path=0.18181818181818182), SwinBlock(768, 24, drop_path=0.2, shift=3)
            ),
        )
        self.norm = nn.LayerNorm(768)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(768, num_classes) if num_classes > 0 else nn.Identity()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.features(x)  # N×7×7×768
        x = self.avgpool(self.norm(x).permute((0, 3, 1, 2)))  # N×768×1×1
        return self.head(x.flatten(1))
