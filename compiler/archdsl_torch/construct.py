"""The children of a class as constructor calls: what differs between instances becomes arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, final

from archdsl.expressions import Name
from archdsl.graph import Env, Node, Scope
from archdsl.ops.special import Constant, Parameter
from archdsl_torch.arguments import (
    UNSET,
    Arguments,
    Atom,
    Resolver,
    element_hints,
    expression_hint,
    hint_of,
    node_hint,
)
from archdsl_torch.containers import Containers
from archdsl_torch.lowering import Arg, Call, Many
from archdsl_torch.merge import Merged, Unmergeable, merged_order
from archdsl_torch.outline import Build, Entry, Items, Make, Tensor, Use
from archdsl_torch.spelling import Raw, assignment, identifier, is_attribute, literal
from archdsl_torch.text import Doc, Group, all_same, render


class Plan(Protocol):
    """A generated class, as the classes that use it see it."""

    name: str
    arguments: Arguments

    def index(self, scope: Scope) -> int:
        """Which instance a scope is."""
        ...


PlanOf: TypeAlias = Callable[[Scope], Plan]


def caller_env(scope: Scope) -> Env:
    """The names that a scope's own fields saw."""
    if scope.loops:
        return scope.loops[-1].env
    return scope.scope.env if scope.scope is not None else scope.env


