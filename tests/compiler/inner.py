"""Inner values as outputs, against the whole network run node by node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

import torch

import archdsl
from archdsl.ir.graph import Graph, Scope
from archdsl.ir.scopes import scopes_around, scopes_of
from archdsl.ir.selection.places import value_at
from tests.compiler import interpreter
from tests.compiler.test_differential import keys, named

EXACT, SINGLE = 1e-9, 1e-6
"""How near values are in float64, and where a spec computes something in float32 whatever the network's dtype is."""


def inner_paths(graph: Graph) -> list[str]:
    """The path of everything in a network that gives one value, inside of no loop over time."""
    return [*dict.fromkeys(_paths(graph))]


def _paths(graph: Graph) -> Iterator[str]:
    for scope in scopes_of(graph.root):
        if any(each.scan is not None for each in (scope, *scopes_around(scope))):
            continue
        for child in scope.children.values():
            given = child.outputs if isinstance(child, Scope) else dict.fromkeys(child.output_names)
            yield from (child.path,) if len(given) == 1 else (f"{child.path}.{name}" for name in given)


def check(graph: Graph, paths: Sequence[str], *, training: bool = False) -> Graph:
    """Compares a network of these outputs with the whole one, whose weights it has; its graph comes back.

    In training, where both would not draw the same numbers, it is compared with its own graph.
    """
    before = graph.to_json()
    chosen = archdsl.graph(graph, outputs=paths)
    assert graph.to_json() == before
    assert Graph.from_json(chosen.to_json()) == chosen
    module = archdsl.build(chosen, init=False, dtype=torch.float64).train(training)
    whole = archdsl.build(graph, seed=0, dtype=torch.float64).train(training)
    state, left = whole.state_dict(), [*module.state_dict()]
    assert left == keys(chosen.root)
    assert {*left} == {*state} - {*chosen.pruned}
    module.load_state_dict({key: state[key] for key in left})
    of, alone = (chosen, deepcopy(module)) if training else (graph, whole)  # a run may change buffers
    inputs = interpreter.draw(graph, {"N": 2} if "N" in graph.sample_sizes else {})
    torch.manual_seed(0)
    found = named(module(*(inputs[name].clone() for name in chosen.inputs)), chosen)
    torch.manual_seed(0)
    values = interpreter.Run(of, alone, {name: x.clone() for name, x in inputs.items()}).values
    wanted = chosen.outputs if training else {path: value_at(graph, path) for path in paths}
    close = SINGLE if any(of_type.dtype == "torch.float32" for node in graph.nodes for of_type in node.types) else EXACT
    for path, value in wanted.items():
        expected = values.get((value.node, value.output))
        if expected is None:  # it is there in the other mode
            assert found[path] is None
        else:
            torch.testing.assert_close(found[path], expected.to(found[path].dtype), rtol=close, atol=close)
    return chosen
