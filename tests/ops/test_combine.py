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
from tests.ops.strategies import dims, ranked

DTYPES = ["float32", "float32", "int64", "float64", "float16", "bfloat16", "bool", "uint8", "int8"]


@st.composite
def joins(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(1, 3, dtypes=DTYPES))
    new = name == "stack"
    dim = draw(dims(x.rank + new))
    inputs = [x]
    for _ in range(draw(st.integers(0, 3))):
        shape = list(x.shape)
        if not new and -x.rank <= dim < x.rank:
            shape[dim] = draw(st.integers(1, 4))
        wrong = draw(st.sampled_from([None] * 12 + [0, 1]))
        if wrong == 0:
            shape[0] = shape[0] + 1
        shape = shape[1:] if wrong == 1 and len(shape) > 1 else shape
        inputs.append(TensorType(tuple(shape), draw(st.sampled_from(DTYPES))))
    return Case(OPS[name](dim=dim), tuple(inputs))


STRATEGIES = {name: joins(name) for name in ("cat", "stack")}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, H, C = symbol("N"), symbol("H"), symbol("C")


def test_symbolic_sizes() -> None:
    cat = OPS["cat"](dim=1)
    assert cat.infer(TensorType((N, 64, H)), TensorType((N, C, H))).shape == (N, C + 64, H)
    # H // 2 may be 4: the run tells
    assert cat.infer(TensorType((N, 1, 4)), TensorType((N, 1, H // 2))).shape == (N, 2, 4)


@pytest.mark.parametrize(
    ("name", "shapes", "message", "ports"),
    [
        ("cat", [(N, 1, 4), (N, 1)], "cannot join N×1×4 of rank 3 and N×1 of rank 2", ("0", "1")),
        (
            "cat",
            [(N, 8, H), (N, 8, H), (N, 9, H + 1)],
            "cannot join N×8×H and N×9×(H + 1) along dimension 1: dimension 2 is H and H + 1",
            ("0", "2"),
        ),
        ("cat", [(), ()], "cannot join scalars", ()),
        ("cat", [(4,), (4,)], "dim 1 is out of range for a tensor of rank 1", ()),
        ("stack", [(4, 5), (4, 6)], "cannot stack 4×5 and 4×6: dimension 1 is 5 and 6", ("0", "1")),
    ],
)
def test_messages(name: str, shapes: list[Any], message: str, ports: tuple[str, ...]) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](dim=1).infer(*map(TensorType, shapes))
    assert caught.value.message == message
    assert caught.value.ports == ports
