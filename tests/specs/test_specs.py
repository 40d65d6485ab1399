"""The shipped specs themselves, without torch: they are clean, and of the published sizes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

import archdsl
from archdsl import Diagnostic, Graph
from archdsl.elaboration.analyse import analyse

SPECS = Path(__file__).parents[2] / "specs"
NETWORKS = sorted(path.stem for path in SPECS.glob("*.yaml"))
FAMILIES = sorted(path.stem for path in (SPECS / "families").glob("*.yaml"))

# The numbers that torchvision and timm publish with their weights; LeNet-5's and CapsNet's are the papers'.
PARAMETERS = {
    "lenet5": 61_706,
    "capsnet": 8_215_568,
    "clip_vit_b_32": 151_277_313,
    "detr_resnet50": 41_524_768,
    "siamese": 38_951_745,
    "simple_vit_s_16": 21_974_632,
    "alexnet_2012": 60_965_224,
    "resnet20": 269_722,
    "resnet56": 853_018,
    "alexnet": 61_100_840,
    "vgg16": 138_357_544,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "hiera_tiny": 27_910_216,
    "inception_v3": 27_161_264,
    "densenet121": 7_978_856,
    "efficientnet_b0": 5_288_548,
    "caformer_s18": 26_341_656,
    "convmixer_1024_20": 24_383_464,
    "convnext_tiny": 28_589_128,
    "vit_b_16": 86_567_656,
    "swin_t": 28_288_354,
}


class Shipped(NamedTuple):
    """A network that ships, elaborated once for all that is asked of it."""

    name: str
    graph: Graph
    told: list[Diagnostic]


@pytest.fixture(scope="module", params=NETWORKS)
def shipped(request: pytest.FixtureRequest) -> Shipped:
    graph, told = analyse(SPECS / f"{request.param}.yaml")
    assert graph is not None, told
    return Shipped(request.param, graph, told)


def test_every_network_is_pinned() -> None:
    assert set(NETWORKS) >= set(PARAMETERS)


def test_no_mistake_and_no_warning(shipped: Shipped) -> None:
    assert shipped.told == []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_a_network_too(name: str) -> None:
    assert archdsl.check(str(SPECS / "families" / f"{name}.yaml")) == []


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    assert archdsl.graph(name).parameters == PARAMETERS[name]


def test_says_what_it_is(shipped: Shipped) -> None:
    assert shipped.graph.name == shipped.name
    assert shipped.graph.summary
    assert shipped.graph.reference.startswith(("arXiv:", "doi:", "https://"))


def test_images_may_have_any_number_of_channels(shipped: Shipped) -> None:
    graph = shipped.graph
    images = [node.types[0] for node in graph.inputs.values() if node.types[0].rank == 4]
    if not images:
        return
    assert all(image.shape[1] == graph.params["in_channels"] for image in images)
    other = archdsl.graph(shipped.name, in_channels=5)
    assert all(node.types[0].shape[1] == 5 for node in other.inputs.values() if node.types[0].rank == 4)
