"""What torch takes for one pass: the bytes that autograd keeps, and the most bytes of tensors that exist at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archdsl import Graph
from archdsl.shapes import evaluate


def inputs_at(graph: Graph, sizes: dict[str, int], device: str) -> list[torch.Tensor]:
    """The network's inputs at these sizes; numbers are 0."""
    return [
        torch.zeros(
            [evaluate(dim, sizes) for dim in node.types[0].shape],
            dtype=getattr(torch, node.types[0].dtype),
            device=device,
        )
        for node in graph.inputs.values()
    ]


def kept_bytes(module: nn.Module, inputs: Sequence[torch.Tensor]) -> int:
    """Of the storages that autograd keeps in training, without parameters and buffers."""
    own = _storages([*module.parameters(), *module.buffers()])
    found: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            found[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = module.train()(*inputs)
    total = sum(storage.nbytes() for storage in found.values())
    del outputs
    return total


def peak_bytes(module: nn.Module, inputs: Sequence[torch.Tensor]) -> int:
    """The most bytes that exist at once in evaluation, without parameters, buffers and inputs."""
    own = _storages([*module.parameters(), *module.buffers(), *inputs])
    with torch.no_grad(), _Peak(own) as watch:
        module.eval()(*inputs)
    return watch.peak


class _Peak(TorchDispatchMode):
    """Adds up the storages that are alive after each operation."""

    def __init__(self, own: set[int]) -> None:
        super().__init__()
        self.own = own
        self.alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        outputs = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(outputs):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                if storage._cdata not in self.own:
                    self.alive[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.alive = {key: held for key, held in self.alive.items() if not held[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self.alive.values()))
        return outputs


def _storages(tensors: Sequence[torch.Tensor]) -> set[int]:
    return {tensor.untyped_storage()._cdata for tensor in tensors}
