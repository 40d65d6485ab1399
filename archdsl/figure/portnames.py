"""What links say of the ports that they enter and of the outputs that they leave by, where a box has several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from archdsl.figure.figure import Link
from archdsl.figure.flow import Flow
from archdsl.ir.graph import Node, Scope, ScopeKind, Value, port_names
from archdsl.words.naming import ARROW
from archdsl.words.quantities import SPACE

COMMON: str = "input"
"""The port that most ops have; an arrow into it needs no name."""


class PortNames:
    """The ports and outputs of the links that are found."""

    def __init__(self, flow: Flow, block: Mapping[Node, Scope]) -> None:
        """`block` has for each node the block that it is drawn inside of, if any."""
        self._flow = flow
        self._block = block
        self._ports: dict[tuple[str, str], dict[str, None]] = {}
        self._outputs: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, ends: tuple[str, str], origin: Value, value: Value, reader: Node | None) -> None:
        """A value on its way to a reader, on the link between two boxes; None reads what leaves the figure.

        `origin` is what the first box makes, which may have been laid out otherwise since.
        """
        ports = self._ports.setdefault(ends, {})
        if reader is not None:
            ports.update(dict.fromkeys(self._entered(value, reader)))
        self._outputs.setdefault(ends, {}).update(dict.fromkeys(self._left(origin)))

    def _entered(self, value: Value, reader: Node) -> list[str]:
        scope = self._block.get(reader)
        if scope is not None:
            known = scope.kind is ScopeKind.BLOCK or scope.scan is not None
            return self._having(value, scope.inputs) if known else []
        op = reader.op
        if any(port.variadic for port in op.ports):
            return []
        given = dict(zip(port_names(reader), reader.inputs, strict=True))
        return [op.letters.get(name, name) for name in self._having(value, given) if name != COMMON]

    def _left(self, value: Value) -> list[str]:
        scope = self._block.get(value.node)
        if scope is not None:
            return self._having(value, scope.outputs) if len(scope.outputs) > 1 else []
        names = value.node.output_names
        return [names[value.output]] if len(names) > 1 and value.weight is None else []

    def _having(self, value: Value, ports: Mapping[str, Value | None]) -> list[str]:
        """The names of the ports that have a value."""
        resolved = ((name, self._flow.resolve(given)) for name, given in ports.items() if given is not None)
        return [name for name, given in resolved if (given.node, given.output) == (value.node, value.output)]

    def said(self, links: Iterable[Link], titles: Mapping[str, str]) -> dict[tuple[str, str], str]:
        """What each link says; of boxes that are text alone `titles` has what they are called."""
        ends = [(link.source, link.target) for link in links]
        entering, leaving = Counter(target for _, target in ends), Counter(source for source, _ in ends)
        found = {}
        for source, target in ends:
            port = _listed(self._ports[source, target]) if entering[target] > 1 else ""
            output = _listed(self._outputs[source, target]) if leaving[source] > 1 else ""
            names = dict.fromkeys(
                name for name in (output, port) if name not in (titles.get(source), titles.get(target))
            )
            found[source, target] = ARROW.join(name for name in names if name)
        return found


def _listed(names: Iterable[str]) -> str:
    return f",{SPACE}".join(names)
