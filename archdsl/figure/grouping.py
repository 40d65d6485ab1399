"""Groups the elements of a scope into few enough parts for a figure.

Five plans, from fine to coarse, are tried until one gives few enough boxes. A part is a stretch of
the running order: a block, a repeat of blocks, or ops one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from archdsl.figure.elements import Element, Grain, elements_of
from archdsl.figure.flow import Flow, in_training_only, is_silent, shape_of
from archdsl.figure.repeats import RepeatTurn, Run, abreast, alike, find_runs, nodes_of, split_where_smaller, told_alike
from archdsl.ir.graph import Graph, Scope, ScopeKind
from archdsl.ir.scopes import scopes_of
from archdsl.ops.base import Kind
from archdsl.ops.pool import AdaptivePool
from archdsl.words.titles import sign_of

DENSE: Final = 6
"""A block with more boxes than this shows its layers with their norms and activations as one box each."""
BOXES: Final = 12
"""An overview with more boxes than this is grouped further."""
MOST: Final = 24
"""With more boxes than this, however grouped, neighbours are thrown together."""
STEPS: Final = 100
"""Where every element is shown, this many are."""

Cut = Callable[[Element, Element, bool], bool]
"""Whether a box of ops ends between two elements; the flag: it holds a layer already."""


class Grouping(NamedTuple):
    """How finely a scope is grouped."""

    grain: Grain
    split: bool
    """Repeats are cut where the resolution falls."""
    cut: Cut


def _at_layers(before: Element, after: Element, holds_layer: bool) -> bool:
    return (after.mains > 0 and (holds_layer or _is_spoken(before))) or _is_global(after)


def _at_stages(before: Element, after: Element, holds_layer: bool) -> bool:
    pooled = before.moving[-1].op.kind is Kind.POOL
    kinds = {_main_kind(before), _main_kind(after)}
    return pooled or _is_global(after) or kinds == {Kind.CONV, Kind.LINEAR}


def _at_ends(before: Element, after: Element, holds_layer: bool) -> bool:
    return _is_global(after)


PLANS: Final = (
    Grouping(Grain.USUAL, True, _at_layers),
    Grouping(Grain.USUAL, True, _at_stages),
    Grouping(Grain.USUAL, False, _at_ends),
    Grouping(Grain.COARSE, False, _at_ends),
)


def group(flow: Flow, scope: Scope, coarser: int = 0) -> list[Run]:
    """The parts of an overview of this scope, at most about `BOXES`.

    `coarser` leaves out that many of the finest plans.
    """
    tried = []
    for plan in PLANS[min(coarser, len(PLANS) - 1) :]:
        tried.append(_grouped(flow, scope, plan))
        if _is_enough(flow, scope, plan, len(tried[-1])):
            return tried[-1]
    fewest = min(tried, key=len)
    if len(fewest) <= MOST and coarser < len(PLANS):
        return fewest
    apart = groupby(fewest, lambda run: flow.theme.mark(run.first.path))
    return [chunk for _, runs in apart for chunk in _chunks(list(runs), len(fewest))]


def _is_enough(flow: Flow, scope: Scope, plan: Grouping, boxes: int) -> bool:
    """Whether the plan gives few enough boxes; marks may keep some more of them apart."""
    if flow.marks is None or boxes <= BOXES:
        return boxes <= BOXES
    return boxes <= MOST and len(_grouped(flow.unmarked(), scope, plan)) <= BOXES


def steps(flow: Flow, scope: Scope) -> list[Run]:
    """Every element of the scope, repeats joined; grouped like an overview where they are too many."""
    runs = _runs(flow, scope, Grain.FUSED) if flow.fuses else []
    if len(runs) < 2:  # what is one layer shows its ops
        runs = _runs(flow, scope, Grain.FINE)
    return runs if len(runs) <= STEPS else group(flow, scope)


def _runs(flow: Flow, scope: Scope, grain: Grain) -> list[Run]:
    return _shown(flow, find_runs(flow, elements_of(flow, scope, grain)))


def as_asked(flow: Flow) -> Flow:
    """The flow with layers as one where its view wants that, or leaves it open and the network is dense."""
    wanted = flow.view.fuse if flow.view.fuse is not None else flow.marks is None and _is_dense(flow)
    return flow.fusing() if wanted else flow


def _is_dense(flow: Flow) -> bool:
    """Whether one of the network's blocks has many boxes, and fewer with its layers as one: then all are shown so."""
    fused = flow.fusing()
    for scope in _different(flow.graph):
        boxes = len(steps(flow, scope))
        if boxes > DENSE and boxes > len(steps(fused, scope)):
            return True
    return False


