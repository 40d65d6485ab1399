"""What a detector promises beyond parity: the published size, and boxes as their numbers say."""

from __future__ import annotations

import pytest
import torch

import archdsl
from tests.references import parity
from tests.references.cases import detection


def test_published_size() -> None:
    with torch.device("meta"):
        theirs = detection.fcos()
    assert parity.layout(archdsl.build("fcos_resnet50_fpn", device="meta")) == parity.layout(theirs)
    assert archdsl.graph("fcos_resnet50_fpn").parameters == sum(p.numel() for p in theirs.parameters())


def test_boxes_stand_around_their_places() -> None:
    """With distances of 1 everywhere a box reaches as far as its level's stride: 8 at first, then twice as far."""
    model = archdsl.build("fcos_resnet50_fpn", seed=0, **detection.SMALL).eval()
    part = model.head.regression_head
    torch.nn.init.zeros_(part.bbox_reg.weight)
    torch.nn.init.ones_(part.bbox_reg.bias)
    with torch.no_grad():
        boxes = model(torch.zeros(1, 3, 128, 256)).boxes[0]
    strides = [8, 16, 32, 64, 128]
    places = [(x, y, stride) for stride in strides for y in range(0, 128, stride) for x in range(0, 256, stride)]
    assert len(boxes) == len(places)
    for box, (x, y, stride) in zip(boxes.tolist(), places, strict=True):
        assert box == [max(x - stride, 0), max(y - stride, 0), min(x + stride, 256), min(y + stride, 128)]


def test_a_new_head_expects_no_class() -> None:
    """Section 3.2 takes RetinaNet's start: every class has a probability of 0.01."""
    model = archdsl.build("fcos_resnet50_fpn", seed=0, **detection.SMALL)
    assert model.head.classification_head.cls_logits.bias.sigmoid().tolist() == pytest.approx([0.01] * 5)
    assert model.head.classification_head.conv[1].weight.eq(1).all()
    assert 0.008 < model.head.regression_head.conv[0].weight.std() < 0.012
