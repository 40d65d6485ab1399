"""Tensors fitted to other shapes, against what fitting means."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archdsl.document.model import Resize
from archdsl_torch.weights.adapting import grid_side, lost, resizable, resized, same_but_ones, with_channels

SIZES = st.integers(1, 4)


def numbers(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)


@given(SIZES, SIZES, st.integers(2, 9), st.integers(0, 3))
def test_several_channels_get_the_old_ones_in_turn(out: int, old: int, new: int, spatial: int) -> None:
    weight = numbers(out, old, *[2] * spatial)
    made = with_channels(weight, new)
    assert made.shape == (out, new, *[2] * spatial)
    for channel in range(new):
        torch.testing.assert_close(made[:, channel], weight[:, channel % old] * (old / new))


@given(SIZES, SIZES)
def test_one_channel_gets_the_sum(out: int, old: int) -> None:
    weight = numbers(out, old, 3)
    made = with_channels(weight, 1)
    assert made.shape == (out, 1, 3)
    torch.testing.assert_close(made[:, 0], weight.sum(1))


def test_halves_are_rounded_once() -> None:
    weight = numbers(2, 7, 3, dtype=torch.float16)
    exact = with_channels(weight.double(), 1)
    assert torch.equal(with_channels(weight, 1), exact.half())
    assert torch.equal(with_channels(weight, 4), with_channels(weight.float(), 4).half())
    assert with_channels(weight.double(), 4).dtype == torch.float64


@given(st.integers(0, 40), st.integers(0, 3))
def test_the_side_of_a_grid(rows: int, prefix: int) -> None:
    found = grid_side(rows, Resize(mode="bicubic", prefix=prefix))
    sides = [side for side in range(1, 8) if side * side + prefix == rows]
    assert found == (sides[0] if sides else None)


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("batch", [(), (1,), (2, 3)])
@pytest.mark.parametrize("prefix", [0, 2])
def test_a_grid_is_interpolated_as_an_image(mode: str, align: bool, batch: tuple[int, ...], prefix: int) -> None:
    resize = Resize(mode=mode, prefix=prefix, align_corners=align)
    old, new, features = 3, 5, 4
    table = numbers(*batch, prefix + old * old, features)
    shape = (*batch, prefix + new * new, features)
    assert resizable(table, shape, resize)
    made = resized(table, shape, resize)
    assert made.shape == shape
    assert torch.equal(made[..., :prefix, :], table[..., :prefix, :])
    flat, got = table.reshape(-1, prefix + old * old, features), made.reshape(-1, prefix + new * new, features)
    for one, other in zip(flat, got, strict=True):
        for feature in range(features):
            image = one[prefix:, feature].reshape(1, 1, old, old)
            wanted = torch.nn.functional.interpolate(image, size=(new, new), mode=mode, align_corners=align)
            torch.testing.assert_close(other[prefix:, feature].reshape(1, 1, new, new), wanted)


def test_what_is_no_grid_is_not_resized() -> None:
    resize = Resize(mode="bicubic", prefix=1)
    table = numbers(2, 10, 4)
    assert resizable(table, (2, 17, 4), resize)
    for shape in [(2, 17, 5), (3, 17, 4), (2, 16, 4), (17, 4), (2, 1, 4), (2, 2, 17, 4)]:
        assert not resizable(table, shape, resize), shape
    assert not resizable(numbers(2, 9, 4), (2, 17, 4), resize)
    assert not resizable(table.long(), (2, 17, 4), resize)
    assert not resizable(numbers(10), (17,), resize)
    assert resizable(numbers(10, 4), (5, 4), resize)
    whole = Resize()
    assert not resizable(numbers(3, 4, 7), (9, 4), whole) and not resizable(numbers(9, 4), (3, 4, 7), whole)


@given(st.lists(SIZES, max_size=4), st.lists(SIZES, max_size=4))
def test_ones_make_no_difference(old: list[int], new: list[int]) -> None:
    def without_ones(shape: list[int]) -> list[int]:
        return [n for n in shape if n > 1]

    assert same_but_ones(torch.empty(old), tuple(new)) == (without_ones(old) == without_ones(new))


def test_what_numbers_lose() -> None:
    real, whole = torch.tensor([1.0, 2.5]), torch.tensor([1, 300])
    assert lost(real.to(torch.complex64), torch.float32) == "complex in the file, real here"
    assert lost(real.to(torch.complex64), torch.int64) == "complex in the file, real here"
    assert lost(real.to(torch.complex64), torch.complex128) is None
    assert lost(real, torch.complex64) is None and lost(real, torch.float16) is None
    assert lost(real, torch.int64) == "numbers in the file that int64 does not have"
    assert lost(real.floor(), torch.int64) is None
    assert lost(whole, torch.uint8) == "numbers in the file that uint8 does not have"
    assert lost(whole, torch.int16) is None and lost(whole, torch.int64) is None and lost(whole, torch.float16) is None
    assert lost(torch.tensor([math.nan]), torch.int64) is not None
