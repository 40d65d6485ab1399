"""The children of a class as constructor calls: what differs between instances becomes arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias, final

from archdsl.expressions import Expression, ExpressionError, Name
from archdsl.expressions import Sequence as SequenceTree
from archdsl.graph import Env, Node, Scope
from archdsl.ops.special import Constant, Parameter
from archdsl_torch.arguments import UNSET, Arguments, Atom, Hint, Resolver, expression_hint, hint_of
from archdsl_torch.folding import Untold
from archdsl_torch.lowering import Arg, Call, Many
from archdsl_torch.merge import Merged, Unmergeable, merged_order
from archdsl_torch.outline import Build, Entry, Items, Make, Tensor, Use
from archdsl_torch.runs import LoopResolver, RowsResolver, grouped, loop_start
from archdsl_torch.text import Doc, Group, Operation, Raw, all_same, identifier, prefixed, quoted, render, same, unique


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
        self.everywhere = range(len(merged.outlines))
        self.alone = len(merged.outlines) == 1
        self.names = {"self"}
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
        doc = self._items(builds, list(self.everywhere), self.arguments, "super().__init__(")
        self.lines += render("", doc, 8)
        return self.lines

    def _member(self, name: str, entries: Sequence[Entry | None]) -> None:
        where = [i for i, entry in enumerate(entries) if entry is not None]
        builds = [entry.build for entry in entries if entry is not None]
        first = next(entry for entry in entries if entry is not None)
        condition = None
        if len(where) < len(entries):
            condition = self._condition(name, first, entries)
        if isinstance(builds[0], Tensor):
            return self._tensor_member(name, builds, where, condition)
        before = len(self.lines)
        doc = self.build(builds, where, self.arguments)
        target = f"self.{name} = " if name.isidentifier() else None
        if condition is None:
            lines = render(target, doc, 8) if target else render("", Group("self.add_module(", (quoted(name), doc)), 8)
            self.lines += lines
            return None
        prologue, self.lines = self.lines[before:], self.lines[:before]
        whole = render(target or "", f"{doc} if {condition} else None", 8)
        if not prologue and len(whole[0]) <= 110:
            self.lines += whole
            return None
        self.lines += [f"        self.{name} = None", f"        if {condition}:"]
        self.lines += [f"    {line}" for line in (*prologue, *render(target or "", doc, 8))]
        return None

    def _condition(self, name: str, entry: Entry, entries: Sequence[Entry | None]) -> str:
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

    def _tensor_member(self, name: str, builds: Sequence[Build], where: list[int], condition: str | None) -> None:
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
        self.lines += render("", Group("self.register_buffer(", (quoted(name), value, *persistent)), 8)

    def _assign_tensor(self, name: str, doc: Doc, condition: str | None) -> None:
        value: Doc = doc if condition is None else f"{doc} if {condition} else None"
        if name.isidentifier() and condition is None:
            self.lines += render(f"self.{name} = ", value, 8)
        else:
            self.lines += render("", Group("self.register_parameter(", (quoted(name), value)), 8)

    def _shape(self, nodes: Sequence[Node], where: list[int]) -> str:
        shapes = [node.types[0].shape for node in nodes]
        if not all_same([len(shape) for shape in shapes]):
            raise Unmergeable("ranks differ")
        hints = _element_hints(nodes, len(shapes[0]))
        sizes = [
            self.arguments.resolve([shape[axis] for shape in shapes], where, "shape", hints[axis])
            for axis in range(len(shapes[0]))
        ]
        return ", ".join(sizes) or "()"

    # --- modules ----------------------------------------------------------------------------

    def build(self, builds: Sequence[Build], where: list[int], resolver: Resolver) -> Doc:
        """One constructor call for the same child of several instances."""
        first = builds[0]
        if not all(type(build) is type(first) for build in builds):
            raise Unmergeable("children of different kinds")
        if isinstance(first, Make):
            return self._make([b for b in builds if isinstance(b, Make)], where, resolver)
        if isinstance(first, Use):
            return self._use([b.scope for b in builds if isinstance(b, Use)], where, resolver)
        items = [b for b in builds if isinstance(b, Items)]
        if not items or not all_same([b.kind for b in items]):
            raise Unmergeable("containers of different kinds")
        if first.kind == "Sequential":  # type: ignore[union-attr]
            return self._items(items, where, resolver, "nn.Sequential(")
        return self._container(items, where, resolver)

    def _make(self, builds: Sequence[Make], where: list[int], resolver: Resolver) -> Doc:
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

    def _function(self, builds: Sequence[Make], where: list[int], resolver: Resolver) -> str:
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
        self, builds: Sequence[Make], codes: Sequence[Any], where: list[int], resolver: Resolver, name: str = ""
    ) -> Doc:
        if all(isinstance(code, Arg) for code in codes):
            field = codes[0].field
            nodes = [build.node for build in builds]
            hint = _node_hint(nodes, field)
            return resolver.resolve([code.value for code in codes], where, field or name or "value", hint)
        if all(isinstance(code, Call) and not code.args and not code.kwargs for code in codes):
            return resolver.resolve([Raw(code.function) for code in codes], where, name or "function", None)
        if all(isinstance(code, Many) and len(code.items) == len(codes[0].items) for code in codes):
            columns = zip(*(code.items for code in codes), strict=True)
            items = [self._argument(builds, column, where, resolver, name) for column in columns]
            return Group("[", tuple(items), "]")
        raise Unmergeable("arguments of different kinds")

    def _use(self, scopes: Sequence[Scope], where: list[int], resolver: Resolver) -> Doc:
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
        atom: Atom, scopes: Sequence[Scope], values: Sequence[Any], where: list[int], resolver: Resolver
    ) -> str:
        template = scopes[0].template
        if any(scope.template is not template for scope in scopes):
            hint = None
        else:
            hint = hint_of(template, atom.name, [caller_env(scope) for scope in scopes])
        filled = [None if value is UNSET else value for value in values]
        return resolver.resolve(filled, where, _size_name(atom), hint)

    # --- containers -------------------------------------------------------------------------

    def _container(self, items: Sequence[Items], where: list[int], resolver: Resolver) -> Doc:
        names = [entry.name for entry in items[0].entries]
        if any([entry.name for entry in other.entries] != names for other in items):
            raise Unmergeable("containers with different children")
        docs = self._columns(items, where, resolver)
        if items[0].kind == "ModuleDict":
            pairs = tuple(_pair(name, doc) for name, doc in zip(names, docs, strict=True))
            return Group("nn.ModuleDict(", (Group("{", pairs, "}"),), single=True)
        parts = grouped(docs, names, self._loop(items), numbered=True)
        if len(parts.docs) == 1 and parts.whole is not None:
            return Group("nn.ModuleList(", (parts.whole,), single=True)
        return Group("nn.ModuleList(", (Group("[", parts.docs, "]"),), single=True)

    def _columns(self, items: Sequence[Items], where: list[int], resolver: Resolver) -> list[Doc]:
        return [
            self.build([other.entries[place].build for other in items], where, resolver)
            for place in range(len(items[0].entries))
        ]

    def _items(self, items: Sequence[Items], where: list[int], resolver: Resolver, opening: str) -> Doc:
        keys = [[entry.key for entry in item.entries] for item in items]
        numbered = all(item.numbered for item in items)
        lengths = {len(item.entries) for item in items}
        if len(lengths) == 1 and (numbered or all_same([tuple(e.name for e in i.entries) for i in items])):
            try:
                docs = self._columns(items, where, resolver)
            except Unmergeable:
                if all(other == keys[0] for other in keys):
                    raise
            else:
                names = [entry.name for entry in items[0].entries]
                return self._sequential(docs, names, numbered, self._loop(items), opening)
        looped = self._looped_items(items, where) if numbered and resolver is self.arguments else None
        if looped is not None:
            return Group(opening, looped)
        return self._optional_items(items, where, resolver, numbered, opening)

    def _looped_items(self, items: Sequence[Items], where: list[int]) -> tuple[Doc, ...] | None:
        """Children of loops that turn differently often: `*[Block(width) for _ in range(depth)]`."""
        stretches = [_stretches(item.entries) for item in items]
        if any(list(other) != list(stretches[0]) for other in stretches):
            return None
        before = len(self.lines), len(self.arguments.atoms)
        try:
            return tuple(self._stretch([own[key] for own in stretches], where) for key in stretches[0])
        except (Unmergeable, Untold, ExpressionError):
            del self.lines[before[0] :], self.arguments.atoms[before[1] :]
            return None

    def _stretch(self, rows: Sequence[Sequence[Entry]], where: list[int]) -> Doc:
        if all(len(row) == 1 for row in rows):
            return self.build([row[0].build for row in rows], where, self.arguments)
        counts = [len(row) for row in rows]
        resolver = RowsResolver(counts, where, self.arguments)
        builds = [entry.build for row in rows for entry in row]
        body = self.build(builds, list(range(len(builds))), resolver)
        turns = self.arguments.resolve(counts, where, "depth")
        loop = Operation((body, f"{'k' if resolver.used else '_'} in range({turns})"), "for")
        return Group("*[", (loop,), "]", single=True)

    def _sequential(self, docs: list[Doc], names: list[str], numbered: bool, loop: Any, opening: str) -> Doc:
        parts = grouped(docs, names, loop, numbered=numbered)
        if numbered:
            return Group(opening, parts.docs)
        if parts.whole is not None:
            return Group(opening, (Group("OrderedDict(", (parts.whole,), single=True),), single=True)
        if parts.pairs or not all(name.isidentifier() for name in names):
            return Group(opening, (Group("OrderedDict(", (Group("[", parts.docs, "]"),), single=True),), single=True)
        named = tuple(_keyword(name, doc) for name, doc in zip(names, docs, strict=True))
        return Group(opening, (Group("OrderedDict(", named, exploded=len(named) > 1),), single=True)

    def _optional_items(
        self, items: Sequence[Items], where: list[int], resolver: Resolver, numbered: bool, opening: str
    ) -> Doc:
        """Children that only some instances have: a list of layers that grows."""
        if resolver is not self.arguments:
            raise Unmergeable("children that differ inside a loop")
        by_key = [{entry.key: entry for entry in item.entries} for item in items]
        order = merged_order([list(entries) for entries in by_key])  # type: ignore[misc]
        name = unique("layers", self.names)
        self.names.add(name)
        start = len(self.lines)
        pending: list[Doc] = []
        lines: list[str] = []
        opened = False

        def flush() -> None:
            nonlocal opened
            if not opened:
                kind = "list[nn.Module]" if numbered else "OrderedDict[str, nn.Module]"
                empty = Group("[", tuple(pending), "]") if numbered else Group("OrderedDict(", tuple(pending))
                lines.extend(render(f"{name}: {kind} = ", empty, 8))
                opened = True
            elif pending and numbered:
                if len(pending) == 1:
                    lines.extend(render("", Group(f"{name}.append(", (pending[0],), single=True), 8))
                else:
                    lines.extend(render(f"{name} += ", Group("[", tuple(pending), "]"), 8))
            elif pending:
                lines.extend(render("", Group(f"{name}.update(", tuple(pending)), 8))
            pending.clear()

        for key in order:
            found = [(i, entries[key]) for i, entries in zip(where, by_key, strict=True) if key in entries]
            builds = [entry.build for _, entry in found]
            some = [i for i, _ in found]
            entry = found[0][1]
            if not numbered and not all_same([e.name for _, e in found]):
                raise Unmergeable("children with different names")
            condition = None
            if len(some) < len(where):
                if len(where) < len(self.everywhere):
                    raise Unmergeable("optional children of an optional child")
                everyone = [dict(found).get(i) for i in self.everywhere]
                condition = self._condition(_word(entry) if entry.name.isdigit() else entry.name, entry, everyone)
            before = len(self.lines)
            doc = self.build(builds, some, resolver)
            extra, self.lines = self.lines[before:], self.lines[:before]
            if condition is None:
                lines.extend(extra)
                pending.append(doc if numbered else _keyword(entry.name, doc))
                continue
            flush()
            lines.append(f"        if {condition}:")
            lines.extend(f"    {line}" for line in extra)
            if numbered:
                lines.extend(render("", Group(f"{name}.append(", (doc,), single=True), 12))
            else:
                lines.extend(render(f"{name}[{quoted(entry.name)}] = ", doc, 12))
        flush()
        self.lines[start:start] = []
        self.lines += lines
        return Group(opening, (f"*{name}" if numbered else name,))

    def _loop(self, items: Sequence[Items]) -> Any:
        """Writes a stretch of equal children as a loop over `k`; None if they are not that equal."""
        if not self.alone or len(items) != 1:
            return None
        entries = items[0].entries

        def write(start: int, stop: int) -> tuple[Doc, bool, int] | None:
            origin = loop_start([entry.unit.loops for entry in entries[start:stop]])
            resolver = LoopResolver(stop - start, origin)
            before = len(self.lines)
            try:
                doc = self.build([e.build for e in entries[start:stop]], list(range(stop - start)), resolver)
            except (Unmergeable, Untold, ExpressionError):
                del self.lines[before:]
                return None
            return doc, resolver.used, origin

        return write


def _stretches(entries: Sequence[Entry]) -> dict[object, list[Entry]]:
    """The children by the loop that they come from; a child of none stands alone."""
    found: dict[object, list[Entry]] = {}
    for entry in entries:
        loops = entry.unit.loops
        key = (loops[-1].loop, tuple(s.index for s in loops[:-1]), id(entry.unit.template)) if loops else entry.key
        found.setdefault(key, []).append(entry)
    return found


def _word(entry: Entry) -> str:
    unit = entry.unit
    if isinstance(unit, Node):
        return unit.op.name
    return unit.block or "scope"


def _keyword(name: str, doc: Doc) -> Doc:
    return prefixed(f"{name}=", doc)


def _pair(name: str, doc: Doc) -> Doc:
    return prefixed(f"{quoted(name)}: ", doc)


def _size_name(atom: Atom) -> str:
    return "in_features" if atom.size and atom.name not in ("in_channels", "channels") else (
        "in_channels" if atom.size else atom.name)  # fmt: skip


def _is_default(value: Any, default: str) -> bool:
    from archdsl_torch.text import literal

    return value is UNSET or literal(value) == default


def _node_hint(nodes: Sequence[Node], field: str | None) -> Hint | None:
    template = nodes[0].template
    if any(node.template is not template for node in nodes):
        return None
    return hint_of(template, field, [node.env for node in nodes])


def _element_hints(nodes: Sequence[Node], rank: int) -> list[Hint | None]:
    """The expressions of a shape's sizes, one by one."""
    whole = _node_hint(nodes, "shape")
    if whole is None or not isinstance(whole.expression.tree, SequenceTree):
        return [None] * rank
    return [Hint(Expression("", item), whole.envs) for item in whole.expression.tree.items]


__all__ = ["Constructor", "Plan", "PlanOf", "caller_env", "same"]
