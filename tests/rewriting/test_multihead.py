"""torch's layer of attention is one op, with the layer's keys, wherever it is read as the op reads."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl_torch import spec_of


class Around(nn.Module):
    """The layer between others, over itself or over a memory."""

    def __init__(self, weights: bool = False, mask: bool = False, **options: Any) -> None:
        super().__init__()
        self.before = nn.Linear(16, 16)
        self.attention = nn.MultiheadAttention(16, 4, **{"batch_first": True, **options})
        self.after = nn.Linear(16, 3)
        self.weights = weights
        self.mask: Tensor | None
        self.register_buffer("mask", torch.randn(5, 5) if mask else None)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        x = self.before(x)
        memory = x if memory is None else memory
        return self.after(self.attention(x, memory, memory, attn_mask=self.mask, need_weights=self.weights)[0])


def imported(module: nn.Module, *inputs: Tensor) -> archdsl.Graph:
    """The module's graph, of which what is built equals the module."""
    graph = archdsl.from_module(module.eval(), *inputs, name="net")
    built = archdsl.build(graph, init=False).double().eval()
    assert [*built.state_dict()] == [*module.state_dict()]
    built.load_state_dict(module.state_dict())
    given = [each.double() for each in inputs]
    torch.testing.assert_close(built(*given), module.double()(*given), rtol=1e-9, atol=1e-9)
    return graph


def ops(graph: archdsl.Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"weights": True}, {"dropout": 0.1}], ids=str)
def test_the_layer_is_one_op(options: dict[str, Any]) -> None:
    graph = imported(Around(**options), torch.randn(2, 5, 16))
    assert ops(graph) == ["linear", "multihead_attention", "linear"]
    assert graph.nodes[1].path == "attention"


def test_a_memory_and_a_mask_are_read_by_it() -> None:
    graph = imported(Around(), torch.randn(2, 5, 16), torch.randn(2, 7, 16))
    assert ops(graph) == ["linear", "multihead_attention", "linear"]
    graph = imported(Around(mask=True), torch.randn(2, 5, 16))
    assert sorted(ops(graph)) == ["constant", "linear", "linear", "multihead_attention"]


def test_places_before_samples_are_turned_around_it() -> None:
    graph = imported(Around(batch_first=False), torch.randn(5, 2, 16))
    assert ops(graph) == ["linear", "transpose", "multihead_attention", "transpose", "linear"]


class Other(nn.Module):
    """What has the layer's keys and does something else."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.attention = kind, nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        own = self.attention
        if self.kind == "weights":
            found, weights = own(x, x, x)
            return found + weights.sum(-1, keepdim=True)
        if self.kind == "read":
            return own(x, x, x, need_weights=False)[0] @ own.out_proj.weight
        return own(x, x, x, need_weights=False)[0] + own(x * 2, x, x, need_weights=False)[0]


@pytest.mark.parametrize("kind", ["weights", "read", "twice"])
def test_what_is_read_beside_it_keeps_the_layer_written_out(kind: str) -> None:
    assert "multihead_attention" not in ops(imported(Other(kind), torch.randn(2, 5, 16)))


class Mixed(nn.Module):
    """The layer's tensors, put together in other ways."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.attention = Inside(way)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x)


class Inside(nn.Module):
    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.in_proj_weight = nn.Parameter(torch.randn(48, 16))
        self.in_proj_bias = nn.Parameter(torch.randn(48))
        self.out_proj = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        if self.way == "as it is":
            q, k, v = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias).unflatten(-1, (3, 16)).unbind(2)
        if self.way == "swapped":
            q, k, v = (
                nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias).unflatten(-1, (3, 16)).unbind(2)[::-1]
            )
        q, k, v = (each.unflatten(-1, (4, 4)).transpose(1, 2) for each in (q, k, v))
        if self.way == "heads last":
            q, k, v = (
                each.transpose(1, 2).transpose(2, 3).flatten(2).unflatten(2, (4, 4)).transpose(1, 2)
                for each in (q, k, v)
            )
        found = nn.functional.scaled_dot_product_attention(q, k, v, scale=0.3 if self.way == "scaled" else None)
        return self.out_proj(found.transpose(1, 2).flatten(2))


@pytest.mark.parametrize(
    ("way", "is_layer"), [("as it is", True), ("swapped", False), ("scaled", False), ("heads last", False)]
)
def test_structure_decides_not_names(way: str, is_layer: bool) -> None:
    graph = imported(Mixed(way), torch.randn(2, 5, 16))
    assert ("multihead_attention" in ops(graph)) == is_layer


def test_a_transformers_encoder_has_the_op_in_each_layer() -> None:
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    graph = imported(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), torch.randn(2, 5, 16))
    assert ops(graph).count("multihead_attention") == 2


def test_the_trace_itself_has_the_calls() -> None:
    text = spec_of(Around().eval(), [torch.randn(2, 5, 16)], "net")
    assert "multihead_attention" not in text
