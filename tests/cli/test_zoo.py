"""What `archdsl list` says of the networks that ship, held against what torchvision publishes of its own."""

from __future__ import annotations

import json
from functools import cache

import pytest

import archdsl
from archdsl import Graph
from archdsl.cli.zoo import HEADER, families, table
from archdsl.document.files import shipped
from tests.cli.tiny import Cli
from tests.references.torchvision_shim import models

FAMILIES = families()
PUBLISHED = [name for name in models.list_models(module=models) if name in FAMILIES]


def test_every_classification_network_of_torchvision_ships() -> None:
    assert set(models.list_models(module=models)) - set(FAMILIES) == set()


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers(name: str) -> None:
    """At the image size of each of the published weights; MACs are published in thousandths of a billion."""
    for weights in models.get_model_weights(name):
        graph = at(name, weights.transforms.keywords["crop_size"])
        assert graph.parameters == weights.meta["num_params"]
        published = weights.meta["_ops"]
        assert abs(graph.macs / 1e9 - published) <= max(0.001, 0.001 * published)


@cache
def at(name: str, size: int) -> Graph:
    """A network for images of this height and width, with the heads that are published."""
    params = archdsl.load(name).params
    # The published GoogLeNet has lost its auxiliary heads, the published Inception v3 has its own still.
    heads = {"aux_logits": False} if name == "googlenet" else {}
    if "image_size" in params:
        return archdsl.graph(name, image_size=size, **heads)
    return archdsl.graph(name, sizes={"H": size, "W": size}, **heads)


def test_a_family_is_the_file_that_its_members_extend() -> None:
    assert FAMILIES["resnet18"] == FAMILIES["resnet50"] == "resnet"
    assert FAMILIES["alexnet"] == "alexnet"
    assert list(FAMILIES) == [path.stem for path in shipped()]


def test_the_table_has_a_line_for_each() -> None:
    lines = list(table({"alexnet": "alexnet", "lenet5": "lenet5"}))
    assert lines[0].split() == " ".join(HEADER).split()
    assert lines[1].split() == ["alexnet", "alexnet", "61,100,840", "714.188", "M", "224×224", "arXiv:1404.5997"]
    assert lines[2].startswith("lenet5 ")


def test_json(archdsl_cli: Cli) -> None:
    code, out, _ = archdsl_cli("list", "--family", "resnet", "--format", "json")
    found = {network["name"]: network for network in json.loads(out)}
    assert code == 0
    assert {"resnet18", "resnet50"} <= set(found) <= {name for name, family in FAMILIES.items() if family == "resnet"}
    assert found["resnet50"]["parameters"] == 25_557_032
    assert found["resnet50"]["image_size"] == [224, 224]


def test_an_unknown_family(archdsl_cli: Cli) -> None:
    code, out, error = archdsl_cli("list", "--family", "resnt")
    assert (code, out) == (2, "")
    assert error == "archdsl: no family `resnt`; did you mean `resnet`?\n"
