"""The PyTorch back end: graph -> readable source -> module."""

from __future__ import annotations

import archdsl_torch.ops  # noqa: F401 - registers the lowerings
from archdsl_torch.checkpoints import build_with_weights, load_weights, saved
from archdsl_torch.codegen import class_name, source
from archdsl_torch.runtime import build

__all__ = ["build", "build_with_weights", "class_name", "load_weights", "saved", "source"]
