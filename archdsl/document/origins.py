"""Where each piece of a merged document is written."""

from __future__ import annotations

from archdsl.document.positions import Path, SourceMap


class _Piece:
    """A piece of a document: where it is written, unless that follows from what it stands in, and what stands in it.

    Only pieces that were moved, and those around them, are kept: what lies below one lies below it in its file too.
    """

    __slots__ = ("inner", "place")

    def __init__(self, place: tuple[SourceMap, Path] | None = None) -> None:
        self.place = place
        self.inner: dict[str | int, _Piece] = {}

    def holds(self, source: SourceMap) -> bool:
        """Whether something in it is written in that file."""
        inner = self.inner.values()
        return any((piece.place is not None and piece.place[0] is source) or piece.holds(source) for piece in inner)

    def copy(self) -> _Piece:
        copied = _Piece(self.place)
        copied.inner = {step: piece.copy() for step, piece in self.inner.items()}
        return copied


class Origins:
    """The file and path of every piece of a document that was put together from several files.

    A tree, since what is said of a piece is forgotten with what it stood in: a document may have many thousands.
    """

    def __init__(self, source: SourceMap) -> None:
        self._source = source
        self.removed: dict[str, tuple[SourceMap, Path]] = {}
        """Where patches say of nodes and other pieces, by name, that they are not there."""
        self._root = _Piece((source, ()))

    @property
    def file(self) -> str:
        """The document's own file, as messages show it."""
        return self._source.file

    def find(self, path: Path) -> tuple[SourceMap, Path]:
        """The file in which a piece is written, and its path there."""
        piece, found, known = self._root, self._root.place, 0
        for length, step in enumerate(path, 1):
            if (inner := piece.inner.get(step)) is None:
                break
            piece = inner
            if piece.place is not None:
                found, known = piece.place, length
        assert found is not None
        return found[0], (*found[1], *path[known:])

    def is_own(self, path: Path) -> bool:
        """Whether a piece is written in the document's own file, and not inherited."""
        return self.find(path)[0] is self._source

    def holds_own(self, path: Path) -> bool:
        """Whether a piece, or one in it, is written in the document's own file."""
        piece: _Piece | None = self._root
        for step in path:
            piece = piece.inner.get(step) if piece is not None else None
        return self.is_own(path) or (piece is not None and piece.holds(self._source))

    def put(self, path: Path, source: SourceMap, at: Path) -> None:
        """Says that the piece at `path` is written at `at` of that file."""
        self._replace(path, _Piece((source, at)))

    def take(self, path: Path, other: Origins) -> None:
        """Says of a piece what the other document says of the piece at the same path."""
        theirs: _Piece | None = other._root
        for step in path:
            theirs = theirs.inner.get(step) if theirs is not None else None
        taken = _Piece() if theirs is None else theirs.copy()
        taken.place = other.find(path)
        self._replace(path, taken)

    def copy(self) -> Origins:
        copied = Origins(self._source)
        copied._root = self._root.copy()
        copied.removed = {**self.removed}
        return copied

    def renumber(self, path: Path, kept: list[int]) -> None:
        """Says that of the list at `path` only the items with these indices remain."""
        items = {index: self.find((*path, index)) for index in kept}
        around = self._piece(path)
        before, around.inner = around.inner, {}
        for new, old in enumerate(kept):
            piece = around.inner[new] = before.get(old) or _Piece()
            piece.place = items[old]

    def rename(self, path: Path, name: str) -> None:
        """Says that a piece goes by another key of the same mapping."""
        place, around = self.find(path), self._piece(path[:-1])
        piece = around.inner.pop(path[-1], None) or _Piece()
        piece.place = place
        around.inner[name] = piece

    def _piece(self, path: Path) -> _Piece:
        """What is said of a piece, made where nothing was."""
        piece = self._root
        for step in path:
            if step not in piece.inner:
                piece.inner[step] = _Piece()
            piece = piece.inner[step]
        return piece

    def _replace(self, path: Path, piece: _Piece) -> None:
        if path:
            self._piece(path[:-1]).inner[path[-1]] = piece
        else:
            self._root = piece
