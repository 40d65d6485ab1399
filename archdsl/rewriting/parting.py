"""Parts that are picked one by one, as one op with an output for each; those that attention reads are called for it."""

from __future__ import annotations

from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.attention import ScaledDotProductAttention
from archdsl.ops.base import Moving
from archdsl.ops.divide import Parting, Select, Unbind
from archdsl.ops.reshape import Unflatten
from archdsl.rewriting.editing import GraphEditor, output_of

_PARTS: Final = ("q", "k", "v")
"""What attention reads, by port."""


def parted(editor: GraphEditor) -> None:
    """Puts `unbind` in the place of `select`s that take all places of a dimension."""
    for node in [*editor.nodes()]:
        if len(node.types) == 1:
            _unbind(editor, node)
    for node in [*editor.nodes()]:
        if isinstance(node.op, Unbind) and editor.may_go(node):
            _hoist(editor, node)
    for node in [*editor.nodes()]:
        if isinstance(node.op, Parting) and node.op.names is None and editor.may_go(node):
            _name(editor, node)


def _unbind(editor: GraphEditor, node: Node) -> None:
    x, readers = node.types[0], editor.readers(node)
    selects = {reader: op for reader in readers if isinstance(op := reader.op, Select) and editor.may_go(reader)}
    if len(selects) < max(2, len(readers)) or len({(each.scope, each.when) for each in readers}) > 1:
        return
    dims = {op.dim % x.rank for op in selects.values()}
    size = x.shape[min(dims)]
    if len(dims) > 1 or not isinstance(size, int):
        return
    places = {op.index % size: reader for reader, op in selects.items() if isinstance(op.index, int)}
    if len(readers) != size or {*places} != {*range(size)}:
        return
    editor.remove(*readers)
    made = editor.add(Unbind(dim=min(dims)), [output_of(node)], readers[0])
    for place, reader in places.items():
        editor.swap(output_of(reader), output_of(made, place))


def _hoist(editor: GraphEditor, node: Node) -> None:
    """Takes a dimension of all parts apart before they are parts."""
    readers = [editor.readers(node, place) for place in range(len(node.types))]
    splits = [each[0] for each in readers if len(each) == 1 and editor.may_go(each[0]) and each[0].when is node.when]
    op = splits[0].op if len(splits) == len(node.types) else None
    source, dim = node.inputs[0], getattr(node.op, "dim", 0)
    if not isinstance(op, Unflatten) or source is None or any(each.op != op for each in splits) or dim < 0:
        return
    if op.dim < dim:
        return
    editor.remove(*splits, node)
    whole = editor.add(op.model_copy(update={"dim": op.dim + 1}), [source], node)
    made = editor.add(node.op, [output_of(whole)], node, node.name)
    for place, each in enumerate(splits):
        editor.swap(output_of(each), output_of(made, place))


def _name(editor: GraphEditor, node: Node) -> None:
    """Calls the parts as attention reads them, where each is read by it alone."""
    ports = [_port(editor, node, place) for place in range(len(node.types))]
    if sorted(ports) != [0, 1, 2]:
        return
    names = tuple(_PARTS[port] for port in ports)
    editor.remove(node)
    made = editor.add(node.op.model_copy(update={"names": names}), node.inputs, node, node.name)
    for place in range(len(node.types)):
        editor.swap(output_of(node, place), output_of(made, place))


def _port(editor: GraphEditor, node: Node, place: int) -> int:
    """Which port of attention an output comes to, moved about at most; -1 where it comes to something else."""
    readers = editor.readers(node, place)
    while len(readers) == 1 and isinstance(readers[0].op, Moving) and len(readers[0].types) == 1:
        node, place = readers[0], 0
        readers = editor.readers(node)
    if len(readers) != 1 or not isinstance(readers[0].op, ScaledDotProductAttention):
        return -1
    return next(
        n for n, value in enumerate(readers[0].inputs) if value and value.node is node and value.output == place
    )
