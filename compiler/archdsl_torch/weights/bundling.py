"""A network's tensors with its spec, as one safetensors file."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from torch import Tensor, nn

from archdsl.ir.graph import Graph
from archdsl.ir.weights import WeightsError
from archdsl.text.bundles import KEY, MAX_HEADER, SUFFIX
from archdsl.text.spelled import quoted
from archdsl_torch.weights.checkpoints import saved
from archdsl_torch.weights.files import NO_SAFETENSORS

TORCH: Final = (".pth", ".pt")


def content_of(graph: Graph, module: nn.Module, file: Path) -> bytes:
    """The module's tensors as a file of this name holds them. Raises WeightsError."""
    if file.suffix in TORCH:
        return saved(module)
    if file.suffix == SUFFIX:
        return bundled(graph, module)
    raise WeightsError(f"`{file.name}` is no name of a file of weights: they end in {quoted([*TORCH, SUFFIX])}")


def bundled(graph: Graph, module: nn.Module) -> bytes:
    """The content of a safetensors file of the module, from which the network can be built again.

    Raises WeightsError where the package `safetensors` is missing, where the graph's spec is not known, and for what
    the format cannot hold.
    """
    try:
        from safetensors import SafetensorError
        from safetensors.torch import save
    except ImportError:
        raise WeightsError(f"safetensors files are asked for, {NO_SAFETENSORS}") from None
    if graph.provenance.bundle is None:
        raise WeightsError(f"`{graph.name}` was read from JSON, and no spec is left to go with it: give the spec")
    try:
        content: bytes = save(_own(module), {KEY: graph.provenance.bundle.text()})
    except (SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(f"`{graph.name}` cannot be saved as safetensors: {error}") from None
    (header,) = struct.unpack("<Q", content[:8])
    if header > MAX_HEADER:
        message = f"the spec of `{graph.name}` and its names take {header:,} bytes, and at most {MAX_HEADER:,} are read"
        raise WeightsError(message)
    return content


def _own(module: nn.Module) -> dict[str, Tensor]:
    """Each tensor once, under its first name: tied ones have several, and the format none that share their numbers."""
    found: dict[str, Tensor] = {}
    seen: set[int] = set()
    for key, tensor in module.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            found[key] = _alone(tensor.detach())
        seen.add(id(tensor))
    return found


def _alone(tensor: Tensor) -> Tensor:
    """A tensor that has its storage for itself."""
    whole = tensor.contiguous()
    return whole if whole.untyped_storage().nbytes() == whole.nbytes else whole.clone()
