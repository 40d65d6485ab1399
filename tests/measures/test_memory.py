"""What an op is said to keep for its backward pass, and where its views lie, against torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, Final

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archdsl.measures import rules
from archdsl.measures.memory import Placed, contiguous, flat, in_order_of, reshaped, size_of
from archdsl.ops import OPS
from archdsl.ops.base import Op, OpError
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import lower
from tests.compiler.tracing import BEFORE_2_13
from tests.generators.cases import strategies
from tests.ops.harness import Case, call_module, construct, infer, run_code, sizes, tensors
from tests.thorough import examples

STRATEGIES: Final = strategies()
ROUGH: Final = {
    "einsum": "torch sums, transposes and copies operands in an order of its own before it multiplies",
    "lstm": "oneDNN's kernel keeps a workspace, whose size it alone knows",
    "multihead_attention": "as scaled_dot_product_attention, which it calls",
    "scaled_dot_product_attention": "which kernel runs, and what that keeps, depends on ranks, sizes and the mask",
}
"""Why what torch keeps is not told to the byte."""


def laid(x: torch.Tensor) -> Placed:
    return Placed(tuple(x.shape), "float32", x.stride(), learned=True)


@st.composite
def views(draw: st.DrawFn) -> torch.Tensor:
    """Permuted, cut, with steps and repeated."""
    x = torch.zeros(draw(st.lists(st.sampled_from([1, 2, 3, 4, 6]), min_size=0, max_size=4)))
    x = x.permute(draw(st.permutations(range(x.dim()))))
    for dim in range(x.dim()):
        kind = draw(st.sampled_from(["whole", "whole", "half", "step", "repeated"]))
        if kind == "half":
            x = x.narrow(dim, 0, (x.shape[dim] + 1) // 2)
        elif kind == "step":
            x = x[(slice(None),) * dim + (slice(None, None, 2),)]
        elif kind == "repeated" and x.shape[dim] == 1:
            x = x.expand([3 if d == dim else n for d, n in enumerate(x.shape)])
    return x


def shapes_of(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of so many elements, some dimensions 1."""

    @st.composite
    def drawn(draw: st.DrawFn) -> tuple[int, ...]:
        left, shape = count, []
        while left > 1:
            factor = draw(st.sampled_from([n for n in range(1, left + 1) if left % n == 0]))
            shape.append(factor)
            left //= factor
            assume(len(shape) < 7)
        return (*shape, *[1] * draw(st.integers(0, 1)))

    return drawn()


@settings(max_examples=examples(150))
@given(views(), st.data())
def test_a_view_of_another_shape(x: torch.Tensor, data: st.DataObject) -> None:
    shape = data.draw(shapes_of(x.numel()))
    found = reshaped(laid(x), shape)
    try:
        made = x.view(shape)
    except RuntimeError:
        assert found is None
        return
    assert found is not None
    assert [s for n, s in zip(shape, found, strict=True) if n > 1] == [
        s for n, s in zip(shape, made.stride(), strict=True) if n > 1
    ]


@given(views())
def test_strides(x: torch.Tensor) -> None:
    assert contiguous(tuple(x.shape)) == torch.empty(x.shape).stride()
    made = torch.relu(x)
    pairs = zip(x.shape, in_order_of(laid(x), tuple(x.shape)), made.stride(), strict=True)
    if not any(s == 0 for s, n in zip(x.stride(), x.shape, strict=True) if n > 1):
        assert all(ours == torchs for size, ours, torchs in pairs if size > 1)
    wider = (2, *x.shape)
    assert in_order_of(laid(x), wider) == contiguous(wider)


@given(views(), st.integers(1, 3))
def test_a_matrix_of_the_last_dimensions(x: torch.Tensor, keep: int) -> None:
    split = len(x.shape) - keep
    try:
        if split > 0:
            x.view(prod(x.shape[:split]), *x.shape[split:])
        expected = True
    except RuntimeError:
        expected = False
    assert flat(laid(x), keep) is expected
    if keep == 1:
        assert flat(laid(x)) is expected


def kept_by_torch(case: Case, learned: int = 9) -> int:
    """The bytes of the tensors that autograd keeps of one run, parameters and buffers apart.

    The first inputs are learned, as far as they are numbers.
    """
    lowered = lower(case.op, *case.inputs)
    given = [
        x.requires_grad_() if x is not None and x.is_floating_point() and place < learned else x
        for place, x in enumerate(tensors(case, "cpu"))
    ]
    module = None if lowered.module is None else construct(lowered, "cpu").train(True)
    own = set() if module is None else {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers())}
    found: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            found[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), not_normalised():
        if module is not None:
            made = call_module(module, lowered.call, tuple(given))
        else:
            assert lowered.function is not None
            made = run_code(lowered.function, tuple(given), True)
    total = sum(storage.nbytes() for storage in found.values())
    del made
    return total


@contextmanager
def not_normalised() -> Iterator[None]:
    """Another example where torch has but one value to normalise, which it refuses."""
    try:
        yield
    except ValueError as error:
        assume("more than 1 value" not in str(error))
        raise


