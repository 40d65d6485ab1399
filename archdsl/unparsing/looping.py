"""Runs of rows become `for`: stages of layers, layers of blocks, pairs that come again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final, final

from archdsl.expressions import tree as trees
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Call, Compare, Literal, Name, Tree, literal_of
from archdsl.ops import OPS
from archdsl.shapes import Symbolic
from archdsl.unparsing.parameters import RESERVED
from archdsl.unparsing.pathfinding import INPUT
from archdsl.unparsing.printing import lines_of
from archdsl.unparsing.text_tree import SpecBlock, SpecBody, SpecLoop, SpecNode, SpecRow, WholeSpec
from archdsl.unparsing.turns import Differing, Turns, listed_items, put_columns

LONGEST: Final = 9
"""Rows in a turn, at most."""
LEAST: Final = 4
"""Paths that a `for` in a list stands for."""
SHORT: Final = 60
"""Characters of a table that stands in the line of its `for`, at most."""
_INDICES: Final = ("k", "i", "j", "m", "n", "s", "t", "u")


def fold_loops(text: WholeSpec) -> None:
    """Writes what comes again under `for`: in the blocks, and in the network."""
    tables = text.network.params
    for block in (*text.blocks.values(), text.network):
        taken = {*block.inputs, *block.params, *_names(block.body)}
        block.body = Looper(text.blocks, taken, tables).folded(block.body)


def _names(body: SpecBody) -> Iterator[str]:
    """The names of nodes, which formulas read before those of loops."""
    for row in body.rows:
        if isinstance(row, SpecNode):
            yield (row.name or "").partition(".")[0]
            inner = row.keys.get("nodes")
            yield from _names(inner) if isinstance(inner, SpecBody) else ()


@final
class Looper:
    """Folds the rows of one block or of the network."""

    def __init__(self, blocks: dict[str, SpecBlock], taken: set[str], tables: dict[str, Any]) -> None:
        self._blocks, self._taken, self._tables = blocks, taken, tables

    def folded(self, body: SpecBody) -> SpecBody:
        for row in body.rows:
            if isinstance(row, SpecNode) and isinstance(inner := row.keys.get("nodes"), SpecBody):
                row.keys["nodes"] = self.folded(inner)
        own = {(row.name or "").partition(".")[0] for row in body.rows if isinstance(row, SpecNode)}
        made = SpecBody(self._rows(body.rows, body.listed), body.listed)
        self._count(made, own)
        return made

    def _count(self, body: SpecBody, own: set[str]) -> None:
        """Puts a `for` into lists that end in paths of a scope's own nodes which count up, wherever in it they are."""
        for row in _nodes_of(body.rows):
            paths, inner = row.keys.get("from"), row.keys.get("nodes")
            if isinstance(paths, list):
                row.keys["from"] = self._counted(paths, own)
            if isinstance(inner, SpecBody):
                self._count(inner, own)

    def _counted(self, paths: list[Any], own: set[str]) -> list[Any]:
        target = next(name for name in _INDICES[::-1] if name not in self._taken)
        for start in range(len(paths) - LEAST + 1):
            found = paths[start:]
            if all(isinstance(path, str) and path.partition(".")[0] in own for path in found):
                items = listed_items(found, target, Call("range", (Literal(len(found)),)))
                if items is not None:
                    return [*paths[:start], items]
        return paths

    def _rows(self, rows: list[SpecRow], listed: bool) -> list[SpecRow]:
        signs = [*map(_sign, rows)]
        found: list[SpecRow] = []
        place = 0
        while place < len(rows):
            folded = self._best(rows, signs, place, listed)
            if folded is None:
                found.append(rows[place])
                place += 1
            else:
                found.append(folded[0])
                place += folded[1]
        return found

    def _best(self, rows: list[SpecRow], signs: list[Any], place: int, listed: bool) -> tuple[SpecRow, int] | None:
        """The loop that begins with a row and saves most lines, with how many rows it takes; None where none does."""
        options = sorted(_runs(signs, place), key=lambda run: (-(run[0] * run[1] + run[2] - run[0]), run[0]))
        for period, whole, more in options[:4]:
            for taken in dict.fromkeys((whole, whole - 1)):
                extra = more if taken == whole else 0
                if taken < 2 and not extra:
                    continue
                length = period * taken + extra
                part = rows[place : place + length]
                made = self._loop(part if place else _entered(part, period), period, listed)
                if made is not None:
                    return made, length
        return None

    def _loop(self, rows: Sequence[SpecRow], period: int, listed: bool) -> SpecRow | None:
        turns = [[*rows[start : start + period]] for start in range(0, len(rows), period)]
        missing = period - len(turns[-1])
        index = next(name for name in _INDICES if name not in self._taken and not _reads(rows, name))
        names = {index}
        unified = Turns(len(turns), index, lambda key: self._free(key, names), self._default)
        try:
            made = self._unified(unified, turns, missing, period)
            loop, name, table = self._written(unified, made)
        except Differing:
            return None
        before = len([*lines_of(SpecBody([*rows], listed))])
        after = len([*lines_of(SpecBody([loop], listed))])
        if after + (len(table) + 1 if table else 0) + _burden(unified, made) >= before:
            return None
        if table:
            self._tables[name] = table
        return loop

    def _written(self, turns: Turns, rows: list[SpecRow]) -> tuple[SpecLoop, str, list[Any]]:
        """The loop over its columns, which stand in its line where they are short, else in a table of the file."""
        names, columns = (*turns.columns,), [*turns.columns.values()]
        index = (turns.index,) if turns.counts or not names else ()
        counted = Call("range", (Literal(turns.count),))
        if not names:
            return SpecLoop(index, counted, rows), "", []
        if len(names) == 1:
            over = literal_of(columns[0])
            loop = SpecLoop((*index, *names), Call("enumerate", (over,)) if index else over, rows)
        elif not index:
            loop = SpecLoop(names, literal_of([[*row] for row in zip(*columns, strict=True)]), rows)
        else:
            loop = SpecLoop((*index, *names), Call("zip", (counted, *map(literal_of, columns))), rows)
        if len(to_text(loop.over)) <= SHORT:
            return loop, "", []
        if any(isinstance(value, Symbolic) for column in columns for value in column):
            raise Differing  # a table of the file holds no sizes
        return self._tabled(turns, rows, bool(index))

    def _tabled(self, turns: Turns, rows: list[SpecRow], counted: bool) -> tuple[SpecLoop, str, list[Any]]:
        """The loop over a table of the file: a row for each turn."""
        name = next(name for n in count(1) if (name := f"table_{n}") not in self._tables)
        table: list[Any]
        if len(turns.columns) == 1:
            target, table = next(iter(turns.columns.items()))
        else:
            target = self._free("row", {*turns.columns, turns.index})
            put_columns(rows, {column: trees.Attribute(Name(target), column) for column in turns.columns})
            table = [dict(zip(turns.columns, row, strict=True)) for row in zip(*turns.columns.values(), strict=True)]
        over: Tree = Call("enumerate", (Name(name),)) if counted else Name(name)
        return SpecLoop((turns.index, target) if counted else (target,), over, rows), name, table

    def _unified(self, unified: Turns, turns: list[list[SpecRow]], missing: int, period: int) -> list[SpecRow]:
        """The rows of one turn; those that the last turn does not have are there in the others. Raises Differing."""
        if not missing:
            return unified.rows(turns)
        last = Literal(len(turns) - 1)
        kept = period - missing
        head = unified.rows([turn[:kept] for turn in turns])
        whole = Turns(len(turns) - 1, unified.index, unified.free, unified.default, unified.columns)
        tail = whole.rows([turn[kept:] for turn in turns[:-1]])
        for column in unified.columns.values():
            column.extend([column[-1]] * (len(turns) - len(column)))
        for row in tail:
            if (
                not isinstance(row, SpecNode)
                or "if" in row.keys
                or "value" in row.keys
                or isinstance(row.keys.get("from"), list | dict)
            ):
                raise Differing
            row.keys = {"if": Compare(Name(unified.index), (("<", last),)), **row.keys}
        unified.counts = True
        return [*head, *tail]

    def _free(self, key: str, names: set[str]) -> str:
        base = _COLUMNS.get(key, key) if re.fullmatch(r"[a-z_]\w*", key) else "value"
        base = f"{base}_" if base in RESERVED else base
        options = [base, *(f"{base}_{n}" for n in range(2, 999))]
        name = next(each for each in options if each not in names and each not in self._taken)
        names.add(name)
        return name

    def _default(self, operation: str, key: str) -> Any:
        if operation in self._blocks:
            default = self._blocks[operation].params.get(key)
            return default["default"] if isinstance(default, dict) else default if isinstance(default, Tree) else None
        known = OPS[operation].model_fields.get(key) if operation in OPS else None
        if known is None or known.is_required():
            return None
        default = known.get_default()
        return literal_of(default) if default is None or isinstance(default, int | float) else None


