"""Published weights: read, renamed, fitted, refused, and every tensor of them accounted for."""

from __future__ import annotations

import logging
import os
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from archdsl import cli

SPEC = """
archdsl: 1
name: net
params: {in_channels: 3, width: 4, depth: 1, num_classes: 5}
inputs: {x: [N, in_channels, H = 8, W = 8]}
nodes:
  conv: {op: conv2d, out_channels: width, kernel_size: 3, padding: 1, bias: false}
  bn: batch_norm2d
  relu: relu
  body:
    - for i in range(depth):
        - {op: conv2d, out_channels: width, kernel_size: 1}
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  flatten: flatten
  fc: {op: linear, out_features: num_classes}
"""
COUNTER = "bn.num_batches_tracked"

State = dict[str, Tensor]
Save = Callable[[Any, str], Path]


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spec above, in the current folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "net.yaml"
    file.write_text(SPEC)
    return file


@pytest.fixture
def saved(tmp_path: Path) -> Save:
    """Writes what torch can save."""

    def save(content: Any, name: str = "net.pth") -> Path:
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save


def published(spec: Path | str, **params: Any) -> State:
    """Weights that no initialiser makes: those that somebody has trained."""
    generator = torch.Generator().manual_seed(5)
    state = archdsl.build(spec, **params).state_dict()
    return {
        key: torch.rand(tensor.shape, generator=generator) if tensor.is_floating_point() else tensor + 7
        for key, tensor in state.items()
    }


def assert_loaded(module: nn.Module, state: State, *, but: tuple[str, ...] = ()) -> None:
    own = module.state_dict()
    for key, tensor in own.items():
        assert (key not in but) == torch.equal(tensor, state[key]), key


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.bin", "old.pth", "net.safetensors", "safetensors.pth"])
def test_the_format_is_told_by_the_content(net: Path, tmp_path: Path, name: str) -> None:
    state, file = published(net), tmp_path / name
    if "safetensors" in name:
        save_file(state, file)
    else:
        torch.save(state, file, _use_new_zipfile_serialization=name != "old.pth")
    module = archdsl.build(net, weights=file)
    assert_loaded(module, state)
    report = archdsl.load_weights(net, archdsl.build(net), file)
    assert set(report.loaded) == set(state)
    assert not (report.renamed or report.resized or report.skipped or report.missing or report.fresh)
    assert str(report) == f"{name}: 10 tensors loaded"


@pytest.mark.parametrize(
    ("wrap", "entry"),
    [
        (lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {0: state}}}, "state_dict"),
        (lambda state: {"model": state, "loss": torch.tensor(0.5)}, "model"),
        (lambda state: {"model": {k: -v for k, v in state.items()}, "model_ema": state}, "model_ema"),
        (lambda state: {"whatever": state}, "whatever"),
        (lambda state: {f"module.{k}": v for k, v in state.items()}, None),
        (lambda state: {f"_orig_mod.{k}": v for k, v in state.items()}, None),
        (lambda state: {f"module._orig_mod.{k}": v for k, v in state.items()}, None),
        (lambda state: {k.replace("body.", "body._orig_mod."): v for k, v in state.items()}, None),
        (lambda state: {"state_dict": {f"model.{k}": v for k, v in state.items()}}, "state_dict"),
        (lambda state: {"n_averaged": torch.tensor(9), **{f"module.{k}": v for k, v in state.items()}}, None),
        (lambda state: {k: nn.Parameter(v, requires_grad=False) for k, v in state.items()}, None),
    ],
)  # fmt: skip
def test_what_training_scripts_put_around_the_weights(
    net: Path, saved: Save, wrap: Callable[[State], Any], entry: str | None
) -> None:
    state, module = published(net), archdsl.build(net)
    report = archdsl.load_weights(net, module, saved(wrap(state), "net.pth"))
    assert_loaded(module, state)
    assert report.file == (f"net.pth ({entry})" if entry else "net.pth")
    assert not report.renamed and not report.skipped


class Malice:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


