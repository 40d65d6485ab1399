"""Rules of form: files and functions that fit, and a test file for every module, or the reason why not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE, FUNCTION = 400, 40
"""Lines that a file and a function have at most."""
ROOT_MODULES = 6
"""Modules beside the packages of `archdsl/`, at most."""
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("archdsl", "compiler", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "golden" not in path.parts
)

TESTS_OF = {"archdsl": "tests", "compiler/archdsl_torch": "tests/compiler"}
"""By package: the folder that mirrors it."""
HELD_BY = {
    # the public functions, each of which hands on to a room of its own
    "tests/test_api.py": ("archdsl/porting.py",),
    "tests/compiler/importing/test_stubs.py": ("archdsl/ir/unwritten.py",),
    # how a call is said is seen in what is built of it
    "tests/compiler/importing/test_places.py": ("compiler/archdsl_torch/importing/drafts.py",),
    "tests/compiler/importing/test_calls.py": (
        "archdsl/ir/modules.py", "compiler/archdsl_torch/importing/fitting.py",
        "compiler/archdsl_torch/importing/ops/*", "compiler/archdsl_torch/importing/rules.py",
        "compiler/archdsl_torch/importing/said.py",
    ),
    # whether a network is a module: seen in what is told of planted mistakes
    "tests/compiler/verifying/test_verify.py": (
        "archdsl/comparison/verification.py", "compiler/archdsl_torch/verifying/*",
        "compiler/archdsl_torch/weights/naming.py",
    ),
    "tests/compiler/importing/test_writes.py": ("compiler/archdsl_torch/importing/patches.py",),
    # weights in an edited network: what is carried, fitted and zero is seen in its values
    "tests/compiler/weights/test_transferring.py": (
        "archdsl/ir/transfer.py", "compiler/archdsl_torch/weights/channels.py",
        "compiler/archdsl_torch/weights/ops/*",
    ),
    "tests/compiler/weights/test_adapting.py": ("compiler/archdsl_torch/weights/fitting.py",),
    "tests/compiler/packaging/test_package.py": (
        "archdsl/ir/packages.py", "compiler/archdsl_torch/writing/annotations.py",
    ),
    # what a line says of a size that cannot vary, and that exporters say nothing
    "tests/compiler/exports/test_program.py": (
        "compiler/archdsl_torch/exports/quiet.py", "compiler/archdsl_torch/exports/reasons.py",
    ),
    "tests/compiler/exports/test_targets.py": ("archdsl/ir/exports.py",),
    # every pass must keep the network: seen in what its text elaborates to
    "tests/unparsing/test_round_trip.py": ("archdsl/unparsing/*",),
    "tests/rewriting/test_rearranging.py": ("archdsl/rewriting/*", "archdsl/measures/regrouping.py"),
    # one command is one call of several of these
    "tests/cli/test_commands.py": ("archdsl/cli/*", "compiler/archdsl_torch/trial.py"),
    # a comparison is told, drawn and written as data: seen in what it says
    "tests/comparison/test_text.py": (
        "archdsl/comparison/blocks.py", "archdsl/comparison/data.py", "archdsl/comparison/details.py",
        "archdsl/comparison/difference.py", "archdsl/comparison/groups.py", "archdsl/comparison/likeness.py",
        "archdsl/comparison/remarks.py",
    ),
    "tests/comparison/test_figure.py": (
        "archdsl/comparison/gone.py", "archdsl/comparison/marks.py", "archdsl/figure/differences.py",
        "archdsl/figure/marks.py",
    ),
    # values that others are made of, and the exception of the public functions
    "tests/diagnostics/test_rendering.py": ("archdsl/diagnostics/diagnostic.py", "archdsl/diagnostics/spec_error.py"),
    # a bad file and the text that it must give, or what the next file after a mistake says
    "tests/test_invalid_specs.py": (
        "archdsl/document/otherkeys.py", "archdsl/document/syntax.py", "archdsl/elaboration/empty_loops.py",
        "archdsl/elaboration/knowing.py", "archdsl/elaboration/makers.py", "archdsl/elaboration/misnamed.py",
        "archdsl/elaboration/mistakes.py", "archdsl/elaboration/outside.py", "archdsl/elaboration/sources.py",
        "archdsl/elaboration/unfound.py", "archdsl/text/lookalikes.py",
    ),
    "tests/document/test_loader.py": (
        "archdsl/document/brackets.py", "archdsl/document/mending.py", "archdsl/document/positions.py",
        "archdsl/document/unknown.py", "archdsl/text/placeholders.py",
    ),
    "tests/elaboration/test_own.py": ("archdsl/elaboration/elements.py",),
    "tests/document/test_inherit.py": (
        "archdsl/document/layers.py", "archdsl/document/origins.py", "archdsl/document/resolved.py",
    ),
    "tests/document/test_patching.py": ("archdsl/document/dotted.py",),
    "tests/document/test_checked.py": ("archdsl/document/misfits.py", "archdsl/document/model.py"),
    "tests/document/test_reach.py": ("archdsl/text/ordinary.py",),
    # the parts of one walk: what they do is a graph, or a mistake
    "tests/elaboration/test_language.py": (
        "archdsl/document/nodes.py", "archdsl/document/substitution.py",
        "archdsl/document/template.py", "archdsl/elaboration/analyse.py",
        "archdsl/elaboration/arguments.py", "archdsl/elaboration/catalogue.py", "archdsl/elaboration/fields.py",
        "archdsl/elaboration/finish.py", "archdsl/elaboration/inputs.py", "archdsl/elaboration/turns.py",
        "archdsl/elaboration/scopes.py", "archdsl/elaboration/walk.py",
    ),
    # a graph as JSON: what is written comes back equal, and what a stranger wrote is told
    "tests/ir/exchange/test_round_trip.py": (
        "archdsl/ir/exchange/codec.py", "archdsl/ir/exchange/ops.py", "archdsl/ir/exchange/parts.py",
        "archdsl/ir/exchange/values.py", "archdsl/ir/exchange/writing.py",
    ),
    "tests/ir/exchange/test_strangers.py": (
        "archdsl/ir/exchange/checking.py", "archdsl/ir/exchange/error.py", "archdsl/ir/exchange/reading.py",
    ),
    # what is left of a network, and what its outputs are
    "tests/ir/selection/test_choosing.py": (
        "archdsl/ir/needed.py", "archdsl/ir/selection/copying.py", "archdsl/ir/selection/error.py",
        "archdsl/ir/selection/places.py",
    ),
    "tests/ir/selection/test_features.py": ("archdsl/ir/selection/levels.py",),
    "tests/ir/test_graph.py": ("archdsl/ir/batch.py", "archdsl/ir/exchange/nets.py"),
    "tests/elaboration/test_nodes.py": (
        "archdsl/elaboration/applying.py", "archdsl/elaboration/entering.py", "archdsl/elaboration/frames.py",
        "archdsl/ops/apply.py",
        "archdsl/elaboration/modes.py", "archdsl/elaboration/placing.py", "archdsl/elaboration/reading.py",
    ),
    "tests/elaboration/test_sites.py": ("archdsl/ir/sites.py",),
    "tests/elaboration/test_groups.py": ("archdsl/document/splices.py", "archdsl/elaboration/splicing.py"),
    "tests/elaboration/test_scan.py": ("archdsl/elaboration/scan_reading.py",),
    # what an expression is worth, and what is said of one that is worth nothing
    "tests/expressions/test_values.py": (
        "archdsl/expressions/calls.py", "archdsl/expressions/compiled.py", "archdsl/expressions/functions.py",
        "archdsl/expressions/parts.py",
    ),
    "tests/expressions/test_tree.py": ("archdsl/expressions/printer.py",),
    "tests/expressions/test_expressions.py": ("archdsl/expressions/error.py", "archdsl/expressions/tokens.py"),
    # the parts of one figure
    "tests/figure/test_outline.py": (
        "archdsl/figure/boxes.py", "archdsl/figure/elements.py", "archdsl/figure/figure.py", "archdsl/figure/flow.py",
        "archdsl/figure/grouping.py", "archdsl/figure/lanes.py", "archdsl/figure/links.py", "archdsl/figure/scans.py",
        "archdsl/figure/repeats.py", "archdsl/figure/routing.py", "archdsl/figure/standing.py",
        "archdsl/figure/wording.py",
    ),
    # a theme: its file, and what its figure shows
    "tests/theming/test_reading.py": ("archdsl/theming/*",),
    "tests/figure/test_theme.py": (
        "archdsl/figure/contrast.py", "archdsl/figure/hiding.py", "archdsl/figure/presenting.py",
    ),
    "tests/figure/test_given.py": ("archdsl/figure/masks.py", "archdsl/figure/sources.py"),
    "tests/figure/test_idioms.py": ("archdsl/figure/projections.py", "archdsl/figure/tensors.py"),
    "tests/figure/test_view.py": (
        "archdsl/figure/errors.py", "archdsl/figure/opening.py", "archdsl/figure/paths.py",
    ),
    "tests/drawing/test_sheet.py": ("archdsl/figure/distinct.py", "archdsl/figure/alignment.py"),
    # where things are in a picture, and that no text of a spec says more than itself
    "tests/drawing/test_layout.py": ("archdsl/drawing/labels.py", "archdsl/drawing/settle.py"),
    "tests/drawing/test_geometry.py": ("archdsl/drawing/metrics.py",),
    "tests/drawing/test_detours.py": ("archdsl/drawing/streets.py",),
    "tests/drawing/test_rendering.py": (
        "archdsl/drawing/painting.py", "archdsl/drawing/svg.py", "archdsl/drawing/worker.py", "archdsl/formats.py",
    ),
    "tests/drawing/test_dot.py": ("archdsl/drawing/faces.py", "archdsl/drawing/markup.py"),
    "tests/drawing/test_tikz.py": ("archdsl/drawing/latex.py", "archdsl/drawing/tikz_preamble.py"),
    "tests/figure/test_colours.py": ("archdsl/drawing/legend.py",),
    "tests/figure/test_volumes.py": ("archdsl/figure/extents.py",),
    # the parts of a picture of volumes: what stands where, and the same in every format
    "tests/drawing/test_volumes.py": (
        "archdsl/drawing/canvas.py", "archdsl/drawing/courses.py", "archdsl/drawing/grid.py",
        "archdsl/drawing/solids.py", "archdsl/drawing/stands.py", "archdsl/drawing/strips.py",
        "archdsl/drawing/tikz_volumes.py",
    ),
    "tests/drawing/test_pages.py": ("archdsl/drawing/binding.py", "archdsl/drawing/wrapping.py"),
    "tests/drawing/test_slides.py": ("archdsl/drawing/forms.py", "archdsl/drawing/ooxml.py"),
    "tests/drawing/test_mermaid.py": ("archdsl/drawing/identifiers.py",),
    "tests/sweeping/test_sweep.py": ("archdsl/sweeping/trials.py",),
    "tests/sweeping/test_plot.py": ("archdsl/sweeping/axis.py",),
    "tests/report/test_report.py": ("archdsl/report/*", "archdsl/words/quantities.py"),
    "tests/test_hostile.py": ("archdsl/text/plain_text.py",),
    "tests/viewer/test_page.py": (
        "archdsl/viewer/content.py", "archdsl/viewer/drawn.py", "archdsl/viewer/figures.py", "archdsl/viewer/html.py",
        "archdsl/viewer/modules.py", "archdsl/viewer/paints.py", "archdsl/viewer/excerpts.py",
    ),
    "tests/viewer/test_live.py": ("archdsl/viewer/watching.py",),
    # what has a test for each of its kind: ops, and what mirrors them
    "tests/ops/test_catalogue.py": ("archdsl/ops/*", "compiler/archdsl_torch/ops/*", "compiler/*/lowering/base.py"),
    "tests/ops/test_mirrors.py": ("archdsl/words/ops/*",),
    "tests/measures/test_memory.py": ("archdsl/measures/ops/*", "archdsl/measures/rules.py"),
    "tests/report/test_memory.py": ("archdsl/measures/formulas.py",),
    "tests/ops/test_overwriting.py": ("archdsl/ir/overwriting.py",),
    "tests/words/test_titles.py": ("archdsl/words/naming.py",),
    "tests/elaboration/test_language_values.py": ("archdsl/ir/initialise.py",),
    "tests/elaboration/test_published.py": ("archdsl/ir/renaming.py", "archdsl/ir/weights.py"),
    "tests/compiler/test_names.py": ("archdsl/text/names.py", "compiler/archdsl_torch/planning/survey.py"),
    # the parts of the compiler: what they do is a source, which is read, run and compared for each construct
    "tests/compiler/writing/test_constructs.py": (
        "compiler/archdsl_torch/planning/*", "compiler/archdsl_torch/writing/*",
    ),
    "tests/compiler/lowering/test_walking.py": ("compiler/archdsl_torch/lowering/tree.py",),
    "tests/compiler/lowering/test_makings.py": ("compiler/archdsl_torch/lowering/formulas.py",),
    "tests/compiler/test_together.py": ("compiler/archdsl_torch/seeding.py",),
    "tests/compiler/weights/test_hostile_weights.py": (
        "compiler/archdsl_torch/weights/archives.py", "compiler/archdsl_torch/weights/unpickling.py",
    ),
}  # fmt: skip
"""Modules that have no test file of their stem: by the tests that hold them, since what they do is seen only there."""


BOTH_TREES = "the same construct in a spec's expression and in printed code"
TWICE = {
    **dict.fromkeys(("Attribute", "Call", "Comprehension", "Loop", "Subscript", "Target"), BOTH_TREES),
    "Code": "the compiler's trees, and what kind a mistake is, which users read as `code`",
    "Resize": "a section of a spec as it is written, and as the graph holds it",
}
"""Names of classes and types that stand twice: why."""


@cache
def parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_files_fit() -> None:
    lengths = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > FILE} == {}


def test_the_root_shows_the_pipeline_and_little_else() -> None:
    modules = {path.stem for path in (ROOT / "archdsl").glob("*.py")} - {"__init__", "__main__"}
    assert len(modules) <= ROOT_MODULES, modules


def test_functions_fit() -> None:
    found = {}
    for path in SOURCES:
        for function in functions(parsed(path)):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > FUNCTION and not _is_table(function):
                found[f"{path}: {function.name}"] = length
    assert found == {}


def _is_table(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function is one value, written out, or one `match` with a case for each class, and small helpers."""
    *before, last = function.body
    plain = all(isinstance(part, ast.Expr | ast.Assign | ast.FunctionDef) for part in before)
    return len(before) < 5 and plain and isinstance(last, ast.Return | ast.Match)


