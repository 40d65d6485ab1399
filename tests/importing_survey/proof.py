"""A module beside what is built of its spec: keys in order, a strict load, float64 at two batch sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

import archdsl
from archdsl.ir.modules import ModuleError
from archdsl.porting import with_blocks
from archdsl_torch import classes_of, spec_of
from tests.references.parity import fill

TOLERANCE = 1e-9
Inputs = Callable[[int], tuple[Tensor, ...]]
"""Inputs by the batch size."""


@dataclass(frozen=True)
class Verdict:
    """What became of a module."""

    result: str
    """equal, differs, or refused."""
    why: str = ""
    nodes: int = 0
    seconds: float = 0.0
    """What the import took, torch.export with it."""
    lines: int = 0


def verdict(module: nn.Module, inputs: Inputs) -> Verdict:
    """Imports a module in evaluation mode, and compares."""
    fill(module, seed=7)
    module.eval()
    began = time.perf_counter()
    try:
        text = spec_of(module, list(inputs(2)), "net", ["N"])
    except ModuleError as error:
        return Verdict("refused", str(error), seconds=time.perf_counter() - began)
    took = time.perf_counter() - began
    graph = with_blocks(text, classes_of(module))
    why = difference(module, archdsl.build(graph, init=False), inputs)
    return Verdict("differs" if why else "equal", why, len(graph.nodes), took, text.count("\n"))


def difference(module: nn.Module, built: nn.Module, inputs: Inputs) -> str:
    """In what the two differ; empty where they do not."""
    ours, theirs = layout(built), layout(module)
    if ours != theirs:
        return f"other keys: {[key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)][:3]}"
    built.load_state_dict(module.state_dict(), strict=True)
    pair = (module.double(), built.double().eval())
    for batch in (2, 3):
        given = tuple(each.double() if each.is_floating_point() else each for each in inputs(batch))
        with torch.no_grad(), widened():
            expected, found = (tensors(model(*(each.clone() for each in given))) for model in pair)
        if len(expected) != len(found):
            return f"{len(found)} outputs for {len(expected)}"
        worst = max(map(apart, found, expected))
        if not worst <= TOLERANCE:
            return f"outputs differ by {worst:.1e} at batch {batch}"
    if [*ours] != [*theirs]:
        return f"keys in another order, from `{next(a for a, b in zip(ours, theirs, strict=True) if a != b)}` on"
    return trained(*pair, inputs(2))


def trained(module: nn.Module, built: nn.Module, inputs: tuple[Tensor, ...]) -> str:
    """In what the two differ in training mode, where nothing is drawn at random."""
    given = tuple(each.double() if each.is_floating_point() else each for each in inputs)
    with Undropped(), torch.no_grad(), widened():
        expected, found = (tensors(model.train()(*(each.clone() for each in given))) for model in (module, built))
    if len(expected) != len(found):
        return f"{len(found)} outputs for {len(expected)} in training mode"
    worst = max(map(apart, found, expected))
    if not worst <= TOLERANCE:
        return f"outputs differ by {worst:.1e} in training mode"
    buffers = max(map(apart, built.state_dict().values(), module.state_dict().values()), default=0.0)
    return "" if buffers <= TOLERANCE else f"buffers differ by {buffers:.1e} after a step of training"


class Undropped(TorchFunctionMode):
    """What drops at random drops nothing."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = dict(kwargs or {}), getattr(function, "__name__", "").rstrip("_")
        if name == "bernoulli" and isinstance(args[-1], float | int):
            return args[0].fill_(args[-1])
        if name == "dropout" or name.endswith("_dropout"):
            return args[0]
        if "dropout_p" in kwargs:
            kwargs["dropout_p"] = 0.0
        return function(*args, **kwargs)


@contextmanager
def widened() -> Iterator[None]:
    """What code calls float32 is float64 for a while: a cast to it by name is one to the network's own numbers."""
    names = dict.fromkeys(("float32", "float"), torch.float64)
    with mock.patch.multiple(torch, **names), mock.patch.object(Tensor, "float", Tensor.double):
        yield


def layout(model: nn.Module) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
    """Shape and dtype by key."""
    return {key: (tuple(value.shape), value.dtype) for key, value in model.state_dict().items()}


def tensors(result: Any) -> list[Tensor]:
    """The tensors that a forward pass gives, in order."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, Mapping):
        return [each for value in result.values() for each in tensors(value)]
    result = [value for value in result if value is not None] if isinstance(result, tuple | list) else result
    return [each for value in result for each in tensors(value)] if isinstance(result, tuple | list) else []


def apart(found: Tensor, expected: Tensor) -> float:
    """How far two tensors are apart, against the largest number of the expected one; at least 1 counts for that."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return float("inf")
    scale = max(1.0, expected.abs().max().item())
    return (found.double() - expected.double()).abs().max().item() / scale
