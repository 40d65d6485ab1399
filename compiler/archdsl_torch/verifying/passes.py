"""A pass forward and back through a network, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from archdsl.comparison.verification import Deviation

OUTPUT_TOLERANCE: Final = 1e-9
"""Of the output's largest value, in float64."""
GRADIENT_TOLERANCE: Final = 1e-7
"""Of the largest gradient of the same tensor, in float64."""
_SEED: Final = 3


class Pass(NamedTuple):
    """What one pass shows of a network."""

    outputs: tuple[Tensor, ...]
    gradients: Mapping[str, Tensor]
    """By parameter; those of the inputs are called `input 0`, `input 1`, …."""
    buffers: Mapping[str, Tensor]
    """As the pass left them."""


def run(module: nn.Module, inputs: Sequence[Tensor], *, training: bool = False, seed: int = _SEED) -> Pass:
    """One pass forward and back, from a fixed random gradient of the outputs; mode and buffers are put back."""
    generator = torch.Generator().manual_seed(_SEED)
    given = [each.clone().requires_grad_(each.is_floating_point()) for each in inputs]
    module.zero_grad(set_to_none=True)
    with in_mode(module, training), torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        # What a module writes into its input in place, it may not write into a leaf.
        outputs = tensors(module(*(each * 1 if each.requires_grad else each.clone() for each in given)))
        ends = [each for each in outputs if each.requires_grad]
        seeds = [torch.randn(each.shape, generator=generator, dtype=each.dtype) for each in ends]
        if ends:
            torch.autograd.backward(ends, seeds)
        buffers = {name: buffer.detach().clone() for name, buffer in module.named_buffers()} if training else {}
    gradients = {f"input {i}": each.grad for i, each in enumerate(given) if each.grad is not None}
    gradients |= {name: each.grad for name, each in module.named_parameters() if each.grad is not None}
    module.zero_grad(set_to_none=True)
    return Pass(tuple(each.detach() for each in outputs), gradients, buffers)


def outputs_in_training(module: nn.Module, inputs: Sequence[Tensor], seed: int) -> tuple[Tensor, ...]:
    """The outputs alone, in training mode."""
    with torch.no_grad(), in_mode(module, True), torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return tensors(module(*(each.clone() for each in inputs)))


@contextmanager
def in_mode(module: nn.Module, training: bool) -> Iterator[None]:
    """A mode for a while; it and the buffers are put back afterwards."""
    before = {each: each.training for each in module.modules()}
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    module.train(training)
    try:
        yield
    finally:
        for each, mode in before.items():
            each.training = mode
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)


def tensors(given: Any) -> tuple[Tensor, ...]:
    """The tensors in what a module gives, or is given."""
    return tuple(each for each in tree_leaves(given) if isinstance(each, Tensor))


def distance(one: Tensor, other: Tensor) -> float | None:
    """The largest difference as part of the other's largest value; None where that is no number."""
    if not one.numel():
        return 0.0
    if not (one.is_floating_point() or one.is_complex()):
        return float((one != other).any())
    if torch.equal(one, other):
        return 0.0
    wide = torch.complex128 if one.is_complex() else torch.float64
    found = float((one.to(wide) - other.to(wide)).abs().max() / other.to(wide).abs().max().clamp(min=1e-300))
    return found if isfinite(found) else None


def outputs_apart(ours: Sequence[Tensor], theirs: Sequence[Tensor], names: Sequence[str]) -> Iterator[Deviation]:
    """The outputs that differ."""
    if len(ours) != len(theirs):
        yield Deviation("outputs", None, f"{len(ours)} in the spec, {len(theirs)} in the module")
        return
    for name, one, other in zip(names, ours, theirs, strict=True):
        if one.shape != other.shape:
            yield Deviation(name, None, f"{_shape(one)} in the spec, {_shape(other)} in the module")
        elif (size := distance(one, other)) is None or size > OUTPUT_TOLERANCE:
            yield Deviation(name, size)


def gradients_apart(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> Iterator[Deviation]:
    """The gradients that differ; one that a side has not is zero there."""
    largest = max((float(each.abs().max()) for each in theirs.values() if each.numel()), default=0.0)
    for name in dict.fromkeys((*theirs, *ours)):
        one, other = ours.get(name), theirs.get(name)
        one = torch.zeros_like(other) if one is None and other is not None else one
        other = torch.zeros_like(one) if other is None and one is not None else other
        assert one is not None and other is not None
        if not one.numel():
            continue
        # A bias in front of a batch norm has no gradient but rounding.
        scale = max(float(other.abs().max()), 1e-3 * largest, 1e-300)
        size = float((one - other).abs().max()) / scale
        if not size <= GRADIENT_TOLERANCE:
            yield Deviation(f"the gradient of `{name}`", size if isfinite(size) else None)


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a number"
