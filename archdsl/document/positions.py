"""Where every key and value of a spec file stands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Final, TypeAlias

from archdsl.faults.fault import Span
from archdsl.text.lines import Lines

Path: TypeAlias = "tuple[str | int, ...]"
"""A place in plain data: a `str` for the key of a mapping, an `int` for the item of a list."""


Extent: TypeAlias = "tuple[int, int]"
"""The offsets at which something begins and ends."""

Scalar: TypeAlias = "tuple[int, int, str, str]"
"""Where a scalar starts and ends, its text, and its style: ` `` `, `'`, `"`, `|` or `>`. A plain tuple, since
a file has tens of thousands and the garbage collector does not follow these.
"""


class Collection:
    """Positions of a list or mapping: those of its keys and of its values."""

    __slots__ = ("end", "flow", "keys", "start", "values")

    def __init__(self, start: int, flow: bool) -> None:
        self.start = start
        self.end = start
        self.flow = flow
        self.keys: dict[str | int, Scalar] = {}
        """Empty for a list."""
        self.values: dict[str | int, Positions] = {}
        """By key or index."""


Positions: TypeAlias = "Collection | Scalar"


class SourceMap:
    """The positions of a file's plain data, by path.

    Looking up a path that does not exist gives the deepest part of it that does: an error about a
    missing field points at the node that lacks it.
    """

    def __init__(self, file: str, text: str, root: Positions | None) -> None:
        self.file = file
        self.text = text
        self.lines = Lines(file, text)
        self._root = root

    def value(self, path: Path) -> Span:
        """The span of a value (quotes included), or of the nearest value around it."""
        return self.lines.span(*self._extent(self._find(path)[0]))

    def key(self, path: Path) -> Span:
        """The span of a mapping's key; of the item itself in a list; else of the nearest one around."""
        found, depth = self._find(path)
        if depth == 0:
            return self.lines.span(*self._extent(found))
        parent = self._find(path[: depth - 1])[0]
        key = parent.keys.get(path[depth - 1]) if isinstance(parent, Collection) else None
        return self.lines.span(*self._extent(key or found))

    def extents(self, path: Path) -> tuple[Extent, Extent]:
        """The offsets of a value, or of the nearest one around it, and those of its key; in a list, its own again."""
        place, around, last = self._root, None, path[:1]
        for depth, step in enumerate(path):
            inner = place.values.get(step) if isinstance(place, Collection) else None
            if inner is None:
                break
            place, around, last = inner, place, path[depth : depth + 1]
        found = self._extent(place)
        key = around.keys.get(last[0]) if isinstance(around, Collection) else None
        return found, found if key is None else self._extent(key)

    def flow(self, path: Path) -> bool:
        """Whether the list or mapping there is written in brackets."""
        found = self._find(path)[0]
        return isinstance(found, Collection) and found.flow

    def scalar_text(self, path: Path) -> str:
        """The text of a scalar as written (`0x10`, `1e-3`), without quotes; `KeyError` elsewhere."""
        found, depth = self._find(path)
        if depth < len(path) or found is None or isinstance(found, Collection):
            raise KeyError(path)
        return found[2]

    def within(self, path: Path, start: int, end: int) -> Span:
        """The span of `value[start:end]` of the scalar at `path`: exact across quotes, folds and escapes."""
        found, depth = self._find(path)
        if depth < len(path) or found is None or isinstance(found, Collection):
            return self.value(path)
        return self._part(found, start, end)

    def within_key(self, path: Path, start: int, end: int) -> Span:
        """The span of `key[start:end]` of the key at `path`."""
        found, depth = self._find(path[:-1])
        key = found.keys.get(path[-1]) if depth == len(path) - 1 and isinstance(found, Collection) else None
        return self.key(path) if key is None else self._part(key, start, end)

    @cached_property
    def keys(self) -> dict[Path, Span]:
        """The span of every key."""
        return {path: self.key(path) for path in self._paths(self._root, ()) if self._is_key(path)}

    @cached_property
    def values(self) -> dict[Path, Span]:
        """The span of every value."""
        return {path: self.value(path) for path in self._paths(self._root, ())}

    def _is_key(self, path: Path) -> bool:
        return bool(path) and isinstance(path[-1], str)

    def _paths(self, place: Positions | None, path: Path) -> Iterator[Path]:
        yield path
        if isinstance(place, Collection):
            for key, value in place.values.items():
                yield from self._paths(value, (*path, key))

    def _find(self, path: Path) -> tuple[Positions | None, int]:
        """The deepest known place on the path, and how many steps lead to it."""
        place = self._root
        for depth, step in enumerate(path):
            inner = place.values.get(step) if isinstance(place, Collection) else None
            if inner is None:
                return place, depth
            place = inner
        return place, len(path)

    def _extent(self, place: Positions | None) -> tuple[int, int]:
        if place is None:
            return 0, 0
        if not isinstance(place, Collection):
            return _extent(place, self.text)
        if place.flow or not place.values:
            return place.start, place.end
        return place.start, max(place.start, self._extent(next(reversed(place.values.values())))[1])

    def _part(self, scalar: Scalar, start: int, end: int) -> Span:
        start_, end_ = _extent(scalar, self.text)
        offsets = _offsets(self.text, start_, end_, *scalar[2:])
        low, high = (offsets[min(max(place, 0), len(offsets) - 1)] for place in (start, end))
        if end > start and end < len(offsets):
            high = offsets[end - 1] + 1
        return self.lines.span(low, high)


def _extent(scalar: Scalar, text: str) -> tuple[int, int]:
    """Where a scalar stands; libyaml lets a block scalar run on to the next token."""
    start, end, _, style = scalar
    return (start, start + len(text[start:end].rstrip())) if style in {"|", ">"} else (start, end)


def _offsets(text: str, start: int, end: int, value: str, style: str) -> list[int]:
    """The source offset of every character of a scalar's value, and of its end.

    Folding only changes white space, so the other characters are met in the same order; white space
    takes the place before the character that follows it.
    """
    inner = start + 1 if style in {"'", '"'} else start
    stop = end - 1 if style in {"'", '"'} else end
    if style in {"|", ">"}:
        inner = min(end, text.find("\n", start) + 1 or end)
    if text[inner:stop] == value:
        return [*range(inner, inner + len(value) + 1)]
    solid = _solid(text, inner, stop, style)
    offsets = [next(solid, stop) if not character.isspace() else -1 for character in value]
    offsets.append(stop)
    for place, (here, after) in reversed([*enumerate(pairwise(offsets))]):
        if here < 0:
            offsets[place] = (offsets[place + 1] if after < 0 else after) - 1
    return offsets


def _solid(text: str, start: int, end: int, style: str) -> Iterator[int]:
    """Offsets of the characters that are not white space, an escape counting as one."""
    place = start
    while place < end:
        width = _width(text, place, style)
        if not text[place].isspace() and not (width > 1 and _blank(text[place + 1 : place + width])):
            yield place
        place += width


def _blank(escape: str) -> bool:
    """Whether an escape, without its backslash, stands for white space."""
    return escape in _BLANKS or (len(escape) > 1 and chr(int(escape[1:], 16)).isspace())


_BLANKS: Final = frozenset("\n\t nrtvfNLP_")


def _width(text: str, place: int, style: str) -> int:
    if style == "'" and text[place] == "'":
        return 2
    if style == '"' and text[place] == "\\":
        return {"x": 4, "u": 6, "U": 10}.get(text[place + 1], 2)
    return 1
