"""Maps that are sampled at places, which torch calls with numbers for words."""

from __future__ import annotations

from typing import Final

from archdsl.ops import OPS
from archdsl_torch.importing.rules import called, rule
from archdsl_torch.importing.said import Said, short
from archdsl_torch.importing.tracing import TracedCall

_MODES: Final = ("bilinear", "nearest", "bicubic")
_BORDERS: Final = ("zeros", "border", "reflection")

called("affine_grid_generator", "affine_grid")


@rule("grid_sampler")
def _(call: TracedCall) -> Said:
    fields = {
        "mode": _MODES[call.argument("interpolation_mode")],
        "padding_mode": _BORDERS[call.argument("padding_mode")],
        "align_corners": call.argument("align_corners"),
    }
    reads = {name: call.argument(name) for name in ("input", "grid")}
    return Said("grid_sample", reads, short(OPS["grid_sample"], fields))
