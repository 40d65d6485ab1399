from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError, Weight
from archdsl.shapes import TensorType, symbol
from tests.ops.harness import Case, check
from tests.ops.strategies import layers, off_by_one, shapes, some_of
from tests.thorough import examples

EPS = st.sampled_from([1e-5, 1e-3, 1e-6])
RUNNING = {
    "eps": EPS,
    "momentum": st.sampled_from([None, 0.1, 0.01]),
    "affine": st.booleans(),
    "track_running_stats": st.booleans(),
}


@st.composite
def running(draw: DrawFn, name: str, spatial: int) -> Case:
    """Instance norm looks at the sizes only while training; batch norm of one value then fails."""
    ranks = st.sampled_from([2, 3]) if name == "batch_norm1d" else off_by_one(spatial + 2)
    training = name.startswith("instance")
    options = RUNNING | ({"momentum": st.sampled_from([0.1, 0.01])} if training else {})
    case: Case = draw(layers(name, ranks, {}, options, training=training))
    (x,) = case.inputs
    return case._replace(stricter=x is not None and x.rank != spatial + 2)


@st.composite
def trailing(draw: DrawFn, name: str) -> Case:
    x = TensorType(draw(shapes(draw(st.integers(1, 4)))))
    dims = draw(st.integers(1, 3))
    eps = st.one_of(st.none(), EPS) if name == "rms_norm" else EPS
    fields = {"normalized_dims": dims} | draw(some_of({"eps": eps}))
    weight = TensorType(x.shape[-dims:] if draw(st.booleans()) else (4,))
    bias = draw(st.sampled_from([None, weight]))
    if draw(st.booleans()):
        inputs = (x, weight) if name == "rms_norm" else (x, weight, bias)
        return Case(OPS[name](**fields), inputs, stricter=dims > x.rank)
    optional = {"elementwise_affine": st.booleans()}
    if name == "layer_norm":
        optional["bias"] = st.booleans()
    return Case(OPS[name](**fields, **draw(some_of(optional))), (x,), stricter=dims > x.rank)


STRATEGIES = {
    f"{family}_norm{spatial}d": running(f"{family}_norm{spatial}d", spatial)
    for family in ("batch", "instance")
    for spatial in (1, 2, 3)
} | {
    "layer_norm": trailing("layer_norm"),
    "rms_norm": trailing("rms_norm"),
    "group_norm": layers(
        "group_norm", st.integers(1, 4), {"num_groups": st.integers(1, 3)}, {"eps": EPS, "affine": st.booleans()}
    ),
    "local_response_norm": layers(
        "local_response_norm",
        st.integers(2, 5),
        {"size": st.integers(1, 5)},
        {"alpha": st.floats(0, 1), "beta": st.floats(0, 1), "k": st.floats(1, 2)},
    ),
}


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=examples(50))
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def test_batch_norm_owns_its_statistics() -> None:
    assert OPS["batch_norm2d"]().tensors(TensorType((symbol("N"), 8, 4, 4))) == {
        "weight": Weight((8,)),
        "bias": Weight((8,)),
        "running_mean": Weight((8,), buffer=True),
        "running_var": Weight((8,), buffer=True),
        "num_batches_tracked": Weight((), "int64", buffer=True),
    }


@pytest.mark.parametrize(
    ("name", "fields", "shape", "message"),
    [
        (
            "group_norm",
            {"num_groups": 4},
            (2, 6, 8),
            "group_norm cannot split 6 channels into 4 groups",
        ),
        (
            "instance_norm2d",
            {},
            (2, 6, 1, 1),
            "instance_norm2d takes more than one value per channel and sample, not 2×6×1×1",
        ),
        (
            "layer_norm",
            {},
            (2, symbol("T")),
            "layer_norm must know the sizes that it normalises when the model is built, "
            "but T is known only at run time",
        ),
        (
            "batch_norm1d",
            {},
            (2, 6, 1, 1),
            "batch_norm1d takes a batch (N, C) or (N, C, L) of rank 3, not 2×6×1×1 of rank 4",
        ),
    ],
)
def test_messages(name: str, fields: dict[str, Any], shape: tuple[Any, ...], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType(shape))
    assert caught.value.message == message


def test_dtypes() -> None:
    with pytest.raises(OpError, match="cannot put through batch_norm2d a tensor of int64") as caught:
        OPS["batch_norm2d"]().infer(TensorType((2, 3, 4, 4), "int64"))
    assert caught.value.code == "dtype-error"
    with pytest.raises(OpError, match="layer_norm's own tensors are float32, so it cannot take float64"):
        OPS["layer_norm"]().infer(TensorType((2, 3), "float64"))
