"""Numbers in a forward: literals, attributes that the constructor stores, and sizes of tensors in scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias, final

from archdsl.expressions.tree import Name
from archdsl.ir.graph import Node, Scope
from archdsl.shapes import Dim, Shape, Symbolic
from archdsl.text.alike import same
from archdsl_torch.lowering.spelling import identifier, variable
from archdsl_torch.lowering.statements import Assign, Body, Effect, Statement, assign, changed, codes
from archdsl_torch.lowering.text import all_same, first_free, is_static
from archdsl_torch.lowering.tree import (
    Arg,
    Attribute,
    Call,
    Code,
    Fixed,
    Infix,
    PassedSize,
    Sized,
    SizeOf,
    Tuple,
    Variable,
)
from archdsl_torch.lowering.walking import rebuilt, walk
from archdsl_torch.planning.merge import MergedStep
from archdsl_torch.planning.outline import PortRef, Ref, ResultRef
from archdsl_torch.writing.arguments import Arguments
from archdsl_torch.writing.hints import Hint, element_hints, node_hint
from archdsl_torch.writing.passing import Passed, PassedSizes
from archdsl_torch.writing.sizes import Given, Holder, SizesInScope, measured
from archdsl_torch.writing.variables import RESERVED, Variables

NumbersOf = Callable[[Scope], Iterable[Code]]
"""The floating tensors that the class of a scope owns."""


_TOLD: Final = (SizeOf, PassedSize, Sized, Variable)
"""What of a forward tells which sizes it reads and which names are taken."""


_Unsettled: TypeAlias = "SizeOf | PassedSize | Sized"


class Inexpressible(Exception):
    """A dtype or device that nothing in scope tells: the scope's children run in the class around it."""


