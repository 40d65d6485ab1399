"""`for` over tables, and nodes that read one another by paths with `$`."""

from __future__ import annotations

from typing import Any

from archdsl.shapes import TensorType
from tests.generators.fields import known, number, pick, rarely
from tests.generators.scope import Family, Scope, Value
from tests.generators.statements import ok


def table(scope: Scope) -> bool:
    """Layers as a table says them: rows with columns, or widths and letters."""
    value = scope.above
    if scope.depth or scope.world.budget < 2 or value is None or value.when is not None:
        return False
    x = value.type
    if x.dtype != "float32" or not x.rank or not known(x.shape[-1]) or not ok(x.with_shape((*x.shape[:-1], 6))):
        return False
    widths = [pick(scope.draw, [2, 4, 6]) for _ in range(number(scope.draw, 1, 3))]
    types = [x.with_shape((*x.shape[:-1], width)) for width in widths]
    return pick(scope.draw, [_letters, _rows, _named_rows])(scope, widths, types)


def _letters(scope: Scope, widths: list[int], types: list[TensorType]) -> bool:
    """`[4, M, 2]`, as VGG's configurations are written."""
    name, stem = scope.world.fresh("cfg"), scope.world.fresh("features")
    cells: list[tuple[Any, TensorType]] = []
    for width, x in zip(widths, types, strict=True):
        cells += [(width, x), ("M", x)] if rarely(scope.draw, 2) else [(width, x)]
    scope.world.params[name] = [cell for cell, _ in cells]
    nodes = [
        {"if": "c == 'M'", "op": "tanh"},
        {"if": "c != 'M'", "op": "linear", "out_features": "c"},
    ]
    _listed(scope, stem, {f"for c in {name}": nodes}, [x for _, x in cells])
    return True


def _rows(scope: Scope, widths: list[int], types: list[TensorType]) -> bool:
    """A mapping by column, in a list: a module of several nodes for every row."""
    name, stem = scope.world.fresh("stages"), scope.world.fresh("features")
    repeats = [number(scope.draw, 1, 2) for _ in widths]
    scope.world.params[name] = [
        {"out": width, "act": pick(scope.draw, ["tanh", "relu"]), "layers": count}
        for width, count in zip(widths, repeats, strict=True)
    ]
    layers = {"for k in range(row.layers)": [{"op": "linear", "out_features": "row.out"}, "$(row.act)"]}
    _listed(scope, stem, {f"for row in {name}": [[layers]]}, types)
    return True


def _named_rows(scope: Scope, widths: list[int], types: list[TensorType]) -> bool:
    """Rows that a list of names and one of numbers make together."""
    name, stem, i = scope.world.fresh("stages"), scope.world.fresh("row"), scope.world.fresh("i")
    scope.world.params[name] = [[width, pick(scope.draw, [True, False])] for width in widths]
    key, width, bias = pick(scope.draw, [(f"{i}, (w, b)", "w", "b"), (f"{i}, row", "row[0]", "row[1]")])
    node = {"op": "linear", "out_features": width, "bias": bias}
    scope.add(
        f"for {key} in enumerate({name})",
        {f"{stem}_${i}": node},
        [Value(f"{stem}_{place}", x) for place, x in enumerate(types)],
    )
    scope.above = scope.values[-1]
    scope.world.families.append(Family(f"{stem}_", len(widths)))
    return True


def _listed(scope: Scope, stem: str, item: Any, types: list[TensorType]) -> None:
    values = [Value(f"{stem}.{place}", x) for place, x in enumerate(types)]
    scope.add(stem, [item], [Value(stem, types[-1]), *values])
    scope.above = scope.values[-1 - len(values)]


def chained(scope: Scope) -> bool:
    """Nodes of a `for` that read those of the turn before, in `from`, formulas and sizes."""
    draw = scope.draw
    value = scope.source()
    if scope.world.budget < 2 or value is None or value.when is not None:
        return False
    i, stem, count = scope.world.fresh("i"), scope.world.fresh("link"), number(draw, 1, 3)
    scope.add(f"{stem}_0", {"from": value.path}, [value._replace(path=f"{stem}_0")], shown=False)
    before = f"{stem}_$({i} - 1)"
    forms: list[Any] = [
        {"op": "tanh", "from": before},
        f"= tanh({before}) + {stem}_0",
        {"value": f"{before} * {i} - {stem}_$(0)"},
    ]
    if value.type.rank:
        at = number(draw, 0, value.type.rank - 1)
        forms.append({"op": "narrow", "from": before, "dim": at, "start": 0, "length": f"{before}.shape[{at}]"})
        forms += [f"= {before} / {before}.shape[{at}]", {"op": "cat", "dim": at, "from": [before]}]
    made = [Value(f"{stem}_{place}", value.type) for place in range(1, count + 1)]
    scope.add(f"for {i} in range(1, {count + 1})", {f"{stem}_${i}": pick(draw, forms)}, made)
    scope.above = made[-1]
    if not scope.depth:
        scope.world.families.append(Family(f"{stem}_", count))
    return True
