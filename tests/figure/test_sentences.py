"""What cards say of a block's layers: none is left out, and ways side by side are told so."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.figure.figure import Style
from archdsl.ir.graph import Graph, Value
from tests.figure.building import Builder, conv
from tests.figure.seeing import plain, view


def line(graph: Graph) -> str:
    """What the first card that has one says of its layers."""
    return next(plain(box.lines[0]) for box in view(graph).boxes() if box.style is Style.CARD and box.lines)


def block(ways: list[list[int]], dilations: list[int]) -> Graph:
    """Convolutions of these kernel sizes one after another, each list of them beside the others, and all joined."""
    b = Builder()
    x = b.input(8, 16, 16)
    b.scope("block", "block")
    ends: list[Value] = []
    for i, (way, dilation) in enumerate(zip(ways, dilations, strict=True)):
        y = x
        for k, kernel in enumerate(way):
            y = b.add(f"block.way{i}_{k}", "conv2d", y, out_channels=8, kernel_size=kernel,
                      padding=dilation * (kernel // 2), dilation=dilation)  # fmt: skip
        ends.append(y)
    joined = b.add("block.cat", "cat", *ends, dim=1) if len(ends) > 1 else ends[0]
    return b.graph(conv(b, "head", conv(b, "next", joined, 4), 4))


@pytest.mark.parametrize(("ways", "dilations", "text"), [
    ([[1, 3, 1]], [1], "Conv 1×1, 8 → 3×3, 8 → 1×1, 8"),
    ([[1, 3], [1]], [1, 1], "Conv 1×1, 8 → 3×3, 8 + Conv 1×1, 8"),
    ([[1], [3], [3]], [1, 6, 12],
     "(Conv 1×1, 8 + Conv 3×3, 8, dilation 6 + Conv 3×3, 8, dilation 12) → Concat 24"),
    ([[1]] * 24, [1] * 24, "(24 × Conv 1×1, 8) → Concat 192"),
    ([[1, 3], [1, 3], [3, 5], [5, 3], [7, 1]], [1] * 5, "10 Conv"),
])  # fmt: skip
def test_ways_side_by_side_are_all_told(ways: list[list[int]], dilations: list[int], text: str) -> None:
    assert line(block(ways, dilations)) == text


def attention(heads: int, shared: int) -> Graph:
    b = Builder()
    x = b.input(16, 64)
    b.scope("attn", "attention")
    parts = {}
    for name, own in (("q", heads), ("k", shared), ("v", shared)):
        y = b.add(f"attn.{name}", "linear", x, out_features=8 * own)
        parts[name] = b.add(f"attn.{name}_heads", "rearrange", y, pattern="n t (h d) -> n h t d", h=own)
    y = b.add("attn.attention", "scaled_dot_product_attention", parts["q"], parts["k"], parts["v"],
              is_causal=True, enable_gqa=heads != shared)  # fmt: skip
    y = b.add("attn.merged", "rearrange", y, pattern="n h t d -> n t (h d)")
    return b.graph(b.add("head", "linear", b.add("attn.out", "linear", y, out_features=64), out_features=3))


def test_an_attention_tells_its_projections_and_its_shared_heads() -> None:
    assert line(attention(8, 8)) == "(3 × Linear 64 → 64) → Attention, 8 heads, causal · Linear 64 → 64"
    shared = "(Linear 64 → 64 + 2 × Linear 64 → 16) → Attention, 8 heads, 2 key/value heads, causal · Linear 64 → 64"
    assert line(attention(8, 2)) == shared


@pytest.mark.parametrize("fused", [True, False])
def test_a_gate_is_told(fused: bool) -> None:
    b = Builder()
    x = b.input(16, 64)
    b.scope("mlp", "mlp")
    if fused:
        both = b.add("mlp.both", "linear", x, out_features=256)
        gate = b.add("mlp.gate", "narrow", both, dim=-1, start=0, length=128)
        up = b.add("mlp.up", "narrow", both, dim=-1, start=128, length=128)
    else:
        gate, up = (b.add(f"mlp.{name}", "linear", x, out_features=128) for name in ("gate", "up"))
    y = b.plus("mlp.product", b.add("mlp.act", "silu", gate), up, sign="*")
    y = b.add("mlp.down", "linear", y, out_features=64)
    assert line(b.graph(b.add("norm", "layer_norm", y))) == "Linear 64 → 2 × 128 → 64, gated"


def test_a_mixture_tells_how_many_experts_it_has_and_a_token_uses() -> None:
    graph = archdsl.graph("mixtral_8x7b")
    assert "Mixture of experts, top 2 of 8" in line(graph)
    inner = plain(" ".join(text for box in view(graph, depth=2).boxes() for text in box.lines))
    assert "8 × Linear 4096 → 28672 · 8 × Linear 14336 → 4096" in inner


def test_what_crosses_is_counted() -> None:
    b = Builder()
    x = b.input(8, 16, 16)
    b.scope("block", "block")
    a, c = (b.add(f"block.{name}", "conv2d", x, out_channels=8, kernel_size=1) for name in "ac")
    crossed = b.add("block.d", "conv2d", a, out_channels=8, kernel_size=1)
    other = b.add("block.e", "conv2d", b.plus("block.both", a, c), out_channels=8, kernel_size=3, padding=1)
    end = b.add("block.cat", "cat", crossed, other, dim=1)
    assert line(b.graph(conv(b, "head", conv(b, "next", end, 4), 4))) == "4 Conv"


def test_a_pool_before_a_layer_is_told() -> None:
    said = " ".join(
        plain(text) for box in view(archdsl.graph("deeplabv3_resnet50"), depth=2).boxes() for text in box.lines
    )
    assert "+ Global average pool → Conv 1×1, 256) → Concat 1280 → Conv 1×1, 256" in said
