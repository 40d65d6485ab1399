"""Where each piece of a merged document is written."""

from __future__ import annotations

from archdsl.positions import Path, SourceMap


class Origins:
    """The file and path of every piece of a document that was put together from several files.

    Only the roots of what was moved are kept: what lies below one lies below it in its file too.
    """

    def __init__(self, source: SourceMap) -> None:
        self._places: dict[Path, tuple[SourceMap, Path]] = {(): (source, ())}

    def find(self, path: Path) -> tuple[SourceMap, Path]:
        """The file in which a piece is written, and its path there."""
        for length in range(len(path), -1, -1):
            if (found := self._places.get(path[:length])) is not None:
                return found[0], (*found[1], *path[length:])
        raise AssertionError("the root has a place")

    def is_own(self, path: Path) -> bool:
        """Whether a piece is written in the document's own file, and not inherited."""
        return self.find(path)[0] is self._places[()][0]

    def put(self, path: Path, source: SourceMap, at: Path) -> None:
        """Says that the piece at `path` is written at `at` of that file."""
        self.drop(path)
        self._places[path] = source, at

    def take(self, path: Path, other: Origins) -> None:
        """Says of a piece what the other document says of the piece at the same path."""
        self.put(path, *other.find(path))
        self._places |= other._below(path)

    def drop(self, path: Path) -> None:
        for inner in self._below(path):
            del self._places[inner]

    def copy(self) -> Origins:
        copied = Origins(self._places[()][0])
        copied._places = dict(self._places)
        return copied

    def renumber(self, path: Path, kept: list[int]) -> None:
        """Says that of the list at `path` only the items with these indices remain."""
        items = {index: self.find((*path, index)) for index in kept}
        inner = self._below(path)
        self.drop(path)
        for new, old in enumerate(kept):
            before, after = (*path, old), (*path, new)
            self._places[after] = items[old]
            moved = {at: place for at, place in inner.items() if at[: len(before)] == before}
            self._places |= {(*after, *at[len(before) :]): place for at, place in moved.items()}

    def _below(self, path: Path) -> dict[Path, tuple[SourceMap, Path]]:
        length = len(path)
        return {at: place for at, place in self._places.items() if len(at) > length and at[:length] == path}
