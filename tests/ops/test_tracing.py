"""What the tensor ops lower to survives every tracer, with sizes that only the run knows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

from archdsl.ops import OPS
from archdsl.shapes import TensorType, symbol
from archdsl_torch.lowering.base import lower
from archdsl_torch.lowering.tree import Code
from tests.ops.harness import outputs, run_code

N, H = symbol("N"), symbol("H")

CASES: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    ("rearrange", {"pattern": "n (h p) (w q) c -> (n h w) (p q) c", "p": 2, "q": 2}, (N, H, 6, 3)),
    ("rearrange", {"pattern": "n h w (s d) -> s 1 n (h w) d", "s": 3}, (N, H, 6, 6)),
    ("flatten", {}, (N, H, 6)),
    ("unflatten", {"dim": 1, "unflattened_size": (-1, 2)}, (N, H, 6)),
    ("reshape", {"shape": (-1, 3)}, (N, H, 6)),
    ("permute", {"dims": (0, 2, 1)}, (N, H, 6)),
    ("roll", {"shifts": (-1, 2), "dims": (1, 2)}, (N, H, 6)),
    ("chunk", {"chunks": 2, "dim": -1}, (N, H, 6)),
    ("unbind", {"dim": 2}, (N, H, 6)),
    ("select", {"dim": 1, "index": 0}, (N, H, 6)),
    ("slice", {"dim": 1, "end": 3}, (N, H, 6)),
    ("slice", {"dim": 1, "start": 1, "end": -1}, (N, H, 6)),
    ("pad", {"pad": (0, 0, 1, 2)}, (N, H, 6)),
    ("mean", {"dim": (1, 2), "keepdim": True}, (N, H, 6)),
    ("topk", {"k": 2}, (N, H, 6)),
    ("normalize", {"dim": -1}, (N, H, 6)),
    ("interpolate", {"scale_factor": 2.0, "mode": "bilinear"}, (N, 3, H, 6)),
    ("pixel_shuffle", {"upscale_factor": 2}, (N, 8, H, 6)),
]
SIZES = ((2, 4), (3, 8))


class Lowering(nn.Module):
    """Runs a code tree."""

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code

    def forward(self, x: torch.Tensor) -> Any:
        return run_code(self.code, (x,))


def given(shape: tuple[Any, ...], sizes: tuple[int, int]) -> torch.Tensor:
    return torch.randn([sizes[0] if dim == N else sizes[1] if dim == H else dim for dim in shape])


def traced(tracer: str, module: nn.Module, shape: tuple[Any, ...]) -> Any:
    x = given(shape, SIZES[0])
    if tracer == "fx":
        return torch.fx.symbolic_trace(module)
    if tracer == "jit":
        return torch.jit.trace(module, x)
    # a multiple of 2, since the patterns cut it into pairs
    names = {0: Dim("n", min=2), shape.index(H): 2 * Dim("half", min=2, max=64)}
    return torch.export.export(module, (x,), dynamic_shapes=(names,)).module()


@pytest.mark.parametrize("tracer", ["fx", "jit", "export"])
@pytest.mark.parametrize(("name", "fields", "shape"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.filterwarnings("ignore")
def test_tracers(tracer: str, name: str, fields: dict[str, Any], shape: tuple[Any, ...]) -> None:
    function = lower(OPS[name](**fields), TensorType(shape)).function
    assert function is not None
    module = Lowering(function)
    trace = traced(tracer, module, shape)
    for sizes in SIZES:
        x = given(shape, sizes)
        for left, right in zip(outputs(trace(x)), outputs(module(x)), strict=True):
            assert torch.equal(left, right)
