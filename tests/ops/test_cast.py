from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.ops import OPS
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import lower
from archdsl_torch.lowering.tree import In
from tests.ops.harness import Case, check
from tests.ops.strategies import ranked

DTYPES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
)  # fmt: skip

STRATEGIES = {
    "cast": st.builds(
        lambda x, dtype: Case(OPS["cast"](dtype=dtype), (x,)), ranked(0, 3, dtypes=DTYPES), st.sampled_from(DTYPES)
    ),
    "detach": st.builds(lambda x: Case(OPS["detach"](), (x,)), ranked(0, 3, dtypes=DTYPES)),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


def test_a_cast_to_the_same_dtype_is_no_code() -> None:
    assert lower(OPS["cast"](dtype="float32"), TensorType((2,))).function == In(0)
