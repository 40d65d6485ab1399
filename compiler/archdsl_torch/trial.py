"""One forward pass on random input: does what was built run?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import torch

from archdsl.ops.special import InputOp
from archdsl.shapes import evaluate
from archdsl_torch.room import check_tensor
from archdsl_torch.runtime import build

if TYPE_CHECKING:
    from archdsl.ir.graph import Graph, Node


_RUNS: Final = 5
"""At least as many are timed."""
_TIMED: Final = 0.3
"""Seconds for which it goes on."""


def sample_inputs(
    graph: Graph, *, seed: int | None = None, sizes: Mapping[str, int] | None = None
) -> tuple[torch.Tensor, ...]:
    """Random tensors for the network's inputs, in order, of their dtypes and at the sample sizes.

    `sizes` replace some of those. Integers are below the input's `below`, or 0 and 1 where it says none.
    """
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    known = {**graph.sample_sizes, **(sizes or {})}
    return tuple(_sample(node, known, generator) for node in graph.inputs.values())


def run_once(module: torch.nn.Module, graph: Graph, *, seed: int | None = None) -> Any:
    """The module's output in evaluation mode for `sample_inputs`; its mode is left as it was.

    Raises what the module raises: RuntimeError or AssertionError for sizes that do not fit.
    """
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            return module(*sample_inputs(graph, seed=seed))
    finally:
        module.train(training)


def latency(graph: Graph) -> float:
    """Seconds of a pass in evaluation on this machine's processor at the sample sizes: the median of many runs.

    The network is built with weights of its own, in float32. Raises MemoryError where it does not fit.
    """
    module = build(graph, "cpu", torch.float32, seed=0).eval()
    inputs = sample_inputs(graph, seed=0)
    times: list[float] = []
    with torch.no_grad():
        module(*inputs)
        end = perf_counter() + _TIMED
        while len(times) < _RUNS or perf_counter() < end:
            start = perf_counter()
            module(*inputs)
            times.append(perf_counter() - start)
    return median(times)


def _sample(node: Node, sizes: Mapping[str, int], generator: torch.Generator) -> torch.Tensor:
    op = node.op
    assert isinstance(op, InputOp)
    return random_tensor(op.dtype, [evaluate(dim, sizes) for dim in op.shape], op.drawn_below, generator)


def random_tensor(
    dtype: str, shape: Sequence[int], below: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Numbers of a normal distribution, or whole ones from 0 and `below` a number. Raises NoRoomError."""
    kind: torch.dtype = getattr(torch, dtype)
    check_tensor(shape, kind)
    if kind.is_floating_point:
        return torch.randn(shape, generator=generator).to(kind)
    return torch.randint(0, below, shape, generator=generator).to(kind)
