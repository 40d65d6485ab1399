"""Why an exporter does not do as it is asked, in a line."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from typing import Final

import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from archdsl.ir.graph import Graph
from archdsl_torch.runtime import PACKAGE
from archdsl_torch.trial import sample_inputs

_COLOURS: Final = re.compile("\x1b\\[[0-9;]*m")
_FILES: Final = PACKAGE.replace(".", "/")


def first_line(error: BaseException) -> str:
    """The first line of what the first cause of an exception says."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = (line.strip() for line in _COLOURS.sub("", str(error)).splitlines())
    return next(filter(None, lines), type(error).__name__)


def refusal(graph: Graph, module: nn.Module, name: str) -> str | None:
    """What the network says of another size than the sample's, as it runs; None where it takes it.

    Nothing is computed.
    """
    size = graph.sample_sizes[name] + 1
    inputs = sample_inputs(graph, seed=0, sizes={**graph.sample_sizes, name: size})
    try:
        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True) as fake:
            module(*map(fake.from_tensor, inputs))
    except Exception as error:
        return f"at {size} {_where(error)}{first_line(error)}"
    return None


def _where(error: Exception) -> str:
    """The line of the generated source that raised it."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith(_FILES)]
    if not frames:
        return ""
    file, line = frames[-1].filename, frames[-1].lineno or 0
    module = sys.modules[file.removesuffix(".py").replace("/", ".")]
    return f"`{linecache.getline(file, line, vars(module)).strip()}` (line {line} of the source) fails: "
