"""Makes the outlines of scopes: how children are constructed and reached, what each step reads."""

from __future__ import annotations

from typing import final

from archdsl.graph import Node, Scope
from archdsl.shapes import Dim
from archdsl_torch.layout import Key, Layout, Role, Unit, is_tensor, key_of
from archdsl_torch.outline import Build, Entry, Items, Make, Outline, Owned, Port, Ref, Result, Step, Tensor, Use
from archdsl_torch.special import AddInto
from archdsl_torch.spelling import argument, attribute, child_of, identifier, is_attribute
from archdsl_torch.text import unique

_TAKEN = frozenset(("keys", "items", "values", "pop", "clear", "update"))
"""The methods of nn.ModuleDict, which no child of one can be called."""


@final
class Outliner:
    """Makes the outlines of a layout's scopes."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def outline(self, scope: Scope) -> Outline:
        made = Outline(scope, chain=self.layout.role(scope) is Role.CHAIN_CLASS)
        for name, child in as_scope(origin_of(scope)).children.items():
            build = self.build(child)
            if build is not None:
                made.members[name] = Entry(name, child, build)
        if self.layout.role(scope) in (Role.CLASS, Role.CHAIN_CLASS):
            made.ports = self._ports(scope)
            made.checks = self._checks(scope, made.ports)
            for unit in self.layout.units(scope):
                step = self._step(unit, made)
                made.steps[step.key] = step
            made.exports = {n: self._ref(key, made) for n, key in self.exports(scope).items()}
        return made

    def build(self, unit: Unit) -> Build | None:
        """How the child is constructed; None where it holds no module."""
        if unit.share is not None:
            return None
        if isinstance(unit, Node):
            if is_tensor(unit):
                return Tensor(unit)
            module = self.layout.module(unit)
            return Make(unit, module) if module is not None else None
        role = self.layout.role(unit)
        if role in (Role.CLASS, Role.CHAIN_CLASS):
            return Use(unit)
        entries = tuple(
            Entry(name, child, build)
            for name, child in unit.children.items()
            if (build := self.build(child)) is not None
        )
        if role is Role.CHAIN:
            return Items("Sequential", entries)
        return self._container(unit, entries)

    @staticmethod
    def _container(scope: Scope, entries: tuple[Entry, ...]) -> Build | None:
        if not entries:
            return None
        listed = Items("ModuleList", entries)
        if any(isinstance(entry.build, Tensor) or entry.name in _TAKEN for entry in entries):
            return Use(scope)
        return listed if listed.numbered else Items("ModuleDict", entries)

    # --- how things are reached -------------------------------------------------------------

    def access(self, unit: Unit, top: Scope, owner: str = "self") -> str:
        """The module, parameter or buffer of `unit` in a method of `top`'s class; `owner` is its instance."""
        origin = origin_of(unit)
        if not self.layout.is_inside(origin, top):
            origin = unit
        parts: list[Unit] = []
        current: Unit | None = origin
        while current is not None and current is not top:
            parts.append(current)
            current = current.scope
        text = owner
        for part in reversed(parts):
            text = self._attribute(text, part)
        return text

    def _attribute(self, text: str, unit: Unit) -> str:
        holder = unit.scope
        assert holder is not None
        if is_attribute(unit.name):
            return attribute(text, unit.name)
        build = None if self.layout.role(holder) is Role.CLASS else self.build(holder)
        if self.layout.role(holder) is Role.CHAIN_CLASS:
            build = Items("Sequential", tuple(Entry(n, c, Use(holder)) for n, c in holder.children.items()))
        if isinstance(build, Items) and build.kind == "ModuleDict":
            return child_of(text, unit.name)
        if isinstance(build, Items) and build.numbered:
            return child_of(text, int(unit.name))
        return attribute(text, unit.name)

    @staticmethod
    def _checks(scope: Scope, ports: dict[str, Key]) -> dict[tuple[str, int], Dim]:
        found: dict[tuple[str, int], Dim] = {}
        for value, position, size in scope.checks:
            name = next((name for name, key in ports.items() if key == key_of(value)), None)
            if name is not None:
                found[name, position] = size
        return found

    # --- forward ----------------------------------------------------------------------------

    def _ports(self, scope: Scope) -> dict[str, Key]:
        """The forward's arguments: the block's ports, then whatever else is read from outside."""
        if scope.scope is None:
            return {argument(name): Key(node, 0, None) for name, node in self.layout.graph.inputs.items()}
        ports = {argument(name): key_of(value) for name, value in scope.inputs.items() if value is not None}
        read = self.layout.imports.get(scope, {})
        if scope.block is None:
            ports = {"x": next(iter(read))} if len(read) == 1 else {}
        known = set(ports.values())
        for key in read:
            if key not in known:
                ports[unique(_outer_name(key, scope), ports)] = key
        return ports

    def exports(self, scope: Scope) -> dict[str, Key]:
        """What the forward of the scope's class gives, by output name."""
        if scope.scope is None:
            return {name: key_of(value) for name, value in scope.outputs.items()}
        wanted = self.layout.exports.get(scope, {})
        exports: dict[str, Key] = {}
        for name, value in scope.outputs.items():
            key = key_of(value)
            # what has several names is given once
            if key in wanted and key not in exports.values():
                exports[name] = key
        known = set(exports.values())
        for key in wanted:
            if key not in known:
                exports[".".join((*self.layout.relative(key.node, scope), str(key.output)))] = key
        return exports

    def _ref(self, key: Key, outline: Outline) -> Ref:
        scope = outline.scope
        names = tuple(name for name, port in outline.ports.items() if port == key)
        if names:
            return Port(names)
        if key.weight is not None:
            path = self.access(key.node, scope)
            return Owned(attribute(path, key.weight) if key.weight else path)
        unit = self._unit_of(key.node, scope)
        step = outline.steps[self._step_key(unit, scope)]
        return Result(step.key, step.outputs.index(key))

    def _unit_of(self, node: Node, scope: Scope) -> Unit:
        """The step of the scope's forward in which the node runs."""
        unit: Unit = node
        for around in self.layout.chain(node.scope):
            if around is scope:
                return unit
            if self.layout.role(around) is not Role.OPEN:
                unit = around
        raise AssertionError(f"{node.path} does not run in {scope.path}")

    def _step_key(self, unit: Unit, scope: Scope) -> str:
        return ".".join(self.layout.relative(unit, scope))

    def _step(self, unit: Unit, outline: Outline) -> Step:
        scope = outline.scope
        key = self._step_key(unit, scope)
        when = unit.when if unit.when is not scope.when else None
        if isinstance(unit, Scope):
            ports = self._inner_ports(unit)
            refs = tuple(self._try_ref(port, outline) for port in ports.values())
            gives = self.exports(unit)
            access = self.access(unit, scope)
            return Step(key, unit, refs, tuple(ports), tuple(gives.values()), access, None, when, tuple(gives))
        inputs = tuple(None if v is None else self._ref(key_of(v), outline) for v in unit.inputs)
        if scope in self.layout.sized and not outline.steps:
            inputs += tuple(self._ref(key, outline) for key in self.layout.sized[scope])
        outputs = tuple(Key(unit, i, None) for i in range(len(unit.types)))
        forms = self.layout.lowered[unit]
        if isinstance(forms.function, AddInto) and isinstance(inputs[forms.function.target], Port):
            # the caller's tensor is not ours to overwrite
            forms = forms._replace(function=forms.function.plain)
        if self.layout.module(unit) is not None:
            return Step(key, unit, inputs, (), outputs, self.access(unit, scope), forms.call, when)
        return Step(key, unit, inputs, (), outputs, None, forms.function, when)

    def _inner_ports(self, unit: Scope) -> dict[str, Key]:
        if self.layout.role(unit) is Role.CHAIN:
            return {"x": next(iter(self.layout.imports[unit]))}
        return self._ports(unit)

    def _try_ref(self, key: Key, outline: Outline) -> Ref | None:
        """None for a port that no node inside reads, where the value does not reach this forward."""
        try:
            return self._ref(key, outline)
        except (AssertionError, KeyError, ValueError):
            return None


