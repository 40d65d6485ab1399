"""Graph -> PyTorch source: classes planned from the inside out, then printed.

The scopes of one definition (a block's instances, an inline scope written once) become one class
where they can be merged, else several. A scope whose forward cannot be written is opened: its
children run in the class around it, and planning starts again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from archdsl import __version__
from archdsl.expressions import ExpressionError, Name, Tree, free_names, parse, substitute
from archdsl.graph import Graph, Node, Scope, ScopeKind
from archdsl.ops.special import Constant
from archdsl_torch.arguments import Arguments, Atom, Hint
from archdsl_torch.construct import Constructor
from archdsl_torch.folding import Untold
from archdsl_torch.forward import Forward, Inexpressible
from archdsl_torch.helpers import HELPERS
from archdsl_torch.layout import Layout, Role, is_tensor
from archdsl_torch.merge import Merged, Unmergeable, merge
from archdsl_torch.outline import Items, Outline, Outliner, Use, _scope, origin_of
from archdsl_torch.reset import own_lines, tie_lines, tree_lines
from archdsl_torch.text import WIDTH, all_same, camel, identifier, output_name, same, unique

MAKE_DIVISIBLE: Final = '''\
def make_divisible(value, divisor):
    """`value` rounded to a multiple of `divisor`, never below 90 % of it."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded'''


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


class _Open(Exception):
    """A scope whose forward cannot be written."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.path)
        self.scope = scope


@final
class _Planner:
    """Plans every class of a graph."""

    def __init__(self, graph: Graph, opened: frozenset[Scope]) -> None:
        self.graph = graph
        self.layout = Layout(graph, opened)
        self.outliner = Outliner(self.layout)
        self.plans: list[ClassPlan] = []
        self.by_scope: dict[Scope, ClassPlan] = {}
        self.groups: dict[object, list[Scope]] = {}
        self.names: set[str] = {"nn", "F", "torch", "math", "OrderedDict", "NamedTuple", "Outputs", *HELPERS}
        self.root_name = class_name(graph)
        self.names.add(self.root_name)
        self._gather(graph.root)

    def run(self) -> list[ClassPlan]:
        self.plan_of(self.graph.root)
        for plan in self.plans:
            self._check_shared(plan)
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
        origin = _scope(origin_of(scope))
        role = self.layout.role(scope)
        if origin.kind is ScopeKind.NETWORK:
            return "network"
        if origin.block is not None:
            homes = [id(child.template.home) for child in origin.children.values() if child.template is not None]
            return "block", origin.block, homes[:1] and homes[0], role is Role.OPEN
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
            except (Unmergeable, Untold):
                waiting = [*_split(some), *waiting]

    def _plan_inner(self, outlines: Sequence[Outline]) -> None:
        """The classes that these use come first in the file."""
        for outline in outlines:
            for entry in outline.members.values():
                for scope in _used(entry.build):
                    self.plan_of(scope)

    def _plan_class(self, outlines: list[Outline]) -> None:
        merged = merge(outlines)
        scopes = tuple(outline.scope for outline in outlines)
        arguments = Arguments(scopes, set(merged.members))
        chain = all(outline.chain for outline in outlines)
        if not chain and any(outline.chain for outline in outlines):
            outlines = [self._unchained(outline) for outline in outlines]
        plan = ClassPlan("", merged, arguments, "nn.Sequential" if chain else "nn.Module")
        constructor = Constructor(merged, arguments, self.plan_of)
        plan.construction = constructor.write_chain() if chain else constructor.write()
        if merged.steps and not chain:
            plan.forward = self._forward(merged, arguments)
        plan.reset = own_lines(merged, _Words(arguments))
        arguments.prune([*plan.construction, *plan.forward])
        plan.name = self._name(scopes[0])
        self.plans.append(plan)
        for scope in scopes:
            self.by_scope[scope] = plan

    @staticmethod
    def _unchained(outline: Outline) -> Outline:
        outline.chain = False
        return outline

    def _forward(self, merged: Merged, arguments: Arguments) -> list[str]:
        writer = Forward(merged, arguments, self.layout, self.exports, self.ports)
        try:
            return writer.write()
        except Inexpressible:
            scope = merged.outlines[0].scope
            if scope.scope is None:
                raise
            raise _Open(scope) from None

    def _name(self, scope: Scope) -> str:
        if scope.scope is None:
            return self.root_name
        named = scope
        while named.name.isdigit() and named.block is None and named.scope is not None:
            named = named.scope
        name = unique(camel(named.block or named.name), self.names)
        self.names.add(name)
        return name

    def _check_shared(self, plan: ClassPlan) -> None:
        """A module that runs twice has one set of arguments."""
        for outline in plan.merged.outlines:
            origin = origin_of(outline.scope)
            if origin is outline.scope:
                continue
            other = self.by_scope.get(_scope(origin))
            here, there = plan.index(outline.scope), other.index(_scope(origin)) if other is plan else None
            if there is None or any(not same(a.values[here], a.values[there]) for a in plan.arguments.atoms):
                raise _Open(_shared_top(outline.scope))


def _shared_top(scope: Scope) -> Scope:
    while scope.share is None:
        assert scope.scope is not None
        scope = scope.scope
    return scope


def _split(outlines: list[Outline]) -> list[list[Outline]]:
    """Instances that are alike together; if all are, each on its own."""
    buckets: dict[object, list[Outline]] = {}
    for outline in outlines:
        buckets.setdefault(outline.signature, []).append(outline)
    if len(buckets) == 1:
        return [[outline] for outline in outlines]
    return list(buckets.values())


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
        assert isinstance(op, Constant)
        where = [self.arguments.scopes.index(scope) for node in nodes if (scope := self._scope(node)) is not None]
        if len(where) < len(nodes):
            return None
        try:
            tree = self.arguments.words(parse(raw).tree, [n.env for n in nodes], where, frozenset(op.index))
        except (Untold, ExpressionError):
            return None
        names = free_names(tree) - set(op.index)
        return substitute(tree, {name: Name(self.arguments.stored(name, name)) for name in names})

    def _scope(self, node: Node) -> Scope | None:
        scope = node.scope
        while scope is not None and scope not in self.arguments.scopes:
            scope = scope.scope
        return scope


def _used(build: Any) -> Iterator[Scope]:
    if isinstance(build, Use):
        yield build.scope
    elif isinstance(build, Items):
        for entry in build.entries:
            yield from _used(entry.build)


# --- printing -------------------------------------------------------------------------------------


def class_name(graph: Graph) -> str:
    """The name of the network's class: `resnet50` -> `Resnet50`."""
    return camel(graph.name)


