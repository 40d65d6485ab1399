"""Which node is which: insertions and removals in lists, names in mappings, blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl import Graph
from archdsl.comparison.align import best_pairs
from tests.comparison.support import all_told, changed
from tests.figure.building import Builder

Edit = tuple[str, int]
"""What stands at a place: an op, and its width where it is a layer."""


def chain(ops: Sequence[Edit]) -> Graph:
    """A numbered list of layers and activations, one after another."""
    builder = Builder()
    x = builder.input(4)
    for i, (op, width) in enumerate(ops):
        fields = {"out_features": width} if op == "linear" else {}
        x = builder.add(f"features.{i}", op, x, **fields)
    return builder.graph(x)


WIDTHS = st.lists(st.integers(1, 200), min_size=1, max_size=12, unique=True)
EDITS = st.lists(st.sampled_from(["keep", "remove", "add relu", "add sigmoid"]), max_size=12)


@given(WIDTHS, EDITS)
def test_random_insertions_and_removals_are_found_exactly(widths: list[int], edits: list[str]) -> None:
    before: list[Edit] = []
    after: list[Edit] = []
    gone: set[str] = set()
    new: set[str] = set()
    for edit, width in zip([*edits, *["keep"] * len(widths)], widths, strict=False):
        if edit.startswith("add"):
            new.add(f"features.{len(after)}")
            after.append((edit.split()[1], 0))
        if edit == "remove":
            gone.add(f"features.{len(before)}")
        else:
            after.append(("linear", width))
        before.append(("linear", width))
    if not after:
        gone = {"features"}  # a list that is gone is told once, not item by item
    difference = archdsl.diff(chain(before), chain(after))
    found = all_told(difference)
    assert {path for sign, path, _ in found if sign == "-"} == gone
    assert {path for sign, _, path in found if sign == "+"} == new
    assert len(found) == len(gone) + len(new)
    assert bool(difference) == bool(gone or new)


OPS = st.lists(
    st.one_of(
        st.tuples(st.just("linear"), st.integers(1, 4)), st.tuples(st.sampled_from(["relu", "gelu"]), st.just(0))
    ),
    min_size=1,
    max_size=8,
)


@given(OPS, OPS)
def test_the_two_directions_mirror_each_other(one: list[Edit], other: list[Edit]) -> None:
    there = archdsl.diff(chain(one), chain(other))
    back = archdsl.diff(chain(other), chain(one))
    mirror = {"+": "-", "-": "+", "~": "~"}
    assert sorted(map(str, all_told(there))) == sorted(str((mirror[s], b, a)) for s, a, b in all_told(back))
    details = {frozenset((d.name, str(d.before), str(d.after)) for d in change.details) for change in there.changes}
    assert details == {
        frozenset((d.name, str(d.after), str(d.before)) for d in change.details) for change in back.changes
    }


@given(OPS)
def test_a_network_is_itself(ops: list[Edit]) -> None:
    difference = archdsl.diff(chain(ops), chain(ops))
    assert not difference
    assert not difference.settings
    assert not difference.renumbered


@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=4))
def test_pairs_have_the_highest_sum(scores: list[list[int]]) -> None:
    def best(i: int, j: int) -> int:
        if i == len(scores) or j == len(scores[0]):
            return 0
        paired = scores[i][j] + best(i + 1, j + 1) if scores[i][j] else 0
        return max(paired, best(i + 1, j), best(i, j + 1))

    pairs = best_pairs(scores)
    assert pairs == sorted(pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert sum(scores[i][j] for i, j in pairs) == best(0, 0)


CONV = "{op: conv2d, out_channels: 4, kernel_size: 1}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f"a: {CONV}\nb: relu", f"a: {CONV}\nbn: batch_norm2d\nb: relu", [("+", None, "bn")]),
        ("a: relu\nb: gelu", "b: gelu\na: relu", [("~", "b", "b"), ("~", "a", "a")]),
        (f"old: {CONV}\nb: relu", f"new: {CONV}\nb: relu", [("~", "old", "new")]),
        (f"old: {CONV}\nb: relu", "new: gelu\nb: relu", [("-", "old", None), ("+", None, "new")]),
        (f"a: {CONV}", "a: {nodes: [relu, relu]}", [("-", "a", None), ("+", None, "a")]),
        ("- relu\n- batch_norm2d", "- relu\n- instance_norm2d", [("~", "1", "1")]),
        ("- batch_norm2d\n- relu", "- batch_norm2d\n- dropout\n- relu", [("+", None, "1")]),
    ],
    ids=["insertion", "order", "renamed", "another", "node and scope", "one kind in place", "list"],
)
def test_children(tmp_path: Path, before: str, after: str, expected: list[tuple[str, str, str]]) -> None:
    if before.startswith("-"):
        before, after = (f"f:\n  {text}".replace("\n-", "\n  -") for text in (before, after))
        expected = [tuple(part and (part if part in "+-~" else f"f.{part}") for part in each) for each in expected]  # type: ignore[misc]
    assert all_told(changed(tmp_path, before, after)) == expected


def test_was_tells_what_a_node_was_called(tmp_path: Path) -> None:
    before = "a: relu\nb: {op: conv2d, out_channels: 4, kernel_size: 1}"
    after = "a: relu\nc: {op: conv2d, out_channels: 9, kernel_size: 3, bias: false, padding: 1, was: b}"
    assert all_told(changed(tmp_path, before, after)) == [("~", "b", "c")]


BLOCKS = """
blocks:
  unit: {{nodes: {{conv: {{op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}}, act: relu}}}}
  wide: {{nodes: {{up: {{op: linear, out_features: 8}}, down: {{op: linear, out_features: 8}}}}}}
