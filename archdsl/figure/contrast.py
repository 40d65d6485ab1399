"""Colours made of others: how well one is read on another, and what goes with a fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

READABLE: Final = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA: the contrast of text with what is behind it."""
WELL: Final = 7.0
"""Level AAA, where a colour of ours is free."""
VISIBLE: Final = 3.0
"""Of a border with what it surrounds."""
BLACK, WHITE = "#000000", "#FFFFFF"
_STEPS: Final = 20


def luminance(colour: str) -> float:
    """The relative luminance of a colour `#rrggbb`, from 0 to 1."""
    channels = [channel / 255 for channel in _channels(colour)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def text_on(fill: str) -> str:
    """A colour for text on a fill: the fill's own hue, as dark or as light as it must be to be read."""
    dark_first = contrast(BLACK, fill) >= contrast(WHITE, fill)
    return _until(fill, BLACK if dark_first else WHITE, lambda found: contrast(found, fill) >= WELL)


def border_of(fill: str) -> str:
    """A colour for the border of a fill, which is seen beside it."""
    dark_first = contrast(BLACK, fill) >= contrast(WHITE, fill)
    return _until(fill, BLACK if dark_first else WHITE, lambda found: contrast(found, fill) >= VISIBLE)


def under_white(colour: str) -> str:
    """The colour, as dark as it must be for white text on it."""
    return _until(colour, BLACK, lambda found: contrast(WHITE, found) >= READABLE)


def greyed(colour: str) -> str:
    """The grey that is as light as a colour."""
    value = luminance(colour)
    channel = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return _hex(3 * [round(255 * channel)])


def _until(colour: str, towards: str, enough: Callable[[str], bool]) -> str:
    """The colour, mixed with another until it will do; that one where it never does before."""
    return next((found for found in _mixed(colour, towards) if enough(found)), towards)


def _mixed(colour: str, other: str) -> Iterator[str]:
    """The colour with more and more of another in it."""
    pairs = list(zip(_channels(colour), _channels(other), strict=True))
    for step in range(_STEPS + 1):
        yield _hex([round(one + (two - one) * step / _STEPS) for one, two in pairs])


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _hex(channels: list[int]) -> str:
    return "#" + "".join(f"{channel:02X}" for channel in channels)
