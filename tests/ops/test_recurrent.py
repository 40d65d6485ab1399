"""`rnn`, `lstm` and `gru` against torch's layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from torch import nn

import archdsl
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering.base import lower
from tests.elaboration.support import graph_of
from tests.ops.harness import Case, call_module, check, construct
from tests.ops.strategies import off_by_one, some_of

SIZE = st.integers(1, 4)


@st.composite
def layers(draw: DrawFn, name: str) -> Case:
    shared = {
        "num_layers": st.integers(1, 3),
        "bias": st.booleans(),
        "batch_first": st.booleans(),
        "bidirectional": st.booleans(),
    }
    own = {
        "rnn": {"nonlinearity": st.sampled_from(["tanh", "relu"])},
        "lstm": {"proj_size": st.integers(0, 3)},
        "gru": {},
    }[name]
    fields = draw(some_of({**shared, **own}))
    if fields.get("num_layers", 1) > 1:
        fields |= draw(some_of({"dropout": st.sampled_from([0.0, 0.5])}))
    hidden = draw(st.integers(2, 4))
    op = OPS[name](hidden_size=hidden, **fields)
    shape = tuple(draw(SIZE) for _ in range(draw(off_by_one(3))))
    # a single sequence without a batch is what torch takes and the op does not
    x = TensorType(shape if len(shape) != 2 else (*shape, 2, 2))
    batch = x.shape[0 if op.batch_first else 1] if x.rank > 1 else 1
    count = op.num_layers * (2 if op.bidirectional else 1)
    sizes = [getattr(op, "proj_size", 0) or hidden, hidden][: 2 if name == "lstm" else 1]
    wrong = draw(st.sampled_from([0] * 8 + [1]))
    given = [TensorType((count, batch + wrong, size)) for size in sizes]
    state = given if draw(st.booleans()) else [None] * len(sizes)
    return Case(op, (x, *state), training=draw(st.booleans()))


@st.composite
def cells(draw: DrawFn, name: str) -> Case:
    fields = draw(some_of({"bias": st.booleans()}))
    if name == "rnn_cell":
        fields |= draw(some_of({"nonlinearity": st.sampled_from(["tanh", "relu"])}))
    hidden, rank = draw(st.integers(1, 4)), draw(off_by_one(2))
    x = TensorType(tuple(draw(SIZE) for _ in range(rank)))
    wrong = draw(st.sampled_from([0] * 8 + [1]))
    given = [TensorType((*x.shape[:-1], hidden + wrong))] * (2 if name == "lstm_cell" else 1)
    state = given if draw(st.booleans()) else [None] * len(given)
    # a single vector without a batch is what torch takes and the op does not
    return Case(OPS[name](hidden_size=hidden, **fields), (x, *state), stricter=rank == 1)


LAYERS = ("rnn", "lstm", "gru")
STRATEGIES = {name: layers(name) for name in LAYERS} | {f"{name}_cell": cells(f"{name}_cell") for name in LAYERS}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


@pytest.mark.parametrize("name", LAYERS)
def test_starts_from_the_state_that_is_fed(name: str) -> None:
    op = OPS[name](hidden_size=3, batch_first=True)
    x, state = torch.randn(2, 5, 4), [torch.randn(1, 2, 3) for _ in range(2 if name == "lstm" else 1)]
    types = [TensorType(tuple(t.shape)) for t in (x, *state)]
    lowered = lower(op, *types)
    module = construct(lowered, "cpu")
    found = call_module(module, lowered.call, (x, *state))
    half = call_module(module, lowered.call, (x[:, :2], *state))
    rest = call_module(module, lowered.call, (x[:, 2:], *(half[1] if name == "lstm" else half[1:])))
    torch.testing.assert_close(torch.cat([half[0], rest[0]], 1), found[0])
    assert not torch.allclose(found[0], module(x)[0])


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "message"),
    [
        ("lstm", {}, [(2, 3)], "lstm takes a batch (T, N, features) of rank 3, not 2×3 of rank 2"),
        ("gru", {"batch_first": True}, [(2, 3)], "gru takes a batch (N, T, features) of rank 3, not 2×3 of rank 2"),
        ("lstm", {}, [(5, 2, 3), (1, 2, 4)], "lstm is fed `h_0` but no `c_0`: feed both or neither"),
        ("lstm_cell", {}, [(2, 3), (2, 4)], "lstm_cell is fed `h_0` but no `c_0`: feed both or neither"),
        ("gru_cell", {}, [(2, 3), (2, 5)], "gru_cell's `h_0` must be 2×4, not 2×5"),
        ("rnn_cell", {}, [(5, 2, 3)], "rnn_cell takes a batch (N, features) of rank 2, not 5×2×3 of rank 3"),
        ("lstm", {"proj_size": 4}, [(5, 2, 3)], "`proj_size` is 4, and must be less than `hidden_size`, 4"),
        ("rnn", {"bidirectional": True}, [(5, 2, 3), (1, 2, 4)], "rnn's `h_0` must be 2×2×4, not 1×2×4"),
        ("rnn", {}, [(5, 2, symbol("F"))],
         "rnn must know its input features when the model is built, but F is known only at run time"),
    ],
)  # fmt: skip
def test_messages(name: str, fields: dict[str, Any], inputs: list[tuple[Any, ...]], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](hidden_size=4, **fields).infer(*map(TensorType, inputs))
    assert caught.value.message == message


CELLS = {
    "lstm_cell": """\
inputs: {x: [N, T = 5, 4]}
blocks:
  step:
    inputs: {x: [N, C], h: [N, D], c: [N, D]}
    nodes: {cell: {op: lstm_cell, from: {input: x, h_0: h, c_0: c}, hidden_size: D}}
    outputs: {h: cell.h_1, c: cell.c_1}
nodes:
  zeros: {op: constant, shape: [N, 3], value: 0}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros, c: zeros}, collect: {all: h}}
outputs: loop.all
""",
    "gru_cell": """\
inputs: {x: [N, T = 5, 4]}
blocks:
  step:
    inputs: {x: [N, C], h: [N, D]}
    nodes: {cell: {op: gru_cell, from: {input: x, h_0: h}, hidden_size: D}}
    outputs: {h: cell}
nodes:
  zeros: {op: constant, shape: [N, 3], value: 0}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {all: h}}
outputs: loop.all
""",
}


@pytest.mark.parametrize("name", CELLS)
def test_a_loop_over_a_cell_is_the_layer(name: str, tmp_path: Path) -> None:
    module, layer = (
        archdsl.build(graph_of(tmp_path, CELLS[name])),
        getattr(nn, name[:-5].upper())(4, 3, batch_first=True),
    )
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    assert [*module.state_dict()] == [f"loop.cell.{each}" for each in names]
    module.load_state_dict({f"loop.cell.{each}": getattr(layer, f"{each}_l0") for each in names})
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(module(x), layer(x)[0])
