"""Finds what repeats, and says how the copies differ.

A repeat is a stretch of turns, each of the same blocks written in the same place, of which each reads
the one before it. Nothing is guessed from numbers: the blocks' names and the loops of the spec decide
what is the same, and the copies' ops and shapes decide what is said to differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from archdsl.figure.elements import Element
from archdsl.figure.flow import Flow, read_by, shape_of
from archdsl.figure.marks import Marks
from archdsl.ir.graph import Node
from archdsl.ops.combine import Cat, Stack
from archdsl.ops.dropout import Passing
from archdsl.shapes import Shape

LONGEST_TURN: Final = 4
"""The most elements in one turn of a repeat."""
ABREAST: Final = 4
"""So many equal ways side by side are told as one."""

RepeatTurn = tuple[Element, ...]
Signature = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Run:
    """Turns of a repeat, or (one turn of one element) something that does not repeat."""

    turns: tuple[RepeatTurn, ...]
    abreast: bool = False
    """Whether the turns stand side by side: all read one value, and one node reads them all."""

    @property
    def elements(self) -> list[Element]:
        return [element for turn in self.turns for element in turn]

    @property
    def nodes(self) -> list[Node]:
        return nodes_of(self.elements)

    @property
    def first(self) -> Element:
        return self.turns[0][0]


def find_runs(flow: Flow, elements: Sequence[Element]) -> list[Run]:
    """The elements in order, those that repeat joined."""
    runs: list[Run] = []
    start = 0
    while start < len(elements):
        length, count = _best_repeat(flow, elements, start)
        stop = start + length * count
        turns = (tuple(elements[i : i + length]) for i in range(start, stop, length))
        runs.append(Run(tuple(turns)))
        start = stop
    return runs


def abreast(flow: Flow, runs: Sequence[Run]) -> list[Run]:
    """The runs in order, those that are equal ways from one value to one node joined."""
    found: list[Run] = []
    start = 0
    while start < len(runs):
        length, count = max(((length, _count_ways(flow, runs, start, length)) for length in range(1, LONGEST_TURN + 1)),
                            key=lambda each: each[0] * each[1] if each[1] >= ABREAST else 0)  # fmt: skip
        if count < ABREAST:
            found.append(runs[start])
            start += 1
            continue
        ways = (runs[i : i + length] for i in range(start, start + length * count, length))
        found.append(Run(tuple(tuple(each for run in way for each in run.elements) for way in ways), abreast=True))
        start += length * count
    return found


def _count_ways(flow: Flow, runs: Sequence[Run], start: int, length: int) -> int:
    """How many equal ways of so many runs follow each other."""
    heads = [run.first.moving[0] for run in runs[start : start + length * ABREAST : length]]
    if len(heads) < ABREAST or any(flow.sources[head] != flow.sources[heads[0]] for head in heads):
        return 0
    count = 0
    first = _way(flow, runs[start : start + length])
    while first is not None and len(runs) >= start + length * (count + 1):
        turn = runs[start + length * count : start + length * (count + 1)]
        if _way(flow, turn) != first:
            break
        count += 1
    return count


def _way(flow: Flow, runs: Sequence[Run]) -> Any:
    """What runs do, from which value and to which node; None where that is more than one, or a run repeats."""
    if any(len(run.turns) > 1 for run in runs):
        return None
    turn = tuple(element for run in runs for element in run.elements)
    own = set(nodes_of(turn))
    read = [flow.resolve(value) for node in flow.moving(own) for value in read_by(node)]
    given = {(value.node, value.output) for value in read if flow.moves(value) and value.node not in own}
    readers = flow.readers_outside(own)
    if len(given) != 1 or len(readers) != 1 or None in readers:
        return None
    marks = tuple(flow.marks.of(node) for node in flow.moving(own)) if flow.marks is not None else ()
    return signature(turn), given, readers, marks


def _best_repeat(flow: Flow, elements: Sequence[Element], start: int) -> tuple[int, int]:
    """Elements in a turn, and turns, of the repeat from `start` that covers most; else 1, 1."""
    best = (1, 1)
    for length in range(1, LONGEST_TURN + 1):
        count = _count_turns(flow, elements, start, length)
        if count > 1 and length * count > best[0] * best[1]:
            best = (length, count)
    return best


def _count_turns(flow: Flow, elements: Sequence[Element], start: int, length: int) -> int:
    first, second, third = (elements[start + i * length : start + (i + 1) * length] for i in range(3))
    if not any(element.is_block for element in first):
        return 1
    if any(_is_repeat(flow, before, after) for before, after in pairwise(first)):
        return 1
    is_turn = len(third) == length and _same_place(elements, start + length, length)
    shared = set(flow.read_from_outside(nodes_of(third)) if is_turn else ()).intersection(nodes_of(first))
    handed = _handed(flow, shared, (*first, *second))
    given = shared.union(flow.read_from_outside(nodes_of(first)))
    collecting = flow.readers_outside(nodes_of(first)) - set(nodes_of(second)) - handed
    if not all(node is None or isinstance(node.op, Cat | Stack) for node in collecting):
        return 1
    count = 1
    while True:
        turn = start + (count - 1) * length
        before, after = elements[turn : turn + length], elements[turn + length : turn + 2 * length]
        if not (
            len(after) == length
            and _same_place(elements, turn, length)
            and shared.issubset(flow.read_from_outside(nodes_of(after)))
            and _follows(flow, before, after, given, collecting | handed if count == 1 else collecting)
            and alike(flow.marks, before, after)
            and all(told_alike(flow, *pair) for pair in zip(before, after, strict=True))
        ):
            break
        count += 1
    is_kept = handed.issubset(nodes_of(elements[start : turn + length]))
    return count if is_kept and collecting <= flow.readers_outside(nodes_of(before)) else 1


def _handed(flow: Flow, shared: Iterable[Node], around: Sequence[Element]) -> set[Node | None]:
    """Who reads from the third turn on what the first one makes for all."""
    inside = set(nodes_of(around))
    return {reader for node in shared for reader in flow.readers[node] if reader not in inside}


def _is_repeat(flow: Flow, before: Element, after: Element) -> bool:
    """Whether two elements of a turn repeat already."""
    return _key(before) == _key(after) and not set(flow.read_from_outside(after.nodes)).isdisjoint(before.nodes)


def _key(element: Element) -> Any:
    """What makes two elements copies of one thing."""
    if element.scope is None:
        return tuple(node.op.name for node in element.moving)
    scope = element.scope
    backwards = scope.scan is not None and scope.scan.reverse
    return scope.block or scope.site or scope.path, backwards


def _same_place(elements: Sequence[Element], start: int, length: int) -> bool:
    """Whether two turns, the first of which begins at `start`, are written in one place."""
    before, after = elements[start : start + length], elements[start + length : start + 2 * length]
    if any(_key(a) != _key(b) for a, b in zip(before, after, strict=True)):
        return False
    if len({id(element.parent) for element in (*before, *after)}) == 1:
        return True
    # `layers.0.attention`, `layers.0.mlp`, `layers.1.attention`, …: a container for each turn
    grand = {id(element.parent.scope) for element in (*before, *after) if element.parent is not None}
    turns = (start, start + length)
    return length > 1 and len(grand) == 1 and all(_fills_container(elements, turn, turn + length) for turn in turns)


def _fills_container(elements: Sequence[Element], start: int, stop: int) -> bool:
    own = {id(element.parent) for element in elements[start:stop]}
    around = {id(element.parent) for element in (*elements[max(start - 1, 0) : start], *elements[stop : stop + 1])}
    return len(own) == 1 and not own & around


def _follows(
    flow: Flow, before: Sequence[Element], after: Sequence[Element], given: set[Node], beside: set[Node | None]
) -> bool:
    """Whether `after` reads `before` and else only what the first turn read, or made for all, and apart from those
    that may read it `beside` nothing else reads `before`."""
    earlier, later = set(nodes_of(before)), set(nodes_of(after))
    reads = set(flow.read_from_outside(later))
    return bool(reads & earlier) and reads <= earlier | given and flow.readers_outside(earlier) - later == beside


def nodes_of(elements: Sequence[Element]) -> list[Node]:
    """The nodes of several elements."""
    return [node for element in elements for node in element.nodes]


def split_where_smaller(flow: Flow, run: Run) -> list[Run]:
    """The run cut before each turn but the first that makes the resolution smaller."""
    parts: list[list[RepeatTurn]] = [[]]
    for turn in run.turns:
        if parts[-1] and shrinkage(flow, turn) > 1:
            parts.append([])
        parts[-1].append(turn)
    return [Run(tuple(part)) for part in parts]


def shrinkage(flow: Flow, turn: RepeatTurn) -> int:
    """By how much a turn divides the sizes of all dimensions but the channels; 1 for not at all."""
    sources = flow.read_from_outside(nodes_of(turn))
    if not sources:
        return 1
    before, after = (flow.numbers(shape_of(node)) for node in (sources[-1], turn[-1].moving[-1]))
    if len(before) != len(after) or len(after) < 3:
        return 1
    ratios = [_divisor(a, b) for a, b in zip(before, after, strict=True)]
    most = max(ratios)
    return most if sum(ratio == most > 1 for ratio in ratios) >= len(after) - 2 else 1


def _divisor(before: int, after: int) -> int:
    """By which a size was divided, however that was rounded; 0 where it was not."""
    divisor = round(before / after) if after else 0
    return divisor if divisor and after in (before // divisor, -(-before // divisor)) else 0


def signature(turn: RepeatTurn, *, shapes: bool = True) -> Signature:
    """Equal for turns that do the same (to equal shapes); how much is dropped does not count."""
    return tuple(
        (relative, _op_key(node), shape_of(node) if shapes else None)
        for element in turn
        for relative, node in relative_nodes(element)
    )


def relative_nodes(element: Element) -> Iterator[tuple[str, Node]]:
    """The nodes of the element's scope with their paths inside it; of a single op, the op without a path."""
    if element.scope is None:
        yield from ((str(i or ""), node) for i, node in enumerate(element.moving))
        return
    prefix = f"{element.scope.path}."
    yield from ((node.path.removeprefix(prefix), node) for node in element.nodes if node.path.startswith(prefix))


