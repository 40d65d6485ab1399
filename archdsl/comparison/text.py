"""A comparison in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any, Final

from archdsl.comparison.blocks import BlockRow, block_rows
from archdsl.comparison.compare import Change, Comparison, Sign, at_samples
from archdsl.comparison.groups import Group, groups
from archdsl.comparison.places import listed, span
from archdsl.ir.graph import Graph, Value
from archdsl.shapes import TensorType
from archdsl.text.plain_text import visible
from archdsl.text.spelled import spelled

WIDTH: Final = 100
LONG: Final = 60
"""A value that takes more characters is cut."""
_LONG_FRACTION = re.compile(r"\d+\.\d{5,}(?:e-?\d+)?")
SIZES: Final = {"kernel_size", "stride", "padding", "dilation", "output_padding", "output_size", "scale_factor"}
PAIRS: Final = 3
"""The most pairs of values that are told one by one; of more the first and the last."""


def text_of(comparison: Comparison) -> str:
    """Everything that changed, for a terminal; no line depends on its width."""
    parts = [_title(comparison)]
    if comparison.same:
        parts.append(["The networks are the same: the same nodes, shapes, parameters and MACs."])
    else:
        parts += [_totals(comparison), _settings(comparison), _changes(comparison), _blocks(comparison)]
    if comparison.same and comparison.settings:
        parts.append(_settings(comparison))
    return "\n\n".join("\n".join(map(visible, part)) for part in parts if part)


# --- the head -------------------------------------------------------------------------------------


def names(comparison: Comparison) -> tuple[str, str]:
    """Both networks' names, with what the caller set where that tells them apart."""
    return _name(comparison.before, comparison), _name(comparison.after, comparison)


def _name(graph: Graph, comparison: Comparison) -> str:
    others = (comparison.before.overrides, comparison.after.overrides)
    own = {name: value for name, value in graph.overrides.items() if any(o.get(name) != value for o in others)}
    if own:
        return f"{graph.name} ({', '.join(f'{name}={shown(value)}' for name, value in own.items())})"
    before, after = comparison.before, comparison.after
    told_apart = before.name != after.name or before.file == after.file
    return graph.name if told_apart else f"{graph.name} ({graph.file})"


def _title(comparison: Comparison) -> list[str]:
    return [" → ".join(names(comparison))]


