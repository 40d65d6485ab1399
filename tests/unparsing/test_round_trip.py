"""A graph becomes the text of one spec, which elaborates to a graph of the same nodes, edges, tensors and outputs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

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
