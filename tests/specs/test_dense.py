"""What the dense networks promise beyond parity, and the deformable convolution against its formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.shapes import evaluate
from tests.references import parity
from tests.references.cases import dense

DEFORM = """
archdsl: 1
name: deform
use: [blocks/deform_conv]
params: {stride: 1, padding: 0, dilation: 1, groups: 1, kernel_size: 3, bias: true}
inputs: {x: [N, 4, H = 9, W = 9]}
nodes:
  conv:
    op: deform_conv2d
    out_channels: 6
    kernel_size: kernel_size
    stride: stride
    padding: padding
    dilation: dilation
    groups: groups
    bias: bias
"""


def _deform(folder: Path, **fields: Any) -> nn.Module:
    file = folder / "deform.yaml"
    file.write_text(DEFORM)
    return archdsl.build(str(file), seed=0, **fields).double()


def _image(height: int, width: int) -> Tensor:
    return torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"padding": 1},
        {"padding": 1, "stride": 2},
        {"padding": 2, "dilation": 2, "groups": 2, "bias": False},
        {"kernel_size": 2, "stride": 3, "dilation": 3},
        {"kernel_size": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("spread", [0.5, 4.0], ids=["near", "far"])
def test_deformable_convolution_is_its_formula(tmp_path: Path, fields: dict[str, Any], spread: float) -> None:
    ours = _deform(tmp_path, **fields)
    theirs = dense.DeformConv(4, 6, **{"kernel_size": 3, **fields}).double()
    assert parity.layout(ours) == {f"conv.{key}": kind for key, kind in parity.layout(theirs).items()}
    parity.fill(theirs, seed=2)
    nn.init.normal_(theirs.conv_offset.bias, std=spread)
    ours.conv.load_state_dict(theirs.state_dict())
    image = _image(7, 9)
    mine, expected = parity.run(ours, image, training=True), parity.run(theirs, image, training=True)
    assert parity.distance(mine.outputs, expected.outputs) <= parity.OUTPUT_TOLERANCE
    gradients = {key.removeprefix("conv."): value for key, value in mine.gradients.items()}
    assert gradients["conv_offset.weight"].abs().max() > 1e-2
    parity.assert_same_gradients(gradients, expected.gradients)


def test_deformable_convolution_starts_as_a_plain_one(tmp_path: Path) -> None:
    model = _deform(tmp_path, padding=1, stride=2)
    image = _image(9, 8)
    plain = nn.functional.conv2d(image, model.conv.weight, model.conv.bias, stride=2, padding=1)
    assert (model(image) - plain).abs().max() < 1e-12


def test_deformable_resnet_starts_as_the_plain_one() -> None:
    plain = archdsl.build("resnet50", seed=3).eval()
    deformable = archdsl.build("deformable_resnet50", seed=4).eval()
    missing, unexpected = deformable.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert len(missing) == 6
    assert all(".conv2.conv_offset." in key for key in missing)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert parity.distance(parity.forward(deformable, images), parity.forward(plain, images)) < 1e-4


SEGFORMERS = {
    "segformer_b0": {},
    "segformer_b2": {"hidden_sizes": [64, 128, 320, 512], "depths": [3, 4, 6, 3], "decoder_hidden_size": 768},
}


@pytest.mark.parametrize("name", SEGFORMERS)
def test_segformer_is_as_published(name: str) -> None:
    with torch.device("meta"):
        theirs = dense.segformer(**SEGFORMERS[name])
    assert parity.layout(archdsl.build(name, device="meta")) == parity.layout(theirs)
    rates = [
        module.p for module in archdsl.build(name, device="meta").modules() if "Stochastic" in type(module).__name__
    ]
    depth = len(rates) // 2
    assert rates == pytest.approx([0.1 * i / (depth - 1) for i in range(depth) for _ in range(2)])


def test_unet_is_as_published() -> None:
    """Figure 1: 572×572 becomes 388×388, and the same keys and outputs at the published width."""
    graph = archdsl.graph("unet")
    (output,) = graph.outputs.values()
    assert [evaluate(dim, graph.sample_sizes) for dim in graph.inputs["x"].types[0].shape] == [1, 1, 572, 572]
    assert [evaluate(dim, graph.sample_sizes) for dim in output.type.shape] == [1, 2, 388, 388]
    theirs = dense.UNet(dropout=0.0)
    ours = archdsl.build("unet", init=False, dropout=0.0)
    assert parity.layout(ours) == parity.layout(theirs)
    parity.fill(theirs, seed=0)
    ours.load_state_dict(theirs.state_dict())
    image = torch.randn(1, 1, 188, 188, generator=torch.Generator().manual_seed(0))
    assert parity.distance(parity.forward(ours, image), parity.forward(theirs, image)) <= parity.FLOAT32_TOLERANCE


def test_unet_takes_other_depths_and_odd_sizes() -> None:
    """Figure 1's caption: sizes that halve evenly lose the same on all sides; odd ones lose a row more."""
    model = archdsl.build("unet", width=4, depth=2, num_classes=5, in_channels=3, seed=0).eval()
    assert model(torch.randn(1, 3, 60, 64)).shape == (1, 5, 20, 24)
    assert model(torch.randn(1, 3, 61, 67)).shape == (1, 5, 20, 24)


