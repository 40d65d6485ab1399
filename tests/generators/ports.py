"""Blocks whose ports are not always the same: optional ones, and as many as the arguments say."""

from __future__ import annotations

from typing import Any, NamedTuple

from archdsl.shapes import TensorType
from tests.generators.fields import known, number, pick, rarely
from tests.generators.nesting import body, pattern
from tests.generators.scope import Family, Scope, Shareable, Value, infer
from tests.generators.statements import ok, proposal


class Asking(NamedTuple):
    """A node that asks whether `skip` is fed, and what it gives where it is and where it is not."""

    entry: Any
    fed: TensorType
    bare: TensorType


def optional(scope: Scope) -> bool:
    """A block with an optional port, used with it, without it, or both."""
    draw = scope.draw
    value = scope.source()
    if scope.depth > 2 or scope.world.budget < 3 or value is None or value.when is not None:
        return False
    skips = [v for v in scope.same(value.type) if v.when is None]
    block, asking = _asking_block(scope, value.type)
    if rarely(draw, 4):
        block = _passing_on(scope, block)
    for fed in pick(draw, [(False, True), (True, False), (True,), (False,)]):
        skip = pick(draw, skips)
        reads: Any = value.path
        if fed:
            reads = pick(draw, [{"x": value.path, "skip": skip.path}, [value.path, skip.path]])
        elif rarely(draw, 2):
            reads = {"x": value.path} | _left_out(scope, value.type)
        name = scope.name()
        made = asking.fed if fed else asking.bare
        scope.add(name, {"op": block, "from": reads}, [Value(name, made)])
        given = (value.type, skip.type) if fed else (value.type,)
        scope.shareable.append(Shareable(name, given, (("", made),), ("x", "skip")[: len(given)]))
    return True


def _left_out(scope: Scope, x: TensorType) -> dict[str, str]:
    """Feeds the port with a tensor that is not there."""
    if not rarely(scope.draw, 3):
        return {}
    name = scope.world.fresh("gone")
    shape = [n if isinstance(n, int) else 1 for n in x.shape]
    scope.add(name, {"if": False, "op": "parameter", "shape": shape}, [], shown=False)
    return {"skip": name}


def _asking_block(scope: Scope, x: TensorType) -> tuple[str, Asking]:
    from tests.generators.networks import fill

    draw = scope.draw
    shapes, names = pattern(scope, (x, x))
    inner = body(scope, (("x", x), ("skip", x)), names)
    inner.values = [v for v in inner.values if v.path != "skip"]
    inner.above = inner.values[0]
    fill(inner, number(draw, 0, 2))
    asking = _asking(inner, x)
    inner.entries["asks"] = asking.entry
    if rarely(draw, 2):
        inner.entries["after"] = pick(draw, ["tanh", "= asks * 0.5", "= asks + asks", {"op": "relu", "from": "asks"}])
    port: Any = pick(draw, [{"optional": True}, {"shape": shapes[1], "optional": True}])
    name = scope.world.fresh("optional")
    scope.world.blocks[name] = {"inputs": {"x": shapes[0], "skip": port}, "nodes": inner.entries}
    return name, asking


def _asking(inner: Scope, x: TensorType) -> Asking:
    draw = inner.draw
    same = [v for v in inner.same(x) if v.when is None and v.path.isidentifier()]
    own = pick(draw, same).path
    op, fields, made = proposal(inner, x)
    inside = {"only": "tanh", "asked": {"if": "skip", "value": "only - skip", "else": "only"}}
    forms: list[tuple[Any, TensorType, TensorType]] = [
        ({"if": "skip", "value": f"{own} + skip", "else": own}, x, x),
        ({"if": "skip", "value": f"{own} * sigmoid(skip)", "else": own}, x, x),
        ({"if": "skip", "op": "tanh", "from": "skip", "else": own}, x, x),
        ({"from": own, "nodes": inside}, x, x),
    ]
    if len(made) == 1:
        forms.append(({"if": "not skip", "op": op, "from": own, **fields, "else": own}, x, made[0]))
    if x.rank:
        at = number(draw, 0, x.rank - 1)
        joined = infer("cat", {"dim": at}, x, x)
        assert joined is not None
        forms += [({"op": "cat", "dim": at, "from": pick(draw, [[own, "skip"], ["skip", own]])}, joined[0], x)] * 2
    if x.rank and known(x.shape[-1]):
        wide, narrow = (x.with_shape((*x.shape[:-1], n)) for n in (5, 3))
        forms.append(({"op": "linear", "from": own, "out_features": "5 if skip else 3"}, wide, narrow))
    return Asking(*pick(draw, forms))


