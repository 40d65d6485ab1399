"""Which classes a network has: planned from the inside out, their text written as they are planned.

The scopes of one definition (a block's instances, an inline scope written once) become one class
where they can be merged, else several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from archdsl.expressions import ExpressionError, Name, Tree, free_names, parse, substitute
from archdsl.graph import Graph, Node, Scope, ScopeKind
from archdsl.ops.special import SCAN, Constant, Parameter
from archdsl_torch.arguments import Arguments, Hint
from archdsl_torch.construct import Constructor
from archdsl_torch.folding import Untold
from archdsl_torch.forward import Forward, Inexpressible
from archdsl_torch.freedom import free_parameters
from archdsl_torch.layout import Layout, Role, class_name
from archdsl_torch.merge import Merged, Uneven, Unmergeable, merge
from archdsl_torch.outline import Items, Outline, Use
from archdsl_torch.outliner import Outliner, as_scope, origin_of
from archdsl_torch.reset import own_lines
from archdsl_torch.spelling import camel, identifier
from archdsl_torch.text import all_same, same, unique


@final
@dataclass(eq=False)
class ClassPlan:
    """A generated class."""

    name: str
    merged: Merged
    arguments: Arguments
    base: str
    construction: list[str] = field(default_factory=list)
    reset: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._index = {outline.scope: i for i, outline in enumerate(self.merged.outlines)}

    def index(self, scope: Scope) -> int:
        return self._index[scope]

    @property
    def scope(self) -> Scope:
        return self.merged.outlines[0].scope

    @property
    def constructor_lines(self) -> list[str]:
        """The statements of `__init__` after `super().__init__()`."""
        local = [f"        {atom.name} = {atom.text}" for atom in self.arguments.locals]
        stored = [f"        self.{name} = {text}" for name, text in self.arguments.attributes.items()]
        return [*local, *stored, *self.construction]


class Open(Exception):
    """A scope whose forward cannot be written."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.path)
        self.scope = scope


class Inlined(Exception):
    """Chains that say more where they are used than as a class of their own."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        super().__init__()
        self.scopes = frozenset(scopes)


class Unchained(Exception):
    """A scope that is no chain after all: a child's class takes or gives more than one tensor."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.path)
        self.scope = scope


