"""net, made by archdsl VERSION: archdsl source net

84 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Embedding(7, 4, padding_idx=2)
        self.b = nn.Embedding(7, 4, padding_idx=0)
        self.c = nn.Embedding(7, 4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight)
                if module.padding_idx is not None:
                    module.weight[module.padding_idx].zero_()
        nn.init.ones_(self.b.weight)
        self.b.weight[self.b.padding_idx].zero_()

    def forward(self, tokens):
        a = self.a(tokens)  # N×4×4
        b = self.b(tokens)
        return a + b + self.c(tokens)
