"""Networks without a published implementation: the figures that their papers print."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.shapes import evaluate
from tests.references.cases.inception import FIGURE_5


def nodes(graph: Graph, op: str) -> list[Node]:
    return [node for node in graph.root.nodes() if node.op.name == op]


def maps(graph: Graph, op: str) -> list[tuple[int, ...]]:
    """What these nodes make of the sample image, without the batch."""
    shapes = (node.types[0].shape[1:] for node in nodes(graph, op))
    return [tuple(evaluate(size, graph.sample_sizes) for size in shape) for shape in shapes]


def test_alexnet_in_two_groups() -> None:
    """Section 3.5 and figure 2 of doi:10.1145/3065386: the kernels, and the maps and neurons behind them."""
    graph = archdsl.graph("alexnet_2012")
    kernels = [node.tensors["weight"].shape for node in nodes(graph, "conv2d")]
    assert kernels == [(96, 3, 11, 11), (256, 48, 5, 5), (384, 256, 3, 3), (384, 192, 3, 3), (256, 192, 3, 3)]
    assert maps(graph, "conv2d") == [(96, 55, 55), (256, 27, 27), (384, 13, 13), (384, 13, 13), (256, 13, 13)]
    assert maps(graph, "max_pool2d") == [(96, 27, 27), (256, 13, 13), (256, 6, 6)]
    assert maps(graph, "linear") == [(4096,), (4096,), (1000,)]


@pytest.mark.parametrize(("name", "n"), [("resnet20", 3), ("resnet56", 9)])
def test_cifar_resnets(name: str, n: int) -> None:
    """The table of section 4.2 of arXiv:1512.03385: sizes of the maps, layers and filters."""
    graph = archdsl.graph(name)
    assert maps(graph, "conv2d") == [(16, 32, 32)] * (1 + 2 * n) + [(32, 16, 16)] * 2 * n + [(64, 8, 8)] * 2 * n
    weights = [node for node in graph.root.nodes() if "weight" in node.tensors and node.op.name != "batch_norm2d"]
    assert len(weights) == 6 * n + 2, "the shortcuts learn nothing"


def test_batch_normalised_inception() -> None:
    """Figure 5 of arXiv:1502.03167, line by line; of 3c and 4e, which halve the map, it prints the size before.

    Section 4.2 speaks of 13.6 million parameters. The filters of the figure have 11.2.
    """
    graph = archdsl.graph("inception_v2")
    assert [_map(graph, path) for path in ("conv1.relu", "maxpool1", "conv2.relu", "maxpool2", "avgpool")] == [
        (64, 112, 112), (64, 56, 56), (192, 56, 56), (192, 28, 28), (1024, 1, 1),
    ]  # fmt: skip
    sizes = [28, 28, *[14] * 5, *[7] * 3]
    differing = set()
    for (name, (channels, row)), size in zip(FIGURE_5.items(), sizes, strict=True):
        assert _map(graph, f"inception_{name}.cat") == (channels, size, size)
        module = graph.root.children[f"inception_{name}"]
        assert isinstance(module, Scope)
        columns = ("ch1x1", "ch3x3red", "ch3x3", "dbl3x3red", "dbl3x3", "pool_proj")
        if tuple(module.arguments.get(column, 0) for column in columns) != row:
            differing.add(name)
    assert differing == {"4c", "4d"}, "where the printed columns do not add up"
    assert round(graph.parameters / 1e6, 1) == 11.2


def _map(graph: Graph, path: str) -> tuple[int, ...]:
    (node,) = (node for node in graph.nodes if node.path == path)
    return tuple(evaluate(size, graph.sample_sizes) for size in node.types[0].shape[1:])
