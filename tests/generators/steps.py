"""Loops over time: over sequences or for a number of steps, with what they carry and capture; loops in loops."""

from __future__ import annotations

from typing import Any, NamedTuple

from archdsl.shapes import Dim, TensorType
from tests.generators.fields import number, options, pick, rarely
from tests.generators.nesting import body, derived, parameters, pattern
from tests.generators.scope import Scope, Value
from tests.generators.statements import ok
from tests.generators.weights import weighted


class Step(NamedTuple):
    """The block that a loop runs: its name and arguments, and the type of its output `seen`."""

    name: str
    arguments: dict[str, Any]
    seen: TensorType


class Steps(NamedTuple):
    """How often a loop runs, as the spec says it, and what it gives to every step from a sequence."""

    fields: dict[str, Any]
    count: Dim
    dim: int
    slices: dict[str, TensorType]


def scan(scope: Scope) -> bool:
    """A block that runs once for every step."""
    draw = scope.draw
    if scope.depth > 2 or scope.world.budget < 4:
        return False
    loop = _sequences(scope) if not rarely(draw, 2) else _counted(scope)
    start = None if loop is None else _start(scope, next(iter(loop.slices.values()), None))
    if loop is None or start is None:
        return False
    carry = {"h": start} | ({"c": pick(draw, scope.same(start.type))} if rarely(draw) else {})
    capture = _captured(scope)
    ports = loop.slices | {name: v.type for name, v in (carry | capture).items()}
    step = _step(scope, ports, [*carry])
    name = scope.name()
    entry: dict[str, Any] = {"op": "scan", "body": {"op": step.name, **step.arguments} if step.arguments else step.name}
    entry |= loop.fields | {"carry": {port: v.path for port, v in carry.items()}} | options(draw, reverse=[True])
    entry |= {"capture": {port: v.path for port, v in capture.items()}} if capture else {}
    collected = {} if rarely(draw, 5) else {"all": ("h", start.type), "seen": ("seen", step.seen)}
    collected = {n: given for n, given in collected.items() if ok(_stacked(given[1], loop))}
    entry |= {"collect": {n: output for n, (output, _) in collected.items()}} if collected else {}
    if not scope.depth and rarely(draw, 5):
        entry = _by_parameter(scope, entry)
    outputs = [Value(f"{name}.{n}", _stacked(x, loop)) for n, (_, x) in collected.items()]
    scope.add(name, entry, [*outputs, *(Value(f"{name}.{port}", v.type) for port, v in carry.items())])
    return True


def _stacked(x: TensorType, loop: Steps) -> TensorType:
    return x.with_shape((*x.shape[: loop.dim], loop.count, *x.shape[loop.dim :]))


def _sequences(scope: Scope) -> Steps | None:
    """`over`: a sequence, rarely two of one length."""
    draw = scope.draw
    found = [v for v in scope.readable() if v.type.rank >= 2 and v.type.dtype == "float32" and v.when is None]
    if not found:
        return None
    value = pick(draw, found)
    at = 0 if rarely(draw, 5) else number(draw, 1, value.type.rank - 1)
    steps = value.type.shape[at]
    if isinstance(steps, int) and steps > 8:
        return None
    others = [v for v in found if v.type.rank > at and v.type.shape[at] == steps]
    over = {"x": value} | ({"z": pick(draw, others)} if rarely(draw) else {})
    slices = {port: v.type.with_shape((*v.type.shape[:at], *v.type.shape[at + 1 :])) for port, v in over.items()}
    dim = {} if at == 0 and rarely(draw, 2) else {"dim": at}
    return Steps({**dim, "over": {port: v.path for port, v in over.items()}}, steps, at, slices)


def _counted(scope: Scope) -> Steps | None:
    """`steps`: a number, or a size that is known at run time."""
    draw = scope.draw
    count = number(draw, 1, 4)
    known: list[tuple[Any, Dim]] = [(scope.expression(count), count)]
    known += [(name, dim) for name, dim in scope.dims.items() if str(dim).isidentifier()]
    steps, dim = pick(draw, known)
    return Steps({"steps": steps}, dim, 0, {})


def _start(scope: Scope, slice_: TensorType | None) -> Value | None:
    """What the loop carries at first: a value, or zeros of the shape of a slice."""
    draw = scope.draw
    if slice_ is None:
        found = [v for v in scope.readable() if v.type.dtype == "float32" and v.when is None and v.type.rank]
        return pick(draw, found) if found else None
    starts = [v for v in scope.same(slice_) if v.when is None]
    if starts and not rarely(draw, 2):
        return pick(draw, starts)
    sizes = [scope.size(dim) for dim in slice_.shape]
    if any(size is None for size in sizes):
        return None
    zeros = scope.world.fresh("zeros")
    scope.add(zeros, {"op": "constant", "shape": sizes, "value": 0}, [Value(zeros, slice_, still=True)], shown=False)
    return scope.values[-1]


def _captured(scope: Scope) -> dict[str, Value]:
    """What is the same at every step: a value from around the loop, or a node's own weight."""
    if not rarely(scope.draw, 3):
        return {}
    found = [v for v in scope.readable() if v.when is None]
    own = found
    if rarely(scope.draw, 2):
        own = [Value(f"{i.path}.weight", TensorType(i.weight)) for i in weighted(scope) if i.weight is not None]
    return {"k": pick(scope.draw, own)} if own else {}


def _step(scope: Scope, ports: dict[str, TensorType], carried: list[str]) -> Step:
    """Writes the block: what it carries keeps its type."""
    from tests.generators.networks import fill

    draw = scope.draw
    shapes, names = pattern(scope, tuple(ports.values()))
    inner = body(scope, tuple(ports.items()), names)
    inner.kept = tuple(ports)
    arguments, params = parameters(inner)
    let = derived(inner)
    fill(inner, number(draw, 0, 3))
    if rarely(draw, 4):
        scan(inner)
    plain = [v for v in inner.values if "-" not in v.path and "." not in v.path and v.when is None]
    same = [v for v in plain if v.type == ports["h"]]
    seen = pick(draw, same if not rarely(draw) else [v for v in plain if v.path != "input"])
    nexts = {}
    for port in carried:
        name = inner.world.fresh("next")
        first, second = pick(draw, same), pick(draw, same)
        inner.entries[name] = f"= tanh({first.path} * 0.5 + {second.path}) + {port} * 0.5"
        nexts[port] = name
    name = scope.world.fresh("step")
    entry: dict[str, Any] = {"inputs": dict(zip(ports, shapes, strict=True))}
    entry |= {"params": params} if params else {}
    entry |= {"let": let} if let else {}
    scope.world.blocks[name] = entry | {"nodes": inner.entries, "outputs": {**nexts, "seen": seen.path}}
    return Step(name, arguments, seen.type)


def _by_parameter(scope: Scope, entry: dict[str, Any]) -> dict[str, Any]:
    """What is carried, as a parameter of the network says it."""
    state = scope.world.fresh("state")
    scope.world.params[state] = entry["carry"]
    return {**entry, "carry": f"${state}"}
