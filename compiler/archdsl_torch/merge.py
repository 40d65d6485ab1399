"""Outlines of one class's instances made into one: what all have, and what only some have.

A step that some instances lack is *optional*: where it is missing, its readers read something else,
and that must be one thing, the step's `fallback`. Outlines that do not fit raise Unmergeable, and
become several classes: right first, short second.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar, final

from archdsl.graph import Mode, Scope
from archdsl_torch.lowering import Call, In
from archdsl_torch.outline import Entry, Outline, Port, Ref, Result, Step, skeleton
from archdsl_torch.special import AddInto

Name = TypeVar("Name", bound=Hashable)


class Unmergeable(Exception):
    """Instances that no one class can hold."""


class Uneven(Unmergeable):
    """Instances that hold different numbers of children, which nothing that they are given counts."""


@final
@dataclass(eq=False)
class MergedStep:
    """A step of the merged forward."""

    key: str
    steps: tuple[Step | None, ...]
    """By instance; None where it is missing."""
    inputs: tuple[Ref | None, ...] = ()
    fallback: Ref | None = None
    names: tuple[str, ...] = ()
    """A scope's ports, in the order of `inputs`."""
    codes: tuple[Any, ...] = ()
    """The expression of each instance that has the step."""

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
    """Those that every instance feeds first."""
    optional: frozenset[str] = frozenset()
    """Ports that only some instances feed."""
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


def merged_order(lists: Sequence[Sequence[Name]]) -> list[Name]:
    """All names in an order that every list keeps, the first seen first. Raises Unmergeable where there is none."""
    different = dict.fromkeys(map(tuple, lists))
    if len(different) == 1:
        return [*lists[0]]
    before: dict[Name, set[Name]] = {name: set() for names in different for name in names}
    for names in different:
        for one, following in pairwise(names):
            before[following].add(one)
    result: dict[Name, None] = {}
    while len(result) < len(before):
        ready = (name for name, others in before.items() if name not in result and others <= result.keys())
        name = next(ready, None)
        if name is None:
            raise Unmergeable("the order differs")
        result[name] = None
    return [*result]


def _check_alike(step: MergedStep) -> None:
    present = [s for s in step.steps if s is not None]
    first = present[0]
    step.codes = tuple(_with_all_inputs(_alike_sums([s.code for s in present])))
    if len(present) < 2:
        return
    shape = (first.module, skeleton(step.codes[0]), first.when)
    for other, code in zip(present[1:], step.codes[1:], strict=True):
        if shape != (other.module, skeleton(code), other.when):
            raise Unmergeable(f"`{step.key}` differs")
        if first.output_names != other.output_names or len(first.outputs) != len(other.outputs):
            raise Unmergeable(f"the outputs of `{step.key}` differ")


def _alike_sums(codes: list[Any]) -> list[Any]:
    """Sums overwrite an operand only where all instances may."""
    if all(code == codes[0] for code in codes):
        return codes
    return [code.plain if isinstance(code, AddInto) else code for code in codes]


def _with_all_inputs(codes: list[Any]) -> list[Any]:
    """Calls that differ in which optional tensors they are given, as calls that are given all."""
    first = codes[0]
    if not isinstance(first, Call) or len({len(code.kwargs) for code in codes if isinstance(code, Call)}) < 2:
        return codes
    fullest = max(codes, key=lambda code: len(code.kwargs))
    filled = []
    for code in codes:
        own = dict(code.kwargs)
        missing = [value for key, value in fullest.kwargs if key not in own]
        if own.keys() - dict(fullest.kwargs).keys() or not all(isinstance(value, In) for value in missing):
            return codes
        kwargs = tuple((key, own.get(key, value)) for key, value in fullest.kwargs)
        filled.append(Call(code.function, code.args, kwargs))
    return filled


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
            step.inputs = self._inputs(step)
        merged.exports = self._exports()
        for key in reversed(merged.steps):
            if key in self.fallbacks:
                merged.steps[key].fallback = self._one(self.fallbacks[key])
        self._check_presence()
        merged.ports = self._ports()

    def _inputs(self, step: MergedStep) -> tuple[Ref | None, ...]:
        """By port; of a scope, by the ports of the instance that has most."""
        if not isinstance(step.some.unit, Scope):
            fed: list[Mapping[Any, Ref | None] | None]
            fed = [dict(enumerate(s.inputs)) if s else None for s in step.steps]
            count = max(len(s.inputs) for s in step.steps if s is not None)
            return tuple(self._input(step, fed, place) for place in range(count))
        names = merged_order([list(s.names) for s in step.steps if s is not None])
        step.names = tuple(names)
        given = [dict(zip(s.names, s.inputs, strict=True)) if s else None for s in step.steps]
        return tuple(self._input(step, given, name) for name in names)

    def _input(self, step: MergedStep, given: Sequence[Mapping[Any, Ref | None] | None], place: Any) -> Ref | None:
        refs = {i: own.get(place) for i, own in enumerate(given) if own is not None}
        fed = {i: ref for i, ref in refs.items() if ref is not None}
        if not fed:
            return None
        ref = self._one(fed)
        if len(fed) < len(refs) and not self._is_optional_port(ref, refs.keys() - fed.keys()):
            raise Unmergeable(f"only some instances feed `{step.key}`")
        return ref

    def _is_optional_port(self, ref: Ref, without: Iterable[int]) -> bool:
        """Whether the forward's own argument is None where the step is not fed."""
        return isinstance(ref, Port) and all(ref.names[0] not in self.merged.outlines[i].ports for i in without)

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
        """The ports that are read, in the order in which they are declared; all of the network's own."""
        outlines = self.merged.outlines
        read: set[str] = set(outlines[0].ports) if outlines[0].scope.scope is None else set()
        refs: list[Ref | None] = [r for s in self.merged.steps.values() for r in (*s.inputs, s.fallback)]
        for ref in (*refs, *self.merged.exports.values()):
            if isinstance(ref, Port):
                read.add(ref.names[0])
        names = merged_order([list(outline.ports) for outline in self.merged.outlines])
        missing = {name for name in read if any(name not in o.ports for o in self.merged.outlines)}
        self.merged.optional = frozenset(missing)
        return tuple(sorted((name for name in names if name in read), key=lambda name: name in missing))
