"""What newer Pythons take and older ones do not, found without running them.

Syntax and the standard library's names are held by ruff's `target-version` and mypy's `python_version`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("archdsl", "compiler/archdsl_torch")


def union_registrations(tree: ast.AST) -> Iterator[int]:
    """The lines that register a function of `singledispatch` for a union, which Python 3.10 does not take."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            yield from (mark.lineno for mark in function.decorator_list if _registers_a_union(mark, function))


def _registers_a_union(mark: ast.expr, function: ast.FunctionDef) -> bool:
    called = mark.func if isinstance(mark, ast.Call) else mark
    if not (isinstance(called, ast.Attribute) and called.attr == "register"):
        return False
    kind = mark.args[0] if isinstance(mark, ast.Call) else function.args.args[0].annotation
    return isinstance(kind, ast.BinOp | ast.Subscript)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_function_is_registered_for_a_union(package: str) -> None:
    found = [
        f"{path}:{line}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in union_registrations(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "@f.register\ndef _(op: A | B): ...",
        "@f.register\ndef _(op: Union[A, B], x): ...",
        "@f.register(A | B)\ndef _(op): ...",
    ],
)
def test_the_search_finds_each_form_of_a_union(text: str) -> None:
    assert list(union_registrations(ast.parse(text))) == [1]


def test_the_search_lets_single_classes_pass() -> None:
    assert not list(union_registrations(ast.parse("@f.register(A)\n@f.register(B)\ndef _(op: A | B): ...")))


def test_what_the_environments_run_is_there() -> None:
    """pytest runs nothing where one of the paths is gone."""
    paths = re.findall(r'"(tests/[\w/.]+)"', (ROOT / "noxfile.py").read_text("utf-8"))
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
