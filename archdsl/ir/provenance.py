"""What of the files that a graph was read from is needed once it is made. It means this machine, and is in no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple


class WeightFile(NamedTuple):
    """A published file that a spec names for a part of the network."""

    prefix: str
    """The path of the part."""
    path: Path
    """Absolute; it was in reach when the spec was read, and need not exist."""


class Provenance(NamedTuple):
    """Where a graph comes from, beside its own file."""

    folders: tuple[Path, ...] = ()
    """Those whose files the spec may name."""
    specs: Mapping[str, Path] = {}
    """The files of the specs that are used as blocks, by the paths of their scopes."""
    weights: tuple[WeightFile, ...] = ()
    """In the order in which they are loaded; of two for one part the outer spec's alone."""


UNKNOWN: Final = Provenance()
"""That of a graph that was read from JSON."""
