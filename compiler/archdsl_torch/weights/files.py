"""Reads the tensors of a file that others published, and nothing but tensors: no code of it ever runs.

The format is told by the content: torch's zip archive, torch's older pickle, or safetensors.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from torch import Tensor

from archdsl.ir.weights import WeightsError
from archdsl.text.bundles import MAX_HEADER
from archdsl.text.ordinary import open_ordinary
from archdsl_torch.weights.archives import Archive
from archdsl_torch.weights.unpickling import MoreThanTensors, Odd, Stored, Unreadable

ENTRIES: Final = (
    "state_dict_ema", "model_ema", "ema_state_dict", "state_dict", "model_state_dict", "model_state", "model",
    "module", "weights", "params",
)  # fmt: skip
"""What training scripts call the network's tensors, the one to take first: averaged weights before the last ones."""

TENSORS: Final = 20_000
"""How many tensors a network's entry may have: the largest that ships has a thousand."""
_NAME: Final = 500
"""The longest name of a tensor."""
_SHOWN: Final = 40
"""Of a longer one a message shows the start."""
_LISTED: Final = 6
"""So many sets of weights a message lists."""
_WRAPPERS: Final = 8
"""How many wrappers a network may be in."""
_LOOKED_AT: Final = 1000
"""By so many of the names it is told whether a wrapper's is before them."""
_ZIP: Final = b"PK\x03\x04"
_AVERAGED: Final = "n_averaged"
"""How often `torch.optim.swa_utils.AveragedModel` has averaged: the one tensor that it adds."""


NO_SAFETENSORS: Final = "and the package for these is missing; `pip install safetensors` brings it"


class Checkpoint(NamedTuple):
    """The tensors of a file by the names that they have there."""

    name: str
    """The file's name, with the entry where there are several: `net.pth (model_ema)`."""
    tensors: dict[str, Tensor]


def read(file: str | os.PathLike[str]) -> Checkpoint:
    """A file's tensors, on the CPU. Raises OSError where it cannot be read, and WeightsError where it holds none."""
    path = Path(file)
    try:
        with open_ordinary(path) as opened:
            start = opened.read(9)
            if start[8:9] == b"{" and not start.startswith(_ZIP):
                return _network(_safetensors(path, start, os.fstat(opened.fileno()).st_size), path.name)
            archive = Archive(path, opened, zipped=start.startswith(_ZIP))
            return _network(archive.value, path.name, archive)
    except MoreThanTensors as error:
        raise WeightsError(
            f"`{path.name}` holds more than tensors, `{error}`: only tensors are read, and no code of a file is run; "
            "where you trust the file, save the network's `state_dict()` alone"
        ) from None
    except Unreadable as error:
        raise WeightsError(f"`{path.name}` {error}") from None


def _safetensors(path: Path, start: bytes, size: int) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise WeightsError(f"`{path.name}` is a safetensors file, {NO_SAFETENSORS}") from None
    (header,) = struct.unpack("<Q", start[:8])
    if MAX_HEADER < header < size:
        raise Unreadable(f"has a header of {header:,} bytes: no file of weights does")
    try:
        return load_file(path)
    except (SafetensorError, ValueError, KeyError, struct.error) as error:
        raise Unreadable(f"is damaged: {_first_line(error)}") from None
    except (TypeError, RuntimeError):  # what torch says of it is a page, with the addresses of its functions
        raise Unreadable("is damaged: it holds a tensor of sizes that torch cannot have") from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return shown(lines[0][:1].lower() + lines[0][1:]) if lines else type(error).__name__


def shown(name: str) -> str:
    """A text of a stranger's file as a message has it: short, and nothing in it that a terminal obeys."""
    return name if name.isprintable() and len(name) <= _NAME else ascii(name[:_SHOWN])


def _network(content: Any, name: str, archive: Archive | None = None) -> Checkpoint:
    """The tensors of the network in what a file holds; a training script saves more than those."""
    entries = {key: value for key, value in content.items() if _holds_tensors(value)} if _is_mapping(content) else {}
    if not entries and _holds_tensors(content):
        return _tensors(content, name, archive)
    chosen = next((key for key in ENTRIES if key in entries), None)
    if chosen is None and len(entries) == 1:
        (chosen,) = entries
    if chosen is not None:
        return _tensors(entries[chosen], f"{name} ({shown(chosen)})", archive)
    if entries:
        listed = ", ".join(f"`{shown(key)}`" for key in [*entries][:_LISTED])
        raise WeightsError(f"`{name}` holds several sets of weights, {listed}; save the one to load by itself")
    raise WeightsError(f"`{name}` holds no weights: expected a mapping from names to tensors")


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _holds_tensors(value: Any) -> bool:
    return _is_mapping(value) and any(map(_is_tensor, value.values()))


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor | Stored) or (isinstance(value, Odd) and value.tensor)


def _tensors(entry: Mapping[str, Any], name: str, archive: Archive | None) -> Checkpoint:
    found = {key: value for key, value in entry.items() if _is_tensor(value)}
    if len(found) > TENSORS:
        raise WeightsError(f"`{name}` has {len(found):,} tensors: no more than {TENSORS:,} are read")
    tensors = {}
    for key, value in found.items():
        if not key.isprintable() or len(key) > _NAME:
            raise WeightsError(f"`{name}` has a tensor with a name that is none, {key[:_SHOWN]!a}")
        if isinstance(value, Odd):
            raise WeightsError(f"`{name}` has no plain numbers for `{key}`: it is sparse, quantised or empty")
        tensors[key] = archive.tensor(value) if isinstance(value, Stored) and archive is not None else value.detach()
    return Checkpoint(name, tensors)


def unwrapped(file: Checkpoint, known: Callable[[str], bool]) -> dict[str, Tensor]:
    """A file's tensors without what wrappers put before their names, `module.` or `_orig_mod.`, where none is `known`.

    Raises WeightsError for two that would have one name.
    """
    bare: dict[str, Tensor] = {}
    called: dict[str, str] = {}
    for key, tensor in file.tensors.items():
        name = key.replace("_orig_mod.", "")
        if name in bare:
            raise two_for_one(file, name, called[name], key)
        bare[name], called[name] = tensor, key
    for _ in range(_WRAPPERS):
        if any(map(known, islice(bare, _LOOKED_AT))):
            break
        first = {key.partition(".")[0] for key in bare if key != _AVERAGED}
        if len(first) != 1 or not all("." in key for key in bare if key != _AVERAGED):
            break
        bare = {key.partition(".")[2]: tensor for key, tensor in bare.items() if key != _AVERAGED}
    return bare


def two_for_one(file: Checkpoint, name: str, first: str, second: str) -> WeightsError:
    """What to say of two tensors of a file that are one of the network."""
    both = f"`{first}` and `{second}`"
    return WeightsError(f"`{file.name}` has two tensors for `{name}`, {both}; remove one of them")
