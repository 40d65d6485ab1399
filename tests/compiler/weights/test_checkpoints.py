"""Published weights: read, renamed, fitted, refused, and every tensor of them accounted for."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

import archdsl
from archdsl.cli import commands as cli
from tests.compiler.weights.support import COUNTER, SMALL_VIT, Save, assert_loaded, published

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
