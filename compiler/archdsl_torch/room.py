"""Whether a network fits into this machine, told before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path

import torch

from archdsl.ir.graph import Graph
from archdsl.report.measures import Measures, in_words, owned

_UNLIMITED = 1 << 60
"""What control groups say where they set no limit is larger."""
_META = 'on the device `meta` (`--device meta`, in Python `device="meta"`) it takes none'


class NoRoomError(MemoryError):
    """A network that takes more memory than there is. `str()` says how much, and what to do."""


def check_room(graph: Graph, device: torch.device | None, dtype: torch.dtype | None) -> None:
    """Raises NoRoomError where the network's parameters and buffers do not fit into this machine's memory.

    Other devices than the CPU have memory of their own, of which torch tells.
    """
    if (device or torch.get_default_device()).type != "cpu":
        return
    # It is made in torch's default dtype, and cast then.
    dtypes = {torch.get_default_dtype(), dtype or torch.get_default_dtype()}
    needed = max(sum(owned(graph, _name(each), buffer=kind) for kind in (False, True)) for each in dtypes)
    free = free_memory()
    if free is not None and needed > free:
        raise NoRoomError(
            f"`{graph.name}` takes {in_words(needed)} for {graph.parameters:,} parameters and its buffers, and this "
            f"machine has {in_words(free)} free; {_META}"
        )


def check_run(graph: Graph) -> None:
    """Raises NoRoomError where one pass over the sample input would take more memory than the machine has at all."""
    needed = Measures(graph, graph.sample_sizes, _name(torch.get_default_dtype())).inference
    whole = whole_memory()
    if whole is not None and needed.total > whole:
        raise NoRoomError(
            f"`{graph.name}` takes {in_words(needed.total)} to run, {in_words(needed.activations)} of it for the "
            f"tensors between its layers, and this machine has {in_words(whole)}; {_META}"
        )


def check_tensor(shape: Sequence[int], dtype: torch.dtype) -> None:
    """Raises NoRoomError where one tensor does not fit into the memory that is free."""
    needed, free = prod(shape) * max(dtype.itemsize, torch.get_default_dtype().itemsize), free_memory()
    if free is not None and needed > free:
        sizes = "×".join(map(str, shape))
        raise NoRoomError(f"an input {sizes} takes {in_words(needed)}, and this machine has {in_words(free)} free")


def free_memory() -> int | None:
    """Bytes that this process may still take; None where nobody says."""
    return _smallest(free=True)


def whole_memory() -> int | None:
    """Bytes that it has at all."""
    return _smallest(free=False)


def _smallest(*, free: bool) -> int | None:
    return min((size for size in _sizes(free) if size < _UNLIMITED), default=None)


def _sizes(free: bool) -> Iterator[int]:
    """What the machine, and what contains this process in it, say that there is, or is still free."""
    memory, swap = ("MemAvailable", "SwapFree") if free else ("MemTotal", "SwapTotal")
    told = _meminfo()
    if memory in told:
        yield told[memory] + told.get(swap, 0)
    else:
        yield from _physical()
    for limit, used in _GROUPS:
        if (most := _number(limit)) is not None:
            yield most - (_number(used) or 0) if free else most


_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""What a container may take, and has taken."""


def _meminfo() -> dict[str, int]:
    """What Linux says, in bytes; nothing elsewhere."""
    with suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}
    return {}


def _number(file: str) -> int | None:
    with suppress(OSError, ValueError):
        return int(Path(file).read_text("ascii"))
    return None


def _physical() -> Iterator[int]:
    with suppress(AttributeError, ValueError, OSError):
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
