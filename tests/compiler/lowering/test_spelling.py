"""Texts of a spec as literals, comments, docstrings and identifiers of Python."""

from __future__ import annotations

import ast
import io
import math
import shlex
import tokenize
from keyword import iskeyword
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archdsl_torch.lowering.spelling import (
    attribute,
    camel,
    command,
    comment,
    docstring,
    identifier,
    literal,
    numbered,
    output_name,
    sentences,
    variable,
    word,
)
from tests.hostile_texts import HOSTILE

TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(), st.text("\"'\\\n\r{}$%\u202e\u2028ab\0"))


@given(st.recursive(st.one_of(TEXTS, st.integers(), st.booleans(), st.none()), st.lists, max_leaves=5))
@example("\\'")
@example("'\\")
def test_a_literal_is_its_value(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


@given(TEXTS)
def test_a_literal_can_be_shown(text: str) -> None:
    assert literal(text).isprintable()


def test_a_value_that_prints_itself_is_no_literal() -> None:
    class Number(float):
        def __repr__(self) -> str:
            return "__import__('os')"

    with pytest.raises(TypeError, match="no literal"):
        literal(Number(1.0))
    with pytest.raises(TypeError, match="no literal"):
        literal({"a": 1})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e-300, -0.0])
def test_numbers_that_python_spells_by_name(value: float) -> None:
    found = eval(literal(value), {"math": math})
    assert (math.isnan(found) and math.isnan(value)) or str(found) == str(value)


@given(TEXTS, TEXTS, st.integers(0, 99))
def test_a_number_between_two_texts(head: str, tail: str, number: int) -> None:
    assert eval(numbered(head, "k", tail), {"k": number}) == f"{head}{number}{tail}"


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=3))
@example([['"""']])
@example([["x"], ['"']])
@example([["\ud800"]])
def test_a_docstring_holds_its_text(lines: list[list[str]]) -> None:
    written = "\n".join(docstring(*lines))
    tree = ast.parse(written)
    (statement,) = tree.body
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    # Python 3.13 compiles no docstring with half of a pair of UTF-16
    first, *rest = ("".join(parts).encode(errors="backslashreplace").decode() for parts in lines)
    assert statement.value.value == "\n".join([first, *(line.rstrip(" ") for line in rest), *([""] if rest else [])])
    assert all(letter.isprintable() or letter == "\n" for letter in written)


@given(TEXTS)
def test_a_comment_is_one_comment(text: str) -> None:
    tokens = list(tokenize.generate_tokens(io.StringIO(f"x{comment(text)}\n").readline))
    assert [token.type for token in tokens[:3]] == [tokenize.NAME, tokenize.COMMENT, tokenize.NEWLINE]
    assert comment(text).isprintable()


@given(TEXTS, TEXTS)
def test_sentences_are_lines(summary: str, reference: str) -> None:
    for (line,) in sentences(summary, reference):
        assert "\n" not in line
    (made,) = ast.parse("\n".join(docstring(("x",), *sentences(summary, reference)))).body
    assert isinstance(made, ast.Expr) and isinstance(made.value, ast.Constant)


@given(st.one_of(TEXTS, st.from_regex(r"[A-Za-z_]\w{0,8}(-\w{1,4})?", fullmatch=True)))
@example("none")
@example("²")
@example("\ufb01")
@example("true")
@example("e\u0301")
def test_an_identifier_is_a_name(text: str) -> None:
    for spell in (identifier, output_name, variable, camel):
        name = spell(text)
        node = ast.parse(name, mode="eval").body
        assert isinstance(node, ast.Name) and node.id == name and not iskeyword(name), spell
    NamedTuple("Outputs", [(output_name(text), int)])  # type: ignore[misc]


@given(TEXTS)
def test_a_child_is_read_by_its_name(text: str) -> None:
    class Owner(dict[str, int]):
        def __getattr__(self, name: str) -> str:
            return name

    assert eval(attribute("self", text), {"self": Owner()}) == text


@given(
    st.dictionaries(st.sampled_from("abc"), st.one_of(TEXTS, st.integers(), st.lists(st.integers()))),
    st.dictionaries(st.sampled_from("de"), TEXTS.filter(bool)),
    st.booleans(),
    TEXTS,
)
def test_the_command_is_one_command(
    overrides: dict[str, Any], outputs: dict[str, str], pruned: bool, name: str
) -> None:
    words = shlex.split(command(name, overrides, outputs, pruned))
    assert words[:3] == ["archdsl", "source", name]
    settings, rest = words[3 : 3 + 2 * len(overrides)], words[3 + 2 * len(overrides) :]
    assert settings[::2] == ["-p"] * len(overrides)
    assert [word.partition("=")[0] for word in settings[1::2]] == list(overrides)
    paths = ",".join(f"{each}={path}" for each, path in outputs.items())
    assert rest == (["--outputs", paths, *([] if pruned else ["--no-prune"])] if outputs else [])


@pytest.mark.parametrize("text", ["", "a b", "a-b", "a.b", "class", "None", "1", "\ufb01", "a\n"])
def test_only_a_name_is_a_word(text: str) -> None:
    assert word("a_1") == "a_1"
    with pytest.raises(AssertionError, match="no name"):
        word(text)
