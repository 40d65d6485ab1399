"""What the language says of nodes, names, paths and what is left out, a sentence at a time."""

from pathlib import Path

import pytest

from archdsl.ir.graph import Mode
from tests.elaboration.support import analyse_text, graph_of, graph_of_nodes, mistakes, paths, shape, sources

PAIR = "inputs: {x: [N, 8], z: [N, 8]}\n"


def caret(folder: Path, text: str) -> str:
    """What the first mistake points at."""
    span = analyse_text(folder, text)[1][0].span
    assert span is not None and span.line == span.end_line
    return (folder / "net.yaml").read_text().splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


# --- left-out nodes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "read"),
    [
        ("a: {if: false, op: relu}\ny: tanh", ["x"]),
        ("s: [{if: false, op: relu}, tanh, {if: false, op: relu}]\ny: {op: relu, from: s}", ["s.0"]),
        ("a: relu\ns: [{if: false, op: tanh}]\ny: = s + x", ["a", "x"]),
        ("a: relu\ns: []\ny: = s + x", ["a", "x"]),
        ("a: relu\nc: {if: false, op: cat, dim: 1, from: [x]}\ny: {op: tanh, from: c}\nz: = y + a", ["x"]),
        (
            "a: {if: false, op: scaled_dot_product_attention, from: {query: x, key: x, value: x}}\ny: = a + x",
            ["x", "x"],
        ),
        ("s: [relu, tanh]\nd: {if: false, op: sigmoid, else: s.0}\ny: = d + s", ["s.0", "s.1"]),
        ("f.a: relu\nf.b: {if: false, op: tanh}\ny: = f.b + x", ["f.a", "x"]),
        ("f.b: {if: false, op: tanh}\ny: = f.b * 2", ["x"]),
        ("a: relu\nb: {if: false, value: a * 2}\ny: {op: tanh, from: b}", ["a"]),
    ],
)
def test_readers_of_a_left_out_node(tmp_path: Path, nodes: str, read: list[str]) -> None:
    graph = graph_of_nodes(tmp_path, nodes, inputs="{x: [N, 8]}")
    assert sources(graph, "y") == read


def test_the_last_node_may_be_left_out(tmp_path: Path) -> None:
    graph = graph_of_nodes(tmp_path, "a: relu\nb: {if: false, op: tanh}")
    assert graph.outputs["output"].name == "a"


