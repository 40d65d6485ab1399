"""Sequentials, lists and dicts of children: equal children as loops, optional ones appended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, final

from archdsl.expressions import ExpressionError
from archdsl.graph import Node
from archdsl_torch.arguments import Arguments, Resolver
from archdsl_torch.folding import Untold
from archdsl_torch.merge import Uneven, Unmergeable, merged_order
from archdsl_torch.outline import Build, Entry, Items
from archdsl_torch.runs import Loop, LoopResolver, RowsResolver, grouped, loop_start
from archdsl_torch.spelling import child_of, is_attribute, keyword, literal
from archdsl_torch.text import Doc, Group, Operation, all_same, prefixed, render, unique

T = TypeVar("T")


class Builder(Protocol):
    """What writes the children themselves."""

    arguments: Arguments
    count: int
    """How many instances the class has."""
    lines: list[str]
    """The statements of the constructor so far."""

    def build(self, builds: Sequence[Build], where: Sequence[int], resolver: Resolver) -> Doc: ...

    def condition(self, name: str, entry: Entry, entries: Sequence[Entry | None]) -> str: ...


@final
class Containers:
    """Writes the containers of one class."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.names: set[str] = set()

    def write(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver) -> Doc:
        """The container that several instances have in one place."""
        if not all_same([item.kind for item in items]):
            raise Unmergeable("containers of different kinds")
        if items[0].kind == "Sequential":
            return self.sequential(items, where, resolver, "nn.Sequential(")
        names = [entry.name for entry in items[0].entries]
        if any([entry.name for entry in other.entries] != names for other in items):
            raise Unmergeable("containers with different children")
        docs = self._columns(items, where, resolver)
        if items[0].kind == "ModuleDict":
            pairs = tuple(prefixed(f"{literal(name)}: ", doc) for name, doc in zip(names, docs, strict=True))
            return Group("nn.ModuleDict(", (Group("{", pairs, "}"),), single=True)
        parts = grouped(docs, names, self._loop(items), numbered=True)
        inner = Group("[", parts.docs, "]") if parts.whole is None else parts.whole
        return Group("nn.ModuleList(", (inner,), single=True)

    def sequential(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver, opening: str) -> Group:
        """Children that run one after another, as the arguments of `opening`."""
        numbered = all(item.numbered for item in items)
        names = [entry.name for entry in items[0].entries]
        written: Group | None = None
        if all(_fits(item, names, numbered) for item in items):
            written = self._attempt(lambda: self._all(items, names, where, resolver, opening))
        if written is None and numbered and resolver is self.builder.arguments:
            written = self._attempt(lambda: Group(opening, self._looped(items, where)))
        return written or self._growing(items, where, resolver, opening)

    def _attempt(self, write: Callable[[], T]) -> T | None:
        """What `write` gives; None, and no trace, where it cannot be said so."""
        lines, atoms = len(self.builder.lines), len(self.builder.arguments.atoms)
        try:
            return write()
        except (Unmergeable, Untold, ExpressionError):
            del self.builder.lines[lines:]
            del self.builder.arguments.atoms[atoms:]
            return None

    # --- children that all instances have -----------------------------------------------------

    def _columns(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver) -> list[Doc]:
        places = range(len(items[0].entries))
        return [self.builder.build([o.entries[place].build for o in items], where, resolver) for place in places]

    def _all(
        self, items: Sequence[Items], names: list[str], where: Sequence[int], resolver: Resolver, opening: str
    ) -> Group:
        docs = self._columns(items, where, resolver)
        numbered = all(item.numbered for item in items)
        parts = grouped(docs, names, self._loop(items), numbered=numbered)
        if numbered:
            return Group(opening, parts.docs)
        if parts.whole is not None:
            return _ordered(opening, Group("OrderedDict(", (parts.whole,), single=True))
        if parts.pairs or not all(map(is_attribute, names)):
            return _ordered(opening, Group("OrderedDict(", (Group("[", parts.docs, "]"),), single=True))
        named = tuple(prefixed(keyword(name), doc) for name, doc in zip(names, docs, strict=True))
        return _ordered(opening, Group("OrderedDict(", named, exploded=len(named) > 1))

    def _loop(self, items: Sequence[Items]) -> Loop:
        """Writes a stretch of equal children as a loop over `k`; gives None if they are not that equal."""
        if self.builder.count > 1 or len(items) != 1:
            return None
        entries = items[0].entries

        def write(start: int, stop: int) -> tuple[Doc, bool, int] | None:
            stretch = entries[start:stop]
            origin = loop_start([entry.unit.loops for entry in stretch])
            resolver = LoopResolver(len(stretch), origin)
            builds = [entry.build for entry in stretch]
            doc = self._attempt(lambda: self.builder.build(builds, range(len(stretch)), resolver))
            return None if doc is None else (doc, resolver.used, origin)

        return write

    # --- loops of several lengths -------------------------------------------------------------

    def _looped(self, items: Sequence[Items], where: Sequence[int]) -> tuple[Doc, ...]:
        """Children of loops that turn differently often: `*[Block(width) for _ in range(depth)]`."""
        stretches = [_stretches(item.entries) for item in items]
        if any(list(other) != list(stretches[0]) for other in stretches):
            raise Unmergeable("different loops")
        for item, own in zip(items, stretches, strict=True):
            if [entry for stretch in own.values() for entry in stretch] != list(item.entries):
                raise Unmergeable("a loop whose turns are several children")
        return tuple(self._stretch([own[key] for own in stretches], where) for key in stretches[0])

    def _stretch(self, rows: Sequence[Sequence[Entry]], where: Sequence[int]) -> Doc:
        arguments = self.builder.arguments
        if all(len(row) == 1 for row in rows):
            return self.builder.build([row[0].build for row in rows], where, arguments)
        counts = [len(row) for row in rows]
        resolver = RowsResolver(counts, where, arguments)
        builds = [entry.build for row in rows for entry in row]
        body = self.builder.build(builds, range(len(builds)), resolver)
        turns = arguments.resolve(counts, where, "depth")
        loop = Operation((body, f"{'k' if resolver.used else '_'} in range({turns})"), "for")
        return Group("*[", (loop,), "]", single=True)

    # --- children that some instances have ----------------------------------------------------

    def _growing(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver, opening: str) -> Group:
        """A list of layers that grows, one `if` for each child that only some instances have."""
        if resolver is not self.builder.arguments or len(where) < self.builder.count:
            raise Unmergeable("optional children of an optional child")
        numbered = all(item.numbered for item in items)
        arguments = self.builder.arguments
        given = {*arguments.scopes[0].arguments, *(atom.name for atom in arguments.atoms)}
        name = unique("layers", self.names | given)
        self.names.add(name)
        growing = _Growing(name, numbered)
        by_key = [{entry.key: entry for entry in item.entries} for item in items]
        for key in merged_order([list(entries) for entries in by_key]):
            self._grow(growing, [entries.get(key) for entries in by_key])
        self.builder.lines += growing.finished()
        return Group(opening, (f"*{name}" if numbered else name,))

    def _grow(self, growing: _Growing, entries: Sequence[Entry | None]) -> None:
        where = [i for i, entry in enumerate(entries) if entry is not None]
        found = [entry for entry in entries if entry is not None]
        if not growing.numbered and not all_same([entry.name for entry in found]):
            raise Unmergeable("children with different names")
        condition = None
        if len(found) < len(entries):
            if found[0].unit.loops and getattr(found[0].unit.template, "condition", None) is None:
                raise Uneven("loops of different lengths, whose turns differ")
            condition = self.builder.condition(_word(found[0]), found[0], entries)
        before = len(self.builder.lines)
        doc = self.builder.build([entry.build for entry in found], where, self.builder.arguments)
        extra = self.builder.lines[before:]
        del self.builder.lines[before:]
        growing.add(found[0].name, doc, extra, condition)


