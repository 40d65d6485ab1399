"""What a package's test compares: the same on every machine, and telling."""

from __future__ import annotations

import torch
from torch import nn

from archdsl_torch.packaging.parity import _numbers, _told, described

INPUT = {"x": {"shape": [2, 3], "dtype": "float32", "below": 2}}


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * self.linear(x)


def test_numbers_are_those_of_their_places() -> None:
    found = _numbers(torch.Size([2, 3]), 5)
    assert torch.equal(found.flatten(), _numbers(torch.Size([6]), 5))
    many = _numbers(torch.Size([100_000]), 1)
    assert abs(many.mean()) < 0.01
    assert abs(many.std() - 12**-0.5) < 0.01
    assert abs(torch.corrcoef(torch.stack([many[:-1], many[1:]]))[0, 1]) < 0.02
    assert not torch.equal(many[:6], found.flatten())


def test_weights_of_the_module_and_torchs_generator_do_not_matter() -> None:
    torch.manual_seed(0)
    first = described(Doubled(), INPUT)
    torch.manual_seed(1)
    assert described(Doubled(), INPUT) == first
    assert first["tensors"] == {"linear.weight": [4, 3], "linear.bias": [4]}
    assert first["outputs"]["0"]["shape"] == [2, 4]


def test_numbers_are_from_the_first_to_the_last_of_a_large_output() -> None:
    large = torch.arange(2**25, dtype=torch.int32)  # the last place is no float32
    found = _told(large)["numbers"]
    assert (found[0], found[-1]) == (0, 2**25 - 1)
    assert found == sorted(found)
