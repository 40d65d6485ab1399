"""What differs between a node or scope and its match: op, fields, initialisers, mode, and what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from archdsl.comparison.align import Alignment
from archdsl.expressions.tree import Name, Tree
from archdsl.expressions.walking import substitute
from archdsl.ir.graph import Graph, Item, Node, Scope, Value, port_names
from archdsl.ir.initialise import Initialiser
from archdsl.text.alike import same


class Detail(NamedTuple):
    """One thing that is another in the second network."""

    name: str
    """A field of the op, or `op`, `block`, `reads`, `init weight`, `when`, `share`, `registered`, `tie weight`, …"""
    before: Any
    after: Any
    """Plain data as a spec would hold it; None where there is nothing."""


class Rewired(Detail):
    """What feeds a port."""


class Initialised(Detail):
    """How a tensor of a node begins; that of a `parameter` is the node itself."""


class Details:
    """Finds what differs between matched items."""

    def __init__(self, before: Graph, after: Graph, alignment: Alignment) -> None:
        self._matches = alignment.after, alignment.before
        """Of what either network has, what the other has in its place."""
        self._reach = _reached(before, alignment.after), _reached(after, alignment.before)

    def of(self, before: Item, after: Item) -> tuple[Detail, ...]:
        """Nothing for equal ones."""
        found = [*self._common(before, after)]
        if isinstance(before, Node) and isinstance(after, Node):
            found = [*_op(before, after), *self._reads(before, after), *found, *self._tensors(before, after)]
        elif isinstance(before, Scope) and isinstance(after, Scope) and before.block != after.block:
            found = [Detail("block", before.block, after.block), *found]
        return tuple(found)

    def source(self, before: Value | None, after: Value | None) -> bool:
        """Whether one value is read, or the second comes from the first through added and removed nodes alone."""
        if before is None or after is None:
            return before is after
        return not self._is_gone(before, [after], 0) and not self._is_gone(after, [before], 1)

    def _common(self, before: Any, after: Any) -> Iterator[Detail]:
        if before.when is not after.when:
            yield Detail("when", *(item.when.value if item.when else None for item in (before, after)))
        if self._matches[0].get(before.share) is not after.share:
            yield Detail("share", *(item.share.path if item.share else None for item in (before, after)))
        elif before.registered is not after.registered:
            yield Detail("registered", before.registered, after.registered)

    def _reads(self, before: Node, after: Node) -> Iterator[Detail]:
        old, new = _fed(before), _fed(after)
        for port in dict.fromkeys((*old, *new)):
            values = old.get(port, []), new.get(port, [])
            gone = [value for side in (0, 1) for value in values[side] if self._is_gone(value, values[1 - side], side)]
            if gone or self._reordered(*values):
                name = "reads" if port == next(iter(new or old)) else f"reads {port}"
                yield Rewired(name, *(_names(values) for values in values))

    def _reordered(self, before: Sequence[Value], after: Sequence[Value]) -> bool:
        """Whether those that both read come in another order."""
        old = [(self._matches[0].get(value.node), *_place(value)) for value in before]
        new = [(value.node, *_place(value)) for value in after]
        return [value for value in old if value in new] != [value for value in new if value in old]

    def _is_gone(self, value: Value, others: Sequence[Value], side: int) -> bool:
        """Whether a value that one network reads is not read in the other, not even through nodes of its own."""
        counterpart = self._matches[side].get(value.node)
        if counterpart is None:
            return not others
        return not any(
            (other.node is counterpart and _place(other) == _place(value))
            or (other.node not in self._matches[1 - side] and counterpart in self._reach[1 - side][other.node])
            for other in others
        )

    def _tensors(self, before: Node, after: Node) -> Iterator[Detail]:
        old, new = (_initialisers(node) for node in (before, after))
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                pair = old.get(name), new.get(name)
                yield Initialised(f"init {name}", *pair) if name else Detail("init", *pair)
        if before.frozen != after.frozen:
            yield Detail("frozen", *(list(node.frozen) or None for node in (before, after)))
        for name in dict.fromkeys((*before.tie, *after.tie)):
            tied = before.tie.get(name), after.tie.get(name)
            if not self.source(*tied):
                yield Detail(f"tie {name}", *(value.name if value else None for value in tied))


def _op(before: Node, after: Node) -> Iterator[Detail]:
    """The op, or the fields that differ; of another op those that both have."""
    if before.op.name != after.op.name:
        yield Detail("op", before.op.name, after.op.name)
    names = dict.fromkeys((*type(before.op).model_fields, *type(after.op).model_fields))
    for name in [*names, *_extra(before, after)]:
        shared = hasattr(before.op, name) and hasattr(after.op, name)
        differ = not same(getattr(before.op, name, None), getattr(after.op, name, None))
        if differ and (shared or before.op.name == after.op.name):
            yield Detail(name, *(field_of(node, name) for node in (before, after)))
    if before.output_names != after.output_names:
        yield Detail("outputs", list(before.output_names), list(after.output_names))


def _extra(*nodes: Node) -> list[str]:
    return list(dict.fromkeys(name for node in nodes for name in node.op.model_extra or ()))


def field_of(node: Node, name: str) -> Any:
    """A field as plain data: a formula as its text, a dimension by its name."""
    return plain(getattr(node.op, name, None), node)


def plain(value: Any, node: Node | None = None) -> Any:
    """A field's value as JSON can hold it; the inputs in a formula by the names that the spec reads them by."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(each, node) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each, node) for key, each in value.items()}
    return _formula(value, node) if isinstance(value, Tree) else str(value)


def _formula(tree: Any, node: Node | None) -> str:
    from archdsl.expressions.printer import to_text

    inputs = node.inputs if node is not None else ()
    names: Any = {str(i): Name(_read_as(value)) for i, value in enumerate(inputs) if value is not None}
    return to_text(substitute(tree, names))


def _read_as(value: Value) -> str:
    """How the nodes beside it read a value: `relu`, `qkv.q`."""
    return value.name[len(value.node.path) - len(value.node.name) :]


def _fed(node: Node) -> dict[str, list[Value]]:
    """What is read, by port; a variadic port's values together."""
    ports = node.op.ports
    if len(ports) == 1:
        return {ports[0].name: [value for value in node.inputs if value is not None]}
    named = zip(port_names(node), node.inputs, strict=True)
    return {port: [value] for port, value in named if value is not None}


def _names(values: Sequence[Value]) -> Any:
    names = [value.name for value in values]
    return names if len(names) > 1 else names[0] if names else None


def _place(value: Value) -> tuple[int, str | None]:
    return value.output, value.weight


def _initialisers(node: Node) -> dict[str, str]:
    return {name: _spelled(each) for name, each in (node.init or {}).items()}


def _spelled(initialiser: Initialiser) -> str:
    """`zeros`, `trunc_normal(std=0.02)`"""
    arguments = ", ".join(f"{name}={value}" for name, value in initialiser.arguments)
    return f"{initialiser.name}({arguments})" if arguments else initialiser.name


def _reached(graph: Graph, matches: Mapping[Any, Any]) -> dict[Node, frozenset[Node]]:
    """The nodes of both networks that each node of this one alone reads, directly or through others of its kind."""
    found: dict[Node, frozenset[Node]] = {}
    for node in (*graph.inputs.values(), *graph.nodes):
        if node not in matches:
            read = [value.node for value in node.inputs if value is not None]
            reached = {source for source in read if source in matches}
            found[node] = frozenset(reached.union(*(found[source] for source in read if source not in matches)))
    return found