def as_scope(unit: Unit) -> Scope:
    assert isinstance(unit, Scope)
    return unit


def origin_of(unit: Unit) -> Unit:
    """The unit whose module this one runs: itself, but for `share` and what is inside a shared scope."""
    if unit.share is not None:
        return unit.share
    if unit.scope is None:
        return unit
    holder = origin_of(unit.scope)
    if holder is unit.scope:
        return unit
    assert isinstance(holder, Scope)
    return holder.children[unit.name]


def _outer_name(key: Key, scope: Scope) -> str:
    """What a value from outside is called where it comes from: a port of the block around, or a node."""
    around = scope.scope
    while around is not None:
        for name, value in around.inputs.items():
            if value is not None and key_of(value) == key and around.block is not None:
                return identifier(name)
        around = None if around.block is not None else around.scope
    return _variable(key, scope)


def _variable(key: Key, reader: Scope) -> str:
    """A name for a value that the reader sees from outside."""
    node = key.node
    if key.weight:
        return identifier(node.name, key.weight)
    unit = _giver(key, reader)
    name = node.output_names[key.output] if unit is node and len(node.types) > 1 else unit.name
    if name.isdigit() and unit.scope is not None:
        return identifier("x" if unit.scope.name.isdigit() else unit.scope.name, name, between="")
    return identifier(name)


def _giver(key: Key, reader: Scope) -> Unit:
    """The outermost unit beside the reader whose only output the value is."""
    unit: Unit = key.node
    while (scope := unit.scope) is not None and [key_of(value) for value in scope.outputs.values()] == [key]:
        around: Scope | None = reader
        while around is not None and around is not scope:
            around = around.scope
        if around is scope:
            return unit
        unit = scope
    return unit
