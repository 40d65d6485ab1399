"""Sizes that only the run can compare, and how one is said by another."""

from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.shapes import add, floor_divide, multiply, symbol
from archdsl_torch.lowering.printing import shown
from archdsl_torch.lowering.tree import Variable
from archdsl_torch.writing.sizes import Given, SizesInScope, _ratios, _relation

SPEC = """
archdsl: 1
name: two
inputs: {x: [N, T = 4, 8], y: [N, T, 8]}
nodes: {m: = x + y, z: {op: linear, out_features: 3}}
"""


def test_inputs_that_name_one_size_must_agree(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(SPEC)
    model = archdsl.build(file, seed=0)
    assert model(torch.ones(2, 5, 8), torch.ones(2, 5, 8)).shape == (2, 5, 3)
    # torch alone would broadcast this
    with pytest.raises(AssertionError, match="dimension 1 of `y`"):
        model(torch.ones(2, 4, 8), torch.ones(2, 1, 8))


N, M = symbol("N"), symbol("M")


@pytest.mark.parametrize(
    ("values", "sizes", "text"),
    [
        ([multiply(N, 2)], [N], "n * 2"),
        ([multiply(N, 64), multiply(M, 64)], [N, M], "n * 64"),
        ([multiply(N, 65)], [N], "n * 65"),
        ([multiply(N, 2), multiply(M, 3)], [N, M], None),
        ([multiply(N, 3), multiply(M, 2)], [N, M], None),
        ([floor_divide(N, 2)], [N], "n // 2"),
        ([floor_divide(N, 3), floor_divide(M, 3)], [N, M], "n // 3"),
        ([floor_divide(N, 3), floor_divide(M, 2)], [N, M], None),
        ([floor_divide(N, 64)], [N], "n // 64"),
        ([floor_divide(N, 65)], [N], None),
        ([N], [multiply(N, 4)], "n // 4"),
        ([add(N, 3)], [N], "n + 3"),
        ([add(N, -3), add(M, -3)], [N, M], "n - 3"),
        ([add(N, 1), add(M, 2)], [N, M], None),
        ([6, 8], [3, 4], "n * 2"),
        ([6, 9], [3, 4], None),
        ([3, 4], [6, 8], "n // 2"),
        ([3, 4], [7, 9], "n // 2"),
        ([3, 5], [6, 8], "n - 3"),
        ([7, 9], [6, 8], "n + 1"),
        ([3, 6], [1, 9], None),
        ([M], [N], None),
        ([4], [N], None),
        ([N], [4], None),
    ],
)
def test_how_one_size_comes_from_another(values: Any, sizes: Any, text: str | None) -> None:
    found = _relation(values, sizes, Variable("n"))
    assert (found and shown(found)) == text


def test_a_size_is_whole_numbers_of_another() -> None:
    assert _ratios(7, 3) == [2] and _ratios(6, 6) == [1] and _ratios(5, 6) == [] and _ratios(5, 0) == []
    assert _ratios(multiply(N, 6), multiply(N, 2)) == [3] and _ratios(N, 3) == [] and _ratios(3, N) == []


def test_words_for_a_size_are_those_of_what_is_in_scope_now() -> None:
    """However often one asks, and whatever was said before."""
    sizes, half = SizesInScope(), floor_divide(N, 2)

    def said() -> str | None:
        found = [sizes.say([half], (0,), None, []) for _ in range(2)]
        assert found[0] == found[1]
        return found[0] and shown(found[0])

    sizes.note(Given("x"), [(M,)])
    assert said() is None
    sizes.note(Variable("y"), [(3, N)])
    assert said() == "y.shape[1] // 2"
    sizes.note(Variable("z"), [(half,)])
    assert said() == "z.shape[0]"
    sizes.note(Variable("z"), [(3,)])
    assert said() == "y.shape[1] // 2"
    sizes.note(Variable("y"), [(3, half)])
    assert said() == "y.shape[1]"
    sizes.note(Variable("y"), [(3, M)])
    assert said() is None
