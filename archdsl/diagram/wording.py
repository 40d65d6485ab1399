"""The lines of a card: what a stretch of ops or a block consists of, in a line or two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from archdsl.diagram.elements import Element, elements_of
from archdsl.diagram.flow import Flow, is_main, is_silent
from archdsl.diagram.quantities import SPACE
from archdsl.diagram.titles import ARROW, DOT, SHORT, Title, humanise, title
from archdsl.graph import Node
from archdsl.ops.base import Kind

MOST: Final = 6
"""The most layers that a block's line lists one by one."""

LISTED: Final = 24
"""The most ops that a box of ops lists one by one."""


class Words(NamedTuple):
    """What a card says of ops: a bold name with fields beside it, and a line below."""

    name: str
    fields: str = ""
    line: str = ""


def words_of(flow: Flow, nodes: Iterable[Node]) -> Words:
    """What a stretch of ops says of itself."""
    moving = flow.moving(nodes)
    spoken = [node for node in moving if not is_silent(node)] or moving[-1:]
    titles = [op_title(flow, node) for node in spoken]
    mains = [i for i, node in enumerate(spoken) if is_main(node)]
    if len(titles) > LISTED:
        return Words(_counted(titles))
    if len(mains) > 1:
        return _several(spoken, titles, mains)
    if mains == [0]:
        rest = DOT.join(_short(each) for each in titles[1:])
        return Words(titles[0].name, titles[0].fields, rest)
    if len(titles) == 1:
        return Words(titles[0].name, titles[0].fields)
    return Words(DOT.join(each.text for each in titles))


def _several(spoken: Sequence[Node], titles: Sequence[Title], mains: Sequence[int]) -> Words:
    if all(spoken[i].op.name == "linear" for i in mains):
        sizes = [titles[i].fields.split(ARROW) for i in mains]
        others = list(dict.fromkeys(each.text for i, each in enumerate(titles) if i not in mains))
        return Words("MLP", ARROW.join([sizes[0][0], *(after for _, after in sizes)]), DOT.join(others))
    return Words(DOT.join(_folded(titles, mains)))


def _folded(titles: Sequence[Title], mains: Sequence[int]) -> list[str]:
    """The ops by layer, equal layers in a row as `2 × (Conv 3×3, 64 · ReLU)`."""
    starts = [0, *mains[1:]]
    units = [titles[a:b] for a, b in zip(starts, [*starts[1:], len(titles)], strict=True)]
    # an op that only the last of equal layers has (a pool) stands behind them
    folded: list[str] = []
    position = 0
    while position < len(units):
        unit = units[position]
        count = 1
        while position + count < len(units) and _begins_with(units[position + count], unit):
            count += 1
            if len(units[position + count - 1]) > len(unit):
                break
        text = DOT.join(_short(each) for each in unit)
        many = f"({text})" if len(unit) > 1 else text
        folded.append(f"{count}{SPACE}×{SPACE}{many}" if count > 1 else text)
        folded += [_short(each) for each in units[position + count - 1][len(unit) :]]
        position += count
    return folded


def _begins_with(titles: Sequence[Title], start: Sequence[Title]) -> bool:
    return list(titles[: len(start)]) == list(start)


def _short(each: Title) -> str:
    return each._replace(name=SHORT.get(each.name, each.name)).text


def op_title(flow: Flow, node: Node) -> Title:
    """An op's title; where it joins a parameter to the stream, with the parameter's name."""
    found = title(node, flow.sizes)
    given = [value.node for value in node.inputs if value is not None and value.node in flow.static]
    names = [name for source in given if (name := _origin(source)) is not None]
    if names and node.op.name in ("formula", "cat", "add", "mul") and found.name in ("Add", "Multiply", "Concat"):
        return Title(f"{found.name}{SPACE}{humanise(names[0]).lower()}")
    return found


def _origin(node: Node) -> str | None:
    """The name of the one tensor that a static node is made of."""
    while node.inputs:
        if len(node.inputs) > 1 or node.inputs[0] is None:
            return None
        node = node.inputs[0].node
    return node.name


def summary(flow: Flow, element: Element) -> str:
    """The layers on a block's longest path: `Conv 1×1, 64 → 3×3, 64 → 1×1, 256`."""
    assert element.scope is not None
    inner = elements_of(flow, element.scope)
    if not inner:
        return ""
    branches = _branches(flow, inner)
    if branches > 2:
        return f"{branches}{SPACE}branches{ARROW}{op_title(flow, inner[-1].moving[-1]).text}"
    parts = [part for each in _longest_path(flow, inner) if (part := _part(flow, each)) is not None]
    return _listed(parts)


def _branches(flow: Flow, inner: Sequence[Element]) -> int:
    """How many elements the block's last one joins."""
    last = inner[-1]
    if last.scope is not None or last.moving[-1].op.name not in ("cat", "stack"):
        return 1
    return len(set(flow.sources[last.moving[-1]]))


def _longest_path(flow: Flow, inner: Sequence[Element]) -> list[Element]:
    """The path to the last element that has most layers on it."""
    owner = {node: element for element in inner for node in element.nodes}
    best: dict[Element, tuple[int, Element | None]] = {}
    for element in inner:
        sources = {owner[node] for node in flow.read_from_outside(element.nodes) if node in owner}
        options = [(best[source][0], source) for source in sources if source in best]
        longest = max(options, key=lambda option: option[0], default=(0, None))
        best[element] = (longest[0] + element.mains, longest[1])
    path: list[Element] = []
    step: Element | None = inner[-1]
    while step is not None:
        path.append(step)
        step = best[step][1]
    return path[::-1]


def _part(flow: Flow, element: Element) -> Title | None:
    """What an element adds to its block's line; None for what the line leaves out."""
    mains = [node for node in element.moving if is_main(node)]
    if not mains:
        return None
    if not element.is_block:
        return op_title(flow, mains[0])
    assert element.scope is not None
    name = humanise(element.scope.block or element.scope.name)
    if all(node.op.name == "linear" for node in mains):
        sizes = [title(node, flow.sizes).fields.split(ARROW) for node in mains]
        return Title(name, ARROW.join([sizes[0][0], *(after for _, after in sizes)]), comma=False)
    attention = next((node for node in mains if node.op.kind is Kind.ATTENTION), None)
    return Title(name, title(attention, flow.sizes).fields) if attention is not None else Title(name)


def _listed(parts: Sequence[Title]) -> str:
    """The parts joined by arrows; what the one before said already (`Conv`) is left out."""
    if len(parts) > MOST:
        return _counted(parts)
    texts = []
    for before, part in zip([None, *parts], parts, strict=False):
        repeated = before is not None and part.stem and before.stem == part.stem
        texts.append(_without_stem(part) if repeated else part.text)
    return ARROW.join(texts)


def _without_stem(part: Title) -> str:
    short = part.name.removeprefix(part.stem).strip(SPACE)
    return part._replace(name=short).text if short else part.text


def _counted(parts: Sequence[Title]) -> str:
    counts: dict[str, int] = {}
    for part in parts:
        name = part.stem or part.name
        counts[name] = counts.get(name, 0) + 1
    return DOT.join(f"{count}{SPACE}{name}" for name, count in counts.items())
