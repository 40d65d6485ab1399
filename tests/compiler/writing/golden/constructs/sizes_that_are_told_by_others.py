"""net, made by archdsl VERSION: archdsl source net

28 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    e: torch.Tensor
    f: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(e,f)")


class Twice(nn.Module):
    """The block `twice`: `a`."""

    def forward(self, x):
        _, _, h, w = x.shape
        x = F.interpolate(x, size=(2 * h, w))  # N×4×12×8
        x = F.interpolate(x, size=(h // 2 + 1, w - 3))  # N×4×4×5
        return F.interpolate(x, size=(-(-h // 2), w // 2))


class Fold(nn.Module):
    """The block `fold`: `b`."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(kernel_size=(1, 2))

    def forward(self, x):
        _, _, h, w = x.shape
        x = self.pool(x)  # N×4×6×4
        x = x.reshape((x.shape[0], 4, h * (w // 2)))  # N×4×24
        return x.mean(dim=2)


class Places(nn.Module):
    """The block `places`: `c`."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 4)

    def forward(self, tokens):
        t2 = torch.arange(tokens.shape[1], dtype=torch.float64, device=tokens.device)[:, None]
        place = ((tokens.shape[1] - t2) / (2 * tokens.shape[1])).to(self.embed.weight.dtype)  # T×1
        noise = torch.full((tokens.shape[1], 4), tokens.shape[1] / 2, dtype=place.dtype, device=tokens.device)
        all_ = place + noise
        return self.embed(tokens) * all_


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Twice()
        self.b = Fold()
        self.c = Places()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, tokens):
        n = x.shape[0]
        torch._assert(tokens.shape[0] == n, "dimension 0 of `tokens` does not fit")
        a = self.a(x)  # N×4×3×4
        x = self.b(x)  # N×4
        e = x + self.c(tokens).mean(dim=1)
        f = a.mean(dim=(2, 3))
        return Outputs(e=e, f=f)
