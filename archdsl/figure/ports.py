"""What enters and what leaves a scope that is drawn alone: each value once, by the names of its ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.figure.flow import Flow, read_by
from archdsl.ir.graph import Node, Scope, Value
from archdsl.words.quantities import SPACE

OutputKey = tuple[Node, int]
"""A node and which of its outputs."""


def entering(flow: Flow, scope: Scope, readers: Iterable[Node]) -> Iterator[tuple[str, Value]]:
    """The values that these nodes of a scope read from outside of it, in the order of its ports.

    A value that was given to several ports has the names of all; one without a port its own.
    """
    inside = set(scope.nodes())
    values: dict[OutputKey, Value] = {}
    for node in flow.moving(readers):
        for value in map(flow.resolve, read_by(node)):
            if value.weight is None and value.node not in flow.static and value.node not in inside:
                values.setdefault((value.node, value.output), value)
    names = _ports(flow, scope.inputs)
    for key in sorted(values, key=lambda key: list(names).index(key) if key in names else len(names)):
        yield f",{SPACE}".join(names.get(key, [values[key].name])), values[key]


def leaving(flow: Flow, scope: Scope, nodes: Iterable[Node]) -> Iterator[tuple[str, Value]]:
    """The values of these nodes of a scope that are its outputs, then the others that are read outside of it."""
    made = set(flow.moving(nodes))
    names = _ports(flow, scope.outputs)
    outputs = [flow.resolve(value) for value in scope.outputs.values()]
    # an output that nothing reads may have been left out of the graph with all that made it
    values = [*(value for value in outputs if value.node in made), *flow.values_leaving(scope.nodes())]
    found = {(value.node, value.output): value for value in values if value.node in made}
    places = {key: _place(flow, scope, value) for key, value in found.items() if key not in names}
    used = [*scope.outputs, *map(_own_name, places.values())]
    for key, value in found.items():
        if key in names:
            yield f",{SPACE}".join(names[key]), value
        else:
            place, own = places[key], _own_name(places[key])
            yield place if own.isdigit() or used.count(own) > 1 else own, value


def _own_name(path: str) -> str:
    return path.rpartition(".")[2]


def _ports(flow: Flow, ports: dict[str, Value] | dict[str, Value | None]) -> dict[OutputKey, list[str]]:
    """The names of the ports that have each value."""
    found: dict[OutputKey, list[str]] = {}
    for name, given in ports.items():
        if given is not None:
            value = flow.resolve(given)
            found.setdefault((value.node, value.output), []).append(name)
    return found


def _place(flow: Flow, scope: Scope, value: Value) -> str:
    """The path in a scope of the largest item that has the value as its output."""
    path, around = value.name, value.node.scope
    while around is not None and around is not scope:
        if (value.node, value.output) in _ports(flow, around.outputs):
            path = around.path
        around = around.scope
    return path.removeprefix(f"{scope.path}.")
