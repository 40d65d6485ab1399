"""The local variables of a forward: which value each one holds, and for how long it is needed.

A value is called what its node is called in the spec. Where nothing else needs the forward's first
argument any more, the next value takes its name, so that nothing is kept alive longer than it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from archdsl.ir.graph import Node, Scope
from archdsl.shapes import TensorType
from archdsl.text.names import SOURCE_NAMES
from archdsl_torch.lowering.spelling import variable
from archdsl_torch.lowering.text import counted
from archdsl_torch.lowering.tree import Code, Variable
from archdsl_torch.planning.merge import Merged, MergedStep, NamesOf
from archdsl_torch.planning.outline import Owned, PortRef, Ref, ResultRef
from archdsl_torch.planning.survey import Survey

RESERVED: Final = SOURCE_NAMES | {"outputs"}
"""Names that a forward reads, and that no variable may take."""


@final
class Variables:
    """The variables of one forward while it is written."""

    def __init__(self, merged: Merged, survey: Survey, exports_of: NamesOf) -> None:
        self.merged = merged
        self.survey = survey
        self.exports_of = exports_of
        self.steps = list(merged.steps.values())
        self.places = {step.key: i for i, step in enumerate(self.steps)}
        self.names: dict[Ref, str] = {}
        """Written by `give` and `share` alone."""
        self.holders: dict[str, dict[Ref, None]] = {}
        """The values that have each name."""
        self.preferred: dict[Ref, str] = {}
        """What values are called other than in the spec."""
        self.indices: set[str] = set()
        """Index tensors of constants, which are no step's value."""
        self._numbers: dict[str, tuple[int, int]] = {}
        """The first number that a name may be had with, and the place up to which that is so."""
        self._index_numbers: dict[tuple[str, frozenset[str]], int] = {}
        self.rebound: set[str] = set()
        """Arguments whose name has been given to another value."""
        self.last: dict[Ref, int] = {}
        self.reads: dict[Ref, int] = {}
        for name in merged.ports:
            self.share(PortRef((name,)), name)
        for place, step in enumerate(self.steps):
            for ref in (*step.inputs, step.fallback):
                self._read(ref, place)
        for ref in merged.exports.values():
            self._read(ref, len(self.steps))

    def _read(self, ref: Ref | None, place: int) -> None:
        if ref is not None:
            self.last[ref] = place
            self.reads[ref] = self.reads.get(ref, 0) + 1

    @property
    def is_loop(self) -> bool:
        """Whether the forward runs its steps several times, so that the next turn reads the arguments again."""
        return self.merged.outlines[0].scope.scan is not None

    # --- what is known of a value ---------------------------------------------------------------

    def read(self, ref: Ref) -> Code:
        """What is read, in words."""
        return ref.access if isinstance(ref, Owned) else Variable(self.names[ref])

    def is_exported(self, ref: Ref) -> bool:
        return self.last.get(ref) == len(self.steps)

    def gives_one(self, step: MergedStep) -> bool:
        """Whether the step's expression is one tensor."""
        unit = step.some.unit
        return len(self.exports_of(unit) if isinstance(unit, Scope) else step.some.outputs) == 1

    def port_type(self, instance: int, name: str) -> TensorType | None:
        key = self.merged.outlines[instance].ports.get(name)
        return None if key is None else self.survey.crossings.type_of(key)

    def types(self, ref: Ref) -> list[TensorType | None]:
        """A value's type in every instance; None where there is no such value.

        What a block's class gives for others' sake, and nobody reads here, is no output of the step.
        """
        everywhere = range(len(self.merged.outlines))
        if isinstance(ref, PortRef):
            return [self.port_type(i, ref.names[0]) for i in everywhere]
        assert isinstance(ref, ResultRef)
        found: list[TensorType | None] = []
        for step in self.merged.steps[ref.step].steps:
            key = step.outputs[ref.output] if step is not None and ref.output < len(step.outputs) else None
            found.append(None if key is None else key.node.types[key.output])
        return found

    # --- new names ------------------------------------------------------------------------------

    def targets(self, step: MergedStep) -> list[str]:
        """The variables that a step's outputs go to; `_` for one that nobody reads."""
        if self.gives_one(step):
            return [self.target(step, 0)]
        unit = step.some.unit
        if isinstance(unit, Scope):
            own = {name: i for i, name in enumerate(step.some.output_names)}
            places = [own.get(name, -1) for name in self.exports_of(unit)]
        else:
            places = list(range(len(step.some.outputs)))
        return [self.target(step, i) if ResultRef(step.key, i) in self.reads else "_" for i in places]

    def target(self, step: MergedStep, output: int) -> str:
        """The variable that a step's output is called."""
        ref = ResultRef(step.key, output)
        name = self.flowing(step)
        if name is None:
            name = self.free(self.preferred.get(ref) or _wanted(step, output), self.places[step.key])
        else:
            self.rebound.add(name)
        self.give(ref, name)
        return name

    def give(self, ref: Ref, name: str) -> None:
        """The value has the variable now, and what had it has none."""
        for other in self.holders.pop(name, ()):
            del self.names[other]
        self.share(ref, name)

    def share(self, ref: Ref, name: str) -> None:
        """The value has the variable, too."""
        self.drop(ref)
        self.names[ref] = name
        self.holders.setdefault(name, {})[ref] = None

    def drop(self, ref: Ref) -> None:
        """The value has no variable any more."""
        if ref in self.names:
            del self.holders[self.names.pop(ref)][ref]

    def free(self, wanted: str, place: int) -> str:
        """A name that no value has which is read after this place."""
        number, until = self._numbers.get(wanted, (1, 0))
        if until <= place:
            number, until = 1, len(self.steps) + 1
        while (end := self._taken_until(name := counted(wanted, number), place)) > place:
            number, until = number + 1, min(until, end)
        self._numbers[wanted] = number, until
        return name

    def _taken_until(self, name: str, place: int) -> int:
        """The place at which the name is free, if nothing new gets it; one up to this place where it is free now."""
        if name in RESERVED or name in self.indices:
            return len(self.steps) + 1
        ends = [self.last.get(ref, -1) for ref in self.holders.get(name, ())]
        # an argument keeps its name after it was last read, unless a value takes it on
        kept = any(isinstance(ref, PortRef) for ref in self.holders.get(name, ()))
        return max((*ends, place + 1 if kept else place))

    def index(self, wanted: str, taken: frozenset[str]) -> str:
        """A variable for a constant's index."""
        wanted = variable(wanted)
        number = self._index_numbers.get((wanted, taken), 1)
        while (name := counted(wanted, number)) in self.indices or name in taken or name in RESERVED:
            number += 1
        self._index_numbers[wanted, taken] = number  # those before it stay taken
        while self.holders.get(name) or name in self.indices or name in taken or name in RESERVED:
            number += 1
            name = counted(wanted, number)
        self.indices.add(name)
        return name

    def flowing(self, step: MergedStep) -> str | None:
        """The argument whose value the step takes on, where nothing else reads that any more."""
        if not self.gives_one(step) or step.when is not None or not self.merged.ports or self.is_loop:
            return None
        if self.is_exported(ResultRef(step.key, 0)) and len(self.merged.exports) > 1:
            return None
        stream = self.merged.ports[0]
        holder = next(iter(self.holders.get(stream, ())), None)
        if holder is None or self.last.get(holder, -1) > self.places[step.key]:
            return None
        return stream if set(self._sources(step)) == {holder} else None

    def _sources(self, step: MergedStep) -> Iterator[Ref]:
        """What the step reads, seen through what is nested in it."""
        for ref in (*step.inputs, step.fallback):
            if isinstance(ref, ResultRef) and ref not in self.names:
                yield from self._sources(self.merged.steps[ref.step])
            elif ref is not None and not isinstance(ref, Owned):
                yield ref


def _wanted(step: MergedStep, output: int) -> str:
    """The name in the spec: of the output where there are several, else of the node."""
    unit = step.some.unit
    names = step.some.output_names or (unit.output_names if isinstance(unit, Node) else ())
    several = len(step.some.outputs) > 1
    if several and not names[output].isdigit() and names[output] != "output":
        head, *inside = names[output].split(".")
        listed = (
            inside and inside[0].isdigit() and sum(each.partition(".")[0] == head and "." in each for each in names) > 1
        )
        return variable(head, inside[0] if listed else "", between="")
    # a loop's `x[t]` is `x_t`
    name = variable(*unit.name.split("[t]"), between="_t")
    if unit.name.isdigit():
        around = "" if unit.scope is None else unit.scope.name
        name = variable("x" if around.isdigit() else around or "x", unit.name, between="")
    return f"{name}_{output}" if several and names[output] != "output" else name
