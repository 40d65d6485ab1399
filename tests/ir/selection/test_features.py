"""The features of backbones: what timm says of its own networks, and what the rule finds elsewhere."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.ir.graph import Graph
from tests.elaboration.support import graph_of
from tests.thorough import some

TIMM = {
    "resnet50": "resnet50", "resnext50_32x4d": "resnext50_32x4d", "regnet_y_400mf": "regnety_004", "vgg16": "vgg16",
    "vgg16_bn": "vgg16_bn", "convnext_tiny": "convnext_tiny", "mobilenet_v3_large": "mobilenetv3_large_100",
    "densenet121": "densenet121", "inception_v3": "inception_v3", "pvt_v2_b0": "pvt_v2_b0",
    "hiera_tiny": "hiera_tiny_224",
    "caformer_s18": "caformer_s18", "mobilevit_s": "mobilevit_s", "repvgg_a0": "repvgg_a0", "resnet18": "resnet18",
    "maxvit_t": "maxvit_tiny_tf_224", "inception_resnet_v2": "inception_resnet_v2",
    "mobilenet_v4_conv_small": "mobilenetv4_conv_small", "swin_t": "swin_tiny_patch4_window7_224",
    "efficientnet_b0": "efficientnet_b0", "efficientnet_v2_s": "tf_efficientnetv2_s", "mnasnet1_0": "mnasnet_100",
    "swin_v2_t": "swinv2_tiny_window8_256", "mobilenet_v2": "mobilenetv2_100",
}  # fmt: skip
"""Networks of ours, and timm's of the same architecture, of which each feature has the same channels and reduction."""
ALIKE = ("resnet18", "inception_v3", "pvt_v2_b0", "caformer_s18", "vgg16")
"""Those of them whose keys are the same: a `state_dict` of timm's loads as it is, but for the head's."""
CALLED = {"act1": "relu"}
"""Activations are called otherwise, and have no keys."""


def info(name: str) -> tuple[list[tuple[str, int, int]], torch.nn.Module]:
    """Module, channels and reduction of each of timm's features, and the network that gives them."""
    from tests.references.torchvision_shim import timm_model

    model = timm_model(name, features_only=True)
    return [(each["module"], each["num_chs"], each["reduction"]) for each in model.feature_info.get_dicts()], model


@pytest.mark.parametrize("name", some(TIMM))
def test_channels_and_reductions_are_timms(name: str) -> None:
    expected, _ = info(TIMM[name])
    found = archdsl.graph(name).features
    assert [(each.channels, each.reduction) for each in found] == [each[1:] for each in expected]


@pytest.mark.parametrize(
    ("name", "timms"),
    some([("levit_128s", "levit_128s"), ("ghostnet_100", "ghostnet_100"), ("inception_v4", "inception_v4")]),
)
def test_those_that_timm_has_chosen_otherwise_are_outputs(name: str, timms: str) -> None:
    expected, _ = info(timms)
    found = archdsl.graph(name, outputs=[module for module, *_ in expected]).features
    assert [each[1:4] for each in found] == expected


@pytest.mark.parametrize("name", some(ALIKE))
def test_values_are_timms(name: str) -> None:
    expected, reference = info(TIMM[name])
    graph = archdsl.graph(name, features=True)
    names = [CALLED.get(module, module) for module, *_ in expected]
    assert [each.path for each in graph.features] == names
    module = archdsl.build(graph, dtype=torch.float64, seed=0).eval()
    size = 299 if name == "inception_v3" else 64
    reference = reference.double().eval()
    reference.load_state_dict(renamed(module, reference))
    x = torch.randn(1, 3, size, size, dtype=torch.float64)
    with torch.no_grad():
        for found, right in zip(module(x), reference(x), strict=True):
            left = found if found.shape == right.shape else found.permute(0, 3, 1, 2)  # channels last within
            torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-9)


