"""The first value that differs: both sides run, and what goes into and out of every module is compared by path.

The module runs first, and its values are kept, since later ones may be written over them. Then the network runs, and
each of its values is compared as it is made. A value that stands in another order, as windows or heads may, is no
difference by itself: the first that has other numbers is told, in the order in which they come up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from archdsl.comparison.verification import FirstDifference, ValueSummary
from archdsl_torch.verifying.passes import OUTPUT_TOLERANCE, distance, in_mode, tensors

_WIDTH: Final = 100
"""Of the words for a module."""
_SEED: Final = 3


class Verdict(Enum):
    """How two values compare."""

    SAME = "same"
    REORDERED = "reordered"
    """The same numbers at other places."""
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """Not of one form: several tensors on one side, another number of numbers inside a block."""


class WatchedValue(NamedTuple):
    """A value that goes into or out of a module."""

    path: str
    turn: int
    part: str
    """`input` or `output`"""


@dataclass
class Compared:
    """What came up while the network ran."""

    order: list[tuple[WatchedValue, Verdict]]
    told: dict[WatchedValue, tuple[Tensor, Tensor]]
    """Both sides of those that are not the same."""
    theirs: list[WatchedValue]
    """What came up while the module ran, by its paths."""

    @property
    def first(self) -> int | None:
        """The place in the order of the first that differs."""
        counts = Counter(each.path for each in self.theirs if each.part == "output")
        for wanted in (Verdict.DIFFERENT, Verdict.REORDERED):
            for place, (seen, verdict) in enumerate(self.order):
                if verdict is wanted and counts[seen.path] == self._turns[seen.path]:
                    return place
        return None

    @property
    def _turns(self) -> Counter[str]:
        return Counter(seen.path for seen, _ in self.order if seen.part == "output")


def compared(
    network: nn.Module, module: nn.Module, pairs: Mapping[str, str], inputs: Sequence[Tensor], training: bool
) -> Compared:
    """Runs both, and compares by the module's paths, which `pairs` translates."""
    kept: dict[WatchedValue, tuple[Tensor, ...]] = {}
    theirs: list[WatchedValue] = []
    places = {path: path for path, _ in module.named_modules()}

    def keep(seen: WatchedValue, values: tuple[Tensor, ...]) -> None:
        theirs.append(seen)
        if seen.path in pairs:
            kept[seen] = tuple(each.clone() for each in values)

    _watched(module, places, inputs, training, keep)
    found = Compared([], {}, theirs)
    back = {place: path for path, place in pairs.items()}
    leaves = {path for path in pairs if _is_leaf(module, path) and _is_leaf(network, pairs[path])}

    def compare(seen: WatchedValue, values: tuple[Tensor, ...]) -> None:
        others = kept.get(seen)
        if others is None:
            return
        verdict, both = _verdict(values, others, leaf=seen.path in leaves)
        found.order.append((seen, verdict))
        if both is not None:
            found.told[seen] = both

    _watched(network, back, inputs, training, compare)
    return found


def _watched(
    module: nn.Module,
    names: Mapping[str, str],
    inputs: Sequence[Tensor],
    training: bool,
    tell: Callable[[WatchedValue, tuple[Tensor, ...]], None],
) -> None:
    """Runs a module; of those of its parts that have one of the names, every value is told."""
    turns = Counter[str]()

    def entering(path: str) -> Callable[..., None]:
        def hook(part: nn.Module, given: Any, named: Any) -> None:
            tell(WatchedValue(path, turns[path], "input"), tensors((given, named)))

        return hook

    def leaving(path: str) -> Callable[..., None]:
        def hook(part: nn.Module, given: Any, result: Any) -> None:
            tell(WatchedValue(path, turns[path], "output"), tensors(result))
            turns[path] += 1

        return hook

    hooked = _hooked(module, names, entering, leaving)
    with hooked, torch.no_grad(), in_mode(module, training), torch.random.fork_rng(devices=()):
        torch.manual_seed(_SEED)
        module(*(each.clone() for each in inputs))