@final
class Constructor:
    """Writes the body of one class's `__init__`."""

    def __init__(self, merged: Merged, arguments: Arguments, plan_of: PlanOf) -> None:
        self.merged = merged
        self.arguments = arguments
        self.plan_of = plan_of
        self.lines: list[str] = []
        self.count = len(merged.outlines)
        self.containers = Containers(self)
        self.factories: dict[Any, str] = {}
        """Arguments that hold the class of a node's module, by template."""

    def write(self) -> list[str]:
        """The statements after `super().__init__()`, at the depth of a method's body."""
        for name, entries in self.merged.members.items():
            self._member(name, entries)
        return self.lines

    def write_chain(self) -> list[str]:
        """The statements of a subclass of nn.Sequential."""
        builds = [Items("Sequential", tuple(outline.members.values())) for outline in self.merged.outlines]
        doc = self.containers.sequential(builds, range(self.count), self.arguments, "super().__init__(")
        self.lines += render("", doc, 8)
        return self.lines

    def _member(self, name: str, entries: Sequence[Entry | None]) -> None:
        where = [i for i, entry in enumerate(entries) if entry is not None]
        builds = [entry.build for entry in entries if entry is not None]
        first = next(entry for entry in entries if entry is not None)
        condition = None
        if len(where) < len(entries):
            condition = self.condition(name, first, entries)
        if isinstance(builds[0], Tensor):
            return self._tensor_member(name, builds, where, condition)
        before = len(self.lines)
        doc = self.build(builds, where, self.arguments)
        if condition is None:
            self.lines += _assignment(name, doc)
            return None
        prologue, self.lines = self.lines[before:], self.lines[:before]
        whole = _assignment(name, f"{doc} if {condition} else None")
        if not prologue and max(map(len, whole)) <= 110:
            self.lines += whole
            return None
        self.lines += [*_assignment(name, "None"), f"        if {condition}:"]
        self.lines += [f"    {line}" for line in (*prologue, *_assignment(name, doc))]
        return None

    def condition(self, name: str, entry: Entry, entries: Sequence[Entry | None]) -> str:
        """Python text that is true in the instances that have a child."""
        chosen = self._chosen(entries)
        if chosen is not None:
            self.factories[entry.unit.template] = chosen
            return f"{chosen} is not None"
        present = [other is not None for other in entries]
        condition = getattr(entry.unit.template, "condition", None)
        hint = expression_hint(condition, [outline.scope.env for outline in self.merged.outlines])
        return self.arguments.condition(present, identifier(name), hint)

    def _chosen(self, entries: Sequence[Entry | None]) -> str | None:
        """The argument that holds the class of a child's module, where a parameter of the block does."""
        unit = next(entry for entry in entries if entry is not None).unit
        op = getattr(unit.template, "op", None)
        sole = op.sole if op is not None else None
        if sole is None or not isinstance(sole.tree, Name):
            return None
        values: list[Any] = []
        for entry in entries:
            build = None if entry is None else entry.build
            if entry is not None and (not isinstance(build, Make) or entry.unit.template is not unit.template):
                return None
            if isinstance(build, Make) and (build.call.args or [k for k, _ in build.call.kwargs if k != "inplace"]):
                return None
            values.append(Raw(build.call.function) if isinstance(build, Make) else None)
        return self.arguments.factory(sole.tree.name, values)

    # --- tensors --------------------------------------------------------------------------

    def _tensor_member(self, name: str, builds: Sequence[Build], where: Sequence[int], condition: str | None) -> None:
        nodes = [build.node for build in builds if isinstance(build, Tensor)]
        if len(nodes) < len(builds) or not all_same([type(node.op) for node in nodes]):
            raise Unmergeable(f"`{name}` is a tensor in some instances only")
        op = nodes[0].op
        shape = self._shape(nodes, where)
        if isinstance(op, Parameter):
            doc = Group("nn.Parameter(", (f"torch.empty({shape})",))
            self._assign_tensor(name, doc, condition)
            return
        assert isinstance(op, Constant)
        if not all_same([(n.op.dtype, n.op.persistent) for n in nodes if isinstance(n.op, Constant)]):
            raise Unmergeable(f"`{name}` differs in dtype")
        dtype = "" if op.dtype == "float32" else f", dtype=torch.{op.dtype}"
        value = f"torch.empty({shape}{dtype})"
        if condition is not None:
            value = f"{value} if {condition} else None"
        persistent = () if op.persistent else ("persistent=False",)
        self.lines += render("", Group("self.register_buffer(", (literal(name), value, *persistent)), 8)

    def _assign_tensor(self, name: str, doc: Doc, condition: str | None) -> None:
        value: Doc = doc if condition is None else f"{doc} if {condition} else None"
        if is_attribute(name) and condition is None:
            self.lines += render(assignment(name), value, 8)
        else:
            self.lines += render("", Group("self.register_parameter(", (literal(name), value)), 8)

    def _shape(self, nodes: Sequence[Node], where: Sequence[int]) -> str:
        shapes = [node.types[0].shape for node in nodes]
        if not all_same([len(shape) for shape in shapes]):
            raise Unmergeable("ranks differ")
        hints = element_hints(node_hint(nodes, "shape"), len(shapes[0]))
        sizes = [
            self.arguments.resolve([shape[axis] for shape in shapes], where, "shape", hints[axis])
            for axis in range(len(shapes[0]))
        ]
        return ", ".join(sizes) or "()"

    # --- modules ----------------------------------------------------------------------------

    def build(self, builds: Sequence[Build], where: Sequence[int], resolver: Resolver) -> Doc:
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

    def _make(self, builds: Sequence[Make], where: Sequence[int], resolver: Resolver) -> Doc:
        calls = [build.call for build in builds]
        head = self._function(builds, where, resolver)
        if not all_same([len(call.args) for call in calls]):
            raise Unmergeable("different numbers of arguments")
        items: list[Doc] = []
        for place in range(len(calls[0].args)):
            items.append(self._argument(builds, [call.args[place] for call in calls], where, resolver))
        for name in merged_order([[key for key, _ in call.kwargs] for call in calls]):
            codes = [dict(call.kwargs).get(name) for call in calls]
            if name == "inplace" and None in codes:
                continue
            filled = [self._default(b, codes, c) for b, c in zip(builds, codes, strict=True)]
            items.append(f"{name}={self._argument(builds, filled, where, resolver, name)}")
        return Group(f"{head}(", tuple(items))

    def _function(self, builds: Sequence[Make], where: Sequence[int], resolver: Resolver) -> str:
        names = [build.call.function for build in builds]
        chosen = self.factories.get(builds[0].node.template)
        if chosen is not None and resolver is self.arguments:
            return chosen
        if all_same(names):
            return names[0]
        if any(build.call.args or [k for k, _ in build.call.kwargs if k != "inplace"] for build in builds):
            raise Unmergeable("different modules")
        kind = builds[0].node.op.kind.value
        hint = None
        return resolver.resolve([Raw(name) for name in names], where, kind, hint)

    @staticmethod
    def _default(build: Make, codes: Sequence[Any], code: Any) -> Any:
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

    def _argument(
        self, builds: Sequence[Make], codes: Sequence[Any], where: Sequence[int], resolver: Resolver, name: str = ""
    ) -> Doc:
        if all(isinstance(code, Arg) for code in codes):
            field = codes[0].field
            nodes = [build.node for build in builds]
            hint = node_hint(nodes, field)
            return resolver.resolve([code.value for code in codes], where, field or name or "value", hint)
        if all(isinstance(code, Call) and not code.args and not code.kwargs for code in codes):
            return resolver.resolve([Raw(code.function) for code in codes], where, name or "function", None)
        if all(isinstance(code, Many) and len(code.items) == len(codes[0].items) for code in codes):
            columns = zip(*(code.items for code in codes), strict=True)
            items = [self._argument(builds, column, where, resolver, name) for column in columns]
            return Group("[", tuple(items), "]")
        raise Unmergeable("arguments of different kinds")

    def _use(self, scopes: Sequence[Scope], where: Sequence[int], resolver: Resolver) -> Doc:
        plans = [self.plan_of(scope) for scope in scopes]
        plan = plans[0]
        if any(other is not plan for other in plans):
            raise Unmergeable("instances of different classes")
        places = [plan.index(scope) for scope in scopes]
        items: list[Doc] = []
        for position, (atom, default) in enumerate(plan.arguments.arguments):
            values = [atom.values[place] for place in places]
            if default is not None and all(_is_default(value, default) for value in values):
                continue
            text = self._use_argument(atom, scopes, values, where, resolver)
            items.append(text if default is None and position < 2 and len(items) == position else f"{atom.name}={text}")
        return Group(f"{plan.name}(", tuple(items))

    @staticmethod
    def _use_argument(
        atom: Atom, scopes: Sequence[Scope], values: Sequence[Any], where: Sequence[int], resolver: Resolver
    ) -> str:
        template = scopes[0].template
        if any(scope.template is not template for scope in scopes):
            hint = None
        else:
            hint = hint_of(template, atom.source or atom.name, [caller_env(scope) for scope in scopes])
        filled = [None if value is UNSET else value for value in values]
        return resolver.resolve(filled, where, _size_name(atom), hint)


def _assignment(name: str, value: Doc) -> list[str]:
    """Statements that make a module a child, whose name need not be an attribute's: `block1-0`."""
    if is_attribute(name):
        return render(assignment(name), value, 8)
    return render("", Group("self.add_module(", (literal(name), value)), 8)


def _size_name(atom: Atom) -> str:
    """What an argument of a child's class is called as a value of this one."""
    if not atom.size:
        return atom.name
    return "in_channels" if atom.name in ("in_channels", "channels") else "in_features"


def _is_default(value: Any, default: str) -> bool:
    return value is UNSET or literal(value) == default
