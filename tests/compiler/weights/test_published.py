"""Other names for tensors: of the spec, of earlier versions, of other publishers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import archdsl
from archdsl_torch.weights.naming import TensorNames
from tests.compiler.weights.support import SMALL_VIT, SPEC, Save, assert_loaded, published

# --- other names ----------------------------------------------------------------------------------


RENAMES = """
weights:
  renames:
    stem.*: conv.*
    for i in range(depth):
      layers.$i.*_proj: body.$i.*
    "*.extra": null
"""


def test_renames_of_the_spec(net: Path, saved: Save) -> None:
    net.write_text(SPEC + RENAMES)
    state = published(net)
    old = {**state, "stem.weight": state["conv.weight"], "fc.extra": torch.zeros(1)}
    old["layers.0.weight_proj"] = old.pop("body.0.weight")
    del old["conv.weight"]
    module = archdsl.build(net)
    report = archdsl.load_weights(net, module, saved(old, "net.pth"))
    assert_loaded(module, state)
    assert report.renamed == {"stem.weight": "conv.weight", "layers.0.weight_proj": "body.0.weight"}
    assert report.skipped == {"fc.extra": "not needed here"}


def test_a_spec_used_as_a_block_brings_its_renames(net: Path, saved: Save) -> None:
    net.write_text(SPEC + RENAMES)
    Path("outer.yaml").write_text(
        "archdsl: 1\nname: outer\ninputs: {x: [N, 3, H, W]}\nnodes:\n  backbone: {op: spec.net}\n"
    )
    state = published("outer.yaml")
    old = {key.replace("backbone.conv", "backbone.stem"): tensor for key, tensor in state.items()}
    module = archdsl.build("outer.yaml")
    archdsl.load_weights("outer.yaml", module, saved(old, "net.pth"))
    assert_loaded(module, state)


def test_two_names_for_one_tensor(net: Path, saved: Save) -> None:
    net.write_text(SPEC + RENAMES)
    state = published(net)
    with pytest.raises(archdsl.WeightsError, match=r"two tensors for `conv\.weight`, `conv\.weight` and `stem"):
        archdsl.build(net, weights=saved({**state, "stem.weight": state["conv.weight"]}, "net.pth"))


def test_was_is_a_name_too(net: Path, saved: Save) -> None:
    state = published(net)
    net.write_text(SPEC.replace("  fc: {op: linear,", "  head: {op: linear, was: fc,"))
    report = archdsl.load_weights(net, archdsl.build(net), saved(state, "net.pth"))
    assert report.renamed == {"fc.weight": "head.weight", "fc.bias": "head.bias"}


@pytest.mark.parametrize("key", ["fc.weight", "fc", "fcx.weight", "fd.weight", "fb.weight", "f.fc.weight", "zz"])
def test_was_is_the_name_of_a_tensor_or_of_what_it_is_in(net: Path, key: str) -> None:
    net.write_text(SPEC.replace("  fc: {op: linear,", "  head: {op: linear, was: fc,"))
    found = [*TensorNames(archdsl.graph(net), {}).candidates(key)]
    assert found == [key, *(["head" + key[2:]] if key in ("fc", "fc.weight") else [])]


def test_an_extending_spec_inherits_the_renames(net: Path, saved: Save) -> None:
    net.write_text(SPEC + RENAMES)
    Path("mine.yaml").write_text("archdsl: 1\nextends: net\nname: mine\n")
    state = published(net)
    state["stem.weight"] = state.pop("conv.weight")
    archdsl.build("mine.yaml", weights=saved(state, "net.pth"))


# --- layouts that others publish ------------------------------------------------------------------


def test_the_names_of_densenets_before_2018(saved: Save) -> None:
    from tests.references.torchvision_shim import models

    small = {"growth_rate": 4, "block_config": [2, 1], "num_init_features": 8, "num_classes": 10}
    theirs = models.DenseNet(4, (2, 1), 8, num_classes=10)
    old = {re.sub(r"(norm|conv)([12])\.", r"\1.\2.", key): v for key, v in theirs.state_dict().items()}
    old = {key: tensor for key, tensor in old.items() if not key.endswith("num_batches_tracked")}
    assert "features.denseblock1.denselayer2.norm.1.running_mean" in old
    ours = archdsl.build("densenet121", weights=saved(old, "net.pth"), **small)
    image = torch.rand(2, 3, 32, 32)
    assert torch.equal(ours.eval()(image), theirs.eval()(image))


def test_the_names_of_vision_transformers_before_2022(saved: Save) -> None:
    params = {"image_size": 32, "num_classes": 10, **SMALL_VIT}
    state = published("vit_b_16", **params)
    old = {key.replace("mlp.0", "mlp.linear_1").replace("mlp.3", "mlp.linear_2"): v for key, v in state.items()}
    assert "encoder.layers.encoder_layer_0.mlp.linear_2.bias" in old
    assert_loaded(archdsl.build("vit_b_16", weights=saved(old, "net.pth"), **params), state)


TIMM = {
    "vit_b_16": (
        "vit_base_patch16_224", {"image_size": 32, **SMALL_VIT},
        {"img_size": 32, "patch_size": 8, "depth": 2, "num_heads": 2, "embed_dim": 16, "mlp_ratio": 2.0}, 32,
    ),
    "swin_t": (
        "swin_tiny_patch4_window7_224", {"embed_dim": 8, "depths": [2, 1], "num_heads": [2, 4], "image_size": 112},
        {"img_size": 112, "embed_dim": 8, "depths": (2, 1), "num_heads": (2, 4)}, 112,
    ),
    "convnext_tiny": (
        "convnext_tiny", {"widths": [8, 16, 24, 32], "depths": [2, 1, 1, 1]},
        {"dims": (8, 16, 24, 32), "depths": (2, 1, 1, 1)}, 64,
    ),
    "resnet18": ("resnet18", {}, {}, 32),
    "efficientnet_b0": ("efficientnet_b0", {}, {}, 32),
    "efficientnet_v2_s": (
        "efficientnetv2_s", {"width_mult": 0.25, "depth_mult": 0.25, "norm": "batch_norm2d"},
        {"channel_multiplier": 0.25, "depth_multiplier": 0.25}, 32,
    ),
}  # fmt: skip
"""By network: timm's name, our parameters, timm's, and the size of the image."""


@pytest.mark.parametrize("name", TIMM)
def test_the_names_that_timm_uses(name: str, tmp_path: Path) -> None:
    from tests.references.torchvision_shim import models  # timm imports torchvision: this comes first

    import timm  # isort: skip

    assert models
    other, params, arguments, size = TIMM[name]
    torch.manual_seed(0)
    theirs = timm.create_model(other, num_classes=10, **arguments).eval()
    for parameter in theirs.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)
    save_file(theirs.state_dict(), tmp_path / "net.safetensors")
    ours = archdsl.build(name, weights=tmp_path / "net.safetensors", num_classes=10, **params).eval()
    image = torch.rand(2, 3, size, size)
    torch.testing.assert_close(ours(image), theirs(image), rtol=1e-4, atol=1e-5)
