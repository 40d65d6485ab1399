"""Published weights for a network: what a spec says of them, and what became of each tensor of a file.

Nothing here reads a file: that needs torch, and is `archdsl_torch.weights.checkpoints`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError
from archdsl.text.patterns import filled, match

SHOWN: Final = 6
"""How many tensors of a kind a report lists before it counts the rest."""


class WeightsError(FaultError):
    """A file that holds no weights, or none that fit. `str()` says why and what to do.

    `report` says what would become of each tensor, where the file could be read.
    """

    def __init__(self, message: str, report: LoadReport | None = None) -> None:
        super().__init__(Fault(Code.BAD_WEIGHTS, message))
        self.report = report


class Rename(NamedTuple):
    """A name that published weights use; each `*` stands for any text, and takes its place in the new name."""

    before: str
    now: str | None
    """None for a tensor that the network does not need."""

    def meant(self, key: str) -> bool:
        """Whether a tensor's name is the old one."""
        return match(self.before, key) is not None

    def apply(self, key: str) -> str | None:
        """The new name; None where the name is not meant, or not needed."""
        texts = match(self.before, key) if self.now is not None else None
        return None if texts is None or self.now is None else filled(self.now, texts)


class Resize(NamedTuple):
    """How a parameter whose second last dimension is a square grid follows that grid's size."""

    mode: str
    """`bilinear` or `bicubic`."""
    prefix: int
    """Rows before the grid, which are kept: a class token's."""
    align_corners: bool


@final
@dataclass(frozen=True)
class LoadReport:
    """What became of each tensor when a file of weights was loaded. `print` it."""

    file: str
    """Its name, with the entry that was taken where it holds several."""
    loaded: tuple[str, ...] = ()
    """The network's tensors that got values, the renamed and resized ones included."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The file's names that differ from the network's, each with the network's."""
    resized: Mapping[str, str] = field(default_factory=dict)
    """The network's tensors whose values were fitted to another shape, each with how."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """The file's tensors that were not used, each with why."""
    missing: tuple[str, ...] = ()
    """The network's tensors that the file does not have."""
    fresh: tuple[str, ...] = ()
    """The network's parameters and statistics that keep their initial values."""

    def __str__(self) -> str:
        sections = {
            "missing": [*self.missing],
            "skipped": [f"{name}: {why}" for name, why in self.skipped.items()],
            "resized": [f"{name}: {how}" for name, how in self.resized.items()],
            "renamed": [f"{before} -> {now}" for before, now in self.renamed.items()],
        }
        counts = [f"{len(self.loaded)} tensor{'s' * (len(self.loaded) != 1)} loaded"]
        counts += [f"{len(lines)} {title}" for title, lines in sections.items() if lines]
        text = [f"{self.file}: {', '.join(counts)}"]
        for title, lines in sections.items():
            text += listed(title, lines)
        return "\n".join(text)


def listed(title: str, lines: Iterable[str]) -> list[str]:
    """Lines under a title, the first ones only where there are many; none for none."""
    every = list(lines)
    if not every:
        return []
    rest = len(every) - SHOWN
    shown = every if rest <= 1 else [*every[:SHOWN], f"and {rest} more"]
    return [f"  {title}", *(f"    {line}" for line in shown)]
