"""A graph on its way to text: the tree of what is written, in running order.

What a node reads is meant by what makes it, never by a path: later passes decide where paths lead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from archdsl.ir.graph import Node, Scope, Value


class DraftValue(NamedTuple):
    """What is read: a node's output, or a tensor that it owns. Equal ones are one."""

    node: Node
    output: int
    weight: str | None = None


def meant(value: Value) -> DraftValue:
    """The value, as equal ones are equal."""
    return DraftValue(value.node, 0 if value.weight is not None else value.output, value.weight)


@dataclass(slots=True, eq=False)
class DraftNode:
    """A primitive to write."""

    name: str
    """Dotted, where it stands in containers of the scope that it is written in."""
    holder: DraftScope
    item: Node

    @property
    def declares(self) -> bool:
        """Whether it is a parameter or constant, which is never the value of its scope."""
        return not self.item.op.ports

    def outputs(self) -> tuple[DraftValue, ...]:
        return tuple(DraftValue(self.item, place) for place in range(len(self.item.types)))


@dataclass(slots=True, eq=False)
class DraftScope:
    """A module with children: written in place, or as an instance of a block."""

    name: str
    holder: DraftScope | None
    item: Scope
    children: list[DraftItem] = field(default_factory=list)
    """In running order."""
    ports: dict[DraftValue, str] | None = None
    """Of a block: what it is given, and by which names its nodes read that."""
    block: str | None = None
    """Where it is an instance of a block: that block's name."""
    loop: DraftLoop | None = None
    shares: DraftScope | None = None
    """The scope that runs again here. Its children are known and not written."""

    @property
    def is_block(self) -> bool:
        return self.ports is not None

    @property
    def listed(self) -> bool:
        """Whether its children are called as those of a list are."""
        return [child.name for child in self.children] == [str(n) for n in range(len(self.children))]

    def outputs(self) -> tuple[DraftValue, ...]:
        """What reading it gives: what its last node does, or nothing of its own."""
        if self.loop is not None:
            return tuple(self.loop.outputs.values())
        last = next((child for child in reversed(self.children) if not passed_over(child)), None)
        return () if last is None else last.outputs()

    def nodes(self) -> Iterator[Node]:
        for child in self.children:
            yield from (child.item,) if isinstance(child, DraftNode) else child.nodes()

    def scopes(self) -> Iterator[DraftScope]:
        """It and those in it, each before what it holds; what is not written is left out."""
        yield self
        for child in self.children if self.shares is None else ():
            if isinstance(child, DraftScope):
                yield from child.scopes()


DraftItem: TypeAlias = "DraftNode | DraftScope"


def read_below(child: DraftItem) -> tuple[DraftValue, ...]:
    """What the node below it reads without saying so: nothing where it has to say by which name."""
    while isinstance(child, DraftScope):
        if child.loop is not None:
            return ()
        inner = next((each for each in reversed(child.children) if not passed_over(each)), None)
        if inner is None:
            return ()
        child = inner
    return child.outputs()


def passed_over(child: DraftItem) -> bool:
    """Whether what follows does not read it unless it says so."""
    return child.item.when is not None or (isinstance(child, DraftNode) and child.declares)


@dataclass(slots=True, eq=False)
class DraftLoop:
    """A loop over time: what its block is given, by port, and what it gives, by name."""

    dim: int | None = None
    over: dict[str, DraftValue] = field(default_factory=dict)
    carry: dict[str, DraftValue] = field(default_factory=dict)
    inside: dict[DraftValue, str] = field(default_factory=dict)
    """The port by which a step reads what the loop hands it."""
    collect: dict[str, DraftValue] = field(default_factory=dict)
    """By name, what a step makes."""
    carried: dict[str, DraftValue] = field(default_factory=dict)
    """By port, what a step makes for the next."""
    outputs: dict[str, DraftValue] = field(default_factory=dict)
    """By name, what there is after the last step."""
