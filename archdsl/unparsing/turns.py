"""Rows that are alike but for numbers, as the turns of one `for`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from archdsl.expressions import tree as trees
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Call, Choice, Literal, Name, Tree
from archdsl.expressions.walking import children, rebuild, substitute
from archdsl.text.alike import same
from archdsl.unparsing import series
from archdsl.unparsing.text_tree import SpecBody, SpecItems, SpecLoop, SpecNode, SpecRow, rewrite

_NUMBER: Final = re.compile(r"(?<![\w.$])\d+(?=[.\w]|$)|(?<=[A-Za-z_.\-])\d+")
_PATHS: Final = frozenset(("from", "share", "else", "name", "tie", "order", "pattern", "names", "index", "equation"))
"""Keys whose texts are no words that a table would hold."""
_EXACT: Final = frozenset(("init", "note", "was"))
"""Keys whose texts say no paths and names."""

FORMULA: Final = "formula"
"""The key of a formula, in which names are paths."""
Default = Callable[[str, str], Any]
"""What an op or block takes for a field that is not written, as a tree; None where it says none."""


class Differing(Exception):
    """Rows are no turns of one loop."""


@final
@dataclass
class Turns:
    """Turns that become one: what differs from turn to turn, and by which names it is told."""

    count: int
    index: str
    free: Callable[[str], str]
    """A name like the one given, that nothing else has here."""
    default: Default
    columns: dict[str, list[Any]] = field(default_factory=dict)
    counts: bool = False
    """Whether something reads the turn's number."""
    told: int = 0
    """How many values, beside those in names and paths, it tells."""

    def rows(self, turns: Sequence[Sequence[SpecRow]]) -> list[SpecRow]:
        """The rows of one turn. Raises Differing."""
        return [self._row(alike) for alike in zip(*turns, strict=True)]

    def _row(self, rows: Sequence[SpecRow]) -> SpecRow:
        if any(isinstance(row, SpecLoop) for row in rows):
            return self._loop([row if isinstance(row, SpecLoop) else None for row in rows], rows)
        nodes = [row for row in rows if isinstance(row, SpecNode)]
        name = None if nodes[0].name is None else self._text([node.name or "" for node in nodes], "name")
        return SpecNode(name, self._keys([node.keys for node in nodes]))

    def _loop(self, loops: Sequence[SpecLoop | None], rows: Sequence[SpecRow]) -> SpecLoop:
        """Loops of which some take one turn, and are not written as such."""
        model = next(loop for loop in loops if loop is not None)
        if len(model.rows) != 1 and None in loops:
            raise Differing
        whole = [loop or SpecLoop(model.targets, _once(model), [row]) for loop, row in zip(loops, rows, strict=True)]
        if any(loop.targets != model.targets or len(loop.rows) != len(model.rows) for loop in whole):
            raise Differing
        over = self._tree([loop.over for loop in whole], "count")
        return SpecLoop(model.targets, over, self.rows([loop.rows for loop in whole]))

    def _keys(self, alike: Sequence[dict[str, Any]]) -> dict[str, Any]:
        order = [*dict.fromkeys(key for keys in alike for key in keys)]
        if any([key for key in order if key in keys] != [*keys] for keys in alike):
            order = [*max(alike, key=len)]
            if any(key not in order for keys in alike for key in keys):
                raise Differing
        operation = alike[0].get("op")
        return {
            key: self._value(
                [self._given(keys, key, operation) for keys in alike],
                FORMULA if key == "value" and operation is None else key,
            )
            for key in order
        }

    def _given(self, keys: dict[str, Any], key: str, operation: Any) -> Any:
        """A key's value; where it is not written, what the op or block takes for it. Raises Differing."""
        if key in keys:
            return keys[key]
        if key == "if":
            return Literal(True)
        default = self.default(operation, key) if isinstance(operation, str) else None
        if default is None:
            raise Differing
        return default

    def _value(self, values: Sequence[Any], key: str) -> Any:
        first = values[0]
        if any(type(value) is not type(first) for value in values) and not all(isinstance(v, Tree) for v in values):
            raise Differing
        if isinstance(first, SpecBody):
            return self._body(values)
        if isinstance(first, SpecItems):
            over = self._tree([value.over for value in values], "count")
            return SpecItems(first.target, over, self._text([value.item for value in values], key))
        if isinstance(first, dict):
            if any([*value] != [*first] for value in values):
                raise Differing
            return {name: self._value([value[name] for value in values], key) for name in first}
        if isinstance(first, list):
            if any(len(value) != len(first) for value in values):
                return self._grown(values)
            return [self._value(each, key) for each in zip(*values, strict=True)]
        if isinstance(first, str):
            return self._text(values, key)
        return self._tree(values, key)

    def _grown(self, lists: Sequence[list[Any]]) -> list[Any]:
        """Lists of which each has one item more than the one before. Raises Differing."""
        first, last = lists[0], lists[-1]
        if any(found != last[: len(first) + place] for place, found in enumerate(lists)):
            raise Differing
        more = last[len(first) :]
        items = listed_items(more, self.free("j"), Call("range", (Name(self.index),)))
        if len(more) < 2 or items is None:
            raise Differing
        self.counts = True
        return [*first, items]

    def _body(self, bodies: Sequence[SpecBody]) -> SpecBody:
        first = bodies[0]
        if any(body.listed != first.listed or len(body.rows) != len(first.rows) for body in bodies):
            raise Differing
        return SpecBody(self.rows([body.rows for body in bodies]), first.listed)

    def text(self, values: Sequence[str]) -> str:
        """Paths as one. Raises Differing."""
        return self._text(values, "from")

    def _text(self, values: Sequence[str], key: str) -> str:
        """Texts that differ in numbers, or a column of texts."""
        if all(value == values[0] for value in values):
            return values[0]
        if key in _EXACT or any("$" in value for value in values):
            raise Differing
        parts = [_NUMBER.split(value) for value in values]
        if any(part != parts[0] for part in parts):
            if key in _PATHS:
                raise Differing
            return _spelled(self._told(values, "act" if key == "op" else key))
        numbers = [[*map(int, _NUMBER.findall(value))] for value in values]
        if any(str(n) not in value for value, found in zip(values, numbers, strict=True) for n in found):
            raise Differing
        made = parts[0][0]
        for place, rest in enumerate(parts[0][1:]):
            column = [found[place] for found in numbers]
            tree = self._told(column, "number")
            text = str(tree.value) if isinstance(tree, Literal) else _spelled(tree, rest)
            made += text + rest
        return made

    def _tree(self, values: Sequence[Tree], key: str) -> Tree:
        first = values[0]
        if all(value == first for value in values):
            return first
        model = next((value for value in values if isinstance(value, Choice)), None)
        if model is not None:
            values = [value if isinstance(value, Choice) else Choice(model.condition, value, value) for value in values]
            first = values[0]
        literals = [value.value for value in values if isinstance(value, Literal)]
        if len(literals) == len(values):
            return self._told(literals, key)
        names = [value.name for value in values if isinstance(value, Name)]
        if len(names) == len(values) and key == FORMULA:
            return Name(self._text(names, "name"))
        lists = [plain for value in values if (plain := _plain(value)) is not None]
        if len(lists) == len(values) and len({*map(len, lists)}) > 1:
            return self._column(lists, key)
        if any(_shape(value) != _shape(first) for value in values):
            raise Differing
        below = iter([self._tree(alike, key) for alike in zip(*map(children, values), strict=True)])
        return rebuild(first, lambda child: next(below))

    def _told(self, values: Sequence[Any], key: str) -> Tree:
        if None in values:
            raise Differing
        tree = series.told(values, self.index)
        if tree is None:
            return self._column(values, key)
        self.counts = self.counts or not isinstance(tree, Literal)
        self.told += key != "number" and not isinstance(tree, Literal)
        return tree

    def _column(self, values: Sequence[Any], key: str) -> Tree:
        for name, known in self.columns.items():
            if all(map(same, known, values)):
                return Name(name)
        name = self.free(key)
        self.columns[name] = [*values]
        return Name(name)