@cache
def modules_without_tests() -> tuple[str, ...]:
    """The modules with a function and without a test file of their stem in the folder that mirrors theirs."""
    return tuple(_without_tests())


def _without_tests() -> Iterator[str]:
    for package, tests in TESTS_OF.items():
        for path in sorted((ROOT / package).rglob("*.py")):
            inside = path.relative_to(ROOT / package)
            test = ROOT / tests / inside.with_name(f"test_{path.name}")
            own = test.exists() or path.stem.startswith("__")
            if not own and any(functions(parsed(path.relative_to(ROOT).as_posix()))):
                yield path.relative_to(ROOT).as_posix()


def test_every_module_has_a_test_file_or_tests_that_hold_it() -> None:
    patterns = [pattern for held in HELD_BY.values() for pattern in held]
    assert [path for path in modules_without_tests() if not any(fnmatch(path, each) for each in patterns)] == []


def test_the_tests_that_hold_others_are_there_and_so_are_these() -> None:
    assert [path for path in HELD_BY if not (ROOT / path).exists()] == []
    patterns = [pattern for held in HELD_BY.values() for pattern in held]
    assert [pattern for pattern in patterns if not any(ROOT.glob(pattern))] == []


def named(tree: ast.Module, *, ops: bool) -> Iterator[str]:
    """The classes and type aliases that a module names for others; an op's class is called what torch calls it."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                said = {ast.unparse(target) for part in node.body for target in _assigned(part)}
                if not (ops and "name" in said):
                    yield name
            case ast.Assign() | ast.AnnAssign():
                yield from (word for word in map(ast.unparse, _assigned(node)) if re.fullmatch(r"[A-Z]+[a-z]\w*", word))


def _assigned(node: ast.stmt) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []


def test_a_class_has_a_name_of_its_own() -> None:
    places: dict[str, list[str]] = {}
    for path in SOURCES:
        if not path.startswith("tests/"):
            for name in named(parsed(path), ops=path.startswith("archdsl/ops/")):
                places.setdefault(name, []).append(path)
    twice = {name: found for name, found in places.items() if len(found) > 1 and not name.startswith("_")}
    assert {name: found for name, found in twice.items() if name not in TWICE} == {}
    assert [name for name in TWICE if name not in twice] == [], "this name stands once"
