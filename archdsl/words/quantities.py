"""Numbers and shapes as figures say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from archdsl.shapes import Dim, Shape, evaluate

SPACE: Final = "\N{NO-BREAK SPACE}"


def count_text(parameters: int, macs: int) -> str:
    """`0.22 M params · 0.67 GMACs`; empty where there is neither."""
    parts = []
    if parameters:
        word = "param" if parameters == 1 else "params"
        parts.append(f"{_scaled(parameters, 1_000_000_000, 'B').rstrip(SPACE)}{SPACE}{word}")
    if macs:
        parts.append(f"{_scaled(macs, 100_000_000, 'G')}MACs")
    return " · ".join(parts)


def change_text(before: tuple[int, int], after: tuple[int, int]) -> str:
    """Parameters and MACs with what they were, where they changed: `0.22 M → 0.24 M params · 0.67 GMACs`."""
    parts = []
    if before[0] or after[0]:
        parts.append(f"{_change(before[0], after[0], 1_000_000_000, 'B').rstrip(SPACE)}{SPACE}params")
    if before[1] or after[1]:
        parts.append(f"{_change(before[1], after[1], 100_000_000, 'G')}MACs")
    return " · ".join(parts)


def _change(before: int, after: int, billion_from: int, billion: str) -> str:
    old, new = (_scaled(number, billion_from, billion) for number in (before, after))
    return new if old == new else f"{old.rstrip(SPACE)}{SPACE}→{SPACE}{new}"


def _scaled(number: int, billion_from: int, billion: str) -> str:
    """A number with its unit: `150 `, `9.5 K`, `25.56 M`, `4.09 G`."""
    if number < 1000:
        return f"{number}{SPACE}"
    if number < 100_000:
        return f"{number / 1e3:.1f}{SPACE}K"
    if number < billion_from:
        return f"{number / 1e6:.2f}{SPACE}M"
    if number < 1_000_000_000_000 or billion == "B":
        return f"{number / 1e9:.2f}{SPACE}{billion}"
    return f"{number / 1e12:.2f}{SPACE}T"


def shape_text(shape: Shape, sizes: Mapping[str, int], batch: Sequence[str]) -> str:
    """`64×56×56`: the shape at the sample sizes, without the batch; of two batches the second stays, by its name."""
    names = [str(dim) for dim in shape]
    at = next((place for place, name in enumerate(names) if name in batch), len(shape))
    dims = (*shape[:at], *shape[at + 1 :])
    return "×".join(str(dim if str(dim) in batch else size(dim, sizes)) for dim in dims) if dims else "scalar"


def batched_text(shape: Shape, sizes: Mapping[str, int], batch: Sequence[str]) -> str:
    """`N×64×56×56`, and `64N×49×96` where the batch is multiplied: the shape at the other sample sizes."""
    return "×".join(_batched(dim, sizes, batch) for dim in shape) if shape else "scalar"


def _batched(dim: Dim, sizes: Mapping[str, int], names: Sequence[str]) -> str:
    batch = None if isinstance(dim, int) else next((name for name in names if name in dim.names), None)
    if batch is None:
        return str(size(dim, sizes))
    once, twice, thrice = (size(dim, {**sizes, batch: number}) for number in (1, 2, 3))
    if isinstance(once, int) and (twice, thrice) == (2 * once, 3 * once):
        return batch if once == 1 else f"{once}{batch}"
    return str(size(dim, sizes))


def size(dim: Dim, sizes: Mapping[str, int]) -> Dim:
    """The dimension at the sample sizes; itself where a size is not known."""
    try:
        return evaluate(dim, sizes)
    except KeyError:
        return dim
