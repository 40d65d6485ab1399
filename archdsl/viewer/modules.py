"""What the page tells of every module, equal modules once.

A module's record holds no path: those of its children are found by their names, so that the copies of a
block share one record, and with it one figure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Tree
from archdsl.figure.flow import Flow
from archdsl.figure.scans import steps_text
from archdsl.ir.graph import Graph, Mode, Node, Scope, Value, port_names
from archdsl.ops.base import Op
from archdsl.ops.special import Formula
from archdsl.shapes import TensorType, evaluate, format_shape
from archdsl.viewer.constants import Constants
from archdsl.viewer.excerpts import Sources
from archdsl.words.formulas import formula_text
from archdsl.words.naming import humanise
from archdsl.words.titles import title

ModuleRecord = dict[str, Any]


class Modules:
    """The records of a network's modules, and which record each module has."""

    def __init__(self, graph: Graph, flow: Flow) -> None:
        self.records: list[ModuleRecord] = []
        self.types: list[list[str]] = []
        """Types as lists of the symbolic shape, the shape at the sample sizes, and the dtype."""
        self.sources = Sources(graph)
        self.firsts: dict[int, Scope] = {}
        """By record, the first scope in the order of the tree that has it."""
        self._graph = graph
        self._flow = flow
        self._constants = Constants(flow)
        self._numbers: dict[str, int] = {}
        self._types: dict[TensorType, int] = {}
        self.root = self._scope(graph.root)

    def type(self, type: TensorType) -> int:
        """The number of a type."""
        if type not in self._types:
            self._types[type] = len(self.types)
            sample = tuple(evaluate(dim, self._graph.sample_sizes) for dim in type.shape)
            self.types.append([format_shape(type.shape), format_shape(sample), type.dtype])
        return self._types[type]

    def _scope(self, scope: Scope) -> int:
        children = [(name, self._item(child)) for name, child in scope.children.items()]
        below = [self.records[number] for _, number in children]
        record = {
            "block": scope.block,
            "title": humanise(scope.block or scope.name) if scope.name else self._graph.name,
            "fields": _fields(scope.arguments),
            "loop": steps_text(self._flow, [scope]),
            "in": self._values(scope.inputs),
            "out": self._values(scope.outputs),
            "parameters": sum(each.get("parameters", 0) for each in below) or None,
            "macs": sum(each.get("macs", 0) for each in below) or None,
            "definition": self.sources.definition(scope),
            "children": children,
            **self._common(scope),
        }
        if scope.scope is None:
            record |= self._whole()
        number = self._number(record, _wiring(self._flow, scope))
        self.firsts.setdefault(number, scope)
        return number

    def _whole(self) -> ModuleRecord:
        """What the network itself has in place of a scope's ports and arguments."""
        return {
            "in": [[name, self.type(node.types[0])] for name, node in self._graph.inputs.items()],
            "out": self._values(self._graph.outputs),
            "fields": _fields(self._graph.params),
        }

    def _item(self, item: Node | Scope) -> int:
        return self._scope(item) if isinstance(item, Scope) else self._node(item)

    def _node(self, node: Node) -> int:
        inputs = dict(zip(port_names(node), node.inputs, strict=True))
        macs = 0 if node.when is Mode.TRAINING else evaluate(node.macs, self._graph.counted_sizes)
        record = {
            "op": node.op.name,
            "kind": node.op.kind.value,
            "title": title(node, self._graph.sample_sizes).text,
            "fields": _fields(_told(node.op)) | _formula(node),
            "in": self._values(inputs),
            "out": [[name, self.type(type)] for name, type in zip(node.output_names, node.types, strict=False)],
            "tensors": [[name, format_shape(tensor.shape), tensor.buffer] for name, tensor in node.tensors.items()],
            "parameters": node.parameters or None,
            "macs": macs or None,
            "constant": self._constants.is_constant(node) or None,
            "passes": self._constants.passes(node) or None,
            "readers": self._constants.readers(node),
            **self._common(node),
        }
        return self._number(record)

    def _common(self, item: Node | Scope) -> ModuleRecord:
        return {
            "when": item.when.value if item.when is not None else None,
            "note": item.note,
            "shares": item.share.path if item.share is not None else None,
            "source": self.sources.written(item),
        }

    def _values(self, values: Mapping[str, Value | None]) -> list[list[Any]]:
        return [[name, self.type(value.type)] for name, value in values.items() if value is not None]

    def _number(self, record: ModuleRecord, beside: Sequence[Any] = ()) -> int:
        """The number of a record; `beside` is what else tells records apart."""
        said = {key: value for key, value in record.items() if value not in (None, "", [], {})}
        key = json.dumps([said, beside])
        if key not in self._numbers:
            self._numbers[key] = len(self.records)
            self.records.append(said)
        return self._numbers[key]


def _wiring(flow: Flow, scope: Scope) -> list[Any]:
    """Who reads whom in a scope, in numbers that do not depend on where it stands."""
    nodes = list(scope.nodes())
    places = {node: place for place, node in enumerate(nodes)}
    outside: dict[Node, int] = {}
    wiring = []
    for node in nodes:
        read = [value.node for value in node.inputs if value is not None]
        sources = [places[each] if each in places else -1 - outside.setdefault(each, len(outside)) for each in read]
        moves = node not in flow.static
        leaves = moves and any(reader not in places for reader in flow.readers[node])
        wiring.append([sources, moves, leaves])
    return wiring


def _told(op: Op) -> dict[str, Any]:
    """The fields that differ from their defaults, in the op's order."""
    values = {name: getattr(op, name) for name in type(op).model_fields}
    return {name: value for name, value in values.items() if not _is(value, type(op).model_fields[name].default)}


def _is(value: Any, default: Any) -> bool:
    """Whether a field has its default, which may be one number for all dimensions."""
    return bool(value == default or (isinstance(value, tuple) and set(value) == {default}))


def _fields(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _formula(node: Node) -> dict[str, str]:
    """The expression of a formula in the names that the spec reads there."""
    return {"expression": formula_text(node.op.expression, node)} if isinstance(node.op, Formula) else {}


def _text(value: Any) -> str:
    """A value as YAML would have it."""
    if isinstance(value, str | Tree):
        return _plain(value)
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    """What is no data, an expression or a size, as specs write it."""
    return to_text(value) if isinstance(value, Tree) else str(value)
