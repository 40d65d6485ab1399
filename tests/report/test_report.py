"""The summary: what is folded, what is counted, and how it looks."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

import archdsl
from archdsl.report import Row, Summary

NESTED = """\
archdsl: 1
name: nested
summary: three equal blocks, one other
inputs:
  x: [N, 8, H = 16, W = 16]
blocks:
  residual:
    inputs: {x: [N, C, H, W]}
    params: {rate: 0.0, kernel: 3}
    nodes:
      conv: {op: conv2d, out_channels: C, kernel_size: kernel, padding: kernel // 2}
      drop: {op: dropout, p: rate}
      add: = conv + x
nodes:
  stem: relu
  layers:
    - for k in range(3): {op: residual, rate: k / 10}
    - {op: residual, kernel: 5}
  heads.first: {op: conv2d, out_channels: 2, kernel_size: 1}
  heads.second: {op: conv2d, out_channels: 2, kernel_size: 1, from: layers}
  join: {op: cat, from: [heads.first, heads.second], dim: 1}
"""
CONV3 = 8 * 8 * 9 + 8
CONV5 = 8 * 8 * 25 + 8


def summarise(folder: Path, text: str, depth: int | None = None) -> Summary:
    (folder / "net.yaml").write_text(text)
    return archdsl.summary(folder / "net.yaml", depth=depth)


def row(summary: Summary, path: str) -> Row:
    return next(row for row in summary.rows if row.path == path)


def test_equal_siblings_fold_into_one_row(tmp_path: Path) -> None:
    rows = summarise(tmp_path, NESTED, depth=2).rows
    assert [(r.name, r.op, r.count) for r in rows if r.path.startswith("layers.")] == [
        (".0–2", "Residual, kernel 3", 3),
        (".3", "Residual, kernel 5", 1),
    ]


def test_a_folded_row_counts_all_of_them(tmp_path: Path) -> None:
    folded = row(summarise(tmp_path, NESTED, depth=2), "layers.0")
    assert folded.parameters == 3 * CONV3
    assert folded.macs == 3 * 8 * 8 * 9 * 16 * 16


def test_a_rate_that_differs_does_not_stop_the_folding_and_is_not_told(tmp_path: Path) -> None:
    drop = row(summarise(tmp_path, NESTED, depth=3), "layers.0.drop")
    assert (drop.op, drop.count) == ("Dropout", 3)


def test_containers_carry_sums(tmp_path: Path) -> None:
    summary = summarise(tmp_path, NESTED, depth=1)
    layers, heads = row(summary, "layers"), row(summary, "heads")
    assert layers.parameters == 3 * CONV3 + CONV5
    assert (heads.parameters, heads.output) == (2 * (8 * 2 + 2), "")


def test_the_columns_sum_to_the_totals(tmp_path: Path) -> None:
    for depth in (1, 2, 3):
        summary = summarise(tmp_path, NESTED, depth)
        top = [r for r in summary.rows if r.depth == 0]
        assert sum(r.parameters for r in top) == summary.graph.parameters == 3 * CONV3 + CONV5 + 36
        assert sum(r.macs for r in top) == summary.graph.macs


def test_shapes_are_without_the_batch_at_the_sample_sizes(tmp_path: Path) -> None:
    assert row(summarise(tmp_path, NESTED), "join").output == "4×16×16"


def test_the_tree_is_indented_and_named_by_attributes(tmp_path: Path) -> None:
    lines = str(summarise(tmp_path, NESTED, depth=3)).splitlines()
    assert any(line.startswith("    .add   Add ×3                 8×16×16 ") for line in lines)


ALTERNATING = """\
archdsl: 1
name: alternating
inputs: {x: [N, 8]}
blocks:
  shifted:
    params: {shift: 0, rate: 0.0}
    nodes:
      - {op: roll, shifts: [shift], dims: [1]}
      - {op: dropout, p: rate}
nodes:
  - for k in range(12): {op: shifted, shift: k % 2 * 3, rate: k / 100}
  - relu
"""


def test_blocks_that_alternate_make_a_row_each(tmp_path: Path) -> None:
    rows = summarise(tmp_path, ALTERNATING, depth=1).rows
    assert [(r.name, r.op, r.count) for r in rows] == [
        ("0, 2, …, 10", "Shifted, shift 0", 6),
        ("1, 3, …, 11", "Shifted, shift 3", 6),
        ("12", "ReLU", 1),
    ]


SHARED = """\
archdsl: 1
name: shared
inputs: {x: [N, 4], y: [N, 4]}
nodes:
  one: {op: linear, out_features: 4, from: x}
  two: {share: one, from: y}
  add: = one + two
"""


def test_shared_parameters_count_once(tmp_path: Path) -> None:
    summary = summarise(tmp_path, SHARED)
    assert summary.graph.parameters == 20
    assert [(r.path, r.parameters, r.macs) for r in summary.rows[:2]] == [("one", 20, 16), ("two", 0, 16)]


MODES = """\
archdsl: 1
name: modes
inputs: {x: [N, 4]}
nodes:
  body: {op: linear, out_features: 4}
  extra: {op: linear, out_features: 2, when: training}
  head: {op: linear, out_features: 3, from: body}
outputs: {head: head, extra: extra}
"""


def test_what_runs_in_training_only_says_so_and_has_no_macs(tmp_path: Path) -> None:
    summary = summarise(tmp_path, MODES)
    extra = row(summary, "extra")
    assert extra.op == "Linear 4 → 2 (training only)"
    assert (extra.parameters, extra.macs) == (10, 0)
    assert summary.graph.macs == 16 + 12


def test_the_table_has_exact_numbers_with_separators() -> None:
    table = archdsl.summary("resnet50").table()
    total = next(line for line in table.splitlines() if line.startswith("Total"))
    assert total.split() == ["Total", "25,557,032", "100.0", "4,089,184,256", "85.6", "MiB"]
    assert "…" not in table
    assert "1 MAC = 2 FLOPs" in table


def test_resnet50_fits_one_screen() -> None:
    lines = archdsl.summary("resnet50").table().splitlines()
    assert len(lines) <= 30
    assert max(len(line) for line in lines) <= 120
    assert any(".1–5" in line and "Bottleneck, stride 1 ×5" in line for line in lines)


def test_the_table_is_as_wide_as_it_needs_to_be(tmp_path: Path) -> None:
    lines = summarise(tmp_path, NESTED).table().splitlines()[2:-2]
    assert all(line == line.rstrip() for line in lines)
    assert len({len(line) for line in lines if line.startswith("─")}) == 1


def test_json_lists_every_module_unfolded(tmp_path: Path) -> None:
    content = json.loads(summarise(tmp_path, NESTED).json())
    paths = [module["path"] for module in content["modules"]]
    assert {"layers.0.conv", "layers.1.conv", "layers.2.conv", "heads.second"} <= set(paths)
    assert len(paths) == len(set(paths))
    assert content["inputs"]["x"] == {"shape": ["N", 8, "H", "W"], "dtype": "float32"}
    assert content["parameters"] == 3 * CONV3 + CONV5 + 36


def test_the_totals_of_memory_stand_in_words_below_the_table() -> None:
    lines = archdsl.summary("resnet50", batch=32, dtype="float16").table().splitlines()
    assert lines[-5:-2] == [
        "Inference: 217.3 MiB = 48.7 MiB parameters + 104.2 KiB buffers + 159.2 MiB activations + 9.2 MiB inputs",
        "Training: 1.5 GiB = 195.0 MiB parameters, gradients, Adam's state + 104.2 KiB buffers + 1.3 GiB activations",
        "Memory is for batch 32 in float16: a row's are the tensors that it makes, no views, nothing overwritten.",
    ]


def test_json_has_memory_in_bytes(tmp_path: Path) -> None:
    content = json.loads(summarise(tmp_path, NESTED).json())
    modules = {module["path"]: module for module in content["modules"]}
    assert modules["layers.0.conv"]["memory"] == 8 * 16 * 16 * 4
    assert modules["layers.0.drop"]["memory"] == 0
    assert modules["layers.3"]["field"] == "11×11"
    memory = content["memory"]
    assert (memory["batch"], memory["dtype"], memory["training"]["optimiser_name"]) == (1, "float32", "Adam")
    assert memory["training"]["optimiser"] == 2 * 4 * content["parameters"]
    for total in (memory["inference"], memory["training"]):
        assert total["total"] == sum(part for name, part in total.items() if not name.endswith(("total", "name")))


def test_csv_is_json_as_a_table(tmp_path: Path) -> None:
    summary = summarise(tmp_path, NESTED)
    read = list(csv.DictReader(StringIO(summary.csv())))
    modules = json.loads(summary.json())["modules"]
    assert [list(row) for row in read] == [list(module) for module in modules]
    assert [list(row.values()) for row in read] == [[str(each) for each in module.values()] for module in modules]


def test_json_respects_a_depth(tmp_path: Path) -> None:
    paths = [module["path"] for module in json.loads(summarise(tmp_path, NESTED, 1).json())["modules"]]
    assert paths == ["stem", "layers", "heads", "join"]


def test_markdown_is_one_table(tmp_path: Path) -> None:
    lines = summarise(tmp_path, NESTED, depth=2).markdown().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {9}
    assert any("`.0–2`" in line for line in table)


def test_a_depth_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="depth is at least 1, found 0"):
        archdsl.summary("lenet5", depth=0)


def test_the_default_depth_fits_a_screen(tmp_path: Path) -> None:
    for name in ("lenet5", "swin_t", "efficientnet_b0", "densenet121"):
        assert 3 <= len(archdsl.summary(name).rows) <= 40


def test_the_table_in_the_docs_is_what_is_printed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "summary.md").read_text("utf-8")
    assert f"\n```\n{archdsl.summary('resnet18', depth=1, batch=32)}\n```\n" in page


def sequence_first(tmp_path: Path, inputs: str) -> archdsl.Graph:
    path = tmp_path / "net.yaml"
    nodes = "nodes: {l: {op: linear, from: x, out_features: 8}}"
    path.write_text(f"archdsl: 1\nname: sequence\ninputs: {{{inputs}}}\n{nodes}\n")
    return archdsl.graph(path)


@pytest.mark.parametrize(
    ("inputs", "batch", "output"),
    [
        ("x: [N = 4, T = 9, 16]", ("N",), "9×8"),
        ("x: [T = 9, N = 4, 16]", ("N",), "9×8"),
        ("x: [T = 9, N = 4, 16], mask: [T], state: [1, N, 8]", ("N",), "9×8"),
        ("x: [B = 4, T = 9, 16]", ("B",), "9×8"),
        ("x: [N = 4, 9, 16], y: [M = 4, 3]", ("N", "M"), "9×8"),
        ("x: [T = 9, 16]", ("T",), "8"),
        ("x: [2, 9, 16]", (), "2×9×8"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_the_batch_is_the_dimension_that_is_named_so(
    inputs: str, batch: tuple[str, ...], output: str, tmp_path: Path
) -> None:
    graph = sequence_first(tmp_path, inputs)
    (row,) = archdsl.summary(graph).rows
    assert (graph.batch, row.output) == (batch, output)


def test_counts_are_for_a_batch_of_one_and_memory_for_what_it_says(tmp_path: Path) -> None:
    graph = sequence_first(tmp_path, "x: [T = 9, N = 4, 16]")
    assert graph.macs == 9 * 16 * 8
    lines = str(archdsl.summary(graph)).splitlines()
    assert lines[-2].endswith("are counted, in evaluation, for T = 9, N = 1.")
    assert lines[-3].startswith("Memory is for batch 4 in float32")
    (row,) = archdsl.summary(graph, batch=2).rows
    assert (row.output, row.macs, row.memory, row.field) == ("9×8", 9 * 16 * 8, 9 * 2 * 8 * 4, "1")
    content = json.loads(archdsl.summary(graph, batch=2).json())
    assert (content["batch"], content["counted_sizes"]) == (["N"], {"T": 9, "N": 1})
    assert content["memory"]["batch"] == 2


def test_a_batch_that_the_file_fixes_is_counted_and_cannot_be_set(tmp_path: Path) -> None:
    graph = sequence_first(tmp_path, "x: [2, 9, 16]")
    assert graph.macs == 2 * 9 * 16 * 8
    lines = str(archdsl.summary(graph)).splitlines()
    assert lines[-2].endswith("in evaluation, for the sizes of the inputs.")
    assert lines[-3].startswith("Memory is for the inputs' own batch in float32")
    with pytest.raises(ValueError, match="has a batch of a fixed size"):
        archdsl.summary(graph, batch=2)


def test_the_batch_is_tried_with_one_wherever_it_stands(tmp_path: Path) -> None:
    assert sequence_first(tmp_path, "x: [T, N, 16]").sample_sizes == {"T": 128, "N": 1}


def test_every_report_counts_the_same_whatever_batch_is_sampled(tmp_path: Path) -> None:
    one = sequence_first(tmp_path, "x: [N, 16]")
    four = sequence_first(tmp_path, "x: [N = 4, 16]")
    assert one.macs == four.macs == 16 * 8
    assert [row.macs for row in archdsl.summary(four).rows] == [four.macs]
    assert archdsl.diff(one, four).data()["after"]["macs"] == four.macs


LOOPS = """\
archdsl: 1
inputs: {x: [N, T = 30, 4]}
blocks:
  inner: {inputs: {h: [N, 4]}, nodes: {a: relu, b: tanh}, outputs: {h: b}}
  outer:
    inputs: {x: [N, 4], h: [N, 4]}
    outputs: {h: next}
    nodes:
      both: = x + h
      again: {op: scan, body: inner, steps: 50, carry: {h: both}}
      next: {op: sigmoid, from: again.h}
nodes:
  zeros: {op: select, from: x, dim: 1, index: 0}
  rnn: {op: scan, body: outer, dim: 1, over: {x: x}, carry: {h: zeros}}
"""


def test_a_loop_over_time_says_what_it_costs(tmp_path: Path) -> None:
    summary = summarise(tmp_path, LOOPS, depth=3)
    assert [r.op for r in summary.rows if "steps" in r.op] == [
        "Outer, 30 steps of 9 nodes",
        "Inner, 50 steps of 4 nodes",
    ]
    assert summary.repeated == 30 * 5 + 30 * 50 * 4
    assert "Loops over time: 6,150 operations in a pass, one after another" in summary.table()


def test_a_loop_is_counted_as_check_warns_of_it(tmp_path: Path) -> None:
    found = summarise(tmp_path, LOOPS.replace("steps: 50", "steps: 50000"))
    (warning,) = archdsl.check(tmp_path / "net.yaml")
    assert f"{50000 * 30:,} steps of 4 nodes" in warning.message
    assert any("50,000 steps of 4 nodes" in row.op for row in found.rows)
