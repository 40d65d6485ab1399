"""The long run: `python -m tests.reliability` holds archdsl's promises at many drawn inputs, and prints a table.

It can be stopped at any time and goes on where it was when it is started again with the same seed and folder;
`--minutes` stops it by itself. Failing inputs are written into the folder, one file each.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from tests.reliability.chunks import Result, quiet, run

PIECES: Final = {"expressions": 20_000, "mutants": 1000, "networks": 100, "heavy": 25}
"""How many are drawn in one piece, by kind."""
GOALS: Final = {"expressions": 1_000_000, "mutants": 200_000, "networks": 20_000, "heavy": 500}
SAID: Final = {
    "expressions": "expressions against Python",
    "mutants": "mutants of shipped specs: no traceback, at most 2 s, no code reached",
    "networks": "networks: outputs, gradients, source, copies, counts",
    "heavy": "networks: export, fx, compile, DDP, figures, summary, difference",
}


def main() -> int:
    options = _options()
    folder: Path = options.folder
    (folder / "failures").mkdir(parents=True, exist_ok=True)
    log = folder / f"results_{options.seed}.jsonl"
    done = _done(log)
    waiting = [piece for piece in _pieces(options) if piece[:2] not in done]
    print(f"seed {options.seed}: {len(done)} pieces are done, {len(waiting)} to go", flush=True)
    for result in _results(waiting, options):
        done[result.kind, result.number] = result
        with log.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")
        _keep_failures(result, folder / "failures")
        print(f"{_said(result)}", flush=True)
    table = _table(list(done.values()), options.seed)
    (folder / f"table_{options.seed}.md").write_text(table)
    print(table)
    return 1 if any(result.failures for result in done.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind, goal in GOALS.items():
        parser.add_argument(f"--{kind}", type=int, default=goal, metavar="N", help=f"{SAID[kind]} ({goal:,})")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--folder", type=Path, default=Path("build/reliability"))
    return parser.parse_args()


def _pieces(options: argparse.Namespace) -> Iterator[tuple[str, int, int]]:
    """Kind, number and size of every piece, the kinds in turn, so that a run that is stopped has seen all."""
    left = {kind: getattr(options, kind) for kind in GOALS}
    number = Counter[str]()
    while any(left.values()):
        for kind, size in PIECES.items():
            share = min(left[kind], max(size, round(getattr(options, kind) / 200)) if kind != "heavy" else size)
            if share:
                yield kind, number[kind], share
                number[kind] += 1
                left[kind] -= share


def _results(pieces: list[tuple[str, int, int]], options: argparse.Namespace) -> Iterator[Result]:
    end = time.monotonic() + options.minutes * 60
    context = multiprocessing.get_context("spawn")
    waiting = iter(pieces)
    with ProcessPoolExecutor(options.processes, context, initializer=quiet) as pool:
        running: set[Future[Result]] = set()
        while True:
            while len(running) < options.processes and time.monotonic() < end and (piece := next(waiting, None)):
                running.add(pool.submit(run, *piece, options.seed))
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)


def _done(log: Path) -> dict[tuple[str, int], Result]:
    if not log.exists():
        return {}
    results = [Result(**json.loads(line)) for line in log.read_text().splitlines()]
    return {(result.kind, result.number): result for result in results}


def _keep_failures(result: Result, folder: Path) -> None:
    for place, (what, text) in enumerate(result.failures):
        lines = "\n".join(f"# {line}" for line in what.splitlines())
        (folder / f"{result.kind}_{result.number}_{place}.txt").write_text(f"{lines}\n{text}\n")


def _said(result: Result) -> str:
    rate = result.count / result.seconds if result.seconds else 0
    return f"{result.kind} {result.number}: {result.count}, {len(result.failures)} failures, {rate:.1f} a second"


def _table(results: list[Result], seed: int) -> str:
    lines = [
        f"Seed {seed}, {datetime.now(timezone.utc):%Y-%m-%d}, {_versions()}.", "",
        "| what | drawn | refused by `check`, or without a value | failures | a second and process |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for kind, said in SAID.items():
        own = [result for result in results if result.kind == kind]
        count, seconds = sum(r.count for r in own), sum(r.seconds for r in own)
        failures, refused = sum(len(r.failures) for r in own), sum(r.refused for r in own)
        lines.append(f"| {said} | {count:,} | {refused:,} | {failures} | {count / seconds if seconds else 0:.1f} |")
    kinds: Counter[str] = Counter()
    for result in results:
        kinds.update(_short(what) for what, _ in result.failures)
    notes = sum((Counter(result.notes) for result in results), Counter[str]())
    lines += ["", *(f"torch refused {count} times: {why}" for why, count in notes.items())]
    return "\n".join([*lines, *(f"- {count} times {what}" for what, count in kinds.most_common(40))]) + "\n"


def _short(what: str) -> str:
    return what[:160]


def _versions() -> str:
    import torch

    import archdsl

    return f"archdsl {archdsl.__version__}, torch {torch.__version__}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
