from __future__ import annotations

from math import prod
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
from tests.ops.strategies import dims, dims_of, ranked


@st.composite
def ordered(draw: DrawFn, name: str) -> Case:
    """Ops whose fields are numbers of dimensions."""
    x = draw(ranked(1, 5))
    dim = dims(x.rank)
    options: dict[str, Any] = {
        "flatten": st.fixed_dictionaries({}, optional={"start_dim": dim, "end_dim": dim}),
        "transpose": st.fixed_dictionaries({"dim0": dim, "dim1": dim}),
        "unsqueeze": st.fixed_dictionaries({"dim": dims(x.rank + 1)}),
        "flip": st.fixed_dictionaries({"dims": dims_of(x.rank, least=1)}),
        "permute": st.fixed_dictionaries(
            {"dims": st.one_of(st.permutations(range(x.rank)).map(tuple), st.permutations(range(-3, 0)).map(tuple))}
        ),
        "tril": st.fixed_dictionaries({}, optional={"diagonal": st.integers(-3, 3)}),
        "triu": st.fixed_dictionaries({}, optional={"diagonal": st.integers(-3, 3)}),
    }
    return Case(OPS[name](**draw(options[name])), (x,))


@st.composite
def split_sizes(draw: DrawFn, size: int) -> tuple[int, ...]:
    """Sizes that multiply to `size`, or nearly, perhaps with a -1."""
    sizes = []
    while size > 1 and len(sizes) < 3:
        divisor = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
        sizes.append(divisor)
        size //= divisor
    sizes.append(size + draw(st.sampled_from([0] * 6 + [1])))
    for place in draw(st.sets(st.integers(0, len(sizes) - 1), max_size=draw(st.sampled_from([0, 1, 1, 2])))):
        sizes[place] = -1
    return tuple(draw(st.permutations(sizes)))


@st.composite
def reshapes(draw: DrawFn) -> Case:
    x = draw(ranked(0, 4))
    return Case(OPS["reshape"](shape=draw(split_sizes(prod(x.shape)))), (x,))


@st.composite
def unflattens(draw: DrawFn) -> Case:
    x = draw(ranked(1, 3, most=24))
    dim = draw(dims(x.rank))
    sizes = draw(split_sizes(x.shape[dim] if -x.rank <= dim < x.rank else 6))
    return Case(OPS["unflatten"](dim=dim, unflattened_size=sizes), (x,))


@st.composite
def squeezes(draw: DrawFn) -> Case:
    x = draw(ranked(1, 5, most=2))
    dim = draw(st.one_of(st.none(), dims(x.rank), dims_of(x.rank, least=1)))
    # torch leaves a dimension that is not 1 as it is
    return Case(OPS["squeeze"](dim=dim), (x,), stricter=True)


@st.composite
def rolls(draw: DrawFn) -> Case:
    x = draw(ranked(1, 4))
    shift = st.integers(-3, 3)
    dim = draw(st.one_of(st.none(), dims(x.rank), dims_of(x.rank, least=1)))
    count = len(dim) if isinstance(dim, tuple) else 1
    many = st.tuples(*[shift] * draw(st.sampled_from([count] * 6 + [count + 1])))
    op = OPS["roll"](shifts=draw(st.one_of(shift, many)), dims=dim)
    # no shift is no code, so torch cannot refuse its dimensions
    return Case(op, (x,), stricter=lower(op, x).function == In(0))


STRATEGIES = {
    **{name: ordered(name) for name in ("flatten", "transpose", "unsqueeze", "flip", "permute", "tril", "triu")},
    "reshape": reshapes(),
    "unflatten": unflattens(),
    "squeeze": squeezes(),
    "roll": rolls(),
}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name])._replace(counted=False))  # nothing is multiplied


N, T = symbol("N"), symbol("T")


@pytest.mark.parametrize(
    ("name", "fields", "shape", "made"),
    [
        ("flatten", {}, (N, 64, 7, 7), (N, 3136)),
        ("flatten", {"start_dim": 0, "end_dim": 1}, (N, T, 8), (N * T, 8)),
        ("reshape", {"shape": (N, -1, 8)}, (N, T, 64), (N, T * 8, 8)),
        ("reshape", {"shape": (-1, 8)}, (N, T, 12), (N * T * 12 // 8, 8)),
        ("unflatten", {"dim": 1, "unflattened_size": (-1, 7)}, (N, T), (N, T // 7, 7)),
        ("squeeze", {}, (N, 1, T, 1), (N, T)),
    ],
)
def test_symbolic_sizes(name: str, fields: dict[str, Any], shape: Any, made: Any) -> None:
    assert OPS[name](**fields).infer(TensorType(shape)).shape == made


def test_a_roll_by_nothing_is_no_code() -> None:
    op = OPS["roll"](shifts=(0, 0), dims=(1, 2))
    assert lower(op, TensorType((2, 3, 4))).function == In(0)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("flatten", {"start_dim": 4}, "start_dim 4 is out of range for a tensor of rank 3"),
        ("flatten", {"start_dim": 2, "end_dim": -3}, "start_dim 2 comes after end_dim -3 in 2×12×T"),
        ("permute", {"dims": [0, 1]}, "dims [0, 1] orders 2 dimensions, but 2×12×T has 3"),
        ("permute", {"dims": [0, 1, 1]}, "dims [0, 1, 1] names dimension 1 twice"),
        ("squeeze", {"dim": 1}, "cannot squeeze dimension 1 of 2×12×T: its size is 12, not 1"),
        ("squeeze", {"dim": 2}, "cannot squeeze dimension 2 of 2×12×T: its size is T, not 1"),
        ("roll", {"shifts": [1, 2], "dims": 1}, "shifts [1, 2] and dims [1] differ in length"),
        (
            "unflatten",
            {"dim": 1, "unflattened_size": [5, -1]},
            "cannot make [5, -1] of dimension 1 of 2×12×T: 12 is not divisible by 5",
        ),
        (
            "unflatten",
            {"dim": 1, "unflattened_size": [5, 2]},
            "cannot make [5, 2] (10 elements) of dimension 1 of 2×12×T (12 elements)",
        ),
        ("reshape", {"shape": [-1, -1]}, "shape [-1, -1] has more than one -1"),
        ("reshape", {"shape": [-2]}, "shape [-2] has the size -2"),
        ("tril", {}, None),
    ],
)
def test_messages(name: str, fields: dict[str, Any], message: str | None) -> None:
    x = TensorType((2, 12, T) if message else (4,))
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(x)
    assert caught.value.message == (message or "expected `input` of rank 2 or more, got 4 of rank 1")
