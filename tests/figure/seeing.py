"""What a figure shows, for comparing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archdsl.figure.figure import Box, Figure, Panel, Style
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph

Seen = list[tuple[str, str, int]]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def view(graph: Graph, **options: Any) -> Figure:
    return outline(graph, View(**{"depth": 1, **options}))


def seen(items: Iterable[Box | Panel]) -> Seen:
    """The blocks of one level: whether card or panel, where, and how often."""
    found = []
    for item in items:
        box = item if isinstance(item, Box) else item.header
        if isinstance(item, Panel) or (box.style is Style.CARD and len(box.lines) > 0):
            found.append(("card" if isinstance(item, Box) else "panel", plain(box.aside).split(" · ")[0], box.times))
    return found


def panel(figure: Figure, name: str) -> Panel:
    def find(items: Iterable[Box | Panel]) -> Panel | None:
        for item in items:
            if isinstance(item, Panel):
                found = item if item.name == name else find(item.items)
                if found is not None:
                    return found
        return None

    found = find(figure.items)
    assert found is not None
    return found


def ends(name: str, after: Mapping[str, Sequence[str]], aside: set[str]) -> set[str]:
    """The boxes that the links of one lead to, by way of those that only pass on."""
    found: set[str] = set()
    waiting, met = list(after[name]), set()
    while waiting:
        each = waiting.pop()
        if each not in aside:
            found.add(each)
        elif each not in met:
            met.add(each)
            waiting += after.get(each, [])
    return found


@dataclass(frozen=True)
class Part:
    """What one element of a figure stands for: `turns` copies of some items."""

    element: Box | Panel
    held: tuple[str, ...]
    times: int

    def turns(self) -> list[tuple[str, ...]]:
        """The paths of each copy."""
        each = len(self.held) // self.times
        return [self.held[start : start + each] for start in range(0, len(self.held), each)]
