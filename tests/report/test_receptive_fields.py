"""Receptive fields: published ones, and rules that are worked out by hand."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

import archdsl
from archdsl.report.receptive_fields import Fields


def fields(network: str | Path, **params: object) -> dict[str, str]:
    """The field of every row, by path."""
    return {row.path: row.field for row in archdsl.summary(network, depth=9, **params).rows}


@pytest.mark.parametrize(
    ("name", "path", "size"),
    [
        # https://distill.pub/2019/computing-receptive-fields, table 1
        ("alexnet", "features", 195),
        ("vgg16", "features", 212),
        ("inception_v3", "Mixed_7c", 1311),
        ("inception_v4", "features", 2071),
        ("inception_resnet_v2", "conv2d_7b", 3039),
        # the stride stands in the second of a bottleneck's convolutions: 483 where it stands in the last unit's
        ("resnet50", "layer4", 427),
        ("resnet18", "layer4", 435),
        # 5, 6, 14, 16, 32: the whole image of LeNet-5
        ("lenet5", "c5", 32),
    ],
)
def test_published(name: str, path: str, size: int) -> None:
    rows = archdsl.summary(name, depth=1).rows
    assert next(row.field for row in rows if row.path == path) == f"{size}×{size}"


def test_stride_in_the_first_convolution_of_a_bottleneck_gives_the_published_483(tmp_path: Path) -> None:
    """He et al.'s own network, which the paper calls ResNet-50."""
    (tmp_path / "net.yaml").write_text(BOTTLENECKS)
    assert fields(tmp_path / "net.yaml")["stages"] == "483×483"


BOTTLENECKS = """\
archdsl: 1
name: bottlenecks
inputs: {x: [N, 3, H = 224, W = 224]}
blocks:
  bottleneck:
    inputs: {x: [N, C, H, W]}
    params: {stride: 1}
    nodes:
      - {op: conv2d, out_channels: 4, kernel_size: 1, stride: stride}
      - {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
      - {op: conv2d, out_channels: 4, kernel_size: 1}
nodes:
  stem: {op: conv2d, out_channels: 4, kernel_size: 7, stride: 2, padding: 3}
  pool: {op: max_pool2d, kernel_size: 3, stride: 2, padding: 1}
  stages:
    - for s in range(4):
        for i in range([3, 4, 6, 3][s]): {op: bottleneck, stride: "2 if s > 0 and i == 0 else 1"}
"""

PATHS = """\
archdsl: 1
name: paths
inputs: {x: [N, 3, 64, 64]}
nodes:
  narrow: {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
  wide: {op: conv2d, from: x, out_channels: 4, kernel_size: [1, 7], dilation: [1, 2], padding: [0, 6]}
  join: {op: cat, from: [narrow, wide], dim: 1}
  halved: {op: max_pool2d, kernel_size: 2}
  after: {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
  larger: {op: interpolate, scale_factor: 2}
  again: {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
  up: {op: conv_transpose2d, from: halved, out_channels: 4, kernel_size: 4, stride: 2, padding: 1}
  weights: {op: parameter, shape: [4, 1, 1]}
  scaled: = up * weights
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  gated: = up * pool
  flat: {op: flatten, from: up}
  head: {op: linear, out_features: 2}
outputs: {head: head, gated: gated, again: again}
"""


