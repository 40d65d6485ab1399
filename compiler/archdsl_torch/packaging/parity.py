"""Whether a network is the one that a spec said: its tensors by name and shape, and its numbers.

The numbers are those of weights and inputs that are worked out from their places alone, in float64, so that they are
the same on every machine and need no file of weights. What the network does only while it trains is not compared.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

EXACT = 1e-6
"""How far numbers may be apart, of the largest that is expected or of 1."""
SAMPLES = 64
"""How many numbers of an output are compared."""


def differences(module: nn.Module) -> list[str]:
    """What the module does otherwise than the spec's network, a line each: `parity.json` beside this file has that."""
    expected = json.loads(Path(__file__).with_name("parity.json").read_text("utf-8"))
    found = described(module, expected["inputs"])
    return [
        f"{part} {name}: expected {expected[part].get(name)}, found {found[part].get(name)}"
        for part in ("tensors", "outputs")
        for name in sorted({*expected[part], *found[part]})
        if not _same(expected[part].get(name), found[part].get(name))
    ]


def described(module: nn.Module, inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The module's tensors and, for inputs of these shapes and dtypes, its outputs. The module's weights are lost."""
    tensors = {name: [*value.shape] for name, value in module.state_dict().items()}
    module.double().eval()
    with torch.no_grad():
        _fill(module)
        given = {name: _input(each, place) for place, (name, each) in enumerate(inputs.items())}
        outputs = module(**given)
    values = outputs if isinstance(outputs, tuple) else (outputs,)
    return {
        "tensors": tensors,
        "inputs": {name: dict(each) for name, each in inputs.items()},
        "outputs": {str(place): _told(value) for place, value in enumerate(values) if value is not None},
    }


def _fill(module: nn.Module) -> None:
    for place, (name, parameter) in enumerate(module.named_parameters()):
        parameter.copy_(_weights(name, parameter, place))
    for place, (name, tensor) in enumerate(module.named_buffers()):
        if name.endswith(("running_mean", "running_var")):
            tensor.copy_(_weights(name, tensor, place))


def _weights(name: str, tensor: Tensor, place: int) -> Tensor:
    """Matrices that keep the size of what goes through them; scales and variances about 1; all else small."""
    drawn = _numbers(tensor.shape, place)
    if tensor.dim() > 1:
        return drawn * math.sqrt(24 / max(1, tensor.shape[1:].numel()))
    return 1 + 0.2 * drawn if name.endswith(("weight", "running_var", "scale", "gamma")) else 0.2 * drawn


def _input(wanted: Mapping[str, Any], place: int) -> Tensor:
    shape, dtype, below = torch.Size(wanted["shape"]), wanted["dtype"], wanted["below"]
    if dtype.startswith(("float", "bfloat")):
        return 4 * _numbers(shape, -1 - place)
    whole: Tensor = ((_numbers(shape, -1 - place) + 0.5) * below).long().clamp(max=below - 1)
    kind: torch.dtype = getattr(torch, dtype)
    return whole.to(kind)


def _numbers(shape: torch.Size, seed: int) -> Tensor:
    """Numbers from -0.5 to 0.5 that look drawn: each is its place and the seed, mixed."""
    mixed = torch.arange(shape.numel()) * 2654435761 + seed * 97531
    mixed = (mixed ^ (mixed >> 15)) * 2246822519
    mixed = (mixed ^ (mixed >> 13)) & 0xFFFFFF
    numbers = mixed.double() / 2**24 - 0.5
    return numbers.reshape(shape)


def _told(value: Tensor) -> dict[str, Any]:
    """An output's shape, the size of its numbers, and some of them from all over it."""
    flat = value.double().flatten()
    picked = flat[torch.arange(SAMPLES) * (len(flat) - 1) // (SAMPLES - 1)] if len(flat) else flat
    size = flat.square().mean().sqrt().item() if len(flat) else 0.0
    return {"shape": [*value.shape], "size": size, "numbers": picked.tolist()}


def _same(expected: Any, found: Any) -> bool:
    if not isinstance(expected, dict) or not isinstance(found, dict):
        return bool(expected == found)
    if expected["shape"] != found["shape"]:
        return False
    pairs = zip([expected["size"], *expected["numbers"]], [found["size"], *found["numbers"]], strict=True)
    allowed = EXACT * max(1.0, *map(abs, expected["numbers"])) if expected["numbers"] else EXACT
    return all(abs(a - b) <= allowed for a, b in pairs)
