"""What the language says of values: templates, parameters, dimensions, formulas, YAML."""

from pathlib import Path

import pytest

from archdsl.expressions.printer import to_text
from archdsl.ir.graph import Scope
from tests.elaboration.support import analyse_text, graph_of, mistakes, paths, shape, sources
from tests.elaboration.test_language import caret

IMAGE = "inputs: {x: [N, 8, H = 8, W = 8]}\n"


def fields(folder: Path, text: str) -> dict[str, dict[str, object]]:
    return {node.path: node.fields for node in graph_of(folder, text).nodes}


# --- templates and parameters ---------------------------------------------------------------------


def test_a_template_is_evaluated_where_it_is_written(tmp_path: Path) -> None:
    text = (
        IMAGE
        + """
params: {eps: 0.5, norm: {op: batch_norm2d, eps: 0.25}}
blocks:
  b:
    params: {norm: batch_norm2d, eps: 0.125}
    nodes: {n: $norm, m: {op: $norm, momentum: eps}, o: {op: $norm, eps: eps}}
nodes:
  u: {op: b, norm: {op: batch_norm2d, eps: eps / 2}}
  v: {op: b, norm: $norm}
  w: {op: b, norm: {op: $norm, momentum: 0.75}}
"""
    )
    found = fields(tmp_path, text)
    assert found["u.m"] == {"eps": 0.25, "momentum": 0.125}
    assert found["u.o"] == {"eps": 0.125}
    assert found["v.n"] == {"eps": 0.25}
    assert found["w.n"] == {"eps": 0.25, "momentum": 0.75}


def test_the_fields_of_a_passed_template_are_those_of_its_op(tmp_path: Path) -> None:
    text = """
inputs: {x: [N, 8]}
let: {kind: "'tanh'"}
blocks:
  act: {params: {how: none}, nodes: [{op: gelu, approximate: $how}]}
  b: {params: {act: relu}, nodes: {a: $act}}
nodes:
  m: {op: b, act: {op: gelu, approximate: tanh}}
  n: {op: b, act: {op: gelu, approximate: $kind}}
  o: {op: b, act: {op: act, how: tanh}}
"""
    assert [f["approximate"] for f in fields(tmp_path, text).values()] == ["tanh"] * 3


def test_a_passed_name_means_the_callers_block(tmp_path: Path) -> None:
    library = "archdsl: 1\nblocks:\n  wrap: {params: {inner: relu}, nodes: {i: $inner}}\n  mine: {nodes: [tanh]}\n"
    (tmp_path / "library.yaml").write_text(library)
    text = """
use: [library]
inputs: {x: [N, 8]}
blocks: {own: {params: {f: 4}, nodes: [{op: linear, out_features: f}]}}
nodes: {a: {op: wrap, inner: own}, b: {op: wrap, inner: {op: own, f: 5}}, c: wrap, d: {op: wrap, inner: mine}}
"""
    graph = graph_of(tmp_path, text)
    assert [n.op.name for n in graph.nodes] == ["linear", "linear", "relu", "tanh"]
    assert shape(graph, "b.i.0") == "N×5"


def test_the_default_fixes_whether_a_parameter_is_text(tmp_path: Path) -> None:
    text = """
params: {mode: tanh, k: 4}
inputs: {x: [N, 8]}
blocks:
  b:
    params: {approx: none, k: 1, t: text, n: int, l: [1, 2], w: [a, b], f: float, flag: false,
             width: {type: int, default: null}, act: {type: text, default: null}}
    nodes:
      g: {op: gelu, approximate: $approx, note: the text}
      same: {if: t == 'text', op: identity}
      fc: {op: linear, out_features: k + n + sum(l) + len(w) + int(f), bias: flag}
      wide: {if: width is not None, op: linear, out_features: width}
      act: $act
nodes:
  m: {op: b, approx: $mode, t: k, k: k * 2, n: k, l: [k, 1], w: [c], f: 2.5, flag: k > 3}
  n: {op: b, t: x, n: 1, f: 1, act: relu, width: k}
"""
    graph = graph_of(tmp_path, text)
    m = graph.root.children["m"]
    assert isinstance(m, Scope)
    assert m.arguments["t"] == "k" and list(m.arguments["l"]) == [4, 1] and m.arguments["flag"] is True
    assert shape(graph, "m.fc") == "N×20" and shape(graph, "n.fc") == "N×8" and shape(graph, "n.wide") == "N×4"
    assert paths(graph) == ["m.g", "m.fc", "n.g", "n.fc", "n.wide", "n.act"]


