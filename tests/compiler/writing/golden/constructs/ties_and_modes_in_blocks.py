"""net, made by archdsl VERSION: archdsl source net

106 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    sum: torch.Tensor
    first: torch.Tensor | None


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(sum,first)")


class Model(nn.Module):
    """The block `model`: `a` and 1 more."""

    def __init__(self, width):
        super().__init__()
        self.embed = nn.Embedding(7, width)
        self.noise = nn.Tanh()
        self.soft = nn.Sigmoid()
        self.aux = nn.Linear(width, 3)
        self.head = nn.Linear(width, 7, bias=False)

    def forward(self, tokens):
        tokens = self.embed(tokens)
        if self.training:
            noise = self.noise(tokens)
        if not self.training:
            soft = self.soft(tokens)
        both = (tokens if self.training else soft) * 2
        aux = self.aux(noise) if self.training else None
        head = self.head(both)
        return head, aux


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Model(4)
        self.b = Model(6)
        self.a.head.weight = self.a.embed.weight
        self.b.head.weight = self.b.embed.weight
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        self.a.head.weight = self.a.embed.weight
        self.b.head.weight = self.b.embed.weight
        for module in self.modules():
            if module is self.a.head or module is self.b.head:
                continue
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, tokens):
        main, aux = self.a(tokens)
        b, _ = self.b(tokens)  # N×4×7
        sum_ = main.add_(b)
        outputs = Outputs(sum=sum_, first=aux)
        # torch.jit.trace takes no None
        return tuple(x for x in outputs if x is not None) if torch.jit.is_tracing() else outputs