def _passing_on(scope: Scope, block: str) -> str:
    """A block around it, which passes its own optional port on."""
    name = scope.world.fresh("passing")
    reads = {"x": "x", "skip": "skip"}
    scope.world.blocks[name] = {
        "inputs": {"x": {}, "skip": {"optional": True}}, "nodes": {"inside": {"op": block, "from": reads}}
    }  # fmt: skip
    return name


def fused(scope: Scope) -> bool:
    """`for` in `inputs`, `from` and `outputs`: a block with as many ports and outputs as its argument is long."""
    draw = scope.draw
    value = scope.source()
    if scope.depth > 2 or scope.world.budget < 4 or value is None or value.when is not None:
        return False
    x = value.type
    if not x.rank or not known(x.shape[-1]) or not ok(x.with_shape((*x.shape[:-1], 24))):
        return False
    count, stem, i = number(draw, 1, 3), scope.world.fresh("wide"), scope.world.fresh("i")
    widths = [2 * place + 2 for place in range(count)]
    made = [Value(f"{stem}_{place}", _last(x, width)) for place, width in enumerate(widths)]
    layer = {"op": "linear", "from": value.path, "out_features": f"2 * {i} + 2"}
    scope.add(f"for {i} in range({count})", {f"{stem}_${i}": layer}, made, shown=False)
    if not scope.depth:
        scope.world.families.append(Family(f"{stem}_", count))
    over = f"for {i} in range({count})"
    reads = pick(draw, [{over: {f"x${i}": f"{stem}_${i}"}}, [{over: f"{stem}_${i}"}], [v.path for v in made]])
    block, outputs = _fusing_block(scope, x, count)
    name = scope.name()
    scope.add(name, {"op": block, "widths": widths, "from": reads}, [Value(f"{name}{n}", y) for n, y in outputs])
    return True


def _last(x: TensorType, features: int) -> TensorType:
    return x.with_shape((*x.shape[:-1], features))


def _fusing_block(scope: Scope, x: TensorType, count: int) -> tuple[str, list[tuple[str, TensorType]]]:
    """A block with a port for every width: its name, and what follows the name of its use for every output."""
    shapes, _ = pattern(scope, (x,))
    name, several = scope.world.fresh("fuse"), rarely(scope.draw, 2)
    entry: dict[str, Any] = {
        "params": {"widths": "list"},
        "inputs": {"for i, width in enumerate(widths)": {"x$i": [*shapes[0][:-1], "width"]}},
        "nodes": {
            "for i in range(len(widths))": {"fc$i": {"op": "linear", "from": "x$i", "out_features": 3}},
            "all": {"op": "cat", "dim": -1, "from": [{"for i in range(len(widths))": "fc$i"}]},
        },
    }
    outputs = [("", _last(x, 3 * count))]
    if several:
        entry["outputs"] = {"for i in range(len(widths))": {"y$i": "fc$i"}, "all": "all"}
        outputs = [*((f".y{i}", _last(x, 3)) for i in range(count)), (".all", _last(x, 3 * count))]
    scope.world.blocks[name] = entry
    return name, outputs


def recursive(scope: Scope) -> bool:
    """A block that holds itself, once or twice, until its argument is 1; with more features each time, or the same."""
    draw = scope.draw
    value = scope.source()
    if scope.depth > 1 or scope.world.budget < 5 or value is None or value.when is not None:
        return False
    x = value.type
    if not x.rank or not known(x.shape[-1]) or not ok(_last(x, 8)):
        return False
    name = scope.world.fresh("tree")
    deeper = {"op": name, "depth": "depth - 1"}
    inside: dict[str, Any] = {"inner": deeper}
    if rarely(draw, 2):
        inside |= {"again": deeper, "both": "= inner * again"}
    scope.world.blocks[name] = {
        "inputs": {"x": ["...", "C"]},
        "params": {"depth": pick(draw, ["int", 2])},
        "nodes": {
            "fc": {"op": "linear", "out_features": pick(draw, ["C", "C + 1", "depth"])},
            "if depth > 1": inside,
            "act": pick(draw, ["tanh", {"nodes": ["tanh", {"if": "depth == 2", "op": "sigmoid"}]}]),
            "back": {"op": "linear", "out_features": "C"},
            "add": "= back + x",
        },
    }
    for _ in range(number(draw, 1, 2)):
        own = scope.name()
        entry = {"op": name, "depth": number(draw, 1, 3), "from": value.path}
        scope.add(own, entry, [value._replace(path=own)])
        scope.shareable.append(Shareable(own, (x,), (("", x),)))
    return True


