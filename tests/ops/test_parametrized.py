"""Layers whose weight is computed, against torch's own parametrisations of torch's own layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from pydantic import ValidationError
from torch.nn.utils import parametrizations

from archdsl.ops import OPS
from archdsl.ops.apply import apply
from archdsl.ops.base import Op, OpError
from archdsl.ops.parametrized import parametrization_of, parametrized, parse, unparametrized
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import lower
from tests.ops.harness import construct, dtype_of, outputs
from tests.oracle.layers import compute
from tests.thorough import examples

X2 = TensorType((2, 4))
LAYERS: dict[str, tuple[dict[str, Any], tuple[TensorType, ...]]] = {
    "linear": ({"out_features": 3}, (X2,)),
    "bilinear": ({"out_features": 3}, (X2, TensorType((2, 5)))),
    "conv1d": ({"out_channels": 6, "kernel_size": 3, "groups": 2}, (TensorType((2, 4, 7)),)),
    "conv2d": ({"out_channels": 3, "kernel_size": (2, 3)}, (TensorType((2, 4, 7, 6)),)),
    "conv3d": ({"out_channels": 3, "kernel_size": 2}, (TensorType((2, 4, 3, 4, 5)),)),
    "conv_transpose1d": ({"out_channels": 3, "kernel_size": 3}, (TensorType((2, 4, 7)),)),
    "conv_transpose2d": ({"out_channels": 3, "kernel_size": 2}, (TensorType((2, 4, 5, 6)),)),
    "conv_transpose3d": ({"out_channels": 3, "kernel_size": 2}, (TensorType((2, 4, 3, 4, 5)),)),
    "embedding": ({"num_embeddings": 5, "embedding_dim": 3}, (TensorType((2, 4), "int64"),)),
    "embedding_bag": ({"num_embeddings": 5, "embedding_dim": 3}, (TensorType((2, 4), "int64"),)),
    "rnn_cell": ({"hidden_size": 3}, (X2,)),
    "lstm_cell": ({"hidden_size": 3}, (X2,)),
    "gru_cell": ({"hidden_size": 3}, (X2,)),
}


@st.composite
def layers(draw: DrawFn) -> tuple[Op, tuple[TensorType, ...]]:
    name = draw(st.sampled_from(sorted(LAYERS)))
    fields, inputs = LAYERS[name]
    tensor = draw(st.sampled_from(["weight_ih", "weight_hh"])) if name.endswith("_cell") else "weight"
    rank = len(OPS[name](**fields).tensors(*inputs)[tensor].shape)
    arguments = [] if tensor == "weight" else [f"name={tensor}"]
    dim = draw(st.sampled_from(["", "null", *map(str, range(rank))]))
    arguments += [f"dim={dim}"] if dim else []
    function = draw(st.sampled_from(["weight_norm", "spectral_norm"]))
    if function == "spectral_norm":
        arguments += draw(st.sampled_from([[], ["n_power_iterations=3"], ["eps=1e-6"]]))
    text = f"{function}({', '.join(arguments)})" if arguments else function
    return OPS[name](**fields, parametrization=text), inputs


@settings(max_examples=examples(60))
@given(case=layers(), training=st.booleans())
def test_against_torch(case: tuple[Op, tuple[TensorType, ...]], training: bool) -> None:
    op, inputs = case
    found = parametrization_of(op)
    assert found is not None
    torch.manual_seed(0)
    module = construct(lower(op, *inputs), "cpu")
    module = getattr(parametrizations, found.function)(module, **found.given()).train(training)
    owned = apply(op, inputs).tensors
    state = module.state_dict()
    assert [(name, tuple(x.shape), dtype_of(x)) for name, x in state.items()] == [
        (name, weight.shape, weight.dtype) for name, weight in owned.items()
    ]
    assert {name for name, _ in module.named_buffers()} == {name for name, weight in owned.items() if weight.buffer}
    before = {name: x.clone() for name, x in module.double().state_dict().items()}
    shapes = [(x.dtype, [size for size in x.shape if isinstance(size, int)]) for x in inputs]
    given = [torch.randint(0, 5, s) if dtype == "int64" else torch.randn(s).double() for dtype, s in shapes]
    made = outputs(module(*given))
    for left, right in zip(made, outputs(compute(op, given, before, training)), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-9)
    for name, x in module.named_buffers():
        torch.testing.assert_close(x, before[name], rtol=1e-9, atol=1e-9)
    plain = OPS[op.name](**{name: getattr(op, name) for name in op.model_fields_set - {"parametrization"}})
    assert {**unparametrized(owned)} == {**plain.tensors(*inputs)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weight_nrom", "expected weight_norm or spectral_norm, such as `weight_norm(dim=1)`, found `weight_nrom`"),
        (
            "weight_norm(dim=1",
            "expected weight_norm or spectral_norm, such as `weight_norm(dim=1)`, found `weight_norm",
        ),
        ("weight_norm(eps=1)", "weight_norm takes `name=…`, `dim=…`, found `eps=1`"),
        ("weight_norm(1)", "weight_norm takes `name=…`, `dim=…`, found `1`"),
        ("weight_norm(dim=-1)", "`dim` is a dimension, counted from the front, or null, found `-1`"),
        ("weight_norm(dim=1, dim=1)", "weight_norm has `dim` twice"),
        ("spectral_norm(n_power_iterations=0)", "`n_power_iterations` is a whole number from 1 to 1,000, found `0`"),
        ("spectral_norm(eps=2)", "`eps` is a number between 0 and 1, found `2`"),
        ("spectral_norm(eps=_)", "`eps` is a number between 0 and 1, found `_`"),
        ("w" * 3000, "expected at most 2,000 characters, found 3,000"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OPS["linear"](out_features=3, parametrization=text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "message"),
    [
        ("linear", {"parametrization": "weight_norm"}, (X2, TensorType((3, 4))),
         "linear owns no `weight` to compute with weight_norm: it is fed what it computes with"),
        ("linear", {"out_features": 3, "parametrization": "weight_norm(name=wight)"}, (X2,),
         "linear owns no `wight` to compute with weight_norm: it has `weight`, `bias`"),
        ("linear", {"out_features": 3, "parametrization": "spectral_norm(name=bias)"}, (X2,),
         "spectral_norm is for matrices, and the `bias` of linear has rank 1"),
        ("linear", {"out_features": 3, "parametrization": "weight_norm(dim=2)"}, (X2,),
         "weight_norm has `dim=2`, and the `weight` of linear has 2 dimensions"),
    ],
)  # fmt: skip
def test_what_a_layer_refuses(name: str, fields: Any, inputs: Any, message: str) -> None:
    with pytest.raises(OpError) as caught:
        apply(OPS[name](**fields), inputs)
    assert caught.value.message == message and caught.value.fault.place.field == "parametrization"


def test_layers_without_one_own_what_they_say() -> None:
    op = OPS["linear"](out_features=3)
    tensors = op.tensors(X2)
    assert parametrized(op, tensors) is tensors and unparametrized(tensors) is tensors
    assert parse("spectral_norm( dim = 1 )").given() == {"dim": 1}
