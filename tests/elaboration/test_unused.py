"""What nothing in a file reads is warned of at its place, once; what something could read is not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from archdsl.diagnostics.diagnostic import Severity
from archdsl.elaboration.analyse import analyse
from tests.elaboration.support import HEAD


def unused(folder: Path, text: str, name: str = "net.yaml", **params: object) -> list[str]:
    """The words at the places that are warned of, in the order of the file."""
    body = dedent(text).strip() + "\n"
    path = folder / name
    path.write_text(body if body.startswith("archdsl") else HEAD + body)
    graph, found = analyse(path, params)
    assert graph is not None, found
    lines = path.read_text().splitlines()
    assert {(each.code, each.severity) for each in found} <= {("unused", Severity.WARNING)}
    spans = sorted(each.span for each in found if each.span is not None)
    assert all(span.file.endswith(name) for span in spans)
    return [lines[span.line - 1][span.column - 1 : span.end_column - 1] for span in spans]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("params: {a: 3, b: 4}\nnodes: [{op: conv2d, out_channels: a, kernel_size: 1}]", ["b"]),
        ("params: {a: 3}\nlet: {b: a, c: b, d: 2}\nnodes: [{op: conv2d, out_channels: b, kernel_size: 1}]", ["c", "d"]),
        ("params: {dropout: 0.1}\nnodes: [{op: dropout, p: 0.2}]", ["dropout"]),
        ("params: {act: relu, norm: gelu}\nnodes: [$act]", ["norm"]),
        ("blocks:\n  never: {nodes: [relu]}\n  b: {nodes: [relu]}\nnodes: [b]", ["never"]),
        ("blocks:\n  outer: {nodes: [inner]}\n  inner: {nodes: [relu]}\nnodes: [relu]", ["outer", "inner"]),
        ("blocks:\n  b: {params: {k: 1, dead: 2}, nodes: [{op: dropout, p: 1 / k}]}\nnodes: [b]", ["dead"]),
        ("blocks:\n  b: {params: {k: 1}, let: {w: k}, nodes: [relu]}\nnodes: [b]", ["w"]),
        (
            "blocks:\n  b: {inputs: {p: [N, ...], q: [N, ...]}, nodes: [relu]}\nnodes: [{op: b, from: [x, x]}]",
            ["q"],
        ),
        ("use: [blocks/mlp, blocks/conv]\nnodes: [{op: conv_norm_act, out_channels: 4}]", ["blocks/mlp"]),
        ("nodes:\n  a: relu\n  name: {from: a}\n  c: {op: relu, from: a}", ["name"]),
        ("nodes: [{op: conv2d, out_channels: 3, kernel_size: 1}]\ninit: {linear: {weight: zeros}}", ["linear"]),
        # a parameter of the file that a block hides with one of its own
        ("params: {k: 3}\nblocks:\n  b: {params: {k: 1}, nodes: [{op: dropout, p: 1 / k}]}\nnodes: [b]", ["k"]),
    ],
)
def test_what_nothing_reads_is_told_at_its_place(tmp_path: Path, text: str, words: list[str]) -> None:
    assert unused(tmp_path, f"inputs: {{x: [N, 8, 16, 16]}}\n{text}") == words


@pytest.mark.parametrize(
    "text",
    [
        "params: {k: 1}\nnodes: [{if: k > 3, op: relu}, gelu]",
        "params: {k: 0}\nnodes:\n  - for i in range(k):\n      - relu\n  - gelu",
        "params: {k: 1}\nnodes: {a1: relu, b: {op: relu, from: a$k}}",
        "params: {k: 1}\nnodes: {a$k: relu}",
        "params: {k: 1}\nnodes: {a1: relu}\noutputs: a$k",
        "params: {k: 1}\nnodes: {a1: relu}\noutputs:\n  for i in range(k):\n    out$i: a1",
        "params: {std: 0.1}\nnodes: [{op: conv2d, out_channels: 3, kernel_size: 1}]\ninit: {conv2d: normal(std=std)}",
        "params: {std: 0.1}\nnodes: [{op: conv2d, out_channels: 3, kernel_size: 1, init: {weight: normal(std=std)}}]",
        "params: {n: 1}\nnodes: {a0: {op: conv2d, out_channels: 3, kernel_size: 1}}\n"
        "weights:\n  renames:\n    for i in range(n):\n      b$i.*: a$i.*",
        "params: {k: 3}\nlet: {a: k}\nblocks:\n  b: {let: {w: a}, nodes: [{op: dropout, p: 1 / w}]}\nnodes: [b]",
        "params: {block: one}\nblocks:\n  one: {nodes: [relu]}\n  two: {nodes: [gelu]}\nnodes: [$block]",
        "params: {block: one}\nblocks:\n  one: {params: {k: int}, nodes: [{op: dropout, p: 1 / k}]}\n"
        "  two: {params: {k: int}, nodes: [gelu]}\nnodes: [{op: $block, k: 3}]",
        "params: {kinds: [one, two]}\nblocks:\n  k_one: {nodes: [relu]}\n  k_two: {nodes: [gelu]}\n"
        "nodes:\n  - for k in kinds:\n      - k_$k",
        "params: {table: [{op: one}, {op: two}]}\nblocks:\n  one: {nodes: [relu]}\n  two: {nodes: [gelu]}\n"
        "nodes:\n  - for t in table:\n      - $(t.op)",
        "blocks:\n  a: {params: {act: relu}, nodes: [$act]}\n  b: {nodes: [gelu]}\nnodes: [{op: a, act: b}]",
        "blocks:\n  b:\n    inputs: {p: [N, ...], q: [N, D, ...]}\n    nodes: [{op: dropout, p: 1 / D}]\n"
        "nodes: [{op: b, from: [x, x]}]",
        "blocks:\n  b: {inputs: {p: [N, ...], q: [N, ...]}, nodes: [= p + q]}\nnodes: [{op: b, from: [x, x]}]",
        "nodes:\n  a: relu\n  name: {from: a}\n  c: relu",
        "nodes:\n  a: relu\n  name: {from: a}\n  c: {op: relu, from: x}\n  d: = c + name",
        "nodes:\n  a: relu\n  name: {from: a}",
        "nodes:\n  - for i in range(2):\n      - relu",
        "let: {s: 8}\nnodes: [{op: adaptive_avg_pool2d, output_size: s}]",
    ],
)
def test_what_something_reads_or_could_read_is_not_told(tmp_path: Path, text: str) -> None:
    assert unused(tmp_path, f"inputs: {{x: [N, 8, 16, 16]}}\n{text}") == []


def test_what_is_inherited_is_not_the_files_fault(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        HEAD + "inputs: {x: [N, 8, 16, 16]}\nparams: {k: 3, dead: 1}\n"
        "blocks: {b: {nodes: [relu]}}\nnodes: {a: {op: dropout, p: 1 / k}}\ninit: {'z.*': zeros}\n"
    )
    assert unused(tmp_path, "archdsl: 1\nextends: base\nnodes: {a: relu}\n") == []
    assert unused(tmp_path, "archdsl: 1\nextends: base\nparams: {k: 4, dead: 5}\n") == ["dead"]


def test_a_spec_used_as_a_block_and_a_library_are_not_told_of(tmp_path: Path) -> None:
    inner = HEAD + "inputs: {x: [N, 8, 16, 16]}\nparams: {dead: 1, k: 2}\nnodes: [{op: dropout, p: 1 / k}]\n"
    (tmp_path / "inner.yaml").write_text(inner)
    (tmp_path / "lib.yaml").write_text(
        "archdsl: 1\nname: lib\nparams: {dead: 1}\nblocks: {used: {nodes: [relu]}, other: {nodes: [gelu]}}\n"
    )
    text = "use: [lib]\nparams: {p: 4}\ninputs: {x: [N, 8, 16, 16]}\nnodes: [used, {op: spec.inner, k: p}]\n"
    assert unused(tmp_path, text) == []


def test_a_name_that_one_instance_of_a_block_reads_is_read(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 8, 16, 16]}
        blocks:
          b:
            params: {wide: bool}
            nodes:
              a: relu
              name: {from: a}
              c: {op: relu, from: a}
              d: {if: wide, value: c + name, else: c}
        nodes: [{op: b, wide: false}, {op: b, wide: true}]
    """
    assert unused(tmp_path, text) == []
    assert unused(tmp_path, text.replace("wide: true", "wide: false")) == ["name"]


def test_a_mistake_hides_what_may_follow_from_it(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        HEAD + "inputs: {x: [N, 8]}\nparams: {width: 3}\nnodes: [{op: linear, out_features: widht}]\n"
    )
    _, found = analyse(tmp_path / "net.yaml")
    assert [each.code for each in found] == ["bad-expression"]
