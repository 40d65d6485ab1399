"""Modules that are one layer with calls around it: a convolution that pads first, a normalisation that ends in `relu`.

Such a layer has the name of its module, and with it the module's keys; the calls around it stand beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from archdsl_torch.importing.said import Said, Steps, TiedPaths
from archdsl_torch.importing.tracing import TracedCall

_Found = tuple[TracedCall, "Said | Steps | None"]
_ROOT: Final = 1
"""How many of the modules around a call are the network itself."""


def wrapped(found: Iterable[_Found], groups: TiedPaths) -> dict[str, TracedCall]:
    """The layer of each run of a module that is one layer and calls without tensors of their own; by the turn."""
    runs: defaultdict[str, list[tuple[TracedCall, Said, str]]] = defaultdict(list)
    for call, found_said in found:
        nodes = [each for each, _ in found_said] if isinstance(found_said, list) else [found_said]
        for said in nodes:
            if said is not None and not said.renames:
                for caller in call.around[_ROOT:]:
                    runs[caller.turn].append((call, said, caller.path))
    layers = {turn: _layer(turn, calls, groups) for turn, calls in runs.items() if len(calls) > 1}
    return {turn: layer for turn, layer in layers.items() if layer is not None}


def _layer(turn: str, calls: list[tuple[TracedCall, Said, str]], groups: TiedPaths) -> TracedCall | None:
    owning = [each for each in calls if each[1].weights]
    if len(owning) != 1 or owning[0][0].around[-1].turn != turn:
        return None
    call, said, path = owning[0]
    beside = any((tensor.owned or "").startswith(f"{path}.") for _, each, _ in calls for tensor in each.tensors)
    return None if beside or said.layer(path, groups) is None else call
