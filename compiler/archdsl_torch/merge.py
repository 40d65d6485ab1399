"""Outlines of one class's instances made into one: what all have, and what only some have.

A step that some instances lack is *optional*: where it is missing, its readers read something else,
and that must be one thing, the step's `fallback`. Outlines that do not fit raise Unmergeable, and
become several classes: right first, short second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from archdsl.graph import Mode
from archdsl_torch.outline import Entry, Outline, Owned, Port, Ref, Result, Step, skeleton


class Unmergeable(Exception):
    """Instances that no one class can hold."""


@final
@dataclass(eq=False)
class MergedStep:
    """A step of the merged forward."""

    key: str
    steps: tuple[Step | None, ...]
    """By instance; None where it is missing."""
    inputs: tuple[Ref | None, ...] = ()
    fallback: Ref | None = None

    @property
    def some(self) -> Step:
        return next(step for step in self.steps if step is not None)

    @property
    def where(self) -> tuple[int, ...]:
        return tuple(i for i, step in enumerate(self.steps) if step is not None)

    @property
    def when(self) -> Mode | None:
        return self.some.when


@final
@dataclass(eq=False)
class Merged:
    """A class, not yet in words."""

    outlines: tuple[Outline, ...]
    members: dict[str, tuple[Entry | None, ...]] = field(default_factory=dict)
    steps: dict[str, MergedStep] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    exports: dict[str, Ref] = field(default_factory=dict)


def merge(outlines: Sequence[Outline]) -> Merged:
    """One class for all outlines. Raises Unmergeable."""
    merged = Merged(tuple(outlines))
    for name in merged_order([list(o.members) for o in outlines]):
        merged.members[name] = tuple(outline.members.get(name) for outline in outlines)
    for key in merged_order([list(o.steps) for o in outlines]):
        step = MergedStep(key, tuple(outline.steps.get(key) for outline in outlines))
        _check_alike(step)
        merged.steps[key] = step
    _Sources(merged).resolve()
    return merged


def merged_order(lists: Sequence[list[str]]) -> list[str]:
    """All names in an order that every list keeps. Raises Unmergeable where there is none."""
    result = list(lists[0])
    seen = {tuple(lists[0])}
    for names in lists[1:]:
        if tuple(names) in seen:
            continue
        seen.add(tuple(names))
        result = _insert(result, names)
    return result


def _insert(result: list[str], names: list[str]) -> list[str]:
    known = {name: i for i, name in enumerate(result)}
    places = [known[name] for name in names if name in known]
    if places != sorted(places):
        raise Unmergeable("the order differs")
    merged: list[str] = []
    position = 0
    for name in names:
        if name in known:
            merged += result[position : known[name] + 1]
            position = known[name] + 1
        else:
            merged.append(name)
    return merged + result[position:]


def _check_alike(step: MergedStep) -> None:
    present = [s for s in step.steps if s is not None]
    first = present[0]
    if len(present) < 2:
        return
    shape = (first.module, skeleton(first.code), first.when, len(first.inputs), first.names)
    for other in present[1:]:
        if shape != (other.module, skeleton(other.code), other.when, len(other.inputs), other.names):
            raise Unmergeable(f"`{step.key}` differs")
        if first.output_names != other.output_names or len(first.outputs) != len(other.outputs):
            raise Unmergeable(f"the outputs of `{step.key}` differ")


@final
class _Sources:
    """Finds what every step of the merged forward reads."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self.count = len(merged.outlines)
        self.order = {key: i for i, key in enumerate(merged.steps)}
        self.fallbacks: dict[str, dict[int, Ref]] = {}

    def resolve(self) -> None:
        merged = self.merged
        for step in merged.steps.values():
            step.inputs = tuple(self._input(step, place) for place in range(len(step.some.inputs)))
        merged.exports = self._exports()
        for key in reversed(merged.steps):
            if key in self.fallbacks:
                merged.steps[key].fallback = self._one(self.fallbacks[key])
        self._check_presence()
        merged.ports = self._ports()

    def _input(self, step: MergedStep, place: int) -> Ref | None:
        refs = {i: s.inputs[place] for i, s in enumerate(step.steps) if s is not None}
        fed = {i: ref for i, ref in refs.items() if ref is not None}
        if not fed:
            return None
        if len(fed) < len(refs):
            raise Unmergeable(f"only some instances feed `{step.key}`")
        return self._one(fed)

    def _exports(self) -> dict[str, Ref]:
        names = merged_order([list(outline.exports) for outline in self.merged.outlines])
        exports: dict[str, Ref] = {}
        for name in names:
            refs = {i: o.exports[name] for i, o in enumerate(self.merged.outlines) if name in o.exports}
            exports[name] = self._one(refs)
        return exports

    def _one(self, refs: Mapping[int, Ref]) -> Ref:
        """What all instances read: the same, or the optional step that only some have."""
        first = next(iter(refs.values()))
        if all(ref == first for ref in refs.values()):
            return first
        if all(isinstance(ref, Port) for ref in refs.values()):
            return self._common_port(refs.values())
        winner = max(refs.values(), key=self._position)
        if not isinstance(winner, Result) or winner.output != 0:
            raise Unmergeable("instances read different things")
        optional = self.merged.steps[winner.step]
        for i, ref in refs.items():
            if ref == winner:
                continue
            if optional.steps[i] is not None:
                raise Unmergeable(f"only some instances read `{winner.step}`")
            if self.fallbacks.setdefault(winner.step, {}).setdefault(i, ref) != ref:
                raise Unmergeable(f"`{winner.step}` stands for several things")
        return winner

    def _common_port(self, refs: Iterable[Ref]) -> Port:
        common: tuple[str, ...] | None = None
        for ref in refs:
            assert isinstance(ref, Port)
            names = ref.names
            common = names if common is None else tuple(name for name in common if name in names)
        if not common:
            raise Unmergeable("instances read different ports")
        return Port(common)

    def _position(self, ref: Ref) -> int:
        return self.order[ref.step] if isinstance(ref, Result) else -1

    def _check_presence(self) -> None:
        """Nothing reads a step where it is missing and nothing stands in for it."""
        everywhere = frozenset(range(self.count))
        for step in self.merged.steps.values():
            for ref in step.inputs:
                self._check_ref(ref, frozenset(step.where))
            if step.fallback is not None:
                self._check_ref(step.fallback, everywhere - frozenset(step.where))
        for ref in self.merged.exports.values():
            self._check_ref(ref, everywhere)

    def _check_ref(self, ref: Ref | None, readers: frozenset[int]) -> None:
        if not isinstance(ref, Result):
            return
        step = self.merged.steps[ref.step]
        if step.fallback is None and not readers <= frozenset(step.where):
            raise Unmergeable(f"`{ref.step}` is missing where it is read")

    def _ports(self) -> tuple[str, ...]:
        """The ports that are read, in the order in which they are declared."""
        read: set[str] = set()
        refs: list[Ref | None] = [r for s in self.merged.steps.values() for r in (*s.inputs, s.fallback)]
        for ref in (*refs, *self.merged.exports.values()):
            if isinstance(ref, Port):
                read.add(ref.names[0])
        names = merged_order([list(outline.ports) for outline in self.merged.outlines])
        return tuple(name for name in names if name in read)


__all__ = ["Merged", "MergedStep", "Owned", "Unmergeable", "merge", "merged_order"]
