from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import Dim, TensorType, symbol
from tests.ops.harness import Case, check
from tests.ops.strategies import dims, dims_of, ranked

DTYPES = ["float32"] * 6 + ["float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"]

MANY = ("mean", "sum", "amax", "amin", "var", "std", "norm", "logsumexp")
ONE = ("prod", "max", "min", "argmax", "argmin")
RUNNING = ("cumsum", "cumprod", "logcumsumexp")


@st.composite
def reductions(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(1, 4, dtypes=DTYPES))
    some = st.one_of(dims(x.rank), dims_of(x.rank, least=1))
    every = [] if name == "logsumexp" else [st.none()]
    options: dict[str, Any] = {"keepdim": st.booleans()}
    if name in ("var", "std"):
        options["correction"] = st.integers(0, 1)
    if name == "norm":
        options["p"] = st.sampled_from([1.0, 2.0, 3.5, inf])
    dim = st.one_of(dims(x.rank), st.none()) if name in ONE else st.one_of(some, *every)
    fields = draw(st.fixed_dictionaries({"dim": dim}, optional=options))
    one = _sizes(x, fields["dim"]) == {1}
    # torch takes a keepdim without a dim here and there, and torch 2.8 places of bools where there is but one
    return Case(OPS[name](**fields), (x,), stricter=fields["dim"] is None or (one and x.dtype == "bool"))


def _sizes(x: TensorType, dim: int | Sequence[int] | None) -> set[Dim]:
    """What is reduced; some of the dimensions that are drawn are none of the tensor's."""
    if dim is None:
        return {*x.shape}
    return {x.shape[d] for d in ([dim] if isinstance(dim, int) else dim) if -x.rank <= d < x.rank}


@st.composite
def along(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(1, 4, dtypes=DTYPES))
    options: dict[str, Any] = {
        "normalize": st.fixed_dictionaries(
            {"dim": st.one_of(dims(x.rank), dims_of(x.rank, least=1))},
            optional={"p": st.sampled_from([1.0, 3.0]), "eps": st.just(1e-6)},
        ),
        **dict.fromkeys(RUNNING, st.fixed_dictionaries({"dim": dims(x.rank)})),
        "topk": st.fixed_dictionaries(
            {"k": st.integers(1, 4)},
            optional={"dim": dims(x.rank), "largest": st.booleans(), "sorted": st.booleans()},
        ),
        "sort": st.fixed_dictionaries(
            {}, optional={"dim": dims(x.rank), "descending": st.booleans(), "stable": st.booleans()}
        ),
    }
    return Case(OPS[name](**draw(options[name])), (x,))


STRATEGIES = {
    **{name: reductions(name) for name in (*MANY, *ONE)},
    **{name: along(name) for name in ("normalize", *RUNNING, "topk", "sort")},
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, T = symbol("N"), symbol("T")


def test_symbolic_sizes() -> None:
    x = TensorType((N, 8, T, T))
    assert OPS["mean"](dim=[2, 3]).infer(x).shape == (N, 8)
    assert OPS["mean"](dim=[2, 3], keepdim=True).infer(x).shape == (N, 8, 1, 1)
    assert OPS["sum"]().infer(x).shape == ()
    assert [y.shape for y in OPS["topk"](k=3, dim=2).infer(x)] == [(N, 8, 3, T)] * 2


def test_outputs_are_read_by_torchs_names() -> None:
    for op in (OPS["max"](dim=1), OPS["topk"](k=1), OPS["sort"]()):
        made = op.infer(TensorType((2, 3)))
        assert isinstance(made, tuple)
        assert op.output_names(len(made)) == ("values", "indices")
    assert OPS["max"]().infer(TensorType((2, 3))) == TensorType(())


@pytest.mark.parametrize(
    ("name", "fields", "dtype", "message"),
    [
        ("mean", {"dim": 2}, "float32", "dim 2 is out of range for a tensor of rank 2"),
        ("mean", {"dim": [0, -2]}, "float32", "dim [0, -2] names dimension 0 twice"),
        ("mean", {}, "int64", "cannot take the mean of a tensor of int64, expected floating numbers"),
        ("argmax", {}, "bool", "cannot take the argmax of bool"),
        ("mean", {"keepdim": True}, "float32", "keepdim needs a dim"),
        ("topk", {"k": 4}, "float32", "k 4 is more than the size of dimension -1 of T×3"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], dtype: str, message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((T, 3), dtype))
    assert caught.value.message == message
