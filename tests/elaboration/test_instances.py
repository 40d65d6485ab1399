"""A copied instance is what its block would have made: graphs with and without copying are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.elaboration.instances import Instances
from archdsl.ir.graph import Graph, Node, Scope, Value
from tests.elaboration.support import analyse_text, graph_of, mistakes, sources
from tests.thorough import some

SPECS = ["resnet50", "densenet121", "efficientnet_b0", "inception_v3", "convnext_tiny", "vit_b_16", "swin_t"]

TRICKY = """
inputs: {x: [N, T, 8], y: [N, T, 8]}
blocks:
  inner:
    inputs: {a: [N, T, C], b: {shape: [N, T, C], optional: true}}
    params: {wide: 8, op: relu, last: true}
    let: {size: wide * 2}
    nodes:
      table: {op: parameter, shape: [size, C]}
      scale: {op: constant, shape: [C], index: [i], value: 1 / (i + 1)}
      first: {op: linear, from: a, out_features: size}
      again: {share: first, from: a}
      tied: {op: linear, from: a, out_features: size, bias: false, tie: {weight: table}}
      sum: = first + again + tied
      part: {op: chunk, chunks: 2, dim: -1, names: [left, right]}
      gate: {op: sigmoid, from: part.left}
      mixed: = part.right * gate
      only: {op: dropout, p: 0.5, when: training, else: mixed}
      deep:
        nodes:
          act: $op
          stage.0.proj: {op: linear, out_features: C}
          stage.0.norm: layer_norm
      scaled: = deep * scale
      end: {if: last, value: scaled + a, else: scaled}
  outer:
    inputs: {x: [N, T, C], y: [N, T, C]}
    nodes:
      one: {op: inner, from: {a: x}}
      two: {op: inner, from: {a: one, b: y}}
      three: {op: inner, from: {a: two, b: two}}
      four: {op: inner, from: three, wide: 4}
      split: {op: inner, from: two.deep.act, last: false}
    outputs: {main: four, side: one.part.left, low: split}
nodes:
  for i in range(3):
    layer$i: {op: outer, from: {x: "x", y: "y"}}
  mix: {op: inner, from: {a: x, b: x}}
  again: {share: mix, from: y}
  more: {op: inner, from: {a: y, b: y}}
  low: {op: linear, from: layer1.two.deep.stage.0.proj, out_features: 8}
  end: = low + mix + again + more + layer2.main + layer0.main
