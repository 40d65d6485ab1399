"""The module's formulas have the dtypes that the graph says."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import torch

import archdsl
from tests.compiler import interpreter

WHOLE = ("bool", "uint8", "int8", "int16", "int32", "int64")
FORMULAS = (
    "a + b", "a * b", "a - b", "-a + b", "a if a else b", "a if a > b else b", "max(a, b)", "min(a, b)", "(a > b) * b",
    "(a > b) if a else b", "a / b", "a + 1", "(a if b else a) + b", "(a > b) if b else (a < b)", "clamp(a, b, 3)",
    "abs(a)",
)  # fmt: skip


@pytest.mark.parametrize(("left", "right"), [*product(WHOLE, WHOLE)])
def test_bools_beside_whole_numbers_have_the_dtype_of_these(left: str, right: str, tmp_path: Path) -> None:
    """They became int64 whatever stood beside them, where the graph had torch's dtype."""
    text = "archdsl: 1\ninputs:\n" + "".join(
        f"  {name}: {{shape: [N, 3], dtype: {dtype}, below: 2}}\n" for name, dtype in (("a", left), ("b", right))
    )
    nodes = "".join(f'  f{place}: "= {formula}"\n' for place, formula in enumerate(FORMULAS))
    outputs = ", ".join(f"f{place}" for place in range(len(FORMULAS)))
    (tmp_path / "net.yaml").write_text(f"{text}nodes:\n{nodes}outputs: [{outputs}]\n")
    graph = archdsl.graph(tmp_path / "net.yaml")
    made = archdsl.build(graph)(*interpreter.draw(graph).values())
    found = {formula: str(made[place].dtype) for place, formula in enumerate(FORMULAS)}
    said = [f"torch.{value.type.dtype}" for value in graph.outputs.values()]
    assert found == dict(zip(FORMULAS, said, strict=True))


def test_a_mask_may_be_one_of_two(tmp_path: Path) -> None:
    """A choice between comparisons is bool, as what reads a mask was told."""
    (tmp_path / "net.yaml").write_text("""
archdsl: 1
inputs: {x: [N, T = 4, 8], c: [N, 1, 1]}
nodes:
  i: {op: constant, shape: [T, T], index: [t, u], value: t - u}
  mask: = (i >= 0) if c > 0 else (i <= 0)
  read: {op: scaled_dot_product_attention, from: {query: x, key: x, value: x, attn_mask: mask}}
""")
    graph = archdsl.graph(tmp_path / "net.yaml")
    x, c = torch.randn(1, 4, 8), torch.ones(1, 1, 1)
    causal = torch.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    torch.testing.assert_close(archdsl.build(graph)(x, c), causal)
