"""Nothing but the functions of `spelling` makes code of a spec's texts, by walking the code that prints."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import archdsl_torch
from tests.compiler.flow import Flow, Violation, imported, public

FOLDER = Path(archdsl_torch.__file__).parent
MODULES = imported(FOLDER, "writing/codegen.py")
SPELLING = MODULES.pop("lowering/spelling.py")
SAFE = frozenset(public(SPELLING))
PLAIN = frozenset(("dotted",))
"""Gives text of the spec, and no code."""


def found(modules: dict[str, ast.Module]) -> Flow:
    flow = Flow(modules, SAFE, PLAIN)
    flow.run()
    return flow


FLOW = found(MODULES)
SITES = sorted(each for each in FLOW.spelled if each.code.partition("(")[0] not in PLAIN)


def test_only_spelling_makes_code_of_text() -> None:
    assert not FLOW.violations


def test_texts_reach_what_prints() -> None:
    """The walk sees them: each kind of text is spelled somewhere, in many places."""
    assert len(MODULES) > 20 and len(SITES) >= 30
    said = " ".join(each.code for each in SITES)
    for text in (
        "graph.name",
        "graph.summary",
        "graph.overrides",
        "unit.name",
        "step.key",
    ):
        assert text in said


class _Leak(ast.NodeTransformer):
    """Puts the arguments of one safe call into an f-string."""

    def __init__(self, site: Violation) -> None:
        self.site = site
        self.done = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if node.lineno == self.site.line and ast.unparse(node) == self.site.code:
            self.done += 1
            given = [each.value if isinstance(each, ast.Starred) else each for each in node.args]
            parts: list[ast.expr] = [ast.FormattedValue(each, -1) for each in given]
            return ast.copy_location(ast.fix_missing_locations(ast.JoinedStr(parts, lineno=node.lineno)), node)
        self.generic_visit(node)
        return node


@pytest.mark.parametrize(
    "number", [n if n % 6 == 0 else pytest.param(n, marks=pytest.mark.slow) for n in range(len(SITES))]
)
def test_text_that_is_not_spelled_is_found(number: int) -> None:
    """Each call of a safe function is needed: with an f-string in its place the walk objects."""
    site = SITES[number]
    leak = _Leak(site)
    tree = leak.visit(ast.parse((FOLDER / site.file).read_text("utf-8")))
    assert leak.done
    flow = found({**MODULES, site.file: ast.fix_missing_locations(tree)})
    assert any(each.file == site.file for each in flow.violations)


@pytest.mark.parametrize(
    "body",
    [
        "return f'self.{node.name} = '",
        "return 'self.' + node.name",
        "return 'self.%s' % node.name",
        "return '.'.join(['self', node.name])",
        "return 'self.{}'.format(node.name)",
        "return 'self.@'.replace('@', node.name)",
        "name = node.name\n    return f'{name}'",
        "text = ''\n    text += f'{node.note}'\n    return text",
        "return [f'{key}' for key in scope.children]",
        "return [f'{key}=' for key, value in graph.inputs.items()]",
        "for key in graph.overrides:\n        yield f'{key}'",
        "for number, (key, _) in enumerate(scope.outputs.items()):\n        yield f'{key}'",
        "return helper(node.path)",
        "return ''.join(map(str, [node.name]))",
        "return f'{node.name.lower()}' if node.name else ''",
        "if (name := node.name):\n        return f'{name}'",
        "return f'{node.name if node else 1}'",
        "a, b = 1, node.name\n    return f'{b}'",
        "match = PATTERN.fullmatch(node.name)\n    return f'{match.group(1)}'",
    ],
)
def test_each_way_of_building_a_string_is_seen(body: str) -> None:
    code = (
        f"def prints(node, scope, graph) -> str:\n    {body}\n\ndef helper(text: str) -> str:\n    return f'{{text}}'\n"
    )
    assert found({"prints.py": ast.parse(code)}).violations


@pytest.mark.parametrize(
    "body",
    [
        "return literal(node.name)",
        "return f'{literal(node.name)}'",
        "return f'{len(node.name)}'",
        "return f'{node.name == 1}'",
        "raise ValueError(f'{node.name}')",
        "return f'{node.op.name}'",
        "return dotted(node.path, node.name)",
    ],
)
def test_what_is_spelled_or_no_text_passes(body: str) -> None:
    code = f"def prints(node, scope, graph) -> str:\n    {body}\n"
    assert not found({"prints.py": ast.parse(code)}).violations
