"""`add`: the formula `a + b + c` over a list."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.elaboration.analyse import analyse
from archdsl.ops.base import OpError
from archdsl.ops.special import Add, Formula, sum_of
from archdsl.shapes import TensorType
from tests.elaboration.support import graph_of

NODES = """\
inputs: {x: [N, 4]}
nodes:
  for i in range(3):
    a$i: {op: linear, from: x, out_features: 4}
"""


def test_it_is_the_formula_that_one_would_write(tmp_path: Path) -> None:
    members = "{for i in range(3): a$i}, x, {if extra: a0}"
    listed = graph_of(tmp_path, f"params: {{extra: false}}\n{NODES}  sum: {{op: add, from: [{members}]}}\n")
    written = graph_of(tmp_path, f"{NODES}  sum: = a0 + a1 + a2 + x\n")
    node, other = listed.nodes[-1], written.nodes[-1]
    assert node.op == other.op and node.types == other.types and isinstance(node.op, Formula)
    assert "return a0 + a1 + self.a2(x) + x" in archdsl.source(listed)
    module = archdsl.build(listed, dtype=torch.float64)
    x = torch.randn(2, 4, dtype=torch.float64)
    assert torch.equal(module(x), module.a0(x) + module.a1(x) + module.a2(x) + x)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("reads", "written"),
    [("[a0]", "a0"), ("a0", "a0"), ("[a0, a0]", "a0 + a0"), ("[a0, a1, a0]", "a0 + a1 + a0")],
)
def test_one_alone_and_one_twice(reads: str, written: str, tmp_path: Path) -> None:
    made = graph_of(
        tmp_path, f"{NODES.replace('params: {extra: false}', '')}  b: {{op: add, from: {reads}}}\n  c: = b * a1 + a2\n"
    )
    like = graph_of(tmp_path, f"{NODES.replace('params: {extra: false}', '')}  b: = {written}\n  c: = b * a1 + a2\n")
    assert [(node.path, node.op) for node in made.nodes] == [(node.path, node.op) for node in like.nodes]


def test_fifty_are_a_sum_and_more_are_none(tmp_path: Path) -> None:
    for count in (50, 51):
        text = NODES.replace("3", str(count))
        file = tmp_path / "net.yaml"
        file.write_text(f"archdsl: 1\n{text}  sum: {{op: add, from: [{{for i in range({count}): a$i}}]}}\n")
        graph, diagnostics = analyse(str(file))
        assert (graph is None) == (count > 50)
        if graph is not None:
            assert archdsl.build(graph, seed=0)(torch.randn(2, 4)).shape == (2, 4)
        else:
            assert diagnostics[0].message == "a sum of 51 tensors, at most 50"


def test_its_type_is_the_formulas() -> None:
    x, y = TensorType((2, 1), "int64"), TensorType((3,))
    assert Add().infer(x, y) == sum_of([0, 1]).infer(x, y) == TensorType((2, 3))
    with pytest.raises(OpError, match="cannot add 2 and 3"):
        Add().infer(TensorType((2,)), TensorType((3,)))
