"""`for` in a block's `inputs` and in a `from` mapping: blocks with as many inputs as their arguments say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elaboration.support import analyse_text, graph_of, mistakes, shape, sources

FUSE = """
inputs: {x: [N, 3, 8, 8]}
blocks:
  fuse:
    inputs:
      for i, c in enumerate(widths):
        x$i: [N, c, H$i, W$i]
      mask: {optional: true}
    params: {widths: list}
    nodes:
      for i in range(len(widths)):
        up$i: {op: conv2d, from: x$i, out_channels: 2, kernel_size: 1}
      cat: {op: cat, dim: 1, from: [{for i in range(len(widths)): up$i}, mask]}
nodes:
  for i in range(3):
    c$i: {op: conv2d, from: x, out_channels: i + 1, kernel_size: 1}
"""


def test_a_block_with_a_variable_number_of_inputs(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, FUSE + """
  two: {op: fuse, widths: [2, 3], from: [c1, c2]}
  three:
    op: fuse
    widths: [1, 2, 3]
    from:
      for i in range(3):
        x$i: c$i
      mask: two
""")  # fmt: skip
    assert sources(graph, "two.cat") == ["two.up0", "two.up1"]
    assert sources(graph, "three.up2")[:1] == ["c2"]
    assert sources(graph, "three.cat") == ["three.up0", "three.up1", "three.up2", "two.cat"]
    assert shape(graph, "three.cat") == "N×10×8×8"


def test_equal_uses_share_their_instance(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, FUSE + """
  a: {op: fuse, widths: [1, 2], from: [c0, c1]}
  b: {op: fuse, widths: [1, 2], from: [c0, c1]}
  c: {op: fuse, widths: [1], from: [c0]}
  d: {share: c, from: [c0]}
  e: = a + b + d + c
  f: {op: cat, dim: 1, from: [e, c2]}
""".replace("  e: = a + b + d + c", "  e: {op: cat, dim: 1, from: [a, b, c, d]}"))  # fmt: skip
    assert sources(graph, "b.up1")[:1] == ["c1"]
    assert sources(graph, "d.up0")[:1] == ["c0"]


def test_in_a_loop_over_time(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
inputs: {x: [N, T = 3, 4], y: [N, 4]}
blocks:
  cell:
    inputs:
      x: [N, C]
      for k in range(count):
        h$k: [N, C]
    params: {count: int}
    nodes:
      next: = x + h0 * h1
    outputs: {h0: next, h1: next}
nodes:
  rnn: {op: scan, body: {op: cell, count: 2}, dim: 1, over: {x: x}, carry: {h0: y, h1: y}, collect: {s: h0}}
  out: = rnn.h0 + rnn.h1
outputs: [out, rnn.s]
""")  # fmt: skip
    assert shape(graph, "out") == "N×4"


FROM = """
inputs: {x: [N, 4]}
params: {names: [a, b]}
blocks:
  two:
    inputs: {a: [...], b: [...]}
    nodes: {add: = a + b}
nodes:
  c0: relu
  c1: tanh
  t:
    op: two
    from:
      FROM
"""


@pytest.mark.parametrize("written", [
    "for i, n in enumerate(names):\n        $n: c$i",
    "a: c0\n      for n in names[1:]:\n        $n: c1",
    "for i in range(1):\n        for j in range(2):\n          $(names[j]): c$j",
])  # fmt: skip
def test_for_in_a_mapping_from_ports(written: str, tmp_path: Path) -> None:
    assert sources(graph_of(tmp_path, FROM.replace("FROM", written)), "t.add") == ["c0", "c1"]


@pytest.mark.parametrize(("written", "code", "message"), [
    ("a: c0\n      for n in names:\n        $n: c1", "duplicate-name", "`a` is fed twice"),
    ("a: c0\n      for n in names: c1", "bad-for", "`for n in names` holds paths by port here, found the text `c1`"),
    ("for n in ['a', 'd']:\n        $n: c1", "unknown-port", "no input `d`"),
    ("for n in ['a', 'b']:\n        $n: $n", "unknown-node", "no node `a` here"),
])  # fmt: skip
def test_mistakes_in_such_a_mapping(written: str, code: str, message: str, tmp_path: Path) -> None:
    assert mistakes(tmp_path, FROM.replace("FROM", written))[0] == (code, message)


@pytest.mark.parametrize(("written", "code", "message"), [
    ("for i, c in enumerate(widths):\n        x: [N, c, 8, 8]", "duplicate-name", "a second input `x`"),
    ("for i, c in enumerate(widths):\n        $(i): [N, c, 8, 8]", "bad-name", "`0` is no name for an input"),
    ("for i, c in enumerate(width):\n        x$i: [N, c, 8, 8]", "bad-expression", "unknown name `width`"),
    ("for i, c in enumerate(widths):\n        x$i: [N, c + 7, 8, 8]", "shape-mismatch",
     "`fuse`: `x0` has 1 where its pattern says c + 7 = 8"),
])  # fmt: skip
def test_mistakes_in_such_inputs(written: str, code: str, message: str, tmp_path: Path) -> None:
    text = FUSE.replace("for i, c in enumerate(widths):\n        x$i: [N, c, H$i, W$i]", written)
    _, found = analyse_text(tmp_path, text + "  a: {op: fuse, widths: [1, 2], from: [c0, c1]}\n")
    assert next((d.code, d.message) for d in found if d.code != "unused") == (code, message)
    assert found[0].span is not None
