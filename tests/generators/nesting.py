"""Statements that hold others: inline scopes, blocks, loops, loops over time, whole specs."""

from __future__ import annotations

from typing import Any

from archdsl.shapes import Dim, Symbolic, TensorType, symbol
from tests.generators.fields import number, options, pick, rarely
from tests.generators.scope import Block, Scope, Shareable, Value
from tests.generators.spec import to_yaml
from tests.generators.statements import condition, proposal, written

DIM_NAMES = ("N", "C", "H", "W", "D", "K", "L", "M")


# --- inline -----------------------------------------------------------------------------------------


def inline(scope: Scope) -> bool:
    """`{nodes: …}`: a module with nodes of its own, which see those around."""
    if scope.depth > 2 or scope.world.budget < 3 or not scope.readable():
        return False
    from tests.generators.networks import fill

    name = scope.name()
    inner = Scope(
        scope.world, [*scope.values], scope.above, scope.numbers, scope.words, scope.dims, depth=scope.depth + 1,
        when=scope.when,
    )  # fmt: skip
    inner.shareable = list(scope.shareable)
    outside = {v.path for v in scope.values}
    fill(inner, number(scope.draw, 1, 3))
    if inner.above is None or inner.above.path in outside or inner.above.when != scope.when or not inner.entries:
        return False
    last = [*inner.entries][-1]
    if inner.above.path != last:
        return False
    own = [v for v in inner.values if v.path.split(".")[0] in {e.split(".")[0] for e in inner.entries}]
    seen = [v._replace(path=f"{name}.{v.path}") for v in own] if not rarely(scope.draw, 2) else []
    scope.add(name, {"nodes": inner.entries}, [Value(name, inner.above.type, inner.above.when), *seen])
    scope.above = scope.values[-1 - len(seen)]
    return True


def chain(scope: Scope) -> bool:
    """A list: children that are numbered, each reading the one above."""
    value = scope.source()
    if value is None:
        return False
    name = scope.name()
    x, items, values = value.type, [], []
    for place in range(number(scope.draw, 1, 3)):
        op, fields, made = proposal(scope, x)
        if len(made) > 1:
            break
        items.append({"op": op, **written(scope, fields)} if fields else op)
        x = made[0]
        values.append(Value(f"{name}.{place}", x, value.when))
    if not items:
        return False
    entry: Any = items if scope.reads(value) == {} else {"from": value.path, "nodes": items}
    scope.add(name, entry, [Value(name, x, value.when), *values])
    scope.above = scope.values[-1 - len(values)]
    return True


# --- loops ------------------------------------------------------------------------------------------


def repeated(scope: Scope) -> bool:
    """`for`: nodes that keep their input's type, spliced in a few times."""
    value = scope.above
    if value is None or value.type.dtype != "float32" or value.when is not None:
        return False
    op, fields, made = proposal(scope, value.type)
    if made != (value.type,):
        op, fields = "tanh", {}
    count = number(scope.draw, 1, 3)
    node: Any = {"op": op, **fields}
    over, name = pick(scope.draw, [(f"for i in range({count})", "i"), (f"for i, k in enumerate({[2] * count})", "i")])
    stem = scope.world.fresh("layer")
    if rarely(scope.draw, 2):
        listed: dict[str, Any] = {over: node}
        scope.add(stem, [listed], [Value(stem, value.type), *(Value(f"{stem}.{i}", value.type) for i in range(count))])
        scope.above = scope.values[-1 - count]
        return True
    if rarely(scope.draw, 3):
        node = {"if": f"{name} > 0", **node}
    values = [Value(f"{stem}_{i}", value.type) for i in range(count)]
    scope.entries[over] = {f"{stem}_${name}": node}
    if sum(1 for key in scope.entries if key.startswith(over)) > 1:
        return False
    scope.world.budget -= 1
    scope.values += values
    scope.above = values[-1]
    return True


# --- blocks -----------------------------------------------------------------------------------------


def pattern(scope: Scope, types: tuple[TensorType, ...], plain: bool = False) -> tuple[list[list[Any]], dict[str, Dim]]:
    """A shape for each port, in names that bind the sizes; equal sizes mostly get one name."""
    names: dict[str, Dim] = {}
    shapes = []
    for x in types:
        shape: list[Any] = []
        for dim in x.shape:
            name = next((n for n, bound in names.items() if bound == dim), None)
            if isinstance(dim, int) and (plain or rarely(scope.draw, 4)):
                shape.append(dim)
                continue
            if name is None or (isinstance(dim, int) and rarely(scope.draw, 4)):
                name = next(n for n in (*DIM_NAMES, *(f"S{i}" for i in range(99))) if n not in names)
                names[name] = dim
            shape.append(name)
        shapes.append(shape)
    return shapes, names


