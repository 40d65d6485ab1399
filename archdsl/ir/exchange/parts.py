"""The graph's own classes as JSON has them.

Files, places and names are shared, so they stand in tables and are meant by their numbers; nodes and scopes are meant
by their paths, and a value by its node's path with the number of the output or the name of the tensor. What follows
from something else is not written: an item's name and scope from its path, a value's type from its node, the network's
outputs from its scope's. Nor is where the files lie on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, final

from archdsl.expressions import Expression
from archdsl.faults.code import Code
from archdsl.ir.exchange.codec import (
    PLAIN,
    REQUIRED,
    TEXT,
    Codec,
    Codecs,
    FieldCodec,
    Json,
    listed,
    read_parts,
    write_parts,
)
from archdsl.ir.exchange.error import GraphError, unexpected
from archdsl.ir.exchange.ops import any_op
from archdsl.ir.exchange.values import (
    DIMENSION,
    EXPRESSION,
    TREES,
    Depth,
    LoopTarget,
    any_tree,
    anything,
    read_target,
    write_target,
)
from archdsl.ir.graph import Env, Graph, Node, Scope, Value
from archdsl.ir.initialise import Initialiser
from archdsl.ir.renaming import Rename, Resize
from archdsl.ir.sites import Site
from archdsl.ops.base import AnyDim, Op
from archdsl.ops.special import AnyTree, InputOp
from archdsl.shapes import Dim, Symbolic, TensorType
from archdsl.text.lines import Lines
from archdsl.text.spelled import quoted

FORMAT: Final = "archdsl_graph"
"""The key of the format's version, which says what the text is."""
VERSION: Final = 4
"""Of the format. It is raised where a reader of the one before would misunderstand what is written."""
TABLES: Final = ("files", "sites", "envs", "scopes", "inputs", "nodes")
"""The keys whose values are lists of entries."""


@final
class Numbers:
    """The numbers of what stands in tables, in the order in which it was first met."""

    def __init__(self, shown: Callable[[str], str]) -> None:
        self.shown = shown
        """What a file is called."""
        self.lines: dict[Lines, int] = {}
        self.sites: dict[Site, int] = {}
        self.envs: dict[Env, int] = {}


@final
class Known(Depth):
    """What has been read so far."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Lines] = []
        self.sites: list[Site] = []
        self.envs: list[Env] = []
        self.nodes: dict[str, Node] = {}
        self.scopes: dict[str, Scope] = {}
        self.children: dict[str, dict[str, Node | Scope]] = {}
        """What stands right below each scope, by the scope's path."""
        self.values: dict[tuple[str, str | int], Value] = {}


# --- what is meant by a number or a path ----------------------------------------------------------


def _numbered(kind: type, what: str, table: str) -> Codec:
    """A reference to an entry of a table that stands before."""

    def write(value: Any, book: Any) -> Json:
        return getattr(book, table).setdefault(value, len(getattr(book, table)))

    def read(data: Json, book: Any) -> Any:
        known = getattr(book, table)
        if type(data) is not int or not 0 <= data < len(known):
            raise unexpected(f"the number of {what}, below {len(known)} here", data)
        return known[data]

    return Codec(f"the number of {what}", (int,), lambda value: isinstance(value, kind), write, read)


def number_env(env: Env, book: Numbers) -> int:
    """The number of an environment; those that it stands in come before it."""
    if env not in book.envs:
        if env.parent is not None:
            number_env(env.parent, book)
        book.envs[env] = len(book.envs)
    return book.envs[env]


INPUT_MARK: Final = ":"
"""Before the name of an input that is referred to: a node may have the same name."""


def _reference(item: Node | Scope) -> str:
    return INPUT_MARK + item.path if isinstance(item, Node) and isinstance(item.op, InputOp) else item.path


def _placed(kind: type, what: str, table: str) -> Codec:
    """A reference by path."""

    def read(data: Json, book: Any) -> Any:
        known = getattr(book, table)
        if type(data) is not str or data not in known:
            raise unexpected(f"the path of {what}", data, code=Code.UNKNOWN_NODE)
        return known[data]

    return Codec(
        f"the path of {what}", (str,), lambda v: isinstance(v, kind), lambda value, book: _reference(value), read
    )


def _write_value(value: Value, book: Any) -> Json:
    return [_reference(value.node), value.output if value.weight is None else value.weight]