def test_a_null_default_has_a_type(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 8]}\nblocks: {b: {params: {act: null}, nodes: {a: $act}}}\nnodes: {m: b}\n"
    assert mistakes(tmp_path, text) == [("bad-value", "the default of `act` is null, which says no type")]


def test_let_sees_what_stands_above_it(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 8]}\nlet: {b: a + 1, a: 3}\nnodes: {m: {op: linear, out_features: b}}\n"
    assert "below" in str(analyse_text(tmp_path, text)[1][0].hint)


# --- dimensions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "good"),
    [
        ("[N, C, C]", False), ("[N, K, 2 * K]", True), ("[N, 2 * K, K]", False),
        ("[..., C]", True), ("[N, ..., 8]", True),
        ("[A, B, C, ..., D]", False), ("[..., N, ...]", False),
        ("[N, c, 8]", False), ("[N, 4, 8]", True), ("[N, 4]", False),
    ],
)  # fmt: skip
def test_a_pattern_binds_first_and_checks_later(tmp_path: Path, pattern: str, good: bool) -> None:
    text = f"inputs: {{x: [N, 4, 8]}}\nblocks: {{b: {{inputs: {{x: {pattern}}}, nodes: [relu]}}}}\nnodes: {{m: b}}\n"
    assert len(mistakes(tmp_path, text)) == (0 if good else 1)


def test_the_caret_of_a_pattern(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 4, 8]}\nblocks: {b: {inputs: {x: [N, 2 * K, K]}, nodes: [relu]}}\nnodes: {m: b}\n"
    assert caret(tmp_path, text) == "K"


PORTS = "blocks: {b: {inputs: {x: [N, T], y: [N, T]}, nodes: [relu, {op: cat, dim: 1, from: [x, y]}]}}\n"


def test_unproved_sizes_pass_and_are_kept_for_the_run(tmp_path: Path) -> None:
    text = PORTS + "inputs: {x: [N, T = 4], y: [N, S = 4]}\nnodes: {m: {op: b, from: [x, y]}}\n"
    graph, _ = analyse_text(tmp_path, text)
    assert graph is not None
    scope = graph.root.children["m"]
    assert isinstance(scope, Scope)
    assert [(c.value.name, c.position, str(c.size)) for c in scope.checks] == [("y", 1, "T")]


def test_a_pattern_that_fails_at_the_sample_sizes(tmp_path: Path) -> None:
    text = PORTS + "inputs: {x: [N, T = 4], y: [N, S = 5]}\nnodes: {m: {op: b, from: [x, y]}}\n"
    assert [code for code, _ in mistakes(tmp_path, text)] == ["shape-mismatch"]


def test_sizes_from_other_dimensions(tmp_path: Path) -> None:
    text = """
params: {s: 32}
inputs: {x: [N, T = s // 4, S = T * 2], y: [N, T + 1, S]}
nodes: {m: {op: cat, dim: 1, from: [x, y]}}
"""
    graph = graph_of(tmp_path, text)
    assert graph.sample_sizes == {"N": 1, "T": 8, "S": 16}
    assert shape(graph, "m") == "N×(2 * T + 1)×S"


@pytest.mark.parametrize(
    "inputs",
    ["{x: [N, T = 4], y: [N, T = 5]}", "{x: [n, 4]}", "{x: {shape: [N], dtype: int64, below: many}}",
     "{x: {shape: [N, 4], optional: true}}", "{x: [N, 0]}", "{x: [N, ..., 3]}"],
)  # fmt: skip
def test_inputs_that_are_refused(tmp_path: Path, inputs: str) -> None:
    assert len(mistakes(tmp_path, f"inputs: {inputs}\nnodes: {{m: relu}}\n")) == 1


