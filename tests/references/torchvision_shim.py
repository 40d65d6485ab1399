"""torchvision's models on any build of torch, whether or not torchvision's C++ operators load.

A torchvision wheel carries operators compiled for one build of torch. Beside another build (a CPU torch
from another index) they do not load, and `import torchvision` fails, because it registers fake kernels
for operators that nobody declared. No model of the references uses them, so declaring their schemas
before the import is enough. Import torchvision, and timm, which needs it, through this module only.
"""

from __future__ import annotations

import importlib.util
import pathlib
from types import ModuleType
from typing import Any

import torch

_ROI = "Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_SIZES = "SymInt batch_size, SymInt channels, SymInt height, SymInt width"
_BACK = "Tensor grad, Tensor rois"
_POOLED = "float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_CONV = (
    "Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, SymInt stride_w, "
    "SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, "
    "bool use_mask"
)
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"roi_align({_ROI}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward({_BACK}, {_POOLED}, {_SIZES}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_pool({_ROI}) -> (Tensor, Tensor)",
    f"_roi_pool_backward({_BACK}, Tensor argmax, {_POOLED}, {_SIZES}) -> Tensor",
    f"ps_roi_align({_ROI}, int sampling_ratio) -> (Tensor, Tensor)",
    f"_ps_roi_align_backward({_BACK}, Tensor mapping, {_POOLED}, int sampling_ratio, {_SIZES}) -> Tensor",
    f"ps_roi_pool({_ROI}) -> (Tensor, Tensor)",
    f"_ps_roi_pool_backward({_BACK}, Tensor mapping, {_POOLED}, {_SIZES}) -> Tensor",
    f"deform_conv2d({_CONV}) -> Tensor",
    f"_deform_conv2d_backward(Tensor grad, {_CONV}) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
)


def _load_operators() -> bool:
    """Whether the installed wheel's own operators load into this torch."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the references need torchvision: install archdsl's `test` extra")
    for library in sorted(pathlib.Path(spec.origin).parent.glob("_C*.so")):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return hasattr(torch.ops.torchvision, "nms")
    return False


def _import_models() -> tuple[ModuleType, Any]:
    # The library must live as long as the process: its destructor removes the declarations.
    library = None
    if not _load_operators():
        library = torch.library.Library("torchvision", "DEF")
        for schema in _SCHEMAS:
            library.define(schema)
    from torchvision import models

    return models, library


models, _library = _import_models()


def timm_model(name: str, **arguments: Any) -> torch.nn.Module:
    """timm's network of that name, with fresh values."""
    import timm

    model: torch.nn.Module = timm.create_model(name, **arguments)
    return model
