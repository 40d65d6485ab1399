"""The forward of a class, in straight lines.

A value is called what its node is called in the spec. Calls that only feed the next one are nested
in it, and where nothing else needs `x` any more the next value is called `x`, so that nothing is
kept alive for longer than it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, final

from archdsl.expressions import Name
from archdsl.graph import Mode, Node, Scope
from archdsl.ops.base import Kind
from archdsl.shapes import Dim, Shape, Symbolic, TensorType, evaluate
from archdsl_torch.arguments import Arguments, Hint, expression_hint
from archdsl_torch.code import Text, Writer, leaves
from archdsl_torch.construct import PlanOf, _node_hint
from archdsl_torch.layout import Layout
from archdsl_torch.lowering import Arg, Method
from archdsl_torch.merge import Merged, MergedStep
from archdsl_torch.outline import Owned, Port, Ref, Result
from archdsl_torch.sizes import Sizes
from archdsl_torch.special import Grid
from archdsl_torch.text import WIDTH, Group, all_same, identifier, is_static, literal, output_name, render, same, unique, variable

NESTING: Final = 4
"""Calls in one line, at most."""
LONGEST: Final = 88
"""Letters in a nested line, at most."""


RESERVED: Final = frozenset(("self", "torch", "nn", "F", "math", "Outputs", "outputs"))
"""Names that a forward reads, and that no variable may take."""


class Inexpressible(Exception):
    """A forward that cannot say a size: the scope's children run in the class around it."""


@final
@dataclass(slots=True)
class _Pending:
    """A step's text that waits to be nested into the next."""

    text: Text
    depth: int


@dataclass
class _Body:
    lines: list[str] = field(default_factory=list)