def body(scope: Scope, ports: tuple[tuple[str, TensorType], ...], names: dict[str, Dim]) -> Scope:
    """An empty scope that sees nothing but its ports and sizes."""
    values = [Value(port, x) for port, x in ports]
    numbers = {name: dim for name, dim in names.items() if isinstance(dim, int)}
    sizes = {name: dim for name, dim in names.items() if isinstance(dim, Symbolic)}
    return Scope(
        scope.world,
        values,
        values[0] if len(values) == 1 else None,
        numbers,
        dict(scope.words) if not scope.depth else {},
        sizes,
        depth=scope.depth + 1,
    )


def new_block(scope: Scope, ports: tuple[tuple[str, TensorType], ...]) -> Block | None:
    """Writes a block for these ports, with what it gives for them."""
    from tests.generators.networks import fill

    draw = scope.draw
    shapes, names = pattern(scope, tuple(x for _, x in ports))
    inner = body(scope, ports, names)
    arguments, params = _params(inner)
    fill(inner, number(draw, 1, 4))
    if not inner.entries:
        return None
    own = [v for v in inner.values if v.path not in dict(ports) and v.when is None]
    if not own:
        return None
    entry: dict[str, Any] = {"inputs": {port: shape for (port, _), shape in zip(ports, shapes, strict=True)}}
    if rarely(draw, 4):
        entry["inputs"]["extra"] = {"optional": True}
    if len(ports) == 1 and ports[0][0] == "x" and not _reads_sizes(inner, names) and rarely(draw, 2):
        del entry["inputs"]
    entry |= {"params": params} if params else {}
    entry["nodes"] = inner.entries
    chosen, outputs = _outputs(inner, own)
    if chosen is not None:
        entry["outputs"] = chosen
    name = scope.world.fresh("block")
    scope.world.blocks[name] = entry
    block = Block(name, ports, outputs, arguments)
    scope.world.uses.append(block)
    return block


def _reads_sizes(inner: Scope, names: dict[str, Dim]) -> bool:
    text = str(inner.entries)
    return any(name in text for name in names)


def _params(inner: Scope) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments and declared parameters of a block."""
    if not rarely(inner.draw, 2):
        return {}, {}
    width = pick(inner.draw, [2, 4])
    inner.numbers["width"] = width
    if rarely(inner.draw, 2):
        return {}, {"width": width}
    return {"width": width}, {"width": "int"}


def _outputs(inner: Scope, own: list[Value]) -> tuple[Any, tuple[tuple[str, TensorType], ...]]:
    """What `outputs` says (None: nothing, the last node), and the outputs by name."""
    last = [*inner.entries][-1]
    above = inner.above
    if above is not None and above.path == last and above.when is None and not rarely(inner.draw, 2):
        return None, (("", above.type),)
    chosen = [pick(inner.draw, own) for _ in range(number(inner.draw, 1, 2))]
    if len(chosen) == 1:
        return chosen[0].path, (("", chosen[0].type),)
    names = ("first", "second")
    return dict(zip(names, (v.path for v in chosen), strict=True)), tuple(
        zip(names, (v.type for v in chosen), strict=True)
    )


def block(scope: Scope) -> bool:
    """A use of a block: of one that was written, or of a new one."""
    if scope.depth > 2 or scope.world.budget < 2:
        return False
    draw = scope.draw
    fitting = [b for b in scope.world.uses if all(scope.same(x) for _, x in b.ports)]
    if fitting and not rarely(draw, 2):
        found: Block | None = pick(draw, fitting)
        assert found is not None
        read = [pick(draw, scope.same(x)) for _, x in found.ports]
    else:
        first = scope.source()
        if first is None:
            return False
        read = [first]
        if rarely(draw, 2):
            read.append(pick(draw, scope.readable()))
        found = new_block(scope, tuple(zip(("x", "z"), (v.type for v in read), strict=False)))
    if found is None:
        return False
    when = next((v.when for v in read if v.when is not None), None)
    if when is not None and scope.when != when:
        return False
    name = scope.name()
    return _use(scope, name, {"op": found.name, **found.arguments}, found.ports, read, found.outputs)


def _use(
    scope: Scope, name: str, entry: dict[str, Any], ports: tuple[tuple[str, TensorType], ...], read: list[Value],
    outputs: tuple[tuple[str, TensorType], ...],
) -> bool:  # fmt: skip
    reads: dict[str, Any]
    if len(ports) == 1:
        reads = scope.reads(read[0])
    else:
        reads = {"from": {port: v.path for (port, _), v in zip(ports, read, strict=True)}}
    values = [Value(f"{name}.{n}" if n else name, x) for n, x in outputs]
    scope.add(name, {**entry, **reads}, values)
    inputs = tuple(x for _, x in ports)
    scope.shareable.append(Shareable(name, inputs, outputs, tuple(p for p, _ in ports) if len(ports) > 1 else ()))
    return True


def spec_block(scope: Scope) -> bool:
    """Another file's network, used as a block."""
    if scope.depth or scope.world.budget < 4 or len(scope.world.files) > 1:
        return False
    from tests.generators.networks import fill

    value = scope.source()
    if value is None or value.when is not None:
        return False
    shapes, names = pattern(scope, (value.type,), plain=True)
    inner = body(scope, (("x", value.type),), names)
    inner.words, inner.depth = {}, 1
    inner.numbers = {}
    blocks, uses = scope.world.blocks, scope.world.uses
    scope.world.blocks, scope.world.uses = {}, []
    fill(inner, number(scope.draw, 1, 3))
    own_blocks, scope.world.blocks, scope.world.uses = scope.world.blocks, blocks, uses
    own = [v for v in inner.values if v.path != "x" and v.when is None]
    if not own:
        return False
    chosen, outputs = _outputs(inner, own)
    file: dict[str, Any] = {"archdsl": 1, "name": "inner", "inputs": {"x": shapes[0]}}
    file |= {"blocks": own_blocks} if own_blocks else {}
    file |= {"nodes": inner.entries} | ({"outputs": chosen} if chosen is not None else {})
    stem = scope.world.fresh("inner")
    scope.world.files[f"{stem}.yaml"] = to_yaml(file)
    return _use(scope, scope.name(), {"op": f"spec.{stem}"}, (("x", value.type),), [value], outputs)


