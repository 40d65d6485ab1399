from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from tests.ops.harness import Case, check
from tests.ops.strategies import broadcastable, dims, ranked, shapes

DTYPES = st.sampled_from(["float32"] * 12 + ["float64", "int64"])


@st.composite
def products(draw: DrawFn) -> Case:
    batch = draw(shapes(draw(st.integers(0, 2)), 3))
    depth, wrong = draw(st.integers(1, 4)), draw(st.sampled_from([0] * 6 + [1]))
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    left: tuple[int, ...] = (*batch, rows, depth)
    right: tuple[int, ...] = (*draw(broadcastable(batch)), depth + wrong, columns)
    vector = draw(st.sampled_from([None] * 6 + ["left", "right", "both"]))
    left = (depth,) if vector in ("left", "both") else left
    right = (depth + wrong,) if vector in ("right", "both") else right
    # torch's counter knows no product with a vector
    inputs = TensorType(left), TensorType(right, draw(DTYPES))
    return Case(OPS["matmul"](), inputs, counted=vector is None)


@st.composite
def batches(draw: DrawFn) -> Case:
    batch, depth = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    slip = st.sampled_from([0] * 8 + [1])
    left: tuple[int, ...] = (batch, draw(st.integers(1, 4)), depth)
    right: tuple[int, ...] = (batch + draw(slip), depth + draw(slip), draw(st.integers(1, 4)))
    return Case(OPS["bmm"](), (TensorType(left[draw(slip) :]), TensorType(right, draw(DTYPES))))


@st.composite
def similarities(draw: DrawFn) -> Case:
    x = draw(ranked(1, 4, dtypes=["float32"] * 6 + ["float16", "int64"]))
    other = TensorType(draw(broadcastable(tuple(map(int, x.shape)))), draw(DTYPES))  # type: ignore[call-overload]
    fields = draw(st.fixed_dictionaries({"dim": dims(x.rank)}, optional={"eps": st.just(1e-6)}))
    return Case(OPS["cosine_similarity"](**fields), (x, other), counted=False)


@st.composite
def pairs(draw: DrawFn) -> Case:
    x = draw(ranked(0, 4, dtypes=["float32"] * 6 + ["float64", "int64"]))
    other = TensorType(draw(broadcastable(tuple(map(int, x.shape)))), draw(DTYPES))  # type: ignore[call-overload]
    optional = {"p": st.sampled_from([1.0, 2.0, 3.5]), "eps": st.just(1e-3), "keepdim": st.booleans()}
    fields = draw(st.fixed_dictionaries({}, optional=optional))
    inputs = draw(st.permutations([x, other]))
    # torch takes numbers for vectors, and makes distances of whole numbers in its default dtype
    stricter = x.rank == 0 or {x.dtype, other.dtype} == {"int64"}
    return Case(OPS["pairwise_distance"](**fields), tuple(inputs), counted=False, stricter=stricter)


@st.composite
def distances(draw: DrawFn) -> Case:
    batch = draw(shapes(draw(st.integers(0, 2)), 3))
    depth, slip = draw(st.integers(1, 4)), draw(st.sampled_from([0] * 8 + [1]))
    left = TensorType((*batch, draw(st.integers(1, 4)), depth))
    right = TensorType((*draw(broadcastable(batch)), draw(st.integers(1, 4)), depth + slip), draw(DTYPES))
    # torch may compute Euclid's distance with a product of matrices
    return Case(OPS["cdist"](p=draw(st.sampled_from([1.0, 2.0, 3.5]))), (left, right), counted=False)


STRATEGIES = {
    "matmul": products(),
    "bmm": batches(),
    "cosine_similarity": similarities(),
    "pairwise_distance": pairs(),
    "cdist": distances(),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


N, T = symbol("N"), symbol("T")


def test_symbolic_sizes() -> None:
    matmul = OPS["matmul"]()
    query, key = TensorType((N, 12, T, 64)), TensorType((N, 12, 64, T))
    assert matmul.infer(query, key).shape == (N, 12, T, T)
    assert matmul.macs(query, key) == N * T * T * 12 * 64
    assert matmul.macs(TensorType((64,)), TensorType((64, 10))) == 640


@pytest.mark.parametrize(
    ("name", "left", "right", "message"),
    [
        (
            "matmul",
            (N, T, 64),
            (63, 8),
            "cannot multiply N×T×64 by 63×8: the last dimension is 64, the other's second to last 63",
        ),
        ("matmul", (3, 4), (5,), "cannot multiply 3×4 by 5: the last dimension is 4, the other's first 5"),
        ("matmul", (3, 4, 5), (2, 5, 6), "cannot broadcast the batches 3 and 2"),
        ("matmul", (), (2,), "expected `input` of rank 1 or more, got scalar of rank 0"),
        ("bmm", (3, 4, 5), (2, 5, 6), "cannot multiply 3×4×5 by 2×5×6: the batches are 3 and 2"),
        ("bmm", (3, 4, 5), (5, 6), "expected `mat2` of rank 3, got 5×6 of rank 2"),
        ("cosine_similarity", (3, 4), (3, 5), "cannot compare 3×4 and 3×5"),
        ("pairwise_distance", (3, 4), (3, 5), "cannot measure the distance of 3×4 and 3×5"),
        ("pairwise_distance", (), (), "expected `x1` of rank 1 or more, got scalar of rank 0"),
        ("cdist", (3,), (3, 4), "expected `x1` of rank 2 or more, got 3 of rank 1"),
        ("cdist", (3, 4), (4,), "expected `x2` of rank 2 or more, got 4 of rank 1"),
        ("cdist", (3, 4), (3, 5), "cannot measure distances between rows of 4 and of 5"),
    ],
)
def test_messages(name: str, left: Any, right: Any, message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name]().infer(TensorType(left), TensorType(right))
    assert caught.value.message == message


def test_dtypes_must_be_equal() -> None:
    with pytest.raises(OpError) as caught:
        OPS["matmul"]().infer(TensorType((2, 2)), TensorType((2, 2), "int64"))
    assert caught.value.message == "cannot multiply float32 by int64: the dtypes must be equal"
