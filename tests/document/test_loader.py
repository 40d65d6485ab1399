"""Plain data, positions, and what is said about malformed YAML."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.loader import load, scalar
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.faults.fault import Span
from archdsl.limits import MAX_NESTING, Limits


def data_of(text: str) -> Any:
    data, _, diagnostics = load(text, "f.yaml")
    assert diagnostics == []
    return data


def only(text: str) -> Diagnostic:
    (found,) = load(text, "f.yaml")[2]
    return found


def place(found: Diagnostic) -> tuple[int, int, int, int]:
    assert found.span is not None
    return found.span[1:]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-6", 1e-6), ("0x10", 16), ("0o17", 15), ("-3", -3), ("+3", 3), ("3.", 3.0), (".5", 0.5),
        ("007", 7), ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        (".inf", float("inf")), ("-.INF", float("-inf")), ("1E3", 1000.0),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = scalar(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["on", "no", "yes", "3:4", "2015-12-10", "1_000", "0b1", "+", "-", "e5", "1e", "9" * 5000]
)
def test_what_only_looks_like_a_number_is_text(text: str) -> None:
    assert scalar(text) == text


def test_nan() -> None:
    assert isnan(scalar(".nan"))


def test_keys_are_the_source_text() -> None:
    assert data_of("0: a\n1e3: b\ntrue: c\n'*.bn': d\n") == {"0": "a", "1e3": "b", "true": "c", "*.bn": "d"}


def test_quoted_scalars_are_text() -> None:
    assert data_of("a: '1'\nb: \"true\"\nc: |\n  1\n") == {"a": "1", "b": "true", "c": "1\n"}


def test_a_byte_order_mark_is_no_character() -> None:
    data, source, _ = load("\ufeffa: b", "f.yaml")
    assert data == {"a": "b"}
    assert source.value(("a",)) == ("f.yaml", 1, 4, 1, 5)


def test_an_empty_text_is_nothing() -> None:
    assert data_of("") is None
    assert data_of("# only a comment\n") is None


def test_block_style_for_keys_are_text() -> None:
    text = "for i, (a, b) in enumerate(zip(x, y)):\n  layer$(i + 1): relu\n"
    assert data_of(text) == {"for i, (a, b) in enumerate(zip(x, y))": {"layer$(i + 1)": "relu"}}


def test_equal_for_keys_are_kept_apart_by_spaces() -> None:
    data, source, diagnostics = load("for k in x: {a: relu}\nfor k in x: {b: gelu}\n", "f.yaml")
    assert diagnostics == []
    assert data == {"for k in x": {"a": "relu"}, "for k in x ": {"b": "gelu"}}
    assert source.key(("for k in x ",)).line == 2


SOURCE = """\
a: {b: [1, 'two', f(x)], c: 0x10}
list:
  - x
  - y: "q\\"r"
    z: |
      text

