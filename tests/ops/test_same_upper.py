"""`padding: same_upper` against the formula that TensorFlow and ONNX publish, at known sizes and at those of a run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import ceil, inf
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

import archdsl
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.ops.layers import same_upper
from archdsl.shapes import TensorType, evaluate, symbol
from archdsl_torch.lowering.base import lower
from tests.compiler.tracing import BEFORE_2_13
from tests.elaboration.support import graph_of
from tests.ops.harness import call_module, construct, run_code


def published(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """TensorFlow's "SAME", in the words of its page on convolution."""
    out = ceil(size / stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


RULES = st.tuples(st.integers(1, 40), st.integers(1, 7), st.integers(1, 6), st.integers(1, 3))


@given(RULES)
def test_margins_are_the_published_ones(rule: tuple[int, int, int, int]) -> None:
    size, kernel, stride, dilation = rule
    expected = published(*rule)
    assert same_upper("conv1d", (size,), (kernel,), (stride,), (dilation,)) == (expected,)
    ((before, after),) = same_upper("conv1d", (symbol("H"),), (kernel,), (stride,), (dilation,))
    assert (evaluate(before, {"H": size}), evaluate(after, {"H": size})) == expected


def windows(x: Tensor, kernel: int, stride: int, dilation: int) -> Iterator[Tensor]:
    """The places of each window that lie inside."""
    before, _ = published(x.shape[-1], kernel, stride, dilation)
    for i in range(ceil(x.shape[-1] / stride)):
        places = range(i * stride - before, i * stride - before + (kernel - 1) * dilation + 1, dilation)
        yield x[..., [place for place in places if 0 <= place < x.shape[-1]]]


@given(RULES, st.sampled_from(["max", "avg", "avg with zeros"]))
def test_pooling_reads_the_windows(rule: tuple[int, int, int, int], kind: str) -> None:
    size, kernel, stride, dilation = rule
    x = torch.randn(2, 3, size)
    if kind == "max":
        op = OPS["max_pool1d"](kernel_size=kernel, stride=stride, dilation=dilation, padding="same_upper")
        # a dilated window may lie beside all places
        expected = [F.pad(w, (0, 1), value=-inf).amax(-1) for w in windows(x, kernel, stride, dilation)]
    else:
        zeros = kind == "avg with zeros"
        op = OPS["avg_pool1d"](kernel_size=kernel, stride=stride, padding="same_upper", count_include_pad=zeros)
        expected = [w.sum(-1) / (kernel if zeros else w.shape[-1]) for w in windows(x, kernel, stride, 1)]
    function = lower(op, TensorType((2, 3, size))).function
    assert function is not None
    torch.testing.assert_close(run_code(function, (x,)), torch.stack(expected, -1))


@given(RULES)
def test_convolution_reads_the_windows(rule: tuple[int, int, int, int]) -> None:
    size, kernel, stride, dilation = rule
    op = OPS["conv1d"](out_channels=2, kernel_size=kernel, stride=stride, dilation=dilation, padding="same_upper")
    lowered = lower(op, TensorType((2, 3, size)))
    conv, x = construct(lowered, "cpu"), torch.randn(2, 3, size)
    assert [*conv.state_dict()] == ["weight", "bias"]
    with torch.no_grad():
        made = call_module(conv, lowered.call, (x,))
    expected = F.conv1d(F.pad(x, published(*rule)), conv.weight, conv.bias, stride, 0, dilation)  # type: ignore[arg-type]
    torch.testing.assert_close(made, expected)


NETWORKS = {
    "alone": "conv: {op: conv2d, out_channels: 4, kernel_size: [3, 5], stride: [2, 3], padding: same_upper}",
    "in a list": """
      features:
        - {op: conv2d, out_channels: 4, kernel_size: [3, 5], stride: [2, 3], padding: same_upper}
        - relu
    """,
    "of one stride": "conv: {op: conv2d, out_channels: 4, kernel_size: [3, 5], stride: [1, 3], padding: same_upper}",
    "reflected": """
      conv: {op: conv2d, out_channels: 4, kernel_size: 3, stride: 2, padding: same_upper, padding_mode: reflect}
    """,
}
SIZES = [*product((9, 10, 11), (9, 10, 12))]


def reference(conv: nn.Conv2d, x: Tensor, mode: str) -> Tensor:
    rule = zip(x.shape[2:], conv.kernel_size, conv.stride, conv.dilation, strict=True)
    (top, bottom), (left, right) = (published(*each) for each in rule)
    return F.conv2d(F.pad(x, (left, right, top, bottom), mode), conv.weight, conv.bias, conv.stride)


@pytest.mark.parametrize("sizes", ["H = 9, W = 9", None])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_convolution_of_any_size(name: str, sizes: str | None, tmp_path: Path) -> None:
    for height, width in SIZES:
        shape = sizes or f"{height}, {width}"
        module = archdsl.build(
            graph_of(tmp_path, f"inputs: {{x: [N, 3, {shape}]}}\nnodes:\n  {NETWORKS[name].strip()}\n")
        )
        (conv,) = (each for each in module.modules() if isinstance(each, nn.Conv2d))
        x = torch.randn(2, 3, height, width)
        expected = reference(conv, x, "reflect" if name == "reflected" else "constant")
        torch.testing.assert_close(module(x), expected.relu() if name == "in a list" else expected)


POOLS = """\
inputs: {x: [N, 3, H = 9, W = 9]}
nodes:
  max: {op: max_pool2d, from: x, kernel_size: 3, stride: 2, padding: same_upper}
  means:
    from: x
    nodes:
      - {op: avg_pool2d, kernel_size: [2, 3], stride: [1, 2], padding: same_upper, count_include_pad: false}
      - identity
  zeros: {op: avg_pool2d, from: x, kernel_size: [2, 3], stride: [1, 2], padding: same_upper}
outputs: {max: max, means: means, zeros: zeros}
"""


@pytest.mark.parametrize("size", SIZES)
def test_pooling_at_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    module, x = archdsl.build(graph_of(tmp_path, POOLS)), torch.randn(2, 3, *size)
    made = module(x)
    ends = [published(n, k, s, 1) for n, k, s in zip(size, (3, 3), (2, 2), strict=True)]
    torch.testing.assert_close(made.max, F.max_pool2d(F.pad(x, (*ends[1], *ends[0]), value=-inf), 3, 2))
    ends = [published(n, k, s, 1) for n, k, s in zip(size, (2, 3), (1, 2), strict=True)]
    sums, counts = (F.avg_pool2d(F.pad(each, (*ends[1], *ends[0])), (2, 3), (1, 2)) for each in (x, torch.ones_like(x)))
    torch.testing.assert_close(made.zeros, sums)
    torch.testing.assert_close(made.means, sums / counts)


BLOCKS = """\
inputs: {x: [N, 4, H = 16, W = 16]}
blocks:
  unit:
    params: {kernel: int, stride: 1}
    nodes:
      conv: {op: conv2d, out_channels: 4, kernel_size: kernel, stride: stride, padding: same_upper}
      relu: relu
nodes:
  a: {op: unit, kernel: 3, stride: 2}
  b: {op: unit, kernel: 5, stride: 2}
  c: {op: unit, kernel: 3}
  d: {op: unit, kernel: 3, stride: 2}
"""


def test_instances_of_a_block_share_a_class(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, BLOCKS)
    text = archdsl.source(graph)
    assert "F.pad(x, (*same_upper(x.shape[3], self.kernel, 2), *same_upper(x.shape[2], self.kernel, 2)))" in text
    module = archdsl.build(graph)
    for size in ((16, 16), (17, 19), (13, 15)):
        x = y = torch.randn(2, 4, *size)
        for name in "abcd":
            y = reference(module.get_submodule(name).conv, y, "constant").relu()
        torch.testing.assert_close(module(x), y)


@pytest.mark.skipif(BEFORE_2_13, reason="torch 2.8 guards on a size that is rounded again")
def test_it_is_exported_with_open_sizes_and_traced(tmp_path: Path) -> None:
    module = archdsl.build(graph_of(tmp_path, BLOCKS)).eval()
    x, dim = torch.randn(2, 4, 32, 24), torch.export.Dim
    shapes = {"x": {0: dim("n"), 2: dim("h", min=20, max=64), 3: dim("w", min=20, max=64)}}
    exported = torch.export.export(module, (x,), dynamic_shapes=shapes).module()
    traced = torch.fx.symbolic_trace(module)
    y = torch.randn(3, 4, 21, 28)
    for form in (exported, traced):
        torch.testing.assert_close(form(y), module(y))


def test_known_sizes_are_numbers_in_the_source(tmp_path: Path) -> None:
    text = archdsl.source(graph_of(tmp_path, "inputs: {x: [N, 3, 224, 224]}\nnodes:\n  " + NETWORKS["alone"]))
    assert "self.conv(F.pad(x, (1, 2, 0, 1)))" in text
    assert "same_upper" not in text


def test_stride_1_is_torchs_same(tmp_path: Path) -> None:
    node = "conv: {op: conv2d, out_channels: 4, kernel_size: 3, padding: same_upper}"
    text = archdsl.source(graph_of(tmp_path, "inputs: {x: [N, 3, H = 8, W = 8]}\nnodes:\n  " + node))
    assert 'nn.Conv2d(3, 4, kernel_size=3, padding="same")' in text


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "message"),
    [
        ("max_pool2d", {"kernel_size": 2, "return_indices": True}, [(2, 3, 8, 8)],
         "max_pool2d with `padding: same_upper` tells no indices: they would be those of what is padded"),
        ("conv1d", {"stride": 2}, [(2, 3, 8), (4, 3, symbol("K"))],
         "conv1d must know its kernel when the model is built, but K is known only at run time"),
        ("conv1d", {"out_channels": 4, "kernel_size": 7, "stride": 2, "padding_mode": "reflect"}, [(2, 3, 3)],
         "conv1d cannot pad a size of 3 by 3 with `padding_mode: reflect`"),
    ],
)  # fmt: skip
def test_messages(name: str, fields: dict[str, Any], inputs: list[Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](padding="same_upper", **fields).infer(*map(TensorType, inputs))
    assert caught.value.message == message