def _read_value(data: Json, book: Known) -> Value:
    if not isinstance(data, list) or len(data) != 2 or type(data[1]) not in (int, str):
        raise unexpected(_VALUE, data)
    path, part = data
    if type(path) is not str or path not in book.nodes:
        raise unexpected(
            "the path of a node before this one, or `:` and an input", path, code=Code.UNKNOWN_NODE
        ).within(0)
    if (path, part) not in book.values:
        book.values[path, part] = _value(book.nodes[path], part)
    return book.values[path, part]


def _value(node: Node, part: str | int) -> Value:
    if isinstance(part, str):
        if part not in node.tensors:
            tensors = quoted(node.tensors) or "no tensor"
            raise GraphError(f"`{node.path}` owns {tensors}, and no `{part[:60]}`", code=Code.UNKNOWN_OUTPUT).within(1)
        tensor = node.tensors[part]
        return Value(node, 0, TensorType(tensor.shape, tensor.dtype), part)
    if not 0 <= part < len(node.types):
        count = f"{len(node.types)} output{'s' * (len(node.types) != 1)}"
        message = f"`{node.path}` has {count}, counted from 0, and no {part}"
        raise GraphError(message, code=Code.UNKNOWN_OUTPUT).within(1)
    return Value(node, part, node.types[part])


_VALUE: Final = (
    "a value: a node's path, or `:` and an input, in a list with the number of an output or name of a tensor"
)

# --- the classes ----------------------------------------------------------------------------------


def _codecs() -> Codecs:
    names = {
        "Expression": Expression, "Site": Site, "Rename": Rename, "Resize": Resize, "Path": Path, "Target": LoopTarget,
        "Initialiser": Initialiser,
    }  # fmt: skip
    codecs = Codecs(PLAIN, names)
    free, trees = anything(), any_tree(codecs)
    targets = Codec("a name or a list of names", (str, list), lambda value: True, write_target, read_target)
    codecs.special.update({
        Any: free, Symbolic: DIMENSION, Expression: EXPRESSION, LoopTarget: targets,
        Lines: _numbered(Lines, "a file", "lines"), Site: _numbered(Site, "a place", "sites"),
        Env: _numbered(Env, "an environment", "envs")._replace(write=number_env),
        Node: _placed(Node, "a node before this one", "nodes"), Scope: _placed(Scope, "a scope", "scopes"),
        Value: Codec(_VALUE, (list,), lambda value: isinstance(value, Value), _write_value, _read_value),
        **dict.fromkeys(TREES.values(), trees),
    })  # fmt: skip
    codecs.special[AnyDim.__metadata__[0]] = codecs.of(Dim)
    codecs.special[AnyTree.__metadata__[0]] = trees
    codecs.special[Op] = any_op(codecs)
    return codecs


_CODECS: Final = _codecs()
_FROM_PATH: Final = ("name", "scope")


class Record(NamedTuple):
    """How the entries of a table are written and read."""

    parts: tuple[FieldCodec, ...]

    def write(self, value: Any, book: Numbers) -> dict[str, Json]:
        return write_parts(self.parts, value, book)

    def read(self, data: Json, book: Known, also: Iterable[FieldCodec] = ()) -> dict[str, Any]:
        return read_parts(self.parts, data, book, [part.name for part in also])


FILE: Final = Record(_CODECS.parts(Lines))
SITE: Final = Record(_CODECS.parts(Site))
ENV: Final = Record(_CODECS.parts(Env, ("source",)))
NODE: Final = Record(_CODECS.parts(Node, _FROM_PATH))
_LATER: Final = ("inputs", "outputs", "features", "checks", "share")
"""What of a scope means nodes, or scopes that may stand after it."""
SCOPE: Final = Record(_CODECS.parts(Scope, (*_FROM_PATH, *_LATER, "children")))
LINKS: Final = Record(
    (
        *(part for part in _CODECS.parts(Scope, _FROM_PATH) if part.name in _LATER),
        FieldCodec("children", listed(TEXT, list, dict), REQUIRED),
    )
)
_ELSEWHERE: Final = ("root", "inputs", "nodes", "outputs", "output_modes", "path", "provenance")
GRAPH: Final = Record(_CODECS.parts(Graph, _ELSEWHERE))
