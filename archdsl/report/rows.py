"""The rows of a summary: the tree of modules, equal siblings side by side."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from archdsl.ir.graph import Graph, Item, Node, Scope, Value
from archdsl.ops.special import SCAN
from archdsl.report.measures import Measures
from archdsl.shapes import TensorType, evaluate, format_shape
from archdsl.text.plain_text import visible
from archdsl.words.naming import humanise
from archdsl.words.quantities import SPACE
from archdsl.words.titles import title

ALTERNATING: Final = 4
"""The most blocks that take turns in a repeat."""
LISTED: Final = 4
"""Up to so many names are listed in one row."""

_NUMBERED = re.compile(r"(.*?)(\d+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One module, or `count` equal ones that follow each other."""

    name: str
    """As the tree shows it: `conv1`, `.0`, `.1–3`."""
    path: str
    """Of the first, in the built module."""
    depth: int
    """0 for the network's own children."""
    op: str
    """The block, or the op with its key fields, as figures call them."""
    count: int
    output: str
    """The shapes at the sample sizes, without the batch."""
    parameters: int
    """Of all `count` together, as `macs` and `memory`."""
    macs: int
    memory: int
    """Bytes of the new tensors that it makes in evaluation."""
    field: str
    """The receptive field of the last one's output: `7×7`, `all`, or nothing."""


