from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType
from tests.ops.harness import Case, check
from tests.ops.strategies import shapes, some_of


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


STRATEGIES = {"embedding": embeddings()}


@given(case=STRATEGIES["embedding"])
def test_against_torch(case: Case) -> None:
    check(case)


def test_messages() -> None:
    with pytest.raises(OpError, match="`input` must be int64 or int32, not float32"):
        OPS["embedding"](num_embeddings=5, embedding_dim=2).infer(TensorType((2, 3)))
    with pytest.raises(
        OpError, match="embedding needs `num_embeddings` and `embedding_dim`, since it is not fed a weight"
    ):
        OPS["embedding"]().infer(TensorType((2, 3), "int64"))
    with pytest.raises(OpError, match="embedding has 5 rows, so padding_idx cannot be 5"):
        OPS["embedding"](num_embeddings=5, embedding_dim=2, padding_idx=5).infer(TensorType((2,), "int64"))
