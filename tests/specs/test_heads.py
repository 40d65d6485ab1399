"""Networks that sort images into classes, without them: `num_classes=0` gives the features that the head reads.

And whatever is given images takes those of another number of channels.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl.cli.zoo import families
from archdsl.ir.graph import Graph, Node
from tests.references import parity
from tests.references.cases import CASES
from tests.references.parity import Case

OTHER_CLASSES = {
    "capsnet": "a capsule for each class, one of which is decoded",
    "detr_resnet50": "a detector: the classes of its boxes, and no box",
    "dit": "a generator: what it is told to draw",
    "fcos_resnet50_fpn": "a detector: the classes of its boxes",
    "segformer": "a segmenter: a map for each class",
    "segmentation": "a segmenter: a map for each class",
    "unet": "a segmenter: a map for each class",
}
"""Families whose `num_classes` are no classifier's."""

HEADS = {
    "googlenet": ("aux1", "aux2", "fc"),
    "inception_v3": ("AuxLogits", "fc"),
    "levit": ("head", "head_dist"),
    "metaformer": ("head.fc",),
}
"""What goes with the classes, by family, where it is more than the layers that are as wide as they are many."""

CLASSES = 1009
"""A width that no network has elsewhere."""
CHANNELS = 5

FAMILIES = families()
PARAMS = {name: archdsl.load(name).params for name in FAMILIES}
SORTING = [name for name in FAMILIES if "num_classes" in PARAMS[name] and FAMILIES[name] not in OTHER_CLASSES]


def test_every_exception_is_one() -> None:
    assert {*OTHER_CLASSES, *HEADS} <= {FAMILIES[name] for name in FAMILIES if "num_classes" in PARAMS[name]}


# --- the graph ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SORTING)
def test_the_graph_ends_before_the_head(name: str) -> None:
    """It has the same nodes but for the head's, of which all that read one get what that reads."""
    whole, features = archdsl.graph(name, num_classes=CLASSES), archdsl.graph(name, num_classes=0)
    roots = HEADS.get(FAMILIES[name]) or [node.path for node in whole.nodes if CLASSES in node.fields.values()]
    cut = {node for node in whole.nodes for root in roots if f"{node.path}.".startswith(f"{root}.")}
    assert cut
    kept = [node for node in whole.nodes if node not in cut]
    assert [told(node) for node in features.nodes] == [told(node) for node in kept]
    ours, theirs = places(features, features.nodes), places(whole, kept)
    for mine, node in zip(features.nodes, kept, strict=True):
        assert [ours[one] for one in sources(mine, set())] == [theirs[one] for one in sources(node, cut)]
    for output, value in features.outputs.items():
        assert ours[value.node] == theirs[before(whole.outputs[output].node, cut)]


def told(node: Node) -> tuple[Any, ...]:
    """What a node is; its number in a list only where its tensors' keys have it."""
    return node.op, node.tensors, node.path if node.tensors else ""


def places(graph: Graph, nodes: Sequence[Node]) -> Mapping[Node, int | str]:
    return {node: place for place, node in enumerate(nodes)} | {node: name for name, node in graph.inputs.items()}


def sources(node: Node, cut: set[Node]) -> list[Node]:
    return [before(value.node, cut) for value in node.inputs if value is not None]


def before(node: Node, cut: set[Node]) -> Node:
    """The node; of one that is cut, what feeds the first of those that are."""
    while node in cut:
        (node,) = {value.node for value in node.inputs if value is not None}
    return node


# --- the values -----------------------------------------------------------------------------------

TINY = {"image_size": 32, "patch_size": 8, "dim": 24, "depth": 2}
ALONE = (
    Case("lenet5", 32, channels=1), Case("inception_v4", 139), Case("mixer_b16", 32, TINY),
    Case("deit_b_16_distilled", 32, TINY), Case("simple_vit_s_16", 32, TINY),
)  # fmt: skip
"""Of families that no other test compares in full."""
MEMBERS = [*(case for case in CASES if case.full and case.name in SORTING), *ALONE]


def test_every_family_has_a_member() -> None:
    assert {FAMILIES[case.name] for case in MEMBERS} == {FAMILIES[name] for name in SORTING}


@pytest.mark.parametrize("case", MEMBERS, ids=[case.name for case in MEMBERS])
def test_the_features_are_what_the_head_is_given(case: Case) -> None:
    """So they are of the class that is printed for the network with classes, where that takes their number."""
    whole = archdsl.build(case.name, init=False, **case.params).eval()
    parity.fill(whole, seed=0)
    state = whole.state_dict()
    features = [archdsl.build(case.name, init=False, **case.params, num_classes=0)]
    if "num_classes" in inspect.signature(type(whole)).parameters:
        features.append(type(whole)(num_classes=0))
    gone = state.keys() - features[0].state_dict().keys()
    roots = HEADS.get(FAMILIES[case.name]) or {key.rpartition(".")[0] for key in gone}
    assert gone == {key for key in state for root in roots if key.startswith(f"{root}.")} != set()
    for root in roots:
        whole.set_submodule(root, nn.Identity())
    images = case.images(2).float()
    (expected, *_) = parity.forward(whole, images)
    assert 0 < expected.std() < float("inf")
    for module in features:
        module.load_state_dict({key: state[key] for key in state if key not in gone})
        (found,) = parity.forward(module.eval(), images)
        assert torch.equal(found, expected)


# --- the channels ---------------------------------------------------------------------------------

GIVEN_IMAGES = [
    name for name in FAMILIES
    if any(len(shape) == 4 for shape in archdsl.load(name).inputs.values() if isinstance(shape, list))
]  # fmt: skip


@pytest.mark.parametrize("name", GIVEN_IMAGES)
def test_images_have_any_number_of_channels(name: str) -> None:
    graph = archdsl.graph(name, in_channels=CHANNELS)
    shapes = [node.types[0].shape for node in graph.inputs.values()]
    assert any(len(shape) == 4 and shape[1] == CHANNELS for shape in shapes)
