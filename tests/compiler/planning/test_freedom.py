"""Which parameters of a network its class takes: those that one bare width reads, whatever words stand elsewhere."""

from collections.abc import Callable

import pytest

import archdsl_torch
from archdsl.ir.graph import Graph
from archdsl_torch.planning.freedom import free_parameters

TOP = """
params: {classes: 5, wide: true, fewest: 3}
inputs: {x: [N, 4]}
"""
HEAD = "{op: linear, out_features: classes}"

OWN = "{if: classes > 0, op: linear, out_features: classes}"

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
    "its layer's own condition": f"nodes: {{hidden: {{op: linear, out_features: 8}}, head: {OWN}}}",
    "a bare condition": "nodes: {hidden: layer_norm, head: {if: classes, op: linear, out_features: classes}}",
    "a condition of a group": f"nodes: {{hidden: layer_norm, 'if 3 < classes <= 7': {{head: {HEAD}}}}}",
    "another's condition": f"nodes: {{hidden: layer_norm, head: {{if: wide, {HEAD[1:]}}}",
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
    "a condition with another": f"nodes: {{a: layer_norm, head: {{if: wide and classes > 0, {HEAD[1:]}}}",
    "a condition that compares it with another": f"nodes: {{a: layer_norm, head: {{if: classes > fewest, {HEAD[1:]}}}",
    "a condition with a function": f"nodes: {{a: layer_norm, head: {{if: classes > sqrt(4), {HEAD[1:]}}}",
    "a condition that computes": "nodes: {a: layer_norm, b: {if: classes % 2, op: linear, out_features: classes}}",
    "a condition of two layers": f"nodes: {{hidden: layer_norm, 'if classes > 0': {{drop: dropout, head: {HEAD}}}}}",
    "a condition of a scope": f"nodes: {{hidden: layer_norm, heads: {{if: classes > 0, nodes: [tanh, {HEAD}]}}}}",
    "what is read instead": f"nodes: {{a: layer_norm, b: tanh, head: {{else: a, {OWN[1:]}}}",
    "a layer that runs before another": f"""
nodes: {{stem: layer_norm, head: {OWN}, act: {{op: relu, from: stem}}}}
outputs: [head, act]
""",
    "a layer of one mode": f"nodes: {{stem: layer_norm, head: {{when: training, {OWN[1:]}}}\noutputs: [stem, head]",
    "a layer that reads one value twice": """
nodes: {a: layer_norm, head: {if: classes > 0, op: bilinear, from: [a, a], out_features: classes}}
""",
    "a layer whose input is padded apart": """
nodes:
  norm: layer_norm
  map: {op: unsqueeze, dim: 1}
  head: {if: classes > 0, op: conv1d, out_channels: classes, kernel_size: 3, stride: 2, padding: same_upper}
""",
    "a layer whose weight alone tells the dtype": f"nodes: {{a: relu, head: {OWN}}}",
    "a layer that is not trained": f"nodes: {{a: layer_norm, head: {OWN}}}\nfreeze: [head.bias]",
    "a weight that is computed": f"nodes: {{a: layer_norm, head: {{parametrization: weight_norm, {OWN[1:]}}}",
    "a new name of published weights": f"weights: {{renames: {{fc.*: head$classes.*}}}}\nnodes: {{head5: {HEAD}}}",
}


@pytest.mark.parametrize("text", FREE.values(), ids=FREE)
def test_a_bare_width_that_nothing_else_depends_on_is_an_argument(network: Callable[[str], Graph], text: str) -> None:
    graph = network(TOP + text)
    assert {*free_parameters(graph)} == {"classes"}
    assert "classes=5" in archdsl_torch.source(graph)


@pytest.mark.parametrize("text", BOUND.values(), ids=BOUND)
def test_a_parameter_that_something_else_reads_is_none(network: Callable[[str], Graph], text: str) -> None:
    graph = network(TOP + text)
    assert not free_parameters(graph)
    assert "classes=5" not in archdsl_torch.source(graph)


@pytest.mark.parametrize("condition", ["classes > 9", "classes > 'a'"])
def test_a_condition_that_does_not_hold_decides_nothing(network: Callable[[str], Graph], condition: str) -> None:
    """So a stranger's graph may say."""
    text = network(f"{TOP}nodes: {{hidden: layer_norm, head: {OWN}}}").to_json()
    graph = Graph.from_json(text.replace('"condition": "classes > 0"', f'"condition": "{condition}"'))
    assert not free_parameters(graph)
    assert "Identity" not in archdsl_torch.source(graph)