def _burden(turns: Turns, rows: Sequence[SpecRow]) -> int:
    """The lines that a loop must save at least, since it has to be thought through."""
    names = [row.name or "" for row in rows if isinstance(row, SpecNode)]
    steps = 2 * any("$(" in name and "*" in name for name in names)
    steps += turns.told if turns.count == 2 else max(0, turns.told - 2)
    return steps + max(0, len(turns.columns) - 1) + any(isinstance(row, SpecNode) and "if" in row.keys for row in rows)


_COLUMNS: Final = {
    "out_channels": "width",
    "out_features": "width",
    "number": "number",
    "count": "count",
    "name": "name_",
}
"""What columns are called."""


def _nodes_of(rows: Sequence[SpecRow]) -> Iterator[SpecNode]:
    """The nodes of one scope, those under `for` keys, too."""
    for row in rows:
        if isinstance(row, SpecLoop):
            yield from _nodes_of(row.rows)
        else:
            yield row


def _entered(rows: Sequence[SpecRow], period: int) -> Sequence[SpecRow]:
    """Rows of which the first reads what came into the scope, and says so where the next turn's does."""
    first, other = rows[0], rows[period] if period < len(rows) else None
    if not isinstance(first, SpecNode) or not isinstance(other, SpecNode) or "from" in first.keys:
        return rows
    if other.keys.get("from") != INPUT:
        return rows
    return [
        SpecNode(
            first.name,
            {
                key: INPUT if key == "from" else first.keys[key]
                for key in other.keys
                if key == "from" or key in first.keys
            }
            | first.keys,
        ),
        *rows[1:],
    ]


