"""What cards say of what stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.figure.flow import Flow
from archdsl.figure.wording import words_of
from tests.elaboration.support import graph_of
from tests.figure.seeing import plain

CONSTRUCTS = sorted((Path(__file__).parents[1] / "compiler" / "constructs").rglob("*.yaml"))


@pytest.mark.parametrize("file", CONSTRUCTS, ids=lambda file: file.stem)
def test_every_construct_has_a_figure(file: Path, tmp_path: Path) -> None:
    for format in ("dot", "mmd"):
        drawn = tmp_path / f"net.{format}"
        archdsl.draw(file, drawn)
        assert drawn.stat().st_size > 100


BETWEEN = {
    "identity": "", "{op: stochastic_depth, p: 0.5}": "", "{op: dropout, p: 0.0}": "",
    "{op: flatten, start_dim: 1}": "", "{op: unflatten, dim: 1, unflattened_size: [2, 2]}": "",
    "{op: reshape, shape: [-1, 2, 2]}": "", "{op: permute, dims: [0, 2, 1]}": "",
    "{op: transpose, dim0: 1, dim1: 2}": "", "{op: squeeze, dim: 2}": "", "{op: unsqueeze, dim: 1}": "",
    "{op: rearrange, pattern: a b c -> a c b}": "", "{op: expand, size: [-1, 4, 2]}": "",
    "{op: repeat, repeats: [1, 1, 2]}": "", "{op: cast, dtype: float64}": "",
    "{op: flip, dims: [1]}": "Flip dim 1", "{op: roll, shifts: 1, dims: 1}": "Roll by 1", "tril": "Tril",
    "{op: narrow, dim: 1, start: 0, length: 2}": "Slice dim 1 [0:2]", "{op: dropout, p: 0.5}": "Dropout 0.5",
}  # fmt: skip


@pytest.mark.parametrize(("op", "word"), BETWEEN.items(), ids=BETWEEN)
def test_what_only_says_how_a_tensor_is_laid_out_is_not_named(op: str, word: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 4, 1]}}\nnodes: [relu, {op}, sigmoid]\n")
    assert plain(words_of(Flow(graph), graph.nodes).name) == " · ".join(["ReLU", *([word] if word else []), "Sigmoid"])


def test_a_block_whose_linear_layer_nobody_reads_has_no_widths(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("""archdsl: 1
inputs: {x: [N, 8]}
blocks:
  odd: {inputs: {x: [N, C]}, nodes: [{op: linear, out_features: 5, from: x}, = 2 * x]}
  outer: {inputs: {x: [N, C]}, nodes: {inner: odd, head: {op: linear, out_features: 3}}}
nodes: {outer: outer}
""")
    archdsl.draw(tmp_path / "net.yaml", tmp_path / "net.dot")
    text = (tmp_path / "net.dot").read_text()
    assert "Odd" in text and "8 → 5" not in text


def test_equal_ops_side_by_side_are_one_box_that_says_so(tmp_path: Path) -> None:
    ways = "\n".join(f"  w{i}: {{op: conv2d, out_channels: 4, kernel_size: 1, from: x}}" for i in range(24))
    joined = f"  all: {{op: cat, dim: 1, from: [{', '.join(f'w{i}' for i in range(24))}]}}"
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 4, 8, 8]}}\nnodes:\n{ways}\n{joined}\n")
    words = words_of(Flow(graph), graph.nodes[:-1])
    assert (plain(words.name), words.fields, plain(words.line)) == ("24 × Conv 1×1", "4", "side by side")
    chain = graph_of(tmp_path, "inputs: {x: [N, 4, 8, 8]}\nnodes: [relu, relu, relu]\n")
    assert "side by side" not in plain(words_of(Flow(chain), chain.nodes).line)


@pytest.mark.parametrize(("second", "said"), [("a", "2 × Conv 1×1 side by side"), ("b", "2 ops 2 Conv")])
def test_equal_ops_are_side_by_side_where_they_read_one_value(second: str, said: str, tmp_path: Path) -> None:
    conv = "{op: conv2d, out_channels: 4, kernel_size: 1, from: %s}"
    nodes = (
        f"{{a: {{op: relu, from: x}}, b: {{op: tanh, from: x}}, c: {conv % 'a'}, d: {conv % second}, e: = c + d + b}}"
    )
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 4, 8, 8]}}\nnodes: {nodes}\n")
    words = words_of(Flow(graph), [node for node in graph.nodes if node.op.name == "conv2d"])
    assert plain(" ".join((words.name, words.line))) == said
