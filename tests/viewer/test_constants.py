"""What has no box, and where a figure tells of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.figure.flow import Flow
from archdsl.ir.graph import Graph
from archdsl.viewer.constants import MOST, Constants

SPEC = """\
archdsl: 1
name: net
inputs: {x: [N, 8]}
blocks:
  unit:
    inputs: {x: [N, C], shift: [1, C]}
    nodes:
      table: {op: parameter, shape: [1, C]}
      twice: = 2 * table
      sum: = x + twice + shift
      keep: {op: dropout, p: 0.0}
      out: relu
nodes:
  shift: {op: constant, shape: [1, 8], value: 3.0}
  units:
    - for k in range(12):
        op: unit
        from: {x: x, shift: shift}
"""


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC, "utf-8")
    return archdsl.graph(spec)


def test_readers_are_found_through_what_has_no_box_either(graph: Graph) -> None:
    constants = Constants(Flow(graph))
    nodes = {node.path: node for node in graph.nodes}
    assert constants.readers(nodes["units.3.table"]) == [(0, "sum")]
    assert constants.readers(nodes["units.3.twice"]) == [(0, "sum")]
    assert constants.readers(nodes["units.3.keep"]) == [(0, "out")]
    assert constants.readers(nodes["units.3.sum"]) == []
    assert constants.readers(nodes["shift"]) == [(0, f"units.{number}.sum") for number in range(MOST)]


def test_what_passes_on_an_input_is_no_constant(graph: Graph) -> None:
    constants = Constants(Flow(graph))
    said = {node.path: (constants.is_constant(node), constants.passes(node)) for node in graph.nodes}
    assert said["shift"] == said["units.0.table"] == said["units.0.twice"] == (True, False)
    assert said["units.0.keep"] == (False, True)
    assert said["units.0.sum"] == (False, False)
