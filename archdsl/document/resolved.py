"""A spec with all that it builds on, and where each piece of it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.model import Document
from archdsl.document.origins import Origins
from archdsl.document.positions import Extent, Path
from archdsl.faults.fault import Span
from archdsl.text.lines import Lines

if TYPE_CHECKING:
    from archdsl.document.inherit import Reader


@dataclass(frozen=True, eq=False, repr=False)
class Resolved:
    """A spec with what it inherits merged in, and the positions of every piece of it."""

    document: Document
    file: str
    """As messages show it."""
    name: str
    params: Mapping[str, Any]
    """Plain data, with what was set from outside."""
    overrides: Mapping[str, Any]
    """The parameters and sizes that were set from outside."""
    sizes: Mapping[str, int]
    """Those of them that are sizes."""
    uses: Mapping[str, Resolved]
    """The block libraries' blocks, by name: the library sees its own `params` and `let` only."""
    libraries: Mapping[str, Resolved]
    """The block libraries themselves, as `use` names them."""
    origins: Origins
    reader: Reader
    path: FilePath
    lost: frozenset[Path] = frozenset()
    """The pieces of the document that could not be read: see `archdsl.document.checked.Checked`."""

    def misses(self, *keys: str) -> bool:
        """Whether what is not found under one of these keys may be in a piece that could not be read."""
        return bool(self.lost) and any(path in self.lost for path in ((), *((key,) for key in keys)))

    def misses_within(self, key: str) -> bool:
        """Whether something under a key could not be read, or all of it."""
        return any(path[:1] in ((), (key,)) for path in self.lost)

    @property
    def sources(self) -> dict[str, str]:
        """The text of every file that was read, by the name that messages show."""
        return self.reader.sources

    def span(self, path: Path) -> Span:
        """Where the value at a path is written, or the nearest one around it."""
        source, at = self.origins.find(path)
        return source.value(at)

    def key_span(self, path: Path) -> Span:
        """Where the key at a path is written."""
        source, at = self.origins.find(path)
        return source.key(at)

    def written(self, path: Path) -> tuple[Lines, Extent, Extent]:
        """The file in which the value at a path is written, and the offsets of it and of its key."""
        source, at = self.origins.find(path)
        return (source.lines, *source.extents(at))

    def within(self, path: Path, start: int, end: int) -> Span:
        """Where `value[start:end]` of the text at a path is written."""
        source, at = self.origins.find(path)
        return source.within(at, start, end)

    def key_within(self, path: Path, start: int, end: int) -> Span:
        """Where `key[start:end]` of the key at a path is written."""
        source, at = self.origins.find(path)
        return source.within_key(at, start, end)

    def scalar_text(self, path: Path) -> str:
        """A scalar as it is written: `0x10`, `1e-3`. Raises KeyError where there is none."""
        source, at = self.origins.find(path)
        return source.scalar_text(at)

    def spec_block(self, name: str) -> tuple[Resolved | None, list[Diagnostic]]:
        """The spec that `op: spec.NAME` means in this file; the same object every time."""
        return self.reader.spec_block(name, self.path)