class ModuleTree:
    """Walks the scopes of a graph, equal siblings side by side."""

    def __init__(self, graph: Graph, measures: Measures, depth: int, *, fold: bool) -> None:
        self.graph = graph
        self.measures = measures
        self.depth = depth
        self.fold = fold
        self.likeness: dict[Item, Hashable] = {}

    def rows(self) -> Iterator[Row]:
        yield from self._below([self.graph.root], 0)

    def _below(self, copies: Sequence[Scope], depth: int) -> Iterator[Row]:
        """The rows of the children of equal scopes: each child once, for all of them."""
        if depth == self.depth:
            return
        children = [list(_shown_children(scope)) for scope in copies]
        telling = _telling(children[0])
        for group in self._groups(children[0]):
            items = [siblings[i] for siblings in children for i in group]
            yield from self._row(items, [children[0][i].name for i in group], telling, depth)

    def _row(
        self, items: Sequence[Node | Scope], names: Sequence[str], telling: Mapping[str, frozenset[str]], depth: int
    ) -> Iterator[Row]:
        first = items[0]
        parameters, macs, memory = map(sum, zip(*map(self.measures.counts, items), strict=True))
        yield Row(
            name="." * bool(depth) + _joined(names),
            path=first.path,
            depth=depth,
            op=visible(_label(items, self.graph.sample_sizes, telling)),
            count=len(items),
            output=", ".join(shown(type, self.graph) for type in _types(first)),
            parameters=parameters,
            macs=macs,
            memory=memory,
            field=", ".join(dict.fromkeys(filter(None, map(self.measures.field, _values(items[-1]))))),
        )
        scopes = [item for item in items if isinstance(item, Scope)]
        if scopes:
            yield from self._below(scopes, depth + 1)

    def _groups(self, items: Sequence[Node | Scope]) -> Iterator[range]:
        """The siblings that are shown as one row, as indices; blocks that alternate make a row each."""
        start = 0
        while start < len(items):
            length, count = self._repeat(items, start) if self.fold else (1, 1)
            stop = start + length * count
            yield from (range(start + i, stop, length) for i in range(length))
            start = stop

    def _repeat(self, items: Sequence[Node | Scope], start: int) -> tuple[int, int]:
        """The unit of equal siblings from `start`, and how often it comes: whichever covers most."""
        found = [(length, self._count(items, start, length)) for length in range(1, ALTERNATING + 1)]
        return max(found, key=lambda repeat: repeat[0] * repeat[1] if repeat[1] > 1 else 0)

    def _count(self, items: Sequence[Node | Scope], start: int, length: int) -> int:
        blocks = {item.block if isinstance(item, Scope) else None for item in items[start : start + length]}
        if length > 1 and (len(blocks) > 1 or None in blocks):
            return 1
        end = start + 1
        while end < len(items) and _follows(items[end - 1].name, items[end].name):
            if end >= start + length and self._like(items[end]) != self._like(items[end - length]):
                break
            end += 1
        return max((end - start) // length, 1)

    def _like(self, item: Node | Scope) -> Hashable:
        """Equal for items that differ in nothing that is counted, nor in a field that is not a rate."""
        if item not in self.likeness:
            self.likeness[item] = self._shape_of(item)
        return self.likeness[item]

    def _shape_of(self, item: Node | Scope) -> Hashable:
        if isinstance(item, Scope):
            below = tuple((child.name, self._like(child)) for child in item.children.values())
            return item.kind, item.block, item.when, _types(item), below
        fields = {name: value for name, value in item.fields.items() if not isinstance(value, float)}
        owned = self.measures.counts(item).parameters, item.frozen
        return item.op.name, repr(fields), item.when, item.types, owned, item.macs


def _shown_children(scope: Scope) -> Iterator[Node | Scope]:
    """Without the nodes where values come into a loop over time, and go."""
    return (child for child in scope.children.values() if isinstance(child, Scope) or type(child.op) not in SCAN)


def _types(item: Node | Scope) -> tuple[TensorType, ...]:
    return item.types if isinstance(item, Node) else tuple(value.type for value in item.outputs.values())


def _values(item: Node | Scope) -> Iterator[Value]:
    if isinstance(item, Scope):
        yield from item.outputs.values()
    else:
        yield from (Value(item, i, type) for i, type in enumerate(item.types))


def levels(scope: Scope) -> int:
    """How many levels of modules are below the scope."""
    below = (levels(child) for child in scope.children.values() if isinstance(child, Scope))
    return 1 + max(below, default=0)


def _follows(left: str, right: str) -> bool:
    """Whether the second name is the first with the next number: `block1` and `block2`."""
    first, second = _NUMBERED.fullmatch(left), _NUMBERED.fullmatch(right)
    return bool(first and second and first[1] == second[1] and int(second[2]) == int(first[2]) + 1)


def _joined(names: Sequence[str]) -> str:
    """`block1–3` for names that follow each other, else `0, 2, 4`."""
    numbers = [match[2] for name in names if (match := _NUMBERED.fullmatch(name))]
    if len(names) == 1:
        return names[0]
    if int(numbers[1]) - int(numbers[0]) == 1:
        return f"{names[0]}–{numbers[-1]}"
    listed = numbers[1:] if len(numbers) <= LISTED else [numbers[1], "…", numbers[-1]]
    return ", ".join([names[0], *listed])


def _telling(siblings: Sequence[Node | Scope]) -> dict[str, frozenset[str]]:
    """By block, the arguments that tell its uses apart; rates are left out."""
    uses: dict[str, list[Mapping[str, Any]]] = {}
    for item in siblings:
        if isinstance(item, Scope) and item.block is not None:
            uses.setdefault(item.block, []).append(item.arguments)
    return {
        block: frozenset(
            name
            for name in arguments[0]
            if len({repr(each[name]) for each in arguments}) > 1
            and all(isinstance(each[name], int | str) for each in arguments)
        )
        for block, arguments in uses.items()
    }


def _label(items: Sequence[Node | Scope], sizes: Mapping[str, int], telling: Mapping[str, frozenset[str]]) -> str:
    """What equal items are, as figures call it: `Residual unit, stride 2`, `Conv 7×7, 64, /2`."""
    first = items[0]
    if isinstance(first, Scope):
        label = _block(first, telling, sizes) if first.block else ""
    else:
        titles = [title(item, sizes) for item in items if isinstance(item, Node)]
        label = titles[0].text if len(set(titles)) == 1 else titles[0].name
    mode = f" ({first.when.value} only)" if first.when is not None else ""
    return f"{label}{mode}".replace(SPACE, " ").strip()


def _block(scope: Scope, telling: Mapping[str, frozenset[str]], sizes: Mapping[str, int]) -> str:
    assert scope.block is not None
    names = telling.get(scope.block, ())
    arguments = [f"{name} {value}" for name, value in scope.arguments.items() if name in names]
    steps = [] if scope.scan is None else [f"{evaluate(scope.scan.steps, sizes):,} steps of {_count(scope)}"]
    return ", ".join([humanise(scope.block), *arguments, *steps])


def _count(scope: Scope) -> str:
    count = sum(1 for _ in scope.nodes())
    return f"{count} node{'s' * (count != 1)}"


def repeated(scope: Scope, sizes: Mapping[str, int], times: int = 0) -> int:
    """The operations that loops over time run one after another in one pass: every node's in one, at all its steps."""
    if scope.scan is not None:
        times = max(times, 1) * evaluate(scope.scan.steps, sizes)
    inner = [child for child in scope.children.values() if isinstance(child, Scope)]
    own = times * (len(scope.children) - len(inner))
    return own + sum(repeated(child, sizes, times) for child in inner)


def shown(type: TensorType, graph: Graph) -> str:
    """The shape of one sample, at the sample sizes."""
    return format_shape(tuple(evaluate(dim, graph.counted_sizes) for dim in graph.without_batch(type.shape)))
