"""The tensors of a network and of a module, matched by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Final

from torch import Tensor, nn

from archdsl.comparison.verification import KeyMatch
from archdsl.ir.graph import Graph
from archdsl_torch.weights.naming import TensorNames, is_counter, table_paths

_GUESSED: Final = 64
"""For so many of the missing tensors a likely name is looked for."""


def matched(graph: Graph, network: nn.Module, module: nn.Module) -> tuple[KeyMatch, dict[str, str]]:
    """How the tensors fit, and the network's name of each of the module's that it has."""
    own, others = _tensors(network), _tensors(module)
    names = TensorNames(graph, own)
    found = {key: name for key in others if (name := names.name(key)) is not None}
    missing = {key: _shape(others[key]) for key in others if key not in found and not names.unneeded(key)}
    placed, optional = {*found.values()}, table_paths(graph)
    unexpected = {
        name: _shape(own[name]) for name in own
        if name not in placed and name not in optional and not is_counter(name)
    }  # fmt: skip
    pairs = {name: (_shape(own[name]), _shape(others[key])) for key, name in found.items() if name not in optional}
    reshaped = {name: both for name, both in pairs.items() if both[0] != both[1]}
    match = KeyMatch(
        len(found) - len(reshaped), missing, unexpected, reshaped,
        {key: name for key, name in found.items() if key != name}, _likely(missing, unexpected),
    )  # fmt: skip
    return match, found


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return {key: value for key, value in module.state_dict(keep_vars=True).items() if isinstance(value, Tensor)}


def _likely(
    missing: Mapping[str, tuple[int, ...]], unexpected: Mapping[str, tuple[int, ...]]
) -> dict[str, str]:  # fmt: skip
    """For each of the module's tensors the network's of its shape whose name has most in common."""
    left, found = dict(unexpected), dict[str, str]()
    for key, shape in [*missing.items()][:_GUESSED]:
        alike = [name for name in left if left[name] == shape and _last(name) == _last(key)][:_GUESSED]
        if alike:
            found[key] = max(alike, key=lambda name: SequenceMatcher(None, key, name, autojunk=False).ratio())
            del left[found[key]]
    return found


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
