"""The lines of a card: what a stretch of ops or a block consists of, in a line or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from archdsl.figure.elements import Element, elements_of
from archdsl.figure.flow import Flow, is_main, is_silent, shape_of
from archdsl.figure.given import op_title
from archdsl.ir.graph import Node
from archdsl.ops.base import Kind
from archdsl.ops.combine import Cat, Stack
from archdsl.ops.linear import Linear
from archdsl.words.naming import ARROW, DOT, Title, dotted, humanise
from archdsl.words.quantities import SPACE
from archdsl.words.titles import SHORT

FLOW: Final = f"{SPACE}→{SPACE}"
MOST: Final = 6
"""The most layers that a block's line lists one by one."""

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
    spoken = [node for node in moving if not is_silent(node)] or moving[-1:]
    titles = [op_title(flow, node) for node in spoken]
    mains = [i for i, node in enumerate(spoken) if is_main(node)]
    if len(titles) > LISTED or not flow.is_linked(moving):
        return Words(f"{len(titles)}{SPACE}ops", line=_counted(titles))
    if len(mains) > 1:
        return _several(flow, spoken, titles, mains)
    if mains == [0] or len(titles) == 1:
        rest = dotted(_short(each) for each in titles[1:])
        return Words(titles[0].name, titles[0].fields, rest)
    return Words(dotted(each.text for each in titles))


def _several(flow: Flow, spoken: Sequence[Node], titles: Sequence[Title], mains: Sequence[int]) -> Words:
    if all(isinstance(spoken[i].op, Linear) for i in mains):
        others = list(dict.fromkeys(each.text for i, each in enumerate(titles) if i not in mains))
        return Words("MLP", _widths(flow, [spoken[i] for i in mains]), DOT.join(others))
    starts = [0, *mains[1:]]
    units = [titles[a:b] for a, b in zip(starts, [*starts[1:], len(titles)], strict=True)]
    shared = _shared_tail(units)
    if shared is None:
        return Words(DOT.join(dotted(map(_short, unit)) for unit in units))
    after = dotted(map(_short, shared))
    rest = [f"{after} after each" if shared else "", *map(_short, units[-1][1 + len(shared) :])]
    return Words(_listed([unit[0] for unit in units]), line=DOT.join(part for part in rest if part))


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


def summary(flow: Flow, element: Element) -> str:
    """The layers on a block's longest path: `Conv 1×1, 64 → 3×3, 64 → 1×1, 256`."""
    assert element.scope is not None
    inner = elements_of(flow, element.scope)
    if not inner:
        return ""
    branches = _branches(flow, inner)
    if branches > 2:
        return f"{branches}{SPACE}branches{ARROW}{op_title(flow, inner[-1].moving[-1]).text}"
    path = _longest_path(flow, inner)
    if not any(each.mains for each in path):
        return _counted([op_title(flow, node) for node in element.moving if is_main(node)])
    beside = [each for each in inner if each not in path and _tells(each)] if branches == 2 else []
    return f"{SPACE}+{SPACE}".join(_way(flow, way) for way in (path, beside) if way)


def _way(flow: Flow, way: Sequence[Element]) -> str:
    """What stands on one way through a block; a way that is one block says what that one does."""
    layers = [each for each in way if each.mains]
    pools = [op_title(flow, each.moving[0]) for each in way if _tells(each) and not each.mains]
    if not layers:
        return _listed(pools)
    if len(layers) == 1 and layers[0].is_block:
        return ARROW.join([*(pool.text for pool in pools), summary(flow, layers[0])])
    return _listed([_stretch_title(flow, stretch) for stretch in _stretches(flow, way)])


def _tells(element: Element) -> bool:
    """Whether a branch is told by it: a layer, or a pool."""
    return element.mains > 0 or any(node.op.kind is Kind.POOL for node in element.moving)


