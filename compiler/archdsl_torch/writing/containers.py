"""Sequentials, lists and dicts of children: equal children as loops, optional ones appended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol, TypeVar, final

from archdsl.expressions import ExpressionError
from archdsl.ir.graph import Node
from archdsl_torch.lowering.spelling import is_attribute
from archdsl_torch.lowering.statements import Assign, Effect, If, Statement, assign
from archdsl_torch.lowering.text import all_same, unique
from archdsl_torch.lowering.tree import (
    Breaking,
    Call,
    Code,
    Fixed,
    Global,
    Keywords,
    Many,
    Mapping,
    Method,
    Starred,
    Subscript,
    Tuple,
    Variable,
)
from archdsl_torch.planning.merge import Uneven, Unmergeable, merged_order
from archdsl_torch.planning.outline import Build, Items, Member
from archdsl_torch.writing.arguments import Arguments, Resolver
from archdsl_torch.writing.folding import Untold
from archdsl_torch.writing.runs import Folded, Folding, LoopResolver, RowsResolver, grouped, loop_start, turning

T = TypeVar("T")


class Builder(Protocol):
    """What writes the children themselves."""

    arguments: Arguments
    count: int
    """How many instances the class has."""
    body: list[Statement]
    """The statements of the constructor so far."""

    def build(self, builds: Sequence[Build], where: Sequence[int], resolver: Resolver) -> Code: ...

    def condition(self, name: str, entry: Member, entries: Sequence[Member | None]) -> Code: ...


class Children(NamedTuple):
    """The arguments of a Sequential, and how they break over lines."""

    args: tuple[Code, ...]
    breaking: Breaking = "filled"


@final
class Containers:
    """Writes the containers of one class."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.names: set[str] = set()

    def write(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver) -> Code:
        """The container that several instances have in one place."""
        if not all_same([item.kind for item in items]):
            raise Unmergeable("containers of different kinds")
        if items[0].kind == "Sequential":
            args, breaking = self.sequential(items, where, resolver)
            return Call("nn.Sequential", args, (), breaking)
        names = [entry.name for entry in items[0].entries]
        if any([entry.name for entry in other.entries] != names for other in items):
            raise Unmergeable("containers with different children")
        codes = self._columns(items, where, resolver)
        if items[0].kind == "ModuleDict":
            return Call("nn.ModuleDict", (Mapping(tuple(zip(names, codes, strict=True))),), (), "sole")
        parts = grouped(codes, names, self._fold(items), numbered=True)
        return Call("nn.ModuleList", (parts.whole or Many(parts.codes),), (), "sole")

    def sequential(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver) -> Children:
        """Children that run one after another, as the arguments of a Sequential."""
        numbered = all(item.numbered for item in items)
        names = [entry.name for entry in items[0].entries]
        written: Children | None = None
        if all(_fits(item, names, numbered) for item in items):
            written = self._attempt(lambda: self._all(items, names, where, resolver))
        if written is None and numbered and resolver is self.builder.arguments:
            written = self._attempt(lambda: Children(self._looped(items, where)))
        return written or self._growing(items, where, resolver)

    def _attempt(self, write: Callable[[], T]) -> T | None:
        """What `write` gives; None, and no trace, where it cannot be said so."""
        statements, atoms = len(self.builder.body), len(self.builder.arguments.atoms)
        try:
            return write()
        except (Unmergeable, Untold, ExpressionError):
            del self.builder.body[statements:]
            del self.builder.arguments.atoms[atoms:]
            return None

    # --- children that all instances have -----------------------------------------------------

    def _columns(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver) -> list[Code]:
        places = range(len(items[0].entries))
        return [self.builder.build([o.entries[place].build for o in items], where, resolver) for place in places]

    def _all(self, items: Sequence[Items], names: list[str], where: Sequence[int], resolver: Resolver) -> Children:
        codes = self._columns(items, where, resolver)
        numbered = all(item.numbered for item in items)
        parts = grouped(codes, names, self._fold(items), numbered=numbered)
        if numbered:
            return Children(parts.codes)
        if parts.whole is not None:
            return _ordered((replace(parts.whole, bare=True),))
        if parts.pairs or not all(map(is_attribute, names)):
            return _ordered((Many(parts.codes),))
        named = tuple(zip(names, codes, strict=True))
        return Children((Call("OrderedDict", (), named, "exploded" if len(named) > 1 else "filled"),), "sole")

    def _fold(self, items: Sequence[Items]) -> Folding:
        """Writes a stretch of equal children as a loop over `k`; gives None if they are not that equal."""
        if self.builder.count > 1 or len(items) != 1:
            return None
        entries = items[0].entries

        def fold(start: int, stop: int) -> Folded | None:
            stretch = entries[start:stop]
            origin = loop_start([entry.unit.loops for entry in stretch])
            resolver = LoopResolver(len(stretch), origin)
            builds = [entry.build for entry in stretch]
            code = self._attempt(lambda: self.builder.build(builds, range(len(stretch)), resolver))
            return None if code is None else (code, resolver.used, origin)

        return fold

    # --- loops of several lengths -------------------------------------------------------------

    def _looped(self, items: Sequence[Items], where: Sequence[int]) -> tuple[Code, ...]:
        """Children of loops that turn differently often: `*[Block(width) for _ in range(depth)]`."""
        stretches = [_stretches(item.entries) for item in items]
        if any(list(other) != list(stretches[0]) for other in stretches):
            raise Unmergeable("different loops")
        for item, own in zip(items, stretches, strict=True):
            if [entry for stretch in own.values() for entry in stretch] != list(item.entries):
                raise Unmergeable("a loop whose turns are several children")
        return tuple(self._stretch([own[key] for own in stretches], where) for key in stretches[0])

    def _stretch(self, rows: Sequence[Sequence[Member]], where: Sequence[int]) -> Code:
        arguments = self.builder.arguments
        if all(len(row) == 1 for row in rows):
            return self.builder.build([row[0].build for row in rows], where, arguments)
        counts = [len(row) for row in rows]
        resolver = RowsResolver(counts, where, arguments)
        builds = [entry.build for row in rows for entry in row]
        body = self.builder.build(builds, range(len(builds)), resolver)
        turns = arguments.resolve(counts, where, "depth")
        return Starred(turning(body, turns, resolver.used))

    # --- children that some instances have ----------------------------------------------------

    def _growing(self, items: Sequence[Items], where: Sequence[int], resolver: Resolver) -> Children:
        """A list of layers that grows, one `if` for each child that only some instances have."""
        if resolver is not self.builder.arguments or len(where) < len(self.builder.arguments.scopes):
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
        self.builder.body += growing.finished()
        return Children((Starred(Variable(name)) if numbered else Variable(name),))

    def _grow(self, growing: _Growing, entries: Sequence[Member | None]) -> None:
        where = [i for i, entry in enumerate(entries) if entry is not None]
        found = [entry for entry in entries if entry is not None]
        if not growing.numbered and not all_same([entry.name for entry in found]):
            raise Unmergeable("children with different names")
        condition = None
        if len(found) < len(entries):
            site = found[0].unit.site
            if found[0].unit.loops and (site is None or site.condition is None):
                raise Uneven("loops of different lengths, whose turns differ")
            condition = self.builder.condition(_word(found[0]), found[0], entries)
        before = len(self.builder.body)
        code = self.builder.build([entry.build for entry in found], where, self.builder.arguments)
        extra = self.builder.body[before:]
        del self.builder.body[before:]
        growing.add(found[0].name, code, extra, condition)


