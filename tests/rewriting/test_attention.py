"""Attention that is written out becomes one op, where that computes the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archdsl
from archdsl.ops.attention import ScaledDotProductAttention
from archdsl.rewriting.rewrite import rewritten
from tests.rewriting.support import graph, lines, same

QKV = "q: [N, 2, 5, 16], k: [N, 2, 7, 16], v: [N, 2, 7, 3], bias: [1, 2, 5, 7], mask: [N, 1, 1, 7]"
"""Queries, keys, values, and what may be added to the scores."""
READS = "{query: q, key: k, value: v"


def written(scores: str, weights: str = "", turn: str = "{op: transpose, from: k, dim0: -2, dim1: -1}") -> str:
    """The nodes of attention; `scores` are made of the product `s`, with `q` and `t`, the keys turned."""
    return (
        f"t: {turn}\n  {scores}\n  w: {{op: softmax, dim: -1}}\n{weights}"
        "  out: {op: matmul, from: {input: w, other: v}}".replace("input: w", "input: drop" if weights else "input: w")
    )


@pytest.mark.parametrize(
    ("scores", "reads", "fields"),
    [
        ("s: {op: matmul, from: [q, t]}", "", ", scale: 1.0"),
        ("s: {op: matmul, from: [q, t]}\n  scaled: = s * 0.25", "", ""),
        ("s: {op: matmul, from: [q, t]}\n  scaled: = s / 4", "", ""),
        ("s: {op: matmul, from: [q, t]}\n  scaled: = s / 5", "", ", scale: 0.2"),
        ("few: = q * 0.5\n  s: {op: matmul, from: [few, t]}", "", ", scale: 0.5"),
        ("few: = 0.5 * q\n  all: = t * 0.5\n  s: {op: matmul, from: [few, all]}", "", ""),
        ("s: {op: matmul, from: [q, t]}\n  z: = s * 0.25\n  a: = z + bias", ", attn_mask: bias", ""),
        ("s: {op: matmul, from: [q, t]}\n  a: = mask + s / 4", ", attn_mask: mask", ""),
    ],
)
def test_attention_is_one_op(scores: str, reads: str, fields: str) -> None:
    op = "op: scaled_dot_product_attention"
    found = " ".join(lines(written(scores), QKV)).replace("scaled_dot_product_attention: {", "").replace("{{", "{")
    assert op in found
    assert f"from: {READS}{reads}}}" in found
    assert fields in found
    assert ("scale:" in found) == bool(fields)
    assert [node.op.name for node in same(graph(written(scores), QKV)).nodes] == ["scaled_dot_product_attention"]


def test_two_masks_are_added_up() -> None:
    nodes = written("s: {op: matmul, from: [q, t]}\n  a: = s / 4 + bias\n  b: = a + mask")
    found = same(graph(nodes, QKV)).nodes
    assert [node.op.name for node in found] == ["formula", "scaled_dot_product_attention"]
    assert str(found[0].types[0].shape) == "(N, 2, 5, 7)"


def test_a_mask_that_is_made_of_nothing_is_read_as_others_are() -> None:
    mask = "m: {op: constant, shape: [5, 7], index: [i, j], value: i - j}"
    nodes = f"{mask}\n  " + written("s: {op: matmul, from: [q, t]}\n  a: = m + s / 4")
    assert [node.op.name for node in same(graph(nodes, QKV)).nodes] == ["constant", "scaled_dot_product_attention"]


def test_a_dropout_of_the_weights_is_the_ops() -> None:
    nodes = written("s: {op: matmul, from: [q, t]}", "  drop: {op: dropout, p: 0.1}\n")
    (node,) = rewritten(graph(nodes, QKV)).nodes
    assert node.op == ScaledDotProductAttention(scale=1.0, dropout_p=0.1)


@pytest.mark.parametrize(
    "nodes",
    [
        written("s: {op: matmul, from: [q, t]}").replace("dim: -1}\n  out", "dim: -2}\n  out"),
        written("s: {op: matmul, from: [q, t]}\n  a: = (s + bias) / 4"),  # the mask is divided, too
        written("s: {op: matmul, from: [q, t]}\n  a: = s * -0.25"),
        written("s: {op: matmul, from: [q, t]}\n  a: = s - bias"),
        written("s: {op: matmul, from: [q, t]}\n  a: = tanh(s)"),
        written("s: {op: matmul, from: [q, t]}") + "\n  z: {op: mean, from: w, dim: -1, keepdim: true}\n  y: = out + z",
    ],
)
def test_what_is_something_else_stays(nodes: str) -> None:
    assert "softmax" in [node.op.name for node in rewritten(graph(nodes, QKV)).nodes]


def test_a_scale_that_the_op_takes_by_itself_is_left_out() -> None:
    nodes = "a: {op: scaled_dot_product_attention, from: {query: q, key: k, value: v}, scale: 0.25}"
    assert "scale" not in " ".join(lines(nodes, QKV)).replace("scaled", "")
    same(graph(nodes, QKV))


def test_parts_that_attention_reads_are_called_for_it() -> None:
    nodes = (
        "qkv: {op: linear, out_features: 48}\n  heads: {op: reshape, shape: [N, 5, 3, 2, 8]}\n"
        "  turned: {op: permute, dims: [2, 0, 3, 1, 4]}\n  q: {op: select, dim: 0, index: 0}\n"
        "  k: {op: select, from: turned, dim: 0, index: 1}\n  v: {op: select, from: turned, dim: 0, index: -1}\n"
        "  out: {op: scaled_dot_product_attention, from: {query: q, key: k, value: v}}"
    )
    found = same(graph(nodes, "x: [N, 5, 16]"))
    assert [node.op.name for node in found.nodes] == ["linear", "rearrange", "unbind", "scaled_dot_product_attention"]
    assert found.nodes[2].output_names == ("q", "k", "v")


def test_parts_that_are_not_all_taken_stay() -> None:
    nodes = "a: {op: select, dim: 1, index: 0}\n  b: {op: select, from: x, dim: 1, index: 2}\n  c: = a + b"
    assert [node.op.name for node in rewritten(graph(nodes, "x: [N, 3, 8]")).nodes] == ["select", "select", "formula"]


def test_a_long_sum_is_looked_through_for_a_while_only() -> None:
    terms = "\n  ".join(f"a{n}: = {'s' if n == 0 else f'a{n - 1}'} + bias" for n in range(2000))
    nodes = written(f"s: {{op: matmul, from: [q, t]}}\n  {terms}")
    assert "softmax" in [node.op.name for node in rewritten(graph(nodes, QKV)).nodes]


class Written(nn.Module):
    """Attention as many write it."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.proj, self.drop = nn.Linear(16, 48), nn.Linear(16, 16), nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).reshape(*x.shape[:2], 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        weights = self.drop((q @ k.transpose(-2, -1) * 4**-0.5).softmax(dim=-1))
        return self.proj((weights @ v).transpose(1, 2).flatten(2))


