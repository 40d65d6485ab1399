"""The built networks against torchvision's: a forward pass, a training step, construction."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

import archdsl
from benchmarks.timing import Result, compare, mean_ratio
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


def results() -> Iterator[Result]:
    forwards: list[Result] = []
    steps: list[Result] = []
    for name in NETWORKS:
        ours, theirs = pair(name)
        forwards.append(forward(name, ours, theirs))
        yield forwards[-1]
        steps.append(step(name, ours, theirs))
        yield steps[-1]
    yield Result("forward, geometric mean", mean_ratio(forwards), "over all networks", at_most=MEAN)
    yield Result("training step, geometric mean", mean_ratio(steps), "over all networks", at_most=MEAN)
    yield construct("build(init=False) of resnet50 / torchvision's constructor", 0.2, init=False)
    yield construct("build() of resnet50 / torchvision's constructor", 0.9, init=True)


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """The built network and torchvision's, with the same weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # inception_v3's, about its initialisation
        theirs = getattr(models, name)()
    ours = archdsl.build(name, init=False)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def images(name: str, batch: int) -> Tensor:
    size = 299 if name == "inception_v3" else 224
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(0))


def forward(name: str, ours: nn.Module, theirs: nn.Module) -> Result:
    """One image, evaluation mode, no gradients."""
    batch = images(name, 1)

    def action(model: nn.Module) -> Callable[[], None]:
        def run() -> None:
            with torch.inference_mode():
                model(batch)

        model.eval()
        return run

    found = compare(action(ours), action(theirs))
    goal = SWIN if name == "swin_t" else ANY
    return Result(f"{name}: forward", found.ratio, str(found), at_most=goal)


def step(name: str, ours: nn.Module, theirs: nn.Module) -> Result:
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

    found = compare(action(ours), action(theirs))
    return Result(f"{name}: training step", found.ratio, str(found), at_most=ANY)


def _loss(outputs: Any) -> Tensor:
    tensors = [outputs] if isinstance(outputs, Tensor) else [item for item in outputs if item is not None]
    return torch.stack([tensor.square().mean() for tensor in tensors]).sum()


def construct(name: str, goal: float, *, init: bool) -> Result:
    found = compare(lambda: archdsl.build("resnet50", init=init), models.resnet50)
    return Result(name, found.ratio, str(found), at_most=goal)
