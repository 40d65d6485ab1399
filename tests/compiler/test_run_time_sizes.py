"""Run-time sizes in formulas and constants are numbers: the module computes what Python does with the run's sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, fx, nn

import archdsl
from archdsl.expressions import Expression, ExpressionError, parse_formula
from archdsl.expressions.tree import Literal
from archdsl.expressions.walking import substitute
from archdsl.ir.graph import Graph
from tests.compiler.tracing import fx_takes_arange
from tests.thorough import examples

Network = Callable[[str], Graph]

SIZES = [{"N": 2, "T": 6, "C": 8}, {"N": 3, "T": 5, "C": 7}, {"N": 2, "T": 1, "C": 2}]
"""The first are those of the spec, at which `check` tries them."""
SPEC = """
inputs: {{x: [N, T = 6, C = 8]}}
nodes:
  a: {{value: {formula}}}
  k: {{op: constant, shape: [T, C], index: [i, j], value: {constant}}}
  f: {{op: constant, shape: [T, C], value: {number}}}
outputs: [a, k, f]
"""


def quoted(text: str) -> str:
    return f'"{text}"'


def value(text: str, names: dict[str, Any]) -> float:
    """What the expression language makes of it, all sizes known."""
    expression = parse_formula(text, lambda _: False)
    return float(Expression(text, substitute(expression.tree, {n: Literal(v) for n, v in names.items()})).evaluate({}))


def one(*options: str) -> st.SearchStrategy[str]:
    return st.sampled_from(options)


LEAVES = one("T", "C", "T", "C", "2", "3", "0.5", "1.25", "7", "T * C", "(T - 1)")
FUNCTIONS = one(
    "sqrt", "log", "exp", "abs", "relu", "tanh", "floor", "ceil", "round", "sigmoid", "log2", "rsqrt", "sign", "-"
)  # fmt: skip


def extend(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.builds("({} {} {})".format, parts, one("+", "-", "*", "/", "//", "%"), parts)
    power = st.builds("({}) ** {}".format, parts, one("2", "-1", "0.5", "-0.5", "3"))
    function = st.builds("{}({})".format, FUNCTIONS, parts)
    extreme = st.builds("{}({}, {})".format, one("min", "max"), parts, parts)
    clamp = st.builds("clamp({}, {}, {})".format, parts, one("0", "1", "-T", "T / 3"), one("9", "C", "C / 2 + T"))
    choice = st.builds("({} if {} {} {} else {})".format, parts, parts, one("<", "<=", ">", "=="), parts, parts)
    rounded = st.builds("{}({} / {})".format, one("ceil", "floor", "int"), one("T", "C", "(T + C)"), one("2", "3", "T"))
    return st.one_of(binary, binary, power, function, extreme, clamp, choice, rounded)


TREES = st.recursive(LEAVES, extend, max_leaves=7)


def usable(text: str) -> bool:
    """Whether it has a value at every one of the sizes, and one that floating point tells well."""
    try:
        values = [value(text, sizes) for sizes in SIZES]
    except ExpressionError:
        return False
    return all(math.isfinite(v) and abs(v) < 1e6 for v in values)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TREES.filter(usable))
def test_sizes_are_numbers(network: Network, text: str) -> None:
    graph = network(SPEC.format(formula=quoted(f"0 * x + {text}"), constant=quoted(f"0.25 * i + {text} - j"),
                                number=quoted(text)))  # fmt: skip
    module = archdsl.build(graph, dtype=torch.float64)
    for sizes in SIZES:
        found = module(torch.zeros(sizes["N"], sizes["T"], sizes["C"], dtype=torch.float64))
        expected = value(text, sizes)
        # a step of `floor` or `round` may lie within a rounding of the argument
        tolerance = {"rtol": 1e-9, "atol": 1e-9}
        i, j = torch.arange(sizes["T"]).double()[:, None], torch.arange(sizes["C"]).double()
        shape = (sizes["N"], sizes["T"], sizes["C"])
        torch.testing.assert_close(found.a, torch.full(shape, expected, dtype=torch.float64), **tolerance)
        torch.testing.assert_close(found.k, 0.25 * i + expected - j, **tolerance)
        torch.testing.assert_close(found.f, torch.full(shape[1:], expected, dtype=torch.float64), **tolerance)


MIXED = SPEC.format(
    formula=quoted("x * T ** -0.5 / sqrt(T) + log(T, C) * max(x, T / 4 + 0.5) + clamp(x, -sqrt(T), T / 2)"
                   " + clamp(T, 2, x) + min(x, log(C)) * (1.5 if T > 4 else 2.5) + (T > 3) + max(T, 5)"
                   " - min(T / 3, 2 * C)"),
    constant=quoted("(i + 1) / (T + 1e-6) * log(C) + sqrt(T) * (j if j < T / 2 else 0) + max(i, T / 3)"),
    number=quoted("T / 4 + sqrt(C)"),
)  # fmt: skip


def expected_of(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """MIXED, by hand."""
    t, c = x.shape[1:]
    a = x * t**-0.5 / math.sqrt(t) + math.log(t) / math.log(c) * x.clamp(min=t / 4 + 0.5)
    a = a + x.clamp(-math.sqrt(t), t / 2) + x.clamp(max=max(t, 2)) + x.clamp(max=math.log(c)) * (1.5 if t > 4 else 2.5)
    a = a + (t > 3) + max(t, 5) - min(t / 3, 2 * c)
    i, j = torch.arange(t).double()[:, None], torch.arange(c).double()
    k = (i + 1) / (t + 1e-6) * math.log(c) + math.sqrt(t) * torch.where(j < t / 2, j, 0) + i.clamp(min=t / 3)
    return a, k, torch.full((t, c), t / 4 + math.sqrt(c), dtype=torch.float64)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_beside_tensors(network: Network, sizes: dict[str, int], dtype: torch.dtype) -> None:
    module = archdsl.build(network(MIXED), dtype=dtype)
    x = torch.randn(*sizes.values(), dtype=dtype)
    for found, expected in zip(module(x), expected_of(x.double()), strict=True):
        assert found.dtype is dtype
        limit = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 5e-2}[dtype]
        torch.testing.assert_close(found.double(), expected, rtol=limit, atol=limit)


def exported(module: nn.Module, x: Tensor) -> Any:
    t, c = torch.export.Dim("T", min=2, max=64), torch.export.Dim("C", min=2, max=64)
    return torch.export.export(module, (x,), dynamic_shapes={"x": {1: t, 2: c}}).module()


def compiled(module: nn.Module, x: Tensor) -> Any:
    return torch.compile(module, fullgraph=True, backend="eager", dynamic=True)


@pytest.mark.parametrize("trace", [exported, compiled, lambda module, x: fx.symbolic_trace(module)],
                         ids=["export", "compile", "fx"])  # fmt: skip
def test_traced(network: Network, trace: Callable[[nn.Module, Tensor], Any]) -> None:
    if trace not in (exported, compiled) and not fx_takes_arange():
        pytest.skip("this torch's fx traces no `torch.arange` of a size")
    module = archdsl.build(network(MIXED), dtype=torch.float64)
    traced = trace(module, torch.randn(2, 6, 8, dtype=torch.float64))
    for sizes in SIZES[:2]:
        x = torch.randn(2, sizes["T"], sizes["C"], dtype=torch.float64)
        for found, expected in zip(traced(x), expected_of(x), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_whole_numbers_stay_whole(network: Network) -> None:
    graph = network("""
