"""The graph is all that its readers need: nothing of the document or of elaboration hangs on it."""

import copy
import gc
import pickle
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import archdsl
from archdsl.document.files import shipped
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scopes_of
from tests.elaboration.support import graph_of
from tests.thorough import some

SPECS = shipped()
PASSED_ON = """
inputs: {x: [N, 4]}
blocks:
  body: {params: {width: int}, nodes: [{op: linear, out_features: width}]}
  outer:
    params: {inner: text, template: {op: relu}}
    let: {again: inner}
    nodes: [{op: $again, width: 4}, {op: $template}]
nodes:
  'for i in range(2)':
    part$i: {op: outer, inner: body, template: {op: body, width: 4}}
"""


def hanging_on(graph: Graph) -> set[str]:
    """The modules whose objects can be reached from a graph; what a module or a class holds belongs to all."""
    seen: set[int] = set()
    found: set[str] = set()
    waiting: list[Any] = [graph]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, ModuleType | type | FunctionType):
            continue
        seen.add(id(thing))
        found.add(type(thing).__module__)
        waiting += gc.get_referents(thing)
    return {name for name in found if name.startswith(("archdsl.document", "archdsl.elaboration"))}


@pytest.mark.parametrize("spec", some(SPECS), ids=lambda spec: spec.stem)
def test_no_document_hangs_on_a_shipped_networks_graph(spec: Path) -> None:
    assert hanging_on(archdsl.graph(spec)) == set()


def test_blocks_that_arguments_name_bring_no_file_along(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, PASSED_ON)
    assert hanging_on(graph) == set()
    assert {str(scope.arguments) for scope in graph.root.children.values()} == {
        "{'inner': 'body', 'template': {'op': 'body', 'width': 4}}"
    }


@pytest.mark.parametrize("spec", ["resnet50_fpn", "bilstm_tagger"])
def test_ports_of_scopes_name_only_what_is_in_the_graph(spec: str) -> None:
    graph = archdsl.graph(spec)
    known = {*graph.inputs.values(), *graph.nodes}
    for scope in scopes_of(graph.root):
        values = [value for value in (*scope.inputs.values(), *scope.outputs.values()) if value is not None]
        assert {value.node for value in values} <= known, scope.path


@pytest.mark.parametrize("spec", ["resnet18", "bilstm_tagger"])
def test_a_graph_is_pickled_and_copied(spec: str) -> None:
    """Whatever the process has evaluated of the expressions that it holds."""
    graph = archdsl.graph(spec)
    for made in (pickle.loads(pickle.dumps(graph)), copy.deepcopy(graph)):
        assert made.to_json() == graph.to_json()
        assert archdsl.source(made) == archdsl.source(graph)
