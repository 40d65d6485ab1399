"""What the readers of a left-out node get, and that they are never given one value of several."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from archdsl.diagnostics.rendering import render_text
from tests.elaboration.support import analyse_text, mistakes, sources

HEAD = """
inputs: {x: [N, 4], mem: [N, 4]}
params: {kept: false, act: null, one: [a], two: [a, mem]}
blocks:
  both:
    inputs: {x: [N, C], memory: [N, C]}
    nodes:
      add: = x + memory
  bundle:
    inputs: {x: [N, C], memory: [N, C]}
    nodes:
      add: = x + memory
    outputs: {x: add, memory: memory}
  asked:
    inputs: {x: [N, C], memory: {shape: [N, C], optional: true}}
    nodes:
      out: {op: linear, from: x, out_features: C}
  plain:
    nodes:
      out: tanh
  cell:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      h: = x + h
nodes:
  a: relu
"""


def spec(nodes: str) -> str:
    return HEAD + indent(dedent(nodes).strip("\n"), "  ") + "\n  out: {op: tanh, from: gone}\n"


ONE_INPUT = {
    "an op": "{op: sigmoid}",
    "an op that names its input": "{op: sigmoid, from: a}",
    "optional ports of an op that are not written": "{op: linear, out_features: 4}",
    "a block of one port": "plain",
    "a block without its optional port": "asked",
    "a formula": "{value: relu(a)}",
    "one name twice": "{value: a * a + 1}",
    "a shape of another node": '{value: "a / mem.shape[1]"}',
    "one value at several ports": "{op: both, from: {x: a, memory: a}}",
    "a list of one": "{op: cat, dim: 0, from: [a]}",
    "a loop of one": "{op: cat, dim: 0, from: [{for p in one: $p}]}",
    "a name": "{from: a}",
    "null": "{op: $act}",
    "a scope": "{nodes: [tanh, {op: linear, out_features: 4}]}",
    "a scope that names its input": "{from: a, nodes: [tanh, {op: linear, out_features: 4}]}",
    "a scope with nodes of its own": "{nodes: {b: tanh, c: {op: sigmoid, from: b}, d: = b + c}}",
    "a scope with loops": "{nodes: {for i in range(2): {b$i: tanh}, d: = b0 + b1}}",
    "a scope in a scope": "{nodes: [[tanh, relu], {op: asked}]}",
    "a shared op": "{share: a}",
}
SEVERAL = {
    "a block's port from above": "{op: both, from: {memory: mem}}",
    "a block's ports": "{op: both, from: {x: a, memory: mem}}",
    "a block's ports in order": "{op: both, from: [a, mem]}",
    "a port that nothing feeds": "{op: both, from: a}",
    "an optional port": "{op: asked, from: {memory: mem}}",
    "a formula": "{value: a + x}",
    "a list": "{op: cat, dim: 0, from: [a, mem]}",
    "a loop of two": "{op: cat, dim: 0, from: [{for p in two: $p}]}",
    "an op's port from above": "{op: matmul, from: {other: mem}}",
    "an optional port of an op": "{op: linear, out_features: 4, from: {weight: mem}}",
    "null with a port": "{op: $act, from: {memory: mem}}",
    "a scope that reads another node": "{nodes: {b: tanh, c: = b + mem}}",
    "a scope with an input and another": "{from: a, nodes: {b: tanh, c: = b + mem}}",
    "a scope that begins with a port from above": "{nodes: [{op: both, from: {memory: mem}}]}",
    "a scope in a scope that reads another": "{nodes: [[tanh, {op: both, from: {memory: mem}}]]}",
    "a scope with a loop that may be empty": "{nodes: [{for i in range(0): [{op: relu, from: mem}]}, tanh]}",
    "a scope with a name that only it knows": "{nodes: {for p in two: {b$p: {op: relu, from: $p}}}}",
    "a loop over time": "{op: scan, body: cell, over: {x: a}, carry: {h: mem}, collect: {y: h}}",
}


@pytest.mark.parametrize("node", ONE_INPUT.values(), ids=ONE_INPUT)
def test_a_node_with_one_input_passes_it_on(node: str, tmp_path: Path) -> None:
    written = f"{{if: kept, {node[1:]}" if node.startswith("{") else f"{{if: kept, op: {node}}}"
    graph, _ = analyse_text(tmp_path, spec(f"gone: {written}"))
    assert graph is not None
    assert sources(graph, "out") == ["a"]


@pytest.mark.parametrize("node", SEVERAL.values(), ids=SEVERAL)
def test_a_node_with_several_inputs_needs_else(node: str, tmp_path: Path) -> None:
    text = spec(f"gone: {{if: kept, {node[1:]}")
    graph, found = analyse_text(tmp_path, text)
    assert graph is None
    assert [d.code for d in found] == ["missing-else"]
    line = (tmp_path / "net.yaml").read_text().splitlines()[found[0].span.line - 1]  # type: ignore[union-attr]
    assert line.strip().startswith("gone: {if: kept")
    graph, _ = analyse_text(tmp_path, text.replace("{if: kept,", "{if: kept, else: mem,"))
    assert graph is not None
    assert sources(graph, "out") == ["mem"]


@pytest.mark.parametrize("node", [*ONE_INPUT.values(), *SEVERAL.values()])
def test_nobody_reads_it(node: str, tmp_path: Path) -> None:
    written = f"{{if: kept, {node[1:]}" if node.startswith("{") else f"{{if: kept, op: {node}}}"
    graph, _ = analyse_text(tmp_path, spec(f"gone: {written}").replace("from: gone", "from: a"))
    assert graph is not None


USES = """
inputs: {x: [N, 4], mem: [N, 4]}
blocks:
  add:
    inputs: {x: [N, C], memory: [N, C]}
    nodes: {add: = x + memory}
  layer:
    inputs: {x: [N, C], memory: {shape: [N, C], optional: true}}
    params: {cross: false}
    nodes:
      norm: layer_norm
      cross: {if: cross, op: add, from: {memory: memory}}
      fc: {op: linear, out_features: 8}
