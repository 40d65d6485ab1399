from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from torch import nn

import archdsl
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering.base import lower
from tests.elaboration.support import graph_of
from tests.ops.harness import Case, check, run_code
from tests.ops.strategies import off_by_one, shapes, sizes, some_of
from tests.thorough import examples


@st.composite
def unpools(draw: DrawFn, name: str, spatial: int) -> Case:
    fields = draw(some_of({"stride": sizes(spatial, 1, 3), "padding": sizes(spatial, 0, 1)}))
    op = OPS[name](kernel_size=draw(sizes(spatial, 1, 3)), **fields)
    shape = draw(shapes(draw(off_by_one(spatial + 2)), 3))
    if len(shape) == spatial + 2 and draw(st.booleans()):
        slips = st.tuples(*[st.sampled_from([0, 0, 1, -1, 2])] * spatial)
        usual = op.sizes(shape[2:])  # type: ignore[attr-defined]
        output = [max(size + slip, 1) for size, slip in zip(usual, draw(slips), strict=True)]
        op = OPS[name](kernel_size=op.kernel_size, output_size=output, **fields)  # type: ignore[attr-defined]
    wrong = draw(st.sampled_from([0] * 8 + [1]))
    dtype = draw(st.sampled_from(["int64"] * 8 + ["int32"]))
    indices = TensorType((*shape[:-1], shape[-1] + wrong), dtype)
    # it is the first places that are put back: an output of one place has no other
    return Case(op, (TensorType(shape), indices), below=1, stricter=len(shape) != spatial + 2)


STRATEGIES = {f"max_unpool{spatial}d": unpools(f"max_unpool{spatial}d", spatial) for spatial in (1, 2, 3)}


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=examples(50))
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def test_symbolic_sizes() -> None:
    height, width = symbol("H"), symbol("W")
    x = TensorType((symbol("N"), 64, height // 2, width // 2))
    indices = TensorType(x.shape, "int64")
    assert str(OPS["max_unpool2d"](kernel_size=2).infer(x, indices)) == "N×64×(2 * (H // 2))×(2 * (W // 2))"
    whole = OPS["max_unpool2d"](kernel_size=2, output_size=[height, width])
    assert str(whole.infer(x, indices)) == "N×64×H×W"


@pytest.mark.parametrize(
    ("fields", "indices", "message"),
    [
        ({}, TensorType((2, 3, 8, 8)), "`indices` must be int64, not float32"),
        ({}, TensorType((2, 3, 8, 7), "int64"), "max_unpool2d's `indices` must be 2×3×8×8, not 2×3×8×7"),
        (
            {"output_size": [18, 16]},
            TensorType((2, 3, 8, 8), "int64"),
            "max_unpool2d cannot make 18 of a size for which 16 is usual: less than its stride of 2 may lie between",
        ),
        ({"padding": 1, "kernel_size": 1, "stride": [9, 1]}, TensorType((2, 3, 1, 1), "int64"),
         "max_unpool2d makes -1×-1 of 1×1: a size below 1"),
    ],
)  # fmt: skip
def test_messages_of_unpooling(fields: dict[str, Any], indices: TensorType, message: str) -> None:
    x = TensorType((2, 3, 1, 1) if indices.shape[-1] == 1 else (2, 3, 8, 8))
    with pytest.raises(OpError) as caught:
        OPS["max_unpool2d"](**{"kernel_size": 2} | fields).infer(x, indices)
    assert caught.value.message == message


def test_maxima_are_put_back_where_they_stood() -> None:
    pool, unpool = OPS["max_pool2d"](kernel_size=2, return_indices=True), OPS["max_unpool2d"](kernel_size=2)
    x = torch.tensor([[[[1.0, 4.0], [3.0, 2.0]]]])
    (values, indices) = run_code(lower(pool, TensorType((1, 1, 2, 2))).function, (x,))
    small = TensorType((1, 1, 1, 1))
    back = run_code(lower(unpool, small, TensorType(small.shape, "int64")).function, (values, indices))
    assert back.tolist() == [[[[0.0, 4.0], [0.0, 0.0]]]]


NETWORK = """\
inputs: {x: [N, 3, H = 9, W = 7]}
nodes:
  pool: {op: max_pool2d, kernel_size: 3, stride: 2, return_indices: true}
  conv: {op: conv2d, from: pool.output, out_channels: 3, kernel_size: 1}
  back: {op: max_unpool2d, from: {input: conv, indices: pool.indices}, kernel_size: 3, stride: 2,
         output_size: "x.shape[2:]"}
"""


@pytest.mark.parametrize("size", [(9, 7), (10, 9), (8, 8)])
def test_a_network_of_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NETWORK)
    module, x = archdsl.build(graph), torch.randn(2, 3, *size)
    pool, unpool = nn.MaxPool2d(3, 2, return_indices=True), nn.MaxUnpool2d(3, 2)
    values, indices = pool(x)
    assert torch.equal(module(x), unpool(module.conv(values), indices, output_size=size))
    assert [*module.state_dict()] == ["conv.weight", "conv.bias"]


def test_a_place_sees_the_windows_that_it_was_in(tmp_path: Path) -> None:
    (line,) = (line for line in str(archdsl.summary(graph_of(tmp_path, NETWORK))).splitlines() if "back" in line)
    assert line.rstrip().endswith("5×5")
