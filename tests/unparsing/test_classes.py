"""A classifier's width is a parameter of the spec, where nothing else follows from it."""

from __future__ import annotations

import pytest
import torch

import archdsl

HEADS = {
    "a layer": "fc: {op: linear, out_features: 10}",
    "what is drawn and scaled": (
        "fc: {op: linear, out_features: 10}\n  d: {op: dropout, p: 0.5}\n  s: {op: softmax, dim: 1}"
    ),
    "two that are added": (
        "one: {op: linear, from: flat, out_features: 10}\n  two: {op: linear, from: flat, out_features: 10}\n"
        "  out: = (one + two) / 2"
    ),
    "in a scope": "head:\n    nodes:\n      - relu\n      - {op: linear, out_features: 10}",
}  # fmt: skip
OTHERS = {
    "another layer reads it": "a: {op: linear, out_features: 10}\n  b: {op: linear, out_features: 10, bias: false}",
    "it is as wide as what it reads": "a: {op: linear, out_features: 32}",
    "a number of it stands elsewhere": "a: {op: linear, out_features: 10}\n  b: {op: reshape, shape: [N, 10, 1]}",
    "it is a map": "a: {op: conv2d, from: x, out_channels: 10, kernel_size: 1}",
    "its output goes nowhere": "a: {op: linear, out_features: 10}\n  b: {op: identity, from: flat}",
    "they differ": (
        "a: {op: linear, from: flat, out_features: 10}\n  b: {op: linear, from: flat, out_features: 4}\n"
        "outputs: {a: a, b: b}"
    ),
    "it is one": "a: {op: linear, out_features: 1}",
    "it is another's": (
        "a: {op: linear, out_features: 10}\n"
        "  b: {op: linear, from: flat, out_features: 10, tie: {weight: a.weight}}\noutputs: {a: a, b: b}"
    ),
    "it is a projection": "a: {op: linear, out_features: 10, bias: false}",
    "the name is a node's": "num_classes: {op: linear, out_features: 10}",
}  # fmt: skip


def text(head: str) -> str:
    return f"archdsl: 1\nname: net\ninputs: {{x: [N, 2, 4, 4]}}\nnodes:\n  flat: flatten\n  {head}\n"


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_it_is_a_parameter_that_can_be_set(head: str) -> None:
    written = archdsl.spec(archdsl.loads(text(head)))
    assert "params: {num_classes: 10}" in written
    module = archdsl.build(written, num_classes=7)
    assert module(torch.randn(3, 2, 4, 4)).shape == (3, 7)


@pytest.mark.parametrize("head", OTHERS.values(), ids=OTHERS)
def test_it_is_a_number_where(head: str) -> None:
    assert "params" not in archdsl.spec(archdsl.loads(text(head)))


def test_it_is_a_number_where_every_node_is_written_out() -> None:
    assert "params" not in archdsl.spec(archdsl.loads(text(HEADS["a layer"])), expanded=True)


def test_a_block_has_no_parameter_of_the_network() -> None:
    widths = [5, 6, 10]
    nodes = "[" + ", ".join(f"relu, {{op: linear, out_features: {width}}}" for width in widths) + "]"
    two = "a: {op: head, from: flat}\n  b: {op: head, from: flat}\noutputs: {a: a, b: b}\n"
    written = archdsl.spec(archdsl.loads(f"{text(two)}blocks: {{head: {{nodes: {nodes}}}}}\n"))
    assert "blocks:" in written
    assert "num_classes" not in written


def test_a_network_with_a_head_is_built_for_other_classes() -> None:
    module = archdsl.build(archdsl.spec("resnet18"), num_classes=10, init=False)
    assert module(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
