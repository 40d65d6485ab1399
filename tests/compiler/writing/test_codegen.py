"""How a file and its classes are laid out; what it imports is what it reads."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.ir.graph import Graph
from tests.compiler.networks import NETWORKS, RANDOM

SPECS = Path(__file__).parents[3] / "specs"
SPEC = """
inputs: {x: [N, 3, H = 8, W = 8]}
blocks:
  crop:
    nodes:
      rows: {op: slice, dim: 2, step: 2}
      pad: {op: pad, pad: [0, 0, 1, 1]}
nodes:
  one: crop
  two: crop
"""


def test_a_class_without_members_has_no_constructor(network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network(SPEC))
    crop = text[text.index("class Crop(") : text.index("class Net(")]
    assert "__init__" not in crop
    assert "def forward(self, x):" in crop


def imported(text: str) -> set[str]:
    """The names that the file imports."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name.partition(".")[0] for node in nodes for alias in node.names}


def read(text: str) -> set[str]:
    """The names of the file, not of a function or of Python, that its code reads."""
    nodes = [*ast.walk(ast.parse(text))]
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    return used - stored - defined - {node.arg for node in nodes if isinstance(node, ast.arg)} - {*dir(builtins)}


@pytest.mark.parametrize("name", NETWORKS | RANDOM)
def test_a_construct_imports_what_it_reads(name: str, network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network((NETWORKS | RANDOM)[name]))
    assert imported(text) == read(text)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_a_shipped_network_imports_what_it_reads(name: str) -> None:
    text = archdsl.source(name)
    assert imported(text) == read(text)


MISLEADING = """
inputs: {x: [N, 4]}
nodes:
  stageF: {nodes: {OrderedDict_: {op: linear, out_features: 4, init: {weight: ones}}, a: = OrderedDict_ * 2}}
  xmath: {nodes: {NamedTuple_: {op: linear, out_features: 4, init: {weight: ones}}, a: = NamedTuple_ * 2}}
  _pytree: {nodes: {make_divisible: {op: linear, out_features: 4, init: {weight: ones}}, a: = make_divisible * 2}}
  other: {op: linear, out_features: 4}
  more: {op: linear, out_features: 4}
  most: {op: linear, out_features: 4}
  last: {op: linear, out_features: 4}
"""


def test_names_that_look_like_modules_are_none(network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network(MISLEADING))
    assert all(word in text for word in ("F.", "math.", "_pytree.", "make_divisible(", "OrderedDict", "NamedTuple"))
    assert imported(text) == {"torch", "nn"}
    assert "def make_divisible(" not in text


def test_an_argument_is_pruned_though_the_forward_has_a_variable_of_its_name(network: Callable[[str], Graph]) -> None:
    text = archdsl.source(
        network(
            """
inputs: {x: [N, 4]}
blocks:
  unit:
    inputs: {x: [N, D]}
    params: {scale: int}
    nodes:
      scale: = x * 2
      fc: {op: linear, out_features: D}
nodes:
  a: {op: unit, scale: 1}
  b: {op: unit, scale: 2}
"""
        )
    )
    constructor = text[text.index("class Unit(") : text.index("def forward")]
    assert "scale" not in constructor
