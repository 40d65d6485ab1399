"""Reads the tensors of a file that others published, and nothing but tensors: no code of it ever runs.

The format is told by the content: torch's zip archive, torch's older pickle, or safetensors.
"""

from __future__ import annotations

import os
import re
import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from archdsl.weights import WeightsError

ENTRIES: Final = (
    "state_dict_ema", "model_ema", "ema_state_dict", "state_dict", "model_state_dict", "model_state", "model",
    "module", "weights", "params",
)  # fmt: skip
"""What training scripts call the network's tensors, the one to take first: averaged weights before the last ones."""

_GLOBAL: Final = re.compile(r"GLOBAL ([\w.]+)|Unsupported (?:global|class) ([\w.]+)")
_ZIP: Final = b"PK\x03\x04"
_AVERAGED: Final = "n_averaged"
"""How often `torch.optim.swa_utils.AveragedModel` has averaged: the one tensor that it adds."""


class Checkpoint(NamedTuple):
    """The tensors of a file by the names that they have there."""

    name: str
    """The file's name, with the entry where there are several: `net.pth (model_ema)`."""
    tensors: dict[str, Tensor]


def read(file: str | os.PathLike[str]) -> Checkpoint:
    """A file's tensors, on the CPU. Raises OSError where it cannot be read, and WeightsError where it holds none."""
    path = Path(file)
    with path.open("rb") as opened:
        start = opened.read(9)
    content = _safetensors(path) if start[8:9] == b"{" and not start.startswith(_ZIP) else _pickled(path, start)
    return _network(content, path.name)


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise WeightsError(
            f"`{path.name}` is a safetensors file, and the package that reads it is missing; "
            "`pip install safetensors` brings it"
        ) from None
    try:
        return load_file(path)
    except (SafetensorError, ValueError, KeyError, struct.error) as error:
        raise WeightsError(f"`{path.name}` is damaged: {_first_line(error)}") from None


def _pickled(path: Path, start: bytes) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files that are refused just below
            return torch.load(path, map_location="cpu", weights_only=True, mmap=start.startswith(_ZIP))
    except Exception as error:  # a damaged pickle can raise anything
        raise WeightsError(_refusal(path, str(error))) from None


def _refusal(path: Path, message: str) -> str:
    """Why torch does not load a file, in a line."""
    found = _GLOBAL.search(message)
    if found is not None:
        name = found[1] or found[2]
        return (
            f"`{path.name}` holds more than tensors, `{name}`: only tensors are read, and no code of a file is run; "
            "where you trust the file, save the network's `state_dict()` alone"
        )
    if "TorchScript" in message:
        return f"`{path.name}` is a TorchScript program: only tensors are read; save the network's `state_dict()`"
    return f"`{path.name}` is no file of weights, or damaged: expected torch's `.pth` or `.pt`, or `.safetensors`"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].lower() if lines else type(error).__name__


def _network(content: Any, name: str) -> Checkpoint:
    """The tensors of the network in what a file holds; a training script saves more than those."""
    entries = {key: value for key, value in content.items() if _holds_tensors(value)} if _is_mapping(content) else {}
    if not entries and _holds_tensors(content):
        return _tensors(content, name)
    chosen = next((key for key in ENTRIES if key in entries), None)
    if chosen is None and len(entries) == 1:
        (chosen,) = entries
    if chosen is not None:
        return _tensors(entries[chosen], f"{name} ({chosen})")
    if entries:
        listed = ", ".join(f"`{key}`" for key in entries)
        raise WeightsError(f"`{name}` holds several sets of weights, {listed}; save the one to load by itself")
    raise WeightsError(f"`{name}` holds no weights: expected a mapping from names to tensors")


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _holds_tensors(value: Any) -> bool:
    return _is_mapping(value) and any(isinstance(item, Tensor) for item in value.values())


def _tensors(entry: Mapping[str, Any], name: str) -> Checkpoint:
    tensors = {key: item.detach() for key, item in entry.items() if isinstance(item, Tensor)}
    for key, tensor in tensors.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
            raise WeightsError(f"`{name}` has no plain numbers for `{key}`: it is sparse, quantised or empty")
    return Checkpoint(name, tensors)


def unwrapped(tensors: Mapping[str, Tensor], known: Callable[[str], bool]) -> dict[str, Tensor]:
    """Without what wrappers put before the names, `module.` or `_orig_mod.`, as long as no name is `known`."""
    bare = {key.replace("_orig_mod.", ""): tensor for key, tensor in tensors.items()}
    while not any(map(known, bare)):
        first = {key.partition(".")[0] for key in bare if key != _AVERAGED}
        if len(first) != 1 or not all("." in key for key in bare if key != _AVERAGED):
            break
        bare = {key.partition(".")[2]: tensor for key, tensor in bare.items() if key != _AVERAGED}
    return bare
