"""Changes of single lines in archdsl, each of which a test must notice: `python -m tests.mutation --help`.

Cosmic Ray makes the changes, coverage.py tells which tests run a line. A change is tried in a process forked from one
that has imported torch but not archdsl, so that a try costs little more than the tests that it needs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.mutation.coverage_map import covered, keep_map
from tests.mutation.mutants import TARGETS, Mutant, draw
from tests.mutation.trial import RESULTS, Verdict, check_control, row_of, try_all


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=600, help="how many changes are tried (600)")
    parser.add_argument("--seed", type=int, default=None, help="of the sample; a new one is printed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="only files whose path contains this text")
    parser.add_argument(
        "--work", type=Path, default=Path("build/mutation"), help="where the map and the results are kept"
    )
    parser.add_argument("--fresh", action="store_true", help="measure again which tests run which lines")
    options = parser.parse_args()
    os.environ["ARCHDSL_THOROUGH"] = "1"
    options.work.mkdir(parents=True, exist_ok=True)
    kept = options.work / "coverage.json"
    if options.fresh or not kept.exists():
        # In a process of its own: the tries are forked from this one, which must not have imported archdsl.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(keep_map, TARGETS, kept).result()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    files = [file for file in TARGETS if options.only in str(file)]
    mutants = draw(files, options.sample, seed)
    table = covered(json.loads(kept.read_text()))
    check_control(table, options.work)
    noticed = _noticed(mutants, options.work / RESULTS)
    rest = [mutant for mutant in mutants if mutant not in {verdict.mutant for verdict in noticed}]
    results = [*noticed, *try_all(rest, table, options.processes, options.work)]
    _report(results, options.work / "survivors.md", seed)


def _noticed(mutants: list[Mutant], file: Path) -> list[Verdict]:
    """Those that an earlier run noticed, which are not tried again: the others may meet new tests now."""
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    found = {_change(row): row for row in rows if row["kind"] != "survived"}
    matched = ((mutant, found.get(_change(row_of(mutant)))) for mutant in mutants)
    return [Verdict(mutant, row["kind"], row["tests"], row["seconds"]) for mutant, row in matched if row is not None]


def _change(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["file"], row["operator"], row["occurrence"], tuple(row["difference"])


def _report(results: list[Verdict], file: Path, seed: int) -> None:
    counts = {kind: sum(result.kind == kind for result in results) for kind in ("killed", "survived", "timeout")}
    noticed = counts["killed"] + counts["timeout"]
    print(f"{noticed} of {len(results)} noticed ({noticed / max(1, len(results)):.1%}); {counts}")
    survivors = sorted((r for r in results if r.kind == "survived"), key=lambda r: (r.mutant.file, r.mutant.line))
    lines = [f"# Survivors of seed {seed}", ""]
    for result in survivors:
        mutant = result.mutant
        lines += [f"- `{mutant.file}:{mutant.line}` {mutant.operator} ({result.tests} tests)", "", "  ```diff"]
        lines += [f"  {line}" for line in mutant.difference()] + ["  ```", ""]
    file.write_text("\n".join(lines))
    print(f"{len(survivors)} survivors stand in {file}")


if __name__ == "__main__":
    main()
