"""Whether ops only carry, seen in where each element has stood: it knows nothing of patterns and axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod

from archdsl.ir.graph import Node, Value
from archdsl.measures.elements import FormulasAtSizes, Sought, element, regrouped_place
from archdsl.measures.memory import Sizes
from archdsl.ops.base import at_sizes
from archdsl.shapes import evaluate

SAMPLES = 3
"""The batch at which it is looked."""


def only_carries(row: Sequence[Node], sizes: Mapping[str, int]) -> bool:
    """Whether views in a row, seen along each dimension of what the last one makes, keep together what stood together.

    Along a dimension one meets either elements that stood at even steps along one dimension, or all places of each
    of several, one after the other. Where parts of several dimensions stand among others, they are regrouped.
    """
    (first,) = (value for value in row[0].inputs if value is not None)
    before, after = _numbers(first, sizes), _numbers(_made(row[-1]), sizes)
    lines = [[_source(row, _at(after, dim, place), sizes) for place in range(size)] for dim, size in enumerate(after)]
    met = [[{place[dim] for place in line} for dim in range(len(before))] for line in lines]
    varied = [[dim for dim, places in enumerate(each) if len(places) > 1] for each in met]
    for line, along in zip(lines, varied, strict=True):
        if len(along) == 1:
            steps = {after[along[0]] - before[along[0]] for before, after in pairwise(line)}
            if len(steps) > 1 or min(steps) < 1:
                return False
        elif not all(_counts(tuple(place[dim] for place in line), before[dim]) for dim in along):
            return False
    flat = [_flat(place, before) for line in lines for place in line]
    if flat == [_flat(_at(after, dim, place), after) for dim, size in enumerate(after) for place in range(size)]:
        return True
    split = [dim for dim in range(len(before)) if sum(dim in along for along in varied) > 1]
    return len(split) <= 1 and sum(len(along) > 1 for along in varied) <= 1


def _counts(places: Sequence[int], size: int) -> bool:
    """Whether they go through all places in order, each as often in a row, again and again."""
    stay = next(i for i, place in enumerate(places) if place != places[0])
    return all(place == i // stay % size for i, place in enumerate(places)) and len(places) % (stay * size) == 0


def _made(node: Node) -> Value:
    return Value(node, 0, node.types[0])


def _numbers(value: Value, sizes: Mapping[str, int]) -> Sizes:
    return tuple(evaluate(dim, sizes) for dim in value.type.shape)


def _at(shape: Sizes, dim: int, place: int) -> Sizes:
    return tuple(place if each == dim else 0 for each in range(len(shape)))


def _flat(place: Sizes, shape: Sizes) -> int:
    return sum(at * prod(shape[dim + 1 :]) for dim, at in enumerate(place))


def _source(row: Sequence[Node], place: Sizes, sizes: Mapping[str, int]) -> Sizes:
    """Where an element of what a row makes has stood."""
    for node in reversed(row):
        (given,) = (value for value in node.inputs if value is not None)
        before = _numbers(given, sizes)
        sought = Sought(
            place, _numbers(_made(node), sizes), [before], lambda _, at, before=before: _flat(at, before),
            FormulasAtSizes(sizes),
        )  # fmt: skip
        flat = int(element(at_sizes(node.op, sizes), sought))
        place = regrouped_place((flat,), (prod(before),), before)
    return place
