"""What changed between two networks, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from archdsl.comparison.align import Alignment, Match, Part, align
from archdsl.comparison.details import Detail, Details
from archdsl.ir.graph import Graph, Mode, Node, Scope, Value
from archdsl.ops.special import InputOp
from archdsl.shapes import TensorType, evaluate
from archdsl.text.alike import same


class Sign(Enum):
    """What happened to a node or scope."""

    ADDED = "+"
    REMOVED = "-"
    ALTERED = "~"

    @property
    def word(self) -> str:
        return self.name.lower()


class Counts(NamedTuple):
    """Trainable numbers, and multiply-accumulates of one evaluation pass at the sample sizes."""

    parameters: int = 0
    macs: int = 0

    def minus(self, other: Counts) -> Counts:
        return Counts(self.parameters - other.parameters, self.macs - other.macs)


@dataclass(frozen=True, eq=False)
class Change:
    """One node or scope that was added or removed with all that is in it, or is not what it was."""

    before: Part | None
    after: Part | None
    details: tuple[Detail, ...] = ()
    """What is another, for one that was altered; nothing where only its name is."""
    counts: tuple[Counts, Counts] = (Counts(), Counts())

    @property
    def sign(self) -> Sign:
        if self.before is None:
            return Sign.ADDED
        return Sign.REMOVED if self.after is None else Sign.ALTERED

    @property
    def part(self) -> Part:
        """The item in the second network where it has it, else in the first."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found


class Setting(NamedTuple):
    """A parameter of the file, or the sample size of a dimension, that is not the same."""

    name: str
    before: Any
    after: Any
    alone: bool = False
    """Whether one of the networks has no such parameter."""


class OutputChange(NamedTuple):
    """An output of the network that came, went, or is another value; None where it is absent."""

    name: str
    before: Value | None
    after: Value | None


class Comparison:
    """Compares two graphs: their alignment, and everything that differs."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self.before = before
        self.after = after
        self.alignment: Alignment = align(before, after)
        self._details = Details(before, after, self.alignment)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """In running order; nothing below what was added or removed as a whole is listed."""
        matches = (match for outer in (*self.alignment.inputs, self.alignment.root) for match in outer.walk())
        return tuple(change for match in matches if (change := self._change(match)) is not None)

    @cached_property
    def followers(self) -> tuple[tuple[Node, Node], ...]:
        """Nodes that are what they were, but for the shapes of their outputs or tensors."""
        altered = {change.after for change in self.changes if change.sign is Sign.ALTERED}
        pairs = ((self.alignment.before.get(node), node) for node in self.after.nodes if node not in altered)
        return tuple(
            (old, new) for old, new in pairs if isinstance(old, Node) and self._sizes(old, 0) != self._sizes(new, 1)
        )

    @cached_property
    def outputs(self) -> tuple[OutputChange, ...]:
        """The network's outputs that differ; a single one keeps its identity under another name."""
        old, new = dict(self.before.outputs), dict(self.after.outputs)
        if len(old) == len(new) == 1:
            old = dict(zip(new, old.values(), strict=True))
        found = [OutputChange(name, old.get(name), new.get(name)) for name in dict.fromkeys((*old, *new))]
        return tuple(each for each in found if self._is_changed(each))

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The parameters of the files, and the sizes to try with, that differ."""
        old = {**self.before.params, **_input_sizes(self.before)}
        new = {**self.after.params, **_input_sizes(self.after)}
        names = [name for name in dict.fromkeys((*old, *new)) if not same(old.get(name, ...), new.get(name, ...))]
        return tuple(Setting(name, old.get(name), new.get(name), (name in old) != (name in new)) for name in names)

    @property
    def same(self) -> bool:
        """Whether nothing differs but names, settings without an effect, and notes."""
        return not (self.changes or self.followers or self.outputs)

    @cached_property
    def tally(self) -> dict[Sign, int]:
        """How many nodes were added, removed and altered; inputs do not count."""
        counts = dict.fromkeys(Sign, 0)
        for change in self.changes:
            nodes = primitives(change.part) if change.sign is not Sign.ALTERED else [change.part]
            counts[change.sign] += sum(isinstance(node, Node) and not isinstance(node.op, InputOp) for node in nodes)
        return counts

    @cached_property
    def renumbered(self) -> tuple[Change, ...]:
        """Children of lists whose number is another, because of what came or went before them."""
        return tuple(
            Change(match.before, match.after)
            for match in self.alignment.root.walk()
            if match.before is not None and match.after is not None and _is_renumbered(match.before, match.after)
        )

    def counts(self, part: Part | None, side: int) -> Counts:
        """Of everything in an item of the first (0) or second (1) network; of None nothing."""
        if part is None:
            return Counts()
        sizes = (self.before, self.after)[side].counted_sizes
        nodes = primitives(part)
        macs = sum(evaluate(node.macs, sizes) for node in nodes if node.when is not Mode.TRAINING)
        return Counts(sum(node.parameters for node in nodes), macs)

    def types(self, part: Part | None, side: int) -> tuple[TensorType, ...]:
        """The types that an item makes, at the sample sizes and without the batch."""
        if part is None:
            return ()
        types = part.types if isinstance(part, Node) else [value.type for value in part.outputs.values()]
        return tuple(at_samples(type, (self.before, self.after)[side]) for type in types)

    def _change(self, match: Match) -> Change | None:
        counts = self.counts(match.before, 0), self.counts(match.after, 1)
        if match.before is None or match.after is None:
            return Change(match.before, match.after, counts=counts)
        details = self._details.of(match.before, match.after)
        if details or _is_renamed(match.before, match.after):
            return Change(match.before, match.after, details, counts)
        return None

    def _sizes(self, node: Node, side: int) -> tuple[Any, ...]:
        return self.types(node, side), node.parameters

    def _is_changed(self, output: OutputChange) -> bool:
        name, old, new = output
        modes = self.before.output_modes.get(name), self.after.output_modes.get(name)
        return modes[0] is not modes[1] or not self._details.source(old, new)


def at_samples(type: TensorType, graph: Graph) -> TensorType:
    """The type of one sample, at the sample sizes."""
    return type.with_shape(evaluate(dim, graph.sample_sizes) for dim in graph.without_batch(type.shape))


def _is_renamed(before: Part, after: Part) -> bool:
    return before.name != after.name and not _is_renumbered(before, after)


def _is_renumbered(before: Part, after: Part) -> bool:
    return before.name != after.name and before.name.isdecimal() and after.name.isdecimal()


def _input_sizes(graph: Graph) -> dict[str, int]:
    """The sample sizes, but for those that are numbers or follow from others."""
    return {name: size for name, size in graph.sample_sizes.items() if name.isidentifier()}


def primitives(part: Part) -> list[Node]:
    """The node itself, or every node in the scope."""
    return list(part.nodes()) if isinstance(part, Scope) else [part]
