"""`interpolate`, which torch calls by its mode and the number of dimensions, and windows as columns."""

from __future__ import annotations

from typing import Any, Final

from archdsl.ops import OPS
from archdsl_torch.importing.rules import called, rule
from archdsl_torch.importing.said import Said, short
from archdsl_torch.importing.tracing import TracedCall

_UPSAMPLED: Final = (
    *(f"upsample_{mode}" for mode in ("linear1d", "bilinear2d", "trilinear3d", "bicubic2d")),
    *(f"{word}{rank}d" for word in ("upsample_nearest", "_upsample_nearest_exact") for rank in (1, 2, 3)),
    "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
)  # fmt: skip

called("im2col", "unfold")
called("col2im", "fold")


@rule(*_UPSAMPLED)
def _(call: TracedCall) -> Said:
    name = call.name.lstrip("_")
    word = name.removeprefix("upsample_").removesuffix("_aa")[:-2]
    mode = "nearest-exact" if "exact" in name else word
    fields: dict[str, Any] = {"mode": mode, "antialias": name.endswith("_aa"), "size": call.argument("output_size")}
    if "nearest" not in mode:
        fields["align_corners"] = call.argument("align_corners")
    scale = call.argument("scale_factors")
    if scale is not None:
        fields["scale_factor"] = scale[0] if all(each == scale[0] for each in scale) else scale
    return Said("interpolate", {"input": call.given[0]}, short(OPS["interpolate"], fields))