def listed_items(paths: Sequence[Any], target: str, over: Tree) -> SpecItems | None:
    """Paths that differ in a number which counts up, as a `for` in a list; None where they do not."""
    if not all(isinstance(path, str) for path in paths):
        return None
    turns = Turns(len(paths), target, lambda key: key, lambda operation, key: None)
    try:
        item = turns.text(paths)
    except Differing:
        return None
    return None if turns.columns or not turns.counts else SpecItems(target, over, item)


def _once(model: SpecLoop) -> Tree:
    """The range of one turn, where the others have ranges. Raises Differing."""
    over = model.over
    if not isinstance(over, trees.Call) or over.function != "range":
        raise Differing
    return trees.Call("range", (Literal(1),))


def _plain(tree: Tree) -> list[Any] | None:
    """The value of a list of numbers; None for any other tree."""
    items = tree.items if isinstance(tree, trees.Sequence) else ()
    numbers = [item.value for item in items if isinstance(item, Literal)]
    return numbers if items and len(numbers) == len(items) else None


def _shape(tree: Tree) -> Any:
    """What trees must share to be unified by their parts."""
    said = tuple(getattr(tree, key) for key in ("sign", "function", "word", "kind") if hasattr(tree, key))
    if isinstance(tree, Literal | Name | trees.Comprehension | trees.Slice):
        return tree
    signs = tuple(sign for sign, _ in tree.rest) if isinstance(tree, trees.Compare) else ()
    column = tree.name if isinstance(tree, trees.Attribute) else ""
    return type(tree), said, signs, column, len(children(tree))


def _spelled(tree: Tree, rest: str = "") -> str:
    """An expression in a text, before what follows it there."""
    simple = isinstance(tree, Name) and not re.match(r"\w", rest)
    return f"${to_text(tree)}" if simple else f"$({to_text(tree)})"


def put_columns(rows: Sequence[SpecRow], columns: Mapping[str, Tree]) -> None:
    """Says columns of a table otherwise: `row.width` for `width`."""
    rewrite(rows, lambda value: _put(value, columns))


def _put(value: str | Tree, columns: Mapping[str, Tree]) -> str | Tree:
    return _put_text(value, columns) if isinstance(value, str) else _put_tree(substitute(value, columns), columns)


def _put_tree(tree: Tree, columns: Mapping[str, Tree]) -> Tree:
    """Names of a formula are paths, in which columns stand as in text."""
    if isinstance(tree, Name):
        return Name(_put_text(tree.name, columns))
    return rebuild(tree, lambda child: _put_tree(child, columns))


def _put_text(text: str, columns: Mapping[str, Tree]) -> str:
    for name, tree in columns.items():
        text = re.sub(rf"\$\({name}\)|\${name}(?!\w)", f"$({to_text(tree)})", text)
    return text