outputs: {end: end, side: layer2.side, low: layer1.split.gate, weight: layer1.two.table}
"""


@contextmanager
def nothing_copied() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Instances, "find", lambda self, key: None)
        yield


def value(found: Value | None) -> Any:
    return None if found is None else (found.name, found.output, str(found.type), found.weight)


def item(found: Node | Scope) -> list[Any]:
    """All that is known of a node or a scope, links as paths."""
    said: list[Any] = [
        found.path, found.name, found.scope.path if found.scope else None, found.site and found.site.span,
        {key: str(found.env[key]) for key in list(found.env.keys())}, [step.index for step in found.loops],
        found.when, found.share.path if found.share else None,
    ]  # fmt: skip
    if isinstance(found, Node):
        ties = {name: value(tied) for name, tied in found.tie.items()}
        inputs = [value(one) for one in found.inputs]
        return [*said, found.op, inputs, found.types, found.output_names, dict(found.tensors), found.init, ties]
    ports = {name: value(one) for name, one in found.inputs.items()}
    outputs = {name: value(one) for name, one in found.outputs.items()}
    checks = [(value(check.value), check.position, str(check.size)) for check in found.checks]
    return [
        *said,
        found.kind,
        found.block,
        found.definition and found.definition.span,
        str(found.arguments),
        ports,
        outputs,
        checks,
        found.listed,
    ]


def everything(graph: Graph) -> list[Any]:
    def walk(scope: Scope) -> Iterator[Any]:
        yield item(scope)
        for child in scope.children.values():
            yield from walk(child) if isinstance(child, Scope) else [item(child)]

    outputs = {name: value(one) for name, one in graph.outputs.items()}
    return [*walk(graph.root), [node.path for node in graph.nodes], outputs]


@pytest.mark.parametrize("name", some(SPECS))
def test_the_networks(name: str) -> None:
    copied = everything(archdsl.graph(name))
    with nothing_copied():
        assert everything(archdsl.graph(name)) == copied


def test_links_inside_and_into_an_instance(tmp_path: Path) -> None:
    copied = everything(graph_of(tmp_path, TRICKY))
    with nothing_copied():
        assert everything(graph_of(tmp_path, TRICKY)) == copied


@pytest.mark.parametrize("path", ["dep", "deep.stage", "deep.stage.1", "part", "part.lift", "nothing"])
def test_what_is_not_inside_of_a_copy(tmp_path: Path, path: str) -> None:
    wrong = TRICKY.replace("  end: = low", f"  wrong: {{op: relu, from: layer2.two.{path}}}\n  end: = wrong + low")
    told = analyse_text(tmp_path, wrong)[1]
    assert len(told) == 1
    with nothing_copied():
        assert analyse_text(tmp_path, wrong)[1] == told


def test_it_does_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []
    kept = Instances.find
    monkeypatch.setattr(Instances, "find", lambda self, key: found.append(kept(self, key)) or found[-1])
    archdsl.graph("resnet50")
    assert sum(one is not None for one in found) == 8


def test_true_1_and_text_make_different_instances(tmp_path: Path) -> None:
    text = """
    inputs: {x: [N, 4]}
    blocks:
      shown:
        params: {by: any}
        nodes: [{op: linear, out_features: "8 if str(by * 2) == '11' else 4"}]
    nodes:
      a: {op: shown, from: x, by: 1}
      b: {op: shown, from: x, by: "'1'"}
      c: {op: shown, from: x, by: 1.0}
      d: {op: shown, from: x, by: 1}
    outputs: {a: a, b: b, c: c, d: d}
    """
    made = graph_of(tmp_path, text)
    assert {name: one.type.shape[-1] for name, one in made.outputs.items()} == {"a": 4, "b": 8, "c": 4, "d": 4}
    assert str(made.root.children["c"].arguments["by"]) == "1.0"


def test_a_list_and_a_tuple_make_different_instances(tmp_path: Path) -> None:
    text = """
    inputs: {x: [N, 4]}
    blocks:
      counted:
        params: {by: list}
        nodes: [{op: linear, out_features: "8 if by == [1, 2] else 4"}]
    nodes:
      a: {op: counted, from: x, by: "[1, 2]"}
      b: {op: counted, from: x, by: "(1, 2)"}
    outputs: {a: a, b: b}
    """
    made = graph_of(tmp_path, text)
    assert {name: one.type.shape[-1] for name, one in made.outputs.items()} == {"a": 8, "b": 4}


def test_what_one_number_allows_is_refused_of_another_that_python_takes_for_equal(tmp_path: Path) -> None:
    """A process remembers what an op's rules say, and they tell 1 and 1.0 apart."""
    inputs = "{x: {shape: [N], dtype: int64}, m: {shape: [N], dtype: bool}}"
    text = "inputs: %s\nnodes: [{op: masked_fill, from: {input: x, mask: m}, value: %s}]"
    found = [mistakes(tmp_path, text % (inputs, value)) for value in ("1", "1.0")]
    assert found == [[], [("dtype-error", "cannot fill int64 with 1.0")]]


def test_each_spec_has_its_numbers_as_it_writes_them(tmp_path: Path) -> None:
    """Ops of equal fields are one in a process, and 0.0 and -0.0 print apart."""
    written = ["0.0", "-0.0", "1.0"]
    texts = [f"inputs: {{x: [N, 4]}}\nnodes: [{{op: hardtanh, min_val: {each}, max_val: 2}}]" for each in written]
    graphs = [graph_of(tmp_path, text) for text in texts]
    assert [repr(graph.nodes[0].fields["min_val"]) for graph in graphs] == written
    assert graph_of(tmp_path, texts[0]).nodes[0].op is graphs[0].nodes[0].op


def test_a_mode_of_its_own(tmp_path: Path) -> None:
    """The same block in training and in both modes."""
    text = """
    inputs: {x: [N, 8]}
    blocks:
      lin: {inputs: {x: [N, C]}, nodes: {fc: {op: linear, out_features: C}}}
    nodes:
      a: {op: lin, from: x, when: training, else: x}
      b: {op: lin, from: x}
      end: = a + b
    """
    made = graph_of(tmp_path, text)
    modes = {node.path: node.when for node in made.nodes if node.path.endswith("fc")}
    assert modes["b.fc"] is None
    assert modes["a.fc"] is not None
    assert sources(made, "b.fc")[0] == "x"
