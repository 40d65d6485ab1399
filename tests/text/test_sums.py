"""Sums of products as text."""

from __future__ import annotations

from archdsl.text.sums import sum_text


class Quotient:
    def __str__(self) -> str:
        return "H // 2"


def test_a_sum_says_its_products_with_their_signs() -> None:
    assert sum_text([(("N", "H"), -2), (("W",), 1), ((), -3)]) == "-2 * N * H + W - 3"


def test_what_is_no_name_stands_in_brackets_but_alone() -> None:
    assert sum_text([((Quotient(),), 1)]) == "H // 2"
    assert sum_text([((Quotient(),), 3)]) == "3 * (H // 2)"
    assert sum_text([(("N", Quotient()), 1), ((), 1)]) == "N * (H // 2) + 1"
    assert sum_text([((Quotient(),), -1)]) == "-(H // 2)"  # which `-H // 2` is not
