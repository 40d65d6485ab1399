"""Whole numbers become fractions in the network's dtype, whatever torch's default is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

import archdsl
from archdsl.expressions import ExpressionError, parse_formula
from archdsl.ir.graph import Graph
from archdsl.shapes import evaluate
from tests.compiler import interpreter
from tests.thorough import examples

NAMES = sorted(file.stem for file in (Path(__file__).parents[3] / "specs").glob("*.yaml"))
Network = Callable[[str], Graph]

INPUTS = """
inputs:
  n: {shape: [N, 4], dtype: int64, below: 9}
  m: {shape: [N, 4], dtype: int64, below: 9}
  b: {shape: [N, 4], dtype: bool}
  x: [N, 4]
nodes:
"""
LAYER = "  y: {op: linear, out_features: 3}\n"
FORMULAS = (
    "n / 3", "(n >= m) * n / 2", "b / 2", "n * 0.1", "0.1 + n", "-(n / 3)", "sqrt(n)", "exp(b)", "log(n + 1, 3)",
    "0 if b else -0.5", "0.1 if b else 0.2", "n if b else 0.1", "n / 3 if x > 0 else m", "0.1 if x > 0 else 0",
    "(x > 0) * 0.1", "clamp(n, 0.1, 2.5)", "max(n, 0.1)", "min(n / 3, m)", "clamp(n, m / 3, 7)", "n * sqrt(n.shape[0])",
    "x + (0.1 if b else 0)", "x * (n / 3)", "max(x, n / 3)", "(n + 1) / (m + 1) + x", "(0.1 if b else 1) * n",
    "(n / 3 > 0.1 * m) * 1.0", "(not n / 3) * 0.1 + (n / 3 and x) * 1.0", "n ** 0.5", "round(n / 7, 2)",
    "(0.5 if b else 1) * (n / 3)", "(0.5 if b else 1) * n", "x + (n > 1) - (3 < 3)", "n * sin(3 >= n.shape[0])",
    "n + sin(b if 2 == 3 else 3)", "max(n, max(b if 2 < 1 else 0.1, 0.5))", "(2 + n.shape[0]) / -n",
)  # fmt: skip


def runs(graph: Graph) -> None:
    """In every dtype, built or cast, the first output has it, and in float64 it is the oracle's."""
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        for module in (archdsl.build(graph, seed=0, dtype=dtype), archdsl.build(graph, seed=0).to(dtype)):
            given = {name: x.to(dtype) if x.is_floating_point() else x for name, x in interpreter.draw(graph).items()}
            assert first(module.eval()(*given.values())).dtype == dtype
    module = archdsl.build(graph, seed=0, dtype=torch.float64).eval()
    drawn = interpreter.draw(graph)
    expected = next(iter(interpreter.run(graph, module, drawn).values()))
    assert isinstance(expected, Tensor)
    torch.testing.assert_close(first(module(*drawn.values())), expected, rtol=1e-12, atol=1e-12, equal_nan=True)


def first(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    return outputs if isinstance(outputs, Tensor) else outputs[0]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_layer_takes_what_a_formula_makes_of_whole_numbers(network: Network, formula: str) -> None:
    runs(network(f'{INPUTS}  v: {{value: "{formula}"}}\n{LAYER}'))


LEAVES = st.sampled_from(["n", "m", "b", "x", "2", "0.1", "3", "0.5", "n.shape[0]"])


def larger(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs, functions = st.sampled_from(["+", "-", "*", "/"]), st.sampled_from(["abs", "sin", "sigmoid", "sign", "-"])
    compared = st.builds("({} {} {})".format, parts, st.sampled_from(["<", ">=", "=="]), parts)
    return st.one_of(
        st.builds("({} {} {})".format, parts, signs, parts),
        st.builds("{}({})".format, functions, parts),
        st.builds("({} if {} else {})".format, parts, compared, parts),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), parts, parts),
        compared,
    )


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.recursive(LEAVES, larger, max_leaves=6))
def test_any_formula_is_of_the_networks_dtype(network: Network, formula: str) -> None:
    text = f'{INPUTS}  v: {{value: "0 * n + {formula}"}}\n  w: = v * 1.0\n{LAYER}'
    try:
        parse_formula(formula, {"n", "m", "b", "x"}.__contains__)
        graph = network(text)
    except (archdsl.SpecError, ExpressionError):
        return
    runs(graph)


# --- where the dtype is told --------------------------------------------------------------------------

PLACES = {
    "a block that has no floating tensor": """
inputs: {n: {shape: [N, 4], dtype: int64, below: 9}}
blocks:
  thirds: {inputs: {n: [N, 4]}, nodes: {v: = n / 3, w: = v + n / 7}}
nodes:
  a: {op: thirds, from: n}
  k: {op: cast, from: a, dtype: int64}
  b: {op: thirds, from: k}
  y: {op: linear, out_features: 3}
""",
    "a weight further below": """
inputs: {n: {shape: [N, 4], dtype: int64, below: 9}}
nodes:
  v: = n / 3
  body: {from: v, nodes: [{op: relu}, {nodes: {deep: {op: linear, out_features: 3}, more: {op: relu}}}]}
""",
    "a loop over whole numbers": """
inputs: {n: {shape: [N, T = 3, 4], dtype: int64, below: 9}}
blocks:
  thirds: {inputs: {n: [N, 4]}, nodes: {v: = n / 3}}
nodes:
  loop: {op: scan, body: thirds, dim: 1, over: {n: n}, collect: {v: output}}
  y: {op: linear, from: loop.v, out_features: 3}
""",
    "a value of one mode stands before it": """
inputs: {n: {shape: [N, 4], dtype: int64, below: 9}}
nodes:
  aux: {op: embedding, from: n, num_embeddings: 9, embedding_dim: 2, when: training}
  v: {value: n / 3}
  y: {op: linear, out_features: 3}
outputs: {y: y, aux: aux}
""",
}


@pytest.mark.parametrize("place", PLACES)
def test_the_dtype_is_found_from_anywhere(network: Network, place: str) -> None:
    runs(network(PLACES[place]))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "t5_small" else pytest.mark.slow) for name in NAMES]
)
def test_networks_that_ship_run_in_any_dtype(name: str) -> None:
    graph = archdsl.graph(name)
    module = archdsl.build(graph, device="meta", dtype=torch.bfloat16).eval()
    types = [node.types[0] for node in graph.inputs.values()]
    dtypes = [torch.bfloat16 if x.dtype == "float32" else getattr(torch, x.dtype) for x in types]
    shapes = [[evaluate(dim, graph.sample_sizes) for dim in x.shape] for x in types]
    module(*(torch.empty(s, dtype=d, device="meta") for s, d in zip(shapes, dtypes, strict=True)))
