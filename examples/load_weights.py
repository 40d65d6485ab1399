"""Weights of one network into another: ten classes were learned, and three are wanted."""

from pathlib import Path

import torch

import archdsl

SMALL = Path(__file__).with_name("small.yaml")

trained = archdsl.build(SMALL, seed=0)  # in place of training
torch.save(trained.state_dict(), "small.pth")

model = archdsl.build(SMALL, num_classes=3, seed=1)
report = archdsl.load_weights(SMALL, model, "small.pth", num_classes=3)
print(report)  # the head does not fit and is skipped: it keeps its initial values

for name, parameter in model.named_parameters():
    parameter.requires_grad = name in report.fresh
print("to be trained:", ", ".join(name for name, parameter in model.named_parameters() if parameter.requires_grad))
