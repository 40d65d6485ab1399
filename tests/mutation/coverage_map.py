"""Which tests run which lines, and how long each takes."""

from __future__ import annotations

import ast
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import coverage
import pytest

from tests.mutation.mutants import ROOT

SUITE: Final = (
    "tests/elaboration", "tests/ops", "tests/measures", "tests/compiler", "tests/report", "tests/generators",
    "tests/reliability",
    *sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/test_*.py")),
)  # fmt: skip
"""The quick tests near the code that is changed; those of figures, the viewer and whole networks stand far from it."""
_LEFT_OUT: Final = ("test_packaging", "test_docs", "test_zoo_page", "test_gallery_page", "test_timing", "test_cli")


class _Watcher:
    """Names the test that runs, for coverage, and keeps how long it took."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.coverage = measured
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        yield
        self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = self.seconds.get(report.nodeid, 0.0) + report.duration
        self.seconds[report.nodeid] = seconds if report.passed else float("inf")


def keep_map(targets: list[Path], file: Path) -> None:
    file.write_text(json.dumps(_measured(targets)))


def _measured(targets: list[Path]) -> dict[str, Any]:
    """Runs the quick tests once. Tests that fail or are skipped are left out."""
    measured = coverage.Coverage(data_file=None, include=[str(ROOT / file) for file in targets], config_file=False)
    watcher = _Watcher(measured)
    measured.start()
    suite = [path for path in SUITE if (ROOT / path).exists() and not any(name in path for name in _LEFT_OUT)]
    pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", *suite], plugins=[watcher])
    measured.stop()
    data = measured.get_data()
    seconds = {test: taken for test, taken in watcher.seconds.items() if taken != float("inf")}
    lines: dict[str, dict[int, list[str]]] = {}
    for file in data.measured_files():
        relative = str(Path(file).relative_to(ROOT))
        lines[relative] = {
            line: [test for test in tests if test in seconds] for line, tests in data.contexts_by_lineno(file).items()
        }
    return {"seconds": seconds, "lines": lines}


@dataclass(frozen=True)
class Tests:
    """Tests by line; for a line that runs at import, for which one test happens to be the first, those of its file."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]] = field(repr=False)

    def of(self, file: str, line: int, budget: float) -> list[str]:
        """The tests of a line, its own file's first, the quickest first, as many as the budget of seconds allows."""
        by_line = self.lines.get(file, {})
        inside = line in _inside(file)
        tests = (inside and by_line.get(line)) or sorted({test for found in by_line.values() for test in found})
        near = f"test_{Path(file).stem}."
        chosen: list[str] = []
        for test in sorted(tests, key=lambda each: (near not in each, self.seconds[each])):
            budget -= self.seconds[test]
            if budget < 0:
                break
            chosen.append(test)
        return chosen


@cache
def _inside(file: str) -> frozenset[int]:
    """The lines of a file that run when a function is called."""
    functions = [
        node for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]  # fmt: skip
    bodies = [each.body if isinstance(each.body, list) else [each.body] for each in functions]
    return frozenset(
        line for body in bodies for line in range(body[0].lineno, (body[-1].end_lineno or body[-1].lineno) + 1)
    )


def covered(kept: dict[str, Any]) -> Tests:
    lines = {file: {int(line): tests for line, tests in found.items()} for file, found in kept["lines"].items()}
    return Tests(kept["seconds"], lines)


@contextlib.contextmanager
def quiet(file: Path) -> Iterator[None]:
    """What is printed goes to a file."""
    with file.open("w") as stream, contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield
    sys.stdout.flush()
