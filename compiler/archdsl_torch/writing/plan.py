"""Which classes a network has: planned from the inside out, their text written as they are planned.

The scopes of one definition (a block's instances, an inline scope written once) become one class
where they can be merged, else several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, final

from archdsl.expressions import ExpressionError
from archdsl.expressions.tree import Name, Tree
from archdsl.expressions.walking import substitute
from archdsl.ir.graph import Node, Scope, ScopeKind
from archdsl.ops.special import SCAN, Constant, Parameter
from archdsl.text.alike import same
from archdsl_torch.lowering.spelling import camel, identifier
from archdsl_torch.lowering.statements import Body
from archdsl_torch.lowering.text import all_same, distinct
from archdsl_torch.lowering.tree import Code, Variable
from archdsl_torch.planning.crossings import relative
from archdsl_torch.planning.findings import Findings
from archdsl_torch.planning.freedom import free_parameters
from archdsl_torch.planning.keeping import carry_over
from archdsl_torch.planning.merge import Merged, Uneven, Unmergeable, merge
from archdsl_torch.planning.origins import as_scope, origin_of
from archdsl_torch.planning.outline import Outline, Use, used
from archdsl_torch.planning.outliner import Outliner
from archdsl_torch.planning.pairing import Pairing
from archdsl_torch.planning.survey import Role, Survey, class_name
from archdsl_torch.planning.twins import told_apart
from archdsl_torch.writing.arguments import Arguments
from archdsl_torch.writing.construct import Constructor
from archdsl_torch.writing.folding import Untold
from archdsl_torch.writing.forward import Forward, Inexpressible
from archdsl_torch.writing.hints import Hint
from archdsl_torch.writing.inner_sizes import SizesGiven
from archdsl_torch.writing.passing import Passed
from archdsl_torch.writing.reset import index_name, own_reset


@final
@dataclass(eq=False)
class ClassPlan:
    """A generated class."""

    name: str
    merged: Merged
    instances: Mapping[Scope, int]
    """Which of the outlines each is."""
    arguments: Arguments
    base: str
    passed: tuple[Passed, ...] = ()
    """The sizes that the forward is given."""
    construction: Body = ()
    reset: Body = ()
    forward: Body = ()

    def index(self, scope: Scope) -> int:
        return self.instances[scope]

    @property
    def scope(self) -> Scope:
        return self.merged.outlines[0].scope

    @property
    def constructor(self) -> Body:
        """The statements of `__init__` after `super().__init__()`."""
        return self.arguments.statements() + self.construction


class Unplanned(Exception):
    """Classes that have to wait for the next plan."""


@final
class Planner:
    """Plans every class of a graph."""

    def __init__(self, pairing: Pairing, known: Findings, before: Planner | None = None) -> None:
        """`before` is the planner that did not know all of it yet."""
        crossings = pairing.crossings
        self.graph = crossings.graph
        self.survey = Survey(crossings, known)
        self.outliner = Outliner(self.survey, pairing)
        changed = set() if before is None else carry_over(before.outliner, self.outliner)
        self.plans: list[ClassPlan] = []
        self.by_scope: dict[Scope, ClassPlan] = {}
        self.groups: dict[object, list[Scope]] = {}
        self.waiting: set[object] = set()
        """The groups that this plan has no classes for."""
        self.planned: dict[object, tuple[list[Outline], list[ClassPlan]]] = {}
        """By group."""
        self.found = Findings()
        self.floors = crossings.floors
        self.names = self.survey.class_names
        self.root_name = class_name(self.graph)
        self._gather(self.graph.root)
        self.kept = {} if before is None else self._kept(before, changed)
        """What is planned already."""

    def run(self) -> Findings:
        """Plans what it can, and says what the next plan has to know; there is none after one that found nothing."""
        try:
            self.plan_of(self.graph.root)
        except Unplanned:
            return self.found
        for plan in self.plans:
            self._check_shared(plan)
            for scope, place in plan.instances.items():
                self._check_chained(plan, scope, plan.merged.outlines[place])
        return self.found

    def plan_of(self, scope: Scope) -> ClassPlan:
        """The class of a scope, planned now if it is not yet. Raises Unplanned."""
        if scope not in self.by_scope:
            group = self._group(scope)
            if group in self.waiting:
                raise Unplanned
            self.waiting.add(group)
            self._plan(group)
            self.waiting.remove(group)
        return self.by_scope[scope]

    def ports(self, scope: Scope) -> tuple[str, ...]:
        if self.survey.role(scope) is Role.CHAIN:
            return ("x",)
        plan = self.plan_of(scope)
        return plan.merged.ports

    def exports(self, scope: Scope) -> tuple[str, ...]:
        if self.survey.role(scope) is Role.CHAIN:
            return tuple(self.outliner.exports(scope))
        return tuple(self.plan_of(scope).merged.exports)

    def sizes(self, scope: Scope) -> SizesGiven:
        """The sizes that the scope is given."""
        if self.survey.role(scope) is Role.CHAIN:
            return ()
        plan = self.plan_of(scope)
        return [(size, size.values[plan.index(scope)]) for size in plan.passed]

    def owner(self, node: Node) -> tuple[Scope, str, int]:
        """The scope of the class that constructs the node, the class's name, and its number of instances."""
        scope = node.scope
        while scope is not None and scope not in self.by_scope:
            scope = scope.scope
        assert scope is not None
        plan = self.by_scope[scope]
        return scope, plan.name, len(plan.instances)

    # --- groups -------------------------------------------------------------------------------

    def _gather(self, scope: Scope) -> None:
        role = self.survey.role(scope)
        if role in (Role.CLASS, Role.CHAIN_CLASS) or isinstance(self.outliner.build(scope), Use):
            self.groups.setdefault(self._group(scope), []).append(scope)
        for child in scope.children.values():
            if isinstance(child, Scope):
                self._gather(child)

    def _group(self, scope: Scope) -> object:
        origin = as_scope(origin_of(scope))
        role = self.survey.role(scope)
        if origin.kind is ScopeKind.NETWORK:
            return "network"
        if origin.block is not None:
            return "block", origin.definition, role is Role.OPEN, _border(origin), self.floors.get(scope)
        if origin.site is not None:
            return "inline", origin.site, role, self.floors.get(scope)
        assert origin.scope is not None
        around = origin.scope
        while around.site is None and around.scope is not None:
            around = around.scope
        return "container", self._group(around), relative(origin, around)

    # --- planning -----------------------------------------------------------------------------

    def _kept(self, before: Planner, changed: Set[Scope]) -> dict[object, tuple[list[Outline], list[ClassPlan]]]:
        """The groups of another plan that this one would plan alike."""
        return {
            group: before.planned[group]
            for group, scopes in self.groups.items()
            if group in before.planned and scopes == before.groups[group] and changed.isdisjoint(scopes)
        }

    def _plan(self, group: object) -> None:
        """The classes of a group. Raises Unplanned where the next plan has to know more, as `found` says."""
        scopes = self.groups[group]
        outlines, plans = self.kept.get(group) or (self.outliner.outlines(scopes), [])
        self._plan_inner(outlines)
        if group in self.kept:
            for plan in plans:
                self._add(plan)
        else:
            plans = self._planned(scopes, outlines)
        self.planned[group] = outlines, plans

    def _planned(self, scopes: list[Scope], outlines: list[Outline]) -> list[ClassPlan]:
        """The classes of these instances, whose inner ones are there. Raises Unplanned."""
        begin = len(self.plans)
        found = Findings()
        waiting = [outlines]
        while waiting:
            some = waiting.pop()
            try:
                self._add(self._class(some))
            except (Unmergeable, Untold, Inexpressible) as error:
                closed = [] if not isinstance(error, Inexpressible) else self._closed(some)
                if closed:
                    found |= Findings(opened=self._unsayable(some, closed))
                elif len(some) == 1:
                    raise
                elif isinstance(error, Uneven) and all(outline.chain for outline in some):
                    found |= Findings(inlined=frozenset(scopes))
                    break
                else:
                    waiting += reversed(self._split(some))
        if found:
            self.found |= found
            raise Unplanned
        return self.plans[begin:]

    def _closed(self, outlines: Sequence[Outline]) -> list[Scope]:
        """The scopes that can be opened."""
        scopes = [outline.scope for outline in outlines]
        return [scope for scope in scopes if scope.scope is not None and scope not in self.survey.known.opened]

    def _unsayable(self, outlines: Sequence[Outline], closed: Sequence[Scope]) -> frozenset[Scope]:
        """The first of the closed scopes: as many as have to go until one class can say the others.

        Fewer instances are never harder to say, so that how many is found by halving; often not even the last is said.
        """
        fewest, most = 1, len(closed)
        count = most - 1
        while fewest < most:
            if self._is_sayable(_without(outlines, {*closed[:count]})):
                most = count
            else:
                fewest = count + 1
            count = (fewest + most) // 2
        return frozenset(closed[:fewest])

    def _is_sayable(self, outlines: list[Outline]) -> bool:
        if not outlines:  # the others run the module of one that is opened, and go with it
            return True
        try:
            self._class(outlines)
        except Inexpressible:
            return False
        except (Unmergeable, Untold):
            pass
        return True

    def _split(self, outlines: list[Outline]) -> list[list[Outline]]:
        """Instances that are alike together; if all are, those that use the same classes; else twins alone.

        What runs another's module stays with it: they are one module, of one class.
        """
        made = {outline.scope: outline for outline in outlines}
        for kind in (lambda outline: outline.signature, self._inner_classes, lambda outline: id(outline.steps)):
            buckets: dict[object, list[Outline]] = {}
            for outline in outlines:
                buckets.setdefault(kind(made.get(as_scope(origin_of(outline.scope)), outline)), []).append(outline)
            if len(buckets) > 1:
                return list(buckets.values())
        return [[outline] for outline in outlines]

    def _inner_classes(self, outline: Outline) -> object:
        return tuple(self.plan_of(scope).name for entry in outline.members.values() for scope in used(entry.build))

    def _plan_inner(self, outlines: Sequence[Outline]) -> None:
        """The classes that these use come first in the file. Raises Unplanned, after what can be planned."""
        complete = True
        for members in distinct([outline.members for outline in outlines]):  # twins' inner ones are of one group
            for entry in members.values():
                for scope in used(entry.build):
                    try:
                        self.plan_of(scope)
                    except Unplanned:
                        complete = False
        if not complete:
            raise Unplanned

    def _class(self, outlines: list[Outline]) -> ClassPlan:
        """One class for these instances, without its name. Raises Unmergeable, Untold, Inexpressible."""
        apart = told_apart(outlines, self.survey.crossings)
        places = {outline.scope: place for place, alike in enumerate(apart) for outline in alike}
        merged = merge([alike[0] for alike in apart], [*map(len, apart)], self.ports)
        scopes = tuple(outline.scope for outline in merged.outlines)
        free = free_parameters(self.graph) if scopes[0].scope is None else {}
        arguments = Arguments(scopes, merged.counts, set(merged.members), free=free)
        chain = all(outline.chain for outline in outlines)
        instances = {outline.scope: places[outline.scope] for outline in outlines}
        plan = ClassPlan("", merged, instances, arguments, "nn.Sequential" if chain else "nn.Module")
        constructor = Constructor(merged, arguments, self.plan_of)
        plan.construction = constructor.write_chain() if chain else constructor.write()
        if (merged.steps or scopes[0].scope is None) and not chain:
            forward = Forward(merged, arguments, self.survey, self.exports, self.outliner.numbers, self.sizes)
            plan.forward, plan.passed = forward.write(), forward.values.passed
        plan.reset = own_reset(merged, _Words(arguments))
        arguments.prune(plan.construction)
        return plan

    def _add(self, plan: ClassPlan) -> None:
        scopes = [*plan.instances]
        name, before = self._name(scopes), plan.name
        if before not in ("", name):
            self.kept.clear()  # what constructs it says its name
        plan.name = name
        self.plans.append(plan)
        for scope in scopes:
            self.by_scope[scope] = plan

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
        return self.names.new(camel(wanted))

    def _check_shared(self, plan: ClassPlan) -> None:
        """A module that runs twice has one set of arguments."""
        for scope, here in plan.instances.items():
            origin = origin_of(scope)
            if origin is scope:
                continue
            other = self.by_scope.get(as_scope(origin))
            there = other.index(as_scope(origin)) if other is plan else None
            if there is None or any(not same(a.values[here], a.values[there]) for a in plan.arguments.atoms):
                self.found |= Findings(opened=frozenset({self._closed_top(scope)}))

    def _closed_top(self, scope: Scope) -> Scope:
        """The outermost scope around this one that runs another's module and is not yet opened."""
        runs = [around for around in self.survey.crossings.chain(scope) if origin_of(around) is not around]
        return next((around for around in reversed(runs) if around not in self.survey.known.opened), scope)

    def _check_chained(self, plan: ClassPlan, scope: Scope, outline: Outline) -> None:
        """In a chain each child is given one tensor and gives one; the class has other instances, which may differ."""
        if scope.scope is None or self.survey.role(scope.scope) not in (Role.CHAIN, Role.CHAIN_CLASS):
            return
        given = [name for name in plan.merged.ports if name in outline.ports]
        alone = given == [*plan.merged.ports[:1]] and len(plan.merged.exports) == 1 and not plan.passed
        if plan.base == "nn.Module" and not alone:
            self.found |= Findings(unchained=frozenset({scope.scope}))


