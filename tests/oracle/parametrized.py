"""Tensors that are computed from others before a layer runs: weight and spectral normalisation by their formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def with_computed(op: Any, tensors: Mapping[str, Tensor], training: bool) -> dict[str, Tensor]:
    """A layer's tensors with the one that is computed; in training the vectors of a spectral norm move on."""
    text = getattr(op, "parametrization", None)
    if text is None or not tensors:
        return dict(tensors)
    given = dict(re.findall(r"(\w+)=([\w.+-]+)", text))
    name = given.get("name", "weight")
    below = f"parametrizations.{name}"
    own = {key: x for key, x in tensors.items() if not key.startswith("parametrizations.")}
    if text.strip().startswith("weight_norm"):
        dim = given.get("dim", "0")
        return own | {name: _scaled(tensors[f"{below}.original0"], tensors[f"{below}.original1"], dim)}
    return own | {name: _divided(op, below, tensors, given, training)}


def _scaled(g: Tensor, v: Tensor, dim: str) -> Tensor:
    """arXiv:1602.07868, eq. 2."""
    others = [i for i in range(v.dim()) if str(i) != dim]
    return v * (g / (v * v).sum(others, keepdim=dim != "null").sqrt())


def _divided(op: Any, below: str, tensors: Mapping[str, Tensor], given: Mapping[str, str], training: bool) -> Tensor:
    """arXiv:1802.05957, algorithm 1."""
    weight, u, v = (tensors[f"{below}.{name}"] for name in ("original", "0._u", "0._v"))
    dim = given.get("dim", "null")
    rows = int("transpose" in op.name) if dim == "null" else int(dim)
    matrix = weight.movedim(rows, 0).reshape(weight.shape[rows], -1)
    with torch.no_grad():
        for _ in range(int(given.get("n_power_iterations", "1")) if training else 0):
            for to, product in ((u, lambda: matrix @ v), (v, lambda: matrix.T @ u)):
                found = product()
                to.copy_(found / found.norm().clamp(min=float(given.get("eps", "1e-12"))))
    return weight / (u.clone() @ matrix @ v.clone())
