"""Numbers in a forward: literals, attributes that the constructor stores, and sizes of tensors in scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, final

from archdsl.expressions import Name
from archdsl.graph import Node
from archdsl.shapes import Dim, Shape, Symbolic
from archdsl_torch.arguments import Arguments, Hint, element_hints, node_hint
from archdsl_torch.lowering import Arg
from archdsl_torch.merge import MergedStep
from archdsl_torch.outline import Items, Make, Port, Ref, Result, Tensor, Use
from archdsl_torch.sizes import Sizes
from archdsl_torch.spelling import attribute, identifier, is_attribute, literal, variable
from archdsl_torch.text import all_same, is_static, same, unique
from archdsl_torch.variables import RESERVED, Variables, plain


class Inexpressible(Exception):
    """A size that nothing in scope tells: the scope's children run in the class around it."""


@final
class Values:
    """Finds words for the values in one forward."""

    def __init__(self, variables: Variables, arguments: Arguments) -> None:
        self.variables = variables
        self.merged = variables.merged
        self.arguments = arguments
        self.sizes = Sizes(self._size)
        self.asked: dict[str, set[int]] = {}
        """Dimensions of arguments that are read, by argument."""
        for name in self.merged.ports:
            self._note(_marked(name), Port((name,)))

    def note(self, step: MergedStep) -> None:
        """The step's outputs are in scope now, under their names."""
        for place in range(len(step.some.outputs)):
            ref = Result(step.key, place)
            if ref in self.variables.names:
                self._note(self.variables.names[ref], ref)

    def _note(self, name: str, ref: Ref) -> None:
        self.sizes.shapes[name] = [None if t is None else t.shape for t in self.variables.types(ref)]

    # --- values -------------------------------------------------------------------------------

    def say(self, step: MergedStep, args: Sequence[Arg], name: str) -> str:
        """The value of an argument of the step's code."""
        values = [arg.value for arg in args]
        hint = self._hint(step, args[0].field)
        name = args[0].field or name
        if all_same(values) and is_static(values[0]):
            return literal(values[0])
        if not all(isinstance(v, tuple) and len(v) == len(values[0]) for v in values):
            return self._number(step, values, name, hint)
        hints = element_hints(hint, len(values[0]))
        columns = [list(column) for column in zip(*values, strict=True)]
        texts = [self._element(step, column, name, own) for column, own in zip(columns, hints, strict=True)]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _element(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        if all_same(values) and is_static(values[0]):
            return literal(values[0])
        return self._number(step, values, name, hint)

    def _number(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        if not all(isinstance(v, int | Symbolic) and not isinstance(v, bool) for v in values):
            return self._stored(step, values, name, hint)
        if all(map(is_static, values)) and _names_parameter(hint):
            return self._stored(step, values, name, hint)
        first = [self._sized(ref) for ref in step.inputs if ref is not None and plain(ref) in self.variables.names]
        found = self.sizes.find(values, step.where, first)
        if found is None and all(map(is_static, values)):
            found = self._parameter(step, values)
        found = found or self.sizes.say(values, step.where, hint, first)
        return found or self._stored(step, values, name, hint)

    def _parameter(self, step: MergedStep, values: Sequence[Any]) -> str | None:
        """A parameter of the block that has the value in every instance."""
        for parameter in self.merged.outlines[0].scope.arguments:
            column = [outline.scope.arguments.get(parameter) for outline in self.merged.outlines]
            if all(same(column[i], v) for i, v in zip(step.where, values, strict=True)):
                return self._stored(step, values, parameter, None)
        return None

    def _stored(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        """An attribute of the module."""
        if not all(map(is_static, values)):
            raise Inexpressible(f"{step.key}: {values[0]}")
        text = self.arguments.resolve(values, step.where, name, hint)
        return self.arguments.stored(text if text.isidentifier() else identifier(name), text)

    @staticmethod
    def _hint(step: MergedStep, field_name: str | None) -> Hint | None:
        nodes = [s.unit for s in step.steps if s is not None and isinstance(s.unit, Node)]
        return node_hint(nodes, field_name) if nodes else None

    def like(self, what: str) -> str:
        """The device or the floating dtype of a tensor in scope."""
        for ref, name in self.variables.names.items():
            type_ = self.variables.types(ref)[0]
            if what == "device" or (type_ is not None and type_.dtype == "float32"):
                return f"{name}.{what}"
        if what == "dtype":
            own = self._own_numbers()
            return "torch.get_default_dtype()" if own is None else f"{own}.dtype"
        raise Inexpressible(f"no tensor tells the {what}")

    def _own_numbers(self) -> str | None:
        """A floating tensor that the class, or a module of torch in it, owns in every instance."""
        for name, entries in self.merged.members.items():
            builds = [entry.build for entry in entries if entry is not None]
            if len(builds) < len(entries) or not is_attribute(name) or isinstance(builds[0], Use | Items):
                continue
            wanted = "" if isinstance(builds[0], Tensor) else "weight"
            owned = [b.node.tensors.get(wanted) for b in builds if isinstance(b, Make | Tensor)]
            if all(weight is not None and weight.dtype == "float32" for weight in owned):
                owner = attribute("self", name)
                return attribute(owner, wanted) if wanted else owner
        return None

    # --- sizes --------------------------------------------------------------------------------

    def checks(self) -> list[str]:
        """Assertions on sizes that only the run can compare."""
        wanted = {key: None for outline in self.merged.outlines for key in outline.checks}
        return [
            f'        torch._assert({left} == {right}, "dimension {axis} of `{name}` does not fit")'
            for name, axis in wanted
            if name in self.merged.ports and (right := self._expected(name, axis)) is not None
            for left in [self._size(_marked(name), axis)]
        ]

    def _expected(self, name: str, axis: int) -> str | None:
        everywhere = range(len(self.merged.outlines))
        values: list[Dim] = []
        for i in everywhere:
            type_ = self.variables.port_type(i, name)
            own = self.merged.outlines[i].checks.get((name, axis))
            values.append(own if own is not None else (type_.shape[axis] if type_ is not None else 0))
        self.sizes.hidden = (_marked(name), axis)
        text = self.sizes.say(values, everywhere, None, [])
        self.sizes.hidden = None
        return text

    def _sized(self, ref: Ref) -> str:
        name = self.variables.names[plain(ref)]
        return _marked(name) if isinstance(ref, Port) else name

    def _size(self, name: str, axis: int) -> str:
        """The size of a variable; of an argument, a mark that is settled when the forward is finished."""
        if not name.startswith(_MARK):
            return f"{name}.shape[{axis}]"
        own = name.strip(_MARK)
        self.asked.setdefault(own, set()).add(axis)
        return _marked(own, axis)

    def axis_names(self) -> set[str]:
        """What the sizes of the arguments may be called."""
        return {str(dim).lower() for name in self.merged.ports for dim in self._shape(name)}

    def settle(self, lines: Sequence[str]) -> list[str]:
        """The lines with sizes of arguments in words, after those that unpack them."""
        unpacking: list[str] = []
        texts: dict[str, str] = {}
        used: set[str] = set()
        for name, axes in self.asked.items():
            if len(axes) == 1 and name not in self.variables.rebound:
                texts.update({_marked(name, axis): f"{name}.shape[{axis}]" for axis in axes})
                continue
            labels = self._labels(name, used)
            used.update(labels[axis] for axis in axes)
            texts.update({_marked(name, axis): labels[axis] for axis in axes})
            unpacking.append(_unpacked(name, labels, axes))
        return [*unpacking, *(_settled(line, texts) for line in lines)]

    def _shape(self, name: str) -> Shape:
        type_ = self.variables.port_type(0, name)
        return () if type_ is None else type_.shape

    def _labels(self, name: str, used: set[str]) -> list[str]:
        """Variables for the sizes of an argument, after the pattern that names them; `used` are others'."""
        bindings = self.merged.outlines[0].scope.env.names.items()
        dims = [(key, binding.value) for key, binding in bindings if binding.kind == "dim"]
        taken = {*self.variables.names.values(), *self.merged.ports, *self.variables.indices, *RESERVED}
        labels: list[str] = []
        for axis, size in enumerate(self._shape(name)):
            named = [key for key, value in dims if value == size and key.lower() not in labels]
            wanted = (named[0] if named else str(size)).lower()
            wanted = variable(wanted) if wanted.isidentifier() else f"size{axis}"
            wanted = f"{name}_{wanted}" if wanted in used else wanted
            labels.append(unique(wanted, {*taken, *labels, *used}))
        return labels


_MARK: Final = "\0"
"""Around what is settled at the end; no literal holds it."""


def _marked(name: str, axis: int | None = None) -> str:
    """An argument of the forward, or the size of one of its dimensions, before it has a name."""
    return f"{_MARK}{name}{_MARK}" if axis is None else f"{_MARK}{name}.{axis}{_MARK}"


def _names_parameter(hint: Hint | None) -> bool:
    """Whether the spec says the value by the name of a parameter or a `let`."""
    if hint is None or not isinstance(hint.expression.tree, Name):
        return False
    binding = hint.envs[0].find(hint.expression.tree.name)
    return binding is not None and binding.kind != "dim"


def _unpacked(name: str, labels: Sequence[str], axes: set[int]) -> str:
    if len(axes) == 1:
        axis = next(iter(axes))
        return f"        {labels[axis]} = {name}.shape[{axis}]"
    shown = [label if axis in axes else "_" for axis, label in enumerate(labels)]
    return f"        {', '.join(shown)} = {name}.shape"


def _settled(line: str, texts: dict[str, str]) -> str:
    for mark, text in texts.items():
        line = line.replace(mark, text)
    return line
