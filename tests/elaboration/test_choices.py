"""What a choice by mode is called: no spec says it, and the layers beside it keep their names."""

from pathlib import Path

import pytest

import archdsl
from archdsl.unparsing.likeness import first_difference
from tests.elaboration.support import graph_of


@pytest.mark.parametrize(("nodes", "path"), [
    ("a: {op: tanh, when: training, else: x}", "a_by_mode"),
    ("_: {op: tanh, when: training, else: x}", "by_mode_0"),
    ("list: [{op: tanh, when: training, else: x}]", "list.by_mode_0"),
    ("{a_by_mode: relu, a: {op: tanh, when: training, else: x}}", "by_mode_0"),
    ("{a: {op: tanh, when: training, else: x}, a_by_mode: relu}", "by_mode_0"),
    ("{a: {op: tanh, when: training, else: x}, a_by_mode.b: relu}", "by_mode_0"),
    ("{by_mode_0: relu, _: {op: tanh, when: training, else: x}}", "by_mode_1"),
    (f"{'a' * 195}: {{op: tanh, when: training, else: x}}", "by_mode_0"),
])  # fmt: skip
def test_a_choice_has_a_name_of_its_own(nodes: str, path: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 8]}}\nnodes:\n  {nodes}")
    (choice,) = (node for node in graph.nodes if node.op.name == "by_mode")
    assert choice.path == path and choice.scope is not None
    assert choice.scope.children[choice.name] is choice
    assert len({node.path for node in graph.nodes}) == len(graph.nodes)
    assert first_difference(graph, archdsl.loads(archdsl.spec(graph))) is None


def test_a_choice_is_called_otherwise_than_an_input(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8], a_by_mode: [N, 8]}
        nodes:
          a: {op: tanh, from: x, when: training, else: x}
          y: = a + a_by_mode
    """,
    )
    assert [node.path for node in graph.nodes] == ["a", "by_mode_0", "y"]
