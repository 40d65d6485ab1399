"""net, made by archdsl VERSION: archdsl source net

68 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Deepest(nn.Module):
    """The scope `a.stem.deeper.deepest`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, h, tokens):
        x = self.fc(x.narrow(1, h % 3, tokens))  # N×30×4
        return x * (h // 2) ** -0.5 + x.shape[1] / 64


class Deeper(nn.Module):
    """The scope `a.stem.deeper`."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.deepest = Deepest()

    def forward(self, x, h, half, tokens):
        return self.deepest(self.norm(F.pad(x, (0, 0, 0, half))), h, tokens)


class Stem(nn.Module):
    """The scope `a.stem`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.deeper = Deeper()
        self.act = nn.Tanh()

    def forward(self, x, h, tokens, value):
        half = h // 2
        x = self.deeper(self.fc(x), h, half, tokens)  # N×30×4
        x = self.act(x)
        i = torch.arange(half, dtype=torch.float64, device=x.device)
        return x * (i / value).to(x.dtype).mean(dim=(0,))


class Body(nn.Module):
    """The block `body`: `a`."""

    def __init__(self):
        super().__init__()
        self.stem = Stem()

    def forward(self, x):
        _, h, w, _ = x.shape
        half = h // 2
        return self.stem(x.flatten(1, 2), h, half * 2 * w, w + half)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Body()
        self.b = nn.Linear(4, 4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×30×4
        return self.b(x)