def _stretch_title(flow: Flow, stretch: Sequence[Element]) -> Title:
    if len(stretch) == 1:
        return _part(flow, stretch[0])
    layers = [node for element in stretch for node in element.moving if is_main(node)]
    return Title("Linear", _widths(flow, layers), comma=False)


def _stretches(flow: Flow, path: Sequence[Element]) -> list[list[Element]]:
    """The elements with layers, linear layers with nothing joining the stream between them together."""
    found: list[list[Element]] = []
    apart = True
    for element in path:
        apart = apart or len(set(flow.sources[element.moving[0]])) > 1
        if element.mains:
            linear = _is_linear(element)
            if found and linear and not apart:
                found[-1].append(element)
            else:
                found.append([element])
            apart = not linear
    return found


def _is_linear(element: Element) -> bool:
    return not element.is_block and all(isinstance(n.op, Linear) for n in element.moving if is_main(n))


def _branches(flow: Flow, inner: Sequence[Element]) -> int:
    """How many elements the block's last one joins."""
    last = inner[-1]
    if last.scope is not None or not isinstance(last.moving[-1].op, Cat | Stack):
        return 1
    return len(set(flow.sources[last.moving[-1]]))


def _longest_path(flow: Flow, inner: Sequence[Element]) -> list[Element]:
    """The path to the last element that has most layers on it."""
    owner = {node: element for element in inner for node in element.nodes}
    best: dict[Element, tuple[int, Element | None]] = {}
    for element in inner:
        sources = dict.fromkeys(owner[node] for node in flow.read_from_outside(element.nodes) if node in owner)
        options = [(best[source][0], source) for source in sources if source in best]
        longest = max(options, key=lambda option: option[0], default=(0, None))
        best[element] = (longest[0] + element.mains, longest[1])
    path: list[Element] = []
    step: Element | None = inner[-1]
    while step is not None:
        path.append(step)
        step = best[step][1]
    return path[::-1]


def _on_longest_path(flow: Flow, element: Element) -> list[Node]:
    """The layers of a block that follow each other: of a gated MLP one of the two ways."""
    assert element.scope is not None
    path = _longest_path(flow, elements_of(flow, element.scope))
    return [node for each in path for node in each.moving if is_main(node)]


def _part(flow: Flow, element: Element) -> Title:
    """What an element with layers adds to its block's line."""
    mains = [node for node in element.moving if is_main(node)]
    if not element.is_block:
        return op_title(flow, mains[0])
    name = block_name(element)
    if all(isinstance(node.op, Linear) for node in mains):
        # those whose output nobody reads stand on no path
        layers = _on_longest_path(flow, element)
        return Title(name, _widths(flow, layers) if layers else "", comma=False)
    attention = next((node for node in mains if node.op.kind is Kind.ATTENTION), None)
    return Title(name, op_title(flow, attention).fields) if attention is not None else Title(name)


def _listed(parts: Sequence[Title]) -> str:
    """The parts in order; what the one before said already (`Conv`) is left out."""
    if len(parts) > MOST:
        return _counted(parts)
    texts: list[str] = []
    before: Title | None = None
    for part, equal in groupby(parts):
        count = len(list(equal))
        text = part.text if before is None or not part.stem or before.stem != part.stem else _without_stem(part)
        texts.append(f"{count}{SPACE}×{SPACE}{text}" if count > 1 else text)
        before = part
    joined = texts[0]
    for text in texts[1:]:
        # between sizes an arrow would read as one more size
        joined += (DOT if FLOW in joined.rsplit(DOT, 1)[-1].rsplit(ARROW, 1)[-1] + text else ARROW) + text
    return joined


def _without_stem(part: Title) -> str:
    short = part.name.removeprefix(part.stem).strip(SPACE)
    return part._replace(name=short).text if short else part.text


def _counted(parts: Sequence[Title]) -> str:
    counts: dict[str, int] = {}
    for part in parts:
        name = part.stem or part.name
        counts[name] = counts.get(name, 0) + 1
    return DOT.join(f"{count}{SPACE}{name}" if count > 1 else name for name, count in counts.items())
