"""What ops are called in figures: by their class, by a case of their theme, or by their name and fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.words.naming import MINUS
from archdsl.words.titles import sign_of, title
from tests.elaboration.support import graph_of_nodes

IMAGE = "{x: [N, 8, 16, 16]}"
WORDS = "{x: [N, 10, 8]}"


@pytest.mark.parametrize(
    ("inputs", "node", "said"),
    [
        (IMAGE, "{op: conv2d, out_channels: 16, kernel_size: [3, 5], stride: 2}", "Conv 3×5, 16, /2"),
        (IMAGE, "{op: conv2d, out_channels: 8, kernel_size: 3, groups: 8}", "Conv 3×3, 8, depthwise"),
        (IMAGE, "{op: conv_transpose2d, out_channels: 4, kernel_size: 2, stride: 2}", "Transposed conv 2×2, 4, ×2"),
        (IMAGE, "{op: max_pool2d, kernel_size: 2}", "MaxPool 2×2"),
        (IMAGE, "{op: adaptive_max_pool2d, output_size: 1}", "Global max pool"),
        (IMAGE, "{op: adaptive_avg_pool2d, output_size: 7}", "Adaptive average pool, 7×7"),
        (IMAGE, "{op: mean, dim: [2, 3]}", "Global average pool"),
        (IMAGE, "{op: mean, dim: [1, 3]}", "Mean, dim 1, 3"),
        (IMAGE, "{op: batch_norm2d, eps: 0.001}", "BatchNorm"),
        (IMAGE, "{op: group_norm, num_groups: 4}", "GroupNorm, 4 groups"),
        (IMAGE, "{op: leaky_relu, negative_slope: 0.2}", "LeakyReLU"),
        (IMAGE, "{op: dropout2d, p: 0.25}", "Dropout 0.25"),
        (IMAGE, "{op: stochastic_depth, p: 0.25}", "Stochastic depth"),
        (IMAGE, "{op: interpolate, scale_factor: 2}", "Upsample ×2"),
        (IMAGE, "{op: narrow, dim: 2, start: 4, length: 6}", "Slice dim 2 [4:10]"),
        (IMAGE, "{op: slice, dim: -1, end: -1, step: 2}", f"Slice dim {MINUS}1 [:{MINUS}1:2]"),
        (IMAGE, "{op: select, dim: 1, index: 3}", "Slice dim 1 [3]"),
        (IMAGE, "{op: flatten}", "Flatten"),
        (IMAGE, "{op: permute, dims: [0, 2, 3, 1]}", "Permute 0, 2, 3, 1"),
        (IMAGE, "{op: transpose, dim0: 1, dim1: 2}", "Transpose, dim0 1, dim1 2"),
        (IMAGE, "{op: cast, dtype: float64}", "Cast to float64"),
        (WORDS, "{op: linear, out_features: 4}", "Linear 8 → 4"),
        (WORDS, "{op: linear, out_features: 4, trainable: false}", "Linear 8 → 4, frozen"),
        (WORDS, "{op: linear, out_features: 4, parametrization: spectral_norm(dim=1)}", "Linear 8 → 4, spectral norm"),
        (IMAGE, "{op: conv2d, out_channels: 4, kernel_size: 3, trainable: false, parametrization: weight_norm}",
         "Conv 3×3, 4, weight norm, frozen"),
        (IMAGE, "{op: cast, dtype: torch.float32}", "Cast to torch.float32"),
        (WORDS, "{op: add, from: [x, x]}", "Add"),
        (WORDS, "{op: rearrange, pattern: 'n t (h d) -> n h t d', h: 2}", "Rearrange n t (h d) → n h t d"),
        (WORDS, "{op: chunk, chunks: 2, dim: -1, names: [gate, up]}", "Split gate, up"),
        (WORDS, "{op: unbind, dim: 1}", "Unbind into 10"),
        (WORDS, "{op: lstm, hidden_size: 6, num_layers: 2, bidirectional: true}", "LSTM, 6, 2 layers, both ways"),
        (WORDS, "{op: multihead_attention, num_heads: 2, is_causal: true, from: [x, x, x]}",
         "Multi-head attention, 2 heads, causal"),
        (WORDS, "{op: cat, from: [x, x], dim: 2}", "Concat 16"),
        (WORDS, "= x * 2 + 1", "x * 2 + 1"),
    ],
)  # fmt: skip
def test_titles(tmp_path: Path, inputs: str, node: str, said: str) -> None:
    graph = graph_of_nodes(tmp_path, f"{{node: {node!r}}}" if node.startswith("=") else f"{{node: {node}}}", inputs)
    assert title(graph.nodes[-1], {}).text.replace("\N{NO-BREAK SPACE}", " ") == said


def test_sizes_of_a_run_are_those_of_the_sample(tmp_path: Path) -> None:
    node = '{op: pad, pad: [0, "-W % 7", 0, H % 2]}'
    graph = graph_of_nodes(tmp_path, f"{{node: {node}}}", "{x: [N, 8, H = 9, W = 16]}")
    assert title(graph.nodes[-1], graph.sample_sizes).text.replace("\N{NO-BREAK SPACE}", " ") == "Pad 0, 5, 0, 1"


@pytest.mark.parametrize(("formula", "sign", "name"), [("x + y", "+", "Add"), ("x * y", "×", "Multiply")])
def test_a_formula_of_one_sign(tmp_path: Path, formula: str, sign: str, name: str) -> None:
    graph = graph_of_nodes(tmp_path, f"{{node: '= {formula}'}}", "{x: [N, 4], y: [N, 4]}")
    assert (sign_of(graph.nodes[-1]), title(graph.nodes[-1], {}).text) == (sign, name)
