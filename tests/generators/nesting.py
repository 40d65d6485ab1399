"""Statements that hold others: inline scopes, lists, loops, blocks."""

from __future__ import annotations

from typing import Any

from archdsl.shapes import Dim, Symbolic, TensorType
from tests.generators.fields import number, pick, rarely
from tests.generators.scope import Block, Scope, Shareable, Value
from tests.generators.statements import condition, draw_bool, proposal, written

DIM_NAMES = ("N", "C", "H", "W", "D", "K", "L", "M")


# --- inline -----------------------------------------------------------------------------------------


def inline(scope: Scope) -> bool:
    """`{nodes: …}`: a module with nodes of its own, which see those around."""
    if scope.depth > 2 or scope.world.budget < 3 or not scope.readable():
        return False
    from tests.generators.networks import fill

    name = scope.name()
    given = scope.source() if rarely(scope.draw) else scope.above
    entry: dict[str, Any] = {} if given is None or given == scope.above else {"from": given.path}
    inner = Scope(
        scope.world, [*scope.values], given, scope.numbers, scope.words, scope.dims, depth=scope.depth + 1,
        when=scope.when,
    )  # fmt: skip
    if given is not None and given.path != "x":  # what came in is not `x`, which is refused there
        inner.values = [v for v in inner.values if v.path != "x"]
    inner.came_in(given)
    inner.shareable = list(scope.shareable)
    fill(inner, number(scope.draw, 1, 3))
    if not inner.entries or inner.above is None or inner.above.when != scope.when:
        return False
    last = [*inner.entries][-1]
    if inner.above.path != last:
        return False
    own = [v for v in inner.values if v.path.split(".")[0] in {e.split(".")[0] for e in inner.entries}]
    seen = [v._replace(path=f"{name}.{v.path}") for v in own] if not rarely(scope.draw, 2) else []
    entry |= {"order": inner.order()} if rarely(scope.draw, 4) else {}
    scope.add(name, {**entry, "nodes": inner.entries}, [Value(name, inner.above.type, inner.above.when), *seen])
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


# --- groups -----------------------------------------------------------------------------------------


def grouped(scope: Scope) -> bool:
    """`if` as a key: a chain of nodes that is there, or of which each passes on what came in."""
    value = scope.above
    if value is None or value.type.dtype != "float32" or value.when is not None or scope.world.budget < 2:
        return False
    holds, stem = draw_bool(scope), scope.world.fresh("part")
    key = f"if {condition(scope, holds)}"
    x, nodes, values = value.type, dict[str, Any](), list[Value]()
    for place in range(number(scope.draw, 1, 3)):
        op, fields, made = proposal(scope, x)
        if len(made) > 1:
            break
        x = made[0] if holds else x
        nodes[f"{stem}_{place}"] = {"op": op, **written(scope, fields)}
        values.append(Value(f"{stem}_{place}", x))
    if not nodes or key in scope.entries:
        return False
    if rarely(scope.draw, 3):
        name = scope.name()
        items = [*nodes.values()]
        scope.add(name, ["tanh", {key: pick(scope.draw, [items, [items]])}], [Value(name, x)])
        return True
    if rarely(scope.draw, 3):
        _summed(stem, nodes, values, value)
    scope.add(key, nodes, values)
    scope.above = values[-1]
    return True


def _summed(stem: str, nodes: dict[str, Any], values: list[Value], value: Value) -> None:
    """Adds a loop to a group, and a node of two inputs, which says what its readers get without it."""
    first, last = values[0], values[-1]
    nodes[f"for i in range({len(nodes)})"] = {f"{stem}_again_$i": "tanh"}
    values += [Value(f"{stem}_again_{place}", last.type) for place in range(len(values))]
    if value.type == last.type == first.type:
        nodes[f"{stem}_sum"] = {"value": f"{values[-1].path} + {stem}_$(0)", "else": value.path}
        values.append(Value(f"{stem}_sum", last.type))


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
    """An empty scope that sees its ports and sizes, and what its file says."""
    values = [Value(port, x) for port, x in ports]
    numbers = dict(scope.numbers) if not scope.depth else {}
    numbers = {n: of for n, of in numbers.items() if n not in names}
    numbers |= {name: dim for name, dim in names.items() if isinstance(dim, int)}
    sizes = {name: dim for name, dim in names.items() if isinstance(dim, Symbolic)}
    only = values[0] if len(values) == 1 else None
    words = dict(scope.words) if not scope.depth else {}
    inner = Scope(scope.world, values, only, numbers, words, sizes, depth=scope.depth + 1)
    inner.came_in(only)
    return inner


def new_block(scope: Scope, ports: tuple[tuple[str, TensorType], ...]) -> Block | None:
    """Writes a block for these ports, with what it gives for them."""
    from tests.generators.networks import fill

    draw = scope.draw
    shapes, names = pattern(scope, tuple(x for _, x in ports))
    inner = body(scope, ports, names)
    arguments, params = parameters(inner)
    let = derived(inner)
    fill(inner, number(draw, 1, 4))
    if not inner.entries:
        return None
    own = [v for v in inner.values if v.path not in (*dict(ports), "input") and v.when is None]
    if not own:
        return None
    entry: dict[str, Any] = {"inputs": {port: shape for (port, _), shape in zip(ports, shapes, strict=True)}}
    if not scope.world.word and rarely(draw, 4):
        entry["inputs"]["extra"] = {"optional": True}
    if len(ports) == 1 and ports[0][0] == "x" and not let and not _reads_sizes(inner, names) and rarely(draw, 2):
        del entry["inputs"]
    entry |= {"params": params} if params else {}
    entry |= {"let": let} if let else {}
    entry |= {"order": inner.order()} if rarely(draw, 4) else {}
    entry["nodes"] = inner.entries
    chosen, outputs = chosen_outputs(inner, own)
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


def parameters(inner: Scope) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments and declared parameters of a block."""
    if not rarely(inner.draw, 2):
        return {}, {}
    width = pick(inner.draw, [2, 4])
    inner.numbers["width"] = width
    if rarely(inner.draw, 2):
        return {}, {"width": width}
    return {"width": width}, {"width": "int"}


def derived(inner: Scope) -> dict[str, Any]:
    """`let`: values worked out from what the scope knows, each of which its expressions see."""
    let: dict[str, Any] = {}
    while inner.numbers and rarely(inner.draw, 4):
        name, of = inner.world.fresh("let"), pick(inner.draw, sorted(inner.numbers))
        known = inner.numbers[of]
        let[name], inner.numbers[name] = pick(
            inner.draw,
            [(f"2 * {of}", 2 * known), (f"{of} + 1", known + 1), (f"max({of} // 2, 1)", max(known // 2, 1)),
             (f"{of} if {of} > 3 else 4 - {of}", known if known > 3 else 4 - known)],
        )  # fmt: skip
    return let


def chosen_outputs(inner: Scope, own: list[Value]) -> tuple[Any, tuple[tuple[str, TensorType], ...]]:
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
    return use(scope, name, {"op": found.name, **found.arguments}, found.ports, read, found.outputs)


def use(
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