def renamed(module: torch.nn.Module, reference: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The module's tensors by timm's keys: `features_only` writes some dots as underscores."""
    own = {key.replace(".", "_"): x for key, x in module.state_dict().items()}
    return {key: own[key.replace(".", "_")] for key in reference.state_dict()}


def listed(graph: Graph) -> str:
    return " ".join(f"{each.path}:{each.channels}@{each.reduction}" for each in graph.features)


@pytest.mark.parametrize(("name", "expected"), [
    ("resnet18", "relu:64@2 layer1:64@4 layer2:128@8 layer3:256@16 layer4:512@32"),
    ("resnet20", "layer1:16@1 layer2:32@2 layer3:64@4"),
    ("convnext_tiny", "features.1:96@4 features.3:192@8 features.5:384@16 features.7:768@32"),
    ("googlenet", "conv1:64@2 conv3:192@4 inception3b:480@8 inception4e:832@16 inception5b:1024@32"),
    ("dcgan_discriminator", "relu0:128@2 relu1:256@4 relu2:512@8 relu3:1024@16"),
    # timm's are the last three, of which the coarsest has 16 heads of 16 tokens
    ("levit_128s", "stem.act1:16@2 stem.act2:32@4 stem.act3:64@8 stages.0:128@16 stages.1:256@32 stages.2:384@64"),
    # timm's end before 112@16 and 960@32, and before 192@4
    ("ghostnet_100", "blocks.0:16@2 blocks.2:24@4 blocks.4:40@8 blocks.6:112@16 blocks.9:960@32"),
    ("inception_v4", "features.2:64@2 features.4:192@4 features.9:384@8 features.17:1024@16 features.21:1536@32"),
    ("gpt2", ""),
    ("mixer_b16", ""),
])  # fmt: skip
def test_of_shipped_networks(name: str, expected: str) -> None:
    assert listed(archdsl.graph(name)) == expected


@pytest.mark.parametrize(("nodes", "expected"), [
    # what is made in the middle of a block that changes the level is none
    ("""
      stem: {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
      block:
        - {op: conv2d, out_channels: 16, kernel_size: 1}
        - {op: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1}
    """, "stem:4@1 block:8@2"),
    # a branch beside it: not all goes through a value, until both are joined
    ("""
      a: {op: conv2d, from: x, out_channels: 4, kernel_size: 3, stride: 2, padding: 1}
      b: {op: conv2d, from: x, out_channels: 4, kernel_size: 3, stride: 2, padding: 1}
      both: = a + b
      pool: {op: adaptive_avg_pool2d, output_size: 7}
      head: {op: conv2d, out_channels: 4, kernel_size: 1}
    """, "both:4@2"),
    # what comes after the coarsest level is a decoder
    ("""
      down: {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
      deep: {op: conv2d, out_channels: 8, kernel_size: 2, stride: 2}
      up: {op: conv_transpose2d, out_channels: 6, kernel_size: 2, stride: 2}
    """, "down:4@1 deep:8@2"),
    # channels last, and back
    ("""
      stem: {op: conv2d, out_channels: 6, kernel_size: 4, stride: 4}
      rows: {op: permute, dims: [0, 2, 3, 1]}
      wide: {op: linear, out_features: 10}
      pool: {op: mean, dim: [1, 2]}
    """, "wide:10@4"),
    # through rows of tokens
    ("""
      stem: {op: conv2d, out_channels: 6, kernel_size: 4, stride: 4}
      tokens: {op: rearrange, pattern: n c h w -> n (h w) c}
      mixed: {op: linear, out_features: 9}
      image: {op: rearrange, pattern: n (h w) c -> n c h w, h: H // 4}
      next: {op: conv2d, out_channels: 7, kernel_size: 2, stride: 2}
    """, "image:9@4 next:7@8"),
    # a step other than 2
    ("""
      third: {op: conv2d, out_channels: 6, kernel_size: 3, stride: 3}
      sixth: {op: max_pool2d, kernel_size: 2}
    """, "third:6@3 sixth:6@6"),
])  # fmt: skip
def test_the_rule(nodes: str, expected: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 3, H = 48, W = 48]}}\nnodes:{nodes}")
    assert listed(graph) == expected


def test_what_a_spec_says(tmp_path: Path) -> None:
    text = """
        inputs: {x: [N, 3, H = 48, W = 48]}
        params: {wide: false}
        nodes:
          stages:
            - {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
            - {op: conv2d, out_channels: 8, kernel_size: 2, stride: 2}
            - {if: wide, op: conv2d, out_channels: 16, kernel_size: 1}
          head: {op: mean, dim: [2, 3]}
        features:
    """
    said = "  - for i in range(2): stages.$i\n"
    graph = graph_of(tmp_path, text.replace("        features:\n", f"        features:\n        {said}"))
    assert listed(graph) == "stages.0:4@1 stages:8@2"
    graph = graph_of(tmp_path, text.replace("features:", "features: {deep: stages.1, pooled: head}"))
    assert [each[:4] for each in graph.features] == [("deep", "stages", 8, 2), ("pooled", "head", 8, None)]
    assert [*archdsl.graph(graph, features=True).outputs] == ["deep", "pooled"]
    assert Graph.from_json(graph.to_json()) == graph


def test_of_chosen_outputs_in_their_order(tmp_path: Path) -> None:
    graph = archdsl.graph("resnet18", outputs={"deep": "layer4", "fine": "conv1", "logits": "fc"})
    assert [each[:4] for each in graph.features] == [
        ("deep", "layer4", 512, 32), ("fine", "conv1", 64, 2), ("logits", "fc", 1000, None)
    ]  # fmt: skip
    assert Graph.from_json(graph.to_json()).features[1].channels == 64


def test_a_value_may_be_larger_than_the_image(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 3, H, W]}
        nodes: {up: {op: conv_transpose2d, out_channels: 6, kernel_size: 2, stride: 2}}
    """,
    )
    assert archdsl.graph(graph, outputs="up").features[0].reduction == Fraction(1, 2)
