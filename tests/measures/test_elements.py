"""Elements that are computed one by one are those that torch computes."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.ir.graph import Value
from archdsl.measures.elements import FormulasAtSizes, Sought, UnknownElementError, element
from archdsl.measures.memory import Sizes
from archdsl.ops.base import Number
from archdsl.shapes import evaluate

TABLE = "c: {op: constant, shape: [2, 3, 4], index: [i, j, k], value: 12 * i + 4 * j + k}"
STEPS = [
    "{op: permute, dims: [2, 0, 1]}", "{op: transpose, dim0: 0, dim1: 2}", "{op: unsqueeze, dim: 1}",
    "{op: reshape, shape: [4, 6]}", "{op: flatten, start_dim: 1}", "{op: unflatten, dim: 2, unflattened_size: [2, 2]}",
    "{op: rearrange, pattern: a b c -> c (b a)}", "{op: rearrange, pattern: a (b d) c -> d a c b, d: 3}",
    "{op: expand, size: [5, 2, 3, 4]}", "{op: cast, dtype: int64}", "{op: cast, dtype: bool}", "tril",
    "{op: triu, diagonal: 1}", "{op: narrow, dim: -1, start: 1, length: 2}",
    "{op: narrow, dim: 1, start: -2, length: 2}",
    "{op: slice, dim: 2, start: 1, step: 2}", "{op: slice, dim: -2, start: -2, end: -1}",
    "{op: pad, pad: [1, 0, -1, 2, 0, 1]}", "{op: pad, pad: [2, -1], value: -7.5}",
    "= 2 * c - sin(c)", "= -inf if c > 7 else c",
]  # fmt: skip


def spec(out: str) -> str:
    return f"archdsl: 1\nname: net\ninputs: {{x: [N, 1]}}\nnodes:\n  {TABLE}\n  y: {out}\noutputs: {{x: x, y: y}}\n"


@pytest.mark.parametrize("step", STEPS)
def test_each_element_is_what_torch_computes(tmp_path: Path, step: str) -> None:
    file = tmp_path / "net.yaml"
    plain = "{op: " + step + "}" if step.isalpha() else step
    out = f'"{step}"' if step.startswith("=") else plain.replace("}", ", from: c}")
    file.write_text(spec(out))
    graph = archdsl.graph(file)
    expected = archdsl.build(file)(torch.zeros(1, 1)).y
    value = graph.outputs["y"]
    for place in product(*map(range, expected.shape)):
        assert computed(value, place) == pytest.approx(expected[place].item())


def computed(value: Value, place: Sizes) -> Number:
    given = [each for each in value.node.inputs if each is not None]
    shape, *shapes = (tuple(evaluate(dim, {}) for dim in each.type.shape) for each in (value, *given))
    return element(
        value.node.op, Sought(place, shape, shapes, lambda i, at: computed(given[i], at), FormulasAtSizes({}))
    )


def test_what_no_rule_says_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(spec("{op: softmax, dim: 0, from: c}"))
    with pytest.raises(UnknownElementError):
        computed(archdsl.graph(file).outputs["y"], (0, 0, 0))
