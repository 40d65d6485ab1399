"""The network's inputs: what is told of one says nothing of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.elaboration.inputs import LENGTH, SAMPLES, SPATIAL
from tests.elaboration.support import graph_of, mistakes

UNREADABLE = "x: [N, 'a' b]"
NODES = "nodes: [{op: relu, from: y}, {op: linear, out_features: Q}]"


def codes(folder: Path, inputs: str, nodes: str = NODES) -> list[str]:
    return [code for code, _ in mistakes(folder, f"inputs:\n  {inputs}\n{nodes}\n")]


@pytest.mark.parametrize("first", [UNREADABLE, "x: [N, 3]]", "x: {shape: [N, 3}", "x: [N, 3", "x: [N, nowhere]",
                                   "x: {shape: [N], dtype: int3}"])  # fmt: skip
def test_those_after_one_that_is_broken_are_looked_at(first: str, tmp_path: Path) -> None:
    (told,) = codes(tmp_path, f"{first}\n  y: [N, 3]")
    assert codes(tmp_path, f"{first}\n  y: [N, 2.5]") == [told, "bad-value"]


@pytest.mark.parametrize(
    ("x", "found"),
    [("x: [N, 3]", ["bad-expression"]), ("x: [N, 2.5]", ["bad-value"]), (UNREADABLE, ["yaml-syntax"])],
)
def test_a_name_that_means_nothing_is_told_where_all_sizes_are_known(x: str, found: list[str], tmp_path: Path) -> None:
    """Else it may be the name of one."""
    assert codes(tmp_path, f"{x}\n  y: [N, 3]") == found
    assert codes(tmp_path, f"y: [N, 3]\n  {x}") == found


@pytest.mark.parametrize(
    ("shape", "usual"),
    {
        "[N, T, 8]": [SAMPLES, LENGTH], "[B, T, 8]": [SAMPLES, LENGTH], "[T, N, 8]": [LENGTH, SAMPLES],
        "[C, H, W]": [SAMPLES, LENGTH, LENGTH], "[N, C, H, W]": [SAMPLES, SPATIAL, SPATIAL, SPATIAL],
        "[B, 3, H, W]": [SAMPLES, SPATIAL, SPATIAL], "[N, 3, T, H, W]": [SAMPLES, SPATIAL, SPATIAL, SPATIAL],
        "[3, T, H, N, W]": [SPATIAL, SPATIAL, SAMPLES, SPATIAL], "[N = 5, T = 6, 8]": [5, 6],
    }.items(),
)  # fmt: skip
def test_the_sizes_that_a_sample_has_where_nothing_is_said(shape: str, usual: list[int], tmp_path: Path) -> None:
    """The first dimension counts samples, unless another one is called so."""
    graph = graph_of(tmp_path, f"inputs: {{x: {shape}}}\nnodes: [relu]\n")
    assert [*graph.sample_sizes.values()] == usual
