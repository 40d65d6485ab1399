"""Networks for telephones, and the RegNets that a design space led to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

from tests.references.parity import Case

NO_DROPOUT = {"dropout": 0.0}

MOBILENETS = ("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large")
MNASNETS = ("mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3")
SHUFFLENETS = ("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0")
REGNETS = (
    *(f"regnet_y_{size}" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf", "128gf")),
    *(f"regnet_x_{size}" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")),
)
FULL = ("mobilenet_v2", "mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5", "regnet_y_400mf")
LARGEST = ("regnet_y_16gf", "regnet_y_32gf", "regnet_y_128gf", "regnet_x_16gf", "regnet_x_32gf")


def _regnet(name: str) -> Callable[..., nn.Module]:
    """Torchvision's RegNet of that name, on any device: it reads the widths from tensors, which meta has not."""

    def construct(**arguments: Any) -> nn.Module:
        from tests.references.torchvision_shim import models

        params = models.regnet.BlockParams
        with patch.object(params, "from_init_params", partial(_on_cpu, params.from_init_params)):
            model: nn.Module = getattr(models, name)(**arguments)
        return model

    return construct


def _on_cpu(function: Callable[..., Any], **arguments: Any) -> Any:
    with torch.device("cpu"):
        return function(**arguments)


# Half of the maps of a 40-pixel image have odd sides.
CASES: tuple[Case, ...] = (
    *(Case(name, 64, NO_DROPOUT, other=40, full=name in FULL) for name in MOBILENETS + MNASNETS),
    *(Case(name, 64, other=40, full=name in FULL) for name in SHUFFLENETS),
    *(
        Case(name, 64, depth=3, other=40, full=name in FULL, double=name not in LARGEST, constructor=_regnet(name))
        for name in REGNETS
    ),
)