inputs: {{x: [N, 4, 8, 8]}}
nodes:
  body: [{}]
"""


def test_a_run_of_blocks_in_a_list(tmp_path: Path) -> None:
    difference = changed(tmp_path, BLOCKS.format("unit, unit"), BLOCKS.format("unit, unit, unit, unit"))
    assert all_told(difference) == [("+", None, "body.2"), ("+", None, "body.3")]


def test_a_block_is_not_another_block(tmp_path: Path) -> None:
    difference = changed(tmp_path, BLOCKS.format("unit, unit"), BLOCKS.format("unit, wide, unit"))
    assert all_told(difference) == [("+", None, "body.1")]
    assert [(each.before.path, each.part.path) for each in difference.renumbered if each.before] == [
        ("body.1", "body.2")
    ]


def test_blocks_that_stand_deep_in_one_another(tmp_path: Path) -> None:
    """Their texts, by which ties are decided, once doubled with every floor."""
    text = """
      inputs: {x: [N, 4]}
      blocks:
        nested: {params: {depth: int}, nodes: [relu, {if: depth > 0, op: nested, depth: depth - 1}]}
      nodes:
        nested: {op: nested, depth: 50}
    """
    path = ".".join(["nested", *"1" * 49])
    assert all_told(changed(tmp_path, text, text.replace("50", "48"))) == [("-", f"{path}", None)]


def test_a_block_under_another_name_is_the_same_block(tmp_path: Path) -> None:
    text = BLOCKS.format("unit, unit")
    difference = changed(tmp_path, text, text.replace("unit", "cell"))
    assert [(change.sign.value, change.details[0][:]) for change in difference.changes] == [
        ("~", ("block", "unit", "cell"))
    ] * 2


def test_inputs_match_by_name_or_by_place(tmp_path: Path) -> None:
    text = "inputs: {{{}: [N, 4], {}: [N, 4]}}\nnodes:\n  sum: = {} + {}\n"
    named = changed(tmp_path, text.format("a", "b", "a", "b"), text.format("b", "a", "a", "b"))
    assert not named
    placed = changed(tmp_path, text.format("a", "b", "a", "b"), text.format("p", "q", "p", "q"))
    assert all_told(placed) == [("~", "a", "p"), ("~", "b", "q")]


@pytest.mark.parametrize("name", ["lenet5", "inception_v3", "swin_t", "densenet121", "vit_b_16"])
def test_a_shipped_network_is_itself(name: str) -> None:
    graph = archdsl.graph(name)
    difference = archdsl.diff(graph, archdsl.graph(name))
    assert not difference
    assert all(difference.alignment.after[node].path == node.path for node in graph.nodes)
