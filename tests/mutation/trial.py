"""One change tried: a forked process imports archdsl with it and runs the tests of its line."""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from tests.mutation.coverage_map import Tests, quiet
from tests.mutation.mutants import ROOT, Mutant

BUDGET: Final = 60.0
"""Seconds that the tests of one change take where nothing is changed."""
PATIENCE: Final = 300
"""Seconds of the processor after which a change counts as noticed: it made something endless."""
_ASLEEP: Final = 20 * PATIENCE
"""Seconds by the clock, for what waits and computes nothing; a busy machine needs many for few of its own."""
_FIRST: Final = 50
"""Tests that are tried before the others: they notice most changes, and to collect thousands takes seconds."""
MEMORY: Final = 8 << 30
RESULTS: Final = "results.jsonl"
"""The file of the verdicts, a line each."""
_QUIET: Final = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")
"""What pytest says of the modules that this process has imported before it."""


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    kind: str
    tests: int
    seconds: float


def check_control(tests: Tests, work: Path) -> None:
    """A change that changes nothing must pass, or no verdict means anything. Raises AssertionError."""
    for file in ("archdsl/shapes.py", "compiler/archdsl_torch/writing/forward.py", "archdsl/elaboration/walk.py"):
        control = Mutant(file, 0, "none", 0, (ROOT / file).read_text())
        (verdict,) = try_all([control], tests, 1, work)
        assert verdict.kind == "survived" and verdict.tests > 10, verdict


def try_all(mutants: Sequence[Mutant], tests: Tests, processes: int, work: Path) -> list[Verdict]:
    """The verdict on every change; each is also appended to a file as it comes."""
    warm_up()
    assert not any(name.split(".")[0] in {"archdsl", "archdsl_torch"} for name in sys.modules)
    running: dict[int, tuple[Mutant, int, float]] = {}
    verdicts: list[Verdict] = []
    waiting = list(reversed(mutants))
    with (work / RESULTS).open("a") as log:
        while waiting or running:
            while waiting and len(running) < processes:
                mutant = waiting.pop()
                chosen = tests.of(mutant.file, mutant.line, BUDGET)
                running[_start(mutant, chosen, work)] = (mutant, len(chosen), time.monotonic())
            pid, status = os.wait()
            mutant, count, start = running.pop(pid)
            verdict = Verdict(mutant, _kind(status, count), count, time.monotonic() - start)
            verdicts.append(verdict)
            told = {"kind": verdict.kind, "tests": count, "seconds": round(verdict.seconds, 1)}
            log.write(json.dumps(told | row_of(mutant)) + "\n")
            log.flush()
    return verdicts


def _tested(chosen: list[str]) -> int:
    """pytest's exit code, at the first failure."""
    arguments = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=line", *_QUIET, *chosen]
    return int(pytest.main(arguments)) if chosen else 0


def _kind(status: int, count: int) -> str:
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM) else "killed"
    return "survived" if os.WEXITSTATUS(status) == 0 or count == 0 else "killed"


def row_of(mutant: Mutant) -> dict[str, Any]:
    """What is written of a change."""
    return {
        "file": mutant.file, "line": mutant.line, "operator": mutant.operator, "occurrence": mutant.occurrence,
        "difference": mutant.difference(),
    }  # fmt: skip


def warm_up() -> None:
    """What every try needs and no change touches."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import hypothesis
    import networkx
    import numpy
    import pydantic
    import torch
    import torch._dynamo
    import torch.export
    import torch.fx
    import torch.utils.flop_counter
    import yaml

    del hypothesis, networkx, numpy, pydantic, torch, yaml


def _start(mutant: Mutant, chosen: list[str], work: Path) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        os.setsid()
        signal.alarm(_ASLEEP)
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        sys.meta_path.insert(0, _Finder(mutant))
        with quiet(work / f"{os.getpid()}.log"):
            code = _tested(chosen[:_FIRST]) or _tested(chosen[_FIRST:])
        (work / f"{os.getpid()}.log").unlink()
    except BaseException:
        with (work / f"{os.getpid()}.log").open("a") as stream:
            traceback.print_exc(file=stream)
    finally:
        os._exit(code)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the one changed module its changed text."""

    def __init__(self, mutant: Mutant) -> None:
        path = Path(mutant.file)
        parts = path.with_suffix("").parts
        parts = parts[1:] if parts[0] == "compiler" else parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.file = ROOT / path
        self.text = mutant.text

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        package = [str(self.file.parent)] if self.file.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            name, self.file, loader=_Changed(self), submodule_search_locations=package
        )


class _Changed(importlib.abc.Loader):
    def __init__(self, finder: _Finder) -> None:
        self.finder = finder

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.finder.text, str(self.finder.file), "exec"), module.__dict__)
