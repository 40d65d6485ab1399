"""How a class is laid out."""

from __future__ import annotations

from collections.abc import Callable

import archdsl
from archdsl.graph import Graph

SPEC = """
inputs: {x: [N, 3, H = 8, W = 8]}
blocks:
  crop:
    nodes:
      rows: {op: slice, dim: 2, step: 2}
      pad: {op: pad, pad: [0, 0, 1, 1]}
nodes:
  one: crop
  two: crop
"""


def test_a_class_without_members_has_no_constructor(network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network(SPEC))
    crop = text[text.index("class Crop(") : text.index("class Net(")]
    assert "__init__" not in crop
    assert "def forward(self, x):" in crop
