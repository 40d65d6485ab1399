"""resnet50, made by archdsl 0.1.0: archdsl source resnet50

Deep residual learning for image recognition, 50 layers. arXiv:1512.03385.

25,557,032 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Shortcut(nn.Sequential):
    """The block `shortcut`: `layer1.0.downsample` and 3 more."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(out_channels),
        )


class Bottleneck(nn.Module):
    """The block `bottleneck`: `layer1.0` and 15 more."""

    def __init__(self, in_channels, planes, stride=1):
        super().__init__()
        out = planes * 4
        self.conv1 = nn.Conv2d(in_channels, planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv3 = nn.Conv2d(planes, out, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or in_channels != out:
            self.downsample = Shortcut(in_channels, out, stride=stride)
        self.relu3 = nn.ReLU(inplace=True)

    def forward(self, x):
        relu1 = self.relu1(self.bn1(self.conv1(x)))
        relu2 = self.relu2(self.bn2(self.conv2(relu1)))
        bn3 = self.bn3(self.conv3(relu2))
        if self.downsample is not None:
            x = self.downsample(x)
        return self.relu3(bn3.add_(x))


class Resnet50(nn.Module):
    """The network `resnet50`."""

    def __init__(self, num_classes=1000):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = nn.Sequential(Bottleneck(64, 64), Bottleneck(256, 64), Bottleneck(256, 64))
        self.layer2 = nn.Sequential(Bottleneck(256, 128, stride=2), *[Bottleneck(512, 128) for _ in range(3)])
        self.layer3 = nn.Sequential(
            Bottleneck(512, 256, stride=2), *[Bottleneck(1024, 256) for _ in range(5)]
        )
        self.layer4 = nn.Sequential(
            Bottleneck(1024, 512, stride=2), Bottleneck(2048, 512), Bottleneck(2048, 512)
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, num_classes) if num_classes > 0 else nn.Identity()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))  # N×64×112×112
        x = self.layer1(self.maxpool(x))  # N×256×56×56
        x = self.layer2(x)  # N×512×28×28
        x = self.layer3(x)  # N×1024×14×14
        x = self.layer4(x)  # N×2048×7×7
        return self.fc(self.avgpool(x).flatten(1))
