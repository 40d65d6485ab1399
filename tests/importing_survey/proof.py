"""A module beside what is built of its spec: keys in order, a strict load, float64 at two batches and image sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
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
Images = Callable[[int, int], Inputs]
"""Inputs by the height and width of images."""
OTHER = ((33, 70), (32, 64))
"""How much larger a second image is: by what is not halved evenly, or, where the module itself refuses that, is."""


@dataclass(frozen=True)
class Verdict:
    """What became of a module."""

    result: str
    """equal, differs, or refused."""
    why: str = ""
    nodes: int = 0
    lines: int = 0
    free: str = ""
    """The sizes that the spec leaves free."""
    seconds: float = 0.0
    """What the import took, torch.export with it."""


def verdict(module: nn.Module, inputs: Inputs, images: Images | None = None) -> Verdict:
    """Imports a module in evaluation mode, and compares: with `images` at a second size, too, if that is free."""
    fill(module, seed=7)
    module.eval()
    began = time.perf_counter()
    try:
        text = spec_of(module, list(inputs(2)), "net", ["N"] if images is None else None)
    except ModuleError as error:
        return Verdict("refused", str(error), seconds=time.perf_counter() - began)
    took = time.perf_counter() - began
    graph = with_blocks(text, classes_of(module))
    given = [inputs(2), inputs(3)]
    if images is not None and (other := _larger(module, given[1][0], graph.sample_sizes, images)):
        given.append(other)
    why = difference(module, archdsl.build(graph, init=False), given)
    free = ", ".join(graph.sample_sizes)
    return Verdict("differs" if why else "equal", why, len(graph.nodes), text.count("\n"), free, took)


def _larger(module: nn.Module, image: Tensor, free: Collection[str], images: Images) -> tuple[Tensor, ...]:
    """Images of another size that the module takes, larger where the spec leaves it free."""
    if not {"H", "W"} & {*free}:
        return ()
    height, width = image.shape[-2:]
    for more in OTHER:
        given = images(height + more[0] * ("H" in free), width + more[1] * ("W" in free))(2)
        with suppress(RuntimeError, ValueError, AssertionError), torch.no_grad():
            module(*given)
            return given
    raise RuntimeError("the spec leaves sizes free that the module takes at no other value")


def difference(module: nn.Module, built: nn.Module, inputs: Sequence[tuple[Tensor, ...]]) -> str:
    """In what the two differ; empty where they do not. The module is emptied: there is room for one in float64."""
    ours, theirs = layout(built), layout(module)
    if ours != theirs:
        return f"other keys: {[key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)][:3]}"
    if [*ours] != [*theirs]:
        return f"keys in another order, from `{next(a for a, b in zip(ours, theirs, strict=True) if a != b)}` on"
    built.load_state_dict(module.state_dict(), strict=True)
    expected = _shown(module, inputs, moving=True)
    module.to("meta")
    return _compared(_shown(built, inputs), expected)


class Pass(NamedTuple):
    """What a model gives in one pass."""

    name: str
    outputs: list[Tensor]
    buffers: list[Tensor]
    """What it keeps after a step of training."""
    moved: float = 0.0
    """How far the outputs move when the inputs move in their last place: what rounding does to such a network."""


def _shown(model: nn.Module, inputs: Sequence[tuple[Tensor, ...]], *, moving: bool = False) -> list[Pass]:
    """What a model gives in evaluation mode, with how far it moves if asked, and in training mode of the first."""
    model.double().eval()
    found = []
    for given in inputs:
        with torch.no_grad(), widened():
            outputs = tensors(model(*_doubled(given)))
            moved = _moved(model, given, outputs) if moving else 0.0
        found.append(Pass(f"at {tuple(given[0].shape)}", outputs, [], moved))
    return [*found, _trained(model, inputs[0])]


def _trained(model: nn.Module, inputs: tuple[Tensor, ...]) -> Pass:
    """What a model gives in training mode, where nothing is drawn at random."""
    with Undropped(), torch.no_grad(), widened():
        outputs = tensors(model.train()(*_doubled(inputs)))
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    return Pass("in training mode", outputs, [v for key, v in model.state_dict().items() if key not in parameters])


def _doubled(inputs: tuple[Tensor, ...]) -> list[Tensor]:
    return [each.double() if each.is_floating_point() else each.clone() for each in inputs]


def _moved(model: nn.Module, inputs: tuple[Tensor, ...], outputs: list[Tensor]) -> float:
    """How far outputs move when about every third number of the inputs moves by one in its last place."""
    random = torch.Generator().manual_seed(3)
    near = [
        each * (1 + 1e-16 * torch.randn(each.shape, generator=random, dtype=each.dtype))
        if each.is_floating_point()
        else each
        for each in _doubled(inputs)
    ]
    return max(map(apart, tensors(model(*near)), outputs), default=0.0)


def trained(module: nn.Module, built: nn.Module, inputs: tuple[Tensor, ...]) -> str:
    """In what the two differ in training mode, where nothing is drawn at random."""
    return _compared([_trained(built, inputs)], [_trained(module, inputs)])


def _compared(ours: Sequence[Pass], theirs: Sequence[Pass]) -> str:
    for found, expected in zip(ours, theirs, strict=True):
        if len(expected.outputs) != len(found.outputs):
            return f"{len(found.outputs)} outputs for {len(expected.outputs)} {found.name}"
        worst = max(map(apart, found.outputs, expected.outputs))
        if not worst <= max(TOLERANCE, expected.moved):
            return f"outputs differ by {worst:.1e} {found.name}"
        buffers = max(map(apart, found.buffers, expected.buffers), default=0.0)
        if not buffers <= TOLERANCE:
            return f"buffers differ by {buffers:.1e} {found.name}"
    return ""


class Undropped(TorchFunctionMode):
    """What drops at random drops nothing."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = dict(kwargs or {}), getattr(function, "__name__", "").rstrip("_")
        if name == "bernoulli" and isinstance(args[-1], float | int):
            return args[0].fill_(float(args[-1] > 0))
        if name in ("rand", "rand_like", "uniform"):
            return function(*args, **kwargs).fill_(0.5)
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