@final
class Values:
    """Finds words for the values in one forward."""

    def __init__(self, variables: Variables, arguments: Arguments, numbers_of: NumbersOf) -> None:
        self.variables = variables
        self.numbers_of = numbers_of
        self.merged = variables.merged
        self.arguments = arguments
        self.sizes = SizesInScope()
        self.passed_sizes = PassedSizes(arguments, self.sizes)
        self.passed: tuple[Passed, ...] = ()
        """The sizes that the forward is given, when it is finished."""
        self.expected: list[Code] = []
        """What sizes of arguments are compared with: it is unpacked first."""
        for name in self.merged.ports:
            self._note(Given(name), PortRef((name,)))

    def note(self, step: MergedStep) -> None:
        """The step's outputs are in scope now, under their names."""
        for place in range(len(step.some.outputs)):
            ref = ResultRef(step.key, place)
            if ref in self.variables.names:
                self._note(Variable(self.variables.names[ref]), ref)

    def _note(self, holder: Holder, ref: Ref) -> None:
        self.sizes.note(holder, [None if type_ is None else type_.shape for type_ in self.variables.types(ref)])

    # --- values -------------------------------------------------------------------------------

    def say(self, step: MergedStep, args: Sequence[Arg], name: str) -> Code:
        """The value of an argument of the step's code."""
        values = [arg.value for arg in args]
        if all_same(values) and is_static(values[0]):
            return Fixed(values[0])
        hint, name = self._hint(step, args[0].field), args[0].field or name
        if not all(isinstance(v, tuple) and len(v) == len(values[0]) for v in values):
            return self.number(step, values, name, hint)
        hints = element_hints(hint, len(values[0]))
        columns = [list(column) for column in zip(*values, strict=True)]
        return Tuple(tuple(self.number(step, c, name, own) for c, own in zip(columns, hints, strict=True)))

    def number(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> Code:
        """One number; a size that nothing in scope tells is passed."""
        if all_same(values) and is_static(values[0]):
            return Fixed(values[0])
        if all(map(is_static, values)) and _names_parameter(hint):
            return self._stored(step, values, name, hint)
        if not all(isinstance(v, int | Symbolic) and not isinstance(v, bool) for v in values):
            return self._stored(step, values, name, hint)
        found = self._told(step, values, hint)
        if found is None and not all(map(is_static, values)) and not self._is_network:
            return self.passed_sizes.say(values, step.where, hint, name)
        return found or self._stored(step, values, name, hint)

    @property
    def _is_network(self) -> bool:
        """Whether nobody is there who could pass a size."""
        return self.merged.outlines[0].scope.scope is None

    def _told(self, step: MergedStep, values: Sequence[Dim], hint: Hint | None) -> Code | None:
        """A size in words, if something in scope tells it."""
        first = [self._sized(ref) for ref in step.inputs if ref is not None and ref in self.variables.names]
        found = self.sizes.find(values, step.where, first)
        if found is None and all(map(is_static, values)):
            found = self._parameter(step, values)
        envs = [own.unit.env for own in step.steps if own is not None]
        return found or self.sizes.say(values, step.where, hint, first, envs)

    def is_told(self, step: MergedStep, sizes: Sequence[Dim]) -> bool:
        """Whether the sizes need not be passed."""
        return all(map(is_static, sizes)) or self._told(step, sizes, None) is not None

    def _parameter(self, step: MergedStep, values: Sequence[Any]) -> Code | None:
        """A parameter of the block that has the value in every instance."""
        for parameter in self.merged.outlines[0].scope.arguments:
            column = [outline.scope.arguments.get(parameter) for outline in self.merged.outlines]
            if all(same(column[i], v) for i, v in zip(step.where, values, strict=True)):
                return self._stored(step, values, parameter, None)
        return None

    def _stored(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> Code:
        """An attribute of the module."""
        if not all(map(is_static, values)):
            raise Inexpressible(f"{step.key}: {values[0]}")
        return self.arguments.stored(identifier(name), self.arguments.resolve(values, step.where, name, hint))

    @staticmethod
    def _hint(step: MergedStep, field_name: str | None) -> Hint | None:
        nodes = [s.unit for s in step.steps if s is not None and isinstance(s.unit, Node)]
        return node_hint(nodes, field_name) if nodes else None

    def like(self, what: str) -> Code:
        """The device or the floating dtype of a tensor in scope."""
        for ref, name in self.variables.names.items():
            types = self.variables.types(ref) if self._is_sure(ref) else [None]
            if all(known is not None and (what == "device" or known.dtype == "float32") for known in types):
                return Attribute(Variable(name), what)
        if what == "device":
            raise Inexpressible("no tensor tells the device")
        own = self._own_number()
        if own is not None:
            return Attribute(own, what)
        survey, scopes = self.variables.survey, [outline.scope for outline in self.merged.outlines]
        if survey.has_numbers and any(scope.scope is not None and scope not in survey.known.opened for scope in scopes):
            raise Inexpressible("no tensor tells the dtype")
        return Call("torch.get_default_dtype")

    def _is_sure(self, ref: Ref) -> bool:
        """Whether the value is there in training and in evaluation."""
        return not isinstance(ref, ResultRef) or self.merged.steps[ref.step].when is None

    def _own_number(self) -> Code | None:
        """A floating tensor that the class owns in every instance."""
        first, *others = (list(self.numbers_of(outline.scope)) for outline in self.merged.outlines)
        return next((number for number in first if all(number in other for other in others)), None)

    # --- sizes --------------------------------------------------------------------------------

    def checks(self) -> Body:
        """Assertions on sizes that only the run can compare."""
        wanted = {key: None for outline in self.merged.outlines for key in outline.checks}
        found: list[Statement] = []
        for name, axis in wanted:
            expected = self._expected(name, axis) if name in self.merged.ports else None
            if expected is not None:
                self.expected.append(expected)
                found.append(asserted(SizeOf(name, axis), expected, f"dimension {axis} of `{name}` does not fit"))
        return tuple(found)

    def _expected(self, name: str, axis: int) -> Code | None:
        everywhere = range(len(self.merged.outlines))
        values: list[Dim] = []
        for i in everywhere:
            type_ = self.variables.port_type(i, name)
            own = self.merged.outlines[i].checks.get((name, axis))
            values.append(own if own is not None else (type_.shape[axis] if type_ is not None else 0))
        self.sizes.hidden = (Given(name), axis)
        found = self.sizes.say(values, everywhere, None, [])
        self.sizes.hidden = None
        return found

    def _sized(self, ref: Ref) -> Holder:
        name = self.variables.names[ref]
        return Given(name) if isinstance(ref, PortRef) else Variable(name)

    @cached_property
    def axis_names(self) -> frozenset[str]:
        """What the sizes of the arguments may be called."""
        return frozenset(str(dim).lower() for name in self.merged.ports for dim in self._shape(name))

    def settle(self, body: Body) -> Body:
        """The statements with sizes of arguments in words, after those that unpack them."""
        unpacking: list[Statement] = []
        words: dict[_Unsettled, Code] = {}
        used: set[str] = set()
        taken = {*self.variables.names.values(), *self.merged.ports, *self.variables.indices, *RESERVED}
        parts: list[Code] = []
        sized: set[int] = set()
        for code in (*self.expected, *codes(body)):
            own = [part for part in walk(code) if type(part) in _TOLD]
            parts += own
            if any(type(part) is not Variable for part in own):
                sized.add(id(code))
        read = {part.name for part in parts if isinstance(part, Variable)}
        self.passed = self.passed_sizes.settled(parts, {*taken, *read}, bool(self.merged.optional))
        for size in self.passed:
            words[size.size] = Variable(size.label)
            used.add(size.label)
        asked = _asked(parts)
        for name, axes in asked.items():
            if len(axes) == 1 and name not in self.variables.rebound:
                words.update({SizeOf(name, axis): measured(Variable(name), axis) for axis in axes})
                continue
            labels = self._labels(name, used, taken)
            used.update(labels[axis] for axis in axes)
            words.update({SizeOf(name, axis): Variable(labels[axis]) for axis in axes})
            unpacking.append(_unpacked(name, labels, axes))
        named = self._named(_repeated(parts), words, {*used, *taken, *read, *asked})
        return (*unpacking, *named, *changed(body, lambda code: _settled(code, words) if id(code) in sized else code))

    @staticmethod
    def _named(read: Iterable[Sized], words: dict[_Unsettled, Code], taken: set[str]) -> list[Statement]:
        """Variables for sizes that the spec names and that are read again, which come into `words`."""
        found: list[Statement] = []
        for size in read:
            label = first_free(variable(size.name), taken.__contains__)
            taken.add(label)
            found.append(assign(Variable(label), _settled(size.value, words)))
            words[size] = Variable(label)
        return found

    def _shape(self, name: str) -> Shape:
        type_ = self.variables.port_type(0, name)
        return () if type_ is None else type_.shape

    def _labels(self, name: str, used: set[str], taken: set[str]) -> list[str]:
        """Variables for the sizes of an argument, after the pattern that names them; `used` are others'."""
        labels: list[str] = []
        for axis, size in enumerate(self._shape(name)):
            named = [key for key in self._dims.get(size, ()) if key.lower() not in labels]
            wanted = (named[0] if named else str(size)).lower()
            wanted = variable(wanted) if wanted.isidentifier() else f"size{axis}"
            wanted = f"{name}_{wanted}" if wanted in used else wanted
            labels.append(first_free(wanted, lambda label: label in taken or label in used or label in labels))
        return labels

    @cached_property
    def _dims(self) -> dict[Dim, list[str]]:
        """What the scope calls each size."""
        found: dict[Dim, list[str]] = {}
        for key, binding in self.merged.outlines[0].scope.env.names.items():
            if binding.kind == "dim":
                found.setdefault(binding.value, []).append(key)
        return found


def _names_parameter(hint: Hint | None) -> bool:
    """Whether the spec says the value by the name of a parameter or a `let`."""
    if hint is None or not isinstance(hint.expression.tree, Name):
        return False
    binding = hint.envs[0].find(hint.expression.tree.name)
    return binding is not None and binding.kind != "dim"


def _asked(parts: Iterable[Code]) -> dict[str, set[int]]:
    """The dimensions of arguments that are read, by argument."""
    asked: dict[str, set[int]] = {}
    for part in parts:
        if isinstance(part, SizeOf):
            asked.setdefault(part.argument, set()).add(part.axis)
    return asked


def _unpacked(name: str, labels: Sequence[str], axes: set[int]) -> Statement:
    if len(axes) == 1:
        axis = next(iter(axes))
        return assign(Variable(labels[axis]), measured(Variable(name), axis))
    shown = (label if axis in axes else "_" for axis, label in enumerate(labels))
    return Assign(tuple(map(Variable, shown)), (Attribute(Variable(name), "shape"),))


def _repeated(parts: Iterable[Code]) -> list[Sized]:
    """The sizes with a name of the spec that are read more than once, those first of which others are made."""
    counts = Counter(part for part in parts if isinstance(part, Sized))
    several = [size for size, count in counts.items() if count > 1]
    return sorted(several, key=lambda size: sum(1 for _ in walk(size)))


def _settled(code: Code, words: Mapping[_Unsettled, Code]) -> Code:
    if isinstance(code, SizeOf | PassedSize):
        return words[code]
    if isinstance(code, Sized):
        return words[code] if code in words else _settled(code.value, words)
    return rebuilt(code, lambda part, _: _settled(part, words))


def asserted(left: Code, right: Code, message: str) -> Statement:
    """Fails at run time where two sizes differ, in a way that a tracer keeps."""
    return Effect(Call("torch._assert", (Infix("==", left, right), Fixed(message))))
