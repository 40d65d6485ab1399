from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType
from tests.ops.harness import Case, check
from tests.ops.strategies import off_by_one, shapes, some_of


@st.composite
def embeddings(draw: DrawFn) -> Case:
    dtype = draw(st.sampled_from(["int64", "int32", "int64", "float32"]))
    x = TensorType(draw(st.integers(0, 3).flatmap(shapes)), dtype)
    rows, length = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    fields = draw(some_of({"padding_idx": st.integers(-6, 5)}))
    if draw(st.booleans()):
        weight = TensorType((rows, length))
        return Case(OPS["embedding"](**fields), (x, weight), below=rows)
    return Case(OPS["embedding"](num_embeddings=rows, embedding_dim=length, **fields), (x,), below=rows)


@st.composite
def bags(draw: DrawFn) -> Case:
    dtype = draw(st.sampled_from(["int64", "int64", "int32", "float32"]))
    x = TensorType(draw(shapes(draw(off_by_one(2)), 4)), dtype)
    rows, length = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    fields = draw(some_of({"padding_idx": st.integers(-6, 5), "mode": st.sampled_from(["sum", "mean", "max"])}))
    wrong = draw(st.sampled_from([0] * 8 + [1]))
    weights = TensorType((*x.shape[:-1], x.shape[-1] + wrong)) if draw(st.booleans()) else None
    weight = TensorType((rows, length)) if draw(st.booleans()) else None
    if weight is None:
        fields |= {"num_embeddings": rows, "embedding_dim": length}
    # torch takes one list, too, with the places where it is to be cut
    return Case(OPS["embedding_bag"](**fields), (x, weight, weights), below=rows, stricter=x.rank == 1)


STRATEGIES = {"embedding": embeddings(), "embedding_bag": bags()}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def test_messages() -> None:
    with pytest.raises(OpError, match="`input` must be int64 or int32, not float32"):
        OPS["embedding"](num_embeddings=5, embedding_dim=2).infer(TensorType((2, 3)))
    with pytest.raises(
        OpError, match="embedding needs `num_embeddings` and `embedding_dim`, since it is not fed a weight"
    ):
        OPS["embedding"]().infer(TensorType((2, 3), "int64"))
    with pytest.raises(OpError, match="embedding has 5 rows, so padding_idx cannot be 5"):
        OPS["embedding"](num_embeddings=5, embedding_dim=2, padding_idx=5).infer(TensorType((2,), "int64"))


@pytest.mark.parametrize(
    ("fields", "weights", "message"),
    [
        ({}, (2, 3), "embedding_bag with `mode: mean` takes no per_sample_weights"),
        ({"mode": "sum"}, (2, 4), "embedding_bag's `per_sample_weights` must be 2×3, not 2×4"),
    ],
)
def test_messages_of_bags(fields: dict[str, Any], weights: tuple[int, ...], message: str) -> None:
    op = OPS["embedding_bag"](num_embeddings=5, embedding_dim=2, **fields)
    with pytest.raises(OpError) as caught:
        op.infer(TensorType((2, 3), "int64"), None, TensorType(weights))
    assert caught.value.message == message
