"""JSON -> graph. A text is a stranger's: it is read within bounds, and nothing of it is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any, Final, TypeVar

from archdsl.faults.code import Code
from archdsl.ir.exchange import parts
from archdsl.ir.exchange.checking import Checker, check_blocks, check_env, check_scope, check_site, check_sizes
from archdsl.ir.exchange.codec import Json
from archdsl.ir.exchange.error import GraphError, NoValue, unexpected
from archdsl.ir.exchange.parts import Known
from archdsl.ir.graph import Env, Graph, Node, Scope
from archdsl.ir.sites import Site
from archdsl.limits import MAX_GRAPH, MAX_NAME, MAX_PATH, TooLarge, analysis, current
from archdsl.text.lines import Lines


def from_json(text: str) -> Graph:
    """The graph that `to_json` wrote, or somebody else. Raises GraphError for any other text."""
    with analysis():
        try:
            return _graph(_parsed(text))
        except TooLarge as error:
            raise GraphError(error.message, error.hint, error.code) from None
        except RecursionError:
            raise GraphError("the text is nested too deeply", code=Code.TOO_DEEP) from None


# --- the text -------------------------------------------------------------------------------------


def _parsed(text: str) -> dict[str, Json]:
    """What the JSON holds, of a version that is known. Raises GraphError."""
    if len(text) > MAX_GRAPH:
        message = f"a graph of {len(text):,} characters, and at most {MAX_GRAPH:,} are read"
        raise GraphError(message, code=Code.FILE_TOO_LARGE)
    try:
        data = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        raise GraphError(f"this is no JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}") from None
    if not isinstance(data, dict):
        raise unexpected("a graph, an object", data)
    version = data.pop(parts.FORMAT, None)
    if version is None:
        raise GraphError(
            f"`{parts.FORMAT}` is missing: this is no graph", f"it begins with `{parts.FORMAT}: {parts.VERSION}`"
        )
    if type(version) is not int or version != parts.VERSION:
        newer = type(version) is int and version > parts.VERSION
        hint = "a newer archdsl wrote it: update archdsl" if newer else "write it again with this archdsl"
        raise unexpected(
            f"{parts.VERSION}, the format that this archdsl reads", version, hint, Code.BAD_VERSION
        ).within(parts.FORMAT)
    return data


def _object(pairs: list[tuple[str, Json]]) -> Json:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        return NoValue(f"the key `{twice[:60]}` twice")
    return made


def _no_number(word: str) -> Json:
    return NoValue(f"`{word}`, which JSON does not have")


def _finite(text: str) -> Json:
    value = float(text)
    return value if isfinite(value) else NoValue(f"`{text[:60]}`, which is too large")


def _whole(text: str) -> Json:
    return int(text) if len(text) <= _DIGITS else NoValue("a number beyond 2 ** 64")


_DIGITS: Final = 21
"""Of the largest number that a graph holds, with its sign."""

_Item = TypeVar("_Item", Node, Scope)

# --- the tables, in an order in which each needs only those before it -----------------------------


def _graph(data: dict[str, Json]) -> Graph:
    book = Known()
    header = parts.GRAPH.read({key: value for key, value in data.items() if key not in parts.TABLES}, book)
    checker = Checker(check_sizes(header["sample_sizes"]))
    _each(data, "files", lambda entry: book.lines.append(Lines(**parts.FILE.read(entry, book))))
    _each(data, "sites", lambda entry: book.sites.append(check_site(Site(**parts.SITE.read(entry, book)))))
    _each(data, "envs", lambda entry: book.envs.append(check_env(Env(**parts.ENV.read(entry, book)))))
    scopes = _each(data, "scopes", lambda entry: _scope(entry, book))
    inputs = _each(data, "inputs", lambda entry: checker.input(_node(entry, book, parts.INPUT_MARK)))
    nodes = _each(data, "nodes", lambda entry: _child(checker.node(_node(entry, book)), book))
    rest, again = iter(scopes), iter(scopes)
    _each(data, "scopes", lambda entry: _link(next(rest), entry, book))
    order = {node: place for place, node in enumerate(book.nodes.values())}
    _each(data, "scopes", lambda entry: checker.scope(next(again), order))
    if not scopes:
        raise GraphError("the network is missing, whose path is empty").within("scopes")
    check_blocks(scopes)
    root = scopes[0]
    modes = {name: mode for name, value in root.outputs.items() if (mode := value.node.when) is not None}
    return Graph(
        root=root, inputs={node.name: node for node in inputs}, nodes=nodes, outputs=dict(root.outputs),
        output_modes=modes, **header,
    )  # fmt: skip


def _each(data: dict[str, Json], table: str, make: Callable[[Json], Any]) -> list[Any]:
    """What is made of the entries of a table."""
    if table not in data:
        raise GraphError(f"`{table}` is missing", "expected a list", Code.MISSING_FIELD)
    if not isinstance(data[table], list):
        raise unexpected("a list", data[table]).within(table)
    made = []
    for place, entry in enumerate(data[table]):
        try:
            made.append(make(entry))
        except GraphError as error:
            raise error.within(table, place) from None
    return made


def _scope(entry: Json, book: Known) -> Scope:
    """A scope that can be meant by its path, without what means nodes."""
    current().spend("scopes", 1)
    fields = parts.SCOPE.read(entry, book, parts.LINKS.parts)
    path = fields["path"]
    if path in book.scopes:
        raise GraphError(f"there are two scopes `{path[:60]}`", code=Code.DUPLICATE_NAME).within("path")
    above, name = (None, "") if not book.scopes else _above(path, book)
    scope = book.scopes[path] = Scope(name=name, scope=above, **fields)
    check_scope(scope)
    return _child(scope, book)


def _above(path: str, book: Known) -> tuple[Scope, str]:
    """The scope in which a path lies, and its last part."""
    outer, _, name = path.rpartition(".")
    if len(path) > MAX_PATH + MAX_NAME:
        raise GraphError(f"a path of {len(path):,} characters", code=Code.TOO_LARGE).within("path")
    if outer not in book.scopes:
        raise GraphError(f"there is no scope `{outer}` before it", code=Code.UNKNOWN_PATH).within("path")
    return book.scopes[outer], name


def _node(entry: Json, book: Known, mark: str = "") -> Node:
    """A node that can be meant by its path, after a mark."""
    current().spend("nodes", 1)
    fields = parts.NODE.read(entry, book)
    path = fields["path"]
    if mark + path in book.nodes or mark + path in book.scopes:
        raise GraphError(f"`{path[:60]}` stands there already", code=Code.DUPLICATE_NAME).within("path")
    scope, name = _above(path, book)
    book.nodes[mark + path] = node = Node(name=name, scope=scope, **fields)
    return node


def _child(item: _Item, book: Known) -> _Item:
    """The node or scope, noted as what stands in its scope."""
    if item.scope is not None:
        book.children.setdefault(item.scope.path, {})[item.name] = item
    return item


def _link(scope: Scope, entry: Json, book: Known) -> None:
    """Gives a scope what of its entry means nodes and other scopes."""
    fields = parts.LINKS.read(entry, book, parts.SCOPE.parts)
    order, below = fields.pop("children"), book.children.get(scope.path, {})
    if sorted(order) != sorted(below):
        odd = min({*order} ^ {*below}, default="one of them twice")
        raise GraphError(f"expected every node and scope right below it once, found `{odd[:60]}`").within("children")
    scope.children = {name: below[name] for name in order}
    for name, value in fields.items():
        setattr(scope, name, value)