def _runs(signs: Sequence[Any], place: int) -> Iterator[tuple[int, int, int]]:
    """How rows come again from a place on: the rows of a turn, the whole turns, and what is left of one more."""
    for period in range(1, min(LONGEST, len(signs) - place) + 1):
        end = place + period
        while end < len(signs) and signs[end] == signs[end - period]:
            end += 1
        count, more = divmod(end - place, period)
        if count > 1 or (count == 1 and more):
            yield period, count, more
            if more:
                yield period, count, 0


def _sign(row: SpecRow) -> Any:
    """What rows must share to be turns of a loop; a loop of one row is that row."""
    if isinstance(row, SpecLoop):
        return _sign(row.rows[0]) if len(row.rows) == 1 else ("loop", *map(_sign, row.rows))
    name = None if row.name is None else re.sub(r"\d+", "0", row.name)
    operation = row.keys.get("op")
    body = row.keys.get("nodes")
    inner = tuple(map(_sign, body.rows)) if isinstance(body, SpecBody) else None
    source = row.keys.get("from")
    reads = tuple(source) if isinstance(source, dict) else "" if source == INPUT else type(source or "").__name__
    reads = "" if source is None else reads
    return name, operation if isinstance(operation, str) else "", inner, reads, "value" in row.keys, "share" in row.keys


def _reads(rows: Sequence[SpecRow], name: str) -> bool:
    """Whether loops in the rows have the name already."""
    for row in rows:
        if isinstance(row, SpecLoop) and (name in row.targets or _reads(row.rows, name)):
            return True
        if (
            isinstance(row, SpecNode)
            and isinstance(body := row.keys.get("nodes"), SpecBody)
            and _reads(body.rows, name)
        ):
            return True
    return False
