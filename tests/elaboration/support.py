"""Specs as text, elaborated."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.elaboration.analyse import analyse
from archdsl.ir.graph import Graph

HEAD = """\
archdsl: 1
name: net
"""


def analyse_text(folder: Path, text: str, **params: Any) -> tuple[Graph | None, list[Diagnostic]]:
    """Elaborates a spec given by its text, without the first two lines."""
    file = folder / "net.yaml"
    file.write_text(HEAD + dedent(text))
    return analyse(file, params)


def graph_of(folder: Path, text: str, **params: Any) -> Graph:
    """The graph of a spec that must have no mistakes; warnings neither."""
    graph, diagnostics = analyse_text(folder, text, **params)
    assert not diagnostics, diagnostics
    assert graph is not None
    return graph


def graph_of_nodes(folder: Path, nodes: str, inputs: str = "{x: [N, 3, H = 32, W = 32]}", **params: Any) -> Graph:
    """The graph of some nodes."""
    return graph_of(folder, f"inputs: {inputs}\nnodes:\n" + indent(dedent(nodes), "  "), **params)


def mistakes(folder: Path, text: str, **params: Any) -> list[tuple[str, str]]:
    """Code and message of each diagnostic."""
    return [(d.code, d.message) for d in analyse_text(folder, text, **params)[1]]


def paths(graph: Graph) -> list[str]:
    return [node.path for node in graph.nodes]


def shape(graph: Graph, path: str) -> str:
    """The shape of a node's first output."""
    return str(next(node for node in graph.nodes if node.path == path).types[0])


def sources(graph: Graph, path: str) -> list[str | None]:
    """The paths of what a node reads."""
    node = next(node for node in graph.nodes if node.path == path)
    return [None if value is None else value.name for value in node.inputs]