def passed(scope: Scope) -> bool:
    """A block that is given sizes which only the run knows, and numbers, used a few times; more scopes stand in it."""
    draw = scope.draw
    value = scope.source()
    if scope.depth > 2 or scope.world.budget < 4 or value is None or value.when is not None:
        return False
    if not scope.dims or not value.type.rank:
        return False
    name = scope.world.fresh("passed")
    inside: dict[str, Any] = {
        "more": {"op": "pad", "pad": pick(draw, [["rows", 0], [0, "rows"], ["rows // 2", "rows + 1"]])},
        "cut": {"op": "narrow", "dim": -1, "start": pick(draw, [0, "rows // 3"]), "length": "L"},
        "out": pick(draw, ["tanh", "= cut * (rows + 1) ** -0.5", "= cut + rows / 8"]),
    }
    scope.world.blocks[name] = _deeper(scope, name, {"rows": "int"}, ["...", "L"], inside)
    texts = ["{0}", "{0} % 2", "{0} // 2", "{0} % 3 + 1", "ceil({0} / 3)", "2 * {0}", "1", "3"]
    for _ in range(number(draw, 1, 3)):
        rows = pick(draw, texts).format(pick(draw, sorted(scope.dims)))
        own = scope.name()
        entry = {"op": name, "rows": int(rows) if rows.isdigit() else rows, "from": value.path}
        scope.add(own, entry, [value._replace(path=own)])
        scope.shareable.append(Shareable(own, (value.type,), (("", value.type),)))
    return True


def _deeper(scope: Scope, name: str, params: dict[str, Any], shape: list[Any], nodes: dict[str, Any]) -> dict[str, Any]:
    """A block of these nodes, which may stand in a scope of their own, or in a block that is given what this one is."""
    draw = scope.draw
    if rarely(draw, 3):
        nodes = {"fc": "tanh", "inner": {"nodes": nodes}}
    whole = {"inputs": {"x": shape}, "params": params, "nodes": nodes}
    if not rarely(draw, 3):
        return whole
    scope.world.blocks[f"{name}_inner"] = whole
    times = pick(draw, ["rows", "rows + 1", 2])
    inner = {"op": f"{name}_inner", "rows": "rows"}
    return {"params": params, "nodes": {"a": inner, "b": {**inner, "rows": times}, "c": "tanh"}}


def resized(scope: Scope) -> bool:
    """A block that is used two or three times, each time with more features."""
    draw = scope.draw
    value = scope.source()
    if scope.depth > 2 or scope.world.budget < 3 or value is None or value.when is not None:
        return False
    x, features = value.type, value.type.shape[-1] if value.type.rank else None
    if not isinstance(features, int) or not ok(_last(x, 8 * features)):
        return False
    text, wider = pick(draw, [("C + 1", lambda c: c + 1), ("2 * C", lambda c: 2 * c), ("wide", lambda c: 2 * c)])
    name = scope.world.fresh("resized")
    scope.world.blocks[name] = {
        "inputs": {"x": pick(draw, [["...", "C"], [*(f"D{i}" for i in range(x.rank - 1)), "C"]])},
        "let": {"wide": "2 * C"},
        "nodes": {
            "fc": {"op": "linear", "out_features": text},
            "act": pick(draw, ["layer_norm", "tanh", {"op": "layer_norm", "bias": False}, "= fc * C ** -0.5"]),
            "out": pick(draw, ["= act + C / 8", "relu", {"op": "slice", "dim": -1, "start": 0}]),
        },
    }
    for _ in range(number(draw, 2, 3)):
        features = wider(features)
        own = scope.name()
        scope.add(own, {"op": name, "from": value.path}, [Value(own, _last(x, features))])
        value = scope.values[-1]
    return True