def _totals(comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    rows = [_total("parameters", before.parameters, after.parameters), _total("MACs", before.macs, after.macs)]
    single = len(before.outputs) == len(after.outputs) == 1
    for name in ["output"] if single else dict.fromkeys((*before.outputs, *after.outputs)):
        values = [
            next(iter(graph.outputs.values())) if single else graph.outputs.get(name) for graph in (before, after)
        ]
        shapes = [_output(value, graph) for value, graph in zip(values, (before, after), strict=True)]
        label = name if single else f"output {name}"
        rows.append((label, *shapes, "" if shapes[0] != shapes[1] else "as before", ""))
    return _table([("", "before", "after", "difference", ""), *rows], left=1)


def _total(name: str, before: int, after: int) -> tuple[str, ...]:
    if before == after:
        return name, f"{before:,}", f"{after:,}", "as before", ""
    return name, f"{before:,}", f"{after:,}", f"{after - before:+,}", percent(before, after)


def percent(before: int, after: int) -> str:
    """`+74.3 %`; nothing where there was nothing."""
    if not before:
        return ""
    share = 100 * (after - before) / before
    return f"{share:+.1f} %" if abs(share) >= 0.1 else f"{share:+.2g} %"


def _output(value: Value | None, graph: Graph) -> str:
    return shape_text(at_samples(value.type, graph)) if value is not None else "none"


def _settings(comparison: Comparison) -> list[str]:
    found = [each for each in comparison.settings if not each.alone]
    width = max((len(each.name) for each in found), default=0)
    lines = [f"  {each.name:<{width}}  {shown(each.before)} → {shown(each.after)}" for each in found]
    for graph, other in ((comparison.before, comparison.after), (comparison.after, comparison.before)):
        only = [name for name in graph.params if name not in other.params]
        if only:
            lines += _wrapped(f"only {graph.name} has {', '.join(only)}", 2)
    return ["settings", *lines] if lines else []


# --- the changes ----------------------------------------------------------------------------------


def _changes(comparison: Comparison) -> list[str]:
    lines = [line for group in groups(comparison) for line in group_lines(group)]
    for name, before, after in comparison.outputs:
        lines.append(f"~ output {name}: {_read(before)} → {_read(after)}")
    if comparison.renumbered:
        lines += _renumbered(comparison.renumbered)
    return [_tally(comparison), *lines]


def _read(value: Value | None) -> str:
    return value.name if value is not None else "none"


def _tally(comparison: Comparison) -> str:
    counts = comparison.tally
    parts = [f"{counts[sign]:,} {sign.word}" for sign in Sign if counts[sign]]
    follow = len(comparison.followers)
    parts += [f"{follow:,} of another shape or size because of what they read"] if follow else []
    rest = len(comparison.after.nodes) - counts[Sign.ADDED] - counts[Sign.ALTERED] - follow
    return f"nodes: {', '.join([*parts, f'{rest:,} as before'])}"


def group_lines(group: Group) -> list[str]:
    """The change, its details, and what it does to the totals."""
    many = f"{len(group.changes)} × " if len(group.changes) > 1 else ""
    head = f"{group.sign.value} {_where(group)}: {many}{group.label}{_verb(group)}"
    lines = _wrapped(head, 0)
    for detail, pairs in group.details:
        lines += _wrapped(f"{detail.name}  {pairs_text(pairs, detail.name)}", 4)
    if group.sign is Sign.ALTERED and group.shapes:
        shapes = [(shapes_text(before), shapes_text(after)) for before, after in group.shapes]
        lines += _wrapped(f"output  {pairs_text(shapes)}", 4)
    counts = counts_text(*group.counts)
    return [*lines, f"    {counts}"] if counts else lines


def _wrapped(text: str, indent: int) -> list[str]:
    """The text in lines, those after the first further in."""
    first, rest = " " * indent, " " * (indent + 4)
    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _verb(group: Group) -> str:
    """Nothing where the label says already that it is another op."""
    if group.replaced:
        return ""
    return f" {group.sign.word}" if group.sign is not Sign.ALTERED or group.details else " renamed"


def _where(group: Group) -> str:
    first = group.changes[0]
    if len(group.changes) == 1 and first.before is not None and first.after is not None:
        before, after = first.before.path, first.after.path
        return before if before == after else f"{before} → {after}"
    return span(group.paths) if _are_neighbours(group.changes) else listed(group.paths)


def _are_neighbours(changes: Sequence[Change]) -> bool:
    """Whether they follow each other in one list."""
    parts = [change.part for change in changes]
    if len({part.scope for part in parts}) > 1 or not all(part.name.isdecimal() for part in parts):
        return len(parts) == 1
    numbers = [int(part.name) for part in parts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _renumbered(changes: Sequence[Change]) -> Iterator[str]:
    """By list, what is numbered differently because of what came or went before it."""
    lists: dict[object, list[Change]] = {}
    for change in changes:
        lists.setdefault(change.part.scope, []).append(change)
    for found in lists.values():
        first, last = found[0], found[-1]
        assert first.before is not None and last.before is not None
        ends = f"{first.before.path} is now {first.part.path}"
        more = f", … {last.before.path} is now {last.part.path}" if len(found) > 1 else ""
        yield f"  renumbered: {ends}{more}" + (f" ({len(found)} in all)" if len(found) > 2 else "")


# --- by block -------------------------------------------------------------------------------------


def _blocks(comparison: Comparison) -> list[str]:
    rows = block_rows(comparison)
    if not rows:
        return []
    cells = [("by block", "output", "parameters", "", "MACs", ""), *map(_block, rows)]
    return _table(cells, left=2)


def _block(row: BlockRow) -> tuple[str, ...]:
    shapes = [shapes_text(types) for types in row.shapes]
    cells = [
        f"{row.sign.value if row.sign else ' '} {row.name}",
        _change(shapes[0] or shapes[1], shapes[1] or shapes[0]),
    ]
    for before, after in zip(*row.counts, strict=True):
        cells += [_change(f"{before:,}", f"{after:,}"), percent(before, after) if before != after else ""]
    return tuple(cells)


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


# --- words ----------------------------------------------------------------------------------------


def pairs_text(pairs: Sequence[tuple[object, object]], field: str = "") -> str:
    """`64 → 128`; of many pairs the first and the last. A field that takes one number for all its sides has one."""
    texts = [" → ".join(shown(_common(each) if field in SIZES else each) for each in pair) for pair in pairs]
    return ", ".join(texts) if len(texts) <= PAIRS else f"{texts[0]}, … {texts[-1]}"


def _common(value: object) -> object:
    return value[0] if isinstance(value, list) and len({*map(repr, value)}) == 1 else value


def counts_text(parameters: int, macs: int) -> str:
    """`+1,024 parameters, -20,000 MACs`"""
    parts = [(parameters, "parameters"), (macs, "MACs")]
    return ", ".join(f"{count:+,} {name}" for count, name in parts if count)


def shapes_text(types: Sequence[TensorType]) -> str:
    return ", ".join(map(shape_text, types))


def shape_text(type: TensorType) -> str:
    """The shape without the batch of one, and the dtype where it is not the usual one."""
    return f"{type}" if type.dtype == "float32" else f"{type} {type.dtype}"


def shown(value: Any) -> str:
    """A value as a spec would write it, cut where it is long."""
    text = _LONG_FRACTION.sub(lambda match: f"{float(match[0]):.4g}", spelled(value))
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"


def _table(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Columns, those from `left` on aligned to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
