from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering.base import lower
from archdsl_torch.lowering.tree import In
from tests.ops.harness import Case, check
from tests.ops.strategies import ranked, shapes


@st.composite
def pads(draw: DrawFn) -> Case:
    mode = draw(st.sampled_from(["constant", "constant", "reflect", "replicate", "circular"]))
    rank = draw(st.integers(1, 5))
    length = draw(st.integers(0, 2 * rank + 2)) if mode == "constant" else 2 * draw(st.integers(1, 3))
    x = TensorType(draw(shapes(rank, 4)))
    # torch means no padding to fail where a dimension that is not padded has odd ranks
    fields: dict[str, Any] = {"pad": [draw(st.integers(-3 if mode == "constant" else 0, 3)) for _ in range(length)]}
    if mode != "constant":
        fields["mode"] = mode
    if draw(st.sampled_from([False, False, mode == "constant"])):
        fields["value"] = 0.5
    # torch crops to nothing, and no padding is no code
    return Case(OPS["pad"](**fields), (x,), stricter=mode == "constant" or not any(fields["pad"]))


@st.composite
def shuffles(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(2, 5, most=4))
    field, factors = {
        "pixel_shuffle": ("upscale_factor", 2),
        "pixel_unshuffle": ("downscale_factor", 2),
        "channel_shuffle": ("groups", 3),
    }[name]
    factor = draw(st.integers(1, factors))
    return Case(OPS[name](**{field: factor}), (x,))


@st.composite
def samples(draw: DrawFn) -> Case:
    spatial = draw(st.sampled_from([2, 2, 3]))
    slip = st.sampled_from([0] * 10 + [1])
    x = TensorType(draw(shapes(spatial + 2, 4)))
    grid = (x.shape[0] + draw(slip), *draw(shapes(spatial, 4)), spatial + draw(slip))
    fields = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "mode": st.sampled_from(["bilinear", "nearest", "bicubic"]),
                "padding_mode": st.sampled_from(["zeros", "border", "reflection"]),
                "align_corners": st.booleans(),
            },
        )
    )
    dtype = draw(st.sampled_from(["float32"] * 8 + ["float64"]))
    stricter = fields.get("mode") == "bicubic" and spatial == 3  # which torch takes from 2.15
    return Case(OPS["grid_sample"](**fields), (x, TensorType(grid[draw(slip) :], dtype)), stricter=stricter)


@st.composite
def grids(draw: DrawFn) -> Case:
    spatial = draw(st.sampled_from([2, 2, 3]))
    slip = st.sampled_from([0] * 10 + [1])
    size = draw(shapes(spatial + 2, 4))
    theta = TensorType((size[0] + draw(slip), spatial, spatial + 1 + draw(slip)))
    return Case(OPS["affine_grid"](size=size, align_corners=draw(st.booleans())), (theta,))


STRATEGIES = {
    "pad": pads(),
    **{name: shuffles(name) for name in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle")},
    "grid_sample": samples(),
    "affine_grid": grids(),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, H, W = symbol("N"), symbol("H"), symbol("W")


def test_symbolic_sizes() -> None:
    x = TensorType((N, H, W, 96))
    assert OPS["pad"](pad=[0, 0, 0, W % 2, 0, H % 2]).infer(x).shape == (N, H + H % 2, W + W % 2, 96)
    assert OPS["pixel_shuffle"](upscale_factor=2).infer(TensorType((N, 16, H, W))).shape == (N, 4, 2 * H, 2 * W)


def test_padding_by_nothing_is_no_code() -> None:
    assert lower(OPS["pad"](pad=[0, 0, 0, 0]), TensorType((2, 3, 4, 5))).function == In(0)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("pad", {"pad": [1]}, "pad [1] has an odd number of numbers, expected pairs"),
        ("pad", {"pad": [1] * 10}, f"pad {[1] * 10} pads 5 dimensions, but N×6×8×9 has 4"),
        ("pad", {"pad": [-5, -4]}, "pad [-5, -4] leaves nothing of dimension 3 of N×6×8×9"),
        ("pad", {"pad": [5, -10]}, "pad [5, -10] takes away more than dimension 3 of N×6×8×9 has"),
        ("pad", {"pad": [1, 1], "mode": "reflect"}, "pad [1, 1] cannot reflect a tensor of rank 4"),
        (
            "pad",
            {"pad": [9, 0, 0, 0], "mode": "reflect"},
            "pad [9, 0, 0, 0] is too wide to reflect N×6×8×9, where a dimension is 9",
        ),
        ("pad", {"pad": [1, 1, 1, 1], "mode": "reflect", "value": 1}, "mode reflect takes no value"),
        ("pixel_shuffle", {"upscale_factor": 2}, "channels: 6 is not divisible by 4"),
        ("pixel_unshuffle", {"downscale_factor": 2}, "the width: 9 is not divisible by 2"),
        ("channel_shuffle", {"groups": 4}, "channels: 6 is not divisible by 4"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((N, 6, 8, 9)))
    assert caught.value.message == message
