"""What only carries is not drawn, and what regroups is."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.figure.flow import Flow
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Node, Value
from tests.figure.building import Builder
from tests.figure.carrying import SAMPLES, only_carries
from tests.figure.seeing import plain

Step = tuple[str, dict[str, object]]

CARRIES: dict[str, tuple[tuple[int, ...], list[Step]]] = {
    "flatten": ((8, 6, 6), [("flatten", {})]),
    "pixels in a row": ((8, 6, 6), [("flatten", {"start_dim": 2}), ("transpose", {"dim0": 1, "dim1": 2})]),
    "heads": ((10, 32), [("rearrange", {"pattern": "n t (h d) -> n h t d", "h": 4})]),
    "heads by hand": ((10, 32), [("reshape", {"shape": (SAMPLES, 10, 4, 8)}), ("transpose", {"dim0": 1, "dim1": 2})]),
    "heads together": ((4, 10, 8), [("rearrange", {"pattern": "n h t d -> n t (h d)"})]),
    "frames in the batch": ((5, 3, 8, 8), [("rearrange", {"pattern": "n t c h w -> (n t) c h w"})]),
    "there and back": (
        (6, 6, 8),
        [("rearrange", {"pattern": "n h w c -> (n h w) c"}), ("reshape", {"shape": (SAMPLES, 6, 6, 8)})],
    ),
    "of size one": ((8, 6), [("unsqueeze", {"dim": 1}), ("transpose", {"dim0": 1, "dim1": 3})]),
}
REGROUPS: dict[str, tuple[tuple[int, ...], list[Step]]] = {
    "windows": ((6, 6, 8), [("rearrange", {"pattern": "n (h p) (w q) c -> (n h w) (p q) c", "p": 3, "q": 3})]),
    "windows as maps": ((6, 6, 8), [("rearrange", {"pattern": "n (h p) (w q) c -> n h w p q c", "p": 3, "q": 3})]),
    "windows in a row": ((6, 8), [("rearrange", {"pattern": "n (w p) c -> (n w) p c", "p": 3})]),
    "windows of all": ((3, 3, 8), [("rearrange", {"pattern": "n (h p) (w q) c -> (n h w) (p q) c", "p": 3, "q": 3})]),
    "patches": ((3, 6, 6), [("rearrange", {"pattern": "n c (h p) (w q) -> n (h w) (p q c)", "p": 2, "q": 2})]),
    "depth of space": ((3, 6, 6), [("rearrange", {"pattern": "n c (h p) (w q) -> n (c p q) h w", "p": 2, "q": 2})]),
    "space of depth": ((8, 3, 3), [("rearrange", {"pattern": "n (c p q) h w -> n c (h p) (w q)", "p": 2, "q": 2})]),
    "a shuffle": ((8, 6, 6), [("rearrange", {"pattern": "n (g c) h w -> n (c g) h w", "g": 2})]),
    "a shuffle by hand": (
        (8, 6, 6),
        [
            ("reshape", {"shape": (SAMPLES, 2, 4, 6, 6)}), ("transpose", {"dim0": 1, "dim1": 2}), ("relu", {}),
            ("reshape", {"shape": (SAMPLES, 8, 6, 6)}),
        ],
    ),
    "two steps as one": ((6, 8), [("reshape", {"shape": (SAMPLES, 3, 16)})]),
    "a cut through": ((6, 4), [("reshape", {"shape": (SAMPLES, 8, 3)})]),
}  # fmt: skip


def chain(shape: Sequence[int], steps: Sequence[Step]) -> tuple[Graph, list[Node]]:
    """A linear layer of what views make of an input; the views."""
    b = Builder()
    x = b.input(*shape)
    x = Value(x.node, 0, x.type.with_shape((SAMPLES, *shape)))
    x.node.types = (x.type,)
    nodes = []
    for i, (op, fields) in enumerate(steps):
        x = b.add(f"v{i}", op, x, **fields)
        nodes.append(x.node)
    return b.graph(b.add("end", "linear", x, out_features=2)), [node for node in nodes if node.op.moves]


@pytest.mark.parametrize("name", CARRIES)
def test_what_carries_is_hidden(name: str) -> None:
    graph, nodes = chain(*CARRIES[name])
    assert Flow(graph).hides(nodes)
    assert only_carries(nodes, {})
    assert not Flow(graph, view=View(all_ops=True)).hides(nodes)


@pytest.mark.parametrize("name", REGROUPS)
def test_what_regroups_is_shown_with_all_ops_that_do_it_together(name: str) -> None:
    graph, nodes = chain(*REGROUPS[name])
    flow = Flow(graph)
    assert not any(flow.hides([node]) for node in nodes)
    assert name == "windows of all" or not only_carries(nodes, {})


@st.composite
def patterns(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[list[int]]]:
    """The sizes of axes, all different; those of each dimension before, and after."""
    axes = list(range(draw(st.integers(2, 5))))
    sizes = draw(st.permutations([2, 3, 5, 7, 4]))
    order = draw(st.permutations(axes))
    return list(sizes), draw(cuts(axes)), draw(cuts(order))


@st.composite
def cuts(draw: st.DrawFn, axes: Sequence[int]) -> list[list[int]]:
    """The axes in groups."""
    groups: list[list[int]] = [[]]
    for axis in axes:
        if groups[-1] and draw(st.booleans()):
            groups.append([])
        groups[-1].append(axis)
    return groups


def written(groups: Sequence[Sequence[int]]) -> str:
    return " ".join(f"({' '.join(f'a{axis}' for axis in group)})" for group in groups)


@given(patterns())
def test_a_pattern_carries_where_elements_stay_together(
    found: tuple[list[int], list[list[int]], list[list[int]]],
) -> None:
    sizes, before, after = found
    shape = [prod(sizes[axis] for axis in group) for group in before]
    own = {f"a{axis}": sizes[axis] for group in before for axis in group}
    pattern = f"n {written(before)} -> n {written(after)}"
    graph, nodes = chain(shape, [("rearrange", {"pattern": pattern, **own})])
    assert Flow(graph).hides(nodes) == only_carries(nodes, {})


@given(patterns())
def test_steps_of_a_pattern_are_hidden_only_where_they_carry_together(
    found: tuple[list[int], list[list[int]], list[list[int]]],
) -> None:
    sizes, before, after = found
    shape = [prod(sizes[axis] for axis in group) for group in before]
    axes = [axis for group in before for axis in group]
    order = [axis for group in after for axis in group]
    steps: list[Step] = [
        ("reshape", {"shape": (SAMPLES, *(sizes[axis] for axis in axes))}),
        ("permute", {"dims": (0, *(1 + axes.index(axis) for axis in order))}),
        ("reshape", {"shape": (SAMPLES, *(prod(sizes[axis] for axis in group) for group in after))}),
    ]
    graph, nodes = chain(shape, steps)
    flow = Flow(graph)
    assert flow.hides(nodes) == only_carries(nodes, {}) or not only_carries(nodes[:2], {})
    assert not flow.hides(nodes) or only_carries(nodes, {})


def drawn(graph: Graph, **options: bool) -> dict[str, str]:
    """The boxes of a figure, each with what stands beside the link to it."""
    figure = outline(graph, View(depth=2, **options))
    return {
        plain(box.title): plain(link.text) for box in figure.boxes() for link in figure.links if link.target == box.name
    }


def test_a_link_through_what_carries_says_the_shape_that_arrives() -> None:
    b = Builder()
    x = b.add("conv", "conv2d", b.input(3, 8, 8), out_channels=16, kernel_size=2, stride=2)
    x = b.add("tokens", "rearrange", x, pattern="n c h w -> n (h w) c")
    graph = b.graph(b.add("head", "linear", x, out_features=10))
    assert drawn(graph) == {"Conv 2×2": "3×8×8", "Linear": "16×16", "output": "16×10"}
    assert drawn(graph, all_ops=True)["Rearrange"] == "16×4×4"


def parted(op: str, joined: str) -> Graph:
    """A linear layer whose parts are read by attention, or by a product."""
    b = Builder()
    x = b.add("made", "linear", b.input(10, 8), out_features=24)
    parts = b.add(
        "parts",
        op,
        b.add("heads", "unflatten", x, dim=2, unflattened_size=(3, 2, 4)),
        dim=2,
        **({"chunks": 3} if op == "chunk" else {}),
    )
    values = [Value(parts.node, i, parts.node.types[i]) for i in range(3)]
    if joined == "attention":
        return b.graph(b.add("end", "scaled_dot_product_attention", *values))
    return b.graph(b.plus("end", *values, sign="*"))


@pytest.mark.parametrize("op", ["unbind", "chunk"])
def test_parts_are_carried_where_one_op_takes_them_by_ports_of_its_own(op: str) -> None:
    assert drawn(parted(op, "attention")).keys() == {"Linear q, k, v", "Attention", "output"}
    assert "Unbind" in drawn(parted(op, "product")) or "Split" in drawn(parted(op, "product"))


def test_what_has_a_note_is_shown() -> None:
    graph, nodes = chain(*CARRIES["heads"])
    nodes[0].note = "four heads"
    assert "Rearrange" in drawn(graph)


def test_a_block_that_does_nothing_else_shows_what_carries() -> None:
    b = Builder()
    b.scope("turn", "turn")
    x = b.add("turn.tokens", "flatten", b.input(3, 8, 8), start_dim=2)
    graph = b.graph(b.add("head", "linear", x, out_features=10))
    assert "Flatten" in {box.title for box in outline(graph, View(depth=1, only="turn")).boxes()}
