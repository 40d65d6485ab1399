"""`soft_capped_attention` against its formula, and against torch's attention where the cap is far away."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import archdsl
from tests.elaboration.support import graph_of

NETWORK = """\
use: [blocks/attention]
inputs: {q: [N, 4, T = 5, 8], k: [N, $heads, S = 6, 8], v: [N, $heads, S, 3]}
nodes:
  mask: {op: constant, shape: [T, S], index: [t, u], value: 0 if u <= t else -inf}
  plain: {op: soft_capped_attention, from: {query: q, key: k, value: v}, cap: 1.5}
  masked: {op: soft_capped_attention, from: {query: q, key: k, value: v, mask: mask}, cap: 1.5, scale: 0.7}
  far: {op: soft_capped_attention, from: {query: q, key: k, value: v, mask: mask}, cap: 1e9}
outputs: {plain: plain, masked: masked, far: far}
"""


def formula(q: Tensor, k: Tensor, v: Tensor, scale: float, mask: Tensor | None = None) -> Tensor:
    scores = 1.5 * torch.tanh(q @ k.mT * scale / 1.5)
    return (scores if mask is None else scores + mask).softmax(-1) @ v


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_soft_capped_attention(heads: int, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NETWORK.replace("$heads", str(heads)))
    module = archdsl.build(graph, dtype=torch.float64)
    q, k, v = (torch.randn(2, *shape, dtype=torch.float64) for shape in ((4, 7, 8), (heads, 6, 8), (heads, 6, 3)))
    made = module(q, k, v)
    mask = torch.full((7, 6), -inf, dtype=torch.float64).triu(1)
    many = [x.repeat_interleave(4 // heads, 1) for x in (k, v)]
    torch.testing.assert_close(made.plain, formula(q, *many, 8**-0.5))
    torch.testing.assert_close(made.masked, formula(q, *many, 0.7, mask))
    torch.testing.assert_close(made.far, F.scaled_dot_product_attention(q, *many, mask))
