"""The benchmarks' arithmetic; what they measure is no test."""

from __future__ import annotations

from math import isclose

from benchmarks.timing import Comparison, Result, compare, mean_interval


def test_the_interval_comes_from_the_order_of_the_ratios() -> None:
    found = Comparison(ours=tuple(float(i) for i in reversed(range(1, 65))), reference=(1.0,) * 64)
    assert found.ratio == 32.5
    # How many of 64 numbers lie below the median is binomial: 24 to 40 with at least 95 %.
    assert found.interval == (24.0, 41.0)


def test_few_pairs_give_all_of_their_range() -> None:
    found = Comparison(ours=(3.0, 1.0, 2.0), reference=(1.0, 1.0, 1.0))
    assert found.interval == (1.0, 3.0)


def test_a_mean_is_surer_than_its_parts() -> None:
    parts = [Result("", 1.0, interval=(0.9, 1 / 0.9))] * 4
    low, high = mean_interval(parts)
    assert isclose(low, 0.9**0.5)
    assert isclose(high, 0.9**-0.5)


def test_which_goes_first_alternates() -> None:
    order: list[str] = []
    found = compare(lambda: order.append("a"), lambda: order.append("b"), pairs=(2, 2))
    assert "".join(order) == "ababba"
    assert len(found.ours) == len(found.reference) == 2
