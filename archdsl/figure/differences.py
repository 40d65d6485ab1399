"""Says in a few words how the copies in a repeat differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from archdsl.figure.flow import Flow, is_silent, shape_of
from archdsl.figure.repeats import RepeatTurn, nodes_of, period, relative_nodes, shapes_equal, shrinkage, signature
from archdsl.ir.graph import Node, Scope
from archdsl.words.quantities import SPACE
from archdsl.words.titles import sign_of

LISTED: Final = 3
"""Up to this many parameters are named, and up to this many of their values; more values are a range."""


def differences(flow: Flow, turns: Sequence[RepeatTurn]) -> str:
    """`first /2, with downsample`, `shift 0, 3`, `channels 96–256`; empty where all are equal."""
    signatures = [signature(turn, shapes=False) for turn in turns]
    if len(set(signatures)) == 1:
        return "" if shapes_equal(turns) else _fixed(_channels(flow, turns))
    if len(set(signatures[1:])) == 1 and not _alternate(flow, turns):
        first = [shrunk(flow, turns), *_children(turns[0], turns[1])]
        first = first if any(first) else _learned(turns[0], turns[1]) or _arguments(turns, True)
        return _fixed("first " + ", ".join(part for part in first if part) if any(first) else _channels(flow, turns))
    varying = _arguments(turns, False) or [_channels(flow, turns)]
    smaller = [f"first {shrunk(flow, turns)}"] if shrunk(flow, turns) else []
    return _fixed(", ".join([*smaller, *varying]))


def group_size(flow: Flow, turns: Sequence[RepeatTurn]) -> int:
    """How many turns make one unit that repeats exactly (two blocks that alternate); else 1."""
    signatures = [signature(turn, shapes=False) for turn in turns]
    length = period(signatures)
    if length < len(turns):
        return length
    return 2 if _alternate(flow, turns) else 1


def _alternate(flow: Flow, turns: Sequence[RepeatTurn]) -> bool:
    """Whether these are two copies that keep the shape and differ in what a parameter says."""
    shapes = [_ends(flow, turn) for turn in turns]
    return len(turns) == 2 and len({*shapes[0], *shapes[1]}) == 1 and bool(_arguments(turns, False))


def _ends(flow: Flow, turn: RepeatTurn) -> tuple[tuple[int, ...], ...]:
    """The shapes that a turn reads and makes."""
    sources = flow.read_from_outside(nodes_of(turn))
    return tuple(tuple(flow.numbers(shape_of(node))) for node in (*sources, turn[-1].moving[-1]))


def shrunk(flow: Flow, turns: Sequence[RepeatTurn]) -> str:
    """`/2` where the first turn alone makes the resolution smaller."""
    factor = shrinkage(flow, turns[0])
    others = max((shrinkage(flow, turn) for turn in turns[1:]), default=factor)
    return f"/{factor}" if factor > others else ""


def _children(first: RepeatTurn, second: RepeatTurn) -> list[str]:
    """`with downsample`: the children that only one of two copies has."""
    sets = [
        {
            child_name(path.partition(".")[0], node if "." not in path else None): None
            for element in turn
            for path, node in relative_nodes(element)
            if not is_silent(node)
        }
        for turn in (first, second)
    ]
    extra = [name for name in sets[0] if name not in sets[1]]
    missing = [name for name in sets[1] if name not in sets[0]]
    return [
        f"{word} {' and '.join(names)}"
        for word, names in (("with", extra), ("without", missing))
        if names and not any(name.isdigit() or not name for name in names)
    ]


def _learned(first: RepeatTurn, second: RepeatTurn) -> list[str]:
    """`with relative attention bias`: the layers and parameters that only the first of two copies has inside."""
    mine, theirs = (
        {path: node for element in turn for path, node in relative_nodes(element)} for turn in (first, second)
    )
    names = [mine[path].name.replace("_", " ") for path in mine.keys() - theirs.keys() if mine[path].parameters]
    return [f"with {' and '.join(sorted(names))}"] if 0 < len(names) <= LISTED and mine.keys() > theirs.keys() else []


def has_more(turns: Sequence[RepeatTurn]) -> bool:
    """Whether the first turn has children that no other has."""
    return len(turns) > 1 and any(each.startswith("with ") for each in _children(turns[0], turns[1]))


def child_name(name: str, item: Node | Scope | None) -> str:
    """A child of a block as a reader calls it: a sum is where a skip ends."""
    return "skip" if isinstance(item, Node) and sign_of(item) == "+" else name


def _arguments(turns: Sequence[RepeatTurn], first_only: bool) -> list[str]:
    """`shift 0, 3`: the whole-number and text parameters of the blocks that vary."""
    found = []
    for position, element in enumerate(turns[0]):
        if element.scope is None:
            continue
        for name in element.scope.arguments:
            values = [_argument(turn, position, name) for turn in turns]
            if len(set(map(repr, values))) > 1 and name != "stride" and all(map(_sayable, values)):
                found.append(_valued(name.replace("_", " "), values, first_only))
    return found if len(found) <= LISTED else [] if first_only else ["sizes vary"]


def _valued(name: str, values: Sequence[Any], first_only: bool) -> str:
    """`shift 0, 3`; of the first alone, `with bias` where it says yes or no."""
    if isinstance(values[0], bool):
        return f"{'with' if values[0] else 'without'} {name}" if first_only else f"some with {name}"
    return f"{name} {values[0] if first_only else _range(values)}"


def _argument(turn: RepeatTurn, position: int, name: str) -> Any:
    scope = turn[position].scope
    return scope.arguments.get(name) if scope is not None else None


def _sayable(value: Any) -> bool:
    """Fractions are rates of regularisation, which grow from copy to copy: no figure names them."""
    return isinstance(value, int | str) and len(str(value)) <= 20


def _range(values: Sequence[Any]) -> str:
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= LISTED or not all(type(value) is int for value in values):
        return ", ".join(map(str, distinct[: LISTED + 1])) + (", …" if len(distinct) > LISTED + 1 else "")
    return f"{min(values)}–{max(values)}"


def _channels(flow: Flow, turns: Sequence[RepeatTurn]) -> str:
    """`channels 96–256`: the one dimension of the output that varies."""
    shapes = [flow.numbers(shape_of(turn[-1].moving[-1])) for turn in turns]
    if len({len(shape) for shape in shapes}) != 1:
        return "sizes vary"
    varying = [sorted(set(sizes)) for sizes in zip(*shapes, strict=True) if len(set(sizes)) > 1]
    if not varying:
        return "details vary"
    return f"channels {varying[0][0]}–{varying[0][-1]}" if len(varying) == 1 else "sizes vary"


def _fixed(text: str) -> str:
    return text.replace(" ", SPACE).replace(f",{SPACE}", ", ")
