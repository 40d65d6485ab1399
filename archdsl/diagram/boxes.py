"""Makes boxes: of ops, of blocks and repeats of them, of merges and ports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archdsl.diagram.differences import differences, group_size, merged, shrunk
from archdsl.diagram.elements import Element
from archdsl.diagram.figure import Box, Style
from archdsl.diagram.flow import Flow, in_training_only, is_main, is_silent
from archdsl.diagram.loops import carried, loops_of, steps_text
from archdsl.diagram.palette import paint_of
from archdsl.diagram.quantities import SPACE, count_text, size
from archdsl.diagram.repeats import Run, nodes_of
from archdsl.diagram.titles import DOT, humanise, sign_of
from archdsl.diagram.wording import FLOW, Words, block_name, summary, words_of
from archdsl.graph import Node, Scope
from archdsl.ops.base import Kind


def ops_box(flow: Flow, run: Run, style: Style) -> Box:
    """A box for ops one after another, or for equal stretches of them."""
    nodes = run.nodes
    moving = flow.moving(nodes)
    first = run.turns[0]
    words = _named_words(first, words_of(flow, nodes_of(first)))
    kind = next((node.op.kind for node in moving if is_main(node)), None)
    return Box(
        name=run.first.path,
        style=style,
        paint=paint_of(kind or _first_kind(moving)),
        title=words.name,
        fields=words.fields,
        aside=_training(moving) if style is Style.CARD else "",
        lines=tuple(line for line in (words.line, *notes(run)) if line),
        counts=counts(flow, nodes) if style is Style.CARD else "",
        times=len(run.turns),
        dashed=all(map(in_training_only, moving)),
    )


def _named_words(elements: Sequence[Element], words: Words) -> Words:
    """A block that does not begin with its layer is known by its name, as `Transition`."""
    scope = elements[0].scope
    if len(elements) > 1 or scope is None or scope.block is None or words.fields or DOT not in words.name:
        return words
    return Words(humanise(scope.block), line=words.name)


def _first_kind(moving: Sequence[Node]) -> Kind:
    spoken = [node for node in moving if not is_silent(node)] or list(moving)
    return spoken[0].op.kind


def as_stem(box: Box) -> Box:
    """The box of the ops before the first block."""
    first = f"{box.title}{'' if FLOW in box.fields else ','}{SPACE}{box.fields}" if box.fields else box.title
    return replace(box, title="Stem", fields="", lines=(DOT.join((first, *box.lines)),))


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
    aside = [instances(flow, run, base), steps_text(flow, loops), blocks, varying, _training(moving)]
    return Box(
        name=run.first.path,
        style=Style.CARD,
        paint=paint_of(Kind.ATTENTION if any(n.op.kind is Kind.ATTENTION for n in nodes) else None),
        title=run_title(run, unit),
        aside=DOT.join(part for part in aside if part),
        lines=tuple(line for line in (_summary(flow, run), *notes(run)) if line),
        counts=counts(flow, nodes),
        times=len(run.turns) // unit,
        carries=carried(loops),
        dashed=all(map(in_training_only, moving)),
    )


def run_title(run: Run, unit: int = 1) -> str:
    """`Residual unit`, `Window block pair`, `Attention + MLP`."""
    names = [block_name(element) for element in run.turns[0] if element.is_block]
    if len(run.turns[0]) > 1:
        return f"{SPACE}+{SPACE}".join(dict.fromkeys(names))
    if unit == 1:
        return names[0]
    return f"{names[0]}{SPACE}{'pair' if unit == 2 else f'group of {unit}'}"


def instances(flow: Flow, run: Run, base: Scope) -> str:
    """`layer1` where the run is all that it holds, else the first and the last path, seen from `base`."""
    parent = run.first.parent
    paths = [relative(element.path, base) for element in run.elements]
    if parent is not None and parent is not base and len(paths) > 1:
        held = {node for node in parent.nodes() if node not in flow.static}
        if held <= set(run.nodes):
            return relative(parent.path, base)
    return paths[0] if paths[0] == paths[-1] else f"{paths[0]}{SPACE}–{SPACE}{paths[-1]}"


def relative(path: str, base: Scope) -> str:
    """A path as it is read from inside a scope."""
    return path.removeprefix(f"{base.path}.") if base.path else path


def _summary(flow: Flow, run: Run) -> str:
    if len(run.turns[0]) > 1:
        return ""
    texts = [summary(flow, turn[0]) for turn in run.turns]
    first_differs = len(texts) > 1 and (len(set(texts[1:])) == 1 or bool(shrunk(flow, run.turns)))
    return merged(texts[1:] if first_differs else texts)


def notes(run: Run) -> list[str]:
    """What the spec's `note` says of the elements, each note once."""
    items = [element.scope or element.moving[0] for element in run.elements]
    return list(dict.fromkeys(item.note for item in items if item.note))


def _training(moving: Iterable[Node]) -> str:
    return f"training{SPACE}only" if all(map(in_training_only, moving)) else ""


def counts(flow: Flow, nodes: Iterable[Node]) -> str:
    """Parameters and MACs of these nodes; shared and tied tensors count where they are first."""
    found = list(nodes)
    macs = (size(node.macs, flow.sizes) for node in found)
    known = sum(number for number in macs if isinstance(number, int))
    return count_text(sum(node.parameters for node in found), known)
