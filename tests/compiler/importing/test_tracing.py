"""What a trace leaves free, and what it leaves as it was."""

from __future__ import annotations

import torch
from torch import nn

import archdsl
from archdsl_torch import spec_of


def test_other_sizes_of_an_image_stay_free() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    graph = archdsl.from_module(module, torch.randn(2, 3, 32, 40), name="small")
    assert graph.sample_sizes == {"N": 1, "H": 32, "W": 40}
    built = archdsl.build(graph)
    built.load_state_dict(module.state_dict())
    image = torch.randn(1, 3, 51, 33)
    torch.testing.assert_close(built.eval()(image), module(image))
    assert graph.parameters == 3 * 4 * 9 + 4
    assert not archdsl.diff(graph, graph)


def test_a_module_stays_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5).eval())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    spec_of(module, [torch.randn(2, 4)])
    assert [each.training for each in module.modules()] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