def told(case: Case, inferred: tuple[TensorType, ...], learned: int = 9) -> int:
    given: list[Any] = [
        None
        if x is None
        else Placed(sizes(x), x.dtype, contiguous(sizes(x)), x.dtype.startswith("float") and place < learned)
        for place, x in enumerate(case.inputs)
    ]
    kept = rules.keeps(case.op, inferred, *given)
    views = rules.views(case.op, [sizes(x) for x in inferred], True, *given)
    inputs = {i for i in kept.inputs if given[i] is not None} | ({0} if views is not None and kept.outputs else set())
    made = () if views is not None else kept.outputs
    types = (*(given[i].type for i in inputs), *(inferred[i] for i in made), *kept.more)
    return sum(size_of(type, "float32") for type in types)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name not in ROUGH])
@settings(max_examples=examples(15), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_kept_for_the_backward_pass(name: str, data: st.DataObject) -> None:
    case = data.draw(STRATEGIES[name])._replace(training=True)
    try:
        inferred = infer(case.op, case.inputs)
    except OpError:
        assume(False)
        raise
    if not inferred[0].dtype.startswith("float"):  # what makes whole numbers keeps nothing
        return
    assume(len({x.dtype for x in case.inputs if x is not None and x.dtype.startswith("float")}) < 2)  # else it copies
    assume(getattr(case.op, "p", None) != 1)  # where nothing is let through, torch keeps one number in the mask's place
    kept = kept_by_torch(case)
    if BEFORE_2_13 and name == "take_along_dim":  # torch 2.8 keeps the places as they are given
        assert told(case, inferred) >= kept
    else:
        assert told(case, inferred) == kept


SMALL: Final = st.integers(1, 3)


@st.composite
def factors(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors, matrices and stacks of them, whose dimensions lie in any order in memory."""
    batch, (rows, depth, columns) = draw(st.lists(SMALL, max_size=3)), draw(st.tuples(SMALL, SMALL, SMALL))
    made = []
    for last, vector in (((rows, depth), (depth,)), ((depth, columns), (depth,))):
        rank = draw(st.integers(-1, len(batch)))
        sizes = [draw(st.sampled_from([size, size, 1])) for size in batch[len(batch) - max(rank, 0) :]]
        shape = (*sizes, *(vector if rank < 0 else last))
        order = draw(st.permutations(range(len(shape))))
        x = torch.zeros([shape[dim] for dim in order]).permute(*map(order.index, range(len(shape))))
        made.append(x.requires_grad_(draw(st.sampled_from([True, True, False]))))
    first, second = made
    return first, second


@settings(max_examples=examples(150))
@given(factors())
def test_what_a_product_keeps_of_factors_that_lie_otherwise(drawn: tuple[torch.Tensor, torch.Tensor]) -> None:
    given = [laid(x)._replace(learned=x.requires_grad) for x in drawn]
    op = OPS["matmul"]()
    kept = rules.keeps(op, infer(op, [x.type for x in given]), *given)
    types = (*(given[i].type for i in kept.inputs), *kept.more)
    found: dict[int, int] = {}

    def pack(x: torch.Tensor) -> torch.Tensor:
        found[x.untyped_storage()._cdata] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        made = torch.matmul(*drawn)
    assert sum(size_of(type, "float32") for type in types) == sum(found.values())
    del made


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("kernel", [2, 3])
def test_an_even_kernel_that_keeps_the_size(kernel: int, mode: str) -> None:
    """What `same` puts on one side alone is padded apart, and the padded copy is kept."""
    op = OPS["conv1d"](out_channels=1, kernel_size=kernel, padding="same", padding_mode=mode)
    _check_kept(op, TensorType((1, 1, 4)))


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("pad", [(0, 0), (0, 1)])
def test_padded_by_nothing(pad: tuple[int, int], mode: str) -> None:
    _check_kept(OPS["pad"](pad=pad, mode=mode), TensorType((1, 1, 4)))


@pytest.mark.parametrize("masks", [(None, None), ((2, 6), None), (None, (5, 6)), (None, (8, 5, 6)), ((2, 6), (5, 6)),
                                   ((2, 6), (8, 5, 6))])  # fmt: skip
@pytest.mark.parametrize(("dtype", "learned"), [("bool", 9), ("float32", 9), ("float32", 3)])
@pytest.mark.parametrize("dropout", [0, 0.5])
def test_masks_of_attention(
    masks: tuple[tuple[int, ...] | None, ...], dtype: str, learned: int, dropout: float
) -> None:
    shapes = [TensorType((2, 5, 8)), TensorType((2, 6, 8)), TensorType((2, 6, 8))]
    op = OPS["multihead_attention"](num_heads=4, dropout=dropout)
    _check_kept(op, *shapes, *(None if shape is None else TensorType(shape, dtype) for shape in masks), learned=learned)


def _check_kept(op: Op, *inputs: TensorType | None, learned: int = 9) -> None:
    case = Case(op, inputs, training=True)
    inferred = infer(op, case.inputs)
    assert told(case, inferred, learned) == kept_by_torch(case, learned)
