"""Changes of single lines in archdsl, each of which a test must notice: `python -m tests.mutation --help`.

Cosmic Ray makes the changes, coverage.py tells which tests run a line. A change is tried in a process forked from one
that has imported torch but not archdsl, so that a try costs little more than the tests that it needs.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from tests.mutation.coverage_map import covered, measure
from tests.mutation.mutants import TARGETS, draw
from tests.mutation.trial import Verdict, check_control, try_all


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
    options.work.mkdir(parents=True, exist_ok=True)
    kept = options.work / "coverage.json"
    if options.fresh or not kept.exists():
        kept.write_text(json.dumps(measure(TARGETS)))
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    files = [file for file in TARGETS if options.only in str(file)]
    mutants = draw(files, options.sample, seed)
    table = covered(json.loads(kept.read_text()))
    check_control(table, options.work)
    results = try_all(mutants, table, options.processes, options.work)
    _report(results, options.work / "survivors.md", seed)


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