class Windows(Written):
    """Attention in windows, of which each has a mask of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x.reshape(-1, 5, 16)).reshape(-1, 5, 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * 0.5) @ k.transpose(-2, -1) + self.proj.bias[:5]
        scores = scores.view(-1, 3, 4, 5, 5) + self.proj.weight[:3, :5].view(1, 3, 1, 1, 5)
        weights = self.drop(scores.view(-1, 4, 5, 5).softmax(dim=-1))
        return self.proj((weights @ v).transpose(1, 2).flatten(2)).view(-1, 3, 5, 16)


def test_a_mask_for_each_window_is_read_by_attention_over_all() -> None:
    module = Windows().eval()
    graph = archdsl.from_module(module, torch.randn(2, 3, 5, 16))
    names = [node.op.name for node in graph.nodes]
    assert names.count("scaled_dot_product_attention") == 1
    assert "softmax" not in names
    assert names.count("unbind") == 1
    assert "n w h t d -> (n w) t (h d)" in archdsl.spec(graph)
    built = archdsl.build(graph, init=False).eval()
    built.load_state_dict(module.state_dict())
    x = torch.randn(3, 3, 5, 16)
    torch.testing.assert_close(built(x), module(x))


def test_attention_of_a_module_is_one_op() -> None:
    graph = archdsl.from_module(Written().eval(), torch.randn(2, 5, 16))
    names = [node.op.name for node in graph.nodes]
    assert names == ["linear", "rearrange", "unbind", "scaled_dot_product_attention", "rearrange", "linear"]
    assert graph.nodes[3].op == ScaledDotProductAttention(dropout_p=0.1)