@final
class Planner:
    """Plans every class of a graph."""

    def __init__(
        self, graph: Graph, opened: frozenset[Scope] = frozenset(), inlined: frozenset[Scope] = frozenset(),
        unchained: frozenset[Scope] = frozenset(),
    ) -> None:  # fmt: skip
        self.graph = graph
        self.layout = Layout(graph, opened, inlined, unchained)
        self.outliner = Outliner(self.layout)
        self.plans: list[ClassPlan] = []
        self.by_scope: dict[Scope, ClassPlan] = {}
        self.groups: dict[object, list[Scope]] = {}
        self.names = self.layout.class_names
        self.root_name = class_name(graph)
        self._gather(graph.root)

    def run(self) -> list[ClassPlan]:
        self.plan_of(self.graph.root)
        for plan in self.plans:
            self._check_shared(plan)
            for outline in plan.merged.outlines:
                self._check_chained(plan, outline)
        return self.plans

    def plan_of(self, scope: Scope) -> ClassPlan:
        if scope not in self.by_scope:
            self._plan(self.groups[self._group(scope)])
        return self.by_scope[scope]

    def ports(self, scope: Scope) -> tuple[str, ...]:
        if self.layout.role(scope) is Role.CHAIN:
            return ("x",)
        plan = self.plan_of(scope)
        return plan.merged.ports

    def exports(self, scope: Scope) -> tuple[str, ...]:
        if self.layout.role(scope) is Role.CHAIN:
            return tuple(self.outliner.exports(scope))
        return tuple(self.plan_of(scope).merged.exports)

    def owner(self, node: Node) -> tuple[Scope, str, int]:
        """The scope of the class that constructs the node, the class's name, and its number of instances."""
        scope = node.scope
        while scope is not None and scope not in self.by_scope:
            scope = scope.scope
        assert scope is not None
        plan = self.by_scope[scope]
        return scope, plan.name, len(plan.merged.outlines)

    # --- groups -------------------------------------------------------------------------------

    def _gather(self, scope: Scope) -> None:
        role = self.layout.role(scope)
        if role in (Role.CLASS, Role.CHAIN_CLASS) or isinstance(self.outliner.build(scope), Use):
            self.groups.setdefault(self._group(scope), []).append(scope)
        for child in scope.children.values():
            if isinstance(child, Scope):
                self._gather(child)

    def _group(self, scope: Scope) -> object:
        origin = as_scope(origin_of(scope))
        role = self.layout.role(scope)
        if origin.kind is ScopeKind.NETWORK:
            return "network"
        if origin.block is not None:
            return "block", origin.block, _home(origin), role is Role.OPEN, _border(origin)
        if origin.template is not None:
            return "inline", id(origin.template), role
        assert origin.scope is not None
        around = origin.scope
        while around.template is None and around.scope is not None:
            around = around.scope
        return "container", self._group(around), self.layout.relative(origin, around)

    # --- planning -----------------------------------------------------------------------------

    def _plan(self, scopes: list[Scope]) -> None:
        outlines = [self.outliner.outline(scope) for scope in scopes]
        self._plan_inner(outlines)
        waiting = [outlines]
        while waiting:
            some = waiting.pop(0)
            try:
                self._plan_class(some)
            except (Unmergeable, Untold) as error:
                if len(some) == 1:
                    raise
                if isinstance(error, Uneven) and all(outline.chain for outline in some):
                    raise Inlined(scopes) from None
                waiting = [*self._split(some), *waiting]

    def _split(self, outlines: list[Outline]) -> list[list[Outline]]:
        """Instances that are alike together; if all are, those that use the same classes; else each on its own."""
        for kind in (lambda outline: outline.signature, self._inner_classes):
            buckets: dict[object, list[Outline]] = {}
            for outline in outlines:
                buckets.setdefault(kind(outline), []).append(outline)
            if len(buckets) > 1:
                return list(buckets.values())
        return [[outline] for outline in outlines]

    def _inner_classes(self, outline: Outline) -> object:
        return tuple(self.plan_of(scope).name for entry in outline.members.values() for scope in _used(entry.build))

    def _plan_inner(self, outlines: Sequence[Outline]) -> None:
        """The classes that these use come first in the file."""
        for outline in outlines:
            for entry in outline.members.values():
                for scope in _used(entry.build):
                    self.plan_of(scope)

    def _plan_class(self, outlines: list[Outline]) -> None:
        merged = merge(outlines)
        scopes = tuple(outline.scope for outline in outlines)
        free = free_parameters(self.graph) if scopes[0].scope is None else frozenset()
        arguments = Arguments(scopes, set(merged.members), free=free)
        chain = all(outline.chain for outline in outlines)
        plan = ClassPlan("", merged, arguments, "nn.Sequential" if chain else "nn.Module")
        constructor = Constructor(merged, arguments, self.plan_of)
        plan.construction = constructor.write_chain() if chain else constructor.write()
        if (merged.steps or scopes[0].scope is None) and not chain:
            plan.forward = self._forward(merged, arguments)
        plan.reset = own_lines(merged, _Words(arguments))
        arguments.prune([*plan.construction, *plan.forward])
        plan.name = self._name(scopes)
        self.plans.append(plan)
        for scope in scopes:
            self.by_scope[scope] = plan

    def _forward(self, merged: Merged, arguments: Arguments) -> list[str]:
        writer = Forward(merged, arguments, self.layout, self.exports, self.ports)
        try:
            return writer.write()
        except Inexpressible:
            scopes = [outline.scope for outline in merged.outlines]
            closed = next((scope for scope in scopes if scope not in self.layout.opened), None)
            if closed is not None and closed.scope is not None:
                raise Open(closed) from None
            if len(scopes) > 1:
                raise Unmergeable("sizes that only some can say") from None
            raise

    def _name(self, scopes: Sequence[Scope]) -> str:
        """The block's name; where a block has several classes, the name of all instances of this one and no other."""
        scope = scopes[0]
        if scope.scope is None:
            return self.root_name
        named = scope
        while named.name.isdigit() and named.block is None and named.scope is not None:
            named = named.scope
        wanted = named.block or named.name
        others = self.groups[self._group(scope)]
        alike = [other for other in others if other.name == scope.name]
        if alike == list(scopes) and len(alike) < len(others) and not scope.name.isdigit():
            wanted = scope.name
        name = unique(camel(wanted), self.names)
        self.names.add(name)
        return name

    def _check_shared(self, plan: ClassPlan) -> None:
        """A module that runs twice has one set of arguments."""
        for outline in plan.merged.outlines:
            origin = origin_of(outline.scope)
            if origin is outline.scope:
                continue
            other = self.by_scope.get(as_scope(origin))
            here, there = plan.index(outline.scope), other.index(as_scope(origin)) if other is plan else None
            if there is None or any(not same(a.values[here], a.values[there]) for a in plan.arguments.atoms):
                raise Open(_shared_top(outline.scope))

    def _check_chained(self, plan: ClassPlan, outline: Outline) -> None:
        """In a chain each child is given one tensor and gives one; the class has other instances, which may differ."""
        scope = outline.scope
        if scope.scope is None or self.layout.role(scope.scope) not in (Role.CHAIN, Role.CHAIN_CLASS):
            return
        given = [name for name in plan.merged.ports if name in outline.ports]
        if plan.base == "nn.Module" and (given != [*plan.merged.ports[:1]] or len(plan.merged.exports) != 1):
            raise Unchained(scope.scope)


