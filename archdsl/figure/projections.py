"""Which layers make the queries, keys and values of attention, by the ports that their output comes to."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import Final

from archdsl.figure.flow import Flow, is_main
from archdsl.figure.given import op_title
from archdsl.ir.graph import Node
from archdsl.ops.base import Kind
from archdsl.ops.linear import Linear
from archdsl.words.naming import Title
from archdsl.words.quantities import SPACE

FEW: Final = 32
"""The most ops between a layer and the attention that it makes something for."""


def box_title(flow: Flow, node: Node) -> Title:
    """An op's title in a box of its own: of a linear layer with what it makes, as `Linear q, k, v`."""
    found = op_title(flow, node)
    made = f",{SPACE}".join(_made(flow, node)) if is_linear(flow, node) else ""
    return found._replace(name=f"{found.name}{SPACE}{made}") if made else found


def is_linear(flow: Flow, node: Node) -> bool:
    """Whether it is a linear layer, also one that is written from primitives."""
    return isinstance(node.op, Linear) or (flow.idiom(node) is not None and flow.kind(node) is Kind.LINEAR)


def _made(flow: Flow, node: Node) -> list[str]:
    """What attention calls what the layer makes, in the order of its ports; nothing of what another layer reads, too:
    that makes of a latent vector what attention is given."""
    own = {node}
    idiom = flow.idiom(node)
    layer = idiom.nodes if idiom is not None else (node,)
    waiting: list[tuple[int, Node]] = []
    _push(flow, node, waiting)
    found: set[str] = set()
    order: list[str] = []
    letters: Mapping[str, str] = {}
    while waiting and len(own) < FEW:
        _, reader = heappop(waiting)
        if reader in own:
            continue
        if reader.op.kind is Kind.ATTENTION:
            letters = reader.op.letters
            order = [port.name for port in reader.op.ports if port.name not in reader.op.masking]
            found |= {port for port in _fed(flow, reader, own) if not reader.tensors}
        elif reader not in layer and is_linear(flow, reader):
            return []
        elif _carries(flow, reader, own):
            own.add(reader)
            _push(flow, reader, waiting)
    return [letters.get(port, port) for port in order if port in found]


def _push(flow: Flow, node: Node, waiting: list[tuple[int, Node]]) -> None:
    for reader in flow.readers[node]:
        heappush(waiting, (flow.order[reader], reader))


def _fed(flow: Flow, reader: Node, own: set[Node]) -> set[str]:
    given = zip(reader.op.ports, reader.inputs, strict=False)
    return {
        port.name
        for port, value in given
        if value is not None and port.name not in reader.op.masking and flow.resolve(value).node in own
    }


def _carries(flow: Flow, reader: Node, own: set[Node]) -> bool:
    """Whether it only orders, turns, scales or normalises what the layer made."""
    return not is_main(reader) and (reader.op.moves or own.issuperset(flow.sources[reader]))
