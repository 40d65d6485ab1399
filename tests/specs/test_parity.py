"""Every shipped network against torchvision's network of that name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from torch import Tensor, nn

import archdsl
from tests.references import parity
from tests.references.cases import CASES
from tests.references.parity import Case
from tests.thorough import THOROUGH, some


@dataclass(frozen=True)
class Pair:
    """A built network and its reference, with the same telling values, in float64."""

    case: Case
    ours: nn.Module
    theirs: nn.Module

    def images(self, batch: int) -> Tensor:
        return self.case.images(batch)


FULL = [case for case in CASES if case.full]


@pytest.fixture(scope="module", params=some(FULL, every=3), ids=[case.name for case in FULL])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    case: Case = request.param
    theirs = parity.telling_reference(case)
    ours = archdsl.build(case.name, init=False, **case.params).double().eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    yield Pair(case, ours, theirs)


def test_keys_and_shapes(pair: Pair) -> None:
    assert parity.layout(pair.ours) == parity.layout(pair.theirs)


def test_an_optimizer_finds_its_state(pair: Pair) -> None:
    """It goes by number: the parameters stand in one order."""
    ours, theirs = ([name for name, _ in model.named_parameters()] for model in (pair.ours, pair.theirs))
    assert ours == theirs


@pytest.mark.parametrize("batch", [2, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_outputs_and_gradients(pair: Pair, training: bool, batch: int) -> None:
    parity.assert_same_pass(pair.ours, pair.theirs, pair.images(batch), training=training)


def test_buffers_after_training(pair: Pair) -> None:
    ours, theirs = (parity.buffers_after_training(m, pair.images(2)) for m in (pair.ours, pair.theirs))
    for key, value in theirs.items():
        assert (ours[key] - value).abs().max() <= 1e-9 * max(1, value.abs().max()), key


def test_float32(pair: Pair) -> None:
    assert parity.float32_distance(pair.ours, pair.theirs, pair.images(2)) <= parity.FLOAT32_TOLERANCE


def test_zeroing_any_block_shows(pair: Pair) -> None:
    """In training mode, where an auxiliary head counts too; at a desk every fourth block."""
    images = pair.images(2)
    expected = parity.forward(pair.theirs, images, training=True)
    blocks = list(parity.blocks_of(pair.ours, pair.case.depth).items())
    for block, names in blocks if THOROUGH else blocks[::4]:
        with parity.zeroed(pair.ours, names):
            found = parity.distance(parity.forward(pair.ours, images, training=True), expected)
            assert found > 1e6 * parity.OUTPUT_TOLERANCE, f"{block} makes no difference"


@pytest.fixture(scope="module")
def swin() -> nn.Module:
    return parity.telling_reference(next(case for case in CASES if case.name == "swin_t"))


@pytest.mark.parametrize("image_size", [64, 224, 256])
def test_swin_at_other_sizes(swin: nn.Module, image_size: int) -> None:
    """Whole windows, padded windows, a shift in one stage and none in the next."""
    ours = archdsl.build("swin_t", init=False, image_size=image_size).double().eval()
    ours.load_state_dict(swin.state_dict(), strict=True)
    images = Case("swin_t", image_size, {}, {}, 3).images(2)
    found = parity.distance(parity.forward(ours, images), parity.forward(swin, images))
    assert found <= parity.OUTPUT_TOLERANCE


def test_swin_v2_limits_its_scale() -> None:
    """The learned factor of the cosines is at most 100, which its telling values do not reach."""
    case = next(case for case in CASES if case.name == "swin_v2_t")
    theirs = parity.telling_reference(case)
    for name, parameter in theirs.named_parameters():
        if name.endswith("logit_scale"):
            parameter.data.uniform_(4, 6)  # log(100) is 4.6
    ours = archdsl.build(case.name, init=False, **case.params).double().eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    images = case.images(2)
    assert parity.distance(parity.forward(ours, images), parity.forward(theirs, images)) <= parity.OUTPUT_TOLERANCE
