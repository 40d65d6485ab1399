"""What the program decides, it decides on data: no branch looks at the words of a message."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = {"message", "hint", "msg"}
"""What holds words for the user: attributes, and keys of pydantic's errors."""
LOOKS = {"startswith", "endswith", "removeprefix", "removesuffix", "find", "index", "split", "partition", "count"}
LOOKS |= {"match", "search", "fullmatch"}


def says(tree: ast.AST) -> bool:
    """Whether the words of a message stand somewhere in an expression."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in WORDS)
        or (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in WORDS)
        or (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "str"
            and "error" in " ".join(map(ast.unparse, node.args))
        )
        for node in ast.walk(tree)
    )


def looks(tree: ast.AST) -> Iterator[str]:
    """The expressions that look for words in a message, or compare it with others than None."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.Is | ast.IsNot):
            if any(map(says, (node.left, *node.comparators))):
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
            given = [node.func.value, *node.args] if node.func.attr in ("match", "search", "fullmatch") else []
            if any(map(says, given or [node.func.value])):
                yield ast.unparse(node)


@pytest.mark.parametrize("text", [
    'if "left out" in error.message: pass',
    'error.message.startswith("unknown name")',
    'f"unknown name `{name}`" == error.message',
    'lower = "lower" in found["msg"]',
    're.search("run time", error.message)',
])  # fmt: skip
def test_looking_is_seen(text: str) -> None:
    assert [*looks(ast.parse(text))]


@pytest.mark.parametrize("folder", ["archdsl", "compiler"])
def test_no_branch_looks_at_words(folder: str) -> None:
    files = [*(ROOT / folder).rglob("*.py")]
    assert files
    found = {path.name: seen for path in files if (seen := [*looks(ast.parse(path.read_text("utf-8")))])}
    assert found == {}