@final
class _Words:
    """Words for constants: values, and attributes that the constructor stores."""

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments

    def value(self, values: Sequence[Any], name: str, hint: Hint | None = None) -> Code:
        code = self.arguments.resolve(values, range(len(values)), name, hint)
        return code if all_same(values) else self.arguments.stored(identifier(name), code)

    def formula(self, nodes: Sequence[Node], where: Sequence[int]) -> Tree | None:
        site = nodes[0].site
        written = None if site is None else site.formula
        if written is None or any(node.site is not site for node in nodes):
            return None
        op = nodes[0].op
        assert isinstance(op, Constant | Parameter)
        indices = {name: Name(index_name(name)) for name in op.index}
        tree = substitute(written.tree, indices)
        try:
            return self.arguments.words(tree, [n.env for n in nodes], where, frozenset(map(index_name, op.index)))
        except (Untold, ExpressionError):
            return None

    def stored(self, name: str) -> Code:
        return self.arguments.stored(name, Variable(name))


def _without(outlines: Iterable[Outline], scopes: Set[Scope]) -> list[Outline]:
    """The outlines but for those of these scopes, and of what runs their modules."""
    return [each for each in outlines if scopes.isdisjoint((each.scope, as_scope(origin_of(each.scope))))]


def _border(scope: Scope) -> object:
    """What goes into a loop over time and comes out of it; None for a scope that is no loop."""
    if scope.scan is None:
        return None
    nodes = [child for child in scope.children.values() if isinstance(child, Node) and type(child.op) in SCAN]
    return tuple((node.name, node.op.name) for node in nodes)
