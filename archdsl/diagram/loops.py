"""Loops over time: what a figure says of a block that runs once for every step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from archdsl.diagram.figure import Box, Link, Role, Style
from archdsl.diagram.flow import Flow, in_training_only
from archdsl.diagram.quantities import SPACE, size
from archdsl.diagram.repeats import Turn
from archdsl.diagram.titles import border_name
from archdsl.graph import Node, Scope
from archdsl.ops.special import SCAN, ScanCarry, ScanLast

_BEFORE: Final = "from the step before"
_NEXT: Final = f"→{SPACE}next{SPACE}step"


def is_border(node: Node) -> bool:
    """Whether values come into a loop here, or leave it."""
    return isinstance(node.op, SCAN)


def loops_of(turn: Turn) -> list[Scope]:
    """The loops that a turn's blocks are; none where it has another block too."""
    scopes = [element.scope for element in turn if element.is_block and element.scope is not None]
    return scopes if all(scope.scan is not None for scope in scopes) else []


def steps_text(flow: Flow, loops: Sequence[Scope]) -> str:
    """`× 24 steps`, at the sample sizes; empty where there is no loop, or loops of different length."""
    scans = [scope.scan for scope in loops if scope.scan is not None]
    lengths = {size(scan.steps, flow.sizes) for scan in scans}
    if len(lengths) != 1:
        return ""
    steps = lengths.pop()
    backwards = {scan.reverse for scan in scans}
    way = ", both ways" if len(backwards) > 1 else ", backwards" if True in backwards else ""
    return f"×{SPACE}{steps}{SPACE}step{'' if steps == 1 else 's'}{way}"


def carried(loops: Iterable[Scope]) -> str:
    """`h, c`: what loops pass on to their next step; empty where there is nothing."""
    nodes = (child for scope in loops for child in scope.children.values() if isinstance(child, Node))
    return ", ".join(dict.fromkeys(border_name(node) for node in nodes if isinstance(node.op, ScanCarry)))


def border_box(node: Node) -> Box:
    """The box where a value comes into a loop or leaves it: text alone, as the network's own inputs."""
    aside = {ScanCarry: _BEFORE, ScanLast: _NEXT}.get(type(node.op), "")
    return Box(node.path, Style.PORT, "reshape", border_name(node), aside=aside, dashed=in_training_only(node))


def loop_boxes(boxes: Iterable[Box]) -> Iterator[tuple[str, Box]]:
    """For each box that passes something on to its next step: its name, and the box on its loop edge."""
    for box in boxes:
        if box.carries:
            yield box.name, Box(f"{box.name} loop", Style.LOOP, "reshape", box.carries, dashed=box.dashed)


def loop_links(name: str, loop: Box) -> tuple[Link, Link]:
    """The loop edge of a box, out and back in."""
    return (
        Link(name, loop.name, Role.LOOP, dashed=loop.dashed),
        Link(loop.name, name, Role.LOOP, dashed=loop.dashed),
    )
