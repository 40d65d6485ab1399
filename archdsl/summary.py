"""A network in numbers: a tree of modules with shapes, parameters and multiply-accumulates."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from archdsl.diagram.quantities import SPACE
from archdsl.diagram.titles import humanise, title
from archdsl.graph import Graph, Item, Mode, Node, Scope
from archdsl.ops.special import SCAN
from archdsl.shapes import Dim, Symbolic, TensorType, evaluate, format_shape

CONVENTION: Final = (
    "1 MAC = 2 FLOPs. Convolution, linear, matmul and attention are counted, for a batch of one in evaluation.",
    "A row ×N counts all N; shared and tied parameters count once.",
)
SCREEN: Final = 40
"""Rows of a table whose depth nobody gave."""
ALTERNATING: Final = 4
"""The most blocks that take turns in a repeat."""
LISTED: Final = 4
"""Up to so many names are listed in one row."""

_NUMBERED = re.compile(r"(.*?)(\d+)")
_HEADER: Final = ("Name", "Op", "Output", "Params", "%", "MACs")
_NUMERIC: Final = 3
"""The first of the columns that are aligned to the right."""


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
    """Of all `count` together, as `macs`."""
    macs: int


@dataclass(frozen=True, eq=False)
class Summary:
    """What `archdsl.summary` returns; `str()` of it is the table."""

    graph: Graph
    depth: int | None
    """How many levels are listed; None: as many as fit one screen, or for JSON all."""

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the table, equal siblings folded into one."""
        if self.depth is not None:
            return list(_Tree(self.graph, self.depth, fold=True).rows())
        best: list[Row] = []
        for depth in range(1, _levels(self.graph.root) + 1):
            rows = list(_Tree(self.graph, depth, fold=True).rows())
            if best and len(rows) > SCREEN:
                break
            best = rows
        return best

    def __str__(self) -> str:
        return self.table()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def table(self) -> str:
        """Columns of plain text, as wide as they need to be."""
        lines = [_HEADER, *map(self._cells, self.rows), self._total]
        widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADER))]
        texts = ["  ".join(map(_align, line, widths, range(len(widths)))).rstrip() for line in lines]
        rule = "─" * max(map(len, texts))
        return "\n".join([self._title, "", texts[0], rule, *texts[1:-1], rule, texts[-1], *CONVENTION])

    def markdown(self) -> str:
        """A Markdown table; leading dots in names stand for indentation."""
        marks = ["---" if i < _NUMERIC else "---:" for i in range(len(_HEADER))]
        rows = [(f"{'&emsp;' * row.depth}`{row.name}`", *map(_escaped, self._cells(row)[1:])) for row in self.rows]
        total = [f"**{cell}**" if cell else "" for cell in self._total]
        lines = ["| " + " | ".join(line) + " |" for line in (_HEADER, marks, *rows, total)]
        return "\n".join([f"**{_escaped(self._title)}**", "", *lines, "", *CONVENTION])

    def json(self) -> str:
        """Everything as JSON: totals, inputs, outputs, and one object per module, none folded."""
        depth = self.depth if self.depth is not None else _levels(self.graph.root)
        rows = _Tree(self.graph, depth, fold=False).rows()
        graph = self.graph
        content = {
            "name": graph.name,
            "summary": graph.summary,
            "reference": graph.reference,
            "params": graph.params,
            "inputs": {name: typed(node.types[0]) for name, node in graph.inputs.items()},
            "outputs": {name: typed(value.type) for name, value in graph.outputs.items()},
            "sample_sizes": graph.sample_sizes,
            "parameters": graph.parameters,
            "macs": graph.macs,
            "convention": " ".join(CONVENTION),
            "modules": [
                {
                    "path": row.path,
                    "op": row.op,
                    "output": row.output,
                    "parameters": row.parameters,
                    "macs": row.macs,
                }
                for row in rows
            ],
        }
        return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"

    @property
    def _title(self) -> str:
        inputs = ", ".join(f"{name} {_shown(node.types[0], self.graph)}" for name, node in self.graph.inputs.items())
        about = f"{self.graph.name}: {self.graph.summary}" if self.graph.summary else self.graph.name
        return f"{about} ({inputs})"

    @property
    def _total(self) -> tuple[str, ...]:
        share = "100.0" if self.graph.parameters else ""
        return ("Total", "", "", f"{self.graph.parameters:,}", share, f"{self.graph.macs:,}")

    def _cells(self, row: Row) -> tuple[str, ...]:
        share = 100 * row.parameters / self.graph.parameters if self.graph.parameters else 0
        return (
            "  " * row.depth + row.name,
            f"{row.op} ×{row.count}" if row.count > 1 else row.op,
            row.output,
            f"{row.parameters:,}" if row.parameters else "",
            f"{share:.1f}" if row.parameters else "",
            f"{row.macs:,}" if row.macs else "",
        )