def _shared_top(scope: Scope) -> Scope:
    while scope.share is None:
        assert scope.scope is not None
        scope = scope.scope
    return scope


@final
class _Words:
    """Words for constants: literals, and attributes that the constructor stores."""

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments

    def value(self, values: Sequence[Any], name: str, hint: Hint | None = None) -> str:
        text = self.arguments.resolve(values, range(len(values)), name, hint)
        if all_same(values):
            return text
        return self.arguments.stored(text if text.isidentifier() else identifier(name), text)

    def formula(self, nodes: Sequence[Node]) -> Tree | None:
        template = nodes[0].template
        raw = getattr(template, "fields", {}).get("value")
        if not isinstance(raw, str) or any(node.template is not template for node in nodes):
            return None
        op = nodes[0].op
        assert isinstance(op, Constant | Parameter)
        where = [self.arguments.scopes.index(scope) for node in nodes if (scope := self.as_scope(node)) is not None]
        if len(where) < len(nodes):
            return None
        try:
            tree = self.arguments.words(parse(raw).tree, [n.env for n in nodes], where, frozenset(op.index))
        except (Untold, ExpressionError):
            return None
        names = free_names(tree) - set(op.index)
        return substitute(tree, {name: Name(self.arguments.stored(name, name)) for name in names})

    def as_scope(self, node: Node) -> Scope | None:
        scope = node.scope
        while scope is not None and scope not in self.arguments.scopes:
            scope = scope.scope
        return scope


def _home(scope: Scope) -> int | None:
    """Which file the scope's children are written in; they may stand in containers, which are written nowhere."""
    for child in scope.children.values():
        if child.template is not None:
            return id(child.template.home)
        if isinstance(child, Scope) and (found := _home(child)) is not None:
            return found
    return None


def _border(scope: Scope) -> object:
    """What goes into a loop over time and comes out of it; None for a scope that is no loop."""
    if scope.scan is None:
        return None
    nodes = [child for child in scope.children.values() if isinstance(child, Node) and type(child.op) in SCAN]
    return tuple((node.name, node.op.name) for node in nodes)


def _used(build: Any) -> Iterator[Scope]:
    if isinstance(build, Use):
        yield build.scope
    elif isinstance(build, Items):
        for entry in build.entries:
            yield from _used(entry.build)
