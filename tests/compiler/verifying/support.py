"""A network written by hand as a module and as a spec, with the mistakes that one makes in porting it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = """\
archdsl: 1
name: port
inputs: {image: [N, 3, H = 12, W = 12]}
nodes:
  stem: {op: conv2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1, bias: false}
  norm: {op: batch_norm2d}
  act: relu
  block:
    nodes:
      conv1: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
      relu: relu
      conv2: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
      add: = conv2 + input
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  flat: flatten
  ln: {op: layer_norm}
  head: {op: linear, out_features: 5}
"""


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv2(self.relu(self.conv1(x))) + x
        return found


class Port(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.block = Block()
        self.ln = nn.LayerNorm(8)
        self.head = nn.Linear(8, 5)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.relu_(self.norm(self.stem(image)))
        found: Tensor = self.head(self.ln(self.block(x).mean((2, 3))))
        return found