def _op_key(node: Node) -> Any:
    return node.op.name if isinstance(node.op, Passing) else node.op


def period(signatures: Sequence[Signature]) -> int:
    """After how many turns they repeat exactly; the number of turns where they never do."""
    count = len(signatures)
    for length in range(1, count // 2 + 1):
        if count % length == 0 and all(signatures[i] == signatures[i % length] for i in range(count)):
            return length
    return count


def shapes_equal(turns: Sequence[RepeatTurn]) -> bool:
    """Whether all turns make the same shape."""
    shapes: set[Shape] = {shape_of(turn[-1].moving[-1]) for turn in turns}
    return len(shapes) == 1


def alike(marks: Marks | None, one: Sequence[Element], other: Sequence[Element]) -> bool:
    """Whether what two copies have in common is marked alike."""
    if marks is None:
        return True
    mine, theirs = places_in(one), places_in(other)
    return all(marks.of(mine[place]) == marks.of(theirs[place]) for place in mine.keys() & theirs.keys())


def told_alike(flow: Flow, one: Element, other: Element) -> bool:
    """Whether the theme says the same of both."""
    return flow.theme.mark(one.path) == flow.theme.mark(other.path)


def places_in(turn: Sequence[Element]) -> dict[tuple[int, str], Node]:
    """The nodes of a turn, each by its element's number and its path in there."""
    return {(i, path): node for i, element in enumerate(turn) for path, node in relative_nodes(element)}