def test_unet_begins_with_unit_variance() -> None:
    """Section 3: the weights' variance is 2 / N for N incoming nodes; an up-convolution's are its channels."""
    model = archdsl.build("unet", seed=0)
    for module, incoming in (
        (model.level3.conv.conv2, 9 * 512),
        (model.up3.upconv, 1024),
        (model.up3.conv.conv1, 9 * 1024),
    ):
        assert module.weight.std().item() == pytest.approx((2 / incoming) ** 0.5, rel=0.01)


@pytest.mark.parametrize("name", ["fcn_resnet50", "deeplabv3_resnet50"])
def test_the_auxiliary_head_is_for_training(name: str) -> None:
    model = archdsl.build(name, seed=0, num_classes=4).train()
    images = torch.randn(2, 3, 32, 40, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        training, evaluation = model(images), model.eval()(images)
    assert training.out.shape == training.aux.shape == evaluation.out.shape == (2, 4, 32, 40)
    assert evaluation.aux is None


def test_pyramid_with_batch_norms_that_learn() -> None:
    theirs = dense.pyramid("batch_norm2d")
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    parity.fill(theirs, seed=1)
    parity.calibrate(theirs, images)
    ours = archdsl.build("resnet50_fpn", init=False, norm="batch_norm2d")
    ours.load_state_dict(theirs.state_dict(), strict=True)
    expected = parity.forward(theirs, images)
    assert len(expected) == 5
    assert parity.distance(parity.forward(ours, images), expected) <= parity.FLOAT32_TOLERANCE


def test_pyramid_is_named_as_its_reference() -> None:
    assert list(archdsl.graph("resnet50_fpn").outputs) == list(dense.pyramid()(torch.zeros(1, 3, 64, 64)))


def test_pyramid_builds_no_classifier_and_takes_the_backbone_weights() -> None:
    backbone = archdsl.build("resnet50", device="meta").state_dict()
    body = archdsl.build("resnet50_fpn", device="meta", norm="batch_norm2d").body.state_dict()
    assert set(backbone) - set(body) == {"fc.weight", "fc.bias"}
    assert set(body) <= set(backbone)


def test_the_source_of_the_pyramid_calls_things_by_their_names() -> None:
    """Values that come out of other scopes, and members of a list."""
    source = archdsl.source("resnet50_fpn")
    assert "def forward(self, layer1, layer2, layer3, layer4):" in source
    assert "fpn, layer_blocks0, layer_blocks1, layer_blocks2, layer_blocks3 = self.fpn(" in source


def test_gan_plays() -> None:
    """The generator makes what the discriminator judges; section 4: weights begin normal, of deviation 0.02."""
    generator, discriminator = (
        archdsl.build(f"dcgan_{side}", seed=0).eval() for side in ("generator", "discriminator")
    )
    images = generator(torch.rand(2, 100) * 2 - 1)
    assert images.shape == (2, 3, 64, 64)
    assert images.abs().max() <= 1
    scores = discriminator(images)
    assert scores.shape == (2, 1)
    assert ((scores > 0) & (scores < 1)).all()
    for name, parameter in (*generator.named_parameters(), *discriminator.named_parameters()):
        if name.endswith("weight"):
            assert parameter.std().item() == pytest.approx(0.02, rel=0.25), name
            assert parameter.mean().item() == pytest.approx(float("norm" in name), abs=0.005), name
