"""The forward of a class, in straight lines.

Calls that only feed the next one are nested in it. Steps that only some instances or one mode have
stand under an `if`, and what their readers get instead beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, final

from archdsl.graph import Mode, Node, Scope
from archdsl.ops.base import Kind
from archdsl.shapes import Symbolic, evaluate
from archdsl_torch.arguments import Arguments, expression_hint
from archdsl_torch.broadcasts import unproved
from archdsl_torch.code import Text, Writer, leaves, uses
from archdsl_torch.layout import Layout, output_fields
from archdsl_torch.lowering import Arg, Method
from archdsl_torch.merge import Merged, MergedStep
from archdsl_torch.outline import Ref, Result
from archdsl_torch.scanning import loop_lines
from archdsl_torch.special import Grid
from archdsl_torch.spelling import WIDTH, attribute, comment, identifier
from archdsl_torch.stacks import stack_lines, stacks
from archdsl_torch.text import Doc, Group, all_same, is_static, render
from archdsl_torch.values import Inexpressible, Values
from archdsl_torch.variables import NamesOf, Variables

NESTING: Final = 4
"""Calls in one line, at most."""
LONGEST: Final = 44
"""Letters that are nested in another call, at most."""


class _Pending(NamedTuple):
    """A step's text that waits to be nested into the next."""

    text: Text
    depth: int


