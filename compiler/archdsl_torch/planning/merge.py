"""Outlines of one class's instances made into one: what all have, and what only some have.

A step that some instances lack is *optional*: where it is missing, its readers read something else,
and that must be one thing, the step's `fallback`. Outlines that do not fit raise Unmergeable, and
become several classes: right first, short second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, TypeVar, final

from archdsl.ir.graph import Mode, Scope
from archdsl_torch.lowering.text import distinct
from archdsl_torch.lowering.tree import AddInto, Call, Code, In
from archdsl_torch.planning.outline import Member, Outline, PortRef, Ref, ResultRef, Step
from archdsl_torch.planning.skeletons import skeleton

NameType = TypeVar("NameType", bound=Hashable)
NamesOf = Callable[[Scope], tuple[str, ...]]


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
    """Those of a scope's ports that its class reads, in the order of `inputs`."""
    codes: tuple[Code, ...] = ()
    """The expression of each instance that has the step; empty for the call of a module as it is."""

    @cached_property
    def some(self) -> Step:
        return next(step for step in self.steps if step is not None)

    @cached_property
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
    counts: tuple[int, ...]
    """How many instances each outline stands for."""
    members: dict[str, tuple[Member | None, ...]] = field(default_factory=dict)
    steps: dict[str, MergedStep] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    """Those that every instance feeds first."""
    optional: frozenset[str] = frozenset()
    """Ports that only some instances feed."""
    exports: dict[str, Ref] = field(default_factory=dict)


def merge(outlines: Sequence[Outline], counts: Sequence[int], ports_of: NamesOf) -> Merged:
    """One class for all outlines; `ports_of` a scope are those that its class reads. Raises Unmergeable."""
    merged = Merged(tuple(outlines), tuple(counts))
    for name in merged_order([list(members) for members in distinct([o.members for o in outlines])]):
        merged.members[name] = tuple([outline.members.get(name) for outline in outlines])
    for key in merged_order([list(steps) for steps in distinct([o.steps for o in outlines])]):
        step = MergedStep(key, tuple([outline.steps.get(key) for outline in outlines]))
        _check_alike(step)
        merged.steps[key] = step
    _Sources(merged, ports_of).resolve()
    return merged


def merged_order(lists: Sequence[Sequence[NameType]]) -> list[NameType]:
    """All names in an order that every list keeps, the first seen first. Raises Unmergeable where there is none."""
    different = dict.fromkeys(map(tuple, lists))
    if len(different) == 1:
        return [*lists[0]]
    names = [*dict.fromkeys(name for each in different for name in each)]
    places = {name: place for place, name in enumerate(names)}
    pairs = {pair: None for each in different for pair in pairwise(each)}
    after: dict[NameType, list[NameType]] = {name: [] for name in names}
    for one, following in pairs:
        after[one].append(following)
    waiting = Counter(following for _, following in pairs)
    ready = [place for place, name in enumerate(names) if not waiting[name]]
    result: list[NameType] = []
    while ready:
        result.append(names[heappop(ready)])
        for name in after[result[-1]]:
            waiting[name] -= 1
            if not waiting[name]:
                heappush(ready, places[name])
    if len(result) < len(names):
        raise Unmergeable("the order differs")
    return result


def _check_alike(step: MergedStep) -> None:
    shared = [s for s in step.steps if s is not None]
    present = distinct(shared)
    first = present[0]
    codes = [s.code for s in present if s.code is not None]
    if len(codes) == len(present):
        own = dict(zip(map(id, present), _with_all_inputs(_alike_sums(codes)), strict=True))
        step.codes = tuple([own[id(s)] for s in shared])
    if len(present) < 2:
        return
    if len({*map(skeleton, distinct(step.codes))}) > 1 or (codes and not step.codes):
        raise Unmergeable(f"`{step.key}` differs")
    for other in present[1:]:
        if (first.module, first.when) != (other.module, other.when):
            raise Unmergeable(f"`{step.key}` differs")
        if first.output_names != other.output_names or len(first.outputs) != len(other.outputs):
            raise Unmergeable(f"the outputs of `{step.key}` differ")


def _alike_sums(codes: list[Code]) -> list[Code]:
    """Sums overwrite an operand only where all instances may."""
    if all(code == codes[0] for code in codes):
        return codes
    return [code.plain if isinstance(code, AddInto) else code for code in codes]


def _with_all_inputs(codes: list[Code]) -> list[Code]:
    """Calls that differ in which optional tensors they are given, as calls that are given all."""
    calls = [code for code in codes if isinstance(code, Call)]
    if len(calls) < len(codes) or len({len(call.kwargs) for call in calls}) < 2:
        return codes
    fullest = max(calls, key=lambda call: len(call.kwargs))
    filled: list[Code] = []
    for code in calls:
        own = dict(code.kwargs)
        missing = [value for key, value in fullest.kwargs if key not in own]
        if own.keys() - dict(fullest.kwargs).keys() or not all(isinstance(value, In) for value in missing):
            return codes
        kwargs = tuple((key, own.get(key, value)) for key, value in fullest.kwargs)
        filled.append(Call(code.function, code.args, kwargs))
    return filled


