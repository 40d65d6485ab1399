"""A graph goes into JSON and comes back equal: all that is made of it is the same, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings

import archdsl
import archdsl_torch
from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.files import shipped
from archdsl.elaboration.analyse import analyse
from archdsl.formats import render
from archdsl.ir.graph import Graph
from tests.compiler.networks import HEAD, NETWORKS
from tests.generators import Spec, networks
from tests.generators.cases import op_networks
from tests.thorough import examples, some

FEW = ("lenet5", "resnet18", "swin_t", "bilstm_tagger", "siamese", "gpt2", "mixtral_8x7b", "detr_resnet50")
SPECS = [
    pytest.param(spec, id=spec.stem, marks=() if spec.stem in FEW else pytest.mark.slow) for spec in shipped()
]  # fmt: skip


def read_back(graph: Graph) -> Graph:
    text = graph.to_json()
    found = Graph.from_json(text)
    assert found.to_json() == text
    assert found == graph and hash(found) == hash(graph)
    return found


def assert_same(graph: Graph, *, figure: bool = True) -> None:
    found = read_back(graph)
    assert archdsl_torch.source(found) == archdsl_torch.source(graph)
    assert archdsl.summary(found).json() == archdsl.summary(graph).json()
    assert not archdsl.diff(graph, found)
    if figure:
        assert render(found, "dot") == render(graph, "dot")


@pytest.mark.parametrize("spec", some(SPECS))
def test_shipped_networks(spec: Path) -> None:
    assert_same(archdsl.graph(spec))


@pytest.mark.parametrize("name", ["lenet5", "elman_rnn"])
def test_the_picture(name: str) -> None:
    graph = archdsl.graph(name)
    assert render(read_back(graph), "svg") == render(graph, "svg")


@pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)
def test_constructs(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(HEAD + text)
    assert_same(archdsl.graph(tmp_path / "net.yaml"), figure=False)


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
@given(networks())
def test_generated_networks(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        graph, told = analyse(spec.write(Path(folder)))
        assume(graph is not None and all(each.severity is not Severity.ERROR for each in told))
        assert graph is not None
        assert_same(graph)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(op_networks())
def test_every_op(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        graph, _ = analyse(spec.write(Path(folder)))
        assume(graph is not None)
        assert graph is not None
        assert_same(graph, figure=False)


@pytest.mark.parametrize(
    "nodes", ["{x: relu, y: = x * 2}", "{x: [relu, tanh], y: = x * 2}", "{x: {from: x, op: relu}}"]
)
def test_a_node_may_be_called_as_an_input(nodes: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(f"{HEAD}inputs: {{x: [N, 4]}}\nnodes: {nodes}\n")
    assert_same(archdsl.graph(tmp_path / "net.yaml"))


def test_parameters_and_sizes_come_along() -> None:
    graph = archdsl.graph("resnet18", num_classes=10, sizes={"H": 64, "W": 64})
    found = read_back(graph)
    assert found.overrides == graph.overrides
    assert found.sample_sizes == graph.sample_sizes
    assert (found.parameters, found.macs) == (graph.parameters, graph.macs)
    assert found != archdsl.graph("resnet18")


def test_what_is_shared_stays_shared() -> None:
    graph = archdsl.graph("resnet18")
    found = read_back(graph)
    for name in ("site", "env"):
        kinds = [{id(getattr(node, name)) for node in each.nodes} for each in (graph, found)]
        assert len(kinds[0]) == len(kinds[1])
    values = {id(value) for node in found.nodes for value in node.inputs if value is not None}
    assert len(values) == len({(v.node, v.output) for n in found.nodes for v in n.inputs if v is not None})


def test_the_text_is_the_same_wherever_the_spec_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = []
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.yaml").write_text("archdsl: 1\ninputs: {x: [N, 4]}\nnodes: [relu]\n")
        monkeypatch.chdir(tmp_path / folder)
        texts += [archdsl.graph(name).to_json() for name in ("net.yaml", tmp_path / folder / "net.yaml")]
    assert len({*texts}) == 1
    assert str(tmp_path) not in texts[0]


def test_there_is_a_line_for_every_node() -> None:
    graph = archdsl.graph("lenet5")
    lines = graph.to_json().splitlines()
    assert sum(line.startswith('{"path": ') for line in lines) == len(graph.nodes) + 2  # the input, and the network


def test_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "archdsl: 1\nparams: {far: .inf, whole: 1, part: 1.0}\ninputs: {x: [N, 4], m: {shape: [N, 4], dtype: bool}}\n"
        "nodes: {a: {op: masked_fill, from: [x, m], value: -inf}, b: '= a * far + whole * part'}\n"
    )
    graph = archdsl.graph(tmp_path / "net.yaml")
    assert_same(graph)
    json.loads(graph.to_json(), parse_constant=pytest.fail)
    assert read_back(graph).params == {"far": float("inf"), "whole": 1, "part": 1.0}
    assert [type(value) for value in read_back(graph).params.values()] == [float, int, float]
