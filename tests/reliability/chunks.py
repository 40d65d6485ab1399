"""Pieces of the long run: each is drawn from its own seed, so that a run may stop anywhere and go on later."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

HANG: Final = 60
"""Seconds after which anything is given up, and counts as hanging."""


@dataclass
class Result:
    """What a piece found."""

    kind: str
    number: int
    count: int = 0
    refused: int = 0
    """Networks that `check` refused, expressions without a value."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """What went wrong, and the text at which it did."""
    notes: dict[str, int] = field(default_factory=dict)
    """What torch refused, and how often."""
    seconds: float = 0.0


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raises TimeoutError in what takes this process longer; what it waits for has bounds of its own."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"took over {seconds} s")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def quiet() -> None:
    """A process of the run warns of nothing, and computes with one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")


def run(kind: str, number: int, count: int, seed: int) -> Result:
    """One piece: `count` of a kind, drawn from the run's seed and the piece's number."""
    began = time.process_time()
    result = Result(kind, number, count)
    _KINDS[kind](result, f"{seed}:{kind}:{number}")
    result.seconds = time.process_time() - began
    return result


def _expressions(result: Result, seed: str) -> None:
    from tests.reliability.expressions import compared

    found, valued = compared(seed, result.count)
    result.refused = result.count - valued
    result.failures = [("different", f"{each.text}\n{each.ours}\nPython: {each.pythons}") for each in found]


def _mutants(result: Result, seed: str) -> None:
    from tests.reliability.mutants import checked

    with tempfile.TemporaryDirectory() as folder:
        result.failures = [(each.what, each.text) for each in checked(seed, result.count, Path(folder))]


def _networks(result: Result, seed: str) -> None:
    from tests.reliability.promises import copies, numbers

    def promise(file: Path) -> list[str]:
        numbers(file)
        copies(file)
        return []

    _drawn(result, seed, promise)


def _heavy(result: Result, seed: str) -> None:
    from tests.reliability.forms import shown, traced
    from tests.reliability.processes import Pair

    with tempfile.TemporaryDirectory() as figures, Pair() as pair:

        def promise(file: Path) -> list[str]:
            refused = traced(file)
            shown(file, Path(figures))
            wrong = pair.train(file)
            if wrong is not None:
                raise AssertionError(wrong)
            return refused

        _drawn(result, seed, promise)


def _drawn(result: Result, seed: str, promise: Callable[[Path], list[str]]) -> None:
    """Holds a promise for networks that `check` takes; failures are collected, none ends the run."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from tests.generators import networks
    from tests.generators.cases import op_networks
    from tests.reliability.promises import accepted

    with tempfile.TemporaryDirectory() as name:

        def hold(spec: Any) -> None:
            folder = Path(name) / "spec"
            shutil.rmtree(folder, ignore_errors=True)
            file = spec.write(folder)
            try:
                with at_most(HANG):
                    if not accepted(file):
                        result.refused += 1
                        return
                    for note in promise(file):
                        result.notes[note] = result.notes.get(note, 0) + 1
            except Exception as error:
                result.failures.append((_named(error), str(spec)))

        quiet = settings(database=None, deadline=None, phases=[Phase.generate], derandomize=False,
                         suppress_health_check=list(HealthCheck))  # fmt: skip
        count = result.count
        for strategy, share in ((networks(), count - count // 4), (op_networks(), count // 4)):
            seeded(seed)(settings(quiet, max_examples=max(1, share))(given(strategy)(hold)))()


def _named(error: Exception) -> str:
    """Kind, words and place of an exception, in one line."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return re.sub(r"\s+", " ", f"{type(error).__name__} at {place}: {error}")[:600]


_KINDS: Final[dict[str, Callable[[Result, str], None]]] = {
    "expressions": _expressions, "mutants": _mutants, "networks": _networks, "heavy": _heavy,
}  # fmt: skip