@final
class _Growing:
    """The statements that fill a list, or an ordered dict, of layers."""

    def __init__(self, name: str, numbered: bool) -> None:
        self.name = name
        self.numbered = numbered
        self.lines: list[str] = []
        self.pending: list[Doc] = []
        self.opened = False

    def add(self, child: str, doc: Doc, extra: Sequence[str], condition: str | None) -> None:
        """One more child, under a condition or always, after the statements that it needs."""
        if condition is None:
            self.lines += extra
            self.pending.append(doc if self.numbered else prefixed(keyword(child), doc))
            return
        self._flush()
        self.lines.append(f"        if {condition}:")
        self.lines += [f"    {line}" for line in extra]
        if self.numbered:
            self.lines += render("", Group(f"{self.name}.append(", (doc,), single=True), 12)
        else:
            self.lines += render(f"{child_of(self.name, child)} = ", doc, 12)

    def finished(self) -> list[str]:
        self._flush()
        return self.lines

    def _flush(self) -> None:
        waiting = tuple(self.pending)
        self.pending.clear()
        if not self.opened:
            self.opened = True
            kind = "list[nn.Module]" if self.numbered else "OrderedDict[str, nn.Module]"
            first = Group("[", waiting, "]") if self.numbered else Group("OrderedDict(", waiting)
            self.lines += render(f"{self.name}: {kind} = ", first, 8)
        elif waiting and not self.numbered:
            self.lines += render("", Group(f"{self.name}.update(", waiting), 8)
        elif len(waiting) == 1:
            self.lines += render("", Group(f"{self.name}.append(", waiting, single=True), 8)
        elif waiting:
            self.lines += render(f"{self.name} += ", Group("[", waiting, "]"), 8)


def _fits(item: Items, names: list[str], numbered: bool) -> bool:
    own = [entry.name for entry in item.entries]
    return len(own) == len(names) if numbered else own == names


def _ordered(opening: str, children: Group) -> Group:
    return Group(opening, (children,), single=True)


def _stretches(entries: Sequence[Entry]) -> dict[object, list[Entry]]:
    """The children by the loop that they come from; a child of none stands alone."""
    found: dict[object, list[Entry]] = {}
    for entry in entries:
        loops = entry.unit.loops
        outer = tuple(step.index for step in loops[:-1])
        key = (loops[-1].loop, outer, id(entry.unit.template)) if loops else entry.key
        found.setdefault(key, []).append(entry)
    return found


def _word(entry: Entry) -> str:
    """What a child without a name is called."""
    if not entry.name.isdigit():
        return entry.name
    unit = entry.unit
    return unit.op.name if isinstance(unit, Node) else unit.block or "scope"
