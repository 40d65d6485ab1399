"""net, made by archdsl VERSION: archdsl source net

59 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Mix(nn.Module):
    """The scope `mix`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.Tanh()

    def forward(self, x, h, w):
        x = self.fc(x)  # N×256×4
        return self.act(x.reshape((x.shape[0], h, w, 4)))


class Inner(nn.Module):
    """The scope `deeper.inner`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x, h, w):
        x = self.fc(x)  # N×256×3
        return x.reshape((x.shape[0], h, w, 3)).mean(dim=(1,))


class Deeper(nn.Module):
    """The scope `deeper`."""

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        n, h, w, _ = x.shape
        x = self.inner(x.reshape((n, h * w, 4)), h, w)  # N×16×3
        return self.fc(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, kernel_size=1)
        self.mix = Mix()
        self.deeper = Deeper()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        _, _, h, w = x.shape
        x = self.stem(x).permute((0, 2, 3, 1)).flatten(1, 2)  # N×256×4
        x = self.mix(x, h, w)  # N×16×16×4
        return self.deeper(x)
