"""Tensors that several modules have, and those of a layer that are read beside it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import same


class Beside(nn.Module):
    """A layer's weight is read by what is around it, after the layer, before it, in another scope, or as an output."""

    def __init__(self, order: str) -> None:
        super().__init__()
        self.order, self.layer = order, nn.Linear(4, 4)
        self.inner = nn.Sequential(nn.ReLU(), nn.Linear(4, 4))

    def forward(self, x: torch.Tensor) -> Any:
        if self.order == "before":
            return self.layer(x * self.layer.bias)
        if self.order == "inside":
            return F.linear(self.inner(self.layer(x)), self.inner[1].weight.t(), self.layer.bias)
        return self.layer(x) * self.layer.bias if self.order == "after" else (self.layer(x), self.layer.bias)


@pytest.mark.parametrize("order", ["before", "after", "given", "inside"])
def test_a_layer_s_weight_is_read_beside_it(order: str) -> None:
    module = Beside(order)
    if order != "inside":
        del module.inner
    same(module, (4,))


class Model(nn.Module):
    """An embedding, and a head with its weight, as language models have them."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        if way == "idle first":
            self.shared = nn.Embedding(9, 4)
        self.embed = nn.Embedding(9, 4)
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.head = nn.Module() if way == "in a scope" else nn.Linear(4, 9, bias=False)
        if way == "in a scope":
            self.head.bias = nn.Parameter(torch.randn(9))
            self.head.dense, self.head.decoder = nn.Linear(4, 4), nn.Linear(4, 9)
            self.head.decoder.bias, self.head.decoder.weight = self.head.bias, self.embed.weight
        elif way == "idle first":
            self.embed.weight = self.head.weight = self.shared.weight
        else:
            self.head.weight = self.embed.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.body(self.embed(tokens))
        return self.head.decoder(self.head.dense(x)) if self.way == "in a scope" else self.head(x)


@pytest.mark.parametrize("way", ["embedding first", "in a scope", "idle first"])
def test_a_tensor_of_several_modules_is_one_parameter_with_all_its_keys(way: str) -> None:
    module = Model(way)
    text = same(module, (3,), integers=True)
    assert "tie:" in text
    built = archdsl.build(archdsl.loads(text), init=False, dtype=torch.float64)
    built.load_state_dict(module.state_dict())
    assert len([*built.parameters()]) == len([*module.parameters()])
    for model in (module, built):
        model(torch.tensor([[1, 2, 3]])).square().sum().backward()
    wanted = dict(module.named_parameters())
    for name, parameter in built.named_parameters():
        torch.testing.assert_close(parameter.grad, wanted[name].grad)


def test_a_name_by_which_nothing_reads_a_tensor_is_told() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(4)
            self.norm.extra = self.norm.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(x)

    with pytest.raises(
        ModuleError, match=r"`norm\.extra` is `norm\.weight` by another name, by which no call reads it"
    ):
        spec_of(Twice(), [torch.randn(2, 4)])


def test_what_is_written_is_a_spec_as_one_would_write_it() -> None:
    text = archdsl.spec(archdsl.loads(spec_of(Model("embedding first"), [torch.randint(9, (2, 3))], "model")))
    assert "tie: {weight: embed.weight}" in text


def test_a_tensor_that_no_layer_has_first_is_declared_where_it_stands() -> None:
    """Its key is the first, and torch.export knows it by its last."""

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Module()
            self.table.weight = nn.Parameter(torch.randn(9, 4))
            self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 9, bias=False)
            self.head.weight = self.table.weight

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.head(self.body(F.embedding(tokens, self.table.weight)))
            return found

    assert "tie: {weight: table.weight}" in same(Tied(), (3,), integers=True)
