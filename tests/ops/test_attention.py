from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering.base import lower
from tests.ops.harness import NAMESPACE, Case, call_module, check, construct
from tests.ops.strategies import some_of

SIZE = st.integers(1, 4)


@st.composite
def dot_products(draw: DrawFn) -> Case:
    lead = draw(st.lists(SIZE, max_size=2).map(tuple))
    queries, keys, features = draw(SIZE), draw(SIZE), draw(SIZE)
    other = draw(st.sampled_from([features] * 8 + [features + 1]))
    gqa = draw(st.booleans()) and bool(lead)
    heads = (*lead[:-1], lead[-1] * draw(st.integers(1, 3))) if gqa else lead
    query = TensorType((*heads, queries, features))
    key, value = TensorType((*lead, keys, other)), TensorType((*lead, keys, draw(SIZE)))
    optional = {"dropout_p": st.floats(0, 0.9), "is_causal": st.booleans(), "scale": st.floats(0.1, 2)}
    fields = draw(some_of(optional)) | ({"enable_gqa": True} if gqa else {})
    shape = draw(st.sampled_from([(queries, keys), (*heads, queries, keys), (1, keys), (queries + 1, keys)]))
    dtype = draw(st.sampled_from(["bool", "float32"]))
    mask = draw(st.sampled_from([None, TensorType(shape, dtype)]))
    op = OPS["scaled_dot_product_attention"](**fields)
    return Case(op, (query, key, value, mask), training=draw(st.booleans()))


@st.composite
def multiheads(draw: DrawFn) -> Case:
    heads = draw(st.integers(1, 3))
    size = heads * draw(st.integers(1, 2)) + draw(st.sampled_from([0, 0, 0, 0, 1]))
    batch, queries, keys = draw(SIZE), draw(SIZE), draw(SIZE)
    query = TensorType((batch, queries, size))
    key, value = (TensorType((batch, keys, draw(st.sampled_from([size, size, 5])))) for _ in range(2))
    fields = draw(some_of({"dropout": st.floats(0, 0.9), "bias": st.booleans(), "is_causal": st.booleans()}))
    dtype = st.sampled_from(["bool", "float32"])
    padding = TensorType((batch, keys), draw(dtype)) if draw(st.booleans()) else None
    shape = draw(st.sampled_from([(queries, keys), (batch * heads, queries, keys), (queries, keys + 1)]))
    mask = TensorType(shape, draw(dtype)) if draw(st.booleans()) else None
    op = OPS["multihead_attention"](num_heads=heads, **fields)
    return Case(op, (query, key, value, padding, mask), training=draw(st.booleans()))


STRATEGIES = {"scaled_dot_product_attention": dot_products(), "multihead_attention": multiheads()}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


N, HEADS, QUERIES, KEYS, SIZES = 2, 2, 3, 5, 8
ADDED = torch.randn(QUERIES, KEYS)
HIDDEN = torch.tensor([[False] * 4 + [True]] * N)
LATER = torch.triu(torch.ones(QUERIES, KEYS, dtype=torch.bool), diagonal=1)
EACH = torch.randn(N * HEADS, QUERIES, KEYS)