# --- loops over time --------------------------------------------------------------------------------


def scan(scope: Scope) -> bool:
    """A block that runs once for every step."""
    draw = scope.draw
    if scope.depth > 1 or scope.world.budget < 4:
        return False
    sequences = [v for v in scope.readable() if v.type.rank >= 2 and v.type.dtype == "float32" and v.when is None]
    if not sequences:
        return False
    value = pick(draw, sequences)
    at = number(draw, 1 if value.type.rank > 1 else 0, value.type.rank - 1)
    steps = value.type.shape[at]
    if isinstance(steps, int) and steps > 8:
        return False
    slice_ = value.type.with_shape((*value.type.shape[:at], *value.type.shape[at + 1 :]))
    starts = scope.same(slice_)
    if not starts or rarely(draw, 2):
        sizes = [scope.size(dim) for dim in slice_.shape]
        if any(size is None for size in sizes):
            return False
        zeros = scope.world.fresh("zeros")
        scope.add(zeros, {"op": "constant", "shape": sizes, "value": 0}, [Value(zeros, slice_)], shown=False)
        start = scope.values[-1]
    else:
        start = pick(draw, starts)
    step = _step(scope, slice_)
    if step is None:
        return False
    name = scope.name()
    entry = {"op": "scan", "body": step, "dim": at, "over": {"x": value.path}, "carry": {"h": start.path}}
    entry |= options(draw, reverse=[True]) | {"collect": {"all": "h", "seen": "seen"}}
    stacked = slice_.with_shape((*slice_.shape[:at], steps, *slice_.shape[at:]))
    outputs = [Value(f"{name}.all", stacked), Value(f"{name}.seen", stacked), Value(f"{name}.h", slice_)]
    scope.add(name, entry, outputs)
    return True


def _step(scope: Scope, slice_: TensorType) -> str | None:
    from tests.generators.networks import fill

    ports = (("x", slice_), ("h", slice_))
    shapes, names = pattern(scope, (slice_, slice_))
    inner = body(scope, ports, names)
    inner.depth = max(inner.depth, 2)
    fill(inner, number(scope.draw, 0, 2))
    same = [v for v in inner.same(slice_) if "-" not in v.path and "." not in v.path and v.when is None]
    seen = pick(scope.draw, same)
    inner.entries["step_sum"] = f"= tanh({seen.path} * 0.5 + {pick(scope.draw, same).path}) + h * 0.5"
    name = scope.world.fresh("step")
    scope.world.blocks[name] = {
        "inputs": {port: shape for (port, _), shape in zip(ports, shapes, strict=True)},
        "nodes": inner.entries,
        "outputs": {"h": "step_sum", "seen": seen.path},
    }
    return name


__all__ = ["block", "chain", "condition", "inline", "repeated", "scan", "spec_block", "symbol"]
