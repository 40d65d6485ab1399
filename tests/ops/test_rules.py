"""What the rules of several ops share: dtypes against torch's, and what their refusals say."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.ops.rules import MOST_DIVISORS, DType, broadcast, divides, divisors_hint, promote, require_same_dtype
from archdsl.shapes import TensorType, symbol

DTYPES = get_args(DType)
T = symbol("T")


@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_two_dtypes(left: str, right: str) -> None:
    expected = torch.promote_types(getattr(torch, left), getattr(torch, right))
    assert promote(left, right) == str(expected).removeprefix("torch.")
    x, y = TensorType((2,), left), TensorType((2,), right)
    if left == right:
        require_same_dtype(("a", "b"), x, y)
        return
    with pytest.raises(OpError, match=f"cannot multiply {left} by {right}: the dtypes must be equal") as caught:
        require_same_dtype(("a", "b"), x, y)
    assert (caught.value.code, caught.value.ports) == ("dtype-error", ("a", "b"))


def test_nothing_is_broadcast_to_a_scalar() -> None:
    assert broadcast() == ()


@pytest.mark.parametrize("size", [1, 6, 63, MOST_DIVISORS, MOST_DIVISORS + 1, 128])
def test_divisors(size: int) -> None:
    hint = divisors_hint("heads", size)
    assert hint is not None
    told, _, more = hint.removeprefix(f"heads that divide {size} are ").partition(" …")
    assert [int(n) for n in told.split(", ")] == [n for n in range(1, min(size, MOST_DIVISORS) + 1) if size % n == 0]
    assert hint.endswith(" …") is (size > MOST_DIVISORS) and not more
    assert divisors_hint("heads", T) is None


def test_a_multiple() -> None:
    assert [divides(0, 0), divides(0, 3), divides(2, 4), divides(2, 3), divides(2, T), divides(1, T)] == [
        True, False, True, False, None, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "ports", "field", "hint"),
    [
        ("cat", {}, [(), ()], (), None, "use `stack`"),
        ("cat", {"dim": 1}, [(2, 3), (4, 3)], ("0", "1"), "dim", None),
        ("cat", {}, [(2, 3), (2,)], ("0", "1"), None, None),
        ("cat", {}, [(2,), (2, 3)], ("0", "1"), None, None),
        ("stack", {}, [(2, 3), (4, 3)], ("0", "1"), None, None),
        ("softmax2d", {}, [(2, 3, 4)], ("input",), None, "the first dimension is the batch"),
        ("softmax2d", {}, [(2, 3)], ("input",), None, None),
        ("conv2d", {"out_channels": 2, "kernel_size": 5}, [(1, 30, 17, 4)], ("input",), None,
         "is the input (N, H, W, C)? channels come second here: (N, C, H, W)"),
        ("max_pool2d", {"kernel_size": 20}, [(1, 2, 17, 4)], ("input",), None,
         "is the input (N, H, W, C)? channels come second here: (N, C, H, W)"),
        ("max_pool2d", {"kernel_size": 20}, [(1, 2, 16, 4)], ("input",), None,
         "make the input larger, or the kernel or the stride smaller"),
        ("max_pool2d", {"kernel_size": 20}, [(1, 2, 17, 2)], ("input",), None,
         "make the input larger, or the kernel or the stride smaller"),
        ("linear", {"out_features": 2}, [(2, T)], ("input",), None, "make the size a parameter of the file"),
        ("celu", {"alpha": 0}, [(2,)], (), "alpha", None),
        ("prelu", {"num_parameters": 2}, [(2, 3)], ("input",), "num_parameters", None),
        ("multihead_attention", {"num_heads": 4}, [(1, 2, 6)] * 3, ("query",), "num_heads",
         "heads that divide 6 are 1, 2, 3, 6"),
        ("chunk", {"chunks": 2}, [(T,)], (), "chunks", "`tensor_split` makes that many parts of any size"),
        ("split", {"split_size": 2}, [(T,)], (), "split_size", "list the parts' sizes"),
        ("slice", {"start": 3, "end": 2}, [(5,)], (), "start", None),
        ("slice", {"end": 0}, [(5,)], (), "end", None),
        ("unbind", {}, [(T, 2)], ("input",), "dim", None),
    ],
)  # fmt: skip
def test_whose_fault_it_is(
    name: str, fields: dict[str, Any], inputs: list[Any], ports: tuple[str, ...], field: str | None, hint: str | None
) -> None:
    with pytest.raises(OpError) as caught:
        OPS[name](**fields).infer(*map(TensorType, inputs))
    assert (caught.value.ports, caught.value.fault.place.field, caught.value.hint) == (ports, field, hint)
