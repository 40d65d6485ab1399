"""net, made by archdsl VERSION: archdsl source net

823 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class ABlockWithANameThatIsRatherLongForABlock(nn.Sequential):
    """The block `a_block_with_a_name_that_is_rather_long_for_a_block`: `first` and 8 more."""

    def __init__(self, a_parameter_of_some_length, another_parameter):
        super().__init__(
            OrderedDict(
                one=nn.Linear(8, a_parameter_of_some_length),
                two=nn.Linear(a_parameter_of_some_length, another_parameter),
                three=nn.Linear(another_parameter, 8),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.first = ABlockWithANameThatIsRatherLongForABlock(3, 5)
        self.stages = nn.Sequential(
            OrderedDict(
                (f"layer{k}", ABlockWithANameThatIsRatherLongForABlock(-1 + 2 * k, 9 + -2 * k))
                for k in range(1, 5)
            )
        )
        self.rest = nn.Sequential(
            OrderedDict(
                (f"layer{k}", ABlockWithANameThatIsRatherLongForABlock(-1 + 2 * k, 9 + -2 * k))
                for k in range(1, 5)
            )
        )
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.first(x)  # N×5×8
        x = self.stages(x)
        return self.rest(x)
