"""Tensors of numbers and their dtypes: constants, casts, and tables with a row of zeros."""

from __future__ import annotations

from collections.abc import Callable

import torch

import archdsl
from archdsl.ir.graph import Graph

Network = Callable[[str], Graph]

TOKENS = "inputs: {tokens: {shape: [N, T = 5], dtype: int64, below: 7}}\nnodes:\n"


def test_a_cast_to_float32_is_to_the_models_dtype(network: Network) -> None:
    text = """
inputs: {x: [N, T = 5, 8]}
nodes:
  wide: {op: constant, dtype: float64, shape: [T, 1], index: [t, _], value: t / 3}
  narrow: {op: cast, from: wide, dtype: float32}
  out: = x * narrow
"""
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        model = archdsl.build(network(text), dtype=dtype)
        assert model(torch.ones(2, 5, 8, dtype=dtype)).dtype == dtype
    expected = torch.arange(5, dtype=torch.float64)[:, None] / 3
    model = archdsl.build(network(text), dtype=torch.float64)
    assert torch.equal(model(torch.ones(1, 5, 8, dtype=torch.float64))[0, :, :1], expected)


def test_run_time_constants_are_no_larger_or_longer_than_need_be(network: Network) -> None:
    text = archdsl.source(
        network(
            TOKENS
            + """
  place: {op: constant, dtype: int64, shape: [T], index: [t], value: t}
  a: {op: embedding, from: place, num_embeddings: 9, embedding_dim: 4}
  b: {op: embedding, from: tokens, num_embeddings: 7, embedding_dim: 4}
  column: {op: constant, shape: [T, 1], index: [t, _], value: t}
  square: {op: constant, shape: [T, 4], index: [t, _], value: t}
  out: = a + b + column + square
"""
        )
    )
    assert "torch.arange(t, dtype=torch.int64, device=tokens.device)" in text
    assert ".to(torch.int64)" not in text
    assert text.count(".expand(") == 1


def test_the_row_of_padding_starts_at_zero(network: Network) -> None:
    text = (
        TOKENS
        + """
  a: {op: embedding, from: tokens, num_embeddings: 7, embedding_dim: 4, padding_idx: 2}
  b: {op: embedding, from: tokens, num_embeddings: 7, embedding_dim: 4}
  c: {op: embedding, from: tokens, num_embeddings: 7, embedding_dim: 4, padding_idx: 0, init: {weight: ones}}
  out: = a + b + c
init:
  embedding: {weight: normal(std=0.02)}
"""
    )
    model = archdsl.build(network(text), seed=0)
    rows = {name: model.get_parameter(f"{name}.weight").abs().sum(dim=1) for name in "abc"}
    assert [name for name in "abc" if (rows[name] == 0).any()] == ["a", "c"]
    assert rows["a"][2] == 0 and rows["c"][0] == 0
    assert rows["c"][1] == 4
