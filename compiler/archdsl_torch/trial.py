"""One forward pass on random input: does what was built run?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from archdsl.ops.special import InputOp
from archdsl.shapes import evaluate

if TYPE_CHECKING:
    from archdsl.ir.graph import Graph, Node


def sample_inputs(graph: Graph, *, seed: int | None = None) -> tuple[torch.Tensor, ...]:
    """Random tensors for the network's inputs, in order, of their dtypes and at the sample sizes.

    Integers are below the input's `below`, or 0 and 1 where it says none.
    """
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return tuple(_sample(node, graph.sample_sizes, generator) for node in graph.inputs.values())


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


def _sample(node: Node, sizes: dict[str, int], generator: torch.Generator) -> torch.Tensor:
    op = node.op
    assert isinstance(op, InputOp)
    shape = [evaluate(dim, sizes) for dim in op.shape]
    dtype: torch.dtype = getattr(torch, op.dtype)
    if dtype.is_floating_point:
        return torch.randn(shape, generator=generator).to(dtype)
    return torch.randint(0, op.drawn_below, shape, generator=generator).to(dtype)
