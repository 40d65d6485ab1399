"""`check --fix` and `check --diff`: what is sure to be a slip is mended, and nothing else is touched."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

import archdsl
from archdsl.cli.commands import run
from archdsl.cli.fixing import edited, fixes
from archdsl.diagnostics.diagnostic import Edit
from archdsl.document.files import specs_folder
from archdsl.faults.fault import Span
from tests.thorough import some

SLIPS = """\
# kept, with its spaces
archdsl: 1
sumary:   'two words'   # "this too"
inputs: {x: [N, 3, H = 32, W = 32]}
params: {dims: [8, 16]}
blocks:
  unit:
    params: {width: int, stride: 1}
    nodes:
      conv: {op: conv2d, out_channels: max(width, 8), kernal_size: 3, padding: 1, stride: stride}
      bn:   "batch_nrom2d"
nodes:
  a: {op: unit, width: dims[0] , strid: 1}
  b: {op: unitt,   width: dims[1] // 2}
"""
MENDED = (
    SLIPS.replace("sumary", "summary").replace("max(width, 8)", '"max(width, 8)"').replace("kernal_size", "kernel_size")
    .replace('"batch_nrom2d"', "batch_norm2d").replace("dims[0] ", '"dims[0]" ').replace("strid:", "stride:")
    .replace("unitt", "unit").replace("dims[1] // 2", '"dims[1] // 2"')
)  # fmt: skip


def spec(folder: Path, text: str) -> Path:
    file = folder / "net.yaml"
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_slips_are_mended_and_all_else_stays(
    tmp_path: Path, end: str, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = spec(tmp_path, mark + SLIPS.replace("\n", end))
    assert run(["check", "--fix", str(file)]) == 0
    assert file.read_bytes().decode() == mark + MENDED.replace("\n", end)
    told = capsys.readouterr()
    assert told.out == f"{file}: ok\n"
    assert told.err.splitlines() == [
        f"{file}:3:1: `sumary` is now `summary`",
        f'{file}:10:40: `max(width, 8)` is now `"max(width, 8)"`',
        f"{file}:10:55: `kernal_size` is now `kernel_size`",
        f'{file}:11:13: `"batch_nrom2d"` is now `batch_norm2d`',
        f'{file}:13:24: `dims[0]` is now `"dims[0]"`',
        f"{file}:13:34: `strid` is now `stride`",
        f"{file}:14:11: `unitt` is now `unit`",
        f'{file}:14:27: `dims[1] // 2` is now `"dims[1] // 2"`',
    ]
    assert run(["check", "--fix", str(file)]) == 0
    assert file.read_bytes().decode() == mark + MENDED.replace("\n", end) and capsys.readouterr().err == ""


def test_a_patch_is_shown_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "archdsl: 1\ninputs: {x: [N, 8]}\nnodes:\n  a: {op: linear, out_features: min(4, 8)}\n  b: relu"
    spec(tmp_path, text)
    assert run(["check", "--fix", "--diff", "net.yaml"]) == 1
    shown = capsys.readouterr().out.partition("error[")[0]
    assert shown == (
        "--- net.yaml\n+++ net.yaml\n@@ -1,5 +1,5 @@\n archdsl: 1\n inputs: {x: [N, 8]}\n nodes:\n"
        "-  a: {op: linear, out_features: min(4, 8)}\n"
        '+  a: {op: linear, out_features: "min(4, 8)"}\n'
        "   b: relu\n"
    )
    assert (tmp_path / "net.yaml").read_text() == text
    assert run(["check", "--diff", "--format", "json", "net.yaml"]) == 2


@pytest.mark.parametrize(
    "nodes",
    [
        "{op: conv2d, out_channels: 4, kernel_size: 3, kernal_size: 3}",  # there already
        "{op: relux}",  # `relu` or `relu6`
        "{op: lin, out_features: 4}",  # short
        "{op: conv2d, out_channels: 4, kernel_size: (3, 3)}",  # a list
        "{op: linear, out_features: max(2,\n     4}",  # never closed
        "{op: linear, out_features: ${k}}",  # how others read a value
    ],
)
def test_what_is_not_sure_stays(tmp_path: Path, nodes: str) -> None:
    text = f"archdsl: 1\ninputs: {{x: [N, 3, 8, 8]}}\nnodes:\n  a: {nodes}\n"
    file = spec(tmp_path, text)
    assert run(["check", "--fix", str(file)]) == 1
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("written", "quoted"),
    [
        ("dims[0]", '"dims[0]"'),
        ("dims[0] if dims == 'a' else 4", "\"dims[0] if dims == 'a' else 4\""),
        ('dims[0] if dims == "a" else 4', "'dims[0] if dims == \"a\" else 4'"),
        ("[8 for i in range(2)][0]", '"[8 for i in range(2)][0]"'),
        ("max(dims[0], dims[1])", '"max(dims[0], dims[1])"'),
        ("(dims[0] + dims[1]) // 2", '"(dims[0] + dims[1]) // 2"'),
        ("len(dims[:1]) * 8", '"len(dims[:1]) * 8"'),
    ],
)
@pytest.mark.parametrize("around", ["{op: linear, out_features: %s}", "{bias: false,  out_features: %s , op: linear}"])
def test_brackets_get_quotes(tmp_path: Path, written: str, quoted: str, around: str) -> None:
    head = "archdsl: 1\ninputs: {x: [N, 8]}\nparams: {dims: [4, 8]}\nnodes:\n  a: "
    tail = "   # kept\n  if len(dims) > 2:\n    b: relu\n"
    file = spec(tmp_path, head + around % written + tail)
    assert run(["check", "--fix", str(file)]) == 0
    assert file.read_text() == head + around % quoted + tail


def unquoted() -> list[tuple[Path, int, int]]:
    """Shipped specs with one value in brackets without its quotes."""
    found: list[tuple[Path, int, int]] = []
    for file in sorted(specs_folder().rglob("*.yaml")):
        text = file.read_text("utf-8")
        for match in re.finditer(r'(?<=: )"([^"\\\n]*[\[(][^"\\\n]*)"(?=[,}])', text):
            found.append((file, match.start(), match.end()))
    return found[:: max(1, len(found) // 30)]


@pytest.mark.parametrize(("file", "start", "end"), some(unquoted()))
def test_shipped_specs_get_back_the_quotes_that_they_lost(file: Path, start: int, end: int, tmp_path: Path) -> None:
    text = file.read_text("utf-8")
    mine = tmp_path / file.name
    mine.write_text(text[:start] + text[start + 1 : end - 1] + text[end:], "utf-8")
    made = fixes(str(mine), (specs_folder(),))
    assert made is None or made.after == text  # without a comma it may need none


def test_only_files_that_are_named_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = "archdsl: 1\ninputs: {x: [N, 8]}\nnodes: {a: {op: linear, out_feature: 4}}\n"
    (tmp_path / "base.yaml").write_text(base)
    file = spec(tmp_path, "archdsl: 1\nextends: base\n")
    assert run(["check", "--fix", str(file)]) == 1
    assert (tmp_path / "base.yaml").read_text() == base
    assert run(["check", "--fix", "base.yaml", "net.yaml"]) == 0
    assert fixes("resnet50", ()) is None and fixes("no_such_file", ()) is None


def test_what_is_wrong_at_other_settings_is_mended_at_those(tmp_path: Path) -> None:
    text = "archdsl: 1\ninputs: {x: [N, L = 8]}\nparams: {depth: 0}\nnodes:\n  tanh: tanh\n  for i in range(depth):\n"
    file = spec(tmp_path, f"{text}    a$i: {{op: leaky_relu, negative_slop: 0.1}}\n")
    assert run(["check", "--fix", str(file)]) == 0 and fixes(str(file), ()) is None
    assert run(["check", "--fix", str(file), "-p", "depth=2", "--size", "L=4"]) == 0
    assert file.read_text() == f"{text}    a$i: {{op: leaky_relu, negative_slope: 0.1}}\n"


def test_a_file_that_changes_meanwhile_or_cannot_be_written_is_left(tmp_path: Path) -> None:
    file = spec(tmp_path, SLIPS)
    made = fixes(str(file), ())
    assert made is not None
    file.write_text(f"{SLIPS}# more\n")
    with pytest.raises(Exception, match="has changed meanwhile"):
        made.write()
    assert file.read_text() == f"{SLIPS}# more\n"


@pytest.mark.parametrize("file", some(sorted((Path(__file__).parents[1] / "specs" / "invalid").glob("*.yaml")), 8))
def test_bad_specs_are_better_or_as_they_were(file: Path) -> None:
    made = fixes(str(file), ())
    assert made is None or (made.before != made.after and len(made.told) == len(made.edits) > 0)


def test_thousands_of_slips_are_mended_soon(tmp_path: Path) -> None:
    """More of them than are told of hid those that were mended, and each was asked anew what it means."""
    slips = "".join(f"  a{i}: rellu\n" for i in range(3000))
    file = spec(tmp_path, f"archdsl: 1\ninputs: {{x: [N, 8]}}\nnodes:\n{slips}")
    start = time.process_time()
    made = fixes(str(file), ())
    assert time.process_time() - start < 20
    assert made is not None and made.after == made.before.replace("rellu", "relu") and len(made.told) == 3000


def test_more_slips_than_are_told_at_once_beside_one_that_stays(tmp_path: Path) -> None:
    slips = "".join(f"  a{i}: {{op: rellu, inplace: min({i}, 2) > 1}}\n" for i in range(5))
    head = "archdsl: 1\ninputs: {x: [N, 8]}\nnodes:\n"
    file = spec(tmp_path, f"{head}{slips}  b: {{op: linear, out_feature: dims[0], out_features: 8}}\n")
    with archdsl.budget(mistakes=5):  # one of them is told, ten to what mends
        run(["check", "--fix", str(file)])
    assert "rellu" not in file.read_text()


def test_a_budget_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARCHDSL_BUDGET", "much")
    assert run(["check", "--fix", str(spec(tmp_path, SLIPS))]) == 2
    assert "ARCHDSL_BUDGET is `much`" in capsys.readouterr().out


def test_one_slip_that_stays_does_not_keep_many_others(tmp_path: Path) -> None:
    slips = "".join(f"  a{i}: {{op: rellu}}\n" for i in range(100))
    head = "archdsl: 1\ninputs: {x: [N, 8]}\nnodes:\n"
    file = spec(tmp_path, f"{head}{slips}  b: {{op: linear, out_feature: dims[0], out_features: 8}}\n")
    run(["check", "--fix", str(file)])
    assert file.read_text().startswith(head + slips.replace("rellu", "relu"))


def test_editors_get_the_same_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = spec(tmp_path, SLIPS)
    run(["check", "--format", "json", str(file)])
    told = [found["edit"] for found in json.loads(capsys.readouterr().out)]
    edits = [Edit(Span(*(edit[name] for name in Span._fields)), edit["text"]) for edit in told if edit is not None]
    assert edited(SLIPS, edits) == MENDED
    assert [each.edit for each in archdsl.check(file)] == edits
