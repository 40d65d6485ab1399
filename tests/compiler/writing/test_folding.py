"""Expressions whose parts are known: what decides nothing is not printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import archdsl
from archdsl.expressions import parse
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Name
from archdsl.ir.graph import Binding, Env, Graph
from archdsl_torch.writing import folding

WIDER = """
params: {factor: %s}
inputs: {x: [N, 3, H = 8, W = 8]}
blocks:
  unit:
    params: {planes: int}
    let: {width: planes * factor}
    nodes:
      one: {op: conv2d, out_channels: width, kernel_size: 1}
      two: {op: conv2d, out_channels: planes, kernel_size: 1}
nodes:
  a: {op: unit, planes: 4}
  b: {op: unit, planes: 6}
"""


def test_a_factor_of_one_is_left_out(network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network(WIDER % 1))
    assert "one=nn.Conv2d(in_channels, planes, kernel_size=1)" in text
    assert "width" not in text


def test_another_factor_stays(network: Callable[[str], Graph]) -> None:
    assert "width = planes * 2" in archdsl.source(network(WIDER % 2))


def test_two_comparisons_are_compared_as_they_are(network: Callable[[str], Graph]) -> None:
    """A comparison counts as 0 or 1, but whether two of them agree needs no numbers."""
    text = "inputs: {x: [N, 4]}\nnodes: {a: = %s}\n"
    assert "(x > 0) != (x > 1)" in archdsl.source(network(text % "(x > 0) != (x > 1)"))
    assert "(x > 0).long() + " in archdsl.source(network(text % "(x > 0) + x"))


@pytest.mark.parametrize(
    ("text", "said"),
    [("max(a, 4, b)", "max(a, 4, b)"), ("min(a, b)", "min(a, b)"), ("ceil(b / 2 - a)", "math.ceil(b / 2 - a)"),
     ("make_divisible(a, 8)", "make_divisible(a, 8)"), ("make_divisible(a, 8, b)", None), ("str(a)", None)],
)  # fmt: skip
def test_functions_that_the_source_has(text: str, said: str | None) -> None:
    """With as many arguments as they have there."""
    envs = [Env({"a": Binding(n, "param"), "b": Binding(n + 1, "param")}) for n in (5, 90)]
    try:
        found = to_text(folding.translate(parse(text).tree, envs, lambda name, _: Name(name)))
    except folding.Untold:
        found = None
    assert found == said


@pytest.mark.parametrize(
    ("text", "simpler"),
    [
        ("0 + x", "x"), ("x + 0", None), ("0 * x", None), ("0 - x", None), ("1 + x", None),
        ("x * 1", "x"), ("1 * x", None), ("x * 0", None), ("x * 2", None), ("x / 1", None), ("x * 1.0", None),
        ("x + 1", None), ("x * True", None),
        ("a if True else b", "a"), ("a if False else b", "b"), ("a if c else b", None),
        ("True and x", "x"), ("x and True and y", "x and y"), ("True and True", "True"), ("False and x", None),
        ("x or False", "x"), ("False or False", "False"), ("True or x", None), ("x and y", None), ("x or y", None),
    ],
)  # fmt: skip
def test_parts_that_decide_nothing(text: str, simpler: str | None) -> None:
    assert folding._simpler(parse(text).tree) == parse(simpler or text).tree