def source(graph: Graph) -> str:
    """The network as the text of a Python file that imports torch alone."""
    opened: frozenset[Scope] = frozenset()
    while True:
        planner = _Planner(graph, opened)
        try:
            planner.run()
        except _Open as found:
            opened |= {found.scope}
            continue
        return _print(planner)


def _print(planner: _Planner) -> str:
    graph = planner.graph
    classes = [text for plan in planner.plans for text in ("", "", *_class_lines(planner, plan))]
    helpers = _helper_lines(planner)
    outputs = _outputs_lines(graph)
    body = "\n".join([*helpers, *outputs, *classes])
    return "\n".join([*_header(graph), *_imports(body)]) + "\n" + body.rstrip() + "\n"


def _header(graph: Graph) -> list[str]:
    title = ". ".join(part.rstrip(".") for part in (graph.summary, graph.reference) if part)
    overrides = "".join(f" -p {name}={value}" for name, value in graph.overrides.items())
    command = f"archdsl source {graph.name}{overrides}"
    size = f"{graph.parameters:,} parameters. Shapes in comments are those of the sample input."
    text = [f'"""{graph.name}, made by archdsl {__version__}: {command}', ""]
    text += [*textwrap.wrap(f"{title}.", WIDTH), ""] if title else []
    return [*text, size, '"""', ""]


def _imports(body: str) -> list[str]:
    lines: list[str] = []
    if "math." in body:
        lines.append("import math")
    if "OrderedDict" in body:
        lines.append("from collections import OrderedDict")
    if "NamedTuple" in body:
        lines.append("from typing import NamedTuple")
    if lines:
        lines.append("")
    lines.append("import torch")
    if "F." in body:
        lines.append("import torch.nn.functional as F")
    return [*lines, "from torch import nn"]


def _helper_lines(planner: _Planner) -> list[str]:
    wrappers = planner.layout.wrappers.by_name()
    used: dict[str, list[str]] = {}
    for node in planner.graph.nodes:
        if is_tensor(node):
            continue
        module = planner.layout.module(node)
        if module is not None and module.function in HELPERS:
            used[module.function] = HELPERS[module.function].rstrip().split("\n")
        elif module is not None and module.function in wrappers:
            used[module.function] = wrappers[module.function]
    if any("make_divisible(" in line for plan in planner.plans for line in (*plan.construction, *map(_text, plan.arguments.locals))):
        used["make_divisible"] = MAKE_DIVISIBLE.split("\n")
    return [line for lines in used.values() for line in ("", "", *lines)]


def _text(atom: Atom) -> str:
    return str(atom.text)


def _outputs_lines(graph: Graph) -> list[str]:
    if len(graph.outputs) < 2:
        return []
    lines = ["", "", "class Outputs(NamedTuple):", '    """What the network gives."""', ""]
    for name in graph.outputs:
        optional = " | None" if name in graph.output_modes else ""
        lines.append(f"    {output_name(name)}: torch.Tensor{optional}")
    return lines


def _class_lines(planner: _Planner, plan: ClassPlan) -> list[str]:
    graph = planner.graph
    root = plan.scope.scope is None
    ties = [f"        {line}" for line in tie_lines(graph, planner.outliner)] if root else []
    reset = plan.reset
    if root:
        owners = any(p.reset for p in planner.plans if p is not plan)
        reset = tree_lines(graph, planner.outliner, plan.reset, owners, planner.owner)
    arguments = plan.arguments
    lines = [f"class {plan.name}({plan.base}):", f'    """{_docstring(graph, plan)}"""', ""]
    lines.append(f"    def __init__({arguments.signature()}):")
    if plan.base == "nn.Module":
        lines.append("        super().__init__()")
    lines += [f"        {atom.name} = {atom.text}" for atom in arguments.locals]
    lines += [f"        self.{name} = {text}" for name, text in arguments.attributes.items()]
    lines += plan.construction
    lines += ties
    if reset:
        lines += ["        self.reset_parameters()", "", "    @torch.no_grad()", "    def reset_parameters(self):", *reset]
    if plan.forward:
        merged = plan.merged
        ports = ", ".join(["self", *(f"{p}=None" if p in merged.optional else p for p in merged.ports)])
        lines += ["", f"    def forward({ports}):", *plan.forward]
    return lines


def _docstring(graph: Graph, plan: ClassPlan) -> str:
    scope = plan.scope
    if scope.scope is None:
        return f"The network `{graph.name}`."
    count = len(plan.merged.outlines)
    where = f"`{scope.path}`" + (f" and {count - 1} more" if count > 1 else "")
    return f"The block `{scope.block}`: {where}." if scope.block is not None else f"The scope {where}."


__all__ = ["class_name", "source"]
