"""How a class fills the tensors that it owns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import archdsl
from archdsl.ir.graph import Graph
from archdsl.ops.special import Constant
from tests.compiler.interpreter import constant

TABLES = """
inputs: {x: [N, 3], y: [N, 5]}
blocks:
  unit:
    inputs: {x: [N, I]}
    params: {%s: int}
    nodes:
      table: {op: constant, shape: [2, I], index: [i, j], value: %s}
      row: {op: mean, from: table, dim: 0}
      out: = x + row
nodes:
  a: {op: unit, from: x, %s: 7}
  b: {op: unit, from: y, %s: 9}
outputs: {a: a, b: b}
"""


@pytest.mark.parametrize(
    ("parameter", "formula"),
    [("k", "i * I + j + k"), ("k", "j"), ("i_", "i * I + i_ - j"), ("scale", "(i + 1) ** 2 * I / scale + j")],
)
def test_an_index_is_no_argument_of_its_name(network: Callable[[str], Graph], parameter: str, formula: str) -> None:
    """A dimension `I` is the argument `i`, and the index `i` is another number."""
    model = archdsl.build(network(TABLES % (parameter, formula, parameter, parameter)))
    for unit, size, value in ((model.a, 3, 7), (model.b, 5, 9)):
        known = {"I": size, parameter: value}
        expected = [[eval(formula, {}, {**known, "i": i, "j": j}) for j in range(size)] for i in range(2)]
        assert torch.equal(unit.table, torch.tensor(expected, dtype=torch.float32))


@pytest.mark.parametrize(
    "formula",
    [
        "i if k > 8 else 0", "i * (2 if k > 8 else 3)", "i if k > 8 else j", "(k > 8) * i", "sqrt(k) * i",
        "min(i, k - 8)", "clamp(i + j, 1, k - 6)", "k if i > j else 0.1", "(0.5 if i > j else 1) / k", "(i > j) / k",
        "i * sqrt(2) + k",
        "i - j if k > 8 and i > j else j", "log(i + 1, k)",
        "(k - 7) * 0.1 if i > j else i / 3", "0.1 if i >= j else 0.7",
        "exp(-k) + (i > j)", "sqrt((i > j) + k)", "max(i, 0.1 if j > k - 8 else 2)",
    ],
)  # fmt: skip
def test_numbers_that_instances_differ_in(network: Callable[[str], Graph], formula: str) -> None:
    """What a formula does with the numbers of a block is done in every instance, and in float64."""
    graph = network(TABLES % ("k", f'"{formula}"', "k", "k"))
    model = archdsl.build(graph, dtype=torch.float64)
    for unit, name in ((model.a, "a"), (model.b, "b")):
        node = next(node for node in graph.nodes if node.path == f"{name}.table")
        assert isinstance(node.op, Constant)
        torch.testing.assert_close(unit.table, constant(node.op, {}).double(), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(("count", "told"), [(3, "module is self.copy1 or"), (1_200, "module in [self.copy0, ")])
def test_modules_with_nothing_of_their_own_are_left_alone(
    network: Callable[[str], Graph], count: int, told: str
) -> None:
    graph = network(
        f"""
inputs: {{x: [N, 4]}}
nodes:
  made: {{op: linear, out_features: 4, bias: false, init: {{weight: ones}}}}
  for i in range({count}):
    copy$i: {{op: linear, out_features: 4, bias: false, tie: {{weight: made.weight}}}}
"""
    )
    assert told in archdsl.source(graph)
    model = archdsl.build(graph)
    assert bool((model.made.weight == 1).all())
    assert getattr(model, f"copy{count - 1}").weight is model.made.weight
