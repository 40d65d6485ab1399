"""The children of a class as constructor calls: what differs between instances becomes arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, final

from archdsl.expressions.tree import Name
from archdsl.ir.graph import Node, Scope
from archdsl.ops.parametrized import Parametrization
from archdsl.ops.special import Constant, Parameter
from archdsl_torch.lowering.spelling import WIDTH, identifier, is_attribute
from archdsl_torch.lowering.statements import Body, Effect, If, Statement, assign, lines
from archdsl_torch.lowering.text import all_same
from archdsl_torch.lowering.tree import (
    NONE,
    SELF,
    Apply,
    Arg,
    Attribute,
    Call,
    Code,
    Conditional,
    Fixed,
    Global,
    Method,
    is_given,
)
from archdsl_torch.planning.merge import Merged, Unmergeable, merged_order
from archdsl_torch.planning.outline import Build, Items, Make, Member, Tensor, Use
from archdsl_torch.writing.arguments import UNSET, Arguments, Atom, Resolver, in_words
from archdsl_torch.writing.containers import Containers
from archdsl_torch.writing.hints import caller_env, condition_hint, element_hints, field_hint, node_hint


class Plan(Protocol):
    """A generated class, as the classes that use it see it."""

    name: str
    arguments: Arguments

    def index(self, scope: Scope) -> int:
        """Which instance a scope is."""
        ...


PlanOf: TypeAlias = Callable[[Scope], Plan]


@final
class Constructor:
    """Writes the body of one class's `__init__`."""

    def __init__(self, merged: Merged, arguments: Arguments, plan_of: PlanOf) -> None:
        self.merged = merged
        self.arguments = arguments
        self.plan_of = plan_of
        self.body: list[Statement] = []
        self.count = sum(merged.counts)
        self.containers = Containers(self)
        self.factories: dict[Any, Code] = {}
        """Arguments that hold the class of a node's module, by where the node is written."""

    def write(self) -> Body:
        """The statements after `super().__init__()`."""
        for name, entries in self.merged.members.items():
            self._member(name, entries)
        return tuple(self.body)

    def write_chain(self) -> Body:
        """The statements of a subclass of nn.Sequential."""
        builds = [Items("Sequential", tuple(outline.members.values())) for outline in self.merged.outlines]
        args, breaking = self.containers.sequential(builds, range(len(builds)), self.arguments)
        self.body.append(Effect(Apply(Attribute(Call("super"), "__init__"), args, (), breaking)))
        return tuple(self.body)

    def _member(self, name: str, entries: Sequence[Member | None]) -> None:
        where = [i for i, entry in enumerate(entries) if entry is not None]
        builds = [entry.build for entry in entries if entry is not None]
        first = next(entry for entry in entries if entry is not None)
        condition = None
        if len(where) < len(entries):
            condition = self.condition(name, first, entries)
        if isinstance(builds[0], Tensor):
            return self._tensor_member(name, builds, where, condition)
        before = len(self.body)
        code = self.build(builds, where, self.arguments)
        if condition is None:
            self.body.append(_assignment(name, code))
            return None
        prologue, self.body = self.body[before:], self.body[:before]
        whole = _assignment(name, Conditional(condition, code, NONE))
        if not prologue and max(map(len, lines([whole], 8))) <= WIDTH:
            self.body.append(whole)
            return None
        self.body += [_assignment(name, NONE), If(((condition, (*prologue, _assignment(name, code))),))]
        return None

    def condition(self, name: str, entry: Member, entries: Sequence[Member | None]) -> Code:
        """What is true in the instances that have a child."""
        chosen = self._chosen(entries)
        if chosen is not None:
            self.factories[entry.unit.site] = chosen
            return is_given(chosen)
        present = [other is not None for other in entries]
        hint = condition_hint(entry.unit, [outline.scope.env for outline in self.merged.outlines])
        return self.arguments.condition(present, identifier(name), hint)

    def _chosen(self, entries: Sequence[Member | None]) -> Code | None:
        """The argument that holds the class of a child's module, where a parameter of the block does."""
        unit = next(entry for entry in entries if entry is not None).unit
        op = None if unit.site is None else unit.site.op
        if op is None or not isinstance(op.tree, Name):
            return None
        values: list[Any] = []
        for entry in entries:
            build = None if entry is None else entry.build
            if entry is not None and (not isinstance(build, Make) or entry.unit.site is not unit.site):
                return None
            if isinstance(build, Make) and (build.call.args or [k for k, _ in build.call.kwargs if k != "inplace"]):
                return None  # so has every layer with a parametrisation
            values.append(Global(build.call.function) if isinstance(build, Make) else None)
        return self.arguments.factory(op.tree.name, values)

    # --- tensors --------------------------------------------------------------------------

    def _tensor_member(self, name: str, builds: Sequence[Build], where: Sequence[int], condition: Code | None) -> None:
        nodes = [build.node for build in builds if isinstance(build, Tensor)]
        if len(nodes) < len(builds) or not all_same([type(node.op) for node in nodes]):
            raise Unmergeable(f"`{name}` is a tensor in some instances only")
        op = nodes[0].op
        shape = self._shape(nodes, where)
        if isinstance(op, Parameter):
            self._assign_tensor(name, Call("nn.Parameter", (Call("torch.empty", shape),)), condition)
            return
        assert isinstance(op, Constant)
        if not all_same([(n.op.dtype, n.op.persistent) for n in nodes if isinstance(n.op, Constant)]):
            raise Unmergeable(f"`{name}` differs in dtype")
        dtype = () if op.dtype == "float32" else (("dtype", Global(f"torch.{op.dtype}")),)
        value: Code = Call("torch.empty", shape, dtype)
        if condition is not None:
            value = Conditional(condition, value, NONE)
        persistent = () if op.persistent else (("persistent", Fixed(False)),)
        self.body.append(Effect(Method(SELF, "register_buffer", (Fixed(name), value), persistent)))

    def _assign_tensor(self, name: str, tensor: Code, condition: Code | None) -> None:
        value = tensor if condition is None else Conditional(condition, tensor, NONE)
        if is_attribute(name) and condition is None:
            self.body.append(assign(Attribute(SELF, name), value))
        else:
            self.body.append(Effect(Method(SELF, "register_parameter", (Fixed(name), value))))

    def _shape(self, nodes: Sequence[Node], where: Sequence[int]) -> tuple[Code, ...]:
        shapes = [node.types[0].shape for node in nodes]
        if not all_same([len(shape) for shape in shapes]):
            raise Unmergeable("ranks differ")
        hints = element_hints(node_hint(nodes, "shape"), len(shapes[0]))
        sizes = tuple(
            self.arguments.resolve([shape[axis] for shape in shapes], where, "shape", hints[axis])
            for axis in range(len(shapes[0]))
        )
        return sizes or (Fixed(()),)

    # --- modules ----------------------------------------------------------------------------

    def build(self, builds: Sequence[Build], where: Sequence[int], resolver: Resolver) -> Code:
        """One constructor call for the same child of several instances."""
        first = builds[0]
        if not all(type(build) is type(first) for build in builds):
            raise Unmergeable("children of different kinds")
        if isinstance(first, Make):
            return self._make([b for b in builds if isinstance(b, Make)], where, resolver)
        if isinstance(first, Use):
            return self._use([b.scope for b in builds if isinstance(b, Use)], where, resolver)
        items = [b for b in builds if isinstance(b, Items)]
        if not items:
            raise Unmergeable("a tensor in a container")
        return self.containers.write(items, where, resolver)

    def _make(self, builds: Sequence[Make], where: Sequence[int], resolver: Resolver) -> Code:
        if not all_same([build.parametrization for build in builds]):
            raise Unmergeable("different parametrisations")
        calls = [build.call for build in builds]
        head = self._function(builds, where, resolver)
        if not all_same([len(call.args) for call in calls]):
            raise Unmergeable("different numbers of arguments")
        args: list[Code] = []
        for place in range(len(calls[0].args)):
            args.append(self._argument(builds, [call.args[place] for call in calls], where, resolver))
        named: list[tuple[str, Code]] = []
        for name in merged_order([[key for key, _ in call.kwargs] for call in calls]):
            codes = [dict(call.kwargs).get(name) for call in calls]
            if name == "inplace" and None in codes:
                continue
            filled = [self._default(b, codes, c) for b, c in zip(builds, codes, strict=True)]
            named.append((name, self._argument(builds, filled, where, resolver)))
        if isinstance(head, Global):
            module = _computed(builds[0].parametrization, Call(head.name, tuple(args), tuple(named)))
            present = self.arguments.presence(builds[0].node)
            return module if present is None else Conditional(present, module, Call("nn.Identity"))
        return Apply(head, tuple(args), tuple(named))

    def _function(self, builds: Sequence[Make], where: Sequence[int], resolver: Resolver) -> Code:
        names = [build.call.function for build in builds]
        chosen = self.factories.get(builds[0].node.site)
        if chosen is not None and resolver is self.arguments:
            return chosen
        if all_same(names):
            return Global(names[0])
        if any(build.call.args or [k for k, _ in build.call.kwargs if k != "inplace"] for build in builds):
            raise Unmergeable("different modules")
        kind = builds[0].node.op.kind.value
        return resolver.resolve([Global(name) for name in names], where, kind, None)

    @staticmethod
    def _default(build: Make, codes: Sequence[Code | None], code: Code | None) -> Code:
        """An argument at torch's default, where other instances give it."""
        if code is not None:
            return code
        field = next(c.field for c in codes if isinstance(c, Arg))
        if field is None or not hasattr(build.node.op, field):
            raise Unmergeable("an argument that only some give")
        value = getattr(build.node.op, field)
        if isinstance(value, tuple) and value and all_same(value):
            value = value[0]
        return Arg(value, field)

    @staticmethod
    def _argument(builds: Sequence[Make], codes: Sequence[Code], where: Sequence[int], resolver: Resolver) -> Code:
        args = [code for code in codes if isinstance(code, Arg)]
        assert len(args) == len(codes)
        field = args[0].field
        assert field is not None
        hint = node_hint([build.node for build in builds], field)
        return resolver.resolve([arg.value for arg in args], where, field, hint)

    def _use(self, scopes: Sequence[Scope], where: Sequence[int], resolver: Resolver) -> Code:
        plans = [self.plan_of(scope) for scope in scopes]
        plan = plans[0]
        if any(other is not plan for other in plans):
            raise Unmergeable("instances of different classes")
        places = [plan.index(scope) for scope in scopes]
        args: list[Code] = []
        named: list[tuple[str, Code]] = []
        for position, (atom, default) in enumerate(plan.arguments.arguments):
            values = [atom.values[place] for place in places]
            if default is not None and all(_is_default(value, default) for value in values):
                continue
            code = self._use_argument(atom, scopes, values, where, resolver)
            if default is None and position < 2 and len(args) == position:
                args.append(code)
            else:
                named.append((atom.name, code))
        return Call(plan.name, tuple(args), tuple(named))

    @staticmethod
    def _use_argument(
        atom: Atom, scopes: Sequence[Scope], values: Sequence[Any], where: Sequence[int], resolver: Resolver
    ) -> Code:
        hint = field_hint(scopes, atom.source or atom.name, [caller_env(scope) for scope in scopes])
        filled = [None if value is UNSET else value for value in values]
        return resolver.resolve(filled, where, _size_name(atom), hint)


def _computed(parametrization: Parametrization | None, module: Call) -> Code:
    """The module, with torch's parametrisation around it where it has one."""
    if parametrization is None:
        return module
    named = tuple((key, Fixed(value)) for key, value in parametrization.given().items())
    return Call(f"parametrizations.{parametrization.function}", (module,), named)


def _assignment(name: str, value: Code) -> Statement:
    """Makes a module a child, whose name need not be an attribute's: `block1-0`."""
    if is_attribute(name):
        return assign(Attribute(SELF, name), value)
    return Effect(Method(SELF, "add_module", (Fixed(name), value)))


def _size_name(atom: Atom) -> str:
    """What an argument of a child's class is called as a value of this one."""
    if not atom.size:
        return atom.name
    return "in_channels" if atom.name in ("in_channels", "channels") else "in_features"


def _is_default(value: Any, default: Code) -> bool:
    return value is UNSET or in_words(value) == default
