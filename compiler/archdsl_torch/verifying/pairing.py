"""Which module of the one side stands for which of the other."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn


def paired(network: nn.Module, module: nn.Module, tensors: Mapping[str, str]) -> dict[str, str]:
    """The path in the network of each part of the module that it has.

    `tensors` are the network's names of the module's: parts of another name are known by those that they hold.
    """
    own, others = dict(network.named_modules()), dict(module.named_modules())
    found = {"": ""}
    for key, name in tensors.items():
        theirs, ours = key.split(".")[:-1], name.split(".")[:-1]
        while theirs and ours:
            found.setdefault(".".join(theirs), ".".join(ours))
            if theirs.pop() != ours.pop():
                break
    for path in others:
        if path not in found and (place := _below(path, found)) in own:
            found[path] = place
    return {path: place for path, place in found.items() if path in others and place in own}


def _below(path: str, found: Mapping[str, str]) -> str:
    """Where a part without tensors stands: in the nearest part around it that is known."""
    names = path.split(".")
    for cut in range(len(names) - 1, 0, -1):
        above = found.get(".".join(names[:cut]))
        if above is not None:
            return ".".join([*([above] if above else []), *names[cut:]])
    return path
