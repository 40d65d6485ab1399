"""Runs of ops that only move numbers about, each as one: `rearrange`, or what is shorter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from archdsl.ir.graph import Node
from archdsl.measures.regrouping import MOVES, AxisGroups, Regrouped, Regrouping, SplitAxisError, conformed
from archdsl.ops.base import Op
from archdsl.ops.rearrange import Rearrange
from archdsl.ops.reshape import Flatten, Permute, Reorder, Reshape, Transpose, Unflatten, Unsqueeze
from archdsl.rewriting.axis_names import named_axes
from archdsl.rewriting.editing import GraphEditor, output_of
from archdsl.shapes import Dim

_TRIED: Final = 8
"""How many ways of the same form another is tried to be written in."""
_SPOKEN: Final = (Reshape, Rearrange)
"""What a single one of may be said otherwise: the others say what they do."""


class _Run(NamedTuple):
    """Nodes one after the other, and what they do together."""

    nodes: tuple[Node, ...]
    found: Regrouped


_SizesOfAxes: TypeAlias = Sequence[set[Dim]]
"""By axis of a pattern, the sizes that it has somewhere in the network."""
_Sizes: TypeAlias = Mapping[str, _SizesOfAxes]
"""By pattern."""


def rearranged(editor: GraphEditor) -> None:
    """Puts one op in the place of every run."""
    runs = _alike_in_form([*_runs(editor)])
    sizes = _sizes(run.found for run in runs)
    for nodes, found in runs:
        source = nodes[0].inputs[0]
        assert source is not None
        editor.remove(*reversed(nodes))
        moves = found.left != found.right
        op = _said(found, sizes) if moves else None
        editor.swap(output_of(nodes[-1]), source if op is None else output_of(editor.add(op, [source], nodes[-1])))


# --- runs ------------------------------------------------------------------------------------------


def _runs(editor: GraphEditor) -> Iterator[_Run]:
    """The longest runs, but for single nodes that are said well as they are."""
    seen: set[Node] = set()
    for node in editor.nodes():
        run = None if node in seen else _run_from(node, editor)
        if run is not None:
            seen.update(run.nodes)
            if len(run.nodes) > 1 or isinstance(node.op, _SPOKEN):
                yield run


def _run_from(first: Node, editor: GraphEditor) -> _Run | None:
    """The run that begins with a node; None where it moves no whole axes."""
    run: _Run | None = None
    node: Node | None = first
    nodes: tuple[Node, ...] = ()
    while node is not None and isinstance(node.op, MOVES) and editor.may_go(node) and _beside(node, first):
        nodes = (*nodes, node)
        found = _together(nodes)
        if found is None:
            break
        run = _Run(nodes, found)
        node = editor.reader(node)
    return run


def _beside(node: Node, first: Node) -> bool:
    return node.scope is first.scope and node.when is first.when


def _together(nodes: Iterable[Node]) -> Regrouped | None:
    """What nodes do one after the other."""
    regrouping: Regrouping | None = None
    for node in nodes:
        source = node.inputs[0]
        assert source is not None
        regrouping = regrouping or Regrouping(source.type)
        try:
            regrouping.apply(node.op, source.type)
        except SplitAxisError:
            return None
    return regrouping and regrouping.regrouped()


def _alike_in_form(runs: list[_Run]) -> list[_Run]:
    """The runs, where those of one form that differ in which axes are 1 have as many axes, some of size 1."""
    known = defaultdict[Hashable, dict[tuple[AxisGroups, AxisGroups], Regrouped]](dict)
    for run in runs:
        known[_form(run)].setdefault((run.found.left, run.found.right), run.found)
    wider = {form: sorted(each.values(), key=lambda found: -len(found.sizes))[:_TRIED] for form, each in known.items()}
    return [run._replace(found=conformed(run.found, wider[_form(run)])) for run in runs]


def _form(run: _Run) -> Hashable:
    """What nodes that are written alike have in common."""
    return (len(run.found.left), *((type(node.op), node.types[0].rank, _way(node.op, node)) for node in run.nodes))


def _way(op: Op, node: Node) -> Hashable:
    if isinstance(op, Rearrange):
        return op.pattern
    return op.order(node.types[0].rank) if isinstance(op, Reorder) else None


# --- ops -------------------------------------------------------------------------------------------


def _said(found: Regrouped, sizes: _Sizes) -> Op:
    """The shortest op that does it."""
    names = named_axes(found)
    known = sizes[_pattern(found, names)]
    if not found.ordered:
        return _reordering(found) or _rearrange(found, names, known)
    return _regrouping(found, known) or _rearrange(found, names, known)


def _reordering(found: Regrouped) -> Op | None:
    """Where dimensions only change places."""
    if any(len(group) != 1 for group in (*found.left, *found.right)):
        return None
    order = [group[0] for group in found.right]
    moved = [place for place, axis in enumerate(order) if place != axis]
    return Transpose(dim0=moved[0], dim1=moved[1]) if len(moved) == 2 else Permute(dims=tuple(order))


def _regrouping(found: Regrouped, sizes: _SizesOfAxes) -> Op | None:
    """Where one dimension is made of several, or several of one."""
    start, end = _alike(found.left, found.right)
    left, right = found.left[start : len(found.left) - end], found.right[start : len(found.right) - end]
    last = start + len(left) - 1
    if (not right and start) or (len(left) > 1 and len(right) == 1):
        first = start if right else start - 1
        return Flatten(start_dim=first, end_dim=-1 if last == len(found.left) - 1 else last)
    if len(left) == 1 and len(right) > 1 and all(len(group) == 1 for group in right):
        follows = _follows(left[0], sizes)
        free = len(sizes[follows]) > 1 or not isinstance(found.sizes[follows], int)
        parts = tuple(-1 if free and axis == follows else found.sizes[axis] for axis in left[0])
        return Unflatten(dim=start, unflattened_size=parts)
    return Unsqueeze(dim=start) if not left and len(right) == 1 else None


def _alike(left: AxisGroups, right: AxisGroups) -> tuple[int, int]:
    """How many dimensions stay as they are at the start, and how many at the end."""
    shortest = min(len(left), len(right))
    start = next((n for n in range(shortest) if left[n] != right[n]), shortest)
    end = next((n for n in range(shortest - start) if left[-1 - n] != right[-1 - n]), shortest - start)
    return start, end


def _rearrange(found: Regrouped, names: Sequence[str], sizes: _SizesOfAxes) -> Op:
    given: dict[str, Any] = {}
    for group in found.left:
        follows = _follows(group, sizes) if group else None
        given |= {names[axis]: found.sizes[axis] for axis in group if axis != follows}
    return Rearrange(pattern=_pattern(found, names), **given)


def _follows(group: Sequence[int], sizes: _SizesOfAxes) -> int:
    """The axis of a dimension whose size follows from the others': the one that would have to be told most often."""
    return max(group, key=lambda axis: _freedom(sizes[axis]))


def _freedom(sizes: set[Dim]) -> tuple[bool, int, int]:
    numbers = [size for size in sizes if isinstance(size, int)]
    return len(numbers) < len(sizes), len(sizes), max(numbers, default=0)


def _sizes(founds: Iterable[Regrouped]) -> _Sizes:
    sizes: dict[str, list[set[Dim]]] = {}
    for found in founds:
        known = sizes.setdefault(_pattern(found, named_axes(found)), [set() for _ in found.sizes])
        for axis, size in enumerate(found.sizes):
            known[axis].add(size)
    return sizes


def _pattern(found: Regrouped, names: Sequence[str]) -> str:
    return " -> ".join(" ".join(_group(group, names) for group in side) for side in (found.left, found.right))


def _group(axes: Sequence[int], names: Sequence[str]) -> str:
    text = " ".join(names[axis] for axis in axes)
    return f"({text})" if len(axes) > 1 else text or "1"
