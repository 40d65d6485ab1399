"""What makes two graphs two networks is told; what only says them otherwise is not."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.unparsing.likeness import first_difference

NET = """
archdsl: 1
name: net
inputs: {x: [N, 4]}
nodes:
  a: {op: linear, out_features: 4}
  b: {op: linear, out_features: 4}
  act: relu
  sum: = act + a
outputs: {y: sum, z: b}
"""


def graph(text: str) -> archdsl.Graph:
    return archdsl.loads(text)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("x: [N, 4]", "x: [M, 4]", "sizes"),
        ("name: net", "name: other", "name"),
        ("act: relu", "act: gelu", "`act`"),
        ("= act + a", "= act + b", "`sum: reads`"),
        ("= act + a", "= a + act", "`sum: reads`"),
        ("  b: {op: linear", "  c: {op: linear", "`b` and `c`"),
        ("b: {op: linear,", "b: {op: linear, init: {weight: zeros},", "`b: init`"),
        ("b: {op: linear,", "b: {op: linear, tie: {weight: a.weight},", "`b: tie`"),
        ("b: {op: linear, out_features: 4}", "b: {share: a}", "`b: "),
        ("b: {op: linear,", "b: {op: linear, trainable: false,", "`b: frozen`"),
        ("b: {op: linear,", "b: {op: linear, note: wide,", "`b: remarks`"),
        ("z: b", "w: b", "`outputs`"),
        ("nodes:", "order: [b, a]\nnodes:", "`keys`"),
    ],
)
def test_a_difference_is_told(before: str, after: str, told: str) -> None:
    changed = NET.replace(before, after).replace("z: c", "z: b").replace("b\n}", "c\n}")
    changed = changed.replace("z: b", "z: c") if "  c: {" in changed else changed
    assert told in (first_difference(graph(NET), graph(changed)) or "")


def test_what_is_said_otherwise_is_the_same() -> None:
    blocks = NET.replace("nodes:\n", "blocks: {wide: {params: {n: int}, nodes: [relu]}}\nlet: {n: 4}\nnodes:\n")
    assert first_difference(graph(NET), graph(blocks.replace("out_features: 4", "out_features: n"))) is None
