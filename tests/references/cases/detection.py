"""Detectors, with the boxes that they find before any is suppressed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.references.cases.dense import tell_frozen_norms
from tests.references.parity import Case


def fcos(
    layers: tuple[int, ...] = (3, 4, 6, 3), out_channels: int = 256, num_classes: int = 91, num_convs: int = 4
) -> nn.Module:
    """torchvision's network, no layer frozen; it returns what its head says, and the boxes and scores of all places."""
    from tests.references.torchvision_shim import models

    detection = models.detection

    class Fcos(detection.FCOS):  # type: ignore[misc,name-defined]
        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            maps = list(self.backbone(images).values())
            found: dict[str, Tensor] = self.head(maps)
            size = (images.shape[2], images.shape[3])
            pictures = detection.image_list.ImageList(images, [size] * len(images))
            places = torch.stack(self.anchor_generator(pictures, maps))
            boxes = self.box_coder.decode(found["bbox_regression"], places)
            boxes = detection.fcos.box_ops.clip_boxes_to_image(boxes, size)
            scores = (found["cls_logits"].sigmoid() * found["bbox_ctrness"].sigmoid()).sqrt()
            return (*found.values(), boxes, scores)

    frozen = detection.backbone_utils.misc_nn_ops.FrozenBatchNorm2d
    body = models.ResNet(models.resnet.Bottleneck, layers, norm_layer=frozen)
    pyramid = detection.backbone_utils.BackboneWithFPN(
        body, {f"layer{i + 2}": str(i) for i in range(3)}, [512, 1024, 2048], out_channels,
        detection.fcos.LastLevelP6P7(out_channels, out_channels),
    )  # fmt: skip
    head = detection.fcos.FCOSHead(out_channels, 1, num_classes, num_convs)
    model = Fcos(pyramid, num_classes, head=head)
    tell_frozen_norms(model, frozen)
    return model


SMALL = {"layers": [1, 1, 1, 1], "out_channels": 32, "num_classes": 5, "num_convs": 2}

CASES: tuple[Case, ...] = (
    # The last maps of 96 and 160 pixels are smaller than their strides say: 2×2 and 1×1, 3×3 and 2×2.
    Case("fcos_resnet50_fpn", 96, SMALL, SMALL, 3, other=160, constructor=fcos),
)