MORE = (
    "`bad.pth` holds more than tensors, `%s`: only tensors are read, and no code of a file is run; "
    "where you trust the file, save the network's `state_dict()` alone"
)
SEVERAL = "`bad.pth` holds several sets of weights, `a`, `b`; save the one to load by itself"
NOT_WEIGHTS = "`bad.pth` is no file of weights, or damaged: expected torch's `.pth` or `.pt`, or `.safetensors`"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"fc.weight": Malice()}, MORE % "posix.mkdir"),
        (nn.Linear(2, 2), MORE % "torch.nn.modules.linear.Linear"),
        ([torch.zeros(2)], "`bad.pth` holds no weights: expected a mapping from names to tensors"),
        ({"epoch": 3}, "`bad.pth` holds no weights: expected a mapping from names to tensors"),
        ({"a": {"w": torch.zeros(1)}, "b": {"w": torch.zeros(1)}}, SEVERAL),
        ({"w": torch.eye(2).to_sparse()}, "`bad.pth` has no plain numbers for `w`: it is sparse, quantised or empty"),
        ({"w": torch.zeros(1)}, "`bad.pth` has no tensor that fits `net`: it begins with `w`"),
        (b"", NOT_WEIGHTS),
        (b"not a file of weights at all", NOT_WEIGHTS),
        (pickle.dumps(Malice()), NOT_WEIGHTS),
        (b"\x14\0\0\0\0\0\0\0{}", "`bad.pth` is damaged: error while deserializing header: invalid header length"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_file_of_weights(net: Path, saved: Save, content: Any, message: str) -> None:
    file = Path("bad.pth")
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        saved(content, "bad.pth")
    with pytest.raises(archdsl.WeightsError) as caught:
        archdsl.build(net, weights=file)
    assert str(caught.value) == message
    assert not Path("pwned").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_damaged_file_is_refused_or_loads(net: Path, zipped: bool) -> None:
    torch.save(published(net), "net.pth", _use_new_zipfile_serialization=zipped)
    whole = Path("net.pth").read_bytes()
    generator = torch.Generator().manual_seed(2)
    graph = archdsl.graph(net)
    module = archdsl.build(graph)
    for _ in range(100):
        place = int(torch.randint(len(whole), (1,), generator=generator))
        cut = bool(torch.randint(2, (1,), generator=generator))
        Path("bad.pth").write_bytes(whole[:place] if cut else whole[:place] + b"\xff" + whole[place + 1 :])
        try:
            archdsl.load_weights(graph, module, "bad.pth")
        except archdsl.WeightsError as error:
            assert "bad.pth" in str(error)


def test_a_file_that_is_not_there(net: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archdsl.build(net, weights="nowhere.pth")


def test_safetensors_without_its_package(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(published(net), "net.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(archdsl.WeightsError, match="the package that reads it is missing; `pip install safetensors`"):
        archdsl.build(net, weights="net.safetensors")


# --- what does not fit ----------------------------------------------------------------------------


def test_another_classifier_keeps_the_rest(net: Path, saved: Save, caplog: pytest.LogCaptureFixture) -> None:
    state = published(net)
    file = saved(state, "net.pth")
    module = archdsl.build(net, num_classes=2, seed=3, weights=file)
    untrained = archdsl.build(net, num_classes=2, seed=3)
    assert_loaded(module, {**state, **{k: v for k, v in untrained.state_dict().items() if k.startswith("fc.")}})
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("archdsl", logging.WARNING)
    assert record.getMessage() == (
        "net.pth: 8 tensors loaded, 2 skipped\n"
        "  skipped\n"
        "    fc.weight: 5×4 in the file, 2×4 here: `num_classes` is changed\n"
        "    fc.bias: 5 in the file, 2 here: `num_classes` is changed"
    )
    report = archdsl.load_weights(net, module, file, num_classes=2)
    assert report.fresh == ("fc.weight", "fc.bias")


def test_nothing_is_said_where_all_is_loaded_as_it_is(net: Path, saved: Save, caplog: pytest.LogCaptureFixture) -> None:
    archdsl.build(net, weights=saved(published(net), "net.pth"))
    assert caplog.records == []


def test_a_spec_that_extends_another_may_change_the_classifier_alone(net: Path, saved: Save) -> None:
    file = saved(published(net), "net.pth")
    Path("mine.yaml").write_text("archdsl: 1\nextends: net\nparams: {num_classes: 2}\n")
    report = archdsl.load_weights("mine.yaml", archdsl.build("mine.yaml"), file)
    assert report.skipped == {
        "fc.weight": "5×4 in the file, 2×4 here: as in `net`",
        "fc.bias": "5 in the file, 2 here: as in `net`",
    }
    Path("wide.yaml").write_text("archdsl: 1\nextends: net\nparams: {width: 8}\n")
    with pytest.raises(archdsl.WeightsError, match="of another shape"):
        archdsl.build("wide.yaml", weights=file)


def test_a_spec_that_extends_another_may_end_otherwise(net: Path, saved: Save) -> None:
    state = published(net)
    file = saved(state, "net.pth")
    Path("body.yaml").write_text("archdsl: 1\nextends: net\nname: body\npatch: {nodes.fc: null}\n")
    module = archdsl.build("body.yaml")
    report = archdsl.load_weights("body.yaml", module, file)
    assert_loaded(module, state)
    assert report.skipped == dict.fromkeys(("fc.weight", "fc.bias"), "no such tensor here: as in `net`")
    Path("head.yaml").write_text(
        "archdsl: 1\nextends: net\nname: head\npatch:\n  nodes.fc: null\n"
        "  nodes.head: {after: flatten, op: linear, out_features: 2}\n"
    )
    report = archdsl.load_weights("head.yaml", archdsl.build("head.yaml"), file)
    assert report.missing == ("head.weight", "head.bias")


def test_what_no_change_explains_is_an_error_and_leaves_the_module_alone(net: Path, saved: Save) -> None:
    state = published(net, num_classes=7)
    state["head.bias"] = state.pop("bn.bias")
    module = archdsl.build(net, seed=1)
    with pytest.raises(archdsl.WeightsError) as caught:
        archdsl.load_weights(net, module, saved(state, "net.pth"))
    assert str(caught.value) == (
        "`net.pth` does not fit `net`\n"
        "  missing from the file\n"
        "    bn.bias\n"
        "  not in the network\n"
        "    head.bias\n"
        "  of another shape\n"
        "    fc.weight: 7×4 in the file, 5×4 here\n"
        "    fc.bias: 7 in the file, 5 here\n"
        "  = help: give the parameters that the file was made with, or take what fits with `strict=False`"
    )
    assert caught.value.report is not None and caught.value.report.missing == ("bn.bias",)
    assert_loaded(module, archdsl.build(net, seed=1).state_dict())
    report = archdsl.load_weights(net, module, saved(state, "net.pth"), strict=False)
    assert report.fresh == ("bn.bias", "fc.weight", "fc.bias")
    assert set(report.skipped) == {"head.bias", "fc.weight", "fc.bias"}
    assert torch.equal(module.get_parameter("conv.weight"), state["conv.weight"])


def test_a_change_that_explains_nothing_excuses_nothing(net: Path, saved: Save) -> None:
    file = saved(published(net, num_classes=7), "net.pth")
    with pytest.raises(archdsl.WeightsError, match=r"fc\.weight: 7×4 in the file, 2×4 here"):
        archdsl.build(net, num_classes=2, weights=file)


def test_another_depth_skips_what_is_left_out_and_misses_what_is_new(net: Path, saved: Save) -> None:
    file = saved(published(net), "net.pth")
    deeper = archdsl.load_weights(net, archdsl.build(net, depth=2), file, depth=2)
    assert deeper.missing == deeper.fresh == ("body.1.weight", "body.1.bias")
    shallower = archdsl.load_weights(net, archdsl.build(net, depth=0), file, depth=0)
    assert shallower.skipped["body.0.bias"] == "no such tensor here: `depth` is changed"


def test_a_batch_norm_without_its_counter(net: Path, saved: Save) -> None:
    state = published(net)
    del state[COUNTER]
    report = archdsl.load_weights(net, archdsl.build(net), saved(state, "net.pth"))
    assert report.missing == () and len(report.loaded) == 9


def test_values_take_the_dtype_of_the_network(net: Path, saved: Save) -> None:
    halves = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in published(net).items()}
    module = archdsl.build(net, dtype=torch.float64, weights=saved(halves, "net.pth"))
    assert module.get_parameter("fc.weight").dtype == torch.float64
    assert_loaded(module, {key: tensor.to(module.state_dict()[key].dtype) for key, tensor in halves.items()})


def test_a_tied_tensor_needs_one_of_its_names(tmp_path: Path) -> None:
    spec = tmp_path / "tied.yaml"
    spec.write_text(
        "archdsl: 1\nname: tied\ninputs: {x: {shape: [N, T], dtype: int64, below: 6}}\nnodes:\n"
        "  wte: {op: embedding, num_embeddings: 6, embedding_dim: 4}\n"
        "  head: {op: linear, out_features: 6, bias: false, tie: {weight: wte.weight}}\n"
    )
    module, weight = archdsl.build(spec), torch.rand(6, 4)
    save_file({"wte.weight": weight}, tmp_path / "tied.safetensors")
    report = archdsl.load_weights(spec, module, tmp_path / "tied.safetensors")
    assert torch.equal(module.get_parameter("head.weight"), weight)
    assert report.missing == ()


def test_a_module_without_storage(net: Path, saved: Save) -> None:
    with pytest.raises(archdsl.WeightsError, match="call `to_empty` before loading"):
        archdsl.build(net, device="meta", weights=saved(published(net), "net.pth"))


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


def test_an_extending_spec_inherits_the_renames(net: Path, saved: Save) -> None:
    net.write_text(SPEC + RENAMES)
    Path("mine.yaml").write_text("archdsl: 1\nextends: net\nname: mine\n")
    state = published(net)
    state["stem.weight"] = state.pop("conv.weight")
    archdsl.build("mine.yaml", weights=saved(state, "net.pth"))


# --- other sizes ----------------------------------------------------------------------------------


def test_one_input_channel_counts_as_the_sum(net: Path, saved: Save) -> None:
    state = published(net)
    grey = archdsl.build(net, in_channels=1)
    report = archdsl.load_weights(net, grey, saved(state, "net.pth"), in_channels=1)
    assert report.resized == {"conv.weight": "3 input channels to 1"}
    image = torch.rand(2, 1, 8, 8)
    colour = archdsl.build(net, weights="net.pth")
    torch.testing.assert_close(grey.eval()(image), colour.eval()(image.expand(2, 3, 8, 8)))


@pytest.mark.parametrize("channels", [2, 4, 6])
def test_several_input_channels_take_the_old_ones_in_turn(net: Path, saved: Save, channels: int) -> None:
    state = published(net)
    module = archdsl.build(net, in_channels=channels, weights=saved(state, "net.pth"))
    weight = module.get_parameter("conv.weight")
    for channel in range(channels):
        torch.testing.assert_close(weight[:, channel], state["conv.weight"][:, channel % 3] * 3 / channels)


def test_an_inherited_network_on_grey_images(net: Path, saved: Save) -> None:
    Path("grey.yaml").write_text("archdsl: 1\nextends: net\nname: grey\ninputs: {x: [N, 1, H = 8, W = 8]}\n")
    report = archdsl.load_weights("grey.yaml", archdsl.build("grey.yaml"), saved(published(net), "net.pth"))
    assert report.resized == {"conv.weight": "3 input channels to 1"}


def test_a_later_convolution_keeps_its_channels(net: Path, saved: Save) -> None:
    state = published(net)
    state["body.0.weight"] = torch.rand(4, 3, 1, 1)
    with pytest.raises(archdsl.WeightsError, match=r"body\.0\.weight: 4×3×1×1 in the file, 4×4×1×1 here"):
        archdsl.build(net, weights=saved(state, "net.pth"))


SMALL_VIT = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}


@pytest.mark.parametrize("image_size", [16, 32, 64])
def test_position_embeddings_follow_the_image(saved: Save, image_size: int) -> None:
    from tests.references.torchvision_shim import models

    state = published("vit_b_16", image_size=40, num_classes=10, **SMALL_VIT)
    params = {"image_size": image_size, "num_classes": 10, **SMALL_VIT}
    module = archdsl.build("vit_b_16", **params)
    report = archdsl.load_weights("vit_b_16", module, saved(state, "net.pth"), **params)
    side = image_size // 8
    assert report.resized == {"encoder.pos_embedding": f"5×5 to {side}×{side}, bicubic"}
    interpolate = models.vision_transformer.interpolate_embeddings
    assert_loaded(module, interpolate(image_size, 8, dict(state)))


def test_relative_positions_follow_the_window(saved: Save) -> None:
    small = {"embed_dim": 8, "depths": [2, 1], "num_heads": [2, 4], "num_classes": 10, "image_size": 32}
    state = published("swin_t", window=4, **small)
    module = archdsl.build("swin_t", window=6, **small)
    fresh = archdsl.build("swin_t", window=6, **small).state_dict()
    report = archdsl.load_weights("swin_t", module, saved(state, "net.pth"), window=6, **small)
    tables = [key for key in state if key.endswith("relative_position_bias_table")]
    expected = dict(state)
    for key in tables:  # as Swin's own code does
        image = state[key].t().reshape(1, -1, 7, 7)
        expected[key] = F.interpolate(image, size=(11, 11), mode="bicubic").reshape(-1, 121).t()
    for key in report.skipped:
        expected[key] = fresh[key]
    assert_loaded(module, expected)
    assert report.resized == dict.fromkeys(tables, "7×7 to 11×11, bicubic")
    indices = [key for key in state if key.endswith("relative_position_index")]
    assert report.skipped == dict.fromkeys(indices, "256 in the file, 1296 here: computed anew")
    assert report.fresh == ()


def test_no_grid_no_interpolation(saved: Save) -> None:
    state = published("vit_b_16", image_size=32, num_classes=10, **SMALL_VIT)
    state["encoder.pos_embedding"] = torch.rand(1, 12, 16)
    with pytest.raises(archdsl.WeightsError, match="pos_embedding: 1×12×16 in the file, 1×17×16 here"):
        archdsl.build("vit_b_16", image_size=32, num_classes=10, **SMALL_VIT, weights=saved(state, "net.pth"))


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


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_the_report_and_writes_the_weights(
    net: Path, saved: Save, capsys: pytest.CaptureFixture[str]
) -> None:
    state = published(net)
    saved({"state_dict": state}, "published.pth")
    assert cli.run(["build", "net.yaml", "--weights", "published.pth", "-p", "num_classes=2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("published.pth (state_dict): 8 tensors loaded, 2 skipped\n  skipped\n    fc.weight: 5×4")
    assert out.rstrip().splitlines()[-2:] == ["wrote build/net/net.pth", "wrote build/net/summary.json"]
    module = archdsl.build(net, num_classes=2)
    module.load_state_dict(torch.load("build/net/net.pth", weights_only=True), strict=True)
    assert_loaded(module, {**state, **module.state_dict()})


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("bad.pth", "archdsl: `bad.pth` holds no weights: expected a mapping from names to tensors\n"),
        ("nowhere.pth", "archdsl: `nowhere.pth`: no such file or directory\n"),
    ],
)
def test_the_command_refuses_with_a_line(
    net: Path, saved: Save, capsys: pytest.CaptureFixture[str], file: str, message: str
) -> None:
    saved([1], "bad.pth")
    assert cli.run(["build", "net.yaml", "--weights", file]) == 2
    assert capsys.readouterr().err == message
    assert not Path("build").exists()
