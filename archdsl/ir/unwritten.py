"""The parts of a network that stand in a spec for what is still to be written."""

from __future__ import annotations

from typing import Final, final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError
from archdsl.ir.graph import Graph, Node
from archdsl.ops.special import Stub

WRITE_IT: Final = "write ops in its place; until then no module and no source can be made"


@final
class UnwrittenError(FaultError):
    """A network of which parts are not written: a line for each, with its place and what it stands for."""


def stubs_of(graph: Graph) -> list[Node]:
    """The parts that are to be written, in running order."""
    return [node for node in graph.nodes if node.op.unwritten]


def check_written(graph: Graph) -> None:
    """Raises UnwrittenError where parts of the network are not written."""
    found = stubs_of(graph)
    if found:
        parts = f"{len(found)} part{'s' * (len(found) != 1)}"
        lines = [f"`{graph.name}` has {parts} to be written before a module or source can be made", *map(_told, found)]
        raise UnwrittenError(Fault(Code.UNWRITTEN, "\n".join(lines)))


def _told(node: Node) -> str:
    place = f" ({node.span.file}:{node.span.line})" if node.span is not None else ""
    takes = " and ".join(f"{value.type}" for value in node.inputs if value is not None)
    return f"  `{node.path}`{place}: {words(node)}; it takes {takes} and gives {' and '.join(map(str, node.types))}"


def words(node: Node) -> str:
    """What a part stands for."""
    assert isinstance(node.op, Stub)
    return node.op.stands_for
