"""A finished graph keeps the values of names, and not the files that gave them a meaning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archdsl.elaboration.fields import OpName
from archdsl.elaboration.plain import forget_document
from archdsl.ir.graph import Binding, Env, Graph, LoopStep, Scope, ScopeKind
from archdsl.ir.sites import Site
from archdsl.text.lines import Lines
from tests.elaboration.support import graph_of

HOME: Any = object()
"""A file, which nothing here looks into."""
NAME = OpName("body")
NAME.home = HOME


def scope(name: str, env: Env, around: Scope | None = None, **arguments: Any) -> Scope:
    made = Scope(name, name, around, None, env, kind=ScopeKind.BLOCK, listed=False)
    made.arguments = arguments
    if around is not None:
        around.children[name] = made
    return made


def test_every_environment_that_is_reached_forgets_where_its_names_are_written() -> None:
    file = Env({"a": Binding(1, "param")}, None, HOME)
    turn, block = Env({"i": Binding(0, "loop")}, file, HOME), Env({"k": Binding(NAME, "param")}, file, HOME)
    root = scope("", file)
    child = scope("part", block, root)
    child.loops = (LoopStep(Site(Lines("net.yaml", ""), (0, 0), (0, 0)), 0, turn),)
    alone = Env({}, Env({}, None, HOME), HOME)
    node: Any = type("Node", (), {"env": alone})()
    forget_document(root, [node], False)
    assert {env.source for env in (file, turn, block, alone, alone.parent)} == {None}  # type: ignore[union-attr]
    assert block["k"] is NAME, "no argument names a block: values are not looked through"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (NAME, "body"),
        ({"op": NAME, "width": 4}, {"op": "body", "width": 4}),
        ({"op": {"op": NAME}}, {"op": {"op": "body"}}),
        ({"op": "relu"}, {"op": "relu"}),
        ({"norm": 3}, {"norm": 3}),
        ([1, "a"], [1, "a"]),
        (None, None),
    ],
)
def test_names_of_blocks_become_text(value: Any, plain: Any) -> None:
    env = Env({"block": Binding(value, "param")})
    root = scope("", env)
    child = scope("part", Env({}, env), root, block=value)
    forget_document(root, [], True)
    for found in (env["block"], child.arguments["block"]):
        assert found == plain and not list(names(found))
    assert env.names["block"].kind == "param"


def names(value: Any) -> Iterator[OpName]:
    """The names that still know their file."""
    if isinstance(value, OpName):
        yield value
    for each in value.values() if isinstance(value, dict) else ():
        yield from names(each)


def environments(graph: Graph) -> Iterator[Env]:
    for item in (graph.root, *graph.nodes):
        env: Env | None = item.env
        while env is not None:
            yield env
            env = env.parent


def test_elaboration_ends_with_it(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 4]}
        blocks:
          body: {params: {width: int}, nodes: [{op: linear, out_features: width}]}
          outer: {params: {inner: text}, nodes: [{op: $inner, width: 4}]}
        nodes:
          'for i in range(2)':
            part$i: {op: outer, inner: body}
        """,
    )
    assert {env.source for env in environments(graph)} == {None}
    part = graph.root.children["part1"]
    assert isinstance(part, Scope) and type(part.arguments["inner"]) is str
