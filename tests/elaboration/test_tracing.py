"""A wrong value is shown at its use and at the line where it stands, however it came there."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.elaboration.analyse import analyse
from tests.elaboration.support import HEAD


def first(folder: Path, text: str, **params: object) -> Diagnostic:
    path = folder / "net.yaml"
    path.write_text(HEAD + "inputs: {x: [N, 3, 8, 8]}\n" + dedent(text))
    return analyse(path, params)[1][0]


CONV = "{op: conv2d, out_channels: WRONG, kernel_size: 1}"


@pytest.mark.parametrize(
    ("text", "subject", "line"),
    [
        ("params: {k: -2}\nnodes: [CONV]", "k", 4),
        ("params: {k: -2}\nlet:\n  w: k\nnodes: [CONV]".replace("CONV", CONV.replace("WRONG", "w")), "w", 4),
        ("params: {k: 2}\nlet:\n  w: k - 4\nnodes: [CONV]".replace("CONV", CONV.replace("WRONG", "w")), "w", 6),
        ("params:\n  k:\n    - 8\n    - -2\nnodes:\n  - for k in k: CONV", "k", 7),
        ("params:\n  t:\n    - {k: 8}\n    - {k: -2}\nnodes:\n  - for k in t: CONV".replace("WRONG", "k.k"), "k.k", 7),
        ("params:\n  t:\n    - [8, -2]\nnodes:\n  - for a, k in t: CONV", "k", 6),
        ("params:\n  t: [8]\n  u:\n    - -2\nnodes:\n  - for a, k in zip(t, u): CONV", "k", 7),
        ("params:\n  t:\n    - -2\nnodes:\n  - for i, k in enumerate(t): CONV", "k", 6),
        ("blocks:\n  b:\n    params: {k: int}\n    nodes: [CONV]\nnodes:\n  - {op: b, k: -2}", "k", 9),
        ("blocks:\n  b:\n    params:\n      k: -2\n    nodes: [CONV]\nnodes: [b]", "k", 7),
        ("params: {n: -2}\nblocks:\n  b:\n    params: {k: int}\n    nodes: [CONV]\nnodes:\n  - {op: b, k: n}", "k", 4),
        ("params: {n: 2}\nblocks:\n  b:\n    let:\n      k: n - 4\n    nodes: [CONV]\nnodes: [b]", "k", 8),
        ("params:\n  k: {type: int, default: -2}\nnodes: [CONV]", "k", 5),
        ("params: {k: -2}\nblocks:\n  b:\n    params: {k: int}\n    nodes: [CONV]\nnodes:\n  - {op: b, k: k}", "k", 10),
        (
            "params:\n  t:\n    - -2\nnodes:\n  - for k in enumerate(t): CONV".replace(
                "CONV", CONV.replace("WRONG", '"k[1]"')
            ),
            "k[1]",
            8,
        ),
        ("params: {n: -2}\nnodes:\n  - for k in range(n, 1): CONV", "k", 6),
    ],
)
def test_the_line_of_the_value_is_named(tmp_path: Path, text: str, subject: str, line: int) -> None:
    column = "k.k" if subject == "k.k" else "k"
    found = first(tmp_path, text.replace("CONV", CONV.replace("WRONG", column)))
    assert found.code == "bad-value" and found.message.startswith("`out_channels` is -2")
    # what the value itself comes from may follow
    assert found.notes[0] == (subject, "-2", f"line {line}")


def test_a_value_of_the_call_has_no_line(tmp_path: Path) -> None:
    found = first(tmp_path, f"params: {{k: 3}}\nnodes: [{CONV.replace('WRONG', 'k')}]\n", k=-2)
    assert [note.detail for note in found.notes] == ["given by the call"]


@pytest.mark.parametrize("table", ["[{k: 3}, {k: 4}]", "{type: list, default: [{k: 3}, {k: 4}]}"])
def test_nor_has_one_value_of_a_table(tmp_path: Path, table: str) -> None:
    text = f"params: {{rows: {table}}}\nnodes: [{{for row in rows: {CONV.replace('WRONG', 'row.k')}}}]\n"
    assert first(tmp_path, text, **{"rows.1.k": -2}).notes[0] == ("row.k", "-2", "given by the call")
    assert first(tmp_path, text, **{"rows.0.k": -2}).notes[0] == ("row.k", "-2", "given by the call")


def test_a_value_of_another_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        HEAD + f"inputs: {{x: [N, 3, 8, 8]}}\nparams: {{k: -2}}\nnodes: [{CONV.replace('WRONG', 'k')}]\n"
    )
    (tmp_path / "net.yaml").write_text(f"archdsl: 1\nextends: base\nnodes: [{CONV.replace('WRONG', 'k + 1')}]\n")
    found = analyse(tmp_path / "net.yaml")[1][0]
    assert [note.detail.partition(" of ")[0] for note in found.notes] == ["line 4"]
    assert found.notes[0].detail.endswith("base.yaml")


def test_a_sum_names_all_that_it_reads_and_dimensions_not(tmp_path: Path) -> None:
    text = "params: {a: 1, b: -9}\nblocks:\n  b:\n    inputs: {x: [N, C, H, W]}\n    nodes: [CONV]\nnodes: [b]"
    found = first(tmp_path, text.replace("CONV", CONV.replace("WRONG", "a + b + C + a")))
    assert [(note.subject, note.value) for note in found.notes] == [("a", "1"), ("b", "-9")]


def test_the_quotes_of_a_number_are_the_hint_wherever_it_is_used(tmp_path: Path) -> None:
    for use, subject in (("k", "k"), ("2 * k", "k"), ("t[0].k", "t[0].k")):
        node = f"op: conv2d\n    out_channels: {use}\n    kernel_size: 1\n"
        found = first(tmp_path, f'params: {{k: "5", t: [{{k: "5"}}]}}\nnodes:\n  - {node}')
        assert found.hint == "remove the quotes: `k: 5`", use
        assert [(note.subject, note.value) for note in found.notes] == [(subject, "the text `5`")]


@pytest.mark.parametrize(
    ("default", "given", "hint"),
    [
        ("3", {"k": "7"}, "give 7 itself, without quotes"),
        ('"3"', {"k": 7}, "the default is the text `3`: remove its quotes in the file"),
        ("relu", {"k": 7}, "the default is the text `relu`"),
        ("3", {"N": 7}, "the size of a dimension is set by `--size N=…`, in Python by `sizes={'N': …}`"),
    ],
)
def test_a_call_that_gives_another_kind(tmp_path: Path, default: str, given: dict[str, object], hint: str) -> None:
    found = first(tmp_path, f"params: {{k: {default}}}\nnodes: [relu]\n", **given)
    assert found.span is None and found.hint == hint
