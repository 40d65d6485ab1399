"""Sums of products as a spec writes them."""

from __future__ import annotations

from collections.abc import Sequence


def sum_text(terms: Sequence[tuple[Sequence[object], int]]) -> str:
    """`N * (H // 2) - 3` of factors and a coefficient for each term; what is no name stands in brackets, but alone."""
    text = ""
    for factors, coefficient in terms:
        size = abs(coefficient)
        said = [str(size)] if size != 1 or not factors else []
        alone = len(factors) == 1 and not said and len(terms) == 1
        said += [str(factor) if alone or isinstance(factor, str) else f"({factor})" for factor in factors]
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += sign + " * ".join(said)
    return text
