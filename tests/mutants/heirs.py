"""Specs that extend a shipped one and patch some of its nodes, with mistakes planted in them and in what they inherit.

`python -m tests.mutants.heirs 500 --seed 1` tries that many and prints the rates by kind.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.files import specs_folder
from archdsl.document.splices import is_splice
from tests.mutants.planted import AT_NODES, MOST, Plant, apart, changed, drawn, misspelt, of_a_key
from tests.mutants.seeds import options_of
from tests.mutants.sites import NodeSite, Place, Spec, errors, errors_of, read_text, shipped

PATCHES = 4


def heir(parent: Spec, draw: random.Random) -> Spec | None:
    """A file that says some nodes of another again, under `patch`; None where it has none that can be."""
    nodes = [*_patchable(parent)]
    if not nodes:
        return None
    lines = ["archdsl: 1", "name: heir", f"extends: {_name(parent)}", "patch:"]
    for key, value in draw.sample(nodes, min(PATCHES, len(nodes))):
        shown = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False).removesuffix("...\n")
        lines.append(f"  {key}: {shown.strip()}")
    spec = read_text(specs_folder() / "heir.yaml", "\n".join(lines) + "\n")
    return None if errors(spec, spec.text) else spec


def _name(spec: Spec) -> str:
    return spec.path.relative_to(specs_folder()).with_suffix("").as_posix()


def _patchable(spec: Spec) -> Iterator[tuple[str, Any]]:
    """Named nodes, in the network and its blocks, by their paths in the file."""
    scopes = {"nodes": spec.data["nodes"]} | {
        f"blocks.{name}.nodes": block["nodes"] for name, block in spec.data.get("blocks", {}).items()
    }
    for path, nodes in scopes.items():
        for key, value in nodes.items() if isinstance(nodes, dict) else ():
            if not is_splice(key) and "$" not in key and isinstance(value, dict) and "op" in value:
                yield f"{path}.{key}", value


def plants(spec: Spec, draw: random.Random) -> list[Plant]:
    """Mistakes in an heir: in the paths that it patches, and in the nodes that it puts there."""
    places: list[Place] = [("patch", key) for key in spec.data["patch"]]
    found = []
    for place in places:
        node = NodeSite(place, spec.data["patch"][place[1]])
        planters = draw.sample(AT_NODES, len(AT_NODES))
        found += [plant for plant in (planter(spec, node, draw) for planter in planters) if plant is not None][:2]
        head, _, last = str(place[1]).rpartition(".")
        found.append(of_a_key(spec, "patch path", place, f"{head}.nodez.{misspelt(last)}"))
    draw.shuffle(found)
    chosen: list[Plant] = []
    for plant in found:
        if all(apart(plant, other) for other in chosen) and errors(spec, changed(spec, [plant])):
            chosen.append(plant)
    return chosen


class Outcome(NamedTuple):
    """What was told of an heir and of the file that it extends."""

    parent: Spec
    spec: Spec
    plants: list[tuple[Spec, Plant]]
    told: list[tuple[Spec, Plant]]
    others: list[Diagnostic]


def outcome(parent: Spec, spec: Spec, own: list[Plant], inherited: list[Plant]) -> Outcome:
    """Analyses the two changed texts once."""
    planted = [*((spec, plant) for plant in own), *((parent, plant) for plant in inherited)]
    left, told, others = [*planted], [], []
    for found in errors_of(spec, {spec: changed(spec, own), parent: changed(parent, inherited)}):
        file = found.span.file.rpartition("/")[2] if found.span is not None else ""
        line = found.span.line if found.span is not None else 0
        met = next((e for e in left if e[0].path.name == file and e[1].lines[0] <= line <= e[1].lines[1]), None)
        if met is None:
            others.append(found)
        else:
            left.remove(met)
            told.append(met)
    return Outcome(parent, spec, planted, told, others)


def outcomes(seed: str, count: int) -> Iterator[Outcome]:
    """The outcomes of heirs drawn from a seed."""
    draw = random.Random(seed)
    while count:
        parent = draw.choice(shipped())
        spec = heir(parent, draw)
        if spec is None:
            continue
        own = plants(spec, draw)
        # what is replaced is not looked at: mistakes in the parent stand where the heir says nothing
        replaced = [_lines(parent, key) for key in spec.data["patch"]]
        inherited = [
            plant
            for plant in drawn(parent, draw, MOST - len(own))
            if all(plant.lines[1] < first or last < plant.lines[0] for first, last in replaced)
            and errors_of(spec, {spec: spec.text, parent: changed(parent, [plant])})
        ]
        if own or inherited:
            count -= 1
            yield outcome(parent, spec, own, inherited)


def _lines(parent: Spec, key: str) -> tuple[int, int]:
    scope, _, name = key.rpartition("nodes.")
    block = scope.removeprefix("blocks.").rstrip(".")
    place: Place = ("blocks", block, "nodes", name) if scope else ("nodes", name)
    return parent.source.key(place).line, parent.source.value(place).end_line


def main() -> None:
    """Prints the rates by kind, and the first examples of what went wrong."""
    options = options_of(__doc__)
    planted: Counter[str] = Counter()
    told: Counter[str] = Counter()
    others = shown = 0
    for result in outcomes(options.seed, options.count):
        planted.update(plant.kind for _, plant in result.plants)
        told.update(plant.kind for _, plant in result.told)
        others += len(result.others)
        if (result.others or len(result.told) < len(result.plants)) and shown < options.show:
            shown += 1
            _show(result)
    for kind in sorted(planted):
        print(f"{kind:16} {told[kind]:6} of {planted[kind]:6}  {told[kind] / planted[kind]:.1%}")
    print(f"{'all':16} {told.total():6} of {planted.total():6}  {told.total() / planted.total():.1%}")
    print(f"{others} told besides, seed {options.seed}")


def _show(result: Outcome) -> None:
    print(f"--- heir of {result.parent.path.name}")
    for spec, plant in result.plants:
        text = changed(spec, [each for file, each in result.plants if file is spec]).splitlines()
        state = "told" if (spec, plant) in result.told else "NOT told"
        print(f"  {state}, {plant.kind}: {spec.path.name}:{plant.lines[0]}: {text[plant.lines[0] - 1].strip()}")
    for found in result.others:
        where = f"{found.span.file}:{found.span.line}" if found.span else ""
        print(f"  besides: {where}: {found.message}")


if __name__ == "__main__":
    main()
