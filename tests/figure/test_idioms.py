"""Layers that are written from primitives are one box with the field's word for them."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.figure.figure import Style
from archdsl.figure.flow import Flow
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from tests.elaboration.support import graph_of
from tests.figure.seeing import plain
from tests.figure.test_given import panels, said

X = "inputs: {x: [N, 7, 16]}\nnodes:\n"
ROOT = "  r: {op: mean, from: s, dim: -1, keepdim: true}\n"
WEIGHT = "  w: {op: parameter, shape: [16]}\n"
MEAN = "  mean: {op: mean, from: x, dim: -1, keepdim: true}\n"
VAR = "  v: {op: var, from: x, dim: -1, keepdim: true, correction: 0}\n"
AFFINE = f"{WEIGHT}  b: {{op: parameter, shape: [16]}}\n  out: = n * w + b\n"
STATISTICS = """
  mean: {op: constant, shape: [16], value: 0, persistent: true}
  var: {op: constant, shape: [16], value: 1, persistent: true}
  scale: = rsqrt(var + 1e-5)
  shift: = 0 - mean * scale
"""
ANGLES = """
  cos: {op: constant, shape: [7, 16], index: [t, c], value: cos(t * c)}
  sin: {op: constant, shape: [7, 16], index: [t, c], value: sin(t * c)}
