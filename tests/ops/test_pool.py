from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from tests.ops.harness import Case, check
from tests.ops.strategies import off_by_one, shapes, sizes, some_of
from tests.thorough import examples


@st.composite
def pools(draw: DrawFn, name: str, spatial: int) -> Case:
    optional: dict[str, SearchStrategy[Any]] = {
        "stride": sizes(spatial, 1, 3),
        "ceil_mode": st.booleans(),
    }
    if not name.startswith("lp"):
        optional["padding"] = st.one_of(sizes(spatial, 0, 2), st.just("same_upper"))
    if name.startswith("max"):
        optional["dilation"] = sizes(spatial, 1, 2)
        optional["return_indices"] = st.booleans()
    if name.startswith("avg"):
        optional["count_include_pad"] = st.booleans()
        if spatial > 1:
            optional["divisor_override"] = st.integers(1, 5)
    fields = draw(some_of(optional))
    if name.startswith("lp"):
        fields["norm_type"] = draw(st.sampled_from([1, 2, 2.5]))
    rank = draw(off_by_one(spatial + 2))
    op = OPS[name](kernel_size=draw(sizes(spatial, 1, 4)), **fields)
    # torch pools without a batch as well, and some of its kernels bound the padding with the dilation
    stricter = rank != spatial + 2 or {"dilation", "padding"} <= fields.keys() or "same_upper" in fields.values()
    return Case(op, (TensorType(draw(shapes(rank, 8))),), stricter=stricter)


@st.composite
def adaptive_pools(draw: DrawFn, name: str, spatial: int) -> Case:
    size = st.integers(1, 4) if spatial == 1 else st.one_of(st.none(), st.integers(1, 4))
    wanted = draw(st.one_of(st.integers(1, 4), st.tuples(*[size] * spatial)))
    fields = draw(some_of({"return_indices": st.booleans()} if "max" in name else {}))
    rank = draw(off_by_one(spatial + 2))
    return Case(
        OPS[name](output_size=wanted, **fields), (TensorType(draw(shapes(rank))),), stricter=rank != spatial + 2
    )


STRATEGIES = {
    f"{family}_pool{spatial}d": strategy(f"{family}_pool{spatial}d", spatial)
    for families, strategy in ((("max", "avg", "lp"), pools), (("adaptive_avg", "adaptive_max"), adaptive_pools))
    for family in families
    for spatial in (1, 2, 3)
}


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=examples(50))
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def test_symbolic_sizes() -> None:
    x = TensorType((symbol("N"), 64, symbol("H"), 112))
    assert str(OPS["max_pool2d"](kernel_size=3, stride=2, padding=1).infer(x)) == "N×64×((H + 1) // 2)×56"
    ceil = OPS["max_pool2d"](kernel_size=3, stride=2, ceil_mode=True)
    assert str(ceil.infer(x)) == "N×64×(H // 2)×56"


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("max_pool2d", {"kernel_size": 9}, "max_pool2d makes 0×0 of 8×8: a size below 1"),
        (
            "avg_pool2d",
            {"kernel_size": 3, "padding": 2},
            "avg_pool2d's padding 2 is more than half of its kernel of 3",
        ),
        (
            "max_pool1d",
            {"kernel_size": 2},
            "max_pool1d takes a batch (N, C, L) of rank 3, not 2×3×8×8 of rank 4",
        ),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((2, 3, 8, 8)))
    assert caught.value.message == message
