"""The shipped specs themselves, without torch: they are clean, short, and of the published sizes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import archdsl

SPECS = Path(__file__).parents[2] / "specs"
NETWORKS = sorted(path.stem for path in SPECS.glob("*.yaml"))
FAMILIES = sorted(path.stem for path in (SPECS / "families").glob("*.yaml"))

# The numbers that torchvision publishes with its weights; LeNet-5's is the classic one.
PARAMETERS = {
    "lenet5": 61_706,
    "alexnet": 61_100_840,
    "vgg16": 138_357_544,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "inception_v3": 27_161_264,
    "densenet121": 7_978_856,
    "efficientnet_b0": 5_288_548,
    "convnext_tiny": 28_589_128,
    "vit_b_16": 86_567_656,
    "swin_t": 28_288_354,
}

# The reference's file under torchvision/models, and the spec's own with what it extends and uses.
FILES = {
    "alexnet": ("alexnet", ["alexnet"]),
    "vgg16": ("vgg", ["vgg16", "families/vgg"]),
    "resnet50": ("resnet", ["resnet18", "resnet50", "families/resnet"]),
    "inception_v3": ("inception", ["inception_v3"]),
    "densenet121": ("densenet", ["densenet121", "families/densenet"]),
    "efficientnet_b0": ("efficientnet", ["efficientnet_b0", "families/efficientnet", "blocks/conv"]),
    "convnext_tiny": ("convnext", ["convnext_tiny", "families/convnext", "blocks/norm"]),
    "vit_b_16": ("vision_transformer", ["vit_b_16", "families/vit", "blocks/mlp"]),
    "swin_t": ("swin_transformer", ["swin_t", "families/swin", "blocks/mlp"]),
}


def test_every_network_is_pinned() -> None:
    assert set(NETWORKS) >= set(PARAMETERS)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_mistake_and_no_warning(name: str) -> None:
    assert archdsl.check(str(SPECS / f"{name}.yaml")) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_a_network_too(name: str) -> None:
    assert archdsl.check(str(SPECS / "families" / f"{name}.yaml")) == []


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    assert archdsl.graph(name).parameters == PARAMETERS[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_says_what_it_is(name: str) -> None:
    graph = archdsl.graph(name)
    assert graph.name == name
    assert graph.summary
    assert graph.reference.startswith(("arXiv:", "doi:"))


@pytest.mark.parametrize("name", FILES)
def test_a_third_of_the_reference(name: str) -> None:
    reference, specs = FILES[name]
    ours = sum(_lines(SPECS / f"{spec}.yaml") for spec in specs)
    assert 3 * ours <= _lines(_torchvision() / "models" / f"{reference}.py")


def _torchvision() -> Path:
    found = find_spec("torchvision")
    if found is None or found.origin is None:
        pytest.skip("torchvision is not installed")
    return Path(found.origin).parent


def _lines(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))