def test_a_null_template_is_left_out_anywhere(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {act: null}
        inputs: {x: [N, 8]}
        blocks:
          unit:
            params: {act: relu}
            nodes: {fc: {op: linear, out_features: 8}, act: $act}
        nodes:
          first: $act
          a: {op: unit, act: $act}
          b: unit
          side: {op: $act, from: x}
          wide: {op: $act, inplace: true}
          y: = b + side + wide
          last: $act
    """,
    )
    assert paths(graph) == ["a.fc", "b.fc", "b.act", "y"]
    assert sources(graph, "y") == ["b.act", "x", "x"]


def test_if_in_a_loop_in_a_scope(tmp_path: Path) -> None:
    nodes = """
        for i in range(3):
          s$i:
            - for k in range(2):
                - {if: k == i, op: relu}
                - {if: k != i, op: tanh}
    """
    graph = graph_of_nodes(tmp_path, nodes)
    assert [n.op.name for n in graph.nodes] == ["relu", "tanh", "tanh", "relu", "tanh", "tanh"]
    assert paths(graph)[-1] == "s2.1"


def test_a_name_left_out_is_free(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 8]}\nnodes:\n  for k in [0, 1]:\n    a: {if: k == 1, op: tanh}\n  b: relu\n"
    assert paths(graph_of(tmp_path, text)) == ["a", "b"]


def test_a_path_into_a_left_out_scope(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 8]}\nnodes:\n  s: {if: false, nodes: {a: relu}}\n  y: = s.a + x\n"
    found = mistakes(tmp_path, text)
    assert found == [("unknown-node", "`s` was left out by `if` (line 5), so it has no `a`")]
    assert caret(tmp_path, text) == "s.a"


@pytest.mark.parametrize(
    "node", ["{op: relu, else: x}", "{share: m, op: relu}", "{nodes: [relu], tie: {weight: m.weight}}",
             "{nodes: [relu], init: {weight: zeros}}", "{op: b, init: {weight: zeros}}", "{op: b, tie: {a: m.weight}}",
             "{op: relu, was: null}", "{op: relu, note: [a]}"],
)  # fmt: skip
def test_keys_that_would_mean_nothing_are_refused(tmp_path: Path, node: str) -> None:
    text = "inputs: {x: [N, 8]}\nblocks: {b: {nodes: [relu]}}\nnodes:\n  m: {op: linear, out_features: 8}\n"
    assert len(mistakes(tmp_path, f"{text}  n: {node}\n")) == 1


# --- names and paths ------------------------------------------------------------------------------


def test_containers_in_any_order_read_by_path(tmp_path: Path) -> None:
    nodes = """
        for i in range(2):
          convs.$i: {op: linear, out_features: 8}
          norms.$i: layer_norm
        stage$(1 + 1).act: relu
        y: = convs.0 + norms.1 + stage2.act
    """
    graph = graph_of_nodes(tmp_path, nodes, inputs="{x: [N, 8]}")
    assert sources(graph, "y") == ["convs.0", "norms.1", "stage2.act"]
    assert list(graph.root.children) == ["convs", "norms", "stage2", "y"]


@pytest.mark.parametrize("body", ["s: {nodes: {convs.0: relu}}", "s: b"])
def test_a_scope_that_ends_in_a_container_has_its_last_value(tmp_path: Path, body: str) -> None:
    blocks = "blocks: {b: {nodes: {convs.0: relu}}}\n" if body == "s: b" else ""
    text = f"inputs: {{x: [N, 8]}}\n{blocks}nodes:\n  {body}\n  y: = s + x\n"
    assert sources(graph_of(tmp_path, text), "y") == ["s.convs.0", "x"]


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        ("a: relu\ns.b: relu\ns: [tanh]", "duplicate-name"),
        ("s: relu\ns.b: tanh", "duplicate-name"),
        ("for i in range(2): {a: relu}", "duplicate-name"),
        ("half: relu", "bad-name"),
        ("is: = x + 1", "bad-name"),
        ("a-: relu", "bad-name"),
        ("a--b: relu", "bad-name"),
        ("1-0: relu", "bad-name"),
        ("for i in range(2): {for i in range(2): {a$i: relu}}", "bad-for"),
        ("for i in range(2): [relu]", "bad-for"),
        ("for i range(2): {a: relu}", "bad-for"),
        ("for i in range(10 ** 9): {a$i: relu}", "too-large"),
    ],
)
def test_names_that_are_refused(tmp_path: Path, nodes: str, code: str) -> None:
    text = "inputs: {x: [N, 8]}\nnodes:\n" + "".join(f"  {line}\n" for line in nodes.splitlines())
    assert [c for c, _ in mistakes(tmp_path, text)] == [code]


def test_names_that_are_functions_attributes_or_numbers(tmp_path: Path) -> None:
    nodes = """
        sum: {op: linear, out_features: 8}
        max: relu
        half: = sum * 0.5
        0: tanh
        y: = max(sum, max) + half + sum(range(3))
        list: [relu, {op: tanh, from: 0}, {op: cat, dim: 1, from: [0, 1]}]
        z: = y + max
    """
    graph, found = analyse_text(tmp_path, "inputs: {x: [N, 8]}\nnodes:\n" + "\n".join(
        "  " + line.strip() for line in nodes.strip().splitlines()
    ))  # fmt: skip
    assert graph is not None and {d.code for d in found} == {"unused"}
    assert sources(graph, "y") == ["sum", "max", "half"]
    assert sources(graph, "list.2") == ["list.0", "list.1"]


def test_loop_variables_cannot_be_hidden_but_hide_parameters(tmp_path: Path) -> None:
    text = """
        params: {i: 5}
        inputs: {x: [N, 8]}
        nodes:
          for i in range(2):
            a$i: relu
          b$i: relu
          "for i in range(2, 4)":
            a$i: relu
    """
    assert paths(graph_of(tmp_path, text)) == ["a0", "a1", "b5", "a2", "a3"]


LOOPS = """
params: {k: 3}
inputs:
  for i in range(k):
    x$i: [N, 8, 2 ** i * 4]
nodes:
  for i in range(k):
    c$i: {op: conv1d, from: x$i, out_channels: 4, kernel_size: 1}
  m: {op: cat, dim: 2, from: {for i in range(k): c$i}}
  n:
    op: cat
    dim: 2
    from:
      - for i in range(2):
          - for j in range(2): c$j
          - m
outputs:
"""


def test_for_in_inputs_outputs_and_from(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, LOOPS + "  m: n\n  for i in range(k):\n    p$i: c$i\n")
    assert shape(graph, "m") == "N×4×28"
    assert sources(graph, "n") == ["c0", "c1", "m", "c0", "c1", "m"]
    assert list(graph.outputs) == ["m", "p0", "p1", "p2"]


def test_for_in_a_list_of_outputs(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, LOOPS + "  - n\n  - for i in range(k): c$i\n")
    assert list(graph.outputs) == ["n", "c0", "c1", "c2"]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ("a: = b + x\nb: relu", "`b` is written after the node that reads it"),
        ('for i in range(2): {a$i: {op: relu, from: "a$(i + 1)"}}', "`a1` is written after the node that reads it"),
        ("s: [relu, tanh]\ny: = s.2 + x", "`s` has no `2`"),
        ("s: {op: chunk, chunks: 2, dim: 1}\ny: = s.1 + s.2", "`s` has no `2`"),
        ("s: {op: chunk, chunks: 2, dim: 1}\ny: = s.0 + s.3", "`s` has no `3`"),
        ("s: [relu, tanh]\ny: = s.tanh + x", "`s` has no `tanh`"),
        ("y: = xx + x", "no node `xx` here"),
        ("y: = x.sum + x", "`x` has no `sum`"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path: Path, nodes: str, message: str) -> None:
    text = "inputs: {x: [N, 8]}\nnodes:\n" + "".join(f"  {line}\n" for line in nodes.splitlines())
    assert mistakes(tmp_path, text)[0][1] == message


def test_what_follows_from_a_node_that_cannot_be_read_is_not_told(tmp_path: Path) -> None:
    found = mistakes(tmp_path, """
        inputs: {x: [N, 8]}
        nodes:
          s: {a: relu}
          for i in rang(2):
            t$i: relu
          y: = s + t0
          z: {op: rleu, from: x}
    """)  # fmt: skip
    assert [code for code, _ in found] == ["unknown-key", "bad-expression", "unknown-op"]


# --- share, tie, when -----------------------------------------------------------------------------


def test_share_of_a_list_of_several_inputs_and_of_a_shared_node(tmp_path: Path) -> None:
    text = PAIR + """
blocks:
  b:
    inputs: {p: [N, C], q: [N, C]}
    nodes: {a: {op: linear, from: p, out_features: 8}, y: = a + q}
nodes:
  m: {op: b, from: [x, z]}
  n: {share: m, from: [z, x]}
  o: {share: n, from: {p: n, q: m}}
  l: [{op: linear, out_features: 8}, relu]
  k: {share: l}
  y: {share: m.a}
"""  # fmt: skip
    graph = graph_of(tmp_path, text)
    assert graph.parameters == 2 * 72
    assert sources(graph, "o.a")[0] == "n.y" and sources(graph, "o.y") == ["o.a", "m.y"]
    first = graph.nodes[0]
    assert all(n.share is first for n in graph.nodes if n.path in ("n.a", "o.a", "y"))
    assert next(n for n in graph.nodes if n.path == "k.1").share is not None


def test_share_needs_the_same_nodes(tmp_path: Path) -> None:
    text = """
inputs: {a: [N, 8], b: [N, 6]}
blocks: {b: {inputs: {x: [N, C]}, nodes: {r: relu, p: {if: C == 8, op: tanh}}}}
nodes: {m: {op: b, from: a}, n: {share: m, from: b}}
"""
    assert mistakes(tmp_path, text) == [("bad-share", "`m` has other nodes on this input")]


def test_when_on_scopes_and_in_blocks(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
        inputs: {x: [N, 8]}
        blocks:
          b:
            nodes:
              fc: {op: linear, out_features: 8}
              aux: {when: training, op: linear, out_features: 2}
              r: {op: relu, from: fc}
            outputs: {y: r, aux: aux}
        nodes:
          m: b
          head: {when: training, nodes: {fc: {op: linear, from: m.y, out_features: 4}, r: tanh}}
          y: = m.y + 1
        outputs: {y: y, aux: m.aux, head: head, inner: head.fc}
    """)  # fmt: skip
    assert graph.output_modes == dict.fromkeys(("aux", "head", "inner"), Mode.TRAINING)


def test_a_mode_inside_the_other_never_runs(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8]}
        nodes:
          aux: {when: training, nodes: [{when: evaluation, op: relu}]}
          y: {op: relu, from: x}
        outputs: {y: y, aux: aux}
    """
    assert [code for code, _ in mistakes(tmp_path, text)] == ["other-mode"]