inputs: {n: {shape: [N, T = 6], dtype: int64, below: 9}}
nodes:
  a: = n + max(T, 3)
  b: = n * T / 2
  c: = n + max(T, 3) ** -1
outputs: [a, b, c]
""")
    n = torch.arange(10).view(2, 5)
    a, b, c = archdsl.build(graph)(n)
    assert [x.dtype for x in (a, b, c)] == [torch.int64, torch.float32, torch.float32]
    assert [x.types[0].dtype for x in graph.nodes] == ["int64", "float32", "float32"]
    torch.testing.assert_close(c, n + 0.2)
    torch.testing.assert_close(a, n + 5)
    torch.testing.assert_close(b, n * 5 / 2)


def test_a_rounded_quotient_is_a_dimension(network: Network) -> None:
    graph = network("""
inputs: {x: [N, 3, H = 9, W = 8]}
blocks:
  b:
    inputs: {x: [N, C, H, W]}
    let: {rows: ceil(H / 2)}
    nodes:
      up: {op: interpolate, size: "[2 * rows, floor(W / 3) + int(W / H) + 1]"}
nodes: {down: {op: max_pool2d, kernel_size: 2, ceil_mode: true}, b: b}
""")
    module = archdsl.build(graph)
    for h, w in ((9, 8), (12, 30), (5, 7)):
        rows, columns = math.ceil(h / 2), math.ceil(w / 2)
        found = module(torch.zeros(2, 3, h, w))
        assert found.shape[2:] == (2 * math.ceil(rows / 2), columns // 3 + int(columns / rows) + 1)
