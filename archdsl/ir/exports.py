"""A network as a file for other programs: which kinds there are, what was written, and why nothing was.

Nothing here writes one: that needs torch, and is `archdsl_torch.exports`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

TARGETS: Final = ("onnx", "pt2", "safetensors")
"""The kinds of files, which are their suffixes too."""


@final
class ExportError(ValueError):
    """Why a network has no such file: a line for each reason."""


@final
@dataclass(frozen=True)
class ExportReport:
    """A file that was written. `print` it."""

    files: tuple[Path, ...]
    """The file, and a second one that it reads its numbers from where they are too many for it."""
    inputs: Mapping[str, str]
    """The shape of each input, in order; sizes that may vary have their names."""
    outputs: Mapping[str, str]
    notes: tuple[str, ...] = ()
    """What is not as it was asked for, or as one would expect: a line for each."""
    detail: Mapping[str, str] = field(default_factory=dict)
    """What else there is to know of such a file."""

    def __str__(self) -> str:
        ways = [", ".join(f"{name} {shape}" for name, shape in each.items()) for each in (self.inputs, self.outputs)]
        more = "".join(f", {name} {value}" for name, value in self.detail.items())
        return "\n".join([f"{self.files[0]}: {' -> '.join(ways)}{more}", *(f"  {note}" for note in self.notes)])
