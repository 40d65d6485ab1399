"""Runs of ops that move numbers about become one, which moves them alike."""

from __future__ import annotations

import random
from math import prod

import pytest

from archdsl.ops.reshape import Unflatten
from archdsl.rewriting.rewrite import rewritten
from tests.rewriting.support import graph, lines, same

IMAGE = "x: [N, 8, 12, 12]"
CHANNELS_LAST = "x: [N, 12, 12, 8]"


HEADS = "x: [N, 2, T = 5, 4]"
RUNS = {
    "n t (h d) -> n h t d, h: 2": ("x: [N, 6, 8]", "reshape [N, 6, 2, 4]", "transpose 1 2"),
    "n t (s h d) -> s n h t d, s: 3, h: 2": ("x: [N, 6, 24]", "reshape [N, 6, 3, 2, 4]", "permute [2, 0, 3, 1, 4]"),
    "n h t d -> n t (h d)": (HEADS, "transpose 1 2", "reshape [N, T, 8]"),
    "n (h p) (w q) c -> (n h w) (p q) c, h: 3, w: 2": (
        CHANNELS_LAST, "reshape [N, 3, 4, 2, 6, 8]", "permute [0, 1, 3, 2, 4, 5]", "reshape [N * 6, 24, 8]",
    ),
    "n c h w -> n (h w) c": ("x: [N, 8, H = 12, W = 12]", "flatten 2 -1", "permute [0, 2, 1]"),
    "n (a b) h w -> n (b a) h w, a: 2": (IMAGE, "reshape [N, 2, 4, 12, 12]", "transpose 1 2", "flatten 1 2"),
    "n c -> n 1 1 c": ("x: [N, 6]", "unsqueeze 1", "unsqueeze 1"),
}  # fmt: skip
OTHERS = {
    "transpose: {op: transpose, dim0: 2, dim1: 3}": (IMAGE, "permute [0, 2, 3, 1]", "permute [0, 3, 2, 1]"),
    "permute: {op: permute, dims: [2, 0, 1]}": ("x: [N, 6, 8]", "permute [1, 2, 0]", "permute [1, 2, 0]"),
    "flatten: {op: flatten, start_dim: 2}": (IMAGE, "reshape [N, 8, 144]"),
    "flatten: flatten": ("x: [N, 8, 1, 1]", "reshape [N, 8]"),
    "unflatten: {op: unflatten, dim: 2, unflattened_size: [2, 4]}": ("x: [N, 6, 8]", "reshape [N, 6, 2, 4]"),
    "flatten: {op: flatten, start_dim: 0, end_dim: 1}": (
        "x: [N, 6, 8]", "flatten 0 1", "reshape [N, 2, 3, 8]", "reshape [N, 6, 8]", "flatten 0 1",
    ),
}  # fmt: skip
FIELDS = {
    "reshape": "shape: {0}", "permute": "dims: {0}", "unsqueeze": "dim: {0}",
    "transpose": "dim0: {0}, dim1: {1}", "flatten": "start_dim: {0}, end_dim: {1}",
}  # fmt: skip


def run(*ops: str) -> str:
    """Nodes one after the other."""
    nodes = []
    for name, each in zip("abcdef", ops, strict=False):
        op, _, rest = each.partition(" ")
        fields = FIELDS[op].format(*([rest] if rest.startswith("[") else rest.split()))
        nodes.append(f"{name}: {{op: {op}, {fields}}}")
    return "\n  ".join(nodes)


@pytest.mark.parametrize("pattern", RUNS)
def test_a_run_is_one_pattern(pattern: str) -> None:
    inputs, *ops = RUNS[pattern]
    assert lines(run(*ops), inputs) == [f"rearrange: {{op: rearrange, pattern: {pattern}}}"]
    same(graph(run(*ops), inputs))


@pytest.mark.parametrize("written", OTHERS)
def test_what_is_shorter_than_a_pattern_is_written(written: str) -> None:
    inputs, *ops = OTHERS[written]
    assert lines(run(*ops), inputs) == [written]
    same(graph(run(*ops) + "\n  end: relu", inputs))


