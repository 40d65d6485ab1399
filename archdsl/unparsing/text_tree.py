"""The text of a spec as a tree: what stands on which line, before it is laid out as YAML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from archdsl.expressions.tree import Tree


@dataclass(slots=True)
class SpecNode:
    """A node: its name and its keys, in the order in which they are written.

    A value is text, the tree of an expression, a list or mapping of these, or under `nodes` a `SpecBody`.
    """

    name: str | None
    """None in a list."""
    keys: dict[str, Any]


@dataclass(slots=True)
class SpecItems:
    """A `for` in a list of paths."""

    target: str
    over: Tree
    item: str


@dataclass(slots=True)
class SpecLoop:
    """A `for` key, with what stands under it."""

    targets: tuple[str, ...]
    over: Tree
    rows: list[SpecRow]


SpecRow: TypeAlias = "SpecNode | SpecLoop"


@dataclass(slots=True)
class SpecBody:
    """What stands under `nodes`."""

    rows: list[SpecRow]
    listed: bool = False


@dataclass(slots=True)
class SpecBlock:
    """A block's definition, or the network, which has no name here."""

    body: SpecBody
    inputs: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    outputs: Any = None


@dataclass(slots=True)
class WholeSpec:
    """A whole file."""

    header: dict[str, str]
    network: SpecBlock
    blocks: dict[str, SpecBlock] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)
    freeze: list[str] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)


def rewrite(rows: Sequence[SpecRow], leaf: Callable[[Any], Any]) -> None:
    """Puts what `leaf` makes of each text and each tree in the place of it; a text's is a text."""
    for row in rows:
        if isinstance(row, SpecLoop):
            row.over = leaf(row.over)
            rewrite(row.rows, leaf)
            continue
        row.name = None if row.name is None else leaf(row.name)
        row.keys = {key: _rewritten(value, leaf) for key, value in row.keys.items()}


def _rewritten(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, SpecBody):
        rewrite(value.rows, leaf)
        return value
    if isinstance(value, SpecItems):
        return SpecItems(value.target, leaf(value.over), leaf(value.item))
    if isinstance(value, dict):
        return {key: _rewritten(part, leaf) for key, part in value.items()}
    if isinstance(value, list):
        return [_rewritten(part, leaf) for part in value]
    return leaf(value)