def _by_one_name(ref: Ref) -> Ref:
    return PortRef(ref.names[:1]) if isinstance(ref, PortRef) else ref


@final
class _Sources:
    """Finds what every step of the merged forward reads."""

    def __init__(self, merged: Merged, ports_of: NamesOf) -> None:
        self.merged = merged
        self.ports_of = ports_of
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
        self._settle()
        merged.ports = self._ports()

    def _inputs(self, step: MergedStep) -> tuple[Ref | None, ...]:
        """By port; of a scope, by the ports that its class reads: what it is fed at others is none of its inputs."""
        if len(distinct(step.steps)) == 1:
            return self._own_inputs(step, step.some)
        if not isinstance(step.some.unit, Scope):
            fed: list[Mapping[Any, Ref | None] | None]
            fed = [dict(enumerate(s.inputs)) if s else None for s in step.steps]
            count = max(len(s.inputs) for s in step.steps if s is not None)
            return tuple(self._input(step, fed, place) for place in range(count))
        step.names = self.ports_of(step.some.unit)
        given = [dict(zip(s.names, s.inputs, strict=True)) if s else None for s in step.steps]
        return tuple(self._input(step, given, name) for name in step.names)

    def _own_inputs(self, step: MergedStep, own: Step) -> tuple[Ref | None, ...]:
        """The same, where all instances share the step."""
        if not isinstance(own.unit, Scope):
            return own.inputs
        step.names = self.ports_of(own.unit)
        given = dict(zip(own.names, own.inputs, strict=True))
        return tuple(given.get(name) for name in step.names)

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
        return isinstance(ref, PortRef) and all(ref.names[0] not in self.merged.outlines[i].ports for i in without)

    def _exports(self) -> dict[str, Ref]:
        outlines = self.merged.outlines
        if len(distinct([outline.exports for outline in outlines])) == 1:
            return {**outlines[0].exports}
        if all(outline.chain for outline in outlines):  # what the last child gives, whatever it is called
            name = next(iter(outlines[0].exports))
            return {name: self._one({i: next(iter(o.exports.values())) for i, o in enumerate(outlines)})}
        names = merged_order([list(outline.exports) for outline in outlines])
        exports: dict[str, Ref] = {}
        for name in names:
            refs = {i: o.exports[name] for i, o in enumerate(outlines) if name in o.exports}
            exports[name] = self._one(refs)
        return exports

    def _one(self, refs: Mapping[int, Ref]) -> Ref:
        """What all instances read: the same, or the optional step that only some have."""
        first = next(iter(refs.values()))
        if all(ref == first for ref in refs.values()):
            return first
        if all(isinstance(ref, PortRef) for ref in refs.values()):
            return self._common_port(refs.values())
        winner = max(refs.values(), key=self._position)
        if not isinstance(winner, ResultRef) or winner.output != 0:
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

    def _common_port(self, refs: Iterable[Ref]) -> PortRef:
        common: tuple[str, ...] | None = None
        for ref in refs:
            assert isinstance(ref, PortRef)
            names = ref.names
            common = names if common is None else tuple(name for name in common if name in names)
        if not common:
            raise Unmergeable("instances read different ports")
        return PortRef(common)

    def _position(self, ref: Ref) -> int:
        return self.order[ref.step] if isinstance(ref, ResultRef) else -1

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
        if not isinstance(ref, ResultRef):
            return
        step = self.merged.steps[ref.step]
        stands_in = step.fallback is not None and ref.output == 0
        if not stands_in and not readers <= frozenset(step.where):
            raise Unmergeable(f"`{ref.step}` is missing where it is read")

    def _settle(self) -> None:
        """A value that came in at several ports is read by the first: one name, so that equal references are equal."""
        for step in self.merged.steps.values():
            step.inputs = tuple(None if ref is None else _by_one_name(ref) for ref in step.inputs)
            step.fallback = None if step.fallback is None else _by_one_name(step.fallback)
        self.merged.exports = {name: _by_one_name(ref) for name, ref in self.merged.exports.items()}

    def _ports(self) -> tuple[str, ...]:
        """The ports that are read, in the order in which they are declared; all of the network's own."""
        outlines = self.merged.outlines
        read: set[str] = set(outlines[0].ports) if outlines[0].scope.scope is None else set()
        refs: list[Ref | None] = [r for s in self.merged.steps.values() for r in (*s.inputs, s.fallback)]
        for ref in (*refs, *self.merged.exports.values()):
            if isinstance(ref, PortRef):
                read.add(ref.names[0])
        names = merged_order([list(outline.ports) for outline in self.merged.outlines])
        missing = {name for name in read if any(name not in o.ports for o in self.merged.outlines)}
        self.merged.optional = frozenset(missing)
        return tuple(sorted((name for name in names if name in read), key=lambda name: name in missing))
