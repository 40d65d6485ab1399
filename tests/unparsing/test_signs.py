"""Blocks that differ in the name of a normalisation or an activation are one, with a parameter for it."""

from __future__ import annotations

import pytest

import archdsl

NET = """
archdsl: 1
name: net
inputs: {x: [N, 8, 8, 8]}
blocks:
  one:
    nodes:
      conv: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
      bn: batch_norm2d
      end: relu
      more: {op: conv2d, out_channels: 8, kernel_size: 1}
nodes: {a: one, b: one, pool: {op: max_pool2d, kernel_size: 2}, c: one, d: one}
"""


def written(changed: str) -> str:
    """The spec, in which every second block has another line."""
    other = NET.partition("  one:\n")[2].partition("nodes: {a")[0]
    for before, after in [changed.split(" -> ")]:
        other = other.replace(before, after)
    text = (
        NET.replace("nodes: {a", f"  two:\n{other}nodes: {{a").replace("b: one", "b: two").replace("d: one", "d: two")
    )
    return archdsl.spec(archdsl.loads(text))


@pytest.mark.parametrize(
    ("changed", "name"),
    [("batch_norm2d -> instance_norm2d", "norm"), ("relu -> tanh", "act")],
)
def test_a_name_that_differs_is_a_parameter(changed: str, name: str) -> None:
    before, after = changed.split(" -> ")
    text = written(changed)
    assert text.count("conv:") == 1
    assert f"${name}" in text
    assert f"{name}: {after}" in text
    assert archdsl.build(text.replace(f"{name}: {after}", f"{name}: {before}")) is not None


def test_a_norm_with_numbers_of_its_own_is_another_block() -> None:
    assert written("batch_norm2d -> {op: group_norm, num_groups: 2}").count("conv:") == 2
