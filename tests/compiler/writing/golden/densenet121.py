"""densenet121, made by archdsl 0.1.0: archdsl source densenet121

Densely connected convolutional networks, 121 layers. arXiv:1608.06993.

7,978,856 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class DenseLayer(nn.Module):
    """The block `dense_layer`: `features.denseblock1.denselayer1` and 57 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(in_channels, 128, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(128)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(128, 32, kernel_size=3, padding=1, bias=False)

    def forward(self, x):
        relu1 = self.relu1(self.norm1(x))
        relu2 = self.relu2(self.norm2(self.conv1(relu1)))
        return torch.cat([x, self.conv2(relu2)], dim=1)


class Transition(nn.Sequential):
    """The block `transition`: `features.transition1` and 2 more."""

    def __init__(self, in_channels):
        super().__init__(
            OrderedDict(
                norm=nn.BatchNorm2d(in_channels),
                relu=nn.ReLU(inplace=True),
                conv=nn.Conv2d(in_channels, in_channels // 2, kernel_size=1, bias=False),
                pool=nn.AvgPool2d(kernel_size=2, stride=2),
            )
        )


class Densenet121(nn.Module):
    """The network `densenet121`."""

    def __init__(self, num_classes=1000):
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(64),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
                denseblock1=nn.Sequential(
                    OrderedDict((f"denselayer{k + 1}", DenseLayer(64 + 32 * k)) for k in range(6))
                ),
                transition1=Transition(256),
                denseblock2=nn.Sequential(
                    OrderedDict((f"denselayer{k + 1}", DenseLayer(128 + 32 * k)) for k in range(12))
                ),
                transition2=Transition(512),
                denseblock3=nn.Sequential(
                    OrderedDict((f"denselayer{k + 1}", DenseLayer(256 + 32 * k)) for k in range(24))
                ),
                transition3=Transition(1024),
                denseblock4=nn.Sequential(
                    OrderedDict((f"denselayer{k + 1}", DenseLayer(512 + 32 * k)) for k in range(16))
                ),
                norm5=nn.BatchNorm2d(1024),
            )
        )
        self.relu = nn.ReLU()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(1024, num_classes) if num_classes > 0 else nn.Identity()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.Linear):
                module.reset_parameters()
                nn.init.zeros_(module.bias)
            elif module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.features(x)  # N×1024×7×7
        x = self.relu(x)
        return self.classifier(self.avgpool(x).flatten(1))
