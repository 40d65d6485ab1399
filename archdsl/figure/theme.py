"""What a theme says: how figures of a network are presented, apart from its spec."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

OWN: Final = "own"
"""What the names of a theme's own paints begin with."""


USUAL_SIZE: Final = 10.5
"""The font size of names in boxes, in points: all other text is in proportion."""


class Colour(NamedTuple):
    """Colours of a box as `#rrggbb`. What is empty follows from the fill."""

    fill: str
    """Or the name of one of the palette's paints: it is then that."""
    border: str = ""
    text: str = ""


@dataclass(frozen=True)
class Theme:
    """What a theme says of one network: its paths are paths there. Of a theme that says nothing all is empty.

    What is said inside of a block is said of all instances: their paths are named one by one.
    """

    title: str | None = None
    legend: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    """By path, what a box or a panel is called. Inputs and outputs are known by their names."""
    hide: tuple[str, ...] = ()
    """Paths that are not drawn: links run through them."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By name, the paths that one card stands for."""
    colours: Mapping[str, Colour] = field(default_factory=dict)
    """By op, block, path or name of a group, as the theme says it."""
    scale: float = 1.0
    """How large all is set, where a width does not ask for less: text, too."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """By path the key of `colours` that is said of it."""

    def paint(self, key: str) -> str:
        """The name of the paint that a key of `colours` stands for."""
        return f"{OWN}{list(self.colours).index(key) + 1}"

    def mark(self, path: str) -> Hashable:
        """What is said of all that stands at a path: what differs in it is not drawn as one box."""
        if not self._around:
            return None
        found = list(around(path))
        label, colour = (next((at for at in found if at in named), None) for named in (self.labels, self.paths))
        return label, colour, self.group_of(path)

    def group_of(self, path: str) -> str | None:
        """The name of the group that a path is in."""
        return next((self._grouped[at] for at in around(path) if at in self._grouped), None) if self._grouped else None

    def divides(self, path: str) -> bool:
        """Whether something is said of a part of what stands at a path."""
        return path in self._around

    @cached_property
    def _grouped(self) -> dict[str, str]:
        return {path: name for name, paths in self.groups.items() for path in paths}

    @cached_property
    def _around(self) -> frozenset[str]:
        """The paths around those of which something is said; the empty one is the network's."""
        said = (*self.labels, *self.paths, *self._grouped)
        return frozenset(at for path in said for at in (*list(around(path))[1:], ""))


PLAIN: Final = Theme()
"""The theme that says nothing."""


def around(path: str) -> Iterator[str]:
    """A path, and those of the scopes around it, the innermost first."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def is_at(path: str, place: str) -> bool:
    """Whether a path leads to a place or below it."""
    return path == place or path.startswith(f"{place}.")
