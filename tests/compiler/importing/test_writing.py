"""What a nested module reads of what is around it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

import archdsl
from tests.compiler.importing.support import Of, same


class Pair(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


class Reaching(nn.Module):
    """What a nested module reads of around it, under names that it has itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.second = Inner()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x), x, self.first[0](x))


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.deep = Inmost()

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.deep(self.first(given[0]), *given)


class Inmost(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return sum(given[1:], self.first(given[0])) * given[1]


def test_names_that_are_hidden_are_read_by_others() -> None:
    text = same(Reaching(), (3, 4))
    assert "outer_0: {from:" in text


NAMES = """
class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 4)
        self.features = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, {name}, y):
        return self.features(self.head({name}) + {name} * 2) - y * self.head({name})
"""


@pytest.mark.parametrize("name", ["features", "head", "input", "max", "torch", "_", "N", "T", "mul", "y_"])
def test_an_input_has_a_name_that_no_node_has(name: str) -> None:
    names: dict[str, Any] = {"nn": nn}
    exec(NAMES.format(name=name), names)
    same(names["Net"](), (3, 4), (3, 4))


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda x: {"mask": x + 1, "aux": [x * 2, {"deep": x * 3}]}, ("mask", "aux_0", "aux_1_deep")),
        (lambda x: {"mask": x + 1, "none": None, "x": x}, ("mask", "x")),
        (lambda x: {"a-b": x + 1, "a": {"b": x}}, ("output_0", "output_1")),
        (lambda x: {"count": x + 1, "b": x}, ("output_0", "output_1")),
        (lambda x: [x + 1, (x * 2,)], ("output_0", "output_1")),
        (lambda x: {"for": x + 1, "_b": x}, ("output_0", "output_1")),
        (lambda x: Pair(x + 1, x), ("first", "second")),
    ],
)
def test_outputs_have_the_names_of_their_keys(function: Any, names: tuple[str, ...]) -> None:
    built = archdsl.build(archdsl.from_module(Of(function), torch.randn(2, 4)))
    x = torch.randn(3, 4)
    found = built(x)
    assert found._fields == names
    leaves = torch.utils._pytree.tree_leaves(function(x))
    assert all(torch.equal(a, b) for a, b in zip(found, (each for each in leaves if each is not None), strict=True))