def summarise(graph: Graph, depth: int | None = None) -> Summary:
    """The summary of a network; `depth` is how many levels of modules are listed.

    Raises ValueError where depth is less than 1.
    """
    if depth is not None and depth < 1:
        raise ValueError(f"depth is at least 1, found {depth}")
    return Summary(graph, depth)


class _Tree:
    """Walks the scopes of a graph, equal siblings side by side."""

    def __init__(self, graph: Graph, depth: int, *, fold: bool) -> None:
        self.graph = graph
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
        nodes = [node for item in items for node in _primitives(item)]
        yield Row(
            name="." * bool(depth) + _joined(names),
            path=first.path,
            depth=depth,
            op=_label(items, self.graph.sample_sizes, telling),
            count=len(items),
            output=", ".join(_shown(type, self.graph) for type in _types(first)),
            parameters=sum(node.parameters for node in nodes),
            macs=sum(self._macs(node) for node in nodes),
        )
        scopes = [item for item in items if isinstance(item, Scope)]
        if scopes:
            yield from self._below(scopes, depth + 1)

    def _macs(self, node: Node) -> int:
        return 0 if node.when is Mode.TRAINING else evaluate(node.macs, self.graph.sample_sizes)

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
        return item.op.name, repr(fields), item.when, item.types, item.parameters, item.macs


def _primitives(item: Node | Scope) -> Iterator[Node]:
    return item.nodes() if isinstance(item, Scope) else iter((item,))


def _shown_children(scope: Scope) -> Iterator[Node | Scope]:
    """Without the nodes where values come into a loop over time, and go."""
    return (child for child in scope.children.values() if isinstance(child, Scope) or type(child.op) not in SCAN)


def _types(item: Node | Scope) -> tuple[TensorType, ...]:
    return item.types if isinstance(item, Node) else tuple(value.type for value in item.outputs.values())


def _levels(scope: Scope) -> int:
    """How many levels of modules are below the scope."""
    below = (_levels(child) for child in scope.children.values() if isinstance(child, Scope))
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
    steps = [] if scope.scan is None else [f"{evaluate(scope.scan.steps, sizes)} steps"]
    return ", ".join([humanise(scope.block), *arguments, *steps])


def _shown(type: TensorType, graph: Graph) -> str:
    """The shape at the sample sizes, without the batch."""
    return format_shape(tuple(evaluate(dim, graph.sample_sizes) for dim in _without_batch(type.shape, graph)))


def _without_batch(shape: tuple[Dim, ...], graph: Graph) -> tuple[Dim, ...]:
    """The shape without its leading dimension where that is the batch of the network's inputs."""
    batches = {node.types[0].shape[0] for node in graph.inputs.values() if node.types[0].shape}
    return shape[1:] if shape and isinstance(shape[0], Symbolic) and shape[0] in batches else shape


def typed(type: TensorType) -> dict[str, Any]:
    """A type as JSON has it: `{"shape": ["N", 10], "dtype": "float32"}`."""
    return {
        "shape": [dim if isinstance(dim, int) else str(dim) for dim in type.shape],
        "dtype": type.dtype,
    }


def _align(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column < _NUMERIC else cell.rjust(width)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("*", "\\*")