@final
class Forward:
    """Writes one class's forward."""

    def __init__(
        self, merged: Merged, arguments: Arguments, layout: Layout, exports_of: NamesOf, ports_of: NamesOf
    ) -> None:
        self.merged = merged
        self.arguments = arguments
        self.layout = layout
        self.ports_of = ports_of
        self.variables = Variables(merged, layout, exports_of, ports_of)
        self.values = Values(self.variables, arguments)
        self.steps = self.variables.steps
        self.stacks = stacks(self.variables)
        self.count = len(merged.outlines)
        self.pending: dict[str, _Pending] = {}
        self.before: list[tuple[str, Doc]] = []
        """Lines that must stand before the next one."""
        self.shown = ""
        self.ending = False

    def write(self) -> list[str]:
        """The lines of the method's body."""
        lines = self.values.checks()
        if self.merged.outlines[0].scope.scan is not None:
            lines += loop_lines(self, self.steps)
        else:
            for _, group in groupby(self.steps, key=lambda step: (step.where, step.when)):
                lines += self.group(list(group))
        if not self.ending:
            lines += self._return()
        return self.values.settle(lines)

    # --- groups of steps ------------------------------------------------------------------------

    def group(self, steps: list[MergedStep]) -> list[str]:
        """Steps that run together: always, in one mode, or in some instances."""
        first = steps[0]
        some = len(first.where) < self.count
        if not some and first.when is None:
            return self._lines(steps, 8)
        if some and self._ends_with(steps):
            return self._ending(steps)
        if len(steps) == 1 and some and first.when is None and self._is_optional_module(first):
            return self._choice(first)
        if len(steps) == 1 and not some and self.variables.is_exported(Result(first.key, 0)):
            return self._by_mode(first)
        return self._guarded(steps, some)

    def _guarded(self, steps: list[MergedStep], some: bool) -> list[str]:
        """Steps under an `if`, and what stands for them elsewhere."""
        tests = [] if steps[0].when is None else [_mode_test(steps[0].when)]
        tests += [self._test(steps)[0]] if some else []
        before = dict(self.variables.names)
        inner = self._lines(steps, 12)
        otherwise = [line for step in steps for line in self._otherwise(step, before)]
        lines = [f"        if {' and '.join(tests)}:", *inner]
        return [*lines, "        else:", *otherwise] if otherwise else lines

    def _otherwise(self, step: MergedStep, before: dict[Ref, str]) -> Iterator[str]:
        """What a step's readers get where it does not run."""
        names = self.variables.names
        if step.fallback is not None:
            target = names[Result(step.key, 0)]
            source = before.get(step.fallback) or self.variables.name(step.fallback)
            if target != source:
                yield f"            {target} = {source}"
        elif step.when is not None:
            for place in range(len(step.some.outputs)):
                ref = Result(step.key, place)
                if ref in names and self.variables.is_exported(ref):
                    yield f"            {names[ref]} = None"

    def _ends_with(self, steps: list[MergedStep]) -> bool:
        """Whether the forward ends with these optional steps, and gives the last one's value."""
        *before, last = steps
        if last.fallback is None or any(step.fallback is not None for step in before):
            return False
        return last.when is None and self._gives_only(last)

    def _gives_only(self, step: MergedStep) -> bool:
        """Whether the step is the last and all that the forward gives."""
        alone = list(self.merged.exports.values()) == [Result(step.key, 0)]
        return alone and step is self.steps[-1] and not self._is_root_tuple() and self.variables.gives_one(step)

    def _ending(self, steps: list[MergedStep]) -> list[str]:
        """What comes without them returns first."""
        *before, last = steps
        assert last.fallback is not None
        self.ending = True
        fallback = self.variables.name(last.fallback)
        lines = [f"        if {self._test(steps)[1]}:", f"            return {fallback}"]
        lines += self._lines(before, 8)
        return [*lines, *render("return ", self._text(last).doc, 8)]

    def _by_mode(self, step: MergedStep) -> list[str]:
        """An output of one mode on one line: `aux = self.aux(x) if self.training else None`."""
        text = self._text(step).doc
        target = self.variables.target(step, 0)
        self.values.note(step)
        assert step.when is not None
        return render(f"{target} = ", f"{text} if {_mode_test(step.when)} else None", 8)

    def _is_optional_module(self, step: MergedStep) -> bool:
        """Whether the step calls a child that is None in some instances, and that something replaces there."""
        if step.fallback is None or not self.variables.gives_one(step):
            return False
        return self._may_be_none(step)

    def _may_be_none(self, step: MergedStep) -> bool:
        """Whether the step's module is a child of the class that some instances lack."""
        return step.some.module == attribute("self", step.key) and None in self.merged.members.get(step.key, ())

    def _choice(self, step: MergedStep) -> list[str]:
        """An optional module on one line: `y = x if self.m is None else self.m(x)`."""
        assert step.fallback is not None
        source = self.variables.name(step.fallback)
        text = self._text(step).doc
        target = self.variables.target(step, 0)
        self.values.note(step)
        if target == source:
            return [f"        if {step.some.module} is not None:", *render(f"{target} = ", text, 12)]
        return render(f"{target} = {source} if {step.some.module} is None else ", text, 8)

    def _test(self, steps: list[MergedStep]) -> tuple[str, str]:
        """Python text that is true where the steps run, and text that is true elsewhere."""
        for step in steps:
            if self._may_be_none(step):
                return f"{step.some.module} is not None", f"{step.some.module} is None"
        step = steps[0]
        name = identifier(step.key)
        written = getattr(step.some.unit.template, "condition", None)
        hint = expression_hint(written, [outline.scope.env for outline in self.merged.outlines])
        condition = self.arguments.condition([own is not None for own in step.steps], name, hint)
        stored = self.arguments.stored(
            condition if condition.isidentifier() else identifier("has", step.key), condition
        )
        return stored, f"not {stored}"

    # --- steps ----------------------------------------------------------------------------------

    def _lines(self, steps: Sequence[MergedStep], indent: int) -> list[str]:
        """The steps in order, stacks of layers as loops."""
        lines: list[str] = []
        place = 0
        while place < len(steps):
            stack = self.stacks.get(steps[place].key)
            if stack is None or len(stack.steps) > len(steps) - place:
                lines += self._step(steps[place], indent)
                place += 1
            else:
                lines += stack_lines(self, stack, indent)
                place += len(stack.steps)
        return lines

    def _step(self, step: MergedStep, indent: int) -> list[str]:
        depth = 1 + max((self.pending[key].depth for key in self._nested(step)), default=0)
        text = self._text(step)
        before = [line for prefix, doc in self.before for line in render(prefix, doc, indent)]
        self.before.clear()
        if self._can_nest(step, text, depth) or self._is_returned(step):
            self.pending[step.key] = _Pending(text, depth)
            return before
        targets = self.variables.targets(step)
        self.values.note(step)
        # nobody reads what a block gives: it runs for the statistics that it keeps
        prefix = f"{', '.join(self._together(step, targets))} = " if targets else ""
        lines = render(prefix, text.doc, indent)
        comment = self._comment(step)
        if comment and len(lines[-1]) + len(comment) <= WIDTH:
            lines[-1] += comment
        return before + lines

    def _together(self, step: MergedStep, targets: list[str]) -> list[str]:
        """The variables as the module gives them: `y, (h, c)`."""
        forms = None if isinstance(step.some.unit, Scope) else self.layout.lowered.get(step.some.unit)
        if forms is None or not forms.outputs:
            return targets
        waiting = iter(targets)
        groups = [[next(waiting) for _ in range(count)] for count in forms.outputs]
        return [
            "_" if set(group) == {"_"} else group[0] if len(group) == 1 else f"({', '.join(group)})" for group in groups
        ]

    def _nested(self, step: MergedStep) -> Iterator[str]:
        return (ref.step for ref in step.inputs if isinstance(ref, Result) and ref.step in self.pending)

    def _can_nest(self, step: MergedStep, text: Text, depth: int) -> bool:
        """Whether the step's text can stand inside the next one's."""
        place = self.variables.places[step.key] + 1
        ref = Result(step.key, 0)
        if not self.variables.gives_one(step) or self.variables.reads.get(ref) != 1 or place == len(self.steps):
            return False
        after = self.steps[place]
        if after.key in self.stacks or ref not in after.inputs or (after.where, after.when) != (step.where, step.when):
            return False
        if depth >= NESTING or len(str(text.doc)) > LONGEST or self._ends_line(step, depth):
            return False
        replaced = after.fallback is not None and not self.ending
        return not replaced and not _needs_sizes(after) and _reads_once(after, ref)

    def _ends_line(self, step: MergedStep, depth: int) -> bool:
        """Whether a line ends here: after an activation, and after a block that continues the stream."""
        unit = step.some.unit
        if isinstance(unit, Node):
            return unit.op.kind is Kind.ACTIVATION
        return depth > 1 or self.variables.flowing(step) is not None

    def _is_returned(self, step: MergedStep) -> bool:
        return step.fallback is None and step.when is None and self._gives_only(step)

    # --- text -----------------------------------------------------------------------------------

    def _text(self, step: MergedStep) -> Text:
        """The step as one expression."""
        if step.codes[0] is None:
            return Text(self.call(step))
        inputs = [None if ref is None else self.operand(ref) for ref in step.inputs]
        if isinstance(step.codes[0], Grid):
            return self._grid(step)
        writer = self.writer(step, inputs)
        for first, second, axis in unproved(step):
            sizes = [f"{text.doc}.shape[{axis}]" for text in (inputs[first], inputs[second]) if text is not None]
            self.before.append(("", f'torch._assert({" == ".join(sizes)}, "dimension {axis} does not fit")'))
        if isinstance(step.codes[0], Method) and step.codes[0].name == "reshape":
            return self._reshape(step, writer)
        return writer.write(step.codes)

    def call(self, step: MergedStep) -> Group:
        """The call of the step's module."""
        if isinstance(step.some.unit, Scope):
            return Group(f"{step.some.module}(", self._scope_arguments(step, step.some.unit))
        return Group(f"{step.some.module}(", tuple(self.operand(ref).doc for ref in step.inputs if ref is not None))

    def writer(self, step: MergedStep, inputs: Sequence[Text | None]) -> Writer:
        """Writes the step's code on these inputs."""
        return Writer(inputs, lambda args, name: self.values.say(step, args, name), self.values.like, step.some.module)

    def _grid(self, step: MergedStep) -> Text:
        """A constant of run-time sizes, with its index tensors on lines of their own."""
        names: list[Text | None] = []
        for place, wanted in enumerate(step.codes[0].names):
            name = self.variables.index(wanted, self.values.axis_names())
            text = self.writer(step, []).write([code.indices[place] for code in step.codes])
            self.before.append((f"{name} = ", text.doc))
            names.append(Text(name))
        return self.writer(step, names).write([code.value for code in step.codes])

    def _scope_arguments(self, step: MergedStep, unit: Scope) -> tuple[Doc, ...]:
        given = dict(zip(step.names, step.inputs, strict=True))
        texts: list[Doc] = []
        for name in self.ports_of(unit):
            ref = given.get(name)
            texts.append("None" if ref is None else self.operand(ref).doc)
        while texts and texts[-1] == "None":
            texts.pop()
        return tuple(texts)

    def operand(self, ref: Ref) -> Text:
        """What is read, in words; a step that waits to be nested is written here."""
        if isinstance(ref, Result) and ref.step in self.pending:
            return self.pending.pop(ref.step).text
        return Text(self.variables.name(ref))

    def _reshape(self, step: MergedStep, writer: Writer) -> Text:
        """A reshape, with -1 for the one size that nothing in scope tells."""
        shapes = [code.args[0].value for code in step.codes]
        unknown = [place for place in range(len(shapes[0])) if not self._is_told(step, [s[place] for s in shapes])]
        if len(unknown) != 1:
            return writer.write(step.codes)
        return writer.write([_without_size(code, unknown[0]) for code in step.codes])

    def _is_told(self, step: MergedStep, sizes: Sequence[Any]) -> bool:
        try:
            self.values.say(step, [Arg(size) for size in sizes], "size")
        except Inexpressible:
            return False
        return True

    # --- the end --------------------------------------------------------------------------------

    def _is_root_tuple(self) -> bool:
        scope = self.merged.outlines[0].scope
        return scope.scope is None and len(scope.outputs) > 1

    def _return(self) -> list[str]:
        texts = [self.operand(ref).doc for ref in self.merged.exports.values()]
        if not texts:
            return []
        if not self._is_root_tuple():
            return render("return ", texts[0] if len(texts) == 1 else ", ".join(map(str, texts)), 8)
        fields = output_fields(self.layout.graph)
        named = tuple(f"{fields[n]}={t}" for n, t in zip(self.merged.exports, texts, strict=True))
        if not self.layout.graph.output_modes:
            return render("return ", Group("Outputs(", named), 8)
        tensors = "tuple(x for x in outputs if x is not None)"
        return [
            *render("outputs = ", Group("Outputs(", named), 8),
            "        # torch.jit.trace takes no None",
            f"        return {tensors} if torch.jit.is_tracing() else outputs",
        ]

    def _comment(self, step: MergedStep) -> str:
        """The shape, where the class is used once and the shape is new."""
        if self.count > 1 or len(step.some.outputs) != 1:
            return ""
        key = step.some.outputs[0]
        shape = key.node.types[key.output].shape
        if not shape or not _is_symbol(shape[0]):
            return ""
        sizes = self.layout.graph.sample_sizes
        shown = "×".join([str(shape[0]), *(str(evaluate(dim, sizes)) for dim in shape[1:])])
        if shown == self.shown:
            return ""
        self.shown = shown
        return comment(shown)


