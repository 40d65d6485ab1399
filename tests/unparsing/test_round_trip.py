"""A graph becomes the text of one spec, which elaborates to a graph of the same nodes, edges, tensors and outputs."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

import archdsl
from archdsl.document.files import shipped
from archdsl.elaboration.analyse import analyse
from archdsl.ir.graph import Graph
from archdsl.unparsing.aligning import Unalike
from archdsl.unparsing.likeness import first_difference
from archdsl.unparsing.unparse import SpecFolding, unparse
from tests.compiler.networks import HEAD, NETWORKS
from tests.generators import Spec, networks
from tests.generators.cases import op_networks
from tests.thorough import examples, some

FEW = ("lenet5", "resnet50", "swin_t", "bilstm_tagger", "siamese", "t5_small", "mobilenet_v3_small", "densenet121")
SPECS = [
    pytest.param(spec, id=spec.stem, marks=() if spec.stem in FEW else pytest.mark.slow) for spec in shipped()
]  # fmt: skip


def assert_same(graph: Graph, folding: SpecFolding) -> str:
    try:
        text = unparse(graph, folding=folding)
    except Unalike:
        assert folding is SpecFolding.CHOICES
        return ""
    assert first_difference(graph, archdsl.loads(text)) is None
    return text


@pytest.mark.parametrize("spec", SPECS)
def test_shipped_networks(spec: Path) -> None:
    graph = archdsl.graph(spec)
    assert first_difference(graph, archdsl.loads(archdsl.spec(graph))) is None


@pytest.mark.parametrize("folding", SpecFolding)
@pytest.mark.parametrize("name", FEW)
def test_every_folding(name: str, folding: SpecFolding) -> None:
    assert_same(archdsl.graph(name), folding)


@pytest.mark.parametrize("folding", SpecFolding)
@pytest.mark.parametrize("text", some(NETWORKS.values(), every=2), ids=NETWORKS)
def test_constructs(text: str, folding: SpecFolding, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(HEAD + text)
    assert_same(archdsl.graph(tmp_path / "net.yaml"), folding)


@pytest.mark.parametrize("numbers", [(1, "N"), (0, "N"), (0, 4), (0, 16)], ids=str)
def test_an_argument_may_be_nothing(numbers: tuple[int | str, int | str]) -> None:
    """What instances differ in is 0 in one of them, or a size that only the run knows."""
    unit = {"pad": {"op": "pad", "pad": ["rows // 2", "rows + 1"]}, "cut": {"op": "narrow", "dim": -1, "length": "L"}}
    graph = archdsl.graph({
        "archdsl": 1, "inputs": {"x": ["N", "T = 5", 4]},
        "blocks": {"unit": {"inputs": {"x": ["...", "L"]}, "params": {"rows": "int"},
                            "nodes": {**unit, "cut": {**unit["cut"], "start": 0}, "out": "tanh"}}},
        "nodes": {f"a{i}": {"op": "unit", "from": "x", "rows": rows} for i, rows in enumerate((*numbers, numbers[1]))},
    })  # fmt: skip
    assert first_difference(graph, archdsl.loads(archdsl.spec(graph))) is None


STEP: dict[str, Any] = {
    "inputs": {"x": ["N", "C"], "h": ["N", "C"]},
    "nodes": {"next": "= x + h"},
    "outputs": {"h": "next"},
}
LOOP: dict[str, Any] = {
    "zeros": {"op": "constant", "shape": ["N", 4], "value": 0},
    "loop": {"op": "scan", "body": "step", "dim": 1, "over": {"x": "x"}, "carry": {"h": "zeros"}},
}
CHUNK = {"part": {"op": "chunk", "chunks": 1, "names": ["low"]}}


def test_a_loop_over_time_of_which_only_what_comes_in_is_collected(tmp_path: Path) -> None:
    step = {**STEP, "outputs": {"h": "next", "seen": "x"}}
    loop = {**LOOP, "loop": {**LOOP["loop"], "collect": {"seen": "seen"}}}
    head: dict[str, Any] = {"archdsl": 1, "name": "inner", "inputs": {"x": ["N", "T = 3", 4]}}
    inner = {**head, "blocks": {"step": step}, "nodes": loop, "outputs": "loop.seen"}
    (tmp_path / "inner.yaml").write_text(json.dumps(inner))
    (tmp_path / "net.yaml").write_text(json.dumps({**head, "name": "net", "nodes": {"a": {"op": "spec.inner"}}}))
    graph = archdsl.graph(tmp_path / "net.yaml")
    assert [node.op.name for node in graph.nodes] == ["scan_slice", "scan_stack"]
    assert_same(graph, SpecFolding.NOTHING)


@pytest.mark.parametrize(("nodes", "outputs", "name"), [
    (LOOP, None, "h"), (LOOP, "loop.h", "output"), ({"body": {"nodes": LOOP}}, "body.loop.h", "output"),
    (CHUNK, None, "low"), (CHUNK, "part", "output"),
])  # fmt: skip
def test_what_gives_one_output_by_a_name(nodes: Any, outputs: Any, name: str) -> None:
    said = {} if outputs is None else {"outputs": outputs}
    spec = {"archdsl": 1, "inputs": {"x": ["N", "T = 3", 4]}, "blocks": {"step": STEP}, "nodes": nodes, **said}
    graph = archdsl.graph(spec)
    assert [*graph.outputs] == [name]
    assert_same(graph, SpecFolding.NOTHING)


@pytest.mark.parametrize("nodes", [
    # what came in has another name where the scope has an `input` of its own, one around it has, or an input is one
    {"a": "relu", "b": {"nodes": {"first": "tanh", "input": {"op": "relu", "from": "a"}}}},
    {"input": "relu", "b": {"from": "x", "nodes": {"first": "tanh", "sum": "= first + x"}}},
    {"input": "relu", "a": "tanh", "b": {"from": "a", "nodes": {"first": "tanh", "sum": "= first + a"}}},
])  # fmt: skip
@pytest.mark.parametrize("name", ["y", "input"])
def test_nodes_and_inputs_called_input(nodes: Any, name: str) -> None:
    graph = archdsl.graph({"archdsl": 1, "inputs": {"x": ["N", 4], name: ["N", 4]}, "nodes": nodes})
    assert_same(graph, SpecFolding.NOTHING)


def test_what_is_frozen_beside_a_tied_tensor_freezes_nothing_else() -> None:
    layer = {"op": "linear", "out_features": 4}
    nodes = {"a": layer, "b": {**layer, "tie": {"weight": "a.weight"}}}
    graph = archdsl.graph({"archdsl": 1, "inputs": {"x": ["N", 4]}, "nodes": nodes, "freeze": ["*bias"]})
    text = assert_same(graph, SpecFolding.NOTHING)
    assert "freeze: [a.bias, b.bias]" in text


@pytest.mark.parametrize("scale", [1e-200, 1e200, 5e-324])
def test_a_number_may_be_tiny_or_huge(scale: float) -> None:
    names = {f"d{i}": {"op": "dropout", "p": 0.25 * i * min(scale, 1.0)} for i in range(4)}
    norms = {f"n{i}": {"op": "layer_norm", "eps": scale * (1 + i)} for i in range(4)}
    graph = archdsl.graph({"archdsl": 1, "inputs": {"x": ["N", 4]}, "nodes": {**names, **norms}})
    assert first_difference(graph, archdsl.loads(archdsl.spec(graph))) is None


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(networks())
def test_generated_networks(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        graph, _ = analyse(spec.write(Path(folder)))
        assume(graph is not None)
        assert graph is not None
        assert_same(graph, SpecFolding.NOTHING)
        assert first_difference(graph, archdsl.loads(archdsl.spec(graph))) is None


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(op_networks())
def test_every_op(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        graph, _ = analyse(spec.write(Path(folder)))
        assume(graph is not None)
        assert graph is not None
        assert_same(graph, SpecFolding.LOOPS)
