"""The names that a misspelt one may mean."""

from __future__ import annotations

import pytest

from archdsl.ops import OPS
from archdsl.text.nearest import alike, nearest, surely


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("stirde", "stride"), ("out_chanels", "out_channels"), ("channels", "out_channels"), ("Stride", "stride"),
        ("sride", "stride"), ("zzz", None), ("x" * 10_000, None), ("", None),
    ],
)  # fmt: skip
def test_the_nearest_name(name: str, found: str | None) -> None:
    assert nearest(name, ["stride", "out_channels", "padding", "bias"]) == found
    assert nearest(name, []) is None


def test_a_swap_of_neighbours_is_one_slip() -> None:
    assert nearest("convd2", OPS) == "conv2d"
    assert nearest("decoder_block", ["encoder_block", "decodre_block"]) == "decodre_block"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("conv2", "conv2d"),  # a letter is missing
        ("convd2", "conv2d"),  # two are swapped
        ("Linnear", "linear"),  # one is too many, and case is none
        ("conv4d", None),  # any of three
        ("mux", None),  # too short to tell
        ("convolve", None),  # more than a slip
    ],
)
def test_a_name_that_is_surely_meant(name: str, found: str | None) -> None:
    assert surely(name, OPS) == found


def test_names_that_go_on_are_alike_before_other_near_ones() -> None:
    assert alike("block_b", ["block_a", "block_c", "block_b_2", "block_d"])[1] == "block_b_2"