def _different(graph: Graph) -> Iterable[Scope]:
    """The network's blocks, of equal ones the first; the network where it has none."""
    found: dict[Hashable, Scope] = {}
    for scope in scopes_of(graph.root):
        if scope.kind is ScopeKind.BLOCK:
            found.setdefault((scope.block, tuple(scope.children)), scope)
    return found.values() or (graph.root,)


def _shown(flow: Flow, runs: list[Run]) -> list[Run]:
    """The runs but those that only carry, equal ways side by side as one; all where there are no others."""
    return [run for run in abreast(flow, runs) if not flow.hides(flow.moving(run.nodes))] or runs


def _grouped(flow: Flow, scope: Scope, plan: Grouping) -> list[Run]:
    if (scope, plan) not in flow.grouped:
        flow.grouped[scope, plan] = grouped(flow, elements_of(flow, scope, plan.grain), plan)
    return [*flow.grouped[scope, plan]]


def grouped(flow: Flow, elements: Sequence[Element], plan: Grouping) -> list[Run]:
    """Elements that follow each other, as a plan joins them."""
    runs = find_runs(flow, elements)
    parts: list[Run] = []
    for is_plain, stretch in groupby(runs, _is_plain):
        if is_plain:
            parts += _joined(flow, list(_boxes_of_ops(flow, [run.first for run in stretch], plan.cut)))
        else:
            parts += [part for run in stretch for part in (split_where_smaller(flow, run) if plan.split else [run])]
    return _shown(flow, parts)


def _is_plain(run: Run) -> bool:
    return len(run.elements) == 1 and not run.first.is_block


def _boxes_of_ops(flow: Flow, elements: Sequence[Element], cut: Cut) -> Iterator[Run]:
    """The ops of each box, as one turn."""
    held: list[Element] = []
    layers = False
    for element in elements:
        if held and (not _continues(flow, held[-1], element) or cut(_last_spoken(held), element, layers)):
            yield Run((tuple(held),))
            held, layers = [], False
        held.append(element)
        layers = layers or bool(element.mains)
    yield Run((tuple(held),))


def _joined(flow: Flow, runs: Sequence[Run]) -> list[Run]:
    """The boxes of ops, equal ones in a row as one with a turn for each."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last is not None and _is_copy(flow, last.turns[-1], run.turns[0]):
            joined[-1] = Run((*last.turns, *run.turns))
        else:
            joined.append(run)
    return joined


def _is_copy(flow: Flow, before: RepeatTurn, after: RepeatTurn) -> bool:
    """Whether `after` does with the result of `before` what `before` did, and keeps the shape."""
    if not any(element.mains for element in after) or not _continues(flow, before[-1], after[0]):
        return False
    sources = flow.read_from_outside(nodes_of(before))
    same_shape = len(sources) == 1 and shape_of(sources[0]) == shape_of(before[-1].moving[-1])
    return same_shape and _ops(before) == _ops(after) and alike(flow.marks, before, after)


def _ops(turn: RepeatTurn) -> list[object]:
    return [(node.op, shape_of(node)) for element in turn for node in element.moving]


def _continues(flow: Flow, before: Element, after: Element) -> bool:
    """Whether `after` reads `before` alone, nothing else does, and both run in the same mode."""
    only = set(flow.read_from_outside(after.nodes)) <= set(before.nodes)
    return (
        only
        and told_alike(flow, before, after)
        and flow.readers_outside(before.nodes) <= set(after.nodes)
        and not (is_merge(flow, before) or is_merge(flow, after))
        and in_training_only(before.moving[0]) == in_training_only(after.moving[0])
    )


def is_merge(flow: Flow, element: Element) -> bool:
    """Whether it is drawn as a circle: several moving values joined by one sign."""
    node = element.moving[-1]
    return element.scope is None and len(flow.sources[node]) > 1 and sign_of(node) is not None


def _last_spoken(held: Sequence[Element]) -> Element:
    return next((element for element in reversed(held) if _is_spoken(element)), held[-1])


def _is_spoken(element: Element) -> bool:
    return not all(is_silent(node) for node in element.moving)


def _is_global(element: Element) -> bool:
    return any(isinstance(node.op, AdaptivePool) for node in element.moving[:1])


def _main_kind(element: Element) -> Kind | None:
    return next((n.op.kind for n in element.moving if n.op.kind in (Kind.CONV, Kind.LINEAR)), None)


def _chunks(runs: Sequence[Run], among: int) -> Iterator[Run]:
    """Any parts of so many, in `BOXES` boxes of about as many."""
    step = -(-among // BOXES)
    for start in range(0, len(runs), step):
        yield Run((tuple(element for run in runs[start : start + step] for element in run.elements),))
