"""Makes the outlines of scopes: how children are constructed and reached, what each step reads.

Theory of operation. In the graph an edge joins two primitives, however many blocks lie between them. In generated code
a value gets from one forward into another only as an argument or a result of each class on the way. `Crossings` has
found which values cross each scope (`imports`, `exports`), and `Survey` decides what each scope becomes (its role); an
outline says the same of one scope, in words that its class can use:

- *members*: how each child is constructed (`Make`, `Use`, `Tensor`, `Items`); None for what holds no module;
- *ports*: the forward's arguments, the block's own in its order and then whatever else is read from outside;
- *steps*: what the forward runs, in order. A step is a primitive or a scope with a class. A scope without one (`OPEN`)
  is not seen: its children are steps of the class around it;
- *exports*: what the forward gives.

A step reads references, never nodes: a `PortRef` to an argument, a tensor that it has at hand (`Owned`), or the
`ResultRef` of a step before it. So outlines of two instances can be compared without looking at the graph, which is
what `merge` does.

What holds throughout:

- An outline depends on one instance alone; what instances share is found later.
- Steps stand in running order, so that a reference is always to a step which is there already.
- A value has one reference in a class: ports come first, since what is given is not looked for again.
- What `share` names is reached where it was made (`origin_of`) and constructed nowhere else.
- A caller's tensor is not overwritten: a sum into a port is a plain sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from typing import final

from archdsl.ir.graph import Env, Node, Scope, Value
from archdsl.shapes import Dim
from archdsl_torch.lowering.spelling import argument, identifier, is_attribute
from archdsl_torch.lowering.text import TakenNames
from archdsl_torch.lowering.tree import SELF, AddInto, Attribute, Code, Fixed, Subscript, tensor_below
from archdsl_torch.planning.crossings import Key, Unit, is_tensor, key_of, numbers_of, relative
from archdsl_torch.planning.memo import Memo
from archdsl_torch.planning.origins import as_scope, origin_of
from archdsl_torch.planning.outline import (
    Build,
    Items,
    Make,
    Member,
    Outline,
    Owned,
    PortRef,
    Ref,
    ResultRef,
    Step,
    Tensor,
    Use,
)
from archdsl_torch.planning.pairing import Pairing
from archdsl_torch.planning.survey import Role, Survey
from archdsl_torch.planning.twins import Twins

_TAKEN = frozenset(("keys", "items", "values", "pop", "clear", "update"))
"""The methods of nn.ModuleDict, which no child of one can be called."""


@final
class Outliner:
    """Makes the outlines of a survey's scopes."""

    def __init__(self, survey: Survey, pairing: Pairing) -> None:
        self.survey = survey
        self.twins = Twins(pairing, survey, self)
        # asked again and again, by all that stands around
        self.build: Callable[[Unit], Build | None] = cache(self._build)
        self.known_ports: Memo[Scope, Mapping[str, Key]] = Memo(self._ports)
        self.ports: Callable[[Scope], Mapping[str, Key]] = self.known_ports.__getitem__
        self.exports: Callable[[Scope], Mapping[str, Key]] = cache(self._exports)
        self._arrangement: Callable[[Scope], Build | None] = cache(self._arranged)
        self._given: Callable[[Scope], Set[Key]] = cache(lambda scope: frozenset(self.ports(scope).values()))
        self._places: Callable[[Scope], Mapping[Key, int]] = cache(lambda scope: _numbered(self.exports(scope)))
        self._names_inside: Callable[[Scope], Mapping[Key, str]] = cache(_names_inside)

    def outlines(self, scopes: Sequence[Scope]) -> list[Outline]:
        """An outline for each scope; twins share one, but for what comes in."""
        made: dict[Scope, Outline] = {}
        latest: dict[Env, Scope] = {}
        for scope in scopes:
            twin = self.twins.of(scope, latest.get(scope.env))
            known = None if twin is None else made.get(twin)
            if known is None:
                made[scope], latest[scope.env] = self.outline(scope), scope
            else:
                made[scope] = self._shared(known, scope)
        return [*made.values()]

    def _shared(self, known: Outline, scope: Scope) -> Outline:
        made = Outline(scope, known.members, known.steps, dict(self.ports(scope)), {}, known.exports, known.chain)
        made.checks = self._checks(made)
        return made

    def outline(self, scope: Scope) -> Outline:
        made = Outline(scope, chain=self.survey.role(scope) is Role.CHAIN_CLASS)
        for name, child in as_scope(origin_of(scope)).children.items():
            build = self.build(child)
            if build is not None:
                made.members[name] = Member(name, child, build)
        if self.survey.role(scope) in (Role.CLASS, Role.CHAIN_CLASS):
            made.ports = dict(self.ports(scope))
            made.checks = self._checks(made)
            for unit in self.survey.units(scope):
                step = self._step(unit, made)
                made.steps[step.key] = step
            made.exports = {n: self._ref(key, made) for n, key in self.exports(scope).items()}
        return made

    def _build(self, unit: Unit) -> Build | None:
        """How the child is constructed; None where it holds no module."""
        if unit.share is not None:
            return None
        if isinstance(unit, Node):
            if is_tensor(unit):
                return Tensor(unit)
            module = self.survey.module(unit)
            return Make(unit, module) if module is not None else None
        role = self.survey.role(unit)
        if role in (Role.CLASS, Role.CHAIN_CLASS):
            return Use(unit)
        entries = tuple(
            Member(name, child, build)
            for name, child in unit.children.items()
            if (build := self.build(child)) is not None
        )
        if role is Role.CHAIN:
            return Items("Sequential", entries)
        return self._container(unit, entries)

    @staticmethod
    def _container(scope: Scope, entries: tuple[Member, ...]) -> Build | None:
        if not entries:
            return None
        listed = Items("ModuleList", entries)
        if any(isinstance(entry.build, Tensor) or entry.name in _TAKEN for entry in entries):
            return Use(scope)
        return listed if listed.numbered else Items("ModuleDict", entries)

    # --- how things are reached -------------------------------------------------------------

    def access(self, unit: Unit, top: Scope, owner: Code = SELF) -> Code:
        """The module, parameter or buffer of `unit` in a method of `top`'s class; `owner` is its instance."""
        origin = origin_of(unit)
        if not self.survey.crossings.is_inside(origin, top):
            origin = unit
        parts: list[Unit] = []
        current: Unit | None = origin
        while current is not None and current is not top:
            parts.append(current)
            current = current.scope
        code = owner
        for part in reversed(parts):
            code = self._child(code, part)
        return code

    def _child(self, owner: Code, unit: Unit) -> Code:
        holder = unit.scope
        assert holder is not None
        if is_attribute(unit.name):
            return Attribute(owner, unit.name)
        build = self._arrangement(holder)
        if isinstance(build, Items) and build.kind == "ModuleDict":
            return Subscript(owner, (Fixed(unit.name),))
        if isinstance(build, Items) and build.numbered:
            return Subscript(owner, (Fixed(int(unit.name)),))
        return Attribute(owner, unit.name)

    def _arranged(self, holder: Scope) -> Build | None:
        """The container that the scope's children are reached in; another build, or None, where they are attributes."""
        role = self.survey.role(holder)
        if role is Role.CHAIN_CLASS:
            return Items("Sequential", tuple(Member(n, c, Use(holder)) for n, c in holder.children.items()))
        return None if role is Role.CLASS else self.build(holder)

    def numbers(self, scope: Scope) -> list[Code]:
        """The floating tensors that the scope's class owns, its own children's before those further below.

        At the end comes the layer that a constructor may leave out: see `free_parameters`.
        """
        top = as_scope(origin_of(scope))
        found: list[Code] = []
        leaving: list[Code] = []
        level = [top]
        while level:
            children = [child for holder in level for child in holder.children.values() if child.share is None]
            level = [child for child in children if isinstance(child, Scope)]
            for node in children:
                name = _number(node) if isinstance(node, Node) else None
                if name is not None:
                    path = self.access(node, top)
                    kept = node is not self.survey.graph.nodes[-1] or node.site is None or node.site.condition is None
                    (found if kept else leaving).append(Attribute(path, name) if name else path)
        return found + leaving

    @staticmethod
    def _checks(outline: Outline) -> dict[tuple[str, int], Dim]:
        found: dict[tuple[str, int], Dim] = {}
        for value, position, size in outline.scope.checks:
            for name in outline.ports_by_key.get(key_of(value), ())[:1]:
                found[name, position] = size
        return found

    # --- forward ----------------------------------------------------------------------------

    def _ports(self, scope: Scope) -> dict[str, Key]:
        """The forward's arguments: the block's ports, then whatever else is read from outside."""
        if scope.scope is None:
            return {argument(name): Key(node, 0, None) for name, node in self.survey.graph.inputs.items()}
        read = self.survey.imports.get(scope, {})
        fed = {argument(name): key_of(value) for name, value in scope.inputs.items() if value is not None}
        chain = self.survey.role(scope) is Role.CHAIN_CLASS  # its forward is that of nn.Sequential, and takes one value
        ports = {
            name: key for name, key in fed.items() if key in read or (not chain and self._arrives(key, scope.scope))
        }
        if scope.block is None:
            ports = {"x": next(iter(read))} if len(read) == 1 else {}
        known = set(ports.values())
        names = TakenNames(ports)
        for key in read:
            if key not in known:
                ports[names.new(argument(self._outer_name(key, scope)))] = key
        return ports

    def _arrives(self, key: Key, holder: Scope) -> bool:
        """Whether the forward that calls what stands in `holder` has the value at hand, which nothing inside reads."""
        if self.survey.role(holder) is Role.OPEN and holder.scope is not None:
            return self._arrives(key, holder.scope)
        if self.survey.role(holder) is Role.CHAIN or key in self._given(holder):
            return True
        for around in self.survey.crossings.chain(key.node.scope):
            if around is holder:
                return True
            if self.survey.role(around) is not Role.OPEN and key not in self.survey.exports.get(around, {}):
                return False
        return False

    def _exports(self, scope: Scope) -> dict[str, Key]:
        """What the forward of the scope's class gives, by output name."""
        if scope.scope is None:
            return {name: key_of(value) for name, value in scope.outputs.items()}
        wanted = self.survey.exports.get(scope, {})
        exports: dict[str, Key] = {}
        known: set[Key] = set()
        for name, value in scope.outputs.items():
            key = key_of(value)
            # what has several names is given once
            if key in wanted and key not in known:
                exports[name] = key
                known.add(key)
        for key in wanted:
            if key not in known:
                exports[".".join((*relative(key.node, scope), str(key.output)))] = key
        return exports

    def _ref(self, key: Key, outline: Outline) -> Ref:
        found = self._found(key, outline)
        assert found is not None, f"{key.node.path} is not at hand in {outline.scope.path}"
        return found

    def _found(self, key: Key, outline: Outline) -> Ref | None:
        """None for a value that does not reach this forward."""
        scope = outline.scope
        names = outline.ports_by_key.get(key)
        if names is not None:
            return PortRef(names)
        if key.weight is not None:
            return Owned(tensor_below(self.access(key.node, scope), key.weight))
        unit = self._unit_of(key.node, scope)
        step = None if unit is None else outline.steps.get(self._step_key(unit, scope))
        if step is None:
            return None
        output = key.output if isinstance(step.unit, Node) else self._places(step.unit).get(key)
        return None if output is None else ResultRef(step.key, output)

    def _unit_of(self, node: Node, scope: Scope) -> Unit | None:
        """The step of the scope's forward in which the node runs; None where it runs elsewhere."""
        unit: Unit = node
        for around in self.survey.crossings.chain(node.scope):
            if around is scope:
                return unit
            if self.survey.role(around) is not Role.OPEN:
                unit = around
        return None

    def _step_key(self, unit: Unit, scope: Scope) -> str:
        return ".".join(relative(unit, scope))

    def _step(self, unit: Unit, outline: Outline) -> Step:
        scope = outline.scope
        key = self._step_key(unit, scope)
        when = unit.when if unit.when is not scope.when else None
        if isinstance(unit, Scope):
            ports, read = self._inner_ports(unit), self.survey.imports.get(unit, {})
            # what no node inside reads may not reach this forward
            refs = tuple((self._ref if port in read else self._found)(port, outline) for port in ports.values())
            gives = self.exports(unit)
            access = self.access(unit, scope)
            return Step(key, unit, refs, tuple(ports), tuple(gives.values()), access, None, when, tuple(gives))
        keys = self.survey.crossings.read[unit]
        inputs = tuple([None if key is None else self._ref(key, outline) for key in keys])
        if scope in self.survey.fed and not outline.steps:
            inputs += tuple(self._ref(key, outline) for key in self.survey.fed[scope])
        outputs = tuple(Key(unit, i, None) for i in range(len(unit.types)))
        forms = self.survey.lowered[unit]
        if isinstance(forms.function, AddInto) and isinstance(inputs[forms.function.target], PortRef):
            # the caller's tensor is not ours to overwrite
            forms = forms._replace(function=forms.function.plain)
        if self.survey.module(unit) is not None:
            return Step(key, unit, inputs, (), outputs, self.access(unit, scope), forms.call, when)
        return Step(key, unit, inputs, (), outputs, None, forms.function, when)

    def _inner_ports(self, unit: Scope) -> Mapping[str, Key]:
        if self.survey.role(unit) is Role.CHAIN:
            return {"x": next(iter(self.survey.imports[unit]))}
        return self.ports(unit)

    def _outer_name(self, key: Key, scope: Scope) -> str:
        """What a value from outside is called where it comes from: a port of the block around, or a node."""
        around = scope.scope
        while around is not None and around.block is None:
            around = around.scope
        name = None if around is None else self._names_inside(around).get(key)
        return _variable(key, scope) if name is None else identifier(name)


def _number(node: Node) -> str | None:
    """The name of a floating tensor that the node owns, the first unless it has a `weight`."""
    names = numbers_of(node)
    return "weight" if "weight" in names else next(iter(names), None)


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
    while (scope := unit.scope) is not None and _only(scope.outputs) == key:
        around: Scope | None = reader
        while around is not None and around is not scope:
            around = around.scope
        if around is scope:
            return unit
        unit = scope
    return unit


def _only(outputs: Mapping[str, Value]) -> Key | None:
    """The one output; None where there are several."""
    return key_of(next(iter(outputs.values()))) if len(outputs) == 1 else None


def _names_inside(block: Scope) -> dict[Key, str]:
    """What a block calls the values that it is given, by the first port of each."""
    ports = [(key_of(value), name) for name, value in block.inputs.items() if value is not None]
    return dict(reversed(ports))


def _numbered(exports: Mapping[str, Key]) -> dict[Key, int]:
    return {key: place for place, key in enumerate(exports.values())}
