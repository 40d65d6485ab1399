"""What of the files that a graph was read from is needed once it is made. It means this machine, and is in no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from archdsl.text.bundles import Bundle


class WeightFile(NamedTuple):
    """A published file that a spec names for a part of the network."""

    prefix: str
    """The path of the part; empty for all of the network."""
    path: Path
    """Absolute; it was in reach when the spec was read, and need not exist."""


class Provenance(NamedTuple):
    """Where a graph comes from, beside its own file."""

    folders: tuple[Path, ...] = ()
    """Those whose files the spec may name."""
    specs: Mapping[str, Path] = {}
    """The files of the specs that are used as blocks, by the paths of their scopes."""
    weights: tuple[WeightFile, ...] = ()
    """In the order in which they are loaded; of two for one part the outer spec's alone. Of a network that was read
    from a bundle it is that file, for all of it."""
    bundle: Bundle | None = None
    """The texts that were read; None of a graph from JSON."""


UNKNOWN: Final = Provenance()
"""That of a graph that was read from JSON."""
