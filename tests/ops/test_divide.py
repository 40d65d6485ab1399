from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.limits import TooLarge, analysis, budget
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, evaluate, symbol
from archdsl_torch.lowering.base import lower
from archdsl_torch.lowering.tree import In
from tests.ops.harness import Case, check, run_code
from tests.ops.strategies import dims, ranked


def size_of(x: TensorType, dim: int) -> int:
    size = x.shape[dim] if -x.rank <= dim < x.rank else 3
    assert isinstance(size, int)
    return size


@st.composite
def divisions(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(1, 3, most=9))
    dim = draw(dims(x.rank))
    size = size_of(x, dim)
    places = st.lists(st.integers(1, max(size - 1, 1)), max_size=3, unique=True)
    cuts = [0, *sorted(draw(places)), size + draw(st.sampled_from([0] * 6 + [1]))]
    parts = [end - start for start, end in pairwise(cuts)]
    options: dict[str, Any] = {
        "chunk": {"chunks": st.integers(1, 6)},
        "split": {"split_size": st.one_of(st.integers(1, 6), st.just(parts))},
        "tensor_split": {"indices_or_sections": st.one_of(st.integers(1, 6), st.just(cuts[1:-1]))},
        "unbind": {},
    }
    fields = draw(st.fixed_dictionaries(options[name]))
    # torch makes empty parts
    return Case(OPS[name](dim=dim, **fields), (x,), stricter=True)


@st.composite
def parts(draw: DrawFn, name: str) -> Case:
    x = draw(ranked(1, 3, most=9))
    dim = draw(dims(x.rank))
    size = size_of(x, dim)
    place = st.integers(-size - 1, size + 1)
    options: dict[str, Any] = {
        "select": st.fixed_dictionaries({"index": place}),
        "narrow": st.fixed_dictionaries({"start": place, "length": st.integers(1, size)}),
        "slice": st.fixed_dictionaries({}, optional={"start": place, "end": place, "step": st.integers(1, 3)}),
    }
    # Python shortens a slice, torch lets it be empty
    stricter = name == "slice" or not -x.rank <= dim < x.rank
    return Case(OPS[name](dim=dim, **draw(options[name])), (x,), stricter=stricter)


STRATEGIES = {
    **{name: divisions(name) for name in ("chunk", "split", "tensor_split", "unbind")},
    **{name: parts(name) for name in ("select", "narrow", "slice")},
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, T = symbol("N"), symbol("T")


def test_names() -> None:
    op = OPS["chunk"](chunks=3, dim=-1, names=["q", "k", "v"])
    assert [x.shape for x in op.infer(TensorType((N, T, 12)))] == [(N, T, 4)] * 3
    assert op.output_names(3) == ("q", "k", "v")
    assert OPS["unbind"]().output_names(2) == ("0", "1")


@pytest.mark.parametrize(
    ("name", "fields", "sizes"),
    [
        ("chunk", {"chunks": 2}, [T, T]),
        ("split", {"split_size": (T, 1, T - 1)}, [T, 1, T - 1]),
        ("tensor_split", {"indices_or_sections": 2}, [(2 * T + 1) // 2, T]),
        ("tensor_split", {"indices_or_sections": (1,)}, [1, 2 * T - 1]),
    ],
)
def test_symbolic_sizes(name: str, fields: dict[str, Any], sizes: list[Any]) -> None:
    assert [x.shape for x in OPS[name](**fields).infer(TensorType((2 * T,)))] == [(size,) for size in sizes]


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ({"start": 1}, T - 1),
        ({"end": 3}, 3),
        ({"end": -1}, T - 1),
        ({"start": -3}, 3),
        ({"start": -3, "end": -1}, 2),
        ({"start": 1, "end": 6, "step": 2}, 3),
        ({"step": 2}, (T + 1) // 2),
    ],
)
def test_a_slice_of_a_run_time_size_is_as_long_as_inferred_or_fails(fields: dict[str, Any], length: Any) -> None:
    op, x = OPS["slice"](**fields), TensorType((T,))
    assert op.infer(x).shape == (length,)
    function = lower(op, x).function
    assert function is not None
    for size in range(1, 9):
        try:
            made = run_code(function, (torch.arange(size),))
        except (RuntimeError, IndexError):
            continue
        expected = max(evaluate(length, {"T": size}), 0)
        assert made.tolist() == torch.arange(size)[op.start : op.end : op.step].tolist()
        assert len(made) == expected


def test_a_slice_of_everything_is_no_code() -> None:
    assert lower(OPS["slice"](), TensorType((T,))).function == In(0)


@pytest.mark.parametrize(
    ("name", "field", "of"),
    [
        ("chunk", "chunks", lambda count: count), ("split", "split_size", lambda count: 1),
        ("split", "split_size", lambda count: [1] * count),
        ("tensor_split", "indices_or_sections", lambda count: count),
        ("tensor_split", "indices_or_sections", lambda count: [*range(1, count)]), ("unbind", "dim", lambda count: 0),
    ],
)  # fmt: skip
def test_the_parts_are_counted(name: str, field: str, of: Callable[[int], Any]) -> None:
    """Before they are made."""
    with budget(outputs=20), analysis():
        assert len(OPS[name](**{field: of(20)}).infer(TensorType((20,)))) == 20
        with pytest.raises(TooLarge) as caught:
            OPS[name](**{field: of(21)}).infer(TensorType((21,)))
        assert caught.value.fault.place.field == field


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("chunk", {"chunks": 2}, "cannot cut T into 2 chunks: it is known only at run time"),
        ("chunk", {"chunks": 3, "dim": 1, "names": ["a"]}, "names [a] has 1 names for 3 outputs"),
        ("chunk", {"chunks": 2, "dim": 1, "names": ["a", "a"]}, "names has `a` twice"),
        ("split", {"split_size": 2}, "cannot cut T into parts of 2: it is known only at run time"),
        (
            "split",
            {"split_size": [5, 6], "dim": 1},
            "split_size [5, 6] sums to 11, but dimension 1 is 12",
        ),
        ("split", {"split_size": [12, 0], "dim": 1}, "split_size 0 is less than 1"),
        ("tensor_split", {"indices_or_sections": 13, "dim": 1}, "cannot cut 12 into 13 parts"),
        (
            "tensor_split",
            {"indices_or_sections": [5, -8], "dim": 1},
            "cannot cut 12 at [5, -8]: a part would be empty",
        ),
        ("unbind", {}, "cannot unbind dimension 0 of T×12: T is known only at run time"),
        ("unbind", {"dim": 2}, "dim 2 is out of range for a tensor of rank 2"),
        ("select", {"dim": 1, "index": 12}, "index 12 is out of range for dimension 1 of T×12"),
        ("select", {"dim": 1, "index": T + 11}, "index T + 11 is out of range for dimension 1 of T×12"),
        (
            "narrow",
            {"dim": 1, "start": 8, "length": 5},
            "5 from 8 on do not fit into dimension 1 of T×12",
        ),
        ("narrow", {"dim": 1, "start": 8, "length": 0}, "length 0 is less than 1"),
        ("slice", {"dim": 1, "end": 13}, "end 13 lies outside dimension 1 of T×12"),
        ("slice", {"dim": 1, "start": -13}, "start -13 lies outside dimension 1 of T×12"),
        ("slice", {"dim": 1, "start": 5, "end": -8}, "nothing is left of dimension 1 of T×12 from 5 to 4"),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(TensorType((T, 12)))
    assert caught.value.message == message
