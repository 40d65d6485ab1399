"""Every construct: the generated module computes what the graph says, node by node."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ops.special import Constant, Parameter
from tests.compiler import interpreter
from tests.compiler.networks import NETWORKS


@pytest.fixture(params=NETWORKS, ids=[name.replace(" ", "_") for name in NETWORKS])
def graph(request: pytest.FixtureRequest, network: Callable[[str], Graph]) -> Graph:
    return network(request.param)


def keys(scope: Scope) -> list[str]:
    """The state_dict's keys: paths, in order of first appearance, a module's own tensors first."""
    children = [child for child in scope.children.values() if child.share is None or child.registered]
    nodes = [child for child in children if isinstance(child, Node)]
    own = [node.path for node in nodes if isinstance(node.op, Parameter)]
    own += [node.path for node in nodes if isinstance(node.op, Constant) and node.tensors and node.op.persistent]
    for child in children:
        if isinstance(child, Scope):
            made = child.share or child
            own += [child.path + key.removeprefix(made.path) for key in keys(made)]
        elif "" not in child.tensors:
            own += [f"{child.path}.{name}" for name in child.tensors]
    return own


def named(result: Tensor | tuple[Tensor | None, ...], graph: Graph) -> dict[str, Tensor | None]:
    values = result if len(graph.outputs) > 1 else (result,)
    return dict(zip(graph.outputs, values, strict=True))


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_computes_what_the_graph_says(graph: Graph, training: bool) -> None:
    module = archdsl.build(graph, seed=0, dtype=torch.float64).train(training)
    assert list(module.state_dict()) == keys(graph.root)
    interpreter.check_trained(graph, module)
    for seed, sizes in enumerate([{"N": 2}, {"N": 3, **{n: s + 3 for n, s in graph.sample_sizes.items() if n != "N"}}]):
        inputs = interpreter.draw(graph, sizes, seed)
        expected = interpreter.run(graph, module, {name: x.clone() for name, x in inputs.items()})
        found = named(module(*(x.clone() for x in inputs.values())), graph)
        for name, value in expected.items():
            if value is None:
                assert found[name] is None
                continue
            # dtypes are the graph's; numbers are those of float64
            torch.testing.assert_close(found[name], value.to(found[name].dtype), rtol=1e-12, atol=1e-12)


def test_gradients(graph: Graph) -> None:
    """What is overwritten is needed by nobody, not even by the backward pass."""
    module = archdsl.build(graph, seed=0, dtype=torch.float64)
    drawn = interpreter.draw(graph, {"N": 2})
    found = gradients(graph, drawn, lambda inputs: named(module(*inputs.values()), graph))
    expected = gradients(graph, drawn, lambda inputs: interpreter.run(graph, module, inputs))
    for left, right in zip(found, expected, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10)


def gradients(
    graph: Graph, drawn: dict[str, Tensor], run: Callable[[dict[str, Tensor]], dict[str, Tensor | None]]
) -> list[Tensor]:
    """The gradients of the inputs that are numbers."""
    inputs = {name: x.clone().requires_grad_(x.is_floating_point()) for name, x in drawn.items()}
    outputs = [x for x in run(inputs).values() if x is not None and x.requires_grad]
    for output in outputs:
        (output * torch.arange(output.numel(), dtype=torch.float64).cos().view_as(output)).sum().backward(
            retain_graph=True
        )
    return [x.grad for x in inputs.values() if x.grad is not None]


def test_writes_into_no_view(graph: Graph) -> None:
    """The backward pass would copy what is under the view."""
    module = archdsl.build(graph, seed=0, dtype=torch.float64)
    inputs = (x.requires_grad_(x.is_floating_point()) for x in interpreter.draw(graph, {"N": 2}).values())
    outputs = named(module(*inputs), graph).values()
    waiting = [x.grad_fn for x in outputs if x is not None and x.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        step = waiting.pop()
        assert "CopySlices" not in step.name()
        following = {node for node, _ in step.next_functions if node is not None} - seen
        seen |= following
        waiting += following


def test_source_is_deterministic(graph: Graph) -> None:
    assert archdsl.source(graph) == archdsl.source(graph)
