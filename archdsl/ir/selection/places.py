"""The value that a path means in a finished network, by the rules that paths have in specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archdsl.faults.code import Code
from archdsl.ir.graph import Graph, Node, Scope, ScopeKind, Value
from archdsl.ir.scopes import scopes_around, scopes_of
from archdsl.ir.selection.error import OutputsError
from archdsl.shapes import TensorType
from archdsl.text.names import check_length
from archdsl.text.nearest import did_you_mean


def value_at(graph: Graph, path: str) -> Value:
    """The one value at a path: of a node, of a scope, of an output by name or number, or a node's own tensor.

    Raises OutputsError.
    """
    if (problem := check_length(path)) is not None:
        raise OutputsError(Code.UNKNOWN_PATH, *problem)
    item, rest = _item(graph, path)
    if item is None or path.endswith("."):
        raise _unknown(graph, path)
    _check_loops(item, path)
    if rest and isinstance(item, Node) and rest in item.tensors:
        weight = item.tensors[rest]
        return Value(item, 0, TensorType(weight.shape, weight.dtype), rest)
    given = _given(item)
    if rest:
        found = _by_name(given, rest)
        if found is None:
            raise _unknown(graph, path)
        return found
    if len(given) != 1:
        raise _not_one(item, path, given)
    return next(iter(given.values()))


def _item(graph: Graph, path: str) -> tuple[Node | Scope | None, str]:
    """The node or scope that a path leads to, and what of the path goes on from there."""
    found: Node | Scope = graph.root
    parts = path.split(".")
    for place, name in enumerate(parts):
        if place == len(parts) - 1 and found is not graph.root and _by_name(_given(found), name) is not None:
            return found, name
        child = found.children.get(name) if isinstance(found, Scope) else None
        if child is None:
            if found is graph.root:
                return graph.inputs.get(name), ".".join(parts[1:])
            return found, ".".join(parts[place:])
        found = child
    return found, ""


def _given(item: Node | Scope) -> Mapping[str, Value]:
    """What a node or scope gives, by name."""
    if isinstance(item, Scope):
        return item.outputs
    return {name: Value(item, place, item.types[place]) for place, name in enumerate(item.output_names)}


def _by_name(given: Mapping[str, Value], name: str) -> Value | None:
    """One of the outputs, by its name or, of several, its number. An output without a name has none."""
    if name in given and (len(given) > 1 or name != "output"):
        return given[name]
    if len(given) > 1 and name.isdecimal() and len(name) <= len(str(len(given))) and int(name) < len(given):
        return [*given.values()][int(name)]
    return None


def _check_loops(item: Node | Scope, path: str) -> None:
    """Raises OutputsError for what runs in a loop over time."""
    around = next((scope for scope in scopes_around(item) if scope.scan is not None), None)
    if around is not None:
        raise OutputsError(
            Code.NO_VALUE,
            f"`{path}` has a value of its own at each step of the loop over time `{around.path}`, and none outside",
            "name it under the `outputs` of the loop's block, and under `collect`",
        )


def _unknown(graph: Graph, path: str) -> OutputsError:
    hint = did_you_mean(path, _paths(graph)) or "`archdsl summary` lists the paths"
    return OutputsError(Code.UNKNOWN_PATH, f"there is no value `{path}` in `{graph.name}`", hint)


def _paths(graph: Graph) -> Iterator[str]:
    """Every path of a value; the outer ones first, of which there are few."""
    scopes = sorted(scopes_of(graph.root), key=lambda scope: scope.path.count("."))
    for child in (child for scope in scopes for child in scope.children.values()):
        given = _given(child)
        yield from (child.path,) if len(given) == 1 else (f"{child.path}.{name}" for name in given)


def _not_one(item: Node | Scope, path: str, given: Mapping[str, Value]) -> OutputsError:
    if given:
        names = ", ".join(f"`{path}.{name}`" for name in given)
        return OutputsError(Code.SEVERAL_OUTPUTS, f"`{path}` has several outputs", f"name one of {names}")
    if isinstance(item, Scope) and item.kind is ScopeKind.CONTAINER:
        message = f"`{path}` is made by dotted names and has no value of its own"
        return OutputsError(Code.NO_VALUE, message, f"name its last child, `{path}.{[*item.children][-1]}`")
    return OutputsError(Code.NO_VALUE, f"`{path}` has no value")