@final
class _Growing:
    """The statements that fill a list, or an ordered dict, of layers."""

    def __init__(self, name: str, numbered: bool) -> None:
        self.layers = Variable(name)
        self.numbered = numbered
        self.body: list[Statement] = []
        self.pending: list[tuple[str, Code]] = []
        self.opened = False

    def add(self, child: str, code: Code, extra: Sequence[Statement], condition: Code | None) -> None:
        """One more child, under a condition or always, after the statements that it needs."""
        if condition is None:
            self.body += extra
            self.pending.append((child, code))
            return
        self._flush()
        if self.numbered:
            more: Statement = Effect(Method(self.layers, "append", (code,), (), "sole"))
        else:
            more = assign(Subscript(self.layers, (Fixed(child),)), code)
        self.body.append(If(((condition, (*extra, more)),)))

    def finished(self) -> list[Statement]:
        self._flush()
        return self.body

    def _flush(self) -> None:
        waiting = tuple(self.pending)
        self.pending.clear()
        if not self.opened:
            self.opened = True
            self.body.append(self._opening(waiting))
        elif waiting:
            self.body.append(self._more(waiting))

    def _opening(self, waiting: Keywords) -> Statement:
        module = Global("nn.Module")
        if self.numbered:
            kind = Subscript(Global("list"), (module,))
            return Assign((self.layers,), (_listed(waiting),), annotation=kind)
        kind = Subscript(Global("OrderedDict"), (Global("str"), module))
        return Assign((self.layers,), (Call("OrderedDict", *_named(waiting)),), annotation=kind)

    def _more(self, waiting: Keywords) -> Statement:
        if not self.numbered:
            return Effect(Method(self.layers, "update", *_named(waiting)))
        if len(waiting) == 1:
            return Effect(Method(self.layers, "append", (waiting[0][1],), (), "sole"))
        return Assign((self.layers,), (_listed(waiting),), "+=")


def _listed(children: Keywords) -> Code:
    return Many(tuple(code for _, code in children))


def _named(children: Keywords) -> tuple[tuple[Code, ...], Keywords]:
    """The arguments of an OrderedDict, of keywords or of pairs: a child's name need not be a keyword's."""
    if all(is_attribute(name) for name, _ in children):
        return (), children
    return (Many(tuple(Tuple((Fixed(name), code)) for name, code in children)),), ()


def _fits(item: Items, names: list[str], numbered: bool) -> bool:
    own = [entry.name for entry in item.entries]
    return len(own) == len(names) if numbered else own == names


def _ordered(children: tuple[Code, ...]) -> Children:
    """The sole argument of a Sequential whose children have names."""
    return Children((Call("OrderedDict", children, (), "sole"),), "sole")


def _stretches(entries: Sequence[Member]) -> dict[object, list[Member]]:
    """The children by the loop that they come from; a child of none stands alone."""
    found: dict[object, list[Member]] = {}
    for entry in entries:
        loops = entry.unit.loops
        outer = tuple(step.index for step in loops[:-1])
        key = (loops[-1].loop, outer, entry.unit.site) if loops else entry.key
        found.setdefault(key, []).append(entry)
    return found


def _word(entry: Member) -> str:
    """What a child without a name is called."""
    if not entry.name.isdigit():
        return entry.name
    unit = entry.unit
    return unit.op.name if isinstance(unit, Node) else unit.block or "scope"
