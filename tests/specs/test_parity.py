"""Every shipped network against torchvision's network of that name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
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


@pytest.mark.parametrize("name", ["swin_t", "swin_v2_t"])
def test_a_swin_takes_any_size(name: str) -> None:
    """Whole windows, padded windows, one row of them, a shift in one stage and none in the next; odd maps to merge."""
    case = next(case for case in CASES if case.name == name)
    theirs = parity.telling_reference(case)
    ours = archdsl.build(name, init=False, stochastic_depth=0.0).double().eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    for height, width in ((225, 97), (64, 64), (28, 150), (256, 224)):
        images = normal((2, 3, height, width))
        assert parity.distance(parity.forward(ours, images), parity.forward(theirs, images)) <= parity.OUTPUT_TOLERANCE
    parity.assert_same_pass(ours, theirs, normal((2, 3, 90, 61)), training=True)


def normal(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


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
