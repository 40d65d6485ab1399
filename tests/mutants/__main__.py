"""How many planted mistakes are told in one run, and what else is: `python -m tests.mutants 2000 --seed 1`."""

from __future__ import annotations

from collections import Counter

from tests.mutants.planted import Outcome, changed, outcomes
from tests.mutants.seeds import options_of


def main() -> None:
    """Prints the rates by kind, and the first examples of what went wrong."""
    options = options_of(__doc__)
    planted: Counter[str] = Counter()
    told: Counter[str] = Counter()
    others = shown = files = 0
    for result in outcomes(options.seed, options.count):
        files += 1
        planted.update(plant.kind for plant in result.plants)
        told.update(plant.kind for plant in result.told)
        others += len(result.others)
        if (result.others or len(result.told) < len(result.plants)) and shown < options.show:
            shown += 1
            _show(result)
    for kind in sorted(planted):
        print(f"{kind:16} {told[kind]:6} of {planted[kind]:6}  {told[kind] / planted[kind]:.1%}")
    print(f"{'all':16} {told.total():6} of {planted.total():6}  {told.total() / planted.total():.1%}")
    print(f"{others} told besides, in {files} files, seed {options.seed}")


def _show(result: Outcome) -> None:
    print(f"--- {result.spec.path.name}")
    lines = changed(result.spec, result.plants).splitlines()
    for plant in result.plants:
        if plant not in result.told:
            print(f"  not told, {plant.kind}: {plant.lines[0]}: {lines[plant.lines[0] - 1].strip()}")
        else:
            print(f"  told, {plant.kind}: {plant.lines[0]}: {lines[plant.lines[0] - 1].strip()}")
    for found in result.others:
        line = found.span.line if found.span else 0
        print(f"  besides: {line}: {found.code}: {found.message}  | {lines[line - 1].strip()}")


if __name__ == "__main__":
    main()
