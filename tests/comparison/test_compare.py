"""What is said of a node that was altered, and of the network around it."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from tests.comparison.support import all_told, changed, network

CONV = "c: {{op: conv2d, out_channels: 4, kernel_size: 1{}}}"


def details(folder: Path, before: str, after: str) -> list[tuple[str, str, object, object]]:
    """Path, name, old and new of every detail."""
    return [
        (change.part.path, each.name, each.before, each.after)
        for change in changed(folder, before, after).changes
        for each in change.details
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (CONV.format(""), CONV.format(", stride: 2"), [("c", "stride", [1, 1], [2, 2])]),
        (CONV.format(""), CONV.format(", bias: false"), [("c", "bias", True, False)]),
        ("a: relu", "a: gelu", [("a", "op", "relu", "gelu")]),
        (
            "a: {op: rearrange, pattern: n (c d) h w -> n c d h w, d: 2}",
            "a: {op: rearrange, pattern: n (c d) h w -> n c d h w, d: 4}",
            [("a", "d", 2, 4)],
        ),
        ("a: = x + 1", "a: = x + 2", [("a", "expression", "x + 1", "x + 2")]),
        (
            "a: {op: conv2d, out_channels: 4, kernel_size: 1, init: {weight: zeros}}",
            "a: {op: conv2d, out_channels: 4, kernel_size: 1, init: {weight: normal(std=0.5)}}",
            [("a", "init weight", "zeros", "normal(std=0.5)")],
        ),
        (
            "p: {op: parameter, shape: [4, 1, 1]}\na: = x + p",
            "p: {op: parameter, shape: [4, 8, 8]}\na: = x + p",
            [("p", "shape", [4, 1, 1], [4, 8, 8])],
        ),
        (
            "a: {op: chunk, chunks: 2, dim: 1}\nb: {op: relu, from: a.0}",
            "a: {op: chunk, chunks: 2, dim: 1}\nb: {op: relu, from: a.1}",
            [("b", "reads", "a.0", "a.1")],
        ),
    ],
    ids=["stride", "bias", "op", "axis", "formula", "init", "parameter", "output of a node"],
)
def test_details(tmp_path: Path, before: str, after: str, expected: list[tuple[str, str, object, object]]) -> None:
    assert details(tmp_path, before, after) == expected


TWO = "a: relu\nb: gelu\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("s: = a + b", "s: = a + x", [("s", "reads", ["a", "b"], ["a", "x"])]),
        ("s: = a - b", "s: = b - a", [("s", "reads", ["a", "b"], ["b", "a"])]),
        (
            "s: {op: cat, dim: 1, from: [a, b]}",
            "s: {op: cat, dim: 1, from: [a, b, x]}",
            [("s", "reads", ["a", "b"], ["a", "b", "x"])],
        ),
        ("s: {op: silu, from: a}", "s: {op: silu, from: b}", [("s", "reads", "a", "b")]),
    ],
)
def test_other_inputs(tmp_path: Path, before: str, after: str, expected: list[object]) -> None:
    assert details(tmp_path, TWO + before, TWO + after) == expected


def test_what_reads_an_inserted_node_is_not_rewired(tmp_path: Path) -> None:
    before = "a: relu\nb: gelu\ns: = a + b"
    after = "a: relu\nm: {op: batch_norm2d}\nn: {op: silu}\nb: {op: gelu, from: n}\ns: = n + b"
    difference = changed(tmp_path, before, after)
    assert all_told(difference) == [("+", None, "m"), ("+", None, "n")]
    assert all_told(changed(tmp_path, after, before)) == [("-", "m", None), ("-", "n", None)]


def test_a_cat_that_reads_an_added_node_too_is_not_rewired(tmp_path: Path) -> None:
    before = "a: relu\ns: {op: cat, dim: 1, from: [x, a]}"
    after = "a: relu\nb: gelu\ns: {op: cat, dim: 1, from: [x, a, b]}"
    difference = changed(tmp_path, before, after)
    assert all_told(difference) == [("+", None, "b")]
    assert [node.path for _, node in difference.followers] == ["s"]


def test_share_and_tie_and_when(tmp_path: Path) -> None:
    layer = "{op: conv2d, out_channels: 4, kernel_size: 1}"
    before = f"a: {layer}\nb: {layer}"
    assert details(tmp_path, before, f"a: {layer}\nb: {{share: a}}") == [("b", "share", None, "a")]
    named = f"a: {layer}\ns: {{order: [r], nodes: {{l: {layer}, r: {{share: l}}}}}}"
    assert details(tmp_path, named.replace("order: [r], ", ""), named) == [("s.r", "registered", False, True)]
    tied = f"{before[:-1]}, tie: {{weight: a.weight}}}}"
    assert details(tmp_path, before, tied) == [("b", "tie weight", None, "a.weight")]
    text = "inputs: {{x: [N, 4]}}\nnodes:\n  a: relu\n  b: {{op: gelu{}}}\noutputs: {{a: a, b: b}}\n"
    difference = changed(tmp_path, text.format(""), text.format(", when: training"))
    assert [each.details for each in difference.changes] == [(("when", None, "training"),)]
    assert [each.name for each in difference.outputs] == ["b"]


def test_outputs(tmp_path: Path) -> None:
    text = "inputs: {{x: [N, 4]}}\nnodes:\n  a: relu\n  b: gelu\noutputs: {}\n"
    assert not changed(tmp_path, text.format("b"), text.format("{only: b}"))
    moved = changed(tmp_path, text.format("a"), text.format("b"))
    assert [(each.before.name, each.after.name) for each in moved.outputs if each.before and each.after] == [("a", "b")]
    more = changed(tmp_path, text.format("{a: a}"), text.format("{a: a, b: b}"))
    assert [(each.name, each.before) for each in more.outputs] == [("b", None)]
    assert more


def test_an_input_of_another_shape_is_altered(tmp_path: Path) -> None:
    text = "inputs: {{x: {}}}\nnodes:\n  a: relu\n"
    assert details(tmp_path, text.format("[N, 4, H, W]"), text.format("[N, 5, H, W]")) == [
        ("x", "shape", ["N", 4, "H", "W"], ["N", 5, "H", "W"])
    ]


def test_shapes_that_follow_are_no_changes(tmp_path: Path) -> None:
    rest = "\nb: relu\nd: {op: conv2d, out_channels: 2, kernel_size: 1}"
    difference = changed(tmp_path, CONV.format("") + rest, CONV.format(", stride: 2") + rest)
    assert all_told(difference) == [("~", "c", "c")]
    assert [node.path for _, node in difference.followers] == ["b", "d"]


def test_another_sample_size_is_told_though_no_node_is_altered(tmp_path: Path) -> None:
    graph = network(tmp_path, CONV.format(""))
    other = archdsl.graph(tmp_path / "net.yaml", sizes={"H": 16})
    difference = archdsl.diff(graph, other)
    assert difference.changes == ()
    assert [each[:3] for each in difference.settings] == [("H", 8, 16)]
    assert difference


def test_a_parameter_without_an_effect_leaves_the_network_the_same(tmp_path: Path) -> None:
    text = "params: {{unused: {}}}\ninputs: {{x: [N, 4]}}\nnodes:\n  a: relu\n"
    difference = changed(tmp_path, text.format(1), text.format(2))
    assert difference.same
    assert [each[:3] for each in difference.settings] == [("unused", 1, 2)]
    assert "unused  1 → 2" in str(difference)


def test_counts_add_up() -> None:
    difference = archdsl.diff("resnet18", "resnet50")
    changes = sum(after.parameters - before.parameters for before, after in (c.counts for c in difference.changes))
    follow = sum(new.parameters - old.parameters for old, new in difference.followers)
    assert changes + follow == difference.after.parameters - difference.before.parameters
    counts = [each.macs for change in difference.changes for each in (change.counts[1].minus(change.counts[0]),)]
    more = [difference.counts(new, 1).macs - difference.counts(old, 0).macs for old, new in difference.followers]
    assert sum(counts) + sum(more) == difference.after.macs - difference.before.macs


def test_the_tally_is_of_nodes() -> None:
    difference = archdsl.diff(archdsl.graph("resnet50"), archdsl.graph("resnet50", layers=[3, 4, 23, 3]))
    assert [each.value for each in difference.tally] == ["+", "-", "~"]
    assert list(difference.tally.values()) == [170, 0, 0]


def test_spec_errors_are_raised(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("archdsl: 1\nname: bad\ninputs: {x: [N, 4]}\nnodes: {a: relux}\n")
    with pytest.raises(archdsl.SpecError):
        archdsl.diff("lenet5", tmp_path / "bad.yaml")


def test_numbers_that_python_takes_for_equal_are_told(tmp_path: Path) -> None:
    text = """
    inputs: {x: [N, 4], m: {shape: [N, 4], dtype: bool}}
    params: {by: %s}
    nodes:
      a: {op: threshold, from: x, threshold: %s, value: 1}
      b: {op: masked_fill, from: {input: a, mask: m}, value: %s}
      c: = b + by
    """
    difference = changed(tmp_path, text % ("0.0", "0.0", "1"), text % ("-0.0", "-0.0", "1.0"))
    assert [setting.name for setting in difference.settings] == ["by"]
    details = [detail for change in difference.changes for detail in change.details]
    assert [(detail.name, str(detail.before), str(detail.after)) for detail in details] == [
        ("threshold", "0.0", "-0.0"), ("value", "1", "1.0"), ("expression", "b + 0.0", "b + -0.0"),
    ]  # fmt: skip
