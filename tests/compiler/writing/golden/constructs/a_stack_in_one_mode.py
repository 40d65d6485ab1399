"""net, made by archdsl VERSION: archdsl source net

432 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    out: torch.Tensor
    aux: torch.Tensor | None


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(out,aux)")


class Layer(nn.Module):
    """The block `layer`: `layers.0` and 5 more."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x, m):
        return self.linear(x) + m * x


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Layer() for _ in range(3)])
        self.aux = nn.ModuleList([Layer() for _ in range(3)])
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, m):
        n, t, _ = x.shape
        m_n, m_t, _ = m.shape
        torch._assert(m_n == n, "dimension 0 of `m` does not fit")
        torch._assert(m_t == t, "dimension 1 of `m` does not fit")
        for layer in self.layers:
            x = layer(x, m)
        if self.training:
            x2 = m
            for layer in self.aux:
                x2 = layer(x2, m)
        else:
            x2 = None
        outputs = Outputs(out=x, aux=x2)
        # torch.jit.trace takes no None
        return tuple(x for x in outputs if x is not None) if torch.jit.is_tracing() else outputs