@pytest.mark.parametrize("mask", [None, ADDED, LATER, EACH, EACH > 1.5], ids=["none", "added", "later", "each", "bool"])
@pytest.mark.parametrize("padding", [None, HIDDEN, HIDDEN * -2.0], ids=["none", "hidden", "added"])
@pytest.mark.parametrize("sizes", [(SIZES, SIZES), (6, SIZES), (6, 7)])
def test_multihead_is_torchs_layer(mask: Any, padding: Any, sizes: tuple[int, int]) -> None:
    torch.manual_seed(0)
    query = torch.randn(N, QUERIES, SIZES)
    key, value = (torch.randn(N, KEYS, size) for size in sizes)
    inputs = (query, key, value, padding, mask)
    types = [x if x is None else TensorType(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for x in inputs]
    reference = torch.nn.MultiheadAttention(SIZES, HEADS, kdim=sizes[0], vdim=sizes[1], batch_first=True)
    torch.nn.init.normal_(reference.in_proj_bias)
    lowered = lower(OPS["multihead_attention"](num_heads=HEADS), *types)
    module = construct(lowered, "cpu")
    module.load_state_dict(reference.state_dict())
    if isinstance(padding, torch.Tensor) and padding.dtype != getattr(mask, "dtype", padding.dtype):
        # torch wants masks of one kind
        kinds = {torch.bool: lambda x: torch.zeros(x.shape).masked_fill(x, -torch.inf)}
        padding, mask_ = (kinds.get(x.dtype, lambda x: x)(x) for x in (padding, mask))
    else:
        mask_ = mask
    expected = reference(query, key, value, padding, attn_mask=mask_, need_weights=False)[0]
    torch.testing.assert_close(call_module(module, lowered.call, inputs), expected)


@pytest.mark.parametrize("training", [True, False])
def test_multihead_is_traceable(training: bool) -> None:
    module = NAMESPACE["MultiheadAttention"](8, 2).train(training)
    x = torch.randn(3, 4, 8)
    batch = torch.export.Dim("batch", min=2)
    shapes = {port: {0: batch} for port in ("query", "key", "value")}
    forms = (
        torch.fx.symbolic_trace(module, concrete_args={"attn_mask": None}),
        torch.jit.trace(module, (x, x, x)),
        torch.compile(module, backend="eager", fullgraph=True),
        torch.export.export(module, (x, x, x), dynamic_shapes=shapes).module(),
    )
    for form in forms:
        torch.testing.assert_close(form(x, x, x), module(x, x, x))


def test_multihead_is_causal() -> None:
    op = OPS["multihead_attention"](num_heads=2, is_causal=True)
    x = torch.randn(1, 4, 8)
    module = construct(lower(op, *[TensorType((1, 4, 8))] * 3), "cpu")
    changed = torch.cat([x[:, :2], -x[:, 2:]], dim=1)
    torch.testing.assert_close(module(x, x, x)[:, :2], module(x, changed, changed)[:, :2])
    assert not torch.allclose(module(x, x, x)[:, 2:], module(x, changed, changed)[:, 2:])


@pytest.mark.parametrize(
    ("inputs", "fields", "message"),
    [
        ([(2, 3, 8)] * 3, {"num_heads": 3}, "multihead_attention cannot split 8 features into 3 heads"),
        ([(2, 3, 8), (2, 4, 8), (2, 5, 8)], {"num_heads": 2},
         "cannot attend with key 2×4×8 and value 2×5×8"),
        ([(2, 3, 8), (4, 4, 8), (4, 4, 8)], {"num_heads": 2},
         "cannot attend with query 2×3×8 and key 4×4×8"),
        ([(3, 8)] * 3, {"num_heads": 2},
         "multihead_attention takes a batch (N, length, features) of rank 3, not 3×8 of rank 2"),
        ([(2, symbol("T"), 8)] * 3 + [None, (symbol("T"), 4)], {"num_heads": 2, "is_causal": True},
         "multihead_attention with `is_causal` takes no attn_mask"),
        ([(2, 3, 8)] * 3 + [None, (3, 4)], {"num_heads": 2}, "`attn_mask` must be 3×3, not 3×4"),
    ],
)  # fmt: skip
def test_messages(inputs: list[Any], fields: dict[str, Any], message: str) -> None:
    types = [None if shape is None else TensorType(shape) for shape in inputs]
    with pytest.raises(OpError) as caught:
        OPS["multihead_attention"](**fields).infer(*types)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([(2, 3, 4), (2, 3, 5), (2, 3, 4)], "cannot compare a query of 4 features with a key of 5"),
        ([(2, 3, 4), (2, 3, 4), (2, 6, 4)], "key and value must have equal lengths, not 3 and 6"),
        ([(2, 3, 4), (5, 3, 4), (5, 3, 4)], "cannot attend with batches of 2 and 5 and 5"),
        ([(2, 3, 4)] * 3 + [(3, 2)], "`attn_mask` must be 2×3×3, not 3×2"),
        ([(2, 3, 4)] * 3 + [(3,)], "`attn_mask` has rank 1, expected at least 2"),
    ],
)
def test_messages_of_the_dot_product(inputs: list[Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS["scaled_dot_product_attention"]().infer(*map(TensorType, inputs))
    assert caught.value.message == message
