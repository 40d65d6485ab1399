"""A figure's SVG without what the page's style sheet says once for all figures.

Colours, typeface and sizes become classes, and the rounded boxes, which Graphviz writes as paths, rectangles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from archdsl.drawing.metrics import text_width

_SVG: Final = "{http://www.w3.org/2000/svg}"
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_TEXTS: Final = {
    ("10.50", "bold"): "name",
    ("9.00", ""): "field",
    ("8.00", ""): "small",
    ("8.50", ""): "small shape",
    ("11.00", "bold"): "times",
    ("13.00", ""): "sign",
}
"""The class of a text by its size and weight."""
PAD: Final = 6.0
"""Around a figure, in points."""


def compact(svg: str) -> str:
    """The figure as small SVG text, cropped to what it shows; its own title and background are left out."""
    root = ElementTree.fromstring(svg)
    graph = root.find(f"{_SVG}g")
    assert graph is not None
    figure = _Figure()
    body = "".join(figure.group(child) for child in graph.iter(f"{_SVG}g") if child is not graph)
    return f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{figure.frame}'>{body}</svg>"


class _Figure:
    """Writes the groups of one figure and keeps how far they reach."""

    def __init__(self) -> None:
        self._xs: list[float] = []
        self._ys: list[float] = []

    @property
    def frame(self) -> str:
        """The `viewBox`."""
        if not self._xs:
            return "0 0 1 1"
        left, top = min(self._xs) - PAD, min(self._ys) - PAD
        return _numbers([left, top, max(self._xs) + PAD - left, max(self._ys) + PAD - top])

    def group(self, group: ElementTree.Element) -> str:
        """A box, a link or a panel."""
        kind, _, classes = group.get("class", "").partition(" ")
        parts = {"edge": self._link, "cluster": self._panel}.get(kind, self._box)(group)
        return f"<g class={_quoted(classes or kind)}>{''.join(parts)}</g>" if parts else ""

    def _box(self, group: ElementTree.Element) -> list[str]:
        parts = []
        for shape in group.iter():
            tag = shape.tag.removeprefix(_SVG)
            if tag == "title":
                parts.append(f"<title>{escape(shape.text or '')}</title>")
            elif tag == "ellipse":
                parts.append(self._ellipse(shape))
            elif tag in ("path", "polygon"):
                parts.append(self._rectangle(shape))
            elif tag == "text":
                parts.append(self._text(shape))
        return parts

    def _panel(self, group: ElementTree.Element) -> list[str]:
        shapes = [shape for shape in group if shape.tag in (f"{_SVG}path", f"{_SVG}polygon")]
        return [self._rectangle(shape) for shape in shapes]

    def _link(self, group: ElementTree.Element) -> list[str]:
        courses, heads, texts = [], [], []
        dashed = ""
        for shape in group:
            tag = shape.tag.removeprefix(_SVG)
            if shape.get("stroke-dasharray"):
                dashed = " class='dashed'"
            if tag == "path":
                courses.append(self._course(shape.get("d", "")))
            elif tag == "polyline":
                courses.append(_line(self._seen(shape.get("points", ""))))
            elif tag == "polygon":
                heads.append(f"<polygon points='{_numbers(self._seen(shape.get('points', '')))}'/>")
            elif tag == "text":
                texts.append(self._text(shape))
        course = f"<path{dashed} d='{''.join(courses)}'/>" if courses else ""
        return [part for part in (course, *heads, *texts) if part]

    def _course(self, data: str) -> str:
        """A path of Bézier curves, straight ones as lines."""
        points = self._seen(data)
        start, rest = points[:2], points[2:]
        parts = [f"M{_numbers(start)}"]
        for i in range(0, len(rest), 6):
            first, second, end = rest[i : i + 2], rest[i + 2 : i + 4], rest[i + 4 : i + 6]
            straight = first == start and second == end
            parts.append(f"L{_numbers(end)}" if straight else f"C{_numbers(rest[i : i + 6])}")
            start = end
        return "".join(parts)

    def _rectangle(self, shape: ElementTree.Element) -> str:
        points = self._seen(shape.get("d", "") or shape.get("points", ""))
        left, top = min(points[::2]), min(points[1::2])
        width, height = max(points[::2]) - left, max(points[1::2]) - top
        classes = "pill" if shape.get("stroke") == "none" else "dashed" if shape.get("stroke-dasharray") else ""
        marked = f" class='{classes}'" if classes else ""
        x, y, wide, high = (_numbers([each]) for each in (left, top, width, height))
        return f"<rect{marked} x='{x}' y='{y}' width='{wide}' height='{high}'/>"

    def _ellipse(self, shape: ElementTree.Element) -> str:
        x, y, radius = (float(shape.get(name, "0")) for name in ("cx", "cy", "rx"))
        self._seen(f"{x - radius} {y - radius} {x + radius} {y + radius}")
        return f"<circle cx='{_numbers([x])}' cy='{_numbers([y])}' r='{_numbers([radius])}'/>"

    def _text(self, shape: ElementTree.Element) -> str:
        x, y, length = (float(shape.get(name, "0")) for name in ("x", "y", "textLength"))
        size, weight = shape.get("font-size", ""), shape.get("font-weight", "")
        text = (shape.text or "").lstrip()
        if shape.get("text-anchor") == "middle":
            x -= length / 2
        # Spaces before a text only set it apart from the one before.
        shown = text_width(text, float(size), bold=weight == "bold")
        x, length = x + length - shown, shown
        self._seen(f"{x} {y - float(size)} {x + length} {y + 2}")
        place = f"x='{_numbers([x])}' y='{_numbers([y])}' textLength='{_numbers([length])}'"
        return f"<text class='{_TEXTS.get((size, weight), 'field')}' {place}>{escape(text)}</text>"

    def _seen(self, data: str) -> list[float]:
        """The numbers in a list of points, which the figure reaches to."""
        found = [float(number) for number in _NUMBER.findall(data)]
        self._xs += found[::2]
        self._ys += found[1::2]
        return found


def _line(points: Sequence[float]) -> str:
    pairs = [_numbers(points[i : i + 2]) for i in range(0, len(points), 2)]
    return f"M{'L'.join(pairs)}"


def _numbers(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.1f}".removesuffix(".0") for number in numbers)


def _quoted(text: str) -> str:
    quoted = quoteattr(text)
    return f"'{quoted[1:-1]}'" if "'" not in quoted else quoted
