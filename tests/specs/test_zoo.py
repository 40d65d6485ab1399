"""Every network with a reference: keys, shapes, and outputs at two image sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import archdsl
from tests.references import parity
from tests.references.cases import CASES, timm_networks
from tests.references.parity import Case

ALL = [pytest.param(case, id=case.name, marks=[] if case.full else pytest.mark.slow) for case in CASES]


@pytest.mark.parametrize("case", ALL)
def test_keys_and_shapes(case: Case) -> None:
    with torch.device("meta"):
        theirs = case.reference()
    ours = archdsl.build(case.name, device="meta", **case.params)
    assert parity.layout(ours) == parity.layout(theirs)


WITHOUT_CLASSES = [case for case in timm_networks.CASES if case.full]


@pytest.mark.parametrize("case", WITHOUT_CLASSES, ids=[case.name for case in WITHOUT_CLASSES])
def test_no_classes_leave_the_head_out(case: Case) -> None:
    headless = replace(case, arguments={**case.arguments, "num_classes": 0})
    with torch.device("meta"):
        theirs = headless.reference()
    ours = archdsl.build(case.name, device="meta", **case.params, num_classes=0)
    assert parity.layout(ours) == parity.layout(theirs)


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL)
def test_outputs_at_two_sizes(case: Case) -> None:
    assert case.other not in (0, case.size)
    theirs = parity.telling_reference(case)
    for one in (case, case.at(case.other)):
        if one.arguments != case.arguments:
            theirs = parity.telling_reference(one)
        ours = archdsl.build(one.name, init=False, **one.params).eval()
        ours.load_state_dict(theirs.state_dict(), strict=True, assign=True)
        images = one.images(2) if one.double else one.images(1).float()
        if one.double:
            ours.double()  # the constants, which no state_dict holds
        expected = parity.forward(theirs, images)
        tolerance = parity.OUTPUT_TOLERANCE if one.double else parity.FLOAT32_TOLERANCE
        assert parity.distance(parity.forward(ours, images), expected) <= tolerance
        assert 1e-2 < expected[0].std() < 1e2, "outputs that prove little"
