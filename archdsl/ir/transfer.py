"""Weights from before an edit of a spec in the network after it: what became of each tensor.

Nothing here reads a file: that needs torch, and is `archdsl_torch.weights.transferring`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, final

from archdsl.text.plain_text import to_json


@final
class Outcome(Enum):
    """What a tensor of the new network holds."""

    CARRIED = "carried"
    FITTED = "fitted"
    """Values from before in another shape."""
    ZERO = "zero"
    """Zeros, so that a branch that was added changes nothing yet."""
    INITIAL = "initial"
    """What its initialiser gives."""


@final
class FoundBy(Enum):
    """How a tensor from before was found to be one of now."""

    PATH = "path"
    WAS = "was"
    """By what the spec says of earlier names."""
    STRUCTURE = "structure"
    """By the comparison of the two networks."""


@final
class Moved(NamedTuple):
    """What became of one tensor of the new network."""

    tensor: str
    outcome: Outcome
    source: str | None = None
    """The tensor from before that is the same one, if there is one, by its name in the network from before."""
    by: FoundBy | None = None
    detail: str = ""
    """How it was fitted, or why it was not carried."""


@final
@dataclass(frozen=True)
class TransferReport:
    """What became of each tensor. `print` it."""

    weights: str
    """The name of the file."""
    before: str | None
    """The network that the file was made with; None where it is not known, and paths alone decide."""
    network: str
    tensors: tuple[Moved, ...]
    """Every tensor of the new network that is saved and not computed, in its order."""
    unused: Mapping[str, str] = field(default_factory=dict)
    """The tensors from before that are in no tensor of now, each with its shape."""

    def of(self, outcome: Outcome) -> list[Moved]:
        """The tensors of which that became."""
        return [moved for moved in self.tensors if moved.outcome is outcome]

    def __str__(self) -> str:
        renamed = [moved for moved in self.of(Outcome.CARRIED) if moved.source != moved.tensor]
        sections = {
            "by another name": [_said(moved) for moved in renamed],
            "fitted": [f"{_said(moved)}: {moved.detail}" for moved in self.of(Outcome.FITTED)],
            "zero": [f"{moved.tensor}: {moved.detail}" for moved in self.of(Outcome.ZERO)],
            "initial": [f"{moved.tensor}: {moved.detail}" for moved in self.of(Outcome.INITIAL)],
            "not used": [f"{name}: {shape}" for name, shape in self.unused.items()],
        }
        counts = [f"{len(self.of(Outcome.CARRIED))} carried"]
        counts += [f"{len(lines)} {title}" for title, lines in sections.items() if lines]
        made = f" ({self.before})" if self.before is not None else ""
        return "\n".join([f"{self.weights}{made} -> {self.network}: {', '.join(counts)}", *_listed(sections)])

    def data(self) -> dict[str, Any]:
        """The same as plain data."""
        tensors = [
            {
                "tensor": moved.tensor, "outcome": moved.outcome.value, "source": moved.source,
                "by": None if moved.by is None else moved.by.value, "detail": moved.detail,
            }
            for moved in self.tensors
        ]  # fmt: skip
        return {
            "weights": self.weights, "before": self.before, "network": self.network, "tensors": tensors,
            "not_used": dict(self.unused),
        }  # fmt: skip

    def json(self) -> str:
        """The same as JSON text."""
        return to_json(self.data(), indent=2) + "\n"


def _said(moved: Moved) -> str:
    if moved.source == moved.tensor or moved.by is None:
        return moved.tensor
    return f"{moved.source} -> {moved.tensor} ({moved.by.value})"


def _listed(sections: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for title, lines in sections.items():
        named = [f"    {line}" for line in lines]
        yield from [f"  {title}", *named] if named else ()
