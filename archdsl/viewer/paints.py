"""The figures' palettes as CSS variables, which have a light and a dark colour each."""

from __future__ import annotations

from archdsl.figure.palette import DARK, PAPER

_COLOURS = ("ground", "title", "muted", "line", "skip", "panel", "panel_line")


def style_of_paints() -> str:
    """The colours of the page, then those of boxes by their paint."""
    page = {name: (getattr(PAPER, name), getattr(DARK, name)) for name in _COLOURS}
    rules = [_rule(":root", page)]
    for name, light in PAPER.paints.items():
        colours = dict(zip(light._fields, zip(light, DARK.paints[name], strict=True), strict=True))
        rules.append(_rule(f".figure .{name}", colours))
    return "\n".join(rules)


def _rule(selector: str, colours: dict[str, tuple[str, str]]) -> str:
    lines = (f"--{name.replace('_', '-')}: light-dark({light}, {dark});" for name, (light, dark) in colours.items())
    return f"{selector} {{ {' '.join(lines)} }}"
