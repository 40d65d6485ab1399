"""The built networks against torchvision's: a forward pass, a training step, construction.

What could favour one of the two networks by chance, for all of a process's life, is the same for both:

- They hold the same weights in the same memory.
- Neither runs while gradients of the other's are alive, so both get their tensors from the same heap,
  and a gap of random size before them moves them for every run.
- The heap is never given back to the system: whether a tensor is had from it or mapped anew, page by page,
  else depends on what happened to be freed before.
- Python's garbage collector is off.

What remains is noise of the machine, the same for torchvision's network against a second one of the same name
(`control`). Each network is timed in several processes, ours built first in half of them, and the pairs are pooled.
"""

from __future__ import annotations

import gc
import json
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

import archdsl
from benchmarks.timing import Comparison, Result, compare, mean_interval, mean_ratio, pooled
from tests.references.torchvision_shim import models

NETWORKS = (
    "alexnet",
    "vgg16",
    "resnet18",
    "resnet50",
    "inception_v3",
    "densenet121",
    "efficientnet_b0",
    "convnext_tiny",
    "vit_b_16",
    "swin_t",
)
ANY, MEAN, SWIN = 1.05, 1.00, 0.82
"""Goals: each network, their geometric mean, swin_t's forward pass."""
CONTROL = "convnext_tiny"
"""Whose reference is also timed against itself."""
PROCESSES, BUDGET, PAIRS = 4, 5, (8, 60)
"""And in each, for each comparison: seconds, and the fewest and most pairs."""
ONE_HEAP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}
"""For glibc's malloc: nothing is mapped apart from the heap, nothing of the heap is given back."""


def results() -> Iterator[Result]:
    forwards: list[Result] = []
    steps: list[Result] = []
    for name in NETWORKS:
        first, second = _in_processes(name)
        forwards.append(_result(f"{name}: forward", first, SWIN if name == "swin_t" else ANY))
        steps.append(_result(f"{name}: training step", second, ANY))
        yield forwards[-1]
        yield steps[-1]
    yield _mean("forward, geometric mean", forwards)
    yield _mean("training step, geometric mean", steps)
    first, second = _in_processes(CONTROL, "control")
    yield _result("control, torchvision's against itself: forward", first, None)
    yield _result("control, torchvision's against itself: training step", second, None)
    yield construct("build(init=False) of resnet50 / torchvision's constructor", 0.2, init=False)
    yield construct("build() of resnet50 / torchvision's constructor", 0.9, init=True)


def _result(name: str, found: Comparison, goal: float | None) -> Result:
    low, high = found.interval
    detail = f"{low:.3f} to {high:.3f}: {found}, {len(found.ours)} pairs"
    return Result(name, found.ratio, detail, at_most=goal, interval=found.interval)


def _mean(name: str, found: list[Result]) -> Result:
    low, high = mean_interval(found)
    return Result(name, mean_ratio(found), f"{low:.3f} to {high:.3f}", at_most=MEAN, interval=(low, high))


def _in_processes(*arguments: str) -> tuple[Comparison, Comparison]:
    """A network's forward pass and training step, timed in new processes."""
    rounds = [_in_a_process(str(number), *arguments) for number in range(PROCESSES)]
    return pooled(one for one, _ in rounds), pooled(one for _, one in rounds)


def _in_a_process(*arguments: str) -> tuple[Comparison, Comparison]:
    command = [sys.executable, "-m", "benchmarks.networks", *arguments]
    environment = os.environ | ONE_HEAP
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    first, second = (Comparison(tuple(ours), tuple(reference)) for ours, reference in json.loads(printed))
    return first, second


def pair(name: str, *, ours_first: bool, control: bool = False) -> tuple[nn.Module, nn.Module]:
    """The built network and torchvision's, which hold the same tensors; two of torchvision's as a control."""

    def build() -> nn.Module:
        return _reference(name) if control else archdsl.build(name, init=False)

    ours = build() if ours_first else None
    theirs = _reference(name)
    ours = build() if ours is None else ours
    ours.load_state_dict(theirs.state_dict(), assign=True)
    return ours, theirs


def _reference(name: str) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # inception_v3's, about its initialisation
        found: nn.Module = getattr(models, name)()
    return found


def images(name: str, batch: int) -> Tensor:
    size = 299 if name == "inception_v3" else 224
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(0))


def forward(name: str, ours: nn.Module, theirs: nn.Module) -> Comparison:
    """One image, evaluation mode, no gradients."""
    batch = images(name, 1)

    def action(model: nn.Module) -> Callable[[], None]:
        def run() -> None:
            gap = _gap()
            with torch.inference_mode():
                model(batch)
            del gap

        model.eval()
        return run

    return compare(action(ours), action(theirs), budget=BUDGET, pairs=PAIRS)


def step(name: str, ours: nn.Module, theirs: nn.Module) -> Comparison:
    """Two images, training mode: forward, backward, SGD."""
    batch = images(name, 2)

    def action(model: nn.Module) -> Callable[[], None]:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)

        def run() -> None:
            gap = _gap()
            _loss(model(batch)).backward()
            optimizer.step()
            optimizer.zero_grad()
            del gap

        model.train()
        return run

    return compare(action(ours), action(theirs), budget=BUDGET, pairs=PAIRS)


def _gap() -> Tensor:
    """Up to 1 MiB of the heap that is never written."""
    return torch.empty(random.randrange(2**20), dtype=torch.uint8)


def _loss(outputs: Any) -> Tensor:
    tensors = [outputs] if isinstance(outputs, Tensor) else [item for item in outputs if item is not None]
    return torch.stack([tensor.square().mean() for tensor in tensors]).sum()


def construct(name: str, goal: float, *, init: bool) -> Result:
    found = compare(lambda: archdsl.build("resnet50", init=init), models.resnet50)
    return Result(name, found.ratio, str(found), at_most=goal)


def main(number: int, name: str, control: bool) -> None:
    """Prints the seconds of both, for the forward pass and for the training step."""
    torch.set_num_threads(1)
    ours, theirs = pair(name, ours_first=number % 2 == 1, control=control)
    gc.collect()
    gc.disable()
    found = forward(name, ours, theirs), step(name, ours, theirs)
    print(json.dumps([[one.ours, one.reference] for one in found]))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], control=sys.argv[3:] == ["control"])
