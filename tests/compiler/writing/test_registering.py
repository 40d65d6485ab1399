"""Modules under a second name, and the order of parameters, in what is built."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

import archdsl
from archdsl.ir.graph import Graph

BOTH = """
inputs: {x: [N, 8]}
order: [head, part-2, again]
blocks:
  unit:
    inputs: {x: [N, C]}
    params: {down: false}
    order: [second, same]
    nodes:
      first: {op: linear, out_features: C}
      second: {op: linear, out_features: C}
      down: {if: down, op: linear, out_features: C}
      same: {share: first}
nodes:
  encoder:
    order: [b, a]
    nodes:
      a: {op: linear, out_features: 8}
      b: {op: linear, out_features: 8}
      act: relu
  one: {op: unit, down: true}
  two: unit
  again: {share: encoder}
  part-2: {share: one}
  head: {op: linear, out_features: 4}
"""


class Unit(nn.Module):
    def __init__(self, down: bool) -> None:
        super().__init__()
        self.second = nn.Linear(8, 8)
        self.first = nn.Linear(8, 8)
        if down:
            self.down = nn.Linear(8, 8)
        self.same = self.first


class Reference(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 4)
        self.encoder = nn.ModuleDict({"b": nn.Linear(8, 8), "a": nn.Linear(8, 8)})
        self.one, self.two = Unit(True), Unit(False)
        self.again = self.encoder
        self.add_module("part-2", self.one)


def test_keys_and_parameters_are_those_of_a_module_written_by_hand(network: Callable[[str], Graph]) -> None:
    model, reference = archdsl.build(network(BOTH)), Reference()
    assert {*model.state_dict()} == {*reference.state_dict()}
    names = [name for name, _ in model.named_parameters()]
    assert [name.partition(".")[0] for name in names] == [
        "head", "head", *["encoder"] * 4, *["one"] * 6, *["two"] * 4,
    ]  # fmt: skip
    assert names[6:10] == ["one.second.weight", "one.second.bias", "one.first.weight", "one.first.bias"]
    model.load_state_dict(reference.state_dict())
    assert model.again is model.encoder and model.one.same is model.one.first
    assert model(torch.zeros(2, 8)).shape == (2, 4)


def test_a_list_of_layers_under_an_order_runs_as_it_is_written(network: Callable[[str], Graph]) -> None:
    text = """
inputs: {x: [N, 8]}
nodes:
  layers:
    order: ["1", "0"]
    nodes:
      for i in range(2):
        $i: {op: linear, out_features: 8, bias: false}
  head: relu
"""
    model = archdsl.build(network(text)).double()
    assert [*model.state_dict()] == ["layers.1.weight", "layers.0.weight"]
    x = torch.randn(2, 8, dtype=torch.float64)
    zero, one = model.state_dict()["layers.0.weight"], model.state_dict()["layers.1.weight"]
    assert torch.allclose(model(x), torch.relu(x @ zero.T @ one.T))