"""


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ("  w: {op: parameter, shape: [16, 48]}\n  out: {op: matmul, from: [x, w]}\n", "Linear 16 → 48"),
        ("  w: {op: parameter, shape: [16, 48]}\n  b: {op: parameter, shape: [48]}\n"
         "  m: {op: matmul, from: [x, w]}\n  out: = m + b\n", "Linear 16 → 48"),
        (f"  s: = x * x\n{ROOT}  out: = x * rsqrt(r + 1e-6)\n", "RMSNorm"),
        (f"  s: = x ** 2\n{ROOT}  out: = x / sqrt(r + 1e-6)\n", "RMSNorm"),
        (f"  s: = x ** 2\n{ROOT}  n: = x * rsqrt(r + 1e-6)\n{WEIGHT}  out: = n * w\n", "RMSNorm"),
        (f"{WEIGHT}  s: = x ** 2\n{ROOT}  out: = w * (x * rsqrt(r + 1e-6))\n", "RMSNorm"),
        (f"{MEAN}{VAR}  out: = (x - mean) * rsqrt(v + 1e-6)\n", "LayerNorm"),
        (f"{MEAN}  c: = x - mean\n{VAR}  out: = c / sqrt(v + 1e-6)\n", "LayerNorm"),
        (f"{MEAN}  c: = x - mean\n  s: = c ** 2\n{ROOT}  n: = c * rsqrt(r + 1e-6)\n{AFFINE}", "LayerNorm"),
        (f"{MEAN}  c: = x - mean\n  s: = c * c\n{ROOT}  n: = c / sqrt(r + 1e-6)\n{WEIGHT}  m: = w * n\n"
         "  b: {op: parameter, shape: [16]}\n  out: = m + b\n", "LayerNorm"),
        (f"{MEAN}  s: = (x - mean) ** 2\n{ROOT}  n: = (x - mean) * rsqrt(r + 1e-6)\n{AFFINE}", "LayerNorm"),
        (f"{STATISTICS}  out: = x * scale + shift\n", "BatchNorm frozen"),
        (f"{STATISTICS}  out: = shift + scale * x\n", "BatchNorm frozen"),
        (f"{WEIGHT}  b: {{op: parameter, shape: [16]}}\n  out: = x * w + b\n", "Affine"),
        (f"{ANGLES}  half: {{op: chunk, from: x, chunks: 2, dim: -1, names: [a, b]}}\n  minus: = -half.b\n"
         "  turned: {op: cat, dim: -1, from: [minus, half.a]}\n  out: = x * cos + turned * sin\n", "Rotary positions"),
        (f"{ANGLES}  a: {{op: narrow, from: x, dim: -1, start: 0, length: 8}}\n"
         "  b: {op: narrow, from: x, dim: -1, start: 8, length: 8}\n  minus: = -b\n"
         "  turned: {op: cat, dim: -1, from: [minus, a]}\n  out: = turned * sin + cos * x\n", "Rotary positions"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
def test_one_box_has_the_word(tmp_path: Path, nodes: str, words: str, inside: bool) -> None:
    text = f"{X}{nodes}  end: {{op: relu, from: out}}\n"
    if inside:
        head = "inputs: {x: [N, 7, 16]}\nblocks:\n  layer:\n    inputs: {x: [N, T, C]}\n    nodes:\n    "
        text = head + nodes.replace("\n", "\n    ") + "\nnodes: [layer, relu]\n"
    graph = graph_of(tmp_path, text)
    assert said(outline(graph, View(depth=3)))[1:-1] == [words, "ReLU"]


@pytest.mark.parametrize(
    "nodes",
    [
        # the mean of another value's squares
        f"  y: {{op: relu, from: x}}\n  s: = y ** 2\n{ROOT}  out: = x * rsqrt(r + 1e-6)\n",
        # the mean over the tokens
        "  s: = x ** 2\n  r: {op: mean, dim: 1, keepdim: true}\n  out: = x * rsqrt(r + 1e-6)\n",
        # not the root
        "  s: = x ** 2\n  r: {op: mean, dim: -1, keepdim: true}\n  out: = x * exp(r + 1e-6)\n",
        # the variance of another number, of another value, over the tokens, and of what is not the mean
        f"{MEAN}{VAR.replace('correction: 0', 'correction: 1')}  out: = (x - mean) * rsqrt(v + 1e-6)\n",
        f"{MEAN}  y: {{op: relu, from: x}}\n{VAR.replace('from: x', 'from: y')}  out: = (x - mean) * rsqrt(v + 1e-6)\n",
        f"{MEAN}{VAR.replace('dim: -1', 'dim: 1')}  out: = (x - mean) * rsqrt(v + 1e-6)\n",
        f"{MEAN}  y: {{op: relu, from: mean}}\n{VAR}  out: = (x - y) * rsqrt(v + 1e-6)\n",
        # something else reads the squares
        "  s: = x ** 2\n  r: {op: mean, dim: -1, keepdim: true}\n  n: = x * rsqrt(r + 1e-6)\n  out: = n + s\n",
        # a turn by what is learned
        f"{ANGLES.replace('constant', 'parameter')}  turned: {{op: flip, from: x, dims: [-1]}}\n"
        "  out: = x * cos + turned * sin\n",
        # what is turned is made of something else
        f"{ANGLES}  turned: {{op: tanh, from: x}}\n  out: = x * cos + turned * sin\n",
        # scales for each place
        f"{ANGLES}  out: = x * cos + sin\n",
    ],
)
def test_what_is_not_that_layer_keeps_its_ops(tmp_path: Path, nodes: str) -> None:
    graph = graph_of(tmp_path, f"{X}{nodes}")
    flow = Flow(graph)
    assert not [node for node in graph.nodes if flow.idiom(node) is not None]


def test_the_ops_of_a_layer_that_is_drawn_alone_are_shown() -> None:
    graph = archdsl.graph("llama_3_8b")
    figure = outline(graph, View(depth=1, only="model.layers.0.self_attn.q_rotated"))
    assert "x * cos + turned * sin" in said(figure) and "Concat 128" in said(figure)


def test_layers_of_shipped_networks() -> None:
    gpt2 = panels(archdsl.graph("gpt2"))
    assert said(gpt2["fused_attention"])[2:4] == ["Linear q, k, v 768 → 2304", "Attention 12 heads, causal"]
    assert "Linear 768 → 3072 GELU" in said(gpt2["block"])
    llama = panels(archdsl.graph("llama_3_8b"))
    assert "rotate" not in llama and said(llama["rotary_attention"]).count("Rotary positions") == 2
    detr = panels(archdsl.graph("detr_resnet50"))
    assert sum("BN, frozen" in each for each in said(detr["bottleneck"])) == 4
    assert [each for each in said(panels(archdsl.graph("resmlp_12"))["layer"]) if each == "Affine"] == ["Affine"] * 2


PROJECTIONS = {
    "bert_base_uncased": ("projected_attention", ["q", "k", "v"]),
    "swin_t": ("window_attention", ["q, k, v"]),
    "llama_3_8b": ("rotary_attention", ["q", "k", "v"]),
    "pvt_v2_b0": ("attention", ["q", "k, v"]),
    "t5_small": ("attention", ["q", "k", "v"]),
}


@pytest.mark.parametrize("name", PROJECTIONS)
def test_the_layers_of_attention_are_called_for_what_they_make(name: str) -> None:
    block, made = PROJECTIONS[name]
    titles = [plain(box.title) for box in panels(archdsl.graph(name))[block].boxes() if box.style is Style.OP]
    assert [title.removeprefix("Linear ") for title in titles if title.startswith("Linear ")] == made


def test_layers_are_called_by_the_ports_and_not_by_their_names(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 7, 16]}
        nodes:
          q: {op: linear, from: x, out_features: 16}
          k: {op: linear, from: x, out_features: 16}
          v: {op: linear, from: x, out_features: 16}
          out: {op: scaled_dot_product_attention, from: {query: v, key: q, value: k}}
          proj: {op: linear, out_features: 16}
        """,
    )
    assert said(outline(graph, View(depth=2)))[1:] == [
        "Linear k 16 → 16", "Linear v 16 → 16", "Linear q 16 → 16", "Attention", "Linear 16 → 16", "output",
    ]  # fmt: skip


def test_a_layer_that_another_one_reads_makes_no_keys_alone(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 7, 16]}
        nodes:
          latent: {op: linear, from: x, out_features: 16}
          kv: {op: linear, from: latent, out_features: 16}
          both: = latent + kv
          out: {op: scaled_dot_product_attention, from: {query: x, key: both, value: kv}}
        """,
    )
    titles = [plain(box.title) for box in outline(graph, View(depth=2)).boxes()]
    assert [title for title in titles if title.startswith("Linear")] == ["Linear", "Linear v"]
