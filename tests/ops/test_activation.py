from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType
from tests.ops.harness import Case, check
from tests.ops.strategies import layers, off_by_one, shapes
from tests.thorough import examples

NUMBER = st.sampled_from([-2.0, -0.5, 0.0, 0.01, 0.5, 1.0, 2.0])
DIM = st.integers(-4, 3)
RANKS = st.integers(0, 4)

PLAIN = (
    "relu", "relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid", "tanhshrink", "sigmoid",
    "log_sigmoid", "tanh", "softsign",
)  # fmt: skip
OPTIONAL: dict[str, dict[str, SearchStrategy[Any]]] = {
    "leaky_relu": {"negative_slope": NUMBER},
    "elu": {"alpha": NUMBER},
    "celu": {"alpha": NUMBER},
    "gelu": {"approximate": st.sampled_from(["none", "tanh"])},
    "hardtanh": {"min_val": NUMBER, "max_val": NUMBER},
    "hardshrink": {"lambd": NUMBER},
    "softshrink": {"lambd": st.floats(0, 2)},
    "logit": {"eps": st.sampled_from([1e-6, 0.1])},
    "softplus": {"beta": st.floats(0.5, 2), "threshold": NUMBER},
}


@st.composite
def prelus(draw: DrawFn) -> Case:
    x = TensorType(draw(shapes(draw(RANKS), 3)))
    count = draw(st.integers(1, 3))
    if draw(st.booleans()):
        return Case(OPS["prelu"](), (x, TensorType((count,))))
    return Case(OPS["prelu"](num_parameters=count), (x,))


STRATEGIES: dict[str, SearchStrategy[Case]] = {
    **{name: layers(name, RANKS, {}, {}) for name in PLAIN},
    **{name: layers(name, RANKS, {}, optional) for name, optional in OPTIONAL.items()},
    "prelu": prelus(),
    "rrelu": layers("rrelu", RANKS, {}, {"lower": NUMBER, "upper": NUMBER}, training=True),
    "threshold": layers("threshold", RANKS, {"threshold": NUMBER, "value": NUMBER}, {}),
    "glu": layers("glu", RANKS, {}, {"dim": DIM}),
    "softmax2d": layers("softmax2d", off_by_one(4), {}, {}),
    **{name: layers(name, RANKS, {"dim": DIM}, {}) for name in ("softmax", "softmin", "log_softmax")},
}


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=examples(30))
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("glu", {}, "glu cannot halve dimension -1 of 2×6×7: 7 is odd"),
        ("prelu", {"num_parameters": 5}, "prelu has 5 slopes, the input 2×6×7 has 6 channels"),
        ("softmax", {"dim": 3}, "dim 3 is out of range for a tensor of rank 3"),
        ("hardtanh", {"max_val": -2.0}, "hardtanh's max_val -2.0 must be above its min_val -1.0"),
        ("softmax2d", {}, "softmax2d takes a batch (N, C, H, W) of rank 4, not 2×6×7 of rank 3"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((2, 6, 7)))
    assert caught.value.message == message
