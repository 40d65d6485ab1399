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
from tests.ops.strategies import layers, shapes, some_of


@st.composite
def linears(draw: DrawFn) -> Case:
    shape = draw(st.integers(0, 4).flatmap(lambda rank: shapes(rank, 4)))
    x = TensorType(shape)
    if draw(st.booleans()) or not shape:
        fields = draw(some_of({"bias": st.booleans()}))
        return Case(OPS["linear"](out_features=draw(st.integers(1, 4)), **fields), (x,))
    features = draw(st.integers(2, 3))
    weight = TensorType((features, draw(st.sampled_from([shape[-1]] * 4 + [5]))))
    # torch would broadcast a bias of another size
    bias = draw(st.sampled_from([None, TensorType((features,)), TensorType((features + 2,))]))
    return Case(OPS["linear"](), (x, weight, bias))


@st.composite
def bilinears(draw: DrawFn) -> Case:
    shape = draw(st.integers(0, 3).flatmap(shapes))
    other = draw(st.sampled_from([shape, shape, shape, (*shape, 2)]))
    first, second = (TensorType((*x, draw(st.integers(1, 4)))) for x in (shape, other))
    fields = draw(some_of({"bias": st.booleans()}))
    return Case(OPS["bilinear"](out_features=3, **fields), (first, second), counted=False)


STRATEGIES = {
    "linear": linears(),
    "bilinear": bilinears(),
    "identity": layers("identity", st.integers(0, 4), {}, {}),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def test_bilinear_counts_both_products() -> None:
    op = OPS["bilinear"](out_features=5)
    first, second = TensorType((2, 7)), TensorType((2, 3))
    assert op.macs(first, second) == 2 * 5 * 7 * 3 + 2 * 5 * 3


@pytest.mark.parametrize("ranks", [((2, 7), (2, 4, 3)), ((2, 4, 7), (2, 3)), ((2, 7), (4, 3))])
def test_bilinears_inputs_are_equal_but_for_the_last_dimension(ranks: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(OpError, match="must be equal but for their last dimension"):
        OPS["bilinear"](out_features=5).infer(*map(TensorType, ranks))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (TensorType(()), "expected `{port}` of rank 1 or more, got scalar of rank 0"),
        (TensorType((2, 3), "int64"), "cannot put through bilinear a tensor of int64, expected floating numbers"),
        (TensorType((2, 3), "float64"), "bilinear's own tensors are float32, so it cannot take float64"),
        (TensorType((2, symbol("T"))),
         "bilinear must know the features of {port} when the model is built, but T is known only at run time"),
    ],
)  # fmt: skip
def test_each_of_bilinears_inputs_is_looked_at(place: int, x: TensorType, message: str) -> None:
    inputs = [TensorType((2, 3)), TensorType((2, 4))]
    inputs[place] = x
    with pytest.raises(OpError) as caught:
        OPS["bilinear"](out_features=5).infer(*inputs)
    port = f"input{place + 1}"
    assert (caught.value.message, caught.value.ports) == (message.format(port=port), (port,))


@pytest.mark.parametrize(
    ("fields", "inputs", "message"),
    [
        ({}, [(2, 3)], "linear needs `out_features`, since it is not fed a weight"),
        ({}, [(2, 3), (4, 5)], "linear's weight 4×5 takes 5 features, the input has 3"),
        ({}, [(2, 3), (4, 3, 1)], "expected `weight` of rank 2, got 4×3×1 of rank 3"),
        ({}, [(2, 3), ()], "expected `weight` of rank 2, got scalar of rank 0"),
        ({}, [(2, 3), (4, 3), (3,)], "linear's `bias` must be 4, not 3"),
        ({"out_features": 7}, [(2, 3), (4, 3)],
         "linear has `out_features: 7`, but the weight that it is fed has 4"),
        ({"out_features": 7}, [(2, symbol("T"))],
         "linear must know its input features when the model is built, but T is known only at run time"),
    ],
)  # fmt: skip
def test_messages(fields: dict[str, Any], inputs: list[tuple[Any, ...]], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS["linear"](**fields).infer(*map(TensorType, inputs))
    assert caught.value.message == message