def test_a_files_dimensions_are_invisible_in_blocks(tmp_path: Path) -> None:
    block = "{b: {inputs: {x: [A, B, C]}, nodes: [{op: reshape, shape: [N, T * 8]}]}}"
    text = f"inputs: {{x: [N, T = 4, 8]}}\nblocks: {block}\nnodes: {{m: b}}\n"
    assert mistakes(tmp_path, text) == [
        ("bad-expression", f"unknown name `{name}` in a block without `params` or `let`") for name in "NT"
    ]
    visible = "inputs: {x: [N, T = 4, 8]}\nnodes: {m: {op: reshape, shape: [N, T * 8]}, y: = m * T + N}\n"
    assert shape(graph_of(tmp_path, visible), "y") == "N×(8 * T)"


def test_the_shape_of_a_tensor_is_a_value(tmp_path: Path) -> None:
    text = """
inputs: {x: [N, T = 4, 6]}
blocks: {b: {let: {c: "x.shape[-1] * 2"}, nodes: [{op: linear, out_features: c}]}}
nodes:
  a: {op: linear, out_features: "x.shape[2] * 2"}
  b: {if: "a.shape[2] == 12", op: relu}
  c: {if: "a.shape[2] != 12", op: relu}
  m: b
  for i in range(m.shape[2] - 23): {r$i: relu}
  y: = r0 * x.shape[2] ** -0.5 / x.shape[1]
"""
    graph = graph_of(tmp_path, text)
    assert paths(graph) == ["a", "b", "m.0", "r0", "y"]
    assert shape(graph, "y") == "N×T×24" and sources(graph, "y") == ["r0"]


# --- formulas and constants -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("= x * qqq + 1", "qqq"), ("= x * $k + qqq", "qqq"), ("= x * $(k * 10) + foo(x)", "foo"),
        ("= x + $(kk) + 1", "kk"),
        ("= x + $(k *) + 1", "*"), ("= x + s.9", "s.9"), ("= x * $k + x[0]", "x[0]"),
    ],
)  # fmt: skip
def test_the_caret_of_a_formula(tmp_path: Path, formula: str, at: str) -> None:
    text = f"params: {{k: 300}}\ninputs: {{x: [N, 8]}}\nnodes:\n  s: [relu]\n  y: {formula}\n"
    assert caret(tmp_path, text) == at


def test_a_note_says_that_a_node_hides_a_value(tmp_path: Path) -> None:
    text = "params: {a: 3}\ninputs: {x: [N, 4], z: [N, 5]}\nnodes:\n  a: {op: relu, from: z}\n  y: = x * a\n"
    notes = analyse_text(tmp_path, text)[1][0].notes
    assert "which hides the value `a`" in notes[1].detail and "hides" not in notes[0].detail


def test_dollar_then_the_longest_path(tmp_path: Path) -> None:
    text = """
params: {name: s}
inputs: {x: [N, 8]}
nodes:
  s: [relu, tanh]
  y: = $name.0 + $(name).1 * 2.0 + min(x, s, 0.5) + (s.1 > 0) + (x if x > s.0 else 1)
"""
    graph = graph_of(tmp_path, text)
    assert sources(graph, "y") == ["s.0", "s.1", "x", "s.1"]


@pytest.mark.parametrize(
    ("constant", "code"),
    [
        ("shape: [4, 4], index: [t], value: t", "bad-value"),
        ("shape: [4], index: [t], value: sum(t)", "bad-expression"),
        ("shape: [4], index: [t], value: t + x", "bad-expression"),
        ("shape: [4], index: [t], value: foo(t)", "bad-expression"),
        ("shape: [4], value: t", "bad-expression"),
    ],
)
def test_constants_that_are_refused(tmp_path: Path, constant: str, code: str) -> None:
    text = f"inputs: {{x: [N, 4]}}\nnodes:\n  c: {{op: constant, {constant}}}\n  y: = x + c\n"
    assert [c for c, _ in mistakes(tmp_path, text)] == [code]


