"""Boxes and panels as a theme wants them: other names, other colours, several as one card."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from archdsl.figure.boxes import counts, legible
from archdsl.figure.elements import Element
from archdsl.figure.figure import Box, Panel, Style, nested
from archdsl.figure.flow import Flow, is_main
from archdsl.figure.hiding import nodes_at
from archdsl.figure.links import Places
from archdsl.figure.repeats import Run
from archdsl.figure.theme import around, is_at
from archdsl.ir.graph import Scope
from archdsl.words.naming import DOT, FLOW, dotted
from archdsl.words.quantities import SPACE

FILLED = (Style.CARD, Style.TILE, Style.OP)


class Presenter:
    """What the theme of a flow's view makes of the boxes and panels of its graph."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._theme = flow.theme

    # --- one box or panel -------------------------------------------------------------------------

    def box(self, box: Box, run: Run) -> Box:
        """The box of a run as the theme names and colours it; a circle keeps its sign."""
        if box.style not in FILLED:
            return box
        label = self._said_of_all(run, self._theme.labels)
        named = box if label is None else _named(box, self._theme.labels[label], run)
        return replace(named, paint=self._paint(run) or box.paint)

    def header(self, box: Box, run: Run) -> Box:
        """The header of a panel of a run's first turn."""
        label = self._said_of_all(run, self._theme.labels)
        return box if label is None else _aside(box, self._theme.labels[label])

    def border(self, run: Run) -> str:
        """The paint of the border of a panel."""
        path = self._said_of_all(run, self._theme.paths)
        block = _block_of(run.turns[0])
        key = self._theme.paths[path] if path is not None else block
        return self._theme.paint(key) if key is not None and key in self._theme.colours else ""

    def port(self, box: Box, name: str) -> Box:
        """The box of an input or an output as the theme names it."""
        label = self._theme.labels.get(name)
        return box if label is None else replace(box, title=label, formerly=box.title)

    def _said_of_all(self, run: Run, said: Container[str]) -> str | None:
        """The innermost path of these, where the run is all that stands there."""
        found = (path for path in around(run.first.path) if path in said)
        return next((path for path in found if self._is_all_of(run, path)), None)

    def _is_all_of(self, run: Run, path: str) -> bool:
        """Whether a run holds what stands at a path, and nothing else."""
        inside = all(is_at(element.path, path) for element in run.elements)
        return inside and set(self._flow.moving(nodes_at(self._flow.graph, path))) <= set(run.nodes)

    def _paint(self, run: Run) -> str:
        """The theme's own paint of a run: of its path, its block or its op; empty where it has none."""
        theme = self._theme
        if not theme.colours:
            return ""
        path = next((theme.paths[at] for at in around(run.first.path) if at in theme.paths), None)
        block = _block_of(run.turns[0])
        op = None if any(element.is_block for element in run.elements) else self._op(run)
        key = path or next((key for key in (block, op) if key in theme.colours), None)
        return theme.paint(key) if key is not None else ""

    def _op(self, run: Run) -> str:
        """The op whose kind is that of a box of ops: its first layer, else the first that words name."""
        moving = self._flow.moving(run.nodes)
        spoken = [node for node in moving if self._flow.is_spoken(node)] or moving
        return next((node for node in moving if is_main(node)), spoken[0]).op.name

    # --- groups -----------------------------------------------------------------------------------

    def grouped(self, items: Sequence[Box | Panel], places: Places, base: Scope) -> tuple[Box | Panel, ...]:
        """What stands side by side in a scope, with one card for all of a group in place of its first."""
        if base.path and self._theme.group_of(base.path) is not None:
            return tuple(items)  # what is inside of a group is shown as it is, where it is drawn
        members: dict[str, list[Box | Panel]] = {}
        for item in items if self._theme.groups else ():
            if (name := self._group(item)) is not None:
                members.setdefault(name, []).append(item)
        cards = {found[0].name: self._card(name, found, places) for name, found in members.items()}
        gone = {item.name for found in members.values() for item in found}
        return tuple(cards.get(item.name, item) for item in items if item.name in cards or item.name not in gone)

    def _group(self, item: Box | Panel) -> str | None:
        """The group that all of an item is in."""
        groups = {self._theme.group_of(path) for path in item.holds}
        return groups.pop() if len(groups) == 1 else None

    def _card(self, name: str, members: Sequence[Box | Panel], places: Places) -> Box:
        """One card for all of these, which their nodes are in from now on."""
        boxes = {box.name for box, _ in nested(members) if isinstance(box, Box)}
        card = f"{members[0].name}{SPACE}group"
        nodes = [node for node, box in places.box.items() if box in boxes]
        places.box.update(dict.fromkeys(nodes, card))
        held = (node for item in members for path in item.holds for node in nodes_at(self._flow.graph, path))
        every = dict.fromkeys([*nodes, *held])
        heads = [item if isinstance(item, Box) else item.header for item in members]
        return Box(
            name=card,
            style=Style.CARD,
            paint=self._theme.paint(name) if name in self._theme.colours else "block",
            title=name,
            lines=tuple(line for line in (legible(dotted(map(_part, heads))),) if line),
            counts=counts(self._flow, every),
            dashed=all(item.dashed for item in members),
            holds=tuple(path for item in members for path in item.holds),
        )


def _part(box: Box) -> str:
    """What a box is called on the card of its group; a circle is not named."""
    name = "" if box.style is Style.MERGE else box.title
    return f"{box.times}{SPACE}×{SPACE}{name}" if box.times > 1 and name else name


def _named(box: Box, label: str, run: Run) -> Box:
    """The box with another name: what it was called goes beside that."""
    if any(element.is_block for element in run.elements):
        return _aside(box, label)
    comma = "" if FLOW in box.fields else ","
    fields = f"{box.title}{comma}{SPACE}{box.fields}" if box.fields else box.title
    return replace(box, title=label, fields=fields, formerly=box.title)


def _aside(box: Box, label: str) -> Box:
    return replace(box, title=label, aside=DOT.join(filter(None, (box.title, box.aside))), formerly=box.title)


def _block_of(turn: Sequence[Element]) -> str | None:
    """The block that all of a turn are instances of."""
    blocks = {element.scope.block if element.scope is not None else None for element in turn}
    return blocks.pop() if len(blocks) == 1 else None
