"""How sizes are written, ordered, bounded and counted; that they compute right stands in test_sizes_against_numbers."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from archdsl.expressions.values import rounded_product
from archdsl.limits import MAX_DIVISIONS, TooLarge, analysis, budget, current
from archdsl.shapes import UNBOUNDED, Dim, Symbolic, TensorType, differ, evaluate, format_shape, least, product, symbol

N, H, W = symbol("N"), symbol("H"), symbol("W")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (N, "N"),
        (-N, "-N"),
        (2 * N, "2 * N"),
        (-2 * N + 1, "-2 * N + 1"),
        (N - 1, "N - 1"),
        (1 - N, "-N + 1"),
        (N * H, "H * N"),
        (H + N * H, "H * N + H"),
        (N // 2, "N // 2"),
        (N // 2 + 1, "(N // 2) + 1"),
        ((N + 1) // 2, "(N + 1) // 2"),
        (3 * (N // 2), "3 * (N // 2)"),
        (H // 2 * N, "N * (H // 2)"),
        (N % 3, "N % 3"),
        (N - H % 3, "N - (H % 3)"),
        (N // H, "N // H"),
        (rounded_product("floor", H, 0.3) + 1, "(floor(H * 0.3)) + 1"),
        (rounded_product("floor", H + 1, 0.3), "floor((H + 1) * 0.3)"),
    ],
)
def test_how_it_is_written(dim: Dim, text: str) -> None:
    assert str(dim) == text == repr(dim)


def test_a_part_of_more_than_floating_numbers_hold() -> None:
    """What comes of sizes that no tensor has is told as that, and ended with OverflowError."""
    part = rounded_product("floor", product([H] * 26), 0.5)
    assert evaluate(part, {"H": 2**40}) == 2 ** (40 * 26 - 1)
    assert evaluate(rounded_product("ceil", product([H] * 26), -0.5), {"H": 2**40}) == -(2 ** (40 * 26 - 1))
    assert least(rounded_product("floor", 2**62 * H, 0.5)) == 2**61


def test_shapes() -> None:
    assert format_shape((N, 64, H + 1, W // 2)) == "N×64×(H + 1)×(W // 2)"
    assert format_shape(()) == "scalar" == str(TensorType(()))
    assert TensorType((N, 3)).size == 3 * N and TensorType((N, 3)).rank == 2 and product(()) == 1
    assert TensorType((2,), "int64").with_shape([3]) == TensorType((3,), "int64")


@pytest.mark.parametrize(
    ("dim", "bound"),
    [
        (N, 1),
        (3 * N + 4, 7),
        (N * H - 2, -1),
        (N - H, UNBOUNDED),
        (-N, UNBOUNDED),
        (N // 2, 0),
        ((N + 5) // 2, 3),
        (N % 3, 0),
        (N // H, UNBOUNDED),
        ((N - 5) // 2, -2),
        (N * (H // 2), 0),
        (N % H, 0),
        (rounded_product("floor", H + 9, 0.3), 3),
        (rounded_product("floor", H, -0.3), UNBOUNDED),
    ],
)
def test_the_least_that_it_can_be(dim: Dim, bound: int) -> None:
    assert least(dim) == bound


def test_what_has_no_bound_is_less_than_any_size() -> None:
    assert UNBOUNDED < -(2**62)


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [(N, N, False), (N, N + 1, True), (N + 1, N, True), (N, H, None), (N * H + N, H, None), (N + H, H, True),
     (H, N + H, True), (N, 1, None), (N + 1, 1, True), (2, 3, True)],
)  # fmt: skip
def test_whether_two_differ(left: Dim, right: Dim, answer: bool | None) -> None:
    assert differ(left, right) is answer


def test_a_product_divides_what_it_is_part_of() -> None:
    assert 4 * N * H // (2 * H) == 2 * N and (6 * N * H + 4 * H) // (2 * H) == 3 * N + 2


@pytest.mark.parametrize("left", [N, N * H, N * H + N, 2 * N * N, H * (N // 2)])
@pytest.mark.parametrize("right", [N + 1, N + H, 2 * N - 1, N * H + N, N // 2 + N])
def test_a_sum_is_divided_by_as_a_whole(left: Dim, right: Dim) -> None:
    """Also where its first term divides what is divided."""
    for sizes in ({"N": 2, "H": 3}, {"N": 7, "H": 4}, {"N": 9, "H": 12}):
        assert evaluate(left // right, sizes) == evaluate(left, sizes) // evaluate(right, sizes)


def test_names() -> None:
    dim = N * (H // W) + 1
    assert isinstance(dim, Symbolic) and dim.names == {"N", "H", "W"}


@pytest.mark.parametrize("sign", ["__add__", "__sub__", "__rsub__", "__mul__", "__floordiv__", "__rfloordiv__",
                                  "__mod__", "__rmod__"])  # fmt: skip
def test_a_size_goes_with_sizes_alone(sign: str) -> None:
    assert getattr(N, sign)("text") is NotImplemented


def test_small_sizes_cost_nothing_and_large_ones_what_they_hold() -> None:
    names = [symbol(f"A{i}") for i in range(24)]
    with analysis():
        _ = names[0] + names[1] + names[2] + 7
        assert current().spent["steps"] == 0
        total: Dim = 0
        for name in names:
            total = total + name
        weights = [2 * count for count in range(1, 25) if 2 * count > 10]
        assert current().spent["steps"] == 8 * sum(weights)


def test_what_a_larger_budget_allowed_once_is_refused_again() -> None:
    """Dimensions are remembered by a process, and what stood on the way to them counts: the last one is small."""

    def terms() -> int:
        with analysis() as spent:
            total = sum((symbol(f"P{i}") for i in range(24)), start=symbol("P"))
            assert ((total - total % 5) // 7) % 1 == 0
            return spent.spent["terms"]

    _ = sum((symbol(f"P{i}") for i in range(20)), start=symbol("P"))  # outside of an analysis
    most = terms()
    assert terms() == most > 20
    with budget(terms=most):
        assert terms() == most
    with budget(terms=most - 1), pytest.raises(TooLarge):
        terms()


def test_too_many_terms_and_too_deep_divisions_are_refused() -> None:
    with budget(terms=20), analysis(), pytest.raises(TooLarge):
        sum((symbol(f"B{i}") for i in range(24)), start=symbol("B"))
    deep: Dim = symbol("D")
    for _ in range(MAX_DIVISIONS):
        deep = (deep * N + 1) // 7
    with pytest.raises(TooLarge, match="divisions of a dimension"):
        _ = (deep * N + 1) // 7


def test_equal_dimensions_are_one_object_however_they_came_about() -> None:
    h = symbol("H")
    assert (h + 1) * 2 // 2 is h + 1
    assert pickle.loads(pickle.dumps(h // 2 + 1)) is copy.deepcopy(h // 2 + 1) is h // 2 + 1


def test_threads_that_make_equal_dimensions_get_one() -> None:
    def made(_: int) -> list[Dim]:
        return [symbol(f"T{i}") for i in range(200)]

    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(made, range(8))]
    assert all(one is other for each in found for one, other in zip(each, found[0], strict=True))