def test_a_constants_indices_hide_values(tmp_path: Path) -> None:
    text = """
params: {t: 5, v: [1, 2, 3, 4]}
inputs: {x: [N, 4]}
nodes:
  c: {op: constant, shape: [4], index: [t], value: "sum(v) + t"}
  y: = x + c
"""
    value = graph_of(tmp_path, text).nodes[0].op.value  # type: ignore[attr-defined]
    assert to_text(value) == "10 + t"


# --- YAML -----------------------------------------------------------------------------------------


def test_scalars_are_yaml_1_2_and_lists_are_joined(tmp_path: Path) -> None:
    text = """
params: {a: 1e-6, b: [on, no, 3:4, 2015-12-10, 010, yes], c: 0x10, k: 2}
inputs: {x: [N, 4, 8, 8]}
nodes:
  p: {op: conv2d, out_channels: c, kernel_size: [min(k, 5), 3]}
  q:
    op: conv2d
    out_channels: len(b)
    kernel_size: [i for i in range(1, 3)]
  n: {op: layer_norm, eps: a}
"""
    graph = graph_of(tmp_path, text)
    assert graph.params["b"][:4] == ["on", "no", "3:4", "2015-12-10"]
    assert graph.nodes[0].fields["kernel_size"] == (2, 3) and graph.nodes[0].fields["out_channels"] == 16
    assert graph.nodes[1].fields["kernel_size"] == (1, 2)
    assert graph.nodes[2].fields["eps"] == 1e-6


def test_parameters_of_a_file_are_never_evaluated(tmp_path: Path) -> None:
    text = "params: {a: 9 ** 9 ** 9, b: text, c: $(1 +}\ninputs: {x: [N, 8]}\nnodes: [relu]\n"
    graph, found = analyse_text(tmp_path, text)
    assert graph is not None and {each.code for each in found} == {"unused"}
    assert graph.params == {"a": "9 ** 9 ** 9", "b": "text", "c": "$(1 +"}


@pytest.mark.parametrize("default", ["$(1 +", "$norm"])
def test_a_default_that_has_no_value(tmp_path: Path, default: str) -> None:
    text = f"inputs: {{x: [N, 8]}}\nblocks: {{b: {{params: {{a: {default}}}, nodes: [relu]}}}}\nnodes: {{m: b}}\n"
    assert [code for code, _ in mistakes(tmp_path, text)] == ["bad-expression"]


def test_outputs_by_number_and_by_name(tmp_path: Path) -> None:
    text = """
inputs: {x: [N, 8]}
nodes:
  qkv: {op: chunk, chunks: 2, dim: -1, names: [q, k]}
  y: = qkv.0 + qkv.k
"""
    assert sources(graph_of(tmp_path, text), "y") == ["qkv.q", "qkv.k"]


def test_a_derived_value_carries_its_expression(tmp_path: Path) -> None:
    """The printed source says it in the names that it is written in; a plain value has nothing to say."""
    text = (
        IMAGE
        + """
params: {width: 4}
let: {wide: 2 * width, plain: 3}
blocks:
  b: {let: {deep: wide + 1, flat: 5}, nodes: {c: {op: conv2d, out_channels: deep + flat + plain, kernel_size: 1}}}
nodes: {b: b}
"""
    )
    block = graph_of(tmp_path, text).root.children["b"]
    assert isinstance(block, Scope)
    outer = block.env.parent
    assert outer is not None
    found = {**outer.names, **block.env.names}
    written = {name: found[name].definition for name in ("wide", "plain", "deep", "flat")}
    assert {name: to_text(each.tree) if each else None for name, each in written.items()} == {
        "wide": "2 * width", "plain": None, "deep": "wide + 1", "flat": None,
    }  # fmt: skip
