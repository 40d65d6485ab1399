"""Makes boxes: of ops, of blocks and repeats of them, of merges and ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, takewhile
from typing import Final

from archdsl.figure.copies import one_for_all
from archdsl.figure.differences import differences, group_size, has_more, shrunk
from archdsl.figure.elements import Element
from archdsl.figure.figure import Box, Style
from archdsl.figure.flow import Flow, in_training_only, is_main
from archdsl.figure.given import op_title
from archdsl.figure.palette import paint_of
from archdsl.figure.repeats import Run, Signature, nodes_of, signature
from archdsl.figure.saying import Sentence, spelled_out
from archdsl.figure.scans import carried, inner_steps, loops_of, steps_text
from archdsl.figure.sentences import sentence
from archdsl.figure.wording import Words, block_name, words_of
from archdsl.ir.graph import Item, Node, Scope
from archdsl.ops.base import Kind
from archdsl.words.naming import DOT, FLOW, dotted, humanise
from archdsl.words.quantities import SPACE, count_text
from archdsl.words.titles import sign_of

JOINED: Final = f"{SPACE}+{SPACE}"
"""Between the parts of a title."""
MOST_READ: Final = 2000
"""The characters of a note, a title or a list of names: many more than are shown, and Graphviz reads no 16,000."""


def ops_box(flow: Flow, run: Run, style: Style) -> Box:
    """A box for ops one after another, or for equal stretches of them."""
    nodes = run.nodes
    moving = flow.moving(nodes)
    first = run.turns[0]
    words = _named_words(first, words_of(flow, nodes_of(first)))
    kind = next((flow.kind(node) for node in moving if is_main(node)), None)
    return Box(
        name=run.first.path,
        style=style,
        paint=paint_of(kind or _first_kind(flow, moving)),
        title=words.name,
        fields=words.fields,
        aside=_training(moving) if style is Style.CARD else "",
        lines=tuple(line for line in (words.line, shared(run), *notes(flow, run)) if line),
        counts=counts(flow, nodes) if style is Style.CARD else "",
        times=len(run.turns),
        dashed=all(map(in_training_only, moving)) or any(node.op.unwritten for node in moving),
    )


def _named_words(elements: Sequence[Element], words: Words) -> Words:
    """A block that does not begin with its layer is known by its name, as `Transition`."""
    scope = elements[0].scope
    if len(elements) > 1 or scope is None or scope.block is None or words.fields or DOT not in words.name:
        return words
    return Words(humanise(scope.block), line=words.name)


def _first_kind(flow: Flow, moving: Sequence[Node]) -> Kind:
    spoken = [node for node in moving if flow.is_spoken(node)] or list(moving)
    return flow.kind(spoken[0])


def as_stem(box: Box) -> Box:
    """The box of the ops before the first block."""
    first = f"{box.title}{'' if FLOW in box.fields else ','}{SPACE}{box.fields}" if box.fields else box.title
    return replace(box, title="Stem", fields="", lines=(dotted((first, *box.lines)),))


def merge_box(element: Element) -> Box:
    """A circle for values that are joined by one sign."""
    node = element.moving[-1]
    return Box(node.path, Style.MERGE, "reshape", sign_of(node) or "+", dashed=in_training_only(node))


def block_card(flow: Flow, run: Run, base: Scope) -> Box:
    """A card for a block or a repeat of blocks, in a figure or panel of the scope `base`."""
    unit = group_size(flow, run.turns)
    nodes = run.nodes
    moving = flow.moving(nodes)
    blocks = f"{len(run.turns)}{SPACE}blocks" if unit > 1 else ""
    varying = differences(flow, run.turns) if len(run.turns) > 1 else ""
    loops = loops_of(run.turns[0])
    within = "" if loops else inner_steps(flow, nodes, [element.scope for element in run.elements])
    title = run_title(flow, run, unit)
    place = instances(flow, run, base)
    aside = [
        place if humanise(place) != title else "",
        steps_text(flow, loops),
        within,
        blocks,
        varying,
        _training(moving),
    ]
    return Box(
        name=run.first.path,
        style=Style.CARD,
        paint=paint_of(Kind.ATTENTION if any(n.op.kind is Kind.ATTENTION for n in nodes) else None),
        title=title,
        aside=DOT.join(part for part in aside if part),
        lines=tuple(line for line in (_line(flow, run), shared(run), *notes(flow, run, base)) if line),
        counts=counts(flow, nodes),
        times=len(run.turns) // unit,
        carries=carried(loops),
        dashed=all(map(in_training_only, moving)),
    )


def side_by_side(flow: Flow, one: Box, run: Run) -> Box:
    """The box of equal ways, from that of one."""
    title = f"{len(run.turns)}{SPACE}×{SPACE}{one.title}"
    lines = (*one.lines, f"side{SPACE}by{SPACE}side")
    return replace(one, title=title, lines=lines, counts=counts(flow, run.nodes) if one.counts else "")


def shared(run: Run) -> str:
    """`weights of encoder.conv`, `weight tied to embedding`: whose the weights are, where they are not its own."""
    for element in run.elements:
        owned = [node for node in element.nodes if node.tensors or node.share is not None]
        if owned and all(node.share is not None for node in owned):
            scope = element.scope
            owner = scope.share if scope is not None and scope.share is not None else owned[0].share
            return f"weights{SPACE}of {owner.path}" if owner is not None else ""
    own = set(run.nodes)
    tied = [(name, value) for node in run.nodes for name, value in node.tie.items() if value.node not in own]
    return f"{tied[0][0]}{SPACE}tied to {tied[0][1].node.path}" if len(tied) == 1 else ""


def run_title(flow: Flow, run: Run, unit: int = 1) -> str:
    """`Residual unit`, `Window block pair`, `Attention + MLP`, `MaxPool 3×3 + 2 Fire`."""
    names = [name for element in run.turns[0] if (name := _part_name(flow, element))]
    if len(run.turns[0]) > 1:
        counted = [(name, len(list(equal))) for name, equal in groupby(names)]
        return _summed([f"{count}{SPACE}{name}" if count > 1 else name for name, count in counted])
    if unit == 1:
        return names[0]
    return f"{names[0]}{SPACE}{'pair' if unit == 2 else f'group of {unit}'}"


def _summed(names: Sequence[str]) -> str:
    """`Conv 3×3 + 2 (Residual + Attention)`."""
    parts: list[str] = []
    rest = list(names)
    while rest:
        length, times = max(
            ((length, _times(rest, length)) for length in range(1, len(rest) // 2 + 1)),
            key=lambda found: (found[1] > 1) * found[0] * found[1], default=(1, 1),
        )  # fmt: skip
        first = JOINED.join(rest[:length]) if times > 1 else rest[0]
        parts.append(f"{times}{SPACE}({first})" if times > 1 else first)
        rest = rest[length * times if times > 1 else 1 :]
    return JOINED.join(parts)


def _times(names: Sequence[str], length: int) -> int:
    """How often the first so many names stand in a row."""
    times = 1
    while names[times * length : (times + 1) * length] == names[:length]:
        times += 1
    return times


def _part_name(flow: Flow, element: Element) -> str:
    """What an element of a turn is called there; empty for what only stands between layers."""
    if element.is_block:
        return block_name(element)
    telling = [node for node in element.moving if is_main(node) or node.op.kind is Kind.POOL]
    return op_title(flow, telling[0]).name if telling else ""


def instances(flow: Flow, run: Run, base: Scope) -> str:
    """`layer1` where the run is all that it holds, else the first and the last path, seen from `base`."""
    if len(run.turns) == 1 < len(run.elements) and (shared := _common(run.elements, base)):
        return shared
    whole = _whole(flow, run, base)
    if whole is not None:
        return relative(whole.path, base)
    paths = [relative(element.path, base) for element in run.elements]
    return paths[0] if paths[0] == paths[-1] else f"{paths[0]}{SPACE}–{SPACE}{paths[-1]}"


def _common(elements: Sequence[Element], base: Scope) -> str:
    """The path of what all blocks among elements stand in; of a single block, its own."""
    paths = [relative(element.path, base).split(".") for element in elements if element.is_block]
    same = takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
    return ".".join(names[0] for names in same)


def _whole(flow: Flow, run: Run, base: Scope) -> Scope | None:
    """The list or group of which the run is all, if it is one below `base`."""
    parent = run.first.parent
    if parent is None or parent is base or len(run.elements) == 1:
        return None
    held = {node for node in parent.nodes() if node not in flow.static}
    return parent if held <= set(run.nodes) else None


def relative(path: str, base: Scope) -> str:
    """A path as it is read from inside a scope."""
    return path.removeprefix(f"{base.path}.") if base.path else path


def _line(flow: Flow, run: Run) -> str:
    """What the block consists of; of copies, what is true of them all."""
    if len(run.turns[0]) > 1:
        return ""
    found = _sentences(flow, run)
    said = one_for_all(found, halved=bool(shrunk(flow, run.turns)), more=has_more(run.turns))
    return spelled_out(said) if said is not None else ""


def _sentences(flow: Flow, run: Run) -> list[Sentence]:
    """What each copy consists of."""
    known: dict[Signature, Sentence] = {}
    found: list[Sentence] = []
    for turn in run.turns:
        own = signature(turn)
        if (said := known.get(own)) is None:
            said = known[own] = sentence(flow, turn[0])
        found.append(said)
    return found


def notes(flow: Flow, run: Run, base: Scope | None = None) -> list[str]:
    """What the spec's `note` says of the elements, each note once: of blocks, and of ops that are not inside of one."""
    items: list[Item | None] = [_whole(flow, run, base) if base is not None else None]
    for element in run.elements:
        items += [element.scope, *(() if element.is_block else element.nodes)]
    return list(dict.fromkeys(legible(item.note) for item in items if item is not None and item.note))


def legible(text: str) -> str:
    """As much of a text as a figure may have to break into lines."""
    return text if len(text) <= MOST_READ else f"{text[:MOST_READ]}…"


def _training(moving: Iterable[Node]) -> str:
    return f"training{SPACE}only" if all(map(in_training_only, moving)) else ""


def counts(flow: Flow, nodes: Iterable[Node]) -> str:
    """Parameters and MACs of these nodes, if they are wanted; shared and tied tensors count where they are first."""
    found = list(nodes) if flow.view.counts else []
    known = sum(number * flow.macs(macs) for macs, number in Counter(node.macs for node in found).items())
    return count_text(sum(node.parameters for node in found), known)
