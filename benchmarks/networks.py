"""The built networks against torchvision's: a forward pass, a training step, construction.

Each network is timed in several processes and their pairs are pooled: where a process happens to get its
memory decides up to 5 % for all of its life, and which of the two networks is built first decides it too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

import archdsl
from benchmarks.timing import Comparison, Result, compare, mean_ratio, pooled
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
PROCESSES, BUDGET = 4, 5
"""And seconds for each comparison in each."""


def results() -> Iterator[Result]:
    forwards: list[Result] = []
    steps: list[Result] = []
    for name in NETWORKS:
        rounds = [_in_a_process(name, number) for number in range(PROCESSES)]
        found = pooled(one for one, _ in rounds)
        forwards.append(_result(f"{name}: forward", found, SWIN if name == "swin_t" else ANY))
        yield forwards[-1]
        steps.append(_result(f"{name}: training step", pooled(one for _, one in rounds), ANY))
        yield steps[-1]
    yield Result("forward, geometric mean", mean_ratio(forwards), "over all networks", at_most=MEAN)
    yield Result("training step, geometric mean", mean_ratio(steps), "over all networks", at_most=MEAN)
    yield construct("build(init=False) of resnet50 / torchvision's constructor", 0.2, init=False)
    yield construct("build() of resnet50 / torchvision's constructor", 0.9, init=True)


def _result(name: str, found: Comparison, goal: float) -> Result:
    return Result(name, found.ratio, f"{found}, {len(found.ours)} pairs", at_most=goal)


def _in_a_process(name: str, number: int) -> tuple[Comparison, Comparison]:
    """A network's forward pass and training step, timed in a new process."""
    command = [sys.executable, "-m", "benchmarks.networks", name, str(number)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    first, second = (Comparison(tuple(ours), tuple(reference)) for ours, reference in json.loads(printed))
    return first, second


def pair(name: str, ours_first: bool) -> tuple[nn.Module, nn.Module]:
    """The built network and torchvision's, with the same weights."""
    ours = archdsl.build(name, init=False) if ours_first else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # inception_v3's, about its initialisation
        theirs = getattr(models, name)()
    ours = archdsl.build(name, init=False) if ours is None else ours
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def images(name: str, batch: int) -> Tensor:
    size = 299 if name == "inception_v3" else 224
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(0))


def forward(name: str, ours: nn.Module, theirs: nn.Module) -> Comparison:
    """One image, evaluation mode, no gradients."""
    batch = images(name, 1)

    def action(model: nn.Module) -> Callable[[], None]:
        def run() -> None:
            with torch.inference_mode():
                model(batch)

        model.eval()
        return run

    return compare(action(ours), action(theirs), budget=BUDGET)


def step(name: str, ours: nn.Module, theirs: nn.Module) -> Comparison:
    """Two images, training mode: forward, backward, SGD."""
    batch = images(name, 2)

    def action(model: nn.Module) -> Callable[[], None]:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)

        def run() -> None:
            optimizer.zero_grad()
            _loss(model(batch)).backward()
            optimizer.step()

        model.train()
        return run

    return compare(action(ours), action(theirs), budget=BUDGET)


def _loss(outputs: Any) -> Tensor:
    tensors = [outputs] if isinstance(outputs, Tensor) else [item for item in outputs if item is not None]
    return torch.stack([tensor.square().mean() for tensor in tensors]).sum()


def construct(name: str, goal: float, *, init: bool) -> Result:
    found = compare(lambda: archdsl.build("resnet50", init=init), models.resnet50)
    return Result(name, found.ratio, str(found), at_most=goal)


def main(name: str, number: int) -> None:
    """Prints the seconds of both, for the forward pass and for the training step."""
    torch.set_num_threads(1)
    ours, theirs = pair(name, ours_first=number % 2 == 1)
    found = forward(name, ours, theirs), step(name, ours, theirs)
    print(json.dumps([[one.ours, one.reference] for one in found]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
