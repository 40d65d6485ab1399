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


@st.composite
def expands(draw: DrawFn) -> Case:
    x = draw(ranked(0, 4, most=3))
    new = draw(st.lists(st.sampled_from([1, 2, 2, 3, 3, -1]), max_size=2))
    old = [draw(st.integers(1, 4) if n == 1 else st.sampled_from([n, n, n, -1, -1, n + 1])) for n in x.shape]
    size = (new + old)[draw(st.sampled_from([0] * 6 + [len(new) + 1])) :]
    return Case(OPS["expand"](size=size), (x,))


@st.composite
def copies(draw: DrawFn, name: str, field: str) -> Case:
    x = draw(ranked(0, 4))
    counts = draw(st.lists(st.integers(1, 3), min_size=max(x.rank - 1, 0), max_size=x.rank + 1))
    return Case(OPS[name](**{field: counts}), (x,))


@st.composite
def interleaves(draw: DrawFn) -> Case:
    x = draw(ranked(1, 4))
    dim = draw(st.one_of(st.none(), dims(x.rank)))
    return Case(OPS["repeat_interleave"](repeats=draw(st.integers(1, 3)), dim=dim), (x,))


STRATEGIES = {
    "expand": expands(),
    "repeat": copies("repeat", "repeats"),
    "tile": copies("tile", "dims"),
    "repeat_interleave": interleaves(),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, T = symbol("N"), symbol("T")


@pytest.mark.parametrize(
    ("name", "fields", "made"),
    [
        ("expand", {"size": (N, -1, -1)}, (N, T, 8)),
        ("expand", {"size": (N, 4, -1)}, (N, 4, 8)),
        ("repeat", {"repeats": (N, 1, 2)}, (N, T, 16)),
        ("repeat_interleave", {"repeats": 4, "dim": 1}, (1, 4 * T, 8)),
    ],
)
def test_symbolic_sizes(name: str, fields: dict[str, Any], made: Any) -> None:
    assert OPS[name](**fields).infer(TensorType((1, T, 8))).shape == made


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("expand", {"size": [T, T]}, "size [T, T] has fewer dimensions than 1×T×8"),
        ("expand", {"size": [-1, 1, T, 8]}, "size [-1, 1, T, 8] has a -1 for a dimension that 1×T×8 does not have"),
        ("expand", {"size": [2, -1, 16]}, "cannot expand 1×T×8 to [2, -1, 16]: only a size of 1 can become 16"),
        ("expand", {"size": [0, -1, -1]}, "size has the number 0, expected at least 1"),
        ("repeat", {"repeats": [2, 2]}, "repeats [2, 2] has fewer numbers than 1×T×8 has dimensions"),
        ("tile", {"dims": [-1]}, "dims has the number -1, expected at least 1"),
        ("repeat_interleave", {"repeats": 0}, "repeats has the number 0, expected at least 1"),
        ("repeat_interleave", {"repeats": 2, "dim": 3}, "dim 3 is out of range for a tensor of rank 3"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((1, T, 8)))
    assert caught.value.message == message
