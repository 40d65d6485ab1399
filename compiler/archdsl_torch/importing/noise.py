"""Noise that drops branches: ones with a probability, else zeros, drawn as such or from uniform numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from archdsl_torch.importing.tracing import TracedCall

_EMPTY: Final = frozenset(("empty", "new_empty", "empty_like"))
_UNIFORM: Final = frozenset(("rand", "rand_like"))
_PASSING: Final = frozenset(("to", "contiguous", "detach", "alias"))


@dataclass(frozen=True)
class Noise:
    """Ones, or what keeps the mean, with a probability; else zeros."""

    shape: tuple[Any, ...]
    keep: float | None = None
    scaled: bool = False
    uniform: bool = False
    """Still uniform between 0 and 1, with `keep`, if there is one, added."""

    def mode(self, shape: tuple[Any, ...]) -> str | None:
        """How it drops what has a shape: each sample or all; None where it is neither."""
        if all(size == 1 for size in self.shape) and len(self.shape) <= len(shape):
            return "batch"
        return "row" if self.shape == (*shape[:1], *(1,) * (len(shape) - 1)) else None


def noise_of(call: TracedCall, before: Noise | None) -> Noise | None:
    """The noise that a call makes, `before` being what it reads first; None where it makes none."""
    if call.name in _EMPTY | _UNIFORM:
        return Noise(call.gives[0].shape, uniform=call.name in _UNIFORM)
    if before is None or len(call.tensors) > 1:
        return None
    return _of_uniform(call, before) if before.uniform else _redrawn(call, before)


def _redrawn(call: TracedCall, before: Noise) -> Noise | None:
    if call.name == "bernoulli" and isinstance(call.argument("p"), float | int):
        return replace(before, keep=float(call.argument("p")))
    if call.name == "uniform" and (call.argument("from"), call.argument("to")) == (0, 1):
        return replace(before, keep=None, uniform=True)
    if call.name == "div" and before.keep is not None and call.argument("other") == before.keep:
        return replace(before, scaled=True)
    return before if call.name in _PASSING else None


def _of_uniform(call: TracedCall, before: Noise) -> Noise | None:
    """What is 1 where uniform numbers are among the `keep` largest, or smallest."""
    number = next((each for each in call.given[:2] if isinstance(each, float) and 0 <= each <= 1), None)
    if call.name == "add" and before.keep is None and number is not None and call.argument("alpha") in (1, None):
        return replace(before, keep=number)
    if call.name == "lt" and before.keep is None and number is not None:
        return replace(before, keep=number, uniform=False)
    if call.name == "floor" and before.keep is not None and before.keep < 1:
        return replace(before, uniform=False)
    return before if call.name in _PASSING else None
