"""The forward of a class, in straight lines.

Theory of operation. A class serves several instances, whose steps `merge` has laid over one another; a step knows
the instances that have it (`where`) and the mode that it runs in (`when`). For each instance the code must do what
that instance's nodes say, and still read as a person would write it.

- Neighbours with one `where` and `when` are a *group*. Most groups always run, and are lines. The others stand under
  an `if`, and there is more than one way to write that: a return before the end, `y = x if self.m is None else
  self.m(x)`, an output of one mode on one line. `group` tries them from the shortest; `_guarded` always can.
- A call that only the very next step reads waits (`pending`) and is written inside that one: `operand` takes it. So
  chains of calls become one line, as long as that stays short (`NESTING`, `LONGEST`).
- Some steps need lines in front of them, assertions of sizes and index tensors: these gather in `before`.

What holds throughout:

- Code is made in the order of the steps, and what waits is taken by the next step or by `return`: what is nested
  runs when it would have run on a line of its own.
- A value has a variable from the step that makes it on; `Variables` gives the name to another value only after the
  last read. So a name is right at the place where it is written, and code is not moved afterwards.
- Nothing reads what was not made: where a step does not run, `else` gives its variable the fallback, or None where the
  class gives it.
- The size of an argument is a `SizeOf` until the forward is finished: only then is it known which are worth a name.
- A size that no name in scope tells is given to the forward (`passing`); whose forward calls it says the size, or is
  given it in turn.
- A dtype or device that no name in scope tells raises Inexpressible; the planner then opens the scope, whose children
  run in the class around it, and begins again. Nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain, groupby
from typing import Any, NamedTuple, final

from archdsl.ir.graph import Mode, Node, Scope
from archdsl.ops.base import Kind
from archdsl.shapes import Symbolic
from archdsl_torch.lowering.filling import Filler
from archdsl_torch.lowering.printing import shown
from archdsl_torch.lowering.spelling import identifier
from archdsl_torch.lowering.statements import Assign, Body, Effect, If, Return, Statement, assign
from archdsl_torch.lowering.tree import (
    NONE,
    SELF,
    TRAINING,
    Apply,
    Arg,
    Attribute,
    Code,
    Conditional,
    Grid,
    Infix,
    Method,
    Prefix,
    Tuple,
    Variable,
    is_given,
    is_none,
)
from archdsl_torch.planning.broadcasts import unproved
from archdsl_torch.planning.merge import Merged, MergedStep, NamesOf
from archdsl_torch.planning.outline import Ref, ResultRef
from archdsl_torch.planning.survey import Survey
from archdsl_torch.writing.arguments import Arguments
from archdsl_torch.writing.hints import condition_hint
from archdsl_torch.writing.inner_sizes import InnerSizes, SizesOf
from archdsl_torch.writing.nesting import LONGEST, NESTING, needs_sizes, reads_once
from archdsl_torch.writing.outputs import returned
from archdsl_torch.writing.scanning import loop
from archdsl_torch.writing.sizes import measured
from archdsl_torch.writing.stacks import stack_loop, stacks
from archdsl_torch.writing.values import Inexpressible, NumbersOf, Values, asserted
from archdsl_torch.writing.variables import Variables


class _Pending(NamedTuple):
    """A step's code that waits to be nested into the next."""

    code: Code
    depth: int


