"""Whether two graphs are one network: what a spec's text must keep."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.text.alike import same


def first_difference(one: Graph, other: Graph) -> str | None:
    """Where two graphs differ in what runs, in its tensors or in what it gives; None where they do not.

    Names of blocks and of parameters, places in files and scopes without a node are not compared.
    """
    for (place, said), (other_place, other_said) in zip_longest(
        _facts(one), _facts(other), fillvalue=("the end", None)
    ):
        if place != other_place:
            return f"`{place}` and `{other_place}`"
        if not _same(said, other_said):
            return f"`{place}`: {said} and {other_said}"
    return None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return [*one] == [*other] and all(map(_same, one.values(), other.values()))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return same(one, other)


def _facts(graph: Graph) -> Iterator[tuple[str, Any]]:
    yield "the name", (graph.name, graph.summary, graph.reference)
    yield "sizes", {name: graph.sample_sizes[name] for name in sorted(graph.sample_sizes)}
    for name, node in graph.inputs.items():
        yield name, node.op
    for node in graph.nodes:
        yield from _node(node)
    yield "outputs", tuple((name, *_value(value)) for name, value in graph.outputs.items())
    yield "modes of outputs", {name: mode.value for name, mode in graph.output_modes.items()}
    yield "keys", tuple(_keys(graph.root, graph.root.path))
    yield "weights", (graph.renames, dict(graph.resizes))


def _node(node: Node) -> Iterator[tuple[str, Any]]:
    yield node.path, node.op
    yield f"{node.path}: reads", tuple(None if value is None else _value(value) for value in node.inputs)
    yield f"{node.path}: types", (node.types, node.output_names)
    yield f"{node.path}: tensors", dict(node.tensors)
    init = node.init if node.share is None and node.init is not None else {}
    yield (
        f"{node.path}: init",
        {name: (init[name].name, init[name].arguments) for name in sorted(init) if name not in node.tie},
    )
    yield f"{node.path}: runs", (node.when, None if node.share is None else node.share.path, node.registered)
    yield f"{node.path}: tie", {name: _value(value) for name, value in node.tie.items()}
    yield f"{node.path}: frozen", frozenset(node.frozen)
    yield f"{node.path}: steps", None if node.scope is None else node.scope.scan
    yield f"{node.path}: remarks", (node.note, node.was)


def _value(value: Value) -> tuple[str, int, str]:
    return value.node.path, value.output, value.weight or ""


def _keys(scope: Scope, before: str) -> Iterator[str]:
    """The keys of the `state_dict`, in its order."""
    for name, child in scope.children.items():
        path = f"{before}.{name}" if before else name
        if child.share is not None and not child.registered:
            continue
        if isinstance(child, Scope):
            yield from _keys(child, path)
        else:
            yield from (f"{path}.{tensor}" if tensor else path for tensor in child.tensors)