"""


@pytest.mark.parametrize("use", ["layer", "{op: layer, from: {x: x, memory: mem}}"])
def test_what_the_caller_feeds_plays_no_part(use: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, USES + f"nodes: {{a: {use}, b: = a + 0 * mem}}")
    assert found == [
        ("missing-else", "`cross` is left out here, and nothing stands for it: it would read several values, "
         "`memory` and `norm`"),
    ]  # fmt: skip


def test_told_at_the_node_with_the_use_that_it_drops_out_of(tmp_path: Path) -> None:
    _, found = analyse_text(tmp_path, """
        inputs: {x: [N, 4]}
        blocks:
          residual:
            inputs: {x: [N, C]}
            params: {skip: bool}
            nodes:
              fc: {op: linear, out_features: C}
              add: {if: skip, value: fc + x}
        nodes:
          a: {op: residual, skip: true}
          b: {op: residual, skip: false}
          c: {op: residual, skip: true}
    """, )  # fmt: skip
    text = render_text(found, lambda _: (tmp_path / "net.yaml").read_text(), colour=False)
    assert text.partition("-->")[2].partition("\n")[2] == dedent("""\
          |
        11 |       add: {if: skip, value: fc + x}
           |                 ^^^^
           | read    in line 15
           | in `b`  in line 14   a use of `residual`
           = in b.add
           = help: say with `else` what its readers get

        1 error in """).replace("  |\n", "   |\n", 1) + str(tmp_path / "net.yaml")


def test_each_use_once_however_many_read_it(tmp_path: Path) -> None:
    readers = "fc: = cross * cross\n      g: = cross + x"
    uses = "nodes: {a: layer, b: {op: layer, from: {x: x, memory: mem}}}"
    _, found = analyse_text(tmp_path, USES.replace("fc: {op: linear, out_features: 8}", readers) + uses)
    assert [(d.code, d.path) for d in found] == [("missing-else", "a.cross, first of 2")]


def test_the_last_node_of_a_network(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "inputs: {x: [N, 4]}\nnodes: {a: relu, b: {if: false, value: a + x}}") == [
        ("missing-else", "`b` is left out here, and nothing stands for it: it would read several values, `a` and `x`"),
    ]


def test_several_outputs_pass_together(tmp_path: Path) -> None:
    """In a chain of blocks with equal ports and outputs, one may be left out."""
    nodes = """
      one: {op: bundle, from: [a, mem]}
      gone: {if: kept, op: bundle}
      two: bundle
      last: = two.x + two.memory
    """
    graph, _ = analyse_text(tmp_path, HEAD + indent(dedent(nodes), "  "))
    assert graph is not None
    assert sources(graph, "two.add") == ["one.add", "mem"]


@pytest.mark.parametrize("names", ["x, memory", "memory, x"])
def test_outputs_that_feed_all_ports_by_name_pass(names: str, tmp_path: Path) -> None:
    nodes = f"parts: {{op: chunk, chunks: 2, dim: 1, names: [{names}]}}\ngone: {{if: kept, op: both, from: parts}}\n"
    graph, _ = analyse_text(tmp_path, spec(nodes).replace("{op: tanh, from: gone}", "{op: both, from: gone}"))
    assert graph is not None
    assert sources(graph, "out.add") == ["parts.x", "parts.memory"]


@pytest.mark.parametrize(("names", "reads"), [("x, b", "`parts.x` and `memory`"), ("a, b", "`x` and `memory`")])
def test_outputs_that_do_not_feed_all_ports_do_not_pass(names: str, reads: str, tmp_path: Path) -> None:
    nodes = f"parts: {{op: chunk, chunks: 2, dim: 1, names: [{names}]}}\ngone: {{if: kept, op: both, from: parts}}\n"
    message = f"`gone` is left out here, and nothing stands for it: it would read several values, {reads}"
    assert mistakes(tmp_path, spec(nodes)) == [("missing-else", message)]


def test_what_an_if_guards_need_not_make_sense(tmp_path: Path) -> None:
    nodes = """
      for i in range(2):
        b$i: {if: i > 0, op: relu, from: b$(i - 1)}
      c$(len(two)): {if: len(one) > 1, op: "$(one[1])"}
    """
    graph, found = analyse_text(tmp_path, spec(nodes).replace("from: gone", "from: a"))
    assert graph is None
    assert [d.code for d in found] == ["missing-else"]
    assert "b0" in found[0].message


def test_a_null_op_may_say_else(tmp_path: Path) -> None:
    graph, _ = analyse_text(tmp_path, spec("gone: {op: $act, from: {memory: mem}, else: mem}"))
    assert graph is not None
    assert sources(graph, "out") == ["mem"]
