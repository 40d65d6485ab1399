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

INDICES = ["int64"] * 6 + ["int32", "float32"]


@st.composite
def picks(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(1, 3))
    dim = draw(dims(x.rank))
    if name == "index":
        # torch reads the number out of a scalar, which no tracer can follow
        index = draw(ranked(0, 3, dtypes=INDICES))
        return Case(OPS[name](dim=dim % x.rank), (x, index), below=1, stricter=index.rank == 0)
    if name == "index_select":
        rank = draw(st.sampled_from([1] * 6 + [2]))
        index = TensorType(draw(shapes(rank)), draw(st.sampled_from(INDICES)))
        return Case(OPS[name](dim=dim), (x, index), below=1)
    sizes = [draw(st.sampled_from([n, n, n, n, 1, n + 1])) for n in x.shape]
    if -x.rank <= dim < x.rank:
        sizes[dim] = draw(st.integers(1, 4))
    sizes = sizes[draw(st.sampled_from([0] * 8 + [1])) :] or [1]
    return Case(OPS[name](dim=dim), (x, TensorType(tuple(sizes), draw(st.sampled_from(INDICES)))), below=1)


@st.composite
def one_hots(draw: DrawFn) -> Case:
    x = draw(ranked(0, 3, dtypes=["int64"] * 6 + ["int32", "float32"]))
    return Case(OPS["one_hot"](num_classes=draw(st.integers(2, 4))), (x,))


@st.composite
def choices(draw: DrawFn) -> Case:
    shape = draw(shapes(draw(st.integers(0, 3)), 4))
    dtypes = st.sampled_from(["float32"] * 4 + ["int64", "float16", "bfloat16", "uint8", "int8", "bool"])
    condition = TensorType(draw(broadcastable(shape)), draw(st.sampled_from(["bool"] * 6 + ["float32"])))
    x, other = (TensorType(draw(broadcastable(shape)), draw(dtypes)) for _ in range(2))
    return Case(OPS["where"](), (condition, x, other))


@st.composite
def fills(draw: DrawFn) -> Case:
    x = draw(ranked(0, 3, dtypes=["float32"] * 4 + ["float16", "int64"]))
    shape: Any = x.shape
    mask = TensorType(draw(broadcastable(shape)), draw(st.sampled_from(["bool"] * 6 + ["int64"])))
    value = draw(st.sampled_from([0, 1.5, -1e4, float("-inf")]))
    # torch drops the fraction of a number that fills whole numbers
    return Case(OPS["masked_fill"](value=value), (x, mask), stricter=x.dtype == "int64")


STRATEGIES = {
    **{name: picks(name) for name in ("index", "index_select", "gather", "take_along_dim")},
    "one_hot": one_hots(),
    "where": choices(),
    "masked_fill": fills(),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, T = symbol("N"), symbol("T")


def test_symbolic_sizes() -> None:
    table, index = TensorType((169, 3)), TensorType((T, T), "int64")
    assert OPS["index"]().infer(table, index).shape == (T, T, 3)
    scores, mask = TensorType((N, 12, T, T)), TensorType((T, T), "bool")
    assert OPS["masked_fill"](value=float("-inf")).infer(scores, mask) == scores


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "message"),
    [
        ("index", {}, [(5, 3), (4,)], "`index` must be int64 or int32, not float32"),
        ("index", {}, [(), ((4,), "int64")], "expected `input` of rank 1 or more, got scalar of rank 0"),
        ("index", {"dim": 2}, [(5, 3), ((4,), "int64")], "dim 2 is out of range for a tensor of rank 2"),
        ("index_select", {"dim": 0}, [(5, 3), ((4, 4), "int64")], "expected `index` of rank 1, got 4×4 of rank 2"),
        (
            "gather",
            {"dim": 0},
            [(5, 3), ((9, 4), "int64")],
            "cannot gather 9×4 from 5×3: dimension 1 is 4, more than 3",
        ),
        ("take_along_dim", {"dim": 0}, [(5, 3), ((9, 4), "int64")], "cannot take along 1×3 and 1×4"),
        ("where", {}, [((4,), "bool"), (5,), (5,)], "cannot choose between 4 and 5 and 5"),
        ("where", {}, [(5,), (5,), (5,)], "`condition` must be bool, not float32"),
        ("masked_fill", {"value": 0}, [(N, 4), ((N, 5), "bool")], "cannot mask N×4 and N×5"),
        ("masked_fill", {"value": 0.5}, [((4,), "int64"), ((4,), "bool")], "cannot fill int64 with 0.5"),
        ("one_hot", {"num_classes": 5}, [(4,)], "`input` must be int64, not float32"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], inputs: list[Any], message: str) -> None:
    types = [TensorType(*x) if x and isinstance(x[0], tuple) else TensorType(x) for x in inputs]
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(*types)
    assert caught.value.message == message
