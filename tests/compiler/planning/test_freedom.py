"""Which parameters of a network its class takes: those that one bare width reads, whatever words stand elsewhere."""

from collections.abc import Callable

import pytest

import archdsl_torch
from archdsl.ir.graph import Graph
from archdsl_torch.planning.freedom import free_parameters

TOP = """
params: {classes: 5}
inputs: {x: [N, 4]}
"""
HEAD = "{op: linear, out_features: classes}"

FREE = {
    "alone": f"nodes: {{hidden: {{op: linear, out_features: 8}}, head: {HEAD}}}",
    "in a note": f"nodes: {{hidden: {{op: linear, out_features: 8, note: before the classes}}, head: {HEAD}}}",
    "an earlier name": "nodes: {head: {op: linear, out_features: classes, was: classes}}",
    "the layer's own name": f"nodes: {{classes: {HEAD}}}",
    "a path": f"nodes: {{relu: relu, classes: {HEAD}, out: {{from: classes}}}}\noutputs: {{logits: out}}",
    "a block's own parameter": f"""
blocks:
  block:
    params: {{classes: int}}
    nodes: [{{op: linear, out_features: classes}}]
nodes: {{hidden: {{op: block, classes: 8}}, head: {HEAD}}}
""",
    "another op's rule that reads its width": f"""
init: {{conv1d: "normal(0, 1 / fan_out)", linear: normal(std=0.01)}}
nodes: {{head: {HEAD}}}
""",
}
BOUND = {
    "a condition": f"nodes: {{relu: {{op: relu, if: classes > 3}}, head: {HEAD}}}",
    "a condition that leaves its node out": f"nodes: {{relu: {{op: relu, if: classes > 30}}, head: {HEAD}}}",
    "a derived value": f"let: {{k: classes}}\nnodes: {{hidden: {{op: linear, out_features: k}}, head: {HEAD}}}",
    "a name": f"nodes: {{head$classes: {HEAD}}}",
    "a loop": f"nodes: [{{'for i in range(classes)': [relu]}}, {HEAD}]",
    "a formula": f"nodes: {{scaled: = x * classes, head: {HEAD}}}",
    "an initialiser": f"init: {{linear: constant(1 / classes)}}\nnodes: {{head: {HEAD}}}",
    "its own width in its initialiser": """
nodes: {head: {op: linear, out_features: classes, init: 'normal(0, 1 / fan_out)'}}
""",
    "an expression": "nodes: {head: {op: linear, out_features: classes + 1}}",
    "a layer that is read": f"nodes: {{head: {HEAD}, relu: relu}}",
    "a layer that is read, written where the last one is": """
nodes: {'for i in range(2)': {head$i: {op: linear, out_features: classes}}}
""",
    "a block of the file": f"""
blocks:
  block: {{nodes: [{{op: linear, out_features: classes}}]}}
nodes: {{hidden: block, head: {HEAD}}}
""",
    "a block's default": f"""
blocks:
  block: {{params: {{width: $classes}}, nodes: [{{op: linear, out_features: 3}}]}}
nodes: {{hidden: block, head: {HEAD}}}
""",
    "a new name of published weights": f"weights: {{renames: {{fc.*: head$classes.*}}}}\nnodes: {{head5: {HEAD}}}",
}


@pytest.mark.parametrize("text", FREE.values(), ids=FREE)
def test_a_bare_width_that_nothing_else_depends_on_is_an_argument(network: Callable[[str], Graph], text: str) -> None:
    graph = network(TOP + text)
    assert free_parameters(graph) == {"classes"}
    assert "classes=5" in archdsl_torch.source(graph)


@pytest.mark.parametrize("text", BOUND.values(), ids=BOUND)
def test_a_parameter_that_something_else_reads_is_none(network: Callable[[str], Graph], text: str) -> None:
    graph = network(TOP + text)
    assert free_parameters(graph) == set()
    assert "classes=5" not in archdsl_torch.source(graph)
