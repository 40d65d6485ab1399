"""An import inside a function is for start-up or for what may not be installed: each has its reason here."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[1]

TORCH = "torch, which only some commands need and need not be installed"
ONNX = "what only an export to ONNX needs and need not be installed"
SLIDES = "what only slides and PDFs of several pages need and need not be installed"
PICTURES = "figures, pages, summaries and comparisons, of which a call makes one"
MISTAKES = "what tells of mistakes, or looks for them where nobody reads"
RARE = "what few specs have"
READING = "a spec is read: `import archdsl` and `--help` read none"
LIBRARY = "the standard library's, for one function"

REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    TORCH: (
        "archdsl_torch", "archdsl.ir.exports", "archdsl.ir.modules", "archdsl.ir.packages", "archdsl.ir.unwritten",
        "archdsl.ir.weights", "archdsl.porting", "huggingface_hub", "safetensors",
    ),
    ONNX: ("onnx", "onnx_ir", "onnxscript"),
    SLIDES: ("pptx", "pypdf"),
    PICTURES: (
        "archdsl.formats", "archdsl.figure", "archdsl.drawing", "archdsl.viewer", "archdsl.report",
        "archdsl.comparison", "archdsl.rewriting", "archdsl.sweeping", "archdsl.theming", "archdsl.unparsing",
        "archdsl.ir.exchange",
        "archdsl.expressions.printer", "graphviz", "pygraphviz", "networkx",
    ),
    MISTAKES: (
        "archdsl.diagnostics", "archdsl.document.mending", "archdsl.document.otherkeys", "archdsl.document.syntax",
        "archdsl.elaboration.empty_loops", "archdsl.elaboration.library", "archdsl.elaboration.makers",
        "archdsl.elaboration.misnamed", "archdsl.elaboration.outside", "archdsl.elaboration.second_look",
        "archdsl.elaboration.tracing", "archdsl.ops.othernames", "archdsl.ops.wanted", "archdsl.text.nearest",
    ),
    RARE: (
        "archdsl.document.patching", "archdsl.elaboration.modes", "archdsl.elaboration.scan",
        "archdsl.expressions", "archdsl.ir.selection", "archdsl.ops.extent", "archdsl.ops.formula",
        "archdsl.ops.installed",
    ),
    READING: (
        "archdsl.cli", "archdsl.document.files", "archdsl.document.given", "archdsl.document.inherit",
        "archdsl.document.loader", "archdsl.document.reach", "archdsl.elaboration.analyse", "archdsl.ir.graph",
        "archdsl.ops", "archdsl.text.later", "archdsl.text.ordinary", "archdsl.text.writing",
    ),
    LIBRARY: ("csv", "dataclasses", "difflib", "json", "logging", "pathlib"),
}  # fmt: skip
"""By reason: what is imported late, a package with all that is in it."""


def late(tree: ast.Module) -> Iterator[str]:
    """The modules that functions import, each as `package.module`."""
    for function in ast.walk(tree):
        for node in ast.walk(function) if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) else ():
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (_module(node.module or "", each.name) for each in node.names)


def _module(package: str, name: str) -> str:
    """`archdsl.formats` of `from archdsl import formats`, and the package where the name is no module."""
    place = ROOT.joinpath(*package.split("."))
    return f"{package}.{name}" if place.joinpath(f"{name}.py").exists() else package


FOUND: Final = {
    path.relative_to(ROOT).as_posix(): sorted({*late(ast.parse(path.read_text("utf-8")))})
    for folder in ("archdsl", "compiler")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
KNOWN: Final = {each for listed in REASONS.values() for each in listed}


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("path", [path for path, modules in FOUND.items() if modules])
def test_each_has_its_reason(path: str) -> None:
    assert [module for module in FOUND[path] if not any(is_in(module, each) for each in KNOWN)] == []


def test_no_reason_is_for_nothing() -> None:
    imported = {module for modules in FOUND.values() for module in modules}
    assert {each for each in KNOWN if not any(is_in(module, each) for module in imported)} == set()
