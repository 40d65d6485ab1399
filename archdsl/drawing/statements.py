"""The statements of Graphviz's language: names and values come into it through `quoted` alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias

Attributes: TypeAlias = Mapping[str, str]

_MARKUP: Final = re.compile(r"<.*>", re.DOTALL)
_PLAIN: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*|-?(\.[0-9]+|[0-9]+(\.[0-9]*)?)")
_KEYWORDS: Final = frozenset(("node", "edge", "graph", "digraph", "subgraph", "strict"))
_QUOTE: Final = re.compile(r'((?:\\\\)*)\\?"')
"""A quote, escaped or not, behind backslashes that stand for themselves."""


class Statements:
    """A graph or a part of one, statement by statement."""

    def __init__(
        self, head: str, graph: Attributes, node: Attributes | None = None, edge: Attributes | None = None
    ) -> None:
        self._head = head
        common = (("graph", graph), ("node", node), ("edge", edge))
        self._lines = [f"\t{kind}{_listed(sorted(each.items()))}\n" for kind, each in common if each]

    def node(self, name: str, attributes: Attributes) -> None:
        self._lines.append(f"\t{quoted(name)}{_labelled(attributes)}\n")

    def edge(self, tail: str, head: str, attributes: Attributes) -> None:
        self._lines.append(f"\t{quoted(tail)} -> {quoted(head)}{_labelled(attributes)}\n")

    @contextmanager
    def part(self, attributes: Attributes, name: str = "") -> Iterator[Statements]:
        """A graph in this one, where it ends."""
        inner = Statements(f"subgraph {quoted(name)} {{" if name else "{", attributes)
        yield inner
        self._lines += [f"\t{line}" for line in inner.lines()]

    def lines(self) -> Iterator[str]:
        """Each with its end."""
        yield f"{self._head}\n"
        yield from self._lines
        yield "}\n"


def digraph(name: str, graph: Attributes, node: Attributes, edge: Attributes) -> Statements:
    """A whole graph, with what all its nodes and edges have."""
    return Statements(f"digraph {quoted(name)} {{" if name else "digraph {", graph, node, edge)


def quoted(text: str) -> str:
    """A name or value; what stands between `<` and `>` is markup. Backslashes are the caller's: they escape."""
    if _MARKUP.fullmatch(text) or (_PLAIN.fullmatch(text) and text.lower() not in _KEYWORDS):
        return text
    return f'"{_QUOTE.sub(_escaped, text)}"'


def _escaped(quote: re.Match[str]) -> str:
    return rf"{quote[1]}\""


def _labelled(attributes: Attributes) -> str:
    """The label first, the others in the order of their names."""
    return _listed(sorted(attributes.items(), key=lambda each: (each[0] != "label", each)))


def _listed(attributes: Iterable[tuple[str, str]]) -> str:
    each = " ".join(f"{quoted(name)}={quoted(value)}" for name, value in attributes)
    return f" [{each}]" if each else ""
