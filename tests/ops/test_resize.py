from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.expressions.values import rounded_product
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, evaluate, symbol
from tests.ops.harness import Case, check
from tests.ops.strategies import shapes, sizes, some_of
from tests.thorough import examples

MODES = {3: ["linear"], 4: ["bilinear", "bicubic"], 5: ["trilinear"]}


@st.composite
def interpolations(draw: DrawFn) -> Case:
    rank = draw(st.sampled_from([3, 4, 4, 5]))
    x = TensorType(draw(shapes(rank, 5)), draw(st.sampled_from(["float32"] * 8 + ["float64", "int64"])))
    mode = draw(st.sampled_from(["nearest", "nearest-exact", "area", *MODES[rank] * 2, "bilinear"]))
    count = draw(st.sampled_from([rank - 2] * 8 + [2]))
    factor = st.sampled_from([0.3, 0.5, 0.7, 1.0, 1.1, 1.5, 2.0, 2.7])
    target = {
        "size": sizes(count, 1, 7),
        "scale_factor": st.one_of(factor, st.tuples(*[factor] * count)),
    }
    key = draw(st.sampled_from(sorted(target)))
    fields = {"mode": mode, key: draw(target[key])}
    others = {"align_corners": st.booleans(), "antialias": st.just(True), "recompute_scale_factor": st.booleans()}
    fields |= draw(some_of(others))
    # torch's nearest takes uint8 too
    return Case(OPS["interpolate"](**fields), (x,), stricter=x.dtype == "int64")


@st.composite
def windows(draw: DrawFn, name: str) -> Case:
    fields = {"kernel_size": draw(sizes(2, 1, 3))} | draw(
        some_of({"dilation": sizes(2, 1, 2), "padding": sizes(2, 0, 2), "stride": sizes(2, 1, 3)})
    )
    slip = st.sampled_from([0] * 8 + [1])
    shape = draw(shapes(4 - draw(slip), 7))
    unfold = OPS["unfold"](**fields)
    if name == "unfold":
        return Case(unfold, (TensorType(shape[draw(slip) :]),))
    try:
        *batch, rows, columns = unfold.infer(TensorType(shape)).shape
    except OpError:
        batch, rows, columns = [1], 4, 9
    x = TensorType((*batch, rows + draw(slip), columns + draw(slip)))
    return Case(OPS["fold"](output_size=shape[-2:], **fields), (x,))


STRATEGIES = {"interpolate": interpolations(), **{name: windows(name) for name in ("unfold", "fold")}}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


@settings(max_examples=examples(200), deadline=None)
@given(
    factor=st.one_of(st.sampled_from([0.3, 0.7, 1.1, 2.7, 1 / 3, 0.1]), st.floats(0.02, 4)),
    height=st.integers(50, 3000),
    recompute=st.sampled_from([None, False, True]),
)
def test_a_size_that_only_the_run_knows_is_what_torch_makes_of_it(
    factor: float, height: int, recompute: bool | None
) -> None:
    """In floating point: 0.7 times 90 is a little less than 63, and torch rounds it down."""
    op = OPS["interpolate"](scale_factor=[factor, 1.0], recompute_scale_factor=recompute)
    made = op.infer(TensorType((symbol("N"), 1, symbol("H"), 2)))
    assert isinstance(made, TensorType)
    x = torch.empty(1, 1, height, 2, device="meta")
    found = F.interpolate(x, scale_factor=(factor, 1.0), recompute_scale_factor=recompute)
    assert [evaluate(dim, {"N": 1, "H": height}) for dim in made.shape] == [*found.shape]


def test_what_falls_short_of_a_whole_number() -> None:
    assert evaluate(rounded_product("floor", symbol("H"), 0.7), {"H": 90}) == 62
    assert evaluate(rounded_product("floor", symbol("H"), 0.3), {"H": 10}) == 3


N, H, W = symbol("N"), symbol("H"), symbol("W")


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({"scale_factor": 2}, (2 * H, 2 * W)),
        ({"scale_factor": 0.5}, (H // 2, W // 2)),
        ({"scale_factor": [1.5, 1]}, (3 * H // 2, W)),
        ({"scale_factor": [0.3, 3.0]}, (rounded_product("floor", H, 0.3), 3 * W)),
        ({"size": [H, 7]}, (H, 7)),
        ({"size": 7}, (7, 7)),
    ],
)
def test_symbolic_sizes(fields: dict[str, Any], made: Any) -> None:
    assert OPS["interpolate"](**fields).infer(TensorType((N, 3, H, W))).shape == (N, 3, *made)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("interpolate", {}, "give either size or scale_factor"),
        ("interpolate", {"size": 4, "mode": "linear"}, "expected `input` of rank 3, got N×12×H×3 of rank 4"),
        ("interpolate", {"size": 4, "align_corners": True}, "mode nearest takes no align_corners"),
        ("interpolate", {"size": 4, "antialias": True}, "mode nearest takes no antialias"),
        ("interpolate", {"size": [4, 4, 4]}, "size [4, 4, 4] has 3 numbers for 2 spatial dimensions"),
        ("interpolate", {"size": 0}, "N×12×H×3 becomes [0, 0], below 1"),
        ("interpolate", {"scale_factor": 0.3}, "N×12×H×3 becomes [floor(H * 0.3), 0], below 1"),
        (
            "interpolate",
            {"size": 4, "recompute_scale_factor": True},
            "there is no scale_factor to recompute beside size",
        ),
        ("unfold", {"kernel_size": 4}, "the window [4, 4] does not fit into [H, 3]"),
        ("fold", {"kernel_size": 2, "output_size": 4}, "expected `input` of rank 2 or 3, got N×12×H×3 of rank 4"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((N, 12, H, 3)))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((N, 13, 9), "13 rows are not divisible by the window's 4 places"),
        ((N, 12, 8), "output_size [4, 4] has 9 windows, but N×12×8 has 8 columns"),
    ],
)
def test_messages_of_fold(shape: Any, message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS["fold"](kernel_size=2, output_size=4).infer(TensorType(shape))
    assert caught.value.message == message
