"""The memory of a tensor that is computed before each run of its layer."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.ops.base import Op, Weight
from archdsl.ops.parametrized import parametrization_of, unparametrized
from archdsl.shapes import TensorType


def computed(op: Op, tensors: Mapping[str, Weight]) -> tuple[TensorType, ...]:
    """What is computed; nothing for a layer that owns its tensors as they are."""
    found = parametrization_of(op)
    return () if found is None or not tensors else (TensorType(unparametrized(tensors)[found.name].shape),)


def kept_of_computing(op: Op, tensors: Mapping[str, Weight], *, learned: bool) -> tuple[TensorType, ...]:
    """What autograd keeps of computing it; with it itself where the layer's input is `learned`, too."""
    made = computed(op, tensors)
    found = parametrization_of(op)
    if found is None or not made:
        return ()
    (weight,) = made
    below = f"parametrizations.{found.name}"
    own = made if learned else ()
    if found.function == "spectral_norm":
        vectors = (tensors[f"{below}.0.{name}"].shape for name in ("_u", "_v"))
        return (*own, *map(TensorType, vectors), TensorType(()))
    norms = TensorType(tensors[f"{below}.original0"].shape)
    if found.dim in (0, weight.rank - 1):
        return (*own, norms)
    return (*own, norms, norms, *(() if found.dim is None else made))  # torch moves an inner dimension to the front
