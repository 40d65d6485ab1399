"""The lines of a card: what a stretch of ops or a block consists of, in a line or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from archdsl.figure.elements import Element
from archdsl.figure.flow import Flow, is_main, is_silent, shape_of
from archdsl.figure.projections import box_title, is_linear
from archdsl.figure.saying import counted, listed
from archdsl.ir.graph import Node
from archdsl.words.naming import DOT, FLOW, Title, dotted, humanise
from archdsl.words.quantities import SPACE
from archdsl.words.titles import SHORT

LISTED: Final = 24
"""The most ops that a box of ops lists one by one."""


class Words(NamedTuple):
    """What a card says of ops: a bold name with fields beside it, and a line below."""

    name: str
    fields: str = ""
    line: str = ""


def block_name(element: Element) -> str:
    """The name of the block that an element is an instance of, else of its scope."""
    scope = element.scope
    return humanise(scope.block or scope.name) if scope is not None else ""


def words_of(flow: Flow, nodes: Iterable[Node]) -> Words:
    """What a stretch of ops says of itself."""
    moving = flow.moving(nodes)
    spoken = [node for node in moving if flow.is_spoken(node)] or moving[-1:]
    titles = [box_title(flow, node) for node in spoken]
    if len(titles) > 1:  # a card has no room for the pattern of what regroups
        titles = [Title(said.name) if is_silent(node) else said for node, said in zip(spoken, titles, strict=True)]
    mains = [i for i, node in enumerate(spoken) if is_main(node)]
    if len(titles) > 1 and len(set(titles)) == 1 and _stand_abreast(flow, moving):
        return Words(f"{len(titles)}{SPACE}×{SPACE}{titles[0].name}", titles[0].fields, f"side{SPACE}by{SPACE}side")
    if len(titles) > LISTED or not (flow.is_linked(moving) or len(titles) == 1):
        return Words(f"{len(titles)}{SPACE}ops", line=counted(titles))
    if len(mains) > 1:
        return _several(flow, spoken, titles, mains)
    if mains == [0] or len(titles) == 1:
        more = [titles[0].more] if titles[0].more else []
        return Words(titles[0].name, titles[0].fields, dotted((*more, *map(_short, titles[1:]))))
    return Words(dotted(each.text for each in titles))


def _stand_abreast(flow: Flow, moving: Sequence[Node]) -> bool:
    """Whether ops all read one value that none of them makes, and no two different ones read them."""
    (first, *others) = (tuple(flow.sources[node]) for node in moving)
    readers = {reader for node in moving for reader in flow.readers[node]}
    return len(first) == 1 and first[0] not in moving and all(each == first for each in others) and len(readers) < 2


def _several(flow: Flow, spoken: Sequence[Node], titles: Sequence[Title], mains: Sequence[int]) -> Words:
    if all(is_linear(flow, spoken[i]) for i in mains):
        others = list(dict.fromkeys(each.text for i, each in enumerate(titles) if i not in mains))
        return Words("MLP", _widths(flow, [spoken[i] for i in mains]), DOT.join(others))
    starts = [0, *mains[1:]]
    units = [titles[a:b] for a, b in zip(starts, [*starts[1:], len(titles)], strict=True)]
    shared = _shared_tail(units)
    if shared is None:
        return Words(DOT.join(dotted(map(_short, unit)) for unit in units))
    after = dotted(map(_short, shared))
    rest = [f"{after} after each" if shared else "", *map(_short, units[-1][1 + len(shared) :])]
    return Words(listed([unit[0] for unit in units]), line=DOT.join(part for part in rest if part))


def _shared_tail(units: Sequence[Sequence[Title]]) -> Sequence[Title] | None:
    """The ops that follow every layer alike; None where they differ, but for more behind the last."""
    tail = units[0][1:]
    same = all(list(unit[1:]) == list(tail) for unit in units[:-1])
    return tail if same and list(units[-1][1 : len(tail) + 1]) == list(tail) else None


def _widths(flow: Flow, layers: Sequence[Node]) -> str:
    """`768 → 3072 → 768`: the features between linear layers."""
    given = [value for value in layers[0].inputs[:1] if value is not None]
    shapes = [*map(shape_of, given), *map(shape_of, layers)]
    return FLOW.join(str(flow.numbers(shape)[-1]) for shape in shapes)


def _short(each: Title) -> str:
    return each._replace(name=SHORT.get(each.name, each.name)).text
