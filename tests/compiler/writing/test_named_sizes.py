"""Sizes of a run that a spec calls by a name: said by that name, in blocks of several sizes as in one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn

import archdsl
from archdsl.ir.graph import Graph
from tests.compiler.tracing import fx_takes_arange

Network = Callable[[str], Graph]

PARTS = """
inputs: {{x: [N, 2, H = 10, W = 7]}}
blocks:
  part:
    inputs: {{x: [N, C, H, W]}}
    params: {{size: 3}}
    let: {{rows: {rows}, columns: {columns}, spare: rows * size - H}}
    nodes:
      pad: {{op: pad, pad: [0, columns * size - W, 0, spare]}}
      place: {{op: constant, shape: [rows, 1], index: [r, _], value: r / rows}}
      parts: {{op: rearrange, from: pad, pattern: n c (h p) (w q) -> n c h w (p q), p: size, q: size}}
      mean: {{op: mean, dim: -1}}
      out: = mean + place + (rows - 1) * columns
nodes:
  first: part
  halved: {{op: max_pool2d, kernel_size: 2, ceil_mode: true, from: x}}
  second: part
outputs: [first, second]
"""
ROUNDED = {
    "ceil": PARTS.format(rows="ceil(H / size)", columns="ceil(W / size)"),
    "whole": PARTS.format(rows="(H + size - 1) // size", columns="floor((W + size - 1) / size)"),
}


def part(x: Tensor) -> Tensor:
    """The block, by hand."""
    n, c, h, w = x.shape
    rows, columns = -(-h // 3), -(-w // 3)
    padded = torch.zeros(n, c, 3 * rows, 3 * columns, dtype=x.dtype)
    padded[:, :, :h, :w] = x
    mean = padded.unflatten(3, (columns, 3)).unflatten(2, (rows, 3)).mean((3, 5))
    return mean + torch.arange(rows).double()[:, None] / rows + (rows - 1) * columns


def expected(x: Tensor) -> tuple[Tensor, Tensor]:
    return part(x), part(nn.functional.max_pool2d(x, 2, ceil_mode=True))


@pytest.mark.parametrize("text", ROUNDED.values(), ids=ROUNDED)
@pytest.mark.parametrize("traced", [False, True])
def test_blocks_of_several_sizes_are_one_class(network: Network, text: str, traced: bool) -> None:
    if traced and not fx_takes_arange():
        pytest.skip("this torch's fx traces no `torch.arange` of a size")
    graph = network(text)
    source = archdsl.source(graph)
    assert source.count("class Part(") == 1 and source.count("Part()") == 2
    module: nn.Module = archdsl.build(graph, dtype=torch.float64)
    module = fx.symbolic_trace(module) if traced else module
    for height, width in ((10, 7), (9, 9), (4, 14), (23, 5)):
        x = torch.randn(2, 2, height, width, dtype=torch.float64)
        for found, wanted in zip(module(x), expected(x), strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


def test_what_is_read_again_has_the_name_of_the_spec(network: Network) -> None:
    source = archdsl.source(network(ROUNDED["ceil"]))
    forward = source[source.index("def forward") : source.index("class Net")]
    assert "        _, _, h, w = x.shape\n        columns = -(-w // 3)\n        rows = -(-h // 3)\n" in forward
    assert "F.pad(x, (0, columns * 3 - w, 0, rows * 3 - h))" in forward
    assert "spare" not in forward, "what is read once is written where it is read"
    assert forward.count("// 3") == 2


TAKEN = """
inputs: {x: [N, 4, T = 6]}
blocks:
  part:
    inputs: {x: [N, C, T]}
    let: {ends: ceil(T / 2)}
    nodes:
      first: {op: narrow, dim: 2, start: 0, length: ends}
      ends: {op: max_pool1d, kernel_size: 2, stride: 2, ceil_mode: true, from: x}
      other: {op: narrow, dim: 2, start: T - ends, length: ends, from: x}
      out: = first * ends + other
nodes: {part: part}
"""


def test_a_node_of_the_name_keeps_it(network: Network) -> None:
    module = archdsl.build(network(TAKEN))
    for length in (6, 9, 1):
        x = torch.randn(2, 4, length)
        half = -(-length // 2)
        pooled = nn.functional.max_pool1d(x, 2, ceil_mode=True)
        torch.testing.assert_close(module(x), x[:, :, :half] * pooled + x[:, :, length - half :])


LAYERS = """
inputs: {x: [N, 8, T = 6], y: [N, 8, T]}
blocks:
  turn:
    inputs: {x: [N, C, T], y: [N, C, T]}
    nodes: {conv: {op: conv1d, out_channels: C, kernel_size: 1}, out: = conv + y}
  part:
    inputs: {x: [N, C, T], y: [N, C, T]}
    let: {layer: ceil(T / 2)}
    nodes:
      layers: [{for i in range(3): {op: turn, from: {y: y}}}]
      first: {op: narrow, dim: 2, start: 0, length: layer}
      last: {op: narrow, from: layers, dim: 2, start: T - layer, length: layer}
      out: = first + last
nodes: {part: {op: part, from: [x, y]}}
"""


def test_a_loop_keeps_its_variable(network: Network) -> None:
    graph = network(LAYERS)
    source = archdsl.source(graph)
    assert "        layer2 = -(-t // 2)\n        for layer in self.layers:\n" in source
    module = archdsl.build(graph, seed=0)
    x, y = torch.randn(2, 2, 8, 9)
    expected = x
    for layer in module.get_submodule("part.layers").children():
        expected = layer(expected, y)
    torch.testing.assert_close(module(x, y), expected[:, :, :5] + expected[:, :, 4:])
