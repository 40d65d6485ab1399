"""A comparison as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.comparison.align import Part
from archdsl.comparison.blocks import block_rows
from archdsl.comparison.compare import Change, Comparison, Counts
from archdsl.ir.graph import Graph, Node, Value
from archdsl.report import typed
from archdsl.shapes import TensorType


def data_of(comparison: Comparison) -> dict[str, Any]:
    """What `archdsl diff --format json` prints; docs/diff.md describes it."""
    before, after = comparison.before, comparison.after
    return {
        "same": comparison.same,
        "before": _network(before),
        "after": _network(after),
        "settings": [{"name": each.name, **_sides(each.before, each.after)} for each in comparison.settings],
        "nodes": {
            **{sign.word: count for sign, count in comparison.tally.items()},
            "resized": len(comparison.followers),
        },
        "changes": [_change(comparison, change) for change in comparison.changes],
        "resized": [_resized(comparison, old, new) for old, new in comparison.followers],
        "renumbered": [_paths(change) for change in comparison.renumbered],
        "outputs": [{"name": name, **_sides(_name(old), _name(new))} for name, old, new in comparison.outputs],
        "blocks": [
            {
                "path": row.path,
                "change": row.sign.word if row.sign else "resized",
                "output": _sides(*map(_types, row.shapes)),
                **_counts(row.counts),
            }
            for row in block_rows(comparison)
        ],
    }  # fmt: skip


def _network(graph: Graph) -> dict[str, Any]:
    return {
        "name": graph.name,
        "params": graph.params,
        "sample_sizes": graph.sample_sizes,
        "inputs": {name: typed(node.types[0]) for name, node in graph.inputs.items()},
        "outputs": {name: typed(value.type) for name, value in graph.outputs.items()},
        "parameters": graph.parameters,
        "macs": graph.macs,
    }


def _change(comparison: Comparison, change: Change) -> dict[str, Any]:
    part = change.part
    return {
        "change": change.sign.word,
        **_paths(change),
        "op": part.op.name if isinstance(part, Node) else None,
        "block": None if isinstance(part, Node) else part.block,
        "details": [{"name": name, **_sides(old, new)} for name, old, new in change.details],
        "output": _output(comparison, change.before, change.after),
        **_counts(change.counts),
    }


def _resized(comparison: Comparison, before: Node, after: Node) -> dict[str, Any]:
    return {
        **_paths(Change(before, after)),
        "output": _output(comparison, before, after),
        **_counts((comparison.counts(before, 0), comparison.counts(after, 1))),
    }


def _paths(change: Change) -> dict[str, Any]:
    return _sides(*(part.path if part is not None else None for part in (change.before, change.after)))


def _output(comparison: Comparison, before: Part | None, after: Part | None) -> dict[str, Any]:
    return _sides(_types(comparison.types(before, 0)), _types(comparison.types(after, 1)))


def _counts(counts: tuple[Counts, Counts]) -> dict[str, Any]:
    return {name: _sides(*both) for name, both in zip(Counts._fields, zip(*counts, strict=True), strict=True)}


def _sides(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def _types(types: Sequence[TensorType]) -> list[dict[str, Any]]:
    return [typed(type) for type in types]


def _name(value: Value | None) -> str | None:
    return value.name if value is not None else None