@final
class Forward:
    """Writes one class's forward."""

    def __init__(
        self,
        merged: Merged,
        arguments: Arguments,
        survey: Survey,
        exports_of: NamesOf,
        numbers_of: NumbersOf,
        sizes_of: SizesOf,
    ) -> None:
        self.merged = merged
        self.arguments = arguments
        self.survey = survey
        self.variables = Variables(merged, survey, exports_of)
        self.values = Values(self.variables, arguments, numbers_of)
        self.steps = self.variables.steps
        self.inner_sizes = InnerSizes(sizes_of, self.values)
        self.stacks = stacks(self.variables, self.inner_sizes)
        self.count = len(merged.outlines)
        self.pending: dict[str, _Pending] = {}
        self.before: list[Statement] = []
        """What must stand before the next statement."""
        self.shown = ""
        self.ending = False

    def write(self) -> Body:
        """The method's body."""
        body = [*self.values.checks()]
        if self.merged.outlines[0].scope.scan is not None:
            body += loop(self, self.steps)
        else:
            for _, group in groupby(self.steps, key=lambda step: (step.where, step.when)):
                body += self.group(list(group))
        if not self.ending:
            body += self._return()
        return self.values.settle(tuple(body))

    # --- groups of steps ------------------------------------------------------------------------

    def group(self, steps: list[MergedStep]) -> Body:
        """Steps that run together: always, in one mode, or in some instances."""
        first = steps[0]
        some = len(first.where) < self.count
        if not some and first.when is None:
            return self._run(steps)
        if some and self._ends_with(steps):
            return self._ending(steps)
        if len(steps) == 1 and some and first.when is None and self._is_optional_module(first):
            return (self._choice(first),)
        gives_one = self.variables.gives_one(first)
        if len(steps) == 1 and not some and gives_one and self.variables.is_exported(ResultRef(first.key, 0)):
            return (self._by_mode(first),)
        return (self._guarded(steps, some),)

    def _guarded(self, steps: list[MergedStep], some: bool) -> Statement:
        """Steps under an `if`, and what stands for them elsewhere."""
        tests = [] if steps[0].when is None else [_mode_test(steps[0].when)]
        tests += [self._test(steps)[0]] if some else []
        before = [None if step.fallback is None else self.variables.names.get(step.fallback) for step in steps]
        inner = self._run(steps)
        otherwise = tuple(chain.from_iterable(map(self._otherwise, steps, before)))
        return If(((reduce(lambda one, other: Infix("and", one, other), tests), inner),), otherwise)

    def _otherwise(self, step: MergedStep, known: str | None) -> Iterator[Statement]:
        """What a step's readers get where it does not run; `known` is the name that its fallback had before it."""
        names = self.variables.names
        if step.fallback is not None:
            target = Variable(names[ResultRef(step.key, 0)])
            source = self.variables.read(step.fallback) if known is None else Variable(known)
            if target != source:
                yield assign(target, source)
        elif step.when is not None:
            for place in range(len(step.some.outputs)):
                ref = ResultRef(step.key, place)
                if ref in names and self.variables.is_exported(ref):
                    yield assign(Variable(names[ref]), NONE)

    def _ends_with(self, steps: list[MergedStep]) -> bool:
        """Whether the forward ends with these optional steps, and gives the last one's value."""
        *before, last = steps
        if last.fallback is None or any(step.fallback is not None for step in before):
            return False
        return last.when is None and self._gives_only(last)

    def _gives_only(self, step: MergedStep) -> bool:
        """Whether the step is the last and all that the forward gives."""
        if step is not self.steps[-1] or self._is_root_tuple() or not self.variables.gives_one(step):
            return False
        return list(self.merged.exports.values()) == [ResultRef(step.key, 0)]

    def _ending(self, steps: list[MergedStep]) -> Body:
        """What comes without them returns first."""
        *before, last = steps
        assert last.fallback is not None
        self.ending = True
        first = If(((self._test(steps)[1], (Return((self.variables.read(last.fallback),)),)),))
        return (first, *self._run(before), Return((self._code(last),)))

    def _by_mode(self, step: MergedStep) -> Statement:
        """An output of one mode on one line: `aux = self.aux(x) if self.training else None`."""
        code = self._code(step)
        target = self.variables.target(step, 0)
        self.values.note(step)
        assert step.when is not None
        return assign(Variable(target), Conditional(_mode_test(step.when), code, NONE))

    def _is_optional_module(self, step: MergedStep) -> bool:
        """Whether the step calls a child that is None in some instances, and that something replaces there."""
        if step.fallback is None or not self.variables.gives_one(step):
            return False
        return self._may_be_none(step)

    def _may_be_none(self, step: MergedStep) -> bool:
        """Whether the step's module is a child of the class that some instances lack."""
        return step.some.module == Attribute(SELF, step.key) and None in self.merged.members.get(step.key, ())

    def _choice(self, step: MergedStep) -> Statement:
        """An optional module on one line: `y = x if self.m is None else self.m(x)`."""
        assert step.fallback is not None and step.some.module is not None
        source = self.variables.read(step.fallback)
        code = self._code(step)
        target = Variable(self.variables.target(step, 0))
        self.values.note(step)
        if target == source:
            return If(((is_given(step.some.module), (assign(target, code),)),))
        return assign(target, Conditional(is_none(step.some.module), source, code))

    def _test(self, steps: list[MergedStep]) -> tuple[Code, Code]:
        """What is true where the steps run, and what is true elsewhere."""
        for step in steps:
            if self._may_be_none(step) and step.some.module is not None:
                return is_given(step.some.module), is_none(step.some.module)
        step = steps[0]
        name = identifier(step.key)
        hint = condition_hint(step.some.unit, [outline.scope.env for outline in self.merged.outlines])
        condition = self.arguments.condition([own is not None for own in step.steps], name, hint)
        stored = self.arguments.stored(identifier("has", step.key), condition)
        return stored, Prefix("not", stored)

    # --- steps ----------------------------------------------------------------------------------

    def _run(self, steps: Sequence[MergedStep]) -> Body:
        """The steps in order, stacks of layers as loops."""
        body: list[Statement] = []
        place = 0
        while place < len(steps):
            stack = self.stacks.get(steps[place].key)
            if stack is None or len(stack.steps) > len(steps) - place:
                body += self._step(steps[place])
                place += 1
            else:
                body += stack_loop(self, stack)
                place += len(stack.steps)
        return tuple(body)

    def _step(self, step: MergedStep) -> Iterator[Statement]:
        depth = 1 + max((self.pending[key].depth for key in self._nested(step)), default=0)
        code = self._code(step)
        yield from self.before
        self.before.clear()
        if self._can_nest(step, code, depth) or self._is_returned(step):
            self.pending[step.key] = _Pending(code, depth)
            return
        targets = self.variables.targets(step)
        self.values.note(step)
        # nobody reads what a block gives: it runs for the statistics that it keeps
        yield Assign(self._together(step, targets), (code,), remark=self._remark(step)) if targets else Effect(code)

    def _together(self, step: MergedStep, targets: list[str]) -> tuple[Code, ...]:
        """The variables as the module gives them: `y, (h, c)`."""
        forms = None if isinstance(step.some.unit, Scope) else self.survey.lowered.get(step.some.unit)
        if forms is None or not forms.outputs:
            return tuple(map(Variable, targets))
        waiting = iter(targets)
        return tuple(_group([next(waiting) for _ in range(count)]) for count in forms.outputs)

    def _nested(self, step: MergedStep) -> Iterator[str]:
        return (ref.step for ref in step.inputs if isinstance(ref, ResultRef) and ref.step in self.pending)

    def _can_nest(self, step: MergedStep, code: Code, depth: int) -> bool:
        """Whether the step's code can stand inside the next one's."""
        place = self.variables.places[step.key] + 1
        ref = ResultRef(step.key, 0)
        if not self.variables.gives_one(step) or self.variables.reads.get(ref) != 1 or place == len(self.steps):
            return False
        after = self.steps[place]
        if after.key in self.stacks or ref not in after.inputs or (after.where, after.when) != (step.where, step.when):
            return False
        replaced = after.fallback is not None and not self.ending
        if depth >= NESTING or replaced or self._ends_line(step, depth):
            return False
        return reads_once(after, ref) and not needs_sizes(after) and len(shown(code)) <= LONGEST

    def _ends_line(self, step: MergedStep, depth: int) -> bool:
        """Whether a line ends here: after an activation, and after a block that continues the stream."""
        unit = step.some.unit
        if isinstance(unit, Node):
            return unit.op.kind is Kind.ACTIVATION
        return depth > 1 or self.variables.flowing(step) is not None

    def _is_returned(self, step: MergedStep) -> bool:
        return step.fallback is None and step.when is None and self._gives_only(step)

    # --- code -----------------------------------------------------------------------------------

    def _code(self, step: MergedStep) -> Code:
        """The step as one expression."""
        if not step.codes:
            return self.call(step)
        inputs = [None if ref is None else self.operand(ref) for ref in step.inputs]
        first = step.codes[0]
        if isinstance(first, Grid):
            return self._grid(step, first.names)
        for one, other, axis in unproved(step):
            left, right = inputs[one], inputs[other]
            assert left is not None and right is not None
            self.before.append(asserted(measured(left, axis), measured(right, axis), f"dimension {axis} does not fit"))
        codes = (
            self._reshaped(step, step.codes) if isinstance(first, Method) and first.name == "reshape" else step.codes
        )
        return self.filler(step, inputs).fill(codes)

    def call(self, step: MergedStep) -> Apply:
        """The call of the step's module."""
        assert step.some.module is not None
        if isinstance(step.some.unit, Scope):
            sizes, named = self.inner_sizes.arguments(step)
            return Apply(step.some.module, (*self._scope_arguments(step), *sizes), named)
        return Apply(step.some.module, tuple(self.operand(ref) for ref in step.inputs if ref is not None))

    def filler(self, step: MergedStep, inputs: Sequence[Code | None]) -> Filler:
        """Fills the step's code with these inputs."""
        return Filler(inputs, lambda args, name: self.values.say(step, args, name), self.values.like, step.some.module)

    def _grid(self, step: MergedStep, wanted: Sequence[str]) -> Code:
        """A constant of run-time sizes, with its index tensors on lines of their own."""
        grids = [code for code in step.codes if isinstance(code, Grid)]
        indices: list[Code | None] = []
        for place, name in enumerate(wanted):
            index = Variable(self.variables.index(name, self.values.axis_names))
            self.before.append(assign(index, self.filler(step, []).fill([grid.indices[place] for grid in grids])))
            indices.append(index)
        return self.filler(step, indices).fill([grid.value for grid in grids])

    def _scope_arguments(self, step: MergedStep) -> tuple[Code, ...]:
        refs = list(step.inputs)
        while refs and refs[-1] is None:
            refs.pop()
        return tuple(NONE if ref is None else self.operand(ref) for ref in refs)

    def operand(self, ref: Ref) -> Code:
        """What is read, in words; a step that waits to be nested is written here."""
        if isinstance(ref, ResultRef) and ref.step in self.pending:
            return self.pending.pop(ref.step).code
        return self.variables.read(ref)

    def _reshaped(self, step: MergedStep, codes: Sequence[Code]) -> Sequence[Code]:
        """A reshape, with -1 for the one size that nothing in scope tells."""
        shapes = [code.args[0].value for code in codes if isinstance(code, Method) and isinstance(code.args[0], Arg)]
        sizes = zip(*shapes, strict=True)
        unknown = [place for place, column in enumerate(sizes) if not self.values.is_told(step, column)]
        alone = len(unknown) == 1 and not any(-1 in shape for shape in shapes)
        return [_without_size(code, unknown[0]) for code in codes] if alone else codes

    # --- the end --------------------------------------------------------------------------------

    def _is_root_tuple(self) -> bool:
        scope = self.merged.outlines[0].scope
        return scope.scope is None and len(scope.outputs) > 1

    def _return(self) -> Body:
        values = {name: self.operand(ref) for name, ref in self.merged.exports.items()}
        if self._is_root_tuple():
            return returned(self.survey.graph, values)
        return (Return(tuple(values.values())),) if values else ()

    def _remark(self, step: MergedStep) -> str:
        """The shape, where the class is used once and the shape is new."""
        if sum(self.merged.counts) > 1 or len(step.some.outputs) != 1:
            return ""
        key = step.some.outputs[0]
        shape = key.node.types[key.output].shape
        if not shape or not _is_symbol(shape[0]):
            return ""
        shape_text = self.survey.sampled(shape)
        if shape_text == self.shown:
            return ""
        self.shown = shape_text
        return shape_text


def _mode_test(mode: Mode) -> Code:
    return TRAINING if mode is Mode.TRAINING else Prefix("not", TRAINING)


def _group(names: list[str]) -> Code:
    if {*names} == {"_"}:
        return Variable("_")
    return Variable(names[0]) if len(names) == 1 else Tuple(tuple(map(Variable, names)))


def _is_symbol(dim: Any) -> bool:
    return isinstance(dim, Symbolic) and str(dim).isidentifier()


def _without_size(code: Code, place: int) -> Code:
    assert isinstance(code, Method)
    shape = code.args[0]
    assert isinstance(shape, Arg)
    sizes = (*shape.value[:place], -1, *shape.value[place + 1 :])
    return Method(code.receiver, code.name, (Arg(sizes, shape.field),), code.kwargs)


__all__ = ["Forward", "Inexpressible"]
