"""Hostile values in every position of a spec: `analyse` answers with diagnostics or a graph, and never raises.

`python -m tests.mutants.hostile 20000 --seed 1` tries that many and prints what was raised.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from archdsl.elaboration.analyse import analyse
from tests.mutants.tour import TOUR, neighbours

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3.5, -0.0, 2**31, 2**63, -(2**70), 10**30, 1e308, float("inf"), float("nan"), "",
    " ", "x", "a.b", "x.0", ".", "..", "*", "$", "$(", "$(1/0)", "$nothing", "$width", "$rows", "= x", "=",
    "= x + rows", "= rows[0]", "for i in", "for i in 3", "for", "1 = 2", "x.shape", "x.shape[9]", "rows", "rows[0].out",
    "rows[9]", "T", "T // 2", "1 / 0", "inf", "9 ** 9 ** 9", "[", "None", "x if", "(" * 90, "N = 0", "T = kk", "T = -1",
    "...", "relu", "linear", "spec.nowhere", "spec.inner", "self", "é", "\u2028", "a" * 3000, [], [[]], [None],
    [1, [2, "x"]], ["x", "x"],
    [{}], [{"a": 1}, 3], {}, {"a": None}, {"op": None}, {"op": "relu", "x": []}, {"op": {"op": 3}},
    {"type": "int", "default": None}, {"type": "int", "default": "x"}, {"type": "int"}, {"for i in range(2)": None},
    {"for i in 3": {"x": 1}}, {"nodes": None}, {"from": None}, {"shape": None}, {"optional": 3}, {"": ""}, {"a.b": "x"},
)  # fmt: skip
"""One of every kind and at every edge: null, numbers, texts that mean something somewhere, lists and mappings."""

KEYS = ("", "for i in range(2)", "for x in", "op", "from", "value", "nodes", "a.b", "$width", "$(", "x", "é", "-", "<<")


def mutant(spec: Any, draw: random.Random) -> Any:
    """The data of a spec with one to three places changed."""
    data = deepcopy(spec)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        path = draw.choice([*_paths(data, ())])
        holder = data
        for step in path[:-1]:
            holder = holder[step]
        _change(holder, path[-1], draw)
    return data


def _change(holder: Any, step: Any, draw: random.Random) -> None:
    if isinstance(holder, dict) and draw.random() < 0.1:
        holder[draw.choice(KEYS)] = holder.pop(step)
    elif isinstance(holder, dict) and draw.random() < 0.1:
        holder[draw.choice(KEYS)] = deepcopy(draw.choice(VALUES))
    else:
        holder[step] = deepcopy(draw.choice(VALUES))


def _paths(data: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, inner in items:
        yield (*path, step)
        yield from _paths(inner, (*path, step))


def written(data: Any) -> str:
    """Plain data as YAML: JSON, but for what JSON cannot say."""
    return json.dumps(data).replace("NaN", ".nan").replace("Infinity", ".inf")


def raised(seed: object, count: int, folder: Path) -> Iterator[tuple[str, str]]:
    """What `analyse` raises for mutants drawn from a seed: each mutant's text, and the end of the traceback."""
    draw = random.Random(f"{seed}")
    specs = [yaml.safe_load(text) for text in TOUR]
    neighbours(folder)
    for _ in range(count):
        text = written(mutant(draw.choice(specs), draw))
        params = {"width": deepcopy(draw.choice(VALUES))} if draw.random() < 0.1 else {}
        sizes = {draw.choice(("T", "H", "N", "x.H")): draw.choice((0, 1, 7, 2**63))} if draw.random() < 0.1 else {}
        (folder / "mutant.yaml").write_text(text)
        try:
            analyse(folder / "mutant.yaml", params, sizes)
        except Exception:
            lines = traceback.format_exc().splitlines()
            yield f"{text}\n{params} {sizes}", "\n".join(lines[-14:])


def main() -> None:
    """Prints each kind of exception with its first mutant."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--seed", default="0")
    options = arguments.parse_args()
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for text, end in raised(options.seed, options.count, Path(folder)):
            kinds[end] += 1
            if kinds[end] == 1:
                print(text, end, sep="\n", end="\n\n")
    print(f"{sum(kinds.values())} of {options.count} raise, {len(kinds)} kinds, seed {options.seed}")


if __name__ == "__main__":
    main()
