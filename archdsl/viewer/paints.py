"""The figures' palettes as CSS variables, which have a light and a dark colour each."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.figure.palette import DARK, PAPER, PRINT, Paint, Palette, own_paints
from archdsl.figure.view import PaletteName, View

_COLOURS = ("ground", "title", "muted", "line", "skip", "panel", "panel_line")


def style_of_paints() -> str:
    """The colours of the page, then those of boxes by their paint."""
    return "\n".join(_rules(PAPER, DARK))


def rules_of(view: View) -> list[str]:
    """What a view adds: greys alone where it is for print, and the paints of its theme."""
    grey = view.palette == "print"
    names: tuple[PaletteName, PaletteName] = ("print", "print") if grey else ("paper", "dark")
    own = zip(*(own_paints(view.theme, name) for name in names), strict=True)
    rules = [_of_paint(name, light, dark) for (name, light), (_, dark) in own]
    return [*(_rules(PRINT, PRINT) if grey else ()), *rules]


def _rules(light: Palette, dark: Palette) -> Iterator[str]:
    yield _rule(":root", {name: (getattr(light, name), getattr(dark, name)) for name in _COLOURS})
    yield from (_of_paint(name, paint, dark.paints[name]) for name, paint in light.paints.items())


def _of_paint(name: str, light: Paint, dark: Paint) -> str:
    colours = dict(zip(light._fields, zip(light, dark, strict=True), strict=True))
    return _rule(f".figure .{name}", colours)


def _rule(selector: str, colours: dict[str, tuple[str, str]]) -> str:
    lines = (f"--{name.replace('_', '-')}: light-dark({light}, {dark});" for name, (light, dark) in colours.items())
    return f"{selector} {{ {' '.join(lines)} }}"
