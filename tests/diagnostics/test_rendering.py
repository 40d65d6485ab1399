"""How mistakes are shown, to people, programs and GitHub."""

from __future__ import annotations

import json
import pickle

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic, Severity, ordered
from archdsl.diagnostics.rendering import render_github, render_json, render_text
from archdsl.diagnostics.spec_error import SpecError
from archdsl.faults.fault import Note, Span

SOURCE = "\n" * 30 + "      add: = bn3 + downsample\n"
MISMATCH = Diagnostic(
    "shape-mismatch",
    "cannot add 256×56×56 and 64×56×56",
    Span("specs/resnet50.yaml", 31, 12, 31, 30),
    path="layer1.0, first of 3",
    notes=(
        Note("bn3", "N×256×56×56", "from conv3 (line 24: out_channels = width = 256)"),
        Note("downsample", "N×64×56×56", "left out by `if` (line 27), so this is x"),
    ),
    hint="give the shortcut 256 channels: its `if` must be true when C != width",
)
UNUSED = Diagnostic("unused", "`a` is never read", Span("specs/resnet50.yaml", 2, 1, 2, 2), Severity.WARNING)

SHOWN = """\
error[shape-mismatch]: cannot add 256×56×56 and 64×56×56
  --> specs/resnet50.yaml:31:12
   |
31 |       add: = bn3 + downsample
   |            ^^^^^^^^^^^^^^^^^^
   | bn3         N×256×56×56   from conv3 (line 24: out_channels = width = 256)
   | downsample  N×64×56×56    left out by `if` (line 27), so this is x
   = in layer1.0, first of 3
   = help: give the shortcut 256 channels: its `if` must be true when C != width

1 error in specs/resnet50.yaml"""


def shown(source: str, span: tuple[int, int, int, int], message: str = "m") -> list[str]:
    found = Diagnostic("c", message, Span("f", *span))
    return render_text([found], lambda file: source, False).splitlines()


def test_a_mistake_looks_like_the_language_says() -> None:
    assert render_text([MISMATCH], lambda file: SOURCE, False) == SHOWN


def test_an_error_is_its_text() -> None:
    error = SpecError([MISMATCH], {"specs/resnet50.yaml": SOURCE})
    assert str(error) == SHOWN
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == SHOWN and copy.diagnostics == (MISMATCH,)


def test_without_the_source_the_place_is_told() -> None:
    lines = render_text([MISMATCH], lambda file: None, False).splitlines()
    assert lines[1] == "  --> specs/resnet50.yaml:31:12"
    assert not any("^" in line for line in lines)


def test_mistakes_come_by_position_and_once_and_are_counted() -> None:
    assert ordered([MISMATCH, UNUSED, MISMATCH]) == (UNUSED, MISMATCH)
    text = render_text([MISMATCH, UNUSED, MISMATCH, *[Diagnostic("a", "b", None)] * 2], lambda file: SOURCE, False)
    assert text.startswith("error[a]: b\n\nwarning[unused]: ")
    assert text.endswith("\n\n2 errors, 1 warning in specs/resnet50.yaml")


def test_several_files_are_counted() -> None:
    other = Diagnostic("a", "b", Span("other.yaml", 1, 1, 1, 2))
    assert render_text([MISMATCH, other], lambda file: None, False).endswith("2 errors in 2 files")


def test_nothing_wrong_is_nothing_shown() -> None:
    assert render_text([], lambda file: None, False) == ""


@pytest.mark.parametrize(
    ("source", "span", "line", "marks"),
    [
        ("a: b", (1, 4, 1, 4), "1 | a: b", "  |    ^"),
        ("a: b", (1, 4, 1, 99), "1 | a: b", "  |    ^"),
        ("a: b", (1, 9, 1, 10), "1 | a: b", "  |     ^"),
        ("a: [b,\n  c]", (1, 4, 2, 5), "1 | a: [b,", "  |    ^^^"),
        ("\ta: b", (1, 5, 1, 6), "1 | \ta: b", "  | \t   ^"),
        ("名: b", (1, 4, 1, 5), "1 | 名: b", "  |     ^"),
        ("b: 名前", (1, 4, 1, 6), "1 | b: 名前", "  |    ^^^^"),
    ],
)
def test_carets_stand_below_what_is_wrong(source: str, span: tuple[int, int, int, int], line: str, marks: str) -> None:
    assert shown(source, span)[3:5] == [line, marks]


def test_a_long_line_is_shown_in_part() -> None:
    line, marks = shown("x" * 500 + "BAD" + "y" * 5000, (1, 501, 1, 504))[3:5]
    assert len(line) < 200 and line.count("…") == 2
    assert line[marks.index("^") : marks.rindex("^") + 1] == "BAD"


def test_text_from_a_file_cannot_reach_the_terminal() -> None:
    lines = shown("a: \x1b[31mred", (1, 4, 1, 5), message="bad \x1b]0;title\x07")
    assert "\x1b" not in "".join(lines) and "\\x1b[31mred" in lines[3]


def test_brackets_in_messages_stay() -> None:
    assert shown("x", (1, 1, 1, 2), "no [relu, gelu] here")[0] == "error[c]: no [relu, gelu] here"


def test_colour_is_only_added() -> None:
    import re

    coloured = render_text([MISMATCH, UNUSED], lambda file: SOURCE, True)
    plain = render_text([MISMATCH, UNUSED], lambda file: SOURCE, False)
    assert coloured != plain and re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_json_holds_every_datum() -> None:
    first, second = json.loads(render_json([MISMATCH, UNUSED]))
    assert first["severity"] == "warning" and first["hint"] is None and first["notes"] == []
    assert second == {
        "code": "shape-mismatch",
        "severity": "error",
        "message": "cannot add 256×56×56 and 64×56×56",
        "file": "specs/resnet50.yaml",
        "line": 31,
        "column": 12,
        "end_line": 31,
        "end_column": 30,
        "path": "layer1.0, first of 3",
        "notes": [note._asdict() for note in MISMATCH.notes],
        "hint": MISMATCH.hint,
        "edit": None,
    }
    misspelt = Diagnostic("unknown-op", "unknown op `rellu`", Span("a.yaml", 3, 5, 3, 10), instead="relu")
    (found,) = json.loads(render_json([misspelt]))
    assert found["edit"] == {
        "file": "a.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 10, "text": "relu",
    }  # fmt: skip
    assert json.loads(render_json([Diagnostic("a", "b", None)]))[0]["file"] is None
    assert render_json([]) == "[]"


def test_github_commands_are_escaped() -> None:
    found = Diagnostic("c", "100% of\na: b, c", Span("a,b:c.yaml", 3, 5, 3, 9), hint="do x")
    assert render_github([found]) == (
        "::error file=a%2Cb%3Ac.yaml,line=3,col=5,endColumn=9,title=c::100%25 of%0Aa: b, c%0Ahelp: do x"
    )


def test_github_takes_columns_on_one_line_only() -> None:
    found = Diagnostic("c", "m", Span("f", 3, 5, 7, 2), Severity.WARNING)
    assert render_github([found]) == "::warning file=f,line=3,endLine=7,title=c::m"
    assert render_github([Diagnostic("c", "m", None)]) == "::error title=c::m"
