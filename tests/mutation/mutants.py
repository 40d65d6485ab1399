"""Changes of single lines, drawn by a seed from those that Cosmic Ray's operators can make."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

ROOT: Final = Path(__file__).resolve().parents[2]
TARGETS: Final = sorted(
    file.relative_to(ROOT)
    for pattern in (
        "archdsl/shapes.py", "archdsl/ops/*.py", "archdsl/measures/**/*.py", "archdsl/elaboration/*.py",
        "compiler/archdsl_torch/**/*.py",
    )
    for file in ROOT.glob(pattern)
)  # fmt: skip
_OPERATORS: Final = OperatorProvider()
_LEFT_OUT: Final = ("Variable", "ReplaceBinaryOperator_BitOr")
"""The first need arguments; the second make no Python of the types that nearly all `|` stand between."""


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    operator: str
    occurrence: int
    text: str = ""
    """The file's text after the change."""

    def difference(self) -> list[str]:
        before = (ROOT / self.file).read_text().splitlines()
        found = list(difflib.unified_diff(before, self.text.splitlines(), lineterm="", n=0))[3:]
        return [line for line in found if line[:1] in "+-"]


def draw(files: list[Path], count: int, seed: int) -> list[Mutant]:
    """So many changes, no two by one operator on one line; those that change nothing that runs are not drawn."""
    source = random.Random(seed)
    places = [place for file in files for place in _places(file)]
    source.shuffle(places)
    drawn: list[Mutant] = []
    seen: set[tuple[str, int, str]] = set()
    for place in places:
        if len(drawn) == count:
            break
        key = (place.file, place.line, _family(place.operator))
        if key in seen:
            continue
        seen.add(key)
        changed = _applied(place)
        if changed is not None:
            drawn.append(changed)
    return drawn


def _family(operator: str) -> str:
    return operator.split("_", maxsplit=1)[0]


def _places(file: Path) -> Iterator[Mutant]:
    tree = get_ast((ROOT / file).read_text())
    nodes = list(ast_nodes(tree))
    for name in _OPERATORS:
        if name.startswith(_LEFT_OUT):
            continue
        operator = _OPERATORS[name]()
        count = 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                yield Mutant(str(file), start[0], name, count)
                count += 1


def _applied(place: Mutant) -> Mutant | None:
    before = (ROOT / place.file).read_text()
    after: str | None = mutate_code(before, _OPERATORS[place.operator](), place.occurrence)
    if after is None:
        return None
    try:
        same = _running(before) == _running(after)
    except SyntaxError:
        return None
    return None if same else replace(place, text=after)


def _running(text: str) -> str:
    """What runs of a text: without annotations, what else speaks to the type checker alone, and documentation."""
    return ast.dump(_Running().visit(ast.parse(text)))


_FOR_CHECKERS: Final = {"final", "override"}


class _Running(ast.NodeTransformer):
    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        node.decorator_list = [each for each in node.decorator_list if ast.unparse(each) not in _FOR_CHECKERS]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        node.decorator_list = [each for each in node.decorator_list if ast.unparse(each) not in _FOR_CHECKERS]
        arguments = node.args
        for argument in (
            *arguments.args,
            *arguments.posonlyargs,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ):
            if argument is not None:
                argument.annotation = None
        return self.generic_visit(_undocumented(node))

    def visit_If(self, node: ast.If) -> Any:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if isinstance(node.annotation, ast.Subscript) and ast.unparse(node.annotation.value) in {"Final", "ClassVar"}:
            node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _undocumented(node: ast.FunctionDef) -> ast.FunctionDef:
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return node


__all__ = ["ROOT", "TARGETS", "Mutant", "draw"]
