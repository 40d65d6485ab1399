from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from tests.ops.harness import Case, check
from tests.ops.strategies import off_by_one, shapes, sizes, some_of
from tests.thorough import examples


@st.composite
def convolutions(draw: DrawFn, name: str, spatial: int) -> Case:
    """Convolutions that own their weight or are fed it."""
    transposed = "transpose" in name
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    in_channels = groups * draw(st.integers(1, 2)) + draw(st.sampled_from([0, 0, 0, 1]))
    out_channels = groups * draw(st.integers(1, 2)) + draw(st.sampled_from([0, 0, 0, 1]))
    kernel = draw(st.tuples(*[st.integers(1, 3)] * spatial))
    fields: dict[str, Any] = {"stride": sizes(spatial, 1, 3), "dilation": sizes(spatial, 1, 2)}
    if transposed:
        fields |= {"padding": sizes(spatial, 0, 2), "output_padding": sizes(spatial, 0, 2)}
    else:
        fields["padding"] = st.one_of(sizes(spatial, 0, 3), st.sampled_from(["same", "same_upper", "valid"]))
        fields["padding_mode"] = st.sampled_from(["zeros", "reflect", "replicate", "circular"])
    given = draw(some_of(fields)) | ({"groups": groups} if groups > 1 else {})
    rank = draw(off_by_one(spatial + 2))
    shape = (draw(st.integers(1, 2)), in_channels, *draw(shapes(rank - 2, 7))) if rank > 1 else (7,)
    if not draw(st.booleans()):
        given |= draw(some_of({"bias": st.booleans()}))
        op = OPS[name](out_channels=out_channels, kernel_size=kernel, **given)
        return Case(op, (TensorType(shape),), stricter=given.get("padding") == "same_upper")
    first, second = (in_channels, out_channels) if transposed else (out_channels, in_channels)
    weight = TensorType((first, max(second // groups, 1), *kernel))
    channels = weight.shape[1] * groups if transposed else first
    bias = draw(st.sampled_from([None, TensorType((channels,)), TensorType((out_channels + 1,))]))
    # such padding is lowered to F.pad before a convolution that sees none of it
    stricter = given.get("padding_mode", "zeros") != "zeros" or given.get("padding") == "same_upper"
    return Case(OPS[name](**given), (TensorType(shape), weight, bias), stricter=stricter)


STRATEGIES = {
    f"{family}{spatial}d": convolutions(f"{family}{spatial}d", spatial)
    for family in ("conv", "conv_transpose")
    for spatial in (1, 2, 3)
}


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=examples(50))
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def test_symbolic_sizes() -> None:
    op = OPS["conv2d"](out_channels=64, kernel_size=7, stride=2, padding=3, bias=False)
    x = TensorType((symbol("N"), 3, symbol("H"), 224))
    assert str(op.infer(x)) == "N×64×((H + 1) // 2)×112"
    assert str(op.macs(x)) == "1053696 * N * ((H + 1) // 2)"


@pytest.mark.parametrize(
    ("fields", "shape", "message"),
    [
        ({}, (2, 3, 8, 8), "conv2d needs `out_channels` and `kernel_size`, since it is not fed a weight"),
        ({"out_channels": 4}, (2, 3, 8, 8), "conv2d needs `kernel_size`, since it is not fed a weight"),
        (
            {"out_channels": 4, "kernel_size": 3},
            (3, 8, 8),
            "conv2d takes a batch (N, C, H, W) of rank 4, not 3×8×8 of rank 3",
        ),
        (
            {"out_channels": 4, "kernel_size": 3},
            (2, symbol("C"), 8, 8),
            "conv2d must know its input channels when the model is built, but C is known only at run time",
        ),
        (
            {"out_channels": 4, "kernel_size": 3, "groups": 2},
            (2, 3, 8, 8),
            "conv2d cannot split 3 input channels into 2 groups",
        ),
        (
            {"out_channels": 4, "kernel_size": 9},
            (2, 3, 8, 8),
            "conv2d makes 0×0 of 8×8: a size below 1",
        ),
        (
            {"out_channels": 4, "kernel_size": 3, "padding": "same", "stride": 2},
            (2, 3, 8, 8),
            "conv2d with `padding: same` must have stride 1, not [2, 2]",
        ),
        (
            {"out_channels": 4, "kernel_size": 3, "padding": 8, "padding_mode": "reflect"},
            (2, 3, 8, 8),
            "conv2d cannot pad a size of 8 by 8 with `padding_mode: reflect`",
        ),
    ],
)
def test_messages(fields: dict[str, Any], shape: tuple[Any, ...], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS["conv2d"](**fields).infer(TensorType(shape))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("fields", "weight", "bias", "message"),
    [
        ({}, None, (4,), "conv2d is fed a bias but no weight: feed both or neither"),
        ({"out_channels": 5}, (4, 3, 1, 1), None,
         "conv2d has `out_channels: 5`, but the weight that it is fed has 4"),
        ({"kernel_size": 3}, (4, 3, 1, 1), None,
         "conv2d has `kernel_size: (3, 3)`, but the weight that it is fed has (1, 1)"),
        ({}, (4, 3, 1), None, "conv2d takes a weight of rank 4, not 4×3×1 of rank 3"),
        ({}, (4, 2, 1, 1), None, "conv2d's weight takes 2 channels, the input has 3"),
        ({}, (4, 3, 1, 1), (3,), "conv2d's `bias` must be 4, not 3"),
        ({"bias": True}, (4, 3, 1, 1), None,
         "conv2d has `bias: true`, but it is fed a weight and no bias"),
        ({"bias": False}, (4, 3, 1, 1), (4,), "conv2d has `bias: false`, but one is fed"),
    ],
)  # fmt: skip
def test_messages_of_fed_weights(fields: Any, weight: Any, bias: Any, message: str) -> None:
    inputs = [TensorType((2, 3, 8, 8)), *(shape and TensorType(shape) for shape in (weight, bias))]
    with pytest.raises(OpError) as caught:
        OPS["conv2d"](**fields).infer(*inputs)
    assert caught.value.message == message
