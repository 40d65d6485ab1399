"""`let` of a node: seen by its fields alone, and by a constant's formula for each element."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from tests.elaboration.support import analyse_text, graph_of, mistakes, shape

CONSTANT = """\
inputs: {x: [N, T = 5, 8]}
params: {theta: 100}
nodes:
  angle: {op: constant, %s shape: [T, 8], index: [t, c], value: %s}
  add: = x + angle
"""


def test_fields_and_formulas_see_it_and_neighbours_do_not(tmp_path: Path) -> None:
    text = """\
        inputs: {x: [N, T = 5, 8]}
        params: {width: 4}
        nodes:
          linear: {op: linear, let: {width: "width * x.shape[2]", half: width // 2}, out_features: half + width}
          scaled: {let: {scale: width ** -0.5}, value: linear * scale}
          last: {op: linear, out_features: width}
        """
    graph = graph_of(tmp_path, text)
    assert (shape(graph, "linear"), shape(graph, "last")) == ("N×T×48", "N×T×4")
    assert graph.nodes[1].op.expression.right.value == 0.5  # type: ignore[attr-defined]
    assert "half" not in graph.nodes[0].env
    wrong = text.replace("out_features: width}", "out_features: half}")
    assert mistakes(tmp_path, wrong) == [("bad-expression", "unknown name `half`")]


def test_arguments_of_a_block_and_what_a_loop_binds(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """\
        inputs: {x: [N, 8]}
        blocks: {wide: {params: {width: int}, nodes: {linear: {op: linear, out_features: width}}}}
        nodes:
          for i in range(2):
            wide$i: {op: wide, let: {i: i + 1, k: 2 * i}, width: k}
        """,
    )
    assert [shape(graph, f"wide{i}.linear") for i in range(2)] == ["N×2", "N×4"]


@pytest.mark.parametrize(
    ("let", "value", "written"),
    [
        ("let: {rate: theta ** (-c / 8)},", "sin(t * rate)", "sin(t * (theta ** (-c / 8)))"),
        (
            "let: {pair: c // 2, base: 2 * theta, angle: t * base ** (-2 * pair / 8)},",
            "sin(angle) if c % 2 == 0 else cos(angle)",
            "sin(t * 200 ** (-2 * (c // 2) / 8)) if c % 2 == 0 else cos(t * 200 ** (-2 * (c // 2) / 8))",
        ),
        ("let: {last: T - 1},", "t / last", "t / (T - 1)"),
        ("let: {soft: softplus(c)},", "-soft", "-softplus(c)"),
    ],
)
def test_a_constant_has_one_for_each_element(tmp_path: Path, let: str, value: str, written: str) -> None:
    x = torch.zeros(1, 5, 8, dtype=torch.float64)
    found = []
    for each in (CONSTANT % (let, value), CONSTANT % ("", written)):
        (tmp_path / "net.yaml").write_text("archdsl: 1\nname: net\n" + each)
        found.append(archdsl.build(tmp_path / "net.yaml").double()(x))
    assert torch.equal(*found)


def test_its_words_stand_in_the_source(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        """\
archdsl: 1
inputs: {x: [N, 8]}
blocks:
  mlp:
    inputs: {x: [N, C]}
    params: {ratio: int}
    nodes:
      linear: {op: linear, let: {width: C * ratio}, out_features: width}
      back: {op: linear, out_features: C}
nodes: {a: {op: mlp, ratio: 2}, b: {op: mlp, ratio: 3}}
"""
    )
    assert "nn.Linear(8, 8 * ratio)" in archdsl.source(tmp_path / "net.yaml")


@pytest.mark.parametrize(
    ("let", "value", "code", "message", "column"),
    [
        ("let: {t: 1},", "t", "duplicate-name", "`t` is an index of this node", 31),
        (
            "let: {theta: 2 * c},", "theta", "duplicate-name",
            "`theta` is a value already, and here one for each element", 31,
        ),
        ("let: {rate: c / wide},", "rate", "bad-expression", "unknown name `wide`", 41),
        ("let: {rate: 1 / 0},", "rate", "bad-expression", "1 / 0 divides by zero", 37),
        ("let: {Rate: 1},", "1", "bad-name", "`Rate` is no name of a derived value", 31),
        ("let: [1],", "1", "wrong-type", "`let` is a mapping, found a list", 30),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_in_its_place(
    tmp_path: Path, let: str, value: str, code: str, message: str, column: int
) -> None:
    (found,) = [each for each in analyse_text(tmp_path, CONSTANT % (let, value))[1] if each.severity.value == "error"]
    assert (found.code, found.message) == (code, message)
    assert found.span is not None and (found.span.line, found.span.column) == (6, column)


def test_what_grows_without_end_is_refused(tmp_path: Path) -> None:
    let = ", ".join(["a0: c + c", *(f"a{i + 1}: a{i} * a{i}" for i in range(40))])
    found = mistakes(tmp_path, CONSTANT % (f"let: {{{let}}},", "a40"))
    assert [code for code, _ in found] == ["bad-expression"] and "with its derived values put in" in found[0][1]
    chain = ", ".join(["a0: c", *(f"a{i + 1}: -a{i}" for i in range(300))])
    assert "deep" in mistakes(tmp_path, CONSTANT % (f"let: {{{chain}}},", "a300"))[0][1]


def test_many_are_read_soon(tmp_path: Path) -> None:
    let = ", ".join(["a0: 1", *(f"a{i + 1}: 1 - a{i}" for i in range(5000))])
    graph = graph_of(
        tmp_path, f"inputs: {{x: [N, 8]}}\nnodes: {{l: {{op: linear, let: {{{let}}}, out_features: 2 - a5000}}}}\n"
    )
    assert shape(graph, "l") == "N×1"
    each = ", ".join(f"a{i}: c + {i}" for i in range(5000))
    value = " + ".join(f"a{i}" for i in range(0, 5000, 10))
    (tmp_path / "net.yaml").write_text("archdsl: 1\n" + CONSTANT % (f"let: {{{each}}},", value))
    assert {found.code for found in archdsl.check(tmp_path / "net.yaml")} <= {"unused"}


@pytest.mark.parametrize("node", ["{let: {a: 1}, nodes: [relu]}", "{let: {a: 1}, from: x}", "{let: {a: 1}, share: b}"])
def test_it_is_for_fields(tmp_path: Path, node: str) -> None:
    text = f"inputs: {{x: [N, 8]}}\nnodes: {{b: relu, c: {node}}}\n"
    message = "`let` is for the fields of an op or block, or for a formula"
    assert ("bad-node", message) in mistakes(tmp_path, text)


def test_what_the_node_does_not_read_is_told(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 8]}\nnodes: {b: {let: {a: 1, k: 2, c: a}, value: x * k}}\n"
    assert mistakes(tmp_path, text) == [("unused", "nothing of this node reads the derived value `c`")]


def test_a_left_out_node_says_nothing_of_it(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 8]}\nnodes: {a: relu, b: {if: false, let: {k: 1 // 0}, value: a * k}, c: gelu}\n"
    assert mistakes(tmp_path, text) == []
