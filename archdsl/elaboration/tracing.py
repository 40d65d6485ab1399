"""Where the values that an expression reads are written: a wrong one is shown where it is used and where it stands.

An `Env` says with its `source` what its names come from: a file, or what `archdsl.elaboration.sources` holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from archdsl.document.overrides import is_declared
from archdsl.document.positions import Path
from archdsl.document.substitution import Text, parse_text
from archdsl.elaboration.sources import BlockUse, Own, Turn
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Attribute, Call, Comprehension, Name, Subscript, Tree
from archdsl.expressions.walking import children, free_names
from archdsl.faults.fault import Cause, FollowOn, Note
from archdsl.text.lookalikes import meant
from archdsl.text.spelled import kind_of, spelled

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.faults.fault import Span
    from archdsl.ir.graph import Env


MOST_NOTES: Final = 4
MOST_STEPS: Final = 4
"""Arguments and derived values that are followed from one to the next."""
_SHOWN: Final = 40
_NOTHING: Final[Any] = object()


class Origin(NamedTuple):
    """Where a value is written; `given` says that the call set another one in its place."""

    home: Resolved
    path: Path
    given: bool = False
    key: bool = False
    """The key of that path gives the value, as that of a `for` gives its variables theirs."""

    @property
    def span(self) -> Span:
        return self.home.key_span(self.path) if self.key else self.home.span(self.path)


class Read(NamedTuple):
    """A value that an expression reads, by the text that reads it."""

    text: str
    value: Any
    origin: Origin

    @property
    def note(self) -> Note:
        return self.note_from(self.origin.home.file)

    def note_from(self, file: str) -> Note:
        """The note in a message about a file: others are named."""
        if self.origin.given:
            return Cause(self.text, _shown(self.value), "given by the call")
        span = self.origin.span
        where = "" if span.file == file else f" of {span.file}"
        return Cause(self.text, _shown(self.value), f"line {span.line}{where}")


def reads(value: Any, env: Env) -> list[Read]:
    """What a prepared value or a tree reads from parameters, derived values and tables, each once."""
    found: dict[str, Read] = {}
    for tree in _trees(value):
        for part in _chains(tree, env):
            text = to_text(part)
            origin = _origin(part, env)
            if text not in found and origin is not None and (value := _value(part, env)) is not _NOTHING:
                found[text] = Read(text, value, origin)
    return list(found.values())[:MOST_NOTES]


def turns(raw: Any, env: Env) -> Iterator[Read]:
    """The loop variables that written paths read."""
    if isinstance(raw, dict | list):
        for item in raw.values() if isinstance(raw, dict) else raw:
            yield from turns(item, env)
    elif isinstance(raw, str) and "$" in raw:
        with suppress(ExpressionError):
            found = reads(parse_text(raw), env)
            yield from (read for read in found if read.origin.key)


def sources(value: Any, env: Env, depth: int = MOST_STEPS) -> list[Read]:
    """What a value reads, and what the arguments, derived values and loops read that give it those, outermost last.

    Single values alone: of a table the row that is read is told.
    """
    single = [read for read in reads(value, env) if _is_single(read.value)]
    found = {read.origin.path: read for read in single}
    if depth:
        for tree in _trees(value):
            for name in sorted(free_names(tree)):
                for given, around in _givers(name, env):
                    for read in sources(given, around, depth - 1):
                        found.setdefault(read.origin.path, read)
    return list(found.values())


def _is_single(value: Any) -> bool:
    """Whether a value is one, or a row of numbers."""
    if isinstance(value, list | tuple):
        return all(isinstance(item, int | float) for item in value)
    return not isinstance(value, dict)


def _givers(name: str, env: Env) -> Iterator[tuple[Any, Env]]:
    """The expression that gives a name its value, with the names that it sees."""
    around: Env | None = env
    while around is not None and name not in around.names:
        around = around.parent
    source = None if around is None else around.source
    if around is None or around.names[name].kind == "dim":
        return
    if isinstance(source, Turn):
        if source.loop.iterable is not None and around.parent is not None:
            yield source.loop.iterable, around.parent
    elif isinstance(source, BlockUse):
        written = None if source.node is None else source.node.written.get(name)
        if name in source.block.let:
            yield from _parsed(source.block.let[name], around)
        elif written is not None:
            yield from _parsed(written.value, source.env)
    elif isinstance(source, Own):
        yield from _parsed(source.node.let[name].value, around)
    elif source is not None and around.names[name].kind == "let":
        yield from _parsed((source.document.let or {}).get(name), around)


def _parsed(raw: Any, env: Env) -> Iterator[tuple[Any, Env]]:
    if isinstance(raw, list):
        for item in raw:
            yield from _parsed(item, env)
    elif isinstance(raw, str):
        try:
            yield parse(raw.removeprefix("$")), env
        except ExpressionError:
            return


def quotes_hint(found: list[Read]) -> str | None:
    """For a number or truth that is written as text."""
    for read in found:
        value = meant(read.value) if isinstance(read.value, str) else None
        if value not in (None, "null"):
            key = read.origin.path[-1]
            where = f"`{key}: {value}`" if isinstance(key, str) and key != "default" else f"`{value}`"
            return f"remove the quotes: {where}" if value == read.value else f"`{read.value}` is text: write {where}"
    return None


def _trees(value: Any) -> Iterator[Tree]:
    if isinstance(value, Expression):
        yield value.tree
    elif isinstance(value, Text):
        yield from (part.expression.tree for part in value.parts if part.expression is not None)
    elif isinstance(value, tuple):
        for item in value:
            yield from _trees(item)
    elif hasattr(value, "start"):
        yield value


def _chains(tree: Tree, env: Env) -> Iterator[Tree]:
    """The names of a tree with the columns and items that are read of them, as far as they have values."""
    if isinstance(tree, Name) or (_head(tree) is not None and _value(tree, env) is not _NOTHING):
        yield tree
        return
    for child in children(tree):
        yield from _chains(child, env)


def _head(tree: Tree) -> str | None:
    while isinstance(tree, Attribute | Subscript):
        tree = tree.value
    return tree.name if isinstance(tree, Name) else None


def _value(tree: Tree, env: Env) -> Any:
    try:
        return Expression("", tree).evaluate(env)
    except (ExpressionError, FollowOn):
        return _NOTHING


def _origin(tree: Tree, env: Env) -> Origin | None:
    """Where the value of a chain is written; None where that is not known."""
    if isinstance(tree, Name):
        return _name(tree.name, env)
    if isinstance(tree, Attribute):
        return _inside(_origin(tree.value, env), tree.name)
    if isinstance(tree, Subscript):
        index = _value(tree.index, env)
        return _inside(_origin(tree.value, env), index) if isinstance(index, int | str) else None
    return None


def _inside(origin: Origin | None, *steps: str | int) -> Origin | None:
    if origin is None:
        return None
    section, name, *rest = path = (*origin.path, *steps)
    said = ".".join(map(str, (name, *(rest[1:] if rest[:1] == ["default"] else rest))))
    return origin._replace(path=path, given=origin.given or (section == "params" and said in origin.home.overrides))


def _home(name: str, env: Env) -> Env | None:
    """The names among which one is given its value; None for a dimension, which the inputs give."""
    around: Env | None = env
    while around is not None and name not in around.names:
        around = around.parent
    return None if around is None or around.names[name].kind == "dim" else around


def origin_of(name: str, env: Env) -> Origin | None:
    """Where a name is given its value: its own line, even where that is another name."""
    around = _home(name, env)
    if around is None:
        return None
    if isinstance(around.source, BlockUse):
        section = "let" if name in around.source.block.let else "params"
        return Origin(around.source.block.home, (*around.source.block.path, section, name))
    if isinstance(around.source, Turn):
        return _loop(around.source)
    if isinstance(around.source, Own):
        return Origin(around.source.node.home, around.source.node.let[name].path)
    if around.source is None:
        return None
    section = "let" if around.names[name].kind == "let" else "params"
    return Origin(around.source, (section, name), name in around.source.overrides)


def _name(name: str, env: Env) -> Origin | None:
    around = _home(name, env)
    if around is None:
        return None
    if isinstance(around.source, Turn):
        return _element(name, around.source, around.parent) or _loop(around.source)
    if isinstance(around.source, BlockUse):
        return _argument(name, around.source, around)
    if isinstance(around.source, Own):
        written = around.source.node.let[name]
        return _written(around.source.node.home, written.path, written.value, around)
    return _of_file(name, around.source, around)


def _of_file(name: str, home: Resolved | None, env: Env) -> Origin | None:
    if home is None:
        return None
    if env.names[name].kind == "let":
        return _written(home, ("let", name), (home.document.let or {}).get(name), env)
    return _parameter(home, ("params", name), (home.document.params or {}).get(name), name in home.overrides)


def _argument(name: str, use: BlockUse, env: Env) -> Origin | None:
    if name in use.block.let:
        return _written(use.block.home, (*use.block.path, "let", name), use.block.let[name], env)
    written = None if use.node is None else use.node.written.get(name)
    if use.node is not None and written is not None:
        return _written(use.node.home, written.path, written.value, use.env)
    return _parameter(use.block.home, (*use.block.path, "params", name), use.block.params.get(name), False)


def _parameter(home: Resolved, path: Path, raw: Any, given: bool) -> Origin:
    return Origin(home, (*path, "default") if is_declared(raw) else path, given)


def _written(home: Resolved, path: Path, raw: Any, env: Env) -> Origin:
    """A value that is only the name of another one is written where that is."""
    try:
        tree = parse(raw.removeprefix("$")).tree if isinstance(raw, str) else None
    except ExpressionError:
        tree = None
    further = _origin(tree, env) if tree is not None and _head(tree) not in (None, path[-1]) else None
    return further or Origin(home, path)


def _loop(turn: Turn) -> Origin:
    return Origin(turn.loop.home, turn.loop.path, key=True)


def _element(name: str, turn: Turn, env: Env | None) -> Origin | None:
    """Where the element of a list stands that a loop variable is in this turn."""
    tree = None if turn.loop.iterable is None else turn.loop.iterable.tree
    targets = turn.loop.targets
    if not isinstance(tree, Comprehension) or env is None or name not in targets:
        return None
    source, place = tree.loops[0].iterable, targets.index(name)
    if isinstance(source, Call) and source.function == "enumerate" and len(targets) == 2:
        return _inside(_origin(source.arguments[0], env), turn.number) if place == 1 else None
    if isinstance(source, Call) and source.function == "zip" and len(targets) == len(source.arguments):
        return _inside(_origin(source.arguments[place], env), turn.number)
    return _inside(_origin(source, env), turn.number, *((place,) if len(targets) > 1 else ()))


def _shown(value: Any) -> str:
    if isinstance(value, str) or value is None:
        return kind_of(value)
    text = spelled(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
