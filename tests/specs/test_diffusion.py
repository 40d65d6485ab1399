"""The networks of diffusion: equal to their papers', at small sizes in float64, and of the published sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.references import (
    parity,
    torchvision_shim,  # noqa: F401  (timm imports torchvision)
)
from tests.references.diffusion import Ddpm, Dit, grid_positions

PARAMETERS = {
    "ddpm_cifar10": 35_746_307,
    "ddpm_256": 113_673_219,
    "dit_xl_2": 675_129_632,
}


@dataclass(frozen=True)
class Small:
    """A network at a small size, and its reference."""

    name: str
    params: dict[str, Any]
    reference: type[nn.Module]
    arguments: dict[str, Any]
    sizes: tuple[int, int]
    channels: int
    classes: int = 0

    def pair(self, size: int) -> tuple[nn.Module, nn.Module]:
        """Ours and the reference for images of this size, with the same telling values."""
        theirs = self.reference(image_size=size, **self.arguments).double()
        parity.fill(theirs, seed=7)
        ours = archdsl.build(self.name, init=False, image_size=size, **self.params).double()
        assert parity.layout(ours) == parity.layout(theirs)
        ours.load_state_dict(theirs.state_dict(), strict=True)
        return ours, theirs

    def inputs(self, size: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
        generator = torch.Generator().manual_seed(size)
        image = torch.randn(2, self.channels, size, size, generator=generator, dtype=dtype)
        time = torch.tensor([3.0, 871.0], dtype=dtype)
        return (image, time, torch.tensor([1, self.classes])) if self.classes else (image, time)


NETWORKS = (
    Small(
        "ddpm_cifar10", {"channels": 32, "multipliers": [1, 2], "layers": 1, "dropout": 0.0}, Ddpm,
        {"channels": 32, "multipliers": (1, 2), "layers": 1}, (16, 32), channels=3,
    ),
    Small(
        "dit_xl_2", {"hidden_size": 16, "depth": 2, "num_heads": 2, "num_classes": 5}, Dit,
        {"hidden_size": 16, "depth": 2, "num_heads": 2, "num_classes": 5}, (8, 12), channels=4, classes=5,
    ),
)  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_published_parameters(name: str) -> None:
    assert archdsl.graph(name).parameters == PARAMETERS[name]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
@pytest.mark.parametrize("which", [0, 1])
def test_outputs_and_gradients(network: Small, which: int) -> None:
    size = network.sizes[which]
    ours, theirs = network.pair(size)
    parity.assert_same_pass(ours, theirs, *network.inputs(size), training=True)


@pytest.mark.parametrize(("name", "reference"), [("ddpm_cifar10", Ddpm), ("dit_xl_2", Dit)])
def test_published_keys(name: str, reference: type[nn.Module]) -> None:
    with torch.device("meta"):
        theirs = reference()
    assert parity.layout(archdsl.build(name, device="meta")) == parity.layout(theirs)


def test_dit_registers_its_parameters_as_its_reference_does() -> None:
    ours, theirs = NETWORKS[1].pair(8)
    assert parity.registered(ours) == parity.registered(theirs)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_time_and_class_make_a_difference(network: Small) -> None:
    size = network.sizes[0]
    model = network.pair(size)[0].eval()
    inputs = network.inputs(size)
    with torch.no_grad():
        first = model(*inputs)
        for k in range(1, len(inputs)):
            other = model(*inputs[:k], inputs[k].flip(0), *inputs[k + 1 :])
            assert not torch.allclose(first, other)


def test_a_new_dit_says_nothing_yet() -> None:
    """adaLN-Zero: every layer starts as the identity, and the output as zeros; positions are sines and cosines."""
    network = NETWORKS[1]
    model = archdsl.build("dit_xl_2", seed=0, image_size=8, **network.params).eval()
    assert torch.allclose(model.pos_embed[0].double(), grid_positions(4, 16), atol=1e-6)
    with torch.no_grad():
        assert not model(*network.inputs(8, torch.float32)).any()
