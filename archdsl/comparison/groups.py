"""Changes that are told together: neighbours of one kind, and the same change in many places."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from archdsl.comparison.align import Part
from archdsl.comparison.compare import Change, Comparison, Counts, Sign
from archdsl.comparison.details import Detail, Rewired
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.ops.special import Constant, InputOp, Parameter
from archdsl.shapes import TensorType
from archdsl.words.naming import humanise
from archdsl.words.quantities import SPACE
from archdsl.words.titles import title

ONE_BY_ONE: Final = 3
"""Up to so many versions of a change (a field set to other values) are told one by one."""

OUTSIDE: Final = "what the block is given"
_NUMBERED = re.compile(r".*(?<=\.)\d+(?=\.|$)|\d+(?=\.|$)")


@dataclass(frozen=True, eq=False)
class Group:
    """One or more changes that a reader takes for one."""

    changes: tuple[Change, ...]
    comparison: Comparison

    @property
    def sign(self) -> Sign:
        return self.changes[0].sign

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(change.part.path for change in self.changes)

    @cached_property
    def label(self) -> str:
        """What they are, as figures call it: `Bottleneck`, `Conv 3×3, 64`, or what they have in common: `Conv`."""
        found = [label_of(self.comparison, change) for change in self.changes]
        for texts in ([each.full for each in found], [each.short for each in found]):
            if len(set(texts)) == 1:
                return texts[0]
        return "nodes"

    @property
    def replaced(self) -> bool:
        """Whether the label says that each is another op now."""
        found = label_of(self.comparison, self.changes[0])
        return found.replaced and self.label == found.short

    @cached_property
    def details(self) -> tuple[tuple[Detail, tuple[tuple[object, object], ...]], ...]:
        """What is another, by its first detail, with each pair of values once."""
        many = len(self.changes) > 1
        found = [detail for change in self.changes for detail in (_relative(change) if many else change.details)]
        first = {detail.name: detail for detail in reversed(found)}
        names = dict.fromkeys(detail.name for detail in found)
        return tuple((first[name], tuple(_pairs(found, name))) for name in names)

    @property
    def shapes(self) -> tuple[tuple[tuple[TensorType, ...], tuple[TensorType, ...]], ...]:
        """Each pair of output types that differ, once."""
        pairs = [
            (self.comparison.types(change.before, 0), self.comparison.types(change.after, 1)) for change in self.changes
        ]
        return tuple(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))

    @property
    def counts(self) -> Counts:
        """By how much they change the totals."""
        differences = [change.counts[1].minus(change.counts[0]) for change in self.changes]
        return Counts(sum(each.parameters for each in differences), sum(each.macs for each in differences))


def groups(comparison: Comparison, changes: Iterable[Change] | None = None) -> list[Group]:
    """All changes, each in one group, in the order in which groups begin."""
    told = list(comparison.changes if changes is None else changes)
    place = {change: i for i, change in enumerate(told)}
    altered = [change for change in told if change.sign is Sign.ALTERED]
    others = [change for change in told if change.sign is not Sign.ALTERED]
    found = [*_by(others, lambda change: _whole(comparison, change))]
    for alike in _by(altered, _kind):
        versions = _by(alike, _relative)
        found += versions if len(versions) <= ONE_BY_ONE else [alike]
    return sorted((Group(tuple(each), comparison) for each in found), key=lambda group: place[group.changes[0]])


def _by(changes: Sequence[Change], key: Callable[[Change], object]) -> list[list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(repr(key(change)), []).append(change)
    return list(found.values())


def _whole(comparison: Comparison, change: Change) -> Hashable:
    """What makes two added or two removed items one group: what they are, and in which list."""
    scope = change.part.scope.path if change.part.scope is not None else ""
    return change.sign, label_of(comparison, change).full, scope if change.part.name.isdecimal() else ""


def _kind(change: Change) -> Hashable:
    """What makes two altered items versions of one change."""
    nodes = [part.op.name if isinstance(part, Node) else part.block for part in (change.before, change.after) if part]
    single = change.part.path if not change.details else ""
    rewired = [detail for detail in _relative(change) if isinstance(detail, Rewired)]
    return nodes, [detail.name for detail in change.details], rewired, single


def _relative(change: Change) -> list[Detail]:
    """The details, what it reads as it is called inside the numbered block that it stands in."""
    found = []
    for detail in change.details:
        before, after = _inside(detail.before, change.before), _inside(detail.after, change.after)
        # two values from outside are told by their paths
        rewired = isinstance(detail, Rewired) and before != after
        found.append(detail._replace(before=before, after=after) if rewired else detail)
    return found


def _inside(names: Any, part: Part | None) -> Any:
    """`norm2` for `layers.0.norm2`, read from within `layers.0`."""
    if isinstance(names, list):
        return [_inside(name, part) for name in names]
    if not isinstance(names, str) or part is None or part.scope is None:
        return names
    block = _NUMBERED.match(part.scope.path)
    prefix = f"{block[0] if block else part.scope.path}."
    return names.removeprefix(prefix) if names.startswith(prefix) else OUTSIDE


def _pairs(details: Iterable[Detail], name: str) -> Iterable[tuple[object, object]]:
    found = {repr(each): (each.before, each.after) for each in details if each.name == name}
    return found.values()


class Label(NamedTuple):
    """What something is, in full and in a word."""

    full: str
    short: str
    replaced: bool = False
    """Whether these are two words: what it was and what it is."""


def label_of(comparison: Comparison, change: Change) -> Label:
    """What it is; of what was altered a word, or two where it is another op."""
    sides = (change.before, comparison.before), (change.after, comparison.after)
    found = [_called(part, graph) for part, graph in sides if part is not None]
    if len(found) == 1:
        return found[0]
    words = dict.fromkeys(each.short for each in found)
    text = " → ".join(words)
    return Label(text, text, len(words) > 1)


def _called(part: Part, graph: Graph) -> Label:
    if isinstance(part, Scope):
        text = (humanise(part.block) if part.block else _content(part)).replace(SPACE, " ")
        return Label(text, text)
    if isinstance(part.op, InputOp | Parameter | Constant):
        text = humanise(part.op.name)
        return Label(text, text)
    found = title(part, graph.sample_sizes)
    return Label(found.text.replace(SPACE, " "), (found.stem or found.name).replace(SPACE, " "))


def _content(scope: Scope) -> str:
    """`list of 3 Bottleneck`, `group of 12 ops`"""
    children = list(scope.children.values())
    blocks = {child.block if isinstance(child, Scope) else None for child in children}
    block = blocks.pop() if len(blocks) == 1 else None
    if block is None:
        return f"group of {len(list(scope.nodes()))} ops"
    return f"list of {len(children)} {humanise(block)}"