# a comment
last: = bn3 + downsample
"""


def cut(span: Span) -> str:
    """What stands at a span of the source."""
    lines = SOURCE.splitlines(keepends=True)[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    return "".join(lines)[span.column - 1 :]


@pytest.mark.parametrize(
    ("path", "span", "text"),
    [
        (("a",), (1, 4, 1, 34), "{b: [1, 'two', f(x)], c: 0x10}"),
        (("a", "b", 1), (1, 12, 1, 17), "'two'"),
        (("a", "b", 2), (1, 19, 1, 23), "f(x)"),
        (("list",), (3, 3, 6, 11), '- x\n  - y: "q\\"r"\n    z: |\n      text'),
        (("list", 1, "y"), (4, 8, 4, 14), '"q\\"r"'),
        (("list", 1, "z"), (5, 8, 6, 11), "|\n      text"),
        (("last",), (9, 7, 9, 25), "= bn3 + downsample"),
    ],
)
def test_values_have_exact_spans(path: Any, span: Any, text: str) -> None:
    source = load(SOURCE, "f.yaml")[1]
    assert source.value(path) == ("f.yaml", *span)
    assert cut(source.value(path)) == text
    assert source.values[path] == source.value(path)


def test_keys_have_exact_spans() -> None:
    source = load(SOURCE, "f.yaml")[1]
    assert source.key(("a", "c")) == ("f.yaml", 1, 26, 1, 27)
    assert source.key(("list", 1, "z")) == ("f.yaml", 5, 5, 5, 6)
    assert source.keys[("last",)] == ("f.yaml", 9, 1, 9, 5)


def test_unknown_paths_give_the_deepest_place_there_is() -> None:
    source = load(SOURCE, "f.yaml")[1]
    assert source.value(("a", "b", 7, "x")) == source.value(("a", "b"))
    assert source.key(("list", 0, "nothing")) == source.value(("list", 0))
    assert source.value(("nothing",)).line == 1


def test_scalars_can_be_read_as_they_are_written() -> None:
    source = load("a: 0x10\nb: 1e3\nc: {}\n", "f.yaml")[1]
    assert (source.scalar_text(("a",)), source.scalar_text(("b",))) == ("0x10", "1e3")
    with pytest.raises(KeyError):
        source.scalar_text(("c",))


@pytest.mark.parametrize(
    "written",
    [
        "one two",
        "'it''s two'",
        '"q\\"\\x41 \\u00e9 two"',
        "one\n  and two",
        "|\n  one\n  two\n",
        ">\n  one\n\n  two\n",
        "'é ü two'",
    ],
)
def test_places_inside_a_scalar(written: str) -> None:
    data, source, _ = load(f"key: {written}", "f.yaml")
    value = data["key"]
    start = value.index("two")
    span = source.within(("key",), start, start + 3)
    line = f"key: {written}".splitlines()[span.line - 1]
    assert span.line == span.end_line and line[span.column - 1 : span.end_column - 1] == "two"


@given(st.text(alphabet="ab \n'\"\\é(:", min_size=1, max_size=30), st.sampled_from(["'", '"', "|", ">", None]))
def test_every_character_of_a_value_is_found_in_the_source(value: str, style: str | None) -> None:
    text = yaml.safe_dump({"key": value}, default_style=style, allow_unicode=True, width=12)
    data, source, diagnostics = load(text, "f.yaml")
    assert diagnostics == [] and list(data.values()) == [value]
    lines = text.splitlines()
    for place, character in enumerate(value):
        if character.isspace() or character in "'\"\\":
            continue
        span = source.within(("key",), place, place + 1)
        assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == character


def test_places_inside_a_key() -> None:
    source = load("a:\n  for i in nope: relu\n", "f.yaml")[1]
    assert source.within_key(("a", "for i in nope"), 9, 13) == ("f.yaml", 2, 12, 2, 16)


# --- what the language refuses --------------------------------------------------------------------


def test_a_duplicate_key_names_both_lines_and_keeps_the_first() -> None:
    data, _, (found,) = load("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert data == {"a": 1, "b": 2}
    assert (found.code, found.message) == ("duplicate-key", "duplicate key `a`: it is already on line 1")
    assert [note.value for note in found.notes] == ["line 1", "line 3"]
    assert place(found) == (3, 1, 3, 2)


@pytest.mark.parametrize(
    ("text", "word", "span"),
    [
        ("a: &x 1", "anchors", (1, 4, 1, 6)),
        ("a: *x", "aliases", (1, 4, 1, 6)),
        ("a: !!str 1", "tags", (1, 4, 1, 9)),
        ("a: !x {b: 1}", "tags", (1, 4, 1, 6)),
        ("<<: {a: 1}", "merge keys", (1, 1, 1, 3)),
        ("[a, b]: 1", "a list or mapping cannot be a key", (1, 1, 1, 7)),
        ("a: 1\n---\nb: 2", "one document", (2, 1, 2, 4)),
    ],
)
def test_features_of_yaml_that_the_language_lacks(text: str, word: str, span: Any) -> None:
    found = only(text)
    assert found.code == "yaml-feature" and word in found.message and found.hint
    assert place(found) == span


def test_all_such_mistakes_come_at_once() -> None:
    codes = [found.code for found in load("a: &x 1\nb: *x\na: !t 2\n<<: {}\n", "f.yaml")[2]]
    assert codes == ["yaml-feature", "yaml-feature", "yaml-feature", "duplicate-key", "yaml-feature"]


def test_an_alias_bomb_is_refused_without_expanding_it() -> None:
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    data, _, diagnostics = load("\n".join(["a0: &a0 [x]", *levels]), "f.yaml")
    assert data["a8"] == [None] * 9
    assert {found.code for found in diagnostics} == {"yaml-feature"}


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000])
def test_deep_nesting_stops(text: str) -> None:
    assert only(text).code == "too-deep"


def test_nesting_up_to_the_limit_is_read() -> None:
    assert data_of("[" * MAX_NESTING + "]" * MAX_NESTING)
    assert only("[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1)).code == "too-deep"


def test_large_texts_stop() -> None:
    assert only("#" * (Limits().characters + 1)).code == "file-too-large"


# --- expressions that flow style breaks -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{op: x, out: make_divisible(32, 8)}", {"op": "x", "out": "make_divisible(32, 8)"}),
        ("{out: f(1, 2, 3), op: x}", {"out": "f(1, 2, 3)", "op": "x"}),
        ("{a: f(x, y) if z else g(p, q), b: 1}", {"a": "f(x, y) if z else g(p, q)", "b": 1}),
        ("{for i, n in enumerate(x): y}", {"for i, n in enumerate(x)": "y"}),
        ("{for i in range(1, 3): x, c: d}", {"for i in range(1, 3)": "x", "c": "d"}),
        ("{for i, (a, b) in e(f(x, y)): y}", {"for i, (a, b) in e(f(x, y))": "y"}),
        ("[for i, n in e(x): y, z]", [{"for i, n in e(x)": "y"}, "z"]),
        ("{a: max(1,\n  2)}", {"a": "max(1, 2)"}),
    ],
)
def test_broken_pieces_are_reported_once_and_put_together(text: str, data: Any) -> None:
    found, _, diagnostics = load(text, "f.yaml")
    assert found == data
    assert [each.code for each in diagnostics] == ["flow-syntax"]
    assert "quote it" in (diagnostics[0].hint or "")


def test_broken_pieces_have_their_whole_span() -> None:
    found = only("{op: conv2d, out_channels: make_divisible(32, 8)}")
    assert place(found) == (1, 28, 1, 49)
    assert found.hint == 'inside {...} quote it: `"make_divisible(32, 8)"`, or write the node over several lines'


def test_equal_pieces_are_no_duplicate_keys() -> None:
    data, _, diagnostics = load("{a: f(1, 1), b: g(1, 1)}", "f.yaml")
    assert data == {"a": "f(1, 1)", "b": "g(1, 1)"}
    assert [found.code for found in diagnostics] == ["flow-syntax"] * 2


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("a: {b: c[i], d: e}", "c[i]"),
        ("{a: x[:, 1]}", "x[:, 1]"),
        ("{a: x[1:], b: 2}", "x[1:]"),
        ("{a: (sum(depths[:i]) + k)}", "(sum(depths[:i]) + k)"),
        ("{a: f(x, y=[1, 2]), b: 3}", "f(x, y=[1, 2])"),
        ("{a: max(1, e[i]), b: 3}", "max(1, e[i])"),
        ("[a, b[i], c]", "b[i]"),
        ("a: [x[i] for i in y]", "x[i] for i in y"),
    ],
)
def test_brackets_inside_brackets(text: str, expression: str) -> None:
    found = only(text)
    assert found.code == "flow-syntax" and f"`{expression}`" in found.message
    _, start, _, end = place(found)
    assert text[start - 1 : end - 1] == expression


def test_lists_keep_their_pieces() -> None:
    # The items of a list in an expression field are joined before parsing.
    assert data_of("pad: [0, min(a, b)]") == {"pad": [0, "min(a", "b)"]}


# --- malformed YAML -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "span"),
    [
        ("a:\n\tb: c", "a tab in the indentation", (2, 1, 2, 2)),
        ("a: b\n\tc", "a tab in the indentation", (2, 1, 2, 2)),
        ("a:b\nc: d", "no space after the colon in `a:b`", (1, 1, 1, 4)),
        ("x: 1\na:b\nc: d", "no space after the colon in `a:b`", (2, 1, 2, 4)),
        ("{a:b, c: d}", "no space after the colon in `a:b`", (1, 2, 1, 5)),
        ("a: b: c", "a second `: ` on one line", (1, 5, 1, 6)),
        ("a: [1, 2\nb: 3", "`[` is never closed", (1, 4, 1, 5)),
        ("a: {b: 1\n\nc: 3\n", "`{` is never closed", (1, 4, 1, 5)),
        ("a: 1\nb: [\n", "`[` is never closed", (2, 4, 2, 5)),
        ("a: {b: 1", "`{` is never closed", (1, 4, 1, 5)),
        ("a: [b}]", "`}` where `]` must close the `[` of column 4", (1, 6, 1, 7)),
        ("a: 'x\nb: c\n", "the quote ' is never closed", (1, 4, 1, 5)),
        ('a: "x', 'the quote " is never closed', (1, 4, 1, 5)),
        ("a: @foo", "a value cannot start with `@`", (1, 4, 1, 5)),
        ("*.bn3: x", "text cannot start with `*`", (1, 1, 1, 2)),
        ('a: "\\q"', "`\\q` is not an escape", (1, 5, 1, 7)),
        ("a: b\n c: d", "`c` is indented deeper than the line above, which already has a value", (2, 2, 2, 3)),
        ("a:\n  b: 1\n c: 2", "the indentation fits no line above", (3, 2, 3, 3)),
        ("- a\nb: c", "a key among the items of a list", (2, 1, 2, 2)),
        ("a: b\n- c", "a list item among the keys of a mapping", (2, 1, 2, 2)),
        ("a: - b", "a list item cannot start here", (1, 4, 1, 5)),
        ("a: 'b' + c", "`+ c` after the end of the value", (1, 8, 1, 9)),
        ("a: [b,, c]", "nothing stands before the comma", (1, 7, 1, 8)),
        (": b", "a key is missing before `:`", (1, 1, 1, 2)),
        ("a: \x07", "the control character U+0007 may not stand in YAML", (1, 4, 1, 5)),
        ("é: \x07", "the control character U+0007 may not stand in YAML", (1, 4, 1, 5)),
        ("a: \ud800", "half of a surrogate pair, which is not a character", (1, 4, 1, 5)),
        ("a: 1\nb", "`b` is not a key with a value", (2, 1, 2, 2)),
    ],
)
def test_malformed_yaml_in_plain_words(text: str, message: str, span: Any) -> None:
    _, _, (found,) = load(text, "f.yaml")
    assert (found.code, found.message) == ("yaml-syntax", message)
    assert place(found) == span


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: [1, 2\nb: 3", {"a": UNKNOWN, "b": 3}),
        ("a: 1\nb c\nd: 2", {"a": 1, Gap("\ue001"): None, "d": 2}),
        ("a:\n  b: 'x' y\n  c: 1\nd: 2", {"a": {"b": UNKNOWN, "c": 1}, "d": 2}),
        ("a: {b: [1, 2][0], c: 3}", {"a": {"b": "[1, 2][0]", "c": 3}}),
        ("nodes:\n  - {op: x\n  - relu", {"nodes": [UNKNOWN, "relu"]}),
        ("a:\n  - {b: x\n  - 1", {"a": UNKNOWN}),
        ("a:\n    b: 1\n  c: 2\nd: 3", {"a": {"b": 1}, "d": 3, Gap("…"): UNKNOWN}),
    ],
)
def test_what_cannot_be_read_is_marked_and_the_rest_is_read(text: str, data: Any) -> None:
    assert load(text, "f.yaml")[0] == data


def test_a_file_that_breaks_off_still_tells_what_came_before() -> None:
    codes = [found.code for found in load("a: 1\na: 2\nb: {c: f(1, 2)}\nd: [", "f.yaml")[2]]
    assert codes == ["duplicate-key", "flow-syntax", "yaml-syntax"]


@given(st.text(alphabet=st.sampled_from("ab:,[]{}()'\"- \n\t#&*!|>?%@`=\\é0<"), max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    _, source, diagnostics = load(text, "f.yaml")
    for found in diagnostics:
        assert found.span is not None and found.span.line >= 1 and found.span.column >= 1
        assert found.message and "expected <" not in found.message
    for path in source.values:
        span = source.value(path)
        assert span[1:3] <= span[3:5]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="abc xyz$(.)é", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abcx", max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(PLAIN, st.booleans())
def test_agrees_with_pyyaml_where_both_versions_agree(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    data, source, diagnostics = load(text, "f.yaml")
    if all(found.code != "flow-syntax" for found in diagnostics):
        assert data == value and diagnostics == []
    assert set(source.keys) <= set(source.values)