@pytest.mark.parametrize(
    ("nodes", "inputs"),
    [
        ("a: flatten", IMAGE),
        ("a: {op: permute, dims: [0, 2, 3, 1]}", IMAGE),
        ("a: {op: unsqueeze, dim: 1}", IMAGE),
        ("a: {op: reshape, shape: [N, 8, 6]}", "x: [N, 6, 8]"),  # no whole axes
        ("a: {op: reshape, shape: [4, -1]}", "x: [N, 6, 8]"),  # that there are four, no shape says
        ("a: {op: flatten, start_dim: 2, note: as published}", IMAGE),
    ],
)
def test_what_says_what_it_does_stays(nodes: str, inputs: str) -> None:
    assert lines(nodes, inputs) == [nodes]


def test_a_run_ends_where_another_reads_it() -> None:
    heads = run("reshape [N, 6, 2, 4]", "transpose 1 2")
    found = rewritten(graph(f"{heads}\n  c: = b * 2")).nodes
    assert [node.op.name for node in found] == ["rearrange", "formula"]
    found = rewritten(graph(f"{heads}\n  c: {{op: softmax, from: a, dim: 1}}")).nodes
    assert [node.op.name for node in found] == ["unflatten", "transpose", "softmax"]


def test_what_a_free_size_is_split_into_follows() -> None:
    before = graph(f"{run('flatten 0 1')}\n  r: relu\n  {run('reshape [-1, 6, 8]').replace('a:', 's:')}")
    assert rewritten(before).nodes[-1].op == Unflatten(dim=0, unflattened_size=(-1, 6))
    same(before)


def test_what_moves_nothing_is_left_out() -> None:
    linear = "z: {op: linear, out_features: 4}"
    assert lines(f"{linear}\n  {run('transpose 1 2', 'transpose 2 1')}\n  d: relu") == [linear, "d: relu"]


def test_the_graph_itself_stays() -> None:
    before = graph("a: {op: reshape, shape: [N, 6, 2, 4]}\n  b: {op: transpose, dim0: 1, dim1: 2}")
    text = before.to_json()
    rewritten(before)
    assert before.to_json() == text


def test_windows_of_one_are_written_as_others_are() -> None:
    """A map that is one window has an axis of size 1 where others have several."""
    nodes = []
    for name, count in (("one", 3), ("two", 1)):
        size = 4 * count
        nodes += [
            f"{name}_in: {{op: interpolate, from: x, size: {size}}}",
            f"{name}_a: {{op: reshape, shape: [N, 8, {count}, 4, {count}, 4]}}",
            f"{name}_b: {{op: permute, dims: [0, 2, 4, 3, 5, 1]}}",
            f"{name}_c: {{op: reshape, shape: [N * {count**2}, 16, 8]}}",
        ]
    found = [node.op for node in rewritten(graph("\n  ".join(nodes), IMAGE)).nodes if node.op.name == "rearrange"]
    assert len(found) == 2
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(16))
def test_random_runs_move_numbers_alike(seed: int) -> None:
    drawn = random.Random(seed)
    factors = [1, 4, 6, 1, 8]  # of the first dimension, the batch's
    nodes = []
    for place in range(drawn.randint(1, 6)):
        text, factors = _step(drawn, factors)
        nodes.append(f"n{place}: {text}")
    before = graph("\n  ".join([*nodes, "end: relu"]), "x: [N, 4, 6, 1, 8]")
    assert len(same(before).nodes) <= len(before.nodes)


def _step(drawn: random.Random, sizes: list[int]) -> tuple[str, list[int]]:
    """An op, and the sizes that it makes, without the batch."""
    rank = len(sizes)
    kind = drawn.choice(("permute", "transpose", "flatten", "unflatten", "unflatten")) if rank > 1 else "unflatten"
    if kind == "permute":
        order = drawn.sample(range(rank), rank)
        return f"{{op: permute, dims: {order}}}", [sizes[place] for place in order]
    if kind == "transpose":
        one, two = drawn.sample(range(rank), 2)
        order = [two if n == one else one if n == two else n for n in range(rank)]
        return f"{{op: transpose, dim0: {one}, dim1: {two}}}", [sizes[place] for place in order]
    if kind == "flatten":
        start = drawn.randrange(rank - 1)
        end = drawn.randrange(start, rank)
        merged = [*sizes[:start], prod(sizes[start : end + 1]), *sizes[end + 1 :]]
        return f"{{op: flatten, start_dim: {start}, end_dim: {end}}}", merged
    place = drawn.randrange(rank)
    part = drawn.choice([n for n in (1, 2, 3, 4) if sizes[place] % n == 0])
    split = [*sizes[:place], sizes[place] // part, part, *sizes[place + 1 :]]
    return f"{{op: unflatten, dim: {place}, unflattened_size: [-1, {part}]}}", split
