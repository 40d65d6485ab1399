"""A layer, the norm and the activation behind it as one box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.figure.figure import Style
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Value
from tests.figure.building import Builder, bottleneck
from tests.figure.reading import Reading
from tests.figure.seeing import plain


def drawn(graph: Graph, fuse: bool | None = None) -> list[str]:
    """What the boxes of ops in a block say."""
    figure = outline(graph, View(depth=1, only="body", fuse=fuse))
    found = [box for box in figure.boxes() if box.style in (Style.OP, Style.MERGE)]
    return [
        plain(" · ".join(part for part in (f"{box.title} {box.fields}".strip(), *box.lines) if part)) for box in found
    ]


def chain(*ops: str) -> Graph:
    """Ops one after another, in a block."""
    b = Builder()
    b.scope("body", "body")
    x = b.input(4, 8, 8)
    fields = {"conv2d": {"out_channels": 4, "kernel_size": 3, "padding": 1}, "linear": {"out_features": 8}}
    for i, op in enumerate((*ops, "max_pool2d")):
        own = {"kernel_size": 2} if op == "max_pool2d" else fields.get(op, {})
        x = b.add(f"body.n{i}", op, x, **own)
    return b.graph(x)


@pytest.mark.parametrize(
    ("ops", "said"),
    [
        (("conv2d", "batch_norm2d", "relu"), ["Conv 3×3 4 · BN · ReLU"]),
        (("conv2d", "relu"), ["Conv 3×3 4 · ReLU"]),
        (("conv2d", "batch_norm2d"), ["Conv 3×3 4 · BN"]),
        (("linear", "gelu"), ["Linear 8 → 8 · GELU"]),
        (("conv2d", "relu", "batch_norm2d"), ["Conv 3×3 4 · ReLU", "BatchNorm"]),
        (("batch_norm2d", "relu", "conv2d"), ["BatchNorm", "ReLU", "Conv 3×3 4"]),
        (("conv2d", "batch_norm2d", "dropout", "relu"), ["Conv 3×3 4 · BN", "Dropout 0.5", "ReLU"]),
    ],
)
def test_a_layer_takes_its_norm_and_then_its_activation(ops: tuple[str, ...], said: list[str]) -> None:
    assert drawn(chain(*ops), fuse=True)[:-1] == said
    assert len(drawn(chain(*ops), fuse=False)) == len(ops) + 1


def test_a_block_of_many_boxes_makes_the_network_fuse() -> None:
    dense = ("conv2d", "batch_norm2d", "relu") * 3
    assert drawn(chain(*dense))[:-1] == ["Conv 3×3 4 · BN · ReLU"] * 3
    assert len(drawn(chain(*dense), fuse=False)) == 10
    assert len(drawn(chain(*dense[:5]))) == 6


def test_what_is_read_elsewhere_stands_alone() -> None:
    b = Builder()
    x = b.add("body.conv", "conv2d", b.input(4, 8, 8), out_channels=4, kernel_size=3, padding=1)
    y = b.add("body.relu", "relu", b.add("body.norm", "batch_norm2d", x))
    graph = b.graph(b.plus("body.sum", x, y))
    assert drawn(graph, fuse=True) == ["Conv 3×3 4", "BatchNorm", "ReLU", "+"]


def test_what_is_optional_or_noted_stands_alone() -> None:
    graph = chain("conv2d", "batch_norm2d", "relu")
    graph.nodes[1].note = "as in the second version"
    assert drawn(graph, fuse=True)[0] == "Conv 3×3 4"


def test_a_block_that_is_one_layer_shows_its_ops_where_it_is_opened() -> None:
    b = Builder()
    graph = b.graph(bottleneck(b, "body", b.input(32, 8, 8), 8))
    assert drawn(graph, fuse=True) == [
        "Conv 1×1 8 · BN · ReLU", "Conv 3×3 8 · BN · ReLU", "Conv 1×1 32 · BN · ReLU", "+", "ReLU",
    ]  # fmt: skip
    one = outline(archdsl.graph("mobilenet_v2"), View(only="features.0", fuse=True))
    assert [box.title for box in one.boxes() if box.style is Style.OP][1:] == ["BatchNorm", "ReLU6"]


@given(st.lists(st.tuples(st.sampled_from(["conv2d", "batch_norm2d", "relu", "sum"]), st.integers(0, 9)), max_size=20))
def test_whatever_stands_behind_a_layer_the_figure_is_true(steps: list[tuple[str, int]]) -> None:
    b = Builder()
    b.scope("body", "body")
    made: list[Value] = [b.input(4, 8, 8)]
    for i, (op, place) in enumerate([*steps, ("relu", 0)]):
        if op == "sum":
            made.append(b.plus(f"body.n{i}", made[-1], made[place % len(made)]))
        else:
            fields = {"out_channels": 4, "kernel_size": 1} if op == "conv2d" else {}
            made.append(b.add(f"body.n{i}", op, made[-1], **fields))
    graph = b.graph(made[-1])
    for fuse in (True, False):
        assert [*Reading(graph, outline(graph, View(depth=2, fuse=fuse))).untruths()] == []
