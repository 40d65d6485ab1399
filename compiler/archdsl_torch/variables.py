"""The local variables of a forward: which value each one holds, and for how long it is needed.

A value is called what its node is called in the spec. Where nothing else needs the forward's first
argument any more, the next value takes its name, so that nothing is kept alive longer than it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, final

from archdsl.elaboration.names import SOURCE_NAMES
from archdsl.graph import Node, Scope
from archdsl.shapes import TensorType
from archdsl_torch.layout import Layout
from archdsl_torch.merge import Merged, MergedStep
from archdsl_torch.outline import Owned, Port, Ref, Result
from archdsl_torch.spelling import variable
from archdsl_torch.text import unique

RESERVED: Final = SOURCE_NAMES | {"outputs"}
"""Names that a forward reads, and that no variable may take."""

NamesOf = Callable[[Scope], tuple[str, ...]]


def plain(ref: Ref) -> Ref:
    """A reference by one name."""
    return Port(ref.names[:1]) if isinstance(ref, Port) else ref


@final
class Variables:
    """The variables of one forward while it is written."""

    def __init__(self, merged: Merged, layout: Layout, exports_of: NamesOf, ports_of: NamesOf) -> None:
        self.merged = merged
        self.layout = layout
        self.exports_of = exports_of
        self.ports_of = ports_of
        self.steps = list(merged.steps.values())
        self.places = {step.key: i for i, step in enumerate(self.steps)}
        self.names: dict[Ref, str] = {Port((name,)): name for name in merged.ports}
        self.preferred: dict[Ref, str] = {}
        """What values are called other than in the spec."""
        self.indices: list[str] = []
        """Index tensors of constants, which are no step's value."""
        self.rebound: set[str] = set()
        """Arguments whose name has been given to another value."""
        self.last: dict[Ref, int] = {}
        self.reads: dict[Ref, int] = {}
        for place, step in enumerate(self.steps):
            for ref in (*step.inputs, step.fallback):
                self._read(ref, place)
        for ref in merged.exports.values():
            self._read(ref, len(self.steps))

    def _read(self, ref: Ref | None, place: int) -> None:
        if ref is not None:
            self.last[plain(ref)] = place
            self.reads[plain(ref)] = self.reads.get(plain(ref), 0) + 1

    @property
    def is_loop(self) -> bool:
        """Whether the forward runs its steps several times, so that the next turn reads the arguments again."""
        return self.merged.outlines[0].scope.scan is not None

    # --- what is known of a value ---------------------------------------------------------------

    def name(self, ref: Ref) -> str:
        return ref.access if isinstance(ref, Owned) else self.names[plain(ref)]

    def is_exported(self, ref: Ref) -> bool:
        return self.last.get(ref) == len(self.steps)

    def gives_one(self, step: MergedStep) -> bool:
        """Whether the step's expression is one tensor."""
        unit = step.some.unit
        return len(self.exports_of(unit) if isinstance(unit, Scope) else step.some.outputs) == 1

    def port_type(self, instance: int, name: str) -> TensorType | None:
        key = self.merged.outlines[instance].ports.get(name)
        return None if key is None else self.layout.types.get(key) or key.node.types[key.output]

    def types(self, ref: Ref) -> list[TensorType | None]:
        """A value's type in every instance; None where there is no such value."""
        everywhere = range(len(self.merged.outlines))
        if isinstance(ref, Port):
            return [self.port_type(i, ref.names[0]) for i in everywhere]
        assert isinstance(ref, Result)
        found: list[TensorType | None] = []
        for step in self.merged.steps[ref.step].steps:
            key = None if step is None else step.outputs[ref.output]
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
        return [self.target(step, i) if Result(step.key, i) in self.reads else "_" for i in places]

    def target(self, step: MergedStep, output: int) -> str:
        """The variable that a step's output is called."""
        ref = Result(step.key, output)
        name = self.flowing(step)
        if name is None:
            name = self.free(self.preferred.get(ref) or _wanted(step, output), self.places[step.key])
        else:
            self.rebound.add(name)
        self.names = {r: n for r, n in self.names.items() if n != name}
        self.names[ref] = name
        return name

    def free(self, wanted: str, place: int) -> str:
        """A name that no value has which is read after this place."""
        return unique(wanted, self._live(place))

    def index(self, wanted: str, taken: set[str]) -> str:
        """A variable for a constant's index."""
        name = unique(variable(wanted), {*self.names.values(), *self.indices, *taken, *RESERVED})
        self.indices.append(name)
        return name

    def _live(self, place: int) -> set[str]:
        later = {n for r, n in self.names.items() if self.last.get(r, -1) > place or isinstance(r, Port)}
        return later | RESERVED | set(self.indices)

    def flowing(self, step: MergedStep) -> str | None:
        """The argument whose value the step takes on, where nothing else reads that any more."""
        if not self.gives_one(step) or step.when is not None or not self.merged.ports or self.is_loop:
            return None
        if self.is_exported(Result(step.key, 0)) and len(self.merged.exports) > 1:
            return None
        stream = self.merged.ports[0]
        holder = next((ref for ref, name in self.names.items() if name == stream), None)
        if holder is None or self.last.get(holder, -1) > self.places[step.key]:
            return None
        return stream if {plain(ref) for ref in self._sources(step)} == {holder} else None

    def _sources(self, step: MergedStep) -> Iterator[Ref]:
        """What the step reads, seen through what is nested in it."""
        for ref in (*step.inputs, step.fallback):
            if isinstance(ref, Result) and ref not in self.names:
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
