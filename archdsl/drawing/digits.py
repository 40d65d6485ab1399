"""Figures that differ in digits alone are laid out once: in the typeface of figures all digits are equally wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from archdsl.drawing.dot import dot_source
from archdsl.figure.figure import Box, Figure, Link, Panel

_ZEROS: Final[Mapping[int, int]] = {ord(digit): ord("0") for digit in "123456789"}


def form_of(figure: Figure) -> str:
    """What figures with the same layout have in common: the DOT text with `0` for every digit that is only read."""
    items = tuple(map(_item, figure.items))
    links = tuple(map(_link, figure.links))
    title, counts = _said(figure.title), _said(figure.counts)
    return dot_source(replace(figure, name="figure", title=title, counts=counts, items=items, links=links))


def first_alike(figures: Sequence[Figure]) -> list[int]:
    """For each figure the number of the first that has its layout."""
    # few have the same boxes: no more is written of those that have not
    kinds = [_kind(figure) for figure in figures]
    times = Counter(kinds)
    forms: dict[object, int] = {}
    return [
        forms.setdefault(form_of(figure) if times[kind] > 1 else kind, number)
        for number, (figure, kind) in enumerate(zip(figures, kinds, strict=True))
    ]


def _kind(figure: Figure) -> Hashable:
    """What is the same wherever the form is: the boxes and the ends of the links, by name."""
    return tuple(box.name for box in figure.boxes()), tuple((link.source, link.target) for link in figure.links)


def _item(item: Box | Panel) -> Box | Panel:
    return replace(item, items=tuple(map(_item, item.items))) if isinstance(item, Panel) else _box(item)


def _box(box: Box) -> Box:
    return replace(
        box, title=_said(box.title), fields=_said(box.fields), aside=_said(box.aside), counts=_said(box.counts),
        lines=tuple(map(_said, box.lines)), remarks=tuple((paint, _said(text)) for paint, text in box.remarks),
    )  # fmt: skip


def _link(link: Link) -> Link:
    return replace(link, label=_said(link.label), names=_said(link.names))


def _said(text: str) -> str:
    return text.translate(_ZEROS)