@contextmanager
def _hooked(
    module: nn.Module, names: Mapping[str, str], entering: Callable[[str], Any], leaving: Callable[[str], Any]
) -> Iterator[None]:
    hooks = []
    for place, part in module.named_modules():
        if place in names:
            hooks += [
                part.register_forward_pre_hook(entering(names[place]), with_kwargs=True),
                part.register_forward_hook(leaving(names[place])),
            ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _verdict(
    ours: Sequence[Tensor], theirs: Sequence[Tensor], leaf: bool
) -> tuple[Verdict, tuple[Tensor, Tensor] | None]:
    """How values compare, and the first two of them that do not."""
    if len(ours) != len(theirs):
        return Verdict.UNKNOWN, None
    worst, told = Verdict.SAME, None
    for one, other in zip(ours, theirs, strict=True):
        verdict = _of_tensors(one.detach(), other, leaf)
        if verdict is Verdict.UNKNOWN:
            return verdict, None
        if verdict is not Verdict.SAME and worst is not Verdict.DIFFERENT:
            worst, told = verdict, (one.detach().clone(), other)
    return worst, told


def _of_tensors(one: Tensor, other: Tensor, leaf: bool) -> Verdict:
    if one.numel() != other.numel():
        return Verdict.DIFFERENT if leaf else Verdict.UNKNOWN
    if _near(one.flatten(), other.flatten()):
        return Verdict.SAME
    if one.is_complex() or other.is_complex():
        return Verdict.DIFFERENT
    return Verdict.REORDERED if _near(one.flatten().sort()[0], other.flatten().sort()[0]) else Verdict.DIFFERENT


def _near(one: Tensor, other: Tensor) -> bool:
    size = distance(one, other)
    return size is not None and size <= OUTPUT_TOLERANCE


def _is_leaf(module: nn.Module, path: str) -> bool:
    return not any(True for _ in module.get_submodule(path).children())


def described(module: nn.Module) -> str:
    """A module in a line: as torch writes it where it has no parts."""
    if any(True for _ in module.children()):
        return type(module).__name__
    text = repr(module).splitlines()[0]
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def first_difference(
    found: Compared,
    pairs: Mapping[str, str],
    modules: tuple[nn.Module, nn.Module],
    written: Callable[[str], str],
    between: Callable[[str, str, frozenset[tuple[str, str]]], tuple[str, ...]],
    training: bool,
) -> FirstDifference | None:
    """What is to be told of the first value that differs; None where every one that could be compared is the same.

    `written` is the line of a path in the spec, and `between` what the spec computes before a value, after those that
    are the same.
    """
    place = found.first
    if place is None:
        return None
    seen = found.order[place][0]
    path = pairs[seen.path]
    one, other = found.told[seen]
    before = [each for each, verdict in found.order[:place] if verdict in (Verdict.SAME, Verdict.REORDERED)]
    size, index = None, tuple[int, ...]()
    if one.shape == other.shape and one.numel():
        size = distance(one, other)
        flat = int((one != other).flatten().int().argmax() if size is None else (one - other).abs().argmax())
        index = tuple(int(each) for each in torch.unravel_index(torch.tensor(flat), one.shape))
    return FirstDifference(
        seen.part, path, written(path), described(modules[0].get_submodule(path)), seen.path,
        described(modules[1].get_submodule(seen.path)), size, index, _summary(one, index), _summary(other, index),
        between(path, seen.part, frozenset((pairs[each.path], each.part) for each in before)),
        tuple(_alone(found.theirs, seen, before, pairs, modules[1])), training,
    )  # fmt: skip


def _summary(values: Tensor, index: tuple[int, ...]) -> ValueSummary:
    wide = (values.abs() if values.is_complex() else values).double()
    mean, deviation = (float(wide.mean()), float(wide.std(correction=0))) if wide.numel() else (0.0, 0.0)
    there = float(wide[index]) if len(index) == wide.dim() else float("nan")
    return ValueSummary(tuple(values.shape), mean, deviation, there)


def _alone(
    theirs: Sequence[WatchedValue],
    seen: WatchedValue,
    before: Sequence[WatchedValue],
    pairs: Mapping[str, str],
    module: nn.Module,
) -> Iterator[str]:
    """The module's parts that ran since the last that agreed, and that the network has not."""
    known = {*before}
    end = theirs.index(seen)
    start = max((place for place, each in enumerate(theirs[:end]) if each in known), default=-1)
    for each in theirs[start + 1 : end]:
        if each.part == "output" and each.path not in pairs and _is_leaf(module, each.path):
            yield f"`{each.path}` ({described(module.get_submodule(each.path))})"
