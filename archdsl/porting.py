"""The public functions of the ways in and out: for networks that begin or end elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import archdsl

if TYPE_CHECKING:
    import torch  # noqa: TID251 - for the annotations alone

    from archdsl.ir.graph import Graph


def from_module(module: torch.nn.Module, *inputs: torch.Tensor, name: str | None = None) -> Graph:
    """The network that a module is in evaluation mode, traced by `torch.export` with these inputs.

    It can be drawn, summarised, compared and built as any other. What is built has the module's keys and loads its
    `state_dict`. Sizes of the inputs that the module takes at other values stay free. `name` is the network's, by
    default the class's in lower case.

    Raises ModuleError, with a line for each, where the module makes calls that no op of the language says and where
    `torch.export` cannot trace it, and SpecError where an op takes no such input (an image without a batch).
    """
    import archdsl_torch

    return archdsl.loads(archdsl_torch.spec_of(module, inputs, name))
