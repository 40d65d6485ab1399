"""Expressions whose parts are known: what decides nothing is not printed."""

from __future__ import annotations

from collections.abc import Callable

import archdsl
from archdsl.graph import Graph

WIDER = """
params: {factor: %s}
inputs: {x: [N, 3, H = 8, W = 8]}
blocks:
  unit:
    params: {planes: int}
    let: {width: planes * factor}
    nodes:
      one: {op: conv2d, out_channels: width, kernel_size: 1}
      two: {op: conv2d, out_channels: planes, kernel_size: 1}
nodes:
  a: {op: unit, planes: 4}
  b: {op: unit, planes: 6}
"""


def test_a_factor_of_one_is_left_out(network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network(WIDER % 1))
    assert "one=nn.Conv2d(in_channels, planes, kernel_size=1)" in text
    assert "width" not in text


def test_another_factor_stays(network: Callable[[str], Graph]) -> None:
    assert "width = planes * 2" in archdsl.source(network(WIDER % 2))


def test_two_comparisons_are_compared_as_they_are(network: Callable[[str], Graph]) -> None:
    """A comparison counts as 0 or 1, but whether two of them agree needs no numbers."""
    text = "inputs: {x: [N, 4]}\nnodes: {a: = %s}\n"
    assert "(x > 0) != (x > 1)" in archdsl.source(network(text % "(x > 0) != (x > 1)"))
    assert "(x > 0).long() + " in archdsl.source(network(text % "(x > 0) + x"))