def test_every_kind_of_path(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(PATHS)
    assert fields(tmp_path / "net.yaml") == {
        "narrow": "3×3",
        "wide": "1×13",
        "join": "3×13",  # the larger of both branches
        "halved": "4×14",
        "after": "8×18",
        "larger": "8×18",
        "again": "10×20",  # places are again one apart
        "up": "6×16",  # two of the kernel's four rows reach a place
        "weights": "",
        "scaled": "6×16",
        "pool": "all",
        "gated": "all",
        "flat": "6×16",
        "head": "all",
    }


UPSAMPLED = """\
archdsl: 1
name: upsampled
inputs: {x: [N, 1, 96, 96]}
nodes:
  pool: {op: avg_pool2d, kernel_size: 4, stride: 4}
  up: {op: interpolate, scale_factor: 4}
  conv: {op: conv2d, out_channels: 1, kernel_size: 3}
  wider: {op: conv2d, out_channels: 1, kernel_size: 6}
"""


def test_what_is_read_after_upsampling_lies_in_few_of_the_windows_before_it(tmp_path: Path) -> None:
    """Three neighbours stand in two windows of the pooling at most, eight in three."""
    (tmp_path / "net.yaml").write_text(UPSAMPLED)
    assert fields(tmp_path / "net.yaml") == {"pool": "4×4", "up": "4×4", "conv": "8×8", "wider": "12×12"}


SHIFTED = """\
archdsl: 1
name: shifted
inputs: {x: [N, 1, L = 32]}
nodes:
  ahead: {op: pad, pad: [-3, 0]}
  behind: {op: pad, from: x, pad: [3, -6]}
  both: = ahead + behind
  third: {op: select, from: x, dim: 2, index: 3}
  alone: {op: unsqueeze, dim: 2}
  spread: = x + alone
  pairs: {op: matmul, from: {input: column, other: x}}
outputs: [both, spread, pairs]
"""


def test_paths_that_see_different_places_see_together_what_lies_between(tmp_path: Path) -> None:
    text = SHIFTED.replace("  pairs:", "  column: {op: transpose, from: x, dim0: 1, dim1: 2}\n  pairs:")
    (tmp_path / "net.yaml").write_text(text)
    rows = fields(tmp_path / "net.yaml")
    assert (rows["ahead"], rows["behind"], rows["both"]) == ("1", "1", "7")
    assert (rows["third"], rows["spread"]) == ("1", "29")  # place 3 and place 31
    assert rows["pairs"] == "all"  # of all pairs one is the first and the last


TOKENS = """\
archdsl: 1
name: tokens
inputs: {x: [N, 3, 64, 64]}
nodes:
  patches: {op: rearrange, pattern: n c (h p) (w q) -> n h w (p q c), p: 4, q: 4}
  embed: {op: linear, out_features: 8}
  windows: {op: rearrange, pattern: n (h p) (w q) c -> (n h w) (p q) c, p: 4, q: 4}
  attention: {op: multihead_attention, from: [windows, windows, windows], num_heads: 2}
  back: {op: rearrange, pattern: (n h w) (p q) c -> n c (h p) (w q), h: 4, w: 4, p: 4}
  conv: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  rolled: {op: roll, from: conv, shifts: [1], dims: [1]}
  shifted: {op: roll, from: conv, shifts: [1], dims: [2]}
outputs: {rolled: rolled, shifted: shifted}
"""


def test_patches_and_windows_are_followed(tmp_path: Path) -> None:
    """A patch is 4 pixels wide, a window of 4 patches 16; beside its border the convolution sees two windows."""
    (tmp_path / "net.yaml").write_text(TOKENS)
    assert fields(tmp_path / "net.yaml") == {
        "patches": "1×1",
        "embed": "4×4",
        "windows": "4×4",
        "attention": "16×16",
        "back": "16×16",
        "conv": "32×32",
        "rolled": "32×32",  # channels are no places
        "shifted": "all",
    }


def test_words_see_all_after_attention_and_vectors_have_no_field(tmp_path: Path) -> None:
    rows = fields("gpt2", n_layer=1)
    assert (rows["transformer.wte"], rows["transformer.h.0.attn"], rows["lm_head"]) == ("1", "all", "all")
    (tmp_path / "net.yaml").write_text("archdsl: 1\nname: mlp\ninputs: {x: [N, 4]}\nnodes: [relu]\n")
    assert fields(tmp_path / "net.yaml") == {"0": ""}


def test_a_loop_over_time_sees_everything() -> None:
    assert {value for path, value in fields("lstm").items() if path.startswith("l0.")} == {"all"}


ENORMOUS = [
    "{op: interpolate, size: [1000000007, 3]}",
    "{op: adaptive_avg_pool2d, output_size: [999999937, 3]}",
    "{op: conv_transpose2d, out_channels: 1, kernel_size: 1, stride: 100000}",
    "{op: repeat_interleave, repeats: 10000000, dim: 2}",
    "{op: conv2d, out_channels: 1, kernel_size: 3, dilation: 1000000, padding: 1000000}",
    "{op: pixel_shuffle, upscale_factor: 10000}",
]


@pytest.mark.parametrize("op", ENORMOUS)
def test_enormous_sizes_take_no_time(op: str, tmp_path: Path) -> None:
    channels = 10**8 if "shuffle" in op else 1
    nodes = f"nodes: [{op}, {{op: avg_pool2d, kernel_size: 3}}]"
    (tmp_path / "net.yaml").write_text(f"archdsl: 1\nname: net\ninputs: {{x: [N, {channels}, 7, 7]}}\n{nodes}\n")
    graph = archdsl.graph(tmp_path / "net.yaml")
    start = process_time()
    Fields(graph, graph.sample_sizes)
    assert process_time() - start < 0.5
