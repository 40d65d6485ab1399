"""What `archdsl.summary` returns, and how it reads: as a table, as Markdown, JSON and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from io import StringIO
from typing import Any, Final

from archdsl.ir.graph import Graph
from archdsl.ir.training import trainable
from archdsl.ir.unwritten import stubs_of
from archdsl.report.markdown import code, escaped
from archdsl.report.measures import Measures, Memory, at_batch, check_dtype, in_words
from archdsl.report.rows import ModuleTree, Row, levels, repeated, shown
from archdsl.shapes import TensorType
from archdsl.text.plain_text import to_json, visible

SCREEN: Final = 40
"""Rows of a table whose depth nobody gave."""

_HEADER: Final = ("Name", "Op", "Output", "Params", "%", "MACs", "Memory", "Field")
_NUMERIC: Final = 3
"""The first of the columns that are aligned to the right."""


@dataclass(frozen=True, eq=False)
class Summary:
    """What `archdsl.summary` returns; `str()` of it is the table."""

    graph: Graph
    depth: int | None = None
    """How many levels are listed; None: as many as fit one screen, or for JSON and CSV all."""
    batch: int | None = None
    """The batch that memory is counted for; None: the sample sizes' own, one unless they say more."""
    dtype: str = "float32"
    """Of parameters and activations, for memory."""

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the table, equal siblings folded into one."""
        if self.depth is not None:
            return self._listed(self.depth, fold=True)
        best: list[Row] = []
        for depth in range(1, levels(self.graph.root) + 1):
            rows = self._listed(depth, fold=True)
            if best and len(rows) > SCREEN:
                break
            best = rows
        return best

    @property
    def memory(self) -> Memory:
        """What inference and training take, in bytes."""
        return self._measures.memory

    @property
    def repeated(self) -> int:
        """The operations that loops over time run one after another in a pass: their steps times their nodes."""
        return repeated(self.graph.root, self.graph.sample_sizes)

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
        words = [*self.memory.words(), *self._loops, *convention(self.graph)]
        return "\n".join([visible(self._about), "", texts[0], rule, *texts[1:-1], rule, texts[-1], *words])

    def markdown(self) -> str:
        """A Markdown table; leading dots in names stand for indentation."""
        marks = ["---" if i < _NUMERIC else "---:" for i in range(len(_HEADER))]
        rows = [(f"{'&emsp;' * row.depth}{code(row.name)}", *map(escaped, self._cells(row)[1:])) for row in self.rows]
        total = [f"**{cell}**" if cell else "" for cell in self._total]
        lines = ["| " + " | ".join(line) + " |" for line in (_HEADER, marks, *rows, total)]
        totals = [f"- {line}" for line in (*self.memory.words(), *self._loops)]
        return "\n".join([f"**{escaped(self._about)}**", "", *lines, "", *totals, "", *convention(self.graph)])

    def json(self) -> str:
        """Everything as JSON: totals, inputs, outputs, and one object per module, none folded."""
        graph = self.graph
        content = {
            "name": graph.name,
            "summary": graph.summary,
            "reference": graph.reference,
            "params": graph.params,
            "inputs": {name: typed(node.types[0]) for name, node in graph.inputs.items()},
            "outputs": {name: typed(value.type) for name, value in graph.outputs.items()},
            "sample_sizes": graph.sample_sizes,
            "counted_sizes": graph.counted_sizes,
            "batch": list(graph.batch),
            "parameters": graph.parameters,
            "trainable": trainable(graph),
            "macs": graph.macs,
            "memory": self.memory.data(),
            "repeated": self.repeated,
            "convention": " ".join(convention(graph)),
            "modules": self._modules(),
        }
        return to_json(content, indent=2, default=str) + "\n"

    def csv(self) -> str:
        """A header and one line per module, none folded; memory in bytes."""
        from csv import DictWriter

        text = StringIO()
        writer = DictWriter(text, _KEYS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._modules())
        return text.getvalue()

    # --- what they share --------------------------------------------------------------------------

    @cached_property
    def _measures(self) -> Measures:
        return Measures(self.graph, at_batch(self.graph, self.batch), self.dtype)

    def _listed(self, depth: int, *, fold: bool) -> list[Row]:
        return list(ModuleTree(self.graph, self._measures, depth, fold=fold).rows())

    def _modules(self) -> list[dict[str, Any]]:
        rows = self._listed(self.depth if self.depth is not None else levels(self.graph.root), fold=False)
        return [{key: value for key, value in asdict(row).items() if key in _KEYS} for row in rows]

    @property
    def _about(self) -> str:
        inputs = ", ".join(f"{name} {shown(node.types[0], self.graph)}" for name, node in self.graph.inputs.items())
        about = f"{self.graph.name}: {self.graph.summary}" if self.graph.summary else self.graph.name
        return f"{about} ({inputs})"

    @property
    def _loops(self) -> tuple[str, ...]:
        """What loops over time cost, where there are some."""
        count = self.repeated
        said = f"Loops over time: {count:,} operations in a pass, one after another: their steps times their nodes."
        return (said,) if count else ()

    @property
    def _total(self) -> tuple[str, ...]:
        share = "100.0" if self.graph.parameters else ""
        written = sum(map(self._measures.written, self.graph.nodes))
        counts = (f"{self.graph.parameters:,}", share, f"{self.graph.macs:,}")
        return ("Total", "", "", *counts, in_words(written), "")

    def _cells(self, row: Row) -> tuple[str, ...]:
        share = 100 * row.parameters / self.graph.parameters if self.graph.parameters else 0
        return (
            "  " * row.depth + row.name,
            f"{row.op} ×{row.count}" if row.count > 1 else row.op,
            row.output,
            f"{row.parameters:,}" if row.parameters else "",
            f"{share:.1f}" if row.parameters else "",
            f"{row.macs:,}" if row.macs else "",
            in_words(row.memory) if row.memory else "",
            row.field,
        )


_KEYS: Final[Sequence[str]] = ("path", "op", "output", "parameters", "macs", "memory", "field")
"""What JSON and CSV say of a module."""


def summarise(graph: Graph, depth: int | None = None, batch: int | None = None, dtype: str = "float32") -> Summary:
    """The summary of a network; `depth` is how many levels of modules are listed.

    `batch` and `dtype` are what memory is counted for. Raises ValueError where depth or batch is less than 1,
    where there is no batch to set, or for a dtype that is no model's.
    """
    if depth is not None and depth < 1:
        raise ValueError(f"depth is at least 1, found {depth}")
    at_batch(graph, batch)
    check_dtype(dtype)
    return Summary(graph, depth, batch, dtype)


def convention(graph: Graph) -> tuple[str, ...]:
    """What is counted, and for which sizes."""
    trained = trainable(graph)
    stubs = len(stubs_of(graph))
    unwritten = (f"{stubs} part{'s are' if stubs > 1 else ' is'} not written, without parameters and MACs here.",)
    frozen = (f"{trained:,} of {graph.parameters:,} parameters are trained, the others are frozen.",)
    sizes = ", ".join(f"{name} = {size}" for name, size in graph.counted_sizes.items())
    return (
        *(unwritten if stubs else ()),
        *(frozen if trained < graph.parameters else ()),
        "1 MAC = 2 FLOPs. Convolution, linear, matmul and attention are counted, in evaluation, for"
        f" {sizes or 'the sizes of the inputs'}.",
        "A row ×N counts all N; shared and tied parameters count once. Field: how much of the input an output sees.",
    )


def typed(type: TensorType) -> dict[str, Any]:
    """A type as JSON has it: `{"shape": ["N", 10], "dtype": "float32"}`."""
    return {"shape": [dim if isinstance(dim, int) else str(dim) for dim in type.shape], "dtype": type.dtype}


def _align(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column < _NUMERIC else cell.rjust(width)
