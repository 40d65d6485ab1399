"""Published weights for a network: what became of each tensor of a file.

Nothing here reads a file: that needs torch, and is `archdsl_torch.weights.checkpoints`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError

SHOWN: Final = 6
"""How many tensors of a kind a report lists before it counts the rest."""


class WeightsError(FaultError):
    """A file that holds no weights, or none that fit. `str()` says why and what to do.

    `report` says what would become of each tensor, where the file could be read.
    """

    def __init__(self, message: str, report: LoadReport | None = None) -> None:
        super().__init__(Fault(Code.BAD_WEIGHTS, message))
        self.report = report


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
    prefix: str = ""
    """The part of the network that the file is for; empty for all of it."""

    def __str__(self) -> str:
        sections = {
            "missing": [*self.missing],
            "skipped": [f"{name}: {why}" for name, why in self.skipped.items()],
            "resized": [f"{name}: {how}" for name, how in self.resized.items()],
            "renamed": [f"{before} -> {now}" for before, now in self.renamed.items()],
        }
        counts = [f"{len(self.loaded)} tensor{'s' * (len(self.loaded) != 1)} loaded"]
        counts += [f"{len(lines)} {title}" for title, lines in sections.items() if lines]
        text = [f"{self.file}{f' -> {self.prefix}' if self.prefix else ''}: {', '.join(counts)}"]
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
