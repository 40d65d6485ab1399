"""Loops over time: what a figure says of a block that runs once for every step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

from archdsl.figure.figure import Box, Link, LinkRole, Panel, Style
from archdsl.figure.flow import Flow, in_training_only
from archdsl.figure.repeats import RepeatTurn
from archdsl.ir.graph import Node, Scope
from archdsl.ir.scopes import scopes_around
from archdsl.ops.special import SCAN, ScanCarry, ScanLast, ScanSlice
from archdsl.words.quantities import SPACE, size
from archdsl.words.titles import border_name

_BEFORE: Final = "from the step before"
_GIVEN: Final = "given first, then carried"
_NEXT: Final = f"→{SPACE}next{SPACE}step"
_LAST: Final = f"→{SPACE}next{SPACE}step, the last one leaves"


def is_border(node: Node) -> bool:
    """Whether values come into a loop here, or leave it."""
    return isinstance(node.op, SCAN)


def loops_of(turn: RepeatTurn) -> list[Scope]:
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


def inner_steps(flow: Flow, nodes: Iterable[Node], blocks: Iterable[Scope | None]) -> str:
    """`× 24 steps inside`, of the loops that these nodes of some blocks run in; empty where there is none."""
    outer = set(blocks)
    loops: dict[Scope, None] = {}
    for node in nodes:
        inside = takewhile(lambda scope: scope not in outer, scopes_around(node))
        loops.update((scope, None) for scope in inside if scope.scan is not None)
    if not loops:
        return ""
    return f"{steps_text(flow, list(loops)) or 'loops over time'}{SPACE}inside"


def carried(loops: Iterable[Scope]) -> str:
    """`h, c`: what loops pass on to their next step; empty where there is nothing."""
    nodes = (child for scope in loops for child in scope.children.values() if isinstance(child, Node))
    return ", ".join(dict.fromkeys(border_name(node) for node in nodes if isinstance(node.op, ScanCarry)))


def border_box(flow: Flow, node: Node) -> Box:
    """The box where a value comes into a loop or leaves it: text alone, as the network's own inputs."""
    aside = ""
    if isinstance(node.op, ScanCarry):
        aside = _GIVEN if flow.sources[node] else _BEFORE
    elif isinstance(node.op, ScanLast):
        aside = _NEXT
    return Box(node.path, Style.PORT, "reshape", border_name(node), aside=aside, dashed=in_training_only(node))


def parted(flow: Flow, scope: Scope, items: Iterable[Box | Panel]) -> tuple[list[Box], list[Box | Panel], list[Box]]:
    """What stands in a scope: where values come into its loop over time, all else, and where they leave it."""
    borders = {item.path: item for item in scope.children.values() if isinstance(item, Node) and is_border(item)}
    first: list[Box] = []
    inner: list[Box | Panel] = []
    last: list[Box] = []
    for item in items:
        border = borders.get(item.name)
        if border is None or isinstance(item, Panel):
            inner.append(item)
        elif isinstance(border.op, ScanSlice | ScanCarry):
            first.append(item)
        else:
            leaves = isinstance(border.op, ScanLast) and flow.readers_outside([border])
            last.append(replace(item, aside=_LAST) if leaves else item)
    return first, inner, last


def loop_boxes(boxes: Iterable[Box]) -> Iterator[tuple[str, Box]]:
    """For each box that passes something on to its next step: its name, and the box on its loop edge."""
    for box in boxes:
        if box.carries:
            yield box.name, Box(f"{box.name} loop", Style.LOOP, "reshape", box.carries, dashed=box.dashed)


def loop_links(name: str, loop: Box) -> tuple[Link, Link]:
    """The loop edge of a box, out and back in."""
    return (
        Link(name, loop.name, LinkRole.LOOP, dashed=loop.dashed),
        Link(loop.name, name, LinkRole.LOOP, dashed=loop.dashed),
    )
