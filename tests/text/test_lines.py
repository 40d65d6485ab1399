"""What ends a line of a spec: what editors end it at, and not what Python and libyaml do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.diagnostics.rendering import render_text
from archdsl.document.loader import load
from archdsl.text.lines import Lines, hidden_separators, split_lines

SEPARATORS = ["\x85", "\u2028", "\u2029"]
NAMES = ["next line", "line separator", "paragraph separator"]
each = pytest.mark.parametrize("mark", SEPARATORS, ids=NAMES)


@given(st.text(alphabet="ab \r\n", max_size=20), st.booleans())
def test_lines_are_those_of_python_without_separators(text: str, keepends: bool) -> None:
    assert split_lines(text, keepends) == text.splitlines(keepends)


@given(st.text(alphabet="ab\r\n\x85\u2028\u2029\x0b\x0c\x1c", max_size=20))
def test_lines_make_up_the_text(text: str) -> None:
    assert "".join(split_lines(text, keepends=True)) == text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert split_lines(text) == (plain.removesuffix("\n").split("\n") if text else [])


@given(st.text(alphabet="ab\r\n\x85", max_size=20), st.integers(0, 20))
def test_a_place_is_the_line_and_the_column_of_its_offset(text: str, offset: int) -> None:
    lines = [*split_lines(text, keepends=True), ""]
    if len(lines) > 1 and not lines[-2].endswith(("\r", "\n")):
        del lines[-1]  # the text ends in its last line
    offset = min(offset, len(text))
    line, column = Lines("", text).place(offset)
    assert sum(map(len, lines[: line - 1])) + column - 1 == offset
    assert column <= len(lines[line - 1]) + (line == len(lines))


@given(st.text(alphabet="a\x85\u2028\u2029\U000f0000\U000f0001", max_size=20))
def test_separators_come_back(text: str) -> None:
    hidden, table = hidden_separators(text)
    assert len(hidden) == len(text) and not set(hidden) & set(SEPARATORS)
    assert hidden.translate(table) == text


@each
@pytest.mark.parametrize("written", ["pasted@text", "'pasted@text'", '"pasted@text"'])
def test_a_separator_is_part_of_a_text(mark: str, written: str) -> None:
    text = f"summary: {written}  # more@text\nnodes: {{a: relu}}\n".replace("@", mark)
    data, source, found = load(text, "net.yaml")
    assert found == []
    assert data == {"summary": f"pasted{mark}text", "nodes": {"a": "relu"}}
    assert source.value(("nodes", "a"))[1:] == (2, 12, 2, 16)
    place = source.within(("summary",), 7, 11)
    quoted = written[0] in "'\""
    assert (place.line, place.column, place.end_column) == (1, 17 + quoted, 21 + quoted)


@each
@pytest.mark.parametrize("style", ["|", ">", "|-"])
def test_in_a_block_of_text_and_in_a_key(mark: str, style: str) -> None:
    data, source, found = load(f"note: {style}\n  one{mark}two\n  three\nk{mark}y: {{a: 1, b: [2, x]}}\n", "net.yaml")
    assert found == []
    assert data["note"].startswith(f"one{mark}two")
    assert data[f"k{mark}y"] == {"a": 1, "b": [2, "x"]}
    assert source.value((f"k{mark}y", "b", 1))[1:] == (4, 20, 4, 21)


@each
def test_places_and_excerpts_agree_with_editors(mark: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    text = f"archdsl: 1\nsummary: pasted{mark}text\ninputs: {{x: [N, 3]}}\nnodes:\n  a: relu  # {mark}\n  r: rlu\n"
    spec.write_bytes(text.encode())
    (found,) = archdsl.check(spec)
    assert found.span is not None
    assert (found.span.line, found.span.column) == (6, 6)
    assert "6 |   r: rlu\n" in render_text([found], lambda _: text, colour=False)
    spec.write_bytes(text.replace("rlu", "relu").encode())
    assert archdsl.check(spec) == []
    assert archdsl.graph(spec).summary == f"pasted{mark}text"


@each
def test_a_broken_file_is_told_at_its_line(mark: str) -> None:
    text = f"archdsl: 1\nsummary: a{mark}b\nnodes: {{a: [relu}}\n"
    _, _, found = load(text, "net.yaml")
    assert found and found[0].span is not None
    assert found[0].span.line == 3


def test_carriage_returns_end_lines() -> None:
    data, source, found = load("a: 1\r\nb: 2\rc: x\n", "net.yaml")
    assert (data, found) == ({"a": 1, "b": 2, "c": "x"}, [])
    assert source.value(("c",))[1:] == (3, 4, 3, 5)