@final
class Forward:
    """Writes one class's forward."""

    def __init__(
        self, merged: Merged, arguments: Arguments, plan_of: PlanOf, layout: Layout,
        exports_of: Callable[[Scope], tuple[str, ...]], ports_of: Callable[[Scope], tuple[str, ...]],
    ) -> None:  # fmt: skip
        self.merged = merged
        self.arguments = arguments
        self.plan_of = plan_of
        self.layout = layout
        self.exports_of = exports_of
        self.ports_of = ports_of
        self.steps = list(merged.steps.values())
        self.places = {step.key: i for i, step in enumerate(self.steps)}
        self.everywhere = tuple(range(len(merged.outlines)))
        self.names: dict[Ref, str] = {}
        self.pending: dict[str, _Pending] = {}
        self.sizes = Sizes(self._size)
        self.asked: dict[str, set[int]] = {}
        self.rebound: set[str] = set()
        self.shown = ""
        self.ended = False
        self.before: list[tuple[str, Any]] = []
        """Lines that must stand before the next one."""
        self.indices: list[str] = []
        self._count()

    # --- who reads what -----------------------------------------------------------------------

    def _count(self) -> None:
        self.last: dict[Ref, int] = {}
        self.reads: dict[Ref, int] = {}
        for place, step in enumerate(self.steps):
            for ref in (*step.inputs, step.fallback):
                self._read(ref, place)
        for ref in self.merged.exports.values():
            self._read(ref, len(self.steps))

    def _read(self, ref: Ref | None, place: int) -> None:
        if ref is None:
            return
        ref = _plain(ref)
        self.last[ref] = place
        self.reads[ref] = self.reads.get(ref, 0) + 1

    # --- the whole ----------------------------------------------------------------------------

    def write(self) -> list[str]:
        """The lines of the method's body."""
        for name in self.merged.ports:
            self.names[Port((name,))] = name
            self._note(f"<{name}>", [self._port_type(i, name) for i in self.everywhere])
        lines = self._checks()
        for _, group in groupby(self.steps, key=lambda step: (step.where, step.when)):
            lines += self._group(list(group))
        if not self.ended:
            lines += self._return()
        return [*self._unpacking(), *map(self._finish, lines)]

    def _checks(self) -> list[str]:
        """Assertions on sizes that only the run can compare."""
        lines: list[str] = []
        wanted = {key: None for outline in self.merged.outlines for key in outline.checks}
        for name, position in wanted:
            if name not in self.merged.ports:
                continue
            values = [self._expected(i, name, position) for i in self.everywhere]
            self.sizes.hidden = (f"<{name}>", position)
            text = self.sizes.say(values, self.everywhere, None, [])
            self.sizes.hidden = None
            if text is not None:
                own = self._size(f"<{name}>", position)
                lines.append(f'        torch._assert({own} == {text}, "dimension {position} of `{name}` does not fit")')
        return lines

    def _expected(self, instance: int, name: str, position: int) -> Dim:
        own = self.merged.outlines[instance].checks.get((name, position))
        type_ = self._port_type(instance, name)
        return own if own is not None else (type_.shape[position] if type_ is not None else 0)

    def _port_type(self, instance: int, name: str) -> TensorType | None:
        key = self.merged.outlines[instance].ports.get(name)
        return None if key is None else self.layout.types.get(key) or key.node.types[key.output]

    def _note(self, name: str, types: Sequence[TensorType | None]) -> None:
        self.sizes.shapes[name] = [None if type_ is None else type_.shape for type_ in types]

    def _group(self, steps: list[MergedStep]) -> list[str]:
        """Steps that run together: always, in one mode, or in some instances."""
        some = len(steps[0].where) < len(self.everywhere)
        if not some and steps[0].when is None:
            return [line for step in steps for line in self._plain_step(step, 8)]
        if some and steps[0].when is None and len(steps) == 1:
            lines = self._choice(steps[0])
            if lines is not None:
                return lines
        if some and self._ends_with(steps):
            return self._ending(steps)
        if not some and len(steps) == 1 and self._is_exported(steps[0]):
            return self._by_mode(steps[0])
        tests = []
        if steps[0].when is not None:
            tests.append("self.training" if steps[0].when is Mode.TRAINING else "not self.training")
        if some:
            tests.append(self._test(steps)[0])
        before = dict(self.names)
        inner = [line for step in steps for line in self._plain_step(step, 12)]
        otherwise = [line for step in steps for line in self._otherwise(step, before)]
        lines = [f"        if {' and '.join(tests)}:", *inner]
        return [*lines, "        else:", *otherwise] if otherwise else lines

    def _otherwise(self, step: MergedStep, before: dict[Ref, str]) -> Iterator[str]:
        """What a step's readers get where it does not run."""
        ref = Result(step.key, 0)
        if step.fallback is not None:
            target, source = self.names[ref], before.get(_plain(step.fallback)) or self._name(step.fallback)
            if target != source:
                yield f"            {target} = {source}"
            return
        if step.when is None:
            return
        for place in range(len(step.some.outputs)):
            ref = Result(step.key, place)
            if ref in self.names and self.last.get(ref) == len(self.steps):
                yield f"            {self.names[ref]} = None"

    def _ends_with(self, steps: list[MergedStep]) -> bool:
        """Whether the forward ends with these optional steps, and gives the last one's value."""
        last = steps[-1]
        alone = all(step.fallback is None for step in steps[:-1]) and last.fallback is not None
        if not alone or last.when is not None or self._is_root_tuple() or last is not self.steps[-1]:
            return False
        return list(self.merged.exports.values()) == [Result(last.key, 0)]

    def _ending(self, steps: list[MergedStep]) -> list[str]:
        """What comes without them returns first."""
        *before, last = steps
        assert last.fallback is not None
        lines = [f"        if {self._test(steps)[1]}:", f"            return {self._name(last.fallback)}"]
        lines += [line for step in before for line in self._plain_step(step, 8)]
        self.ended = True
        return [*lines, *render("return ", self._text(last).doc, 8)]

    def _is_exported(self, step: MergedStep) -> bool:
        return len(step.some.outputs) == 1 and self.last.get(Result(step.key, 0)) == len(self.steps)

    def _by_mode(self, step: MergedStep) -> list[str]:
        """An output of one mode on one line: `aux = self.aux(x) if self.training else None`."""
        text = self._text(step).doc
        target = self._target(step, 0)
        self._noted(step, [target])
        sides = (text, "None") if step.when is Mode.TRAINING else ("None", text)
        return render(f"{target} = ", f"{sides[0]} if self.training else {sides[1]}", 8)

    def _test(self, steps: list[MergedStep]) -> tuple[str, str]:
        """Python text that is true where the steps run, and text that is true elsewhere."""
        for step in steps:
            name = step.key
            if step.some.module == f"self.{name}" and None in self.merged.members.get(name, ()):
                return f"self.{name} is not None", f"self.{name} is None"
        step = steps[0]
        present = [i in step.where for i in self.everywhere]
        condition = getattr(step.some.unit.template, "condition", None)
        hint = expression_hint(condition, [outline.scope.env for outline in self.merged.outlines])
        condition = self.arguments.condition(present, identifier(step.key), hint)
        name = condition if condition.isidentifier() else f"has_{identifier(step.key)}"
        stored = self.arguments.stored(name, condition)
        return stored, f"not {stored}"

    def _choice(self, step: MergedStep) -> list[str] | None:
        """An optional module on one line: `y = x if self.m is None else self.m(x)`."""
        if step.fallback is None or len(step.some.outputs) != 1:
            return None
        if step.some.module != f"self.{step.key}" or None not in self.merged.members.get(step.key, ()):
            return None
        source = self._name(step.fallback)
        text = self._text(step)
        target = self._target(step, 0)
        self._noted(step, [target])
        if target == source:
            return [f"        if self.{step.key} is not None:", *render(f"{target} = ", text.doc, 12)]
        return render(f"{target} = {source} if self.{step.key} is None else ", text.doc, 8)

    # --- steps --------------------------------------------------------------------------------

    def _plain_step(self, step: MergedStep, indent: int) -> list[str]:
        depth = 1 + max((p.depth for p in self._nested(step)), default=0)
        text = self._text(step)
        before = [line for prefix, doc in self.before for line in render(prefix, doc, indent)]
        self.before.clear()
        if self._can_nest(step, text, depth) or self._is_returned(step):
            self.pending[step.key] = _Pending(text, depth)
            return before
        targets = self._targets(step)
        self._noted(step, targets)
        lines = render(f"{', '.join(targets)} = ", text.doc, indent)
        comment = self._comment(step)
        if comment and len(lines[-1]) + len(comment) <= WIDTH:
            lines[-1] += comment
        return before + lines

    def _nested(self, step: MergedStep) -> list[_Pending]:
        refs = [ref for ref in step.inputs if isinstance(ref, Result)]
        return [self.pending[ref.step] for ref in refs if ref.step in self.pending]

    def _can_nest(self, step: MergedStep, text: Text, depth: int) -> bool:
        place = self.places[step.key]
        ref = Result(step.key, 0)
        if len(step.some.outputs) != 1 or self.reads.get(ref) != 1 or place + 1 >= len(self.steps):
            return False
        after = self.steps[place + 1]
        if ref not in after.inputs or after.where != step.where or after.when is not step.when:
            return False
        if _ends_line(step) or depth >= NESTING or len(str(text.doc)) > LONGEST // 2:
            return False
        return after.fallback is None and not self._needs_sizes(after) and not _repeats(after, ref)

    def _is_returned(self, step: MergedStep) -> bool:
        """Whether the step is the last and all that the forward gives."""
        if step is not self.steps[-1] or list(self.merged.exports.values()) != [Result(step.key, 0)]:
            return False
        always = step.fallback is None and step.when is None
        return always and not self._is_root_tuple() and len(step.some.outputs) == 1

    def _is_root_tuple(self) -> bool:
        scope = self.merged.outlines[0].scope
        return scope.scope is None and len(scope.outputs) > 1

    def _needs_sizes(self, step: MergedStep) -> bool:
        codes = step.codes
        if codes[0] is None:
            return False
        columns = zip(*(leaves(code) for code in codes), strict=True)
        return any(not is_static([c.value for c in column]) or not all_same([c.value for c in column]) for column in columns)  # fmt: skip

    def _text(self, step: MergedStep) -> Text:
        """The step as one expression."""
        if isinstance(step.some.unit, Scope):
            return Text(Group(f"{step.some.module}(", self._scope_arguments(step)))
        inputs = [None if ref is None else self._operand(ref) for ref in step.inputs]
        codes = step.codes
        if codes[0] is None:
            fed = tuple(text.doc for text in inputs if text is not None)
            return Text(Group(f"{step.some.module}(", fed))
        if isinstance(codes[0], Grid):
            return self._grid(step, codes)
        writer = Writer(inputs, lambda args, name: self._value(step, args, name), self._like, step.some.module)
        if isinstance(codes[0], Method) and codes[0].name in ("reshape", "view"):
            return self._reshape(step, writer, codes)
        return writer.write(codes)

    def _grid(self, step: MergedStep, codes: Sequence[Grid]) -> Text:
        """A constant of run-time sizes, with its index tensors on lines of their own."""
        def value(args: Sequence[Arg], name: str) -> str:
            return self._value(step, args, name)

        names: list[Text | None] = []
        for place, wanted in enumerate(codes[0].names):
            taken = {*self.names.values(), *(str(name.doc) for name in names if name), *self.indices, *RESERVED}
            name = unique(variable(wanted), {*taken, *self._axis_names()})
            self.indices.append(name)
            text = Writer([], value, self._like).write([code.indices[place] for code in codes])
            self.before.append((f"{name} = ", text.doc))
            names.append(Text(name))
        return Writer(names, value, self._like).write([code.value for code in codes])

    def _axis_names(self) -> set[str]:
        """What the sizes of the arguments may be called."""
        scopes = (outline.scope for outline in self.merged.outlines)
        return {str(dim).lower() for scope in scopes for port in self.merged.ports for dim in self.sizes_of(port) or ()}

    def _scope_arguments(self, step: MergedStep) -> tuple[Any, ...]:
        unit = step.some.unit
        assert isinstance(unit, Scope)
        wanted = self.ports_of(unit)
        texts: list[str] = []
        for name in wanted:
            place = step.names.index(name) if name in step.names else None
            ref = None if place is None else step.inputs[place]
            texts.append("None" if ref is None else str(self._operand(ref).doc))
        while texts and texts[-1] == "None":
            texts.pop()
        return tuple(texts)

    def _operand(self, ref: Ref) -> Text:
        if isinstance(ref, Result) and ref.step in self.pending:
            return self.pending.pop(ref.step).text
        return Text(self._name(ref))

    def _name(self, ref: Ref) -> str:
        if isinstance(ref, Owned):
            return ref.access
        return self.names[_plain(ref)]

    # --- values in expressions ------------------------------------------------------------------

    def _value(self, step: MergedStep, args: Sequence[Arg], name: str) -> str:
        values = [arg.value for arg in args]
        field_name = args[0].field or name
        if all_same(values) and is_static(values[0]):
            return literal(values[0])
        hint = self._hint(step, args[0].field)
        if any(isinstance(v, tuple) for v in values):
            return self._tuple(step, values, field_name, hint)
        return self._number(step, values, field_name, hint)

    def _tuple(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        if not all(isinstance(v, tuple) and len(v) == len(values[0]) for v in values):
            return self._static(step, values, name, hint)
        hints = _elements(hint, len(values[0]))
        texts = [
            self._value_of(step, list(column), name, hints[i]) for i, column in enumerate(zip(*values, strict=True))
        ]
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _value_of(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        if all_same(values) and is_static(values[0]):
            return literal(values[0])
        return self._number(step, values, name, hint)

    def _number(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        whole = all(isinstance(v, int | Symbolic) and not isinstance(v, bool) for v in values)
        if whole:
            first = [self._sized(ref) for ref in step.inputs if ref is not None and _plain(ref) in self.names]
            exact = self.sizes.find(values, step.where, first)
            if exact is not None:
                return exact
            if all(map(is_static, values)):
                if hint is not None and isinstance(hint.expression.tree, Name) and hint.envs[0].find(hint.expression.tree.name) is not None and hint.envs[0].find(hint.expression.tree.name).kind != "dim":
                    return self._static(step, values, name, hint)
                known = self._known(step, values)
                if known is not None:
                    return known
            said = self.sizes.say(values, step.where, hint, first)
            if said is not None:
                return said
        return self._static(step, values, name, hint)

    def _sized(self, ref: Ref) -> str:
        name = self.names[_plain(ref)]
        return f"<{name}>" if isinstance(ref, Port) else name

    def _known(self, step: MergedStep, values: Sequence[Any]) -> str | None:
        """A parameter of the block that has these values."""
        for name in self.merged.outlines[0].scope.arguments:
            column = [outline.scope.arguments.get(name) for outline in self.merged.outlines]
            if all(same(column[i], v) for i, v in zip(step.where, values, strict=True)):
                return self._static(step, values, name, None)
        return None

    def _static(self, step: MergedStep, values: Sequence[Any], name: str, hint: Hint | None) -> str:
        if not all(map(is_static, values)):
            raise Inexpressible(f"{step.key}: {values[0]}")
        text = self.arguments.resolve(values, step.where, name, hint)
        plain = text if text.isidentifier() else identifier(name)
        return self._stored(plain, text)

    def _stored(self, name: str, text: str) -> str:
        return self.arguments.stored(name, text)

    def _hint(self, step: MergedStep, field_name: str | None) -> Hint | None:
        nodes = [s.unit for s in step.steps if s is not None and isinstance(s.unit, Node)]
        return _node_hint(nodes, field_name) if nodes else None

    def _reshape(self, step: MergedStep, writer: Writer, codes: Sequence[Any]) -> Text:
        """A reshape, with -1 for one size that nothing in scope tells."""
        try:
            return writer.write(codes)
        except Inexpressible:
            pass
        for place in range(len(codes[0].args)):
            column = [code.args[place] for code in codes]
            try:
                writer.write(column)
            except Inexpressible:
                changed = [_without_size(code, place) for code in codes]
                return writer.write(changed)
        raise Inexpressible(step.key)

    def _like(self, what: str) -> str:
        """The device or floating dtype of a tensor in scope."""
        for ref, name in self.names.items():
            dtype = self._dtype(ref)
            if what == "device" or dtype == "float32":
                return f"{name}.{what}"
        if what == "dtype":
            return "torch.get_default_dtype()"
        raise Inexpressible(f"no tensor for the {what}")

    def _dtype(self, ref: Ref) -> str:
        if isinstance(ref, Port):
            type_ = self._port_type(0, ref.names[0])
            return type_.dtype if type_ is not None else ""
        if isinstance(ref, Result):
            key = self.merged.steps[ref.step].some.outputs[ref.output]
            return key.node.types[key.output].dtype
        return ""

    # --- names ------------------------------------------------------------------------------------

    def _targets(self, step: MergedStep) -> list[str]:
        count = len(step.some.outputs)
        if isinstance(step.some.unit, Scope):
            return self._scope_targets(step, step.some.unit)
        if count == 1:
            return [self._target(step, 0)]
        return [self._target(step, i) if Result(step.key, i) in self.reads else "_" for i in range(count)]

    def _scope_targets(self, step: MergedStep, unit: Scope) -> list[str]:
        given = self.exports_of(unit)
        if len(given) == 1:
            return [self._target(step, 0)]
        own = {name: i for i, name in enumerate(step.some.output_names)}
        return [
            self._target(step, own[name]) if name in own and Result(step.key, own[name]) in self.reads else "_"
            for name in given
        ]

    def _target(self, step: MergedStep, output: int) -> str:
        """The variable that a step's output is called."""
        ref = Result(step.key, output)
        flowing = self._flowing(step)
        if flowing is not None:
            self.rebound.add(flowing)
            self.names = {r: n for r, n in self.names.items() if n != flowing}
            self.names[ref] = flowing
            return flowing
        wanted = self._wanted(step, output)
        place = self.places[step.key]
        live = {n for r, n in self.names.items() if self.last.get(r, -1) > place or r == ref or isinstance(r, Port)}
        name = unique(wanted, live | RESERVED | set(self.indices))
        self.names = {r: n for r, n in self.names.items() if n != name}
        self.names[ref] = name
        return name

    def _wanted(self, step: MergedStep, output: int) -> str:
        unit = step.some.unit
        names = step.some.output_names or (unit.output_names if isinstance(unit, Node) else ())
        if len(step.some.outputs) > 1 and not names[output].isdigit() and names[output] != "output":
            return variable(names[output].split(".")[0] if "." in names[output] else names[output])
        name = unit.name
        if name.isdigit() and unit.scope is not None and unit.scope.name and not unit.scope.name.isdigit():
            name = f"{unit.scope.name}{name}"
        if name.isdigit():
            name = f"x{name}"
        alone = len(step.some.outputs) == 1 or (names and names[output] == "output")
        return variable(name if alone else f"{name}_{output}")

    def _flowing(self, step: MergedStep) -> str | None:
        """The variable of the stream that the step continues, where nothing else reads it any more."""
        if len(step.some.outputs) != 1 or step.when is not None:
            return None
        place = self.places[step.key]
        if self.last.get(Result(step.key, 0)) == len(self.steps) and len(self.merged.exports) > 1:
            return None
        if not self.merged.ports:
            return None
        stream = self.merged.ports[0]
        holders = [ref for ref, name in self.names.items() if name == stream]
        if not holders or self.last.get(holders[0], -1) > place:
            return None
        refs = {_plain(ref) for ref in self._sources(step)}
        if refs != {holders[0]}:
            return None
        return stream

    def _sources(self, step: MergedStep) -> Iterator[Ref]:
        """What the step reads, seen through what is nested in it."""
        for ref in (*step.inputs, step.fallback):
            if isinstance(ref, Result) and ref not in self.names:
                yield from self._sources(self.merged.steps[ref.step])
            elif ref is not None and not isinstance(ref, Owned):
                yield ref

    def _noted(self, step: MergedStep, targets: Sequence[str]) -> None:
        """The shapes of new variables."""
        for place, _ in enumerate(step.some.outputs):
            name = self.names.get(Result(step.key, place))
            if name is None or name not in targets:
                continue
            types: list[TensorType | None] = [None] * len(self.everywhere)
            for i in step.where:
                own = step.steps[i]
                assert own is not None
                key = own.outputs[place]
                types[i] = key.node.types[key.output]
            self._note(name, types)

    # --- sizes --------------------------------------------------------------------------------------

    def _size(self, name: str, axis: int) -> str:
        """A mark for the size, settled when the forward is finished."""
        if not name.startswith("<"):
            return f"{name}.shape[{axis}]"
        name = name[1:-1]
        self.asked.setdefault(name, set()).add(axis)
        return f"<{name}.{axis}>"

    def _unpacking(self) -> list[str]:
        lines: list[str] = []
        self.settled: dict[str, str] = {}
        for name, axes in self.asked.items():
            shapes = self.merged.outlines[0].ports[name]
            rank = (self.layout.types.get(shapes) or shapes.node.types[shapes.output]).rank
            if len(axes) == 1 and name not in self.rebound:
                axis = next(iter(axes))
                self.settled[f"<{name}.{axis}>"] = f"{name}.shape[{axis}]"
                continue
            labels = self._labels(name, rank)
            for axis in axes:
                self.settled[f"<{name}.{axis}>"] = labels[axis]
            if len(axes) == 1:
                axis = next(iter(axes))
                lines.append(f"        {labels[axis]} = {name}.shape[{axis}]")
            else:
                shown = [label if axis in axes else "_" for axis, label in enumerate(labels)]
                lines.append(f"        {', '.join(shown)} = {name}.shape")
        return lines

    def _labels(self, name: str, rank: int) -> list[str]:
        """Variables for the sizes of a port, after the pattern that names them."""
        scope = self.merged.outlines[0].scope
        shape = self.sizes_of(name)
        dims = {n: b.value for n, b in scope.env.names.items() if b.kind == "dim"}
        taken = {*self.names.values(), *self.merged.ports}
        labels: list[str] = []
        for axis in range(rank):
            found = next((n for n, v in dims.items() if shape is not None and v == shape[axis] and n.lower() not in labels), None)
            wanted = identifier(found.lower()) if found else (str(shape[axis]).lower() if shape and str(shape[axis]).isidentifier() else f"size{axis}")
            label = unique(wanted, taken)
            taken.add(label)
            labels.append(label)
        return labels

    def sizes_of(self, name: str) -> Shape | None:
        type_ = self._port_type(0, name)
        return None if type_ is None else type_.shape

    def _finish(self, line: str) -> str:
        for mark, text in self.settled.items():
            line = line.replace(mark, text)
        return line

    # --- the end --------------------------------------------------------------------------------------

    def _return(self) -> list[str]:
        refs = list(self.merged.exports.values())
        if len(refs) == 1:
            text = self._operand(refs[0])
            return render("return ", text.doc, 8)
        texts = [str(self._operand(ref).doc) for ref in refs]
        if self._is_root_tuple():
            named = tuple(f"{output_name(n)}={t}" for n, t in zip(self.merged.exports, texts, strict=True))
            if not self.layout.graph.output_modes:
                return render("return ", Group("Outputs(", named), 8)
            tensors = "tuple(x for x in outputs if x is not None)"
            return [
                *render("outputs = ", Group("Outputs(", named), 8),
                "        # torch.jit.trace takes no None",
                f"        return {tensors} if torch.jit.is_tracing() else outputs",
            ]
        return [f"        return {', '.join(texts)}"]

    def _comment(self, step: MergedStep) -> str:
        """The shape, where the class is used once and the shape is new."""
        if len(self.everywhere) > 1 or len(step.some.outputs) != 1:
            return ""
        key = step.some.outputs[0]
        shape = key.node.types[key.output].shape
        sizes = self.layout.graph.sample_sizes
        shown = "×".join(str(d) if _is_symbol(d) and i == 0 else str(evaluate(d, sizes)) for i, d in enumerate(shape))
        if shown == self.shown or not shape or not _is_symbol(shape[0]):
            return ""
        self.shown = shown
        return f"  # {shown}"


def _is_symbol(dim: Any) -> bool:
    return isinstance(dim, Symbolic) and str(dim).isidentifier()


def _plain(ref: Ref) -> Ref:
    return Port(ref.names[:1]) if isinstance(ref, Port) else ref


def _ends_line(step: MergedStep) -> bool:
    unit = step.some.unit
    return isinstance(unit, Scope) or unit.op.kind is Kind.ACTIVATION


def _repeats(step: MergedStep, ref: Ref) -> bool:
    """Whether the step's code would write a nested input more than once."""
    return isinstance(step.some.unit, Node) and step.some.code is not None and _uses(step.some.code, step.inputs.index(ref)) != 1  # fmt: skip


def _uses(code: Any, index: int) -> int:
    from archdsl_torch.outline import skeleton

    return str(skeleton(code)).count(f"In(index={index})")


def _without_size(code: Method, place: int) -> Method:
    args = tuple(Arg(-1) if i == place else arg for i, arg in enumerate(code.args))
    return Method(code.receiver, code.name, args, code.kwargs)


def _elements(hint: Hint | None, count: int) -> list[Hint | None]:
    from archdsl.expressions import Expression
    from archdsl.expressions import Sequence as SequenceTree

    if hint is None or not isinstance(hint.expression.tree, SequenceTree) or len(hint.expression.tree.items) != count:
        return [None] * count
    return [Hint(Expression("", item), hint.envs) for item in hint.expression.tree.items]


__all__ = ["Forward", "Inexpressible"]