def _mode_test(mode: Mode) -> str:
    return "self.training" if mode is Mode.TRAINING else "not self.training"


def _is_symbol(dim: Any) -> bool:
    return isinstance(dim, Symbolic) and str(dim).isidentifier()


def _needs_sizes(step: MergedStep) -> bool:
    """Whether a value in the step's code is no literal, so that its inputs' sizes may be read."""
    if isinstance(step.some.unit, Scope) or step.codes[0] is None:
        return False
    columns = zip(*([leaf.value for leaf in leaves(code)] for code in step.codes), strict=True)
    return bool(unproved(step)) or any(not is_static(column) or not all_same(column) for column in columns)


def _reads_once(step: MergedStep, ref: Ref) -> bool:
    """Whether the step's text names an input once, so that a call can stand there."""
    if isinstance(step.some.unit, Scope) or step.codes[0] is None:
        return True
    return uses(step.codes[0], step.inputs.index(ref)) == 1


def _without_size(code: Method, place: int) -> Method:
    shape = code.args[0]
    assert isinstance(shape, Arg)
    sizes = (*shape.value[:place], -1, *shape.value[place + 1 :])
    return Method(code.receiver, code.name, (Arg(sizes, shape.field),), code.kwargs)


__all__ = ["Forward", "Inexpressible"]
