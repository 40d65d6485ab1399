"""Sums of products as a spec writes them."""

from __future__ import annotations

from collections.abc import Sequence


def sum_text(terms: Sequence[tuple[Sequence[object], int]]) -> str:
    """`N * (H // 2) - 3` of factors and a coefficient for each term.

    What is no name stands in brackets, but alone and without a sign.
    """
    text = ""
    for factors, coefficient in terms:
        size = abs(coefficient)
        said = [str(size)] if size != 1 or not factors else []
        alone = len(factors) == 1 and not said and len(terms) == 1 and coefficient > 0  # `-H % 4` is `(-H) % 4`
        said += [str(factor) if alone or isinstance(factor, str) else f"({factor})" for factor in factors]
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += sign + " * ".join(said)
    return text
