"""What stands in a graph beside torch's ops."""

from __future__ import annotations

import pytest
import torch

from archdsl.expressions.tree import Binary, Literal, Name, Tree
from archdsl.ops.base import OpError
from archdsl.ops.special import Parameter, ScanStack, Stub
from archdsl.shapes import Dim, TensorType, symbol

N = symbol("N")


@pytest.mark.parametrize(
    ("shape", "value", "part"),
    [((2, N), Name("i"), "shape"), ((2, 3), Binary("*", Name("i"), Literal(N)), "value"), ((N, 3), Literal(N), "shape"),
     ((N + 1, 3), Literal(N), "shape"), ((2, 3), Name("i"), None)],
)  # fmt: skip
def test_a_parameter_depends_on_nothing_that_only_the_run_knows(
    shape: tuple[Dim, ...], value: Tree, part: str | None
) -> None:
    op = Parameter(shape=shape, index=("i", "j"), value=value)
    if part is None:
        assert op.infer() == TensorType(shape)
        return
    with pytest.raises(OpError, match=f"a parameter's {part} must be known when the model is built, but N") as caught:
        op.infer()
    assert caught.value.fault.place.field == part


@pytest.mark.parametrize("shape", [(), (3,), (3, 4, 5)])
def test_where_the_steps_of_a_loop_are_collected(shape: tuple[int, ...]) -> None:
    """As torch stacks them, and nowhere else."""
    for dim in range(-len(shape) - 3, len(shape) + 3):
        op = ScanStack(dim=dim, steps=7)
        try:
            expected = torch.stack([torch.zeros(shape)] * 7, dim).shape
        except IndexError:
            with pytest.raises(OpError, match=f"`dim` is {dim}, and .* collected has {len(shape) + 1} dimensions"):
                op.infer(TensorType(shape))
            continue
        assert op.infer(TensorType(shape)).shape == expected


def test_a_stub_gives_what_it_says() -> None:
    one = Stub(shapes=((N, 3),), stands_for="a kernel")
    assert one.infer(TensorType((N,))) == TensorType((N, 3))
    several = Stub(shapes=((N, 3), ()), dtypes=("float32", "int64"), names=("a", "b"), stands_for="a kernel")
    assert several.infer() == (TensorType((N, 3)), TensorType((), "int64"))
    assert several.output_names(2) == ("a", "b")
    with pytest.raises(OpError, match="`dtypes` has 1, expected 2, one for each output"):
        Stub(shapes=((N, 3), ()), dtypes=("int64",), stands_for="a kernel").infer()
