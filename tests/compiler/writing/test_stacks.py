"""Layers of one list that run one after another are a loop, and no more of them than may be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import archdsl
from archdsl.ir.graph import Graph

Network = Callable[[str], Graph]

FORWARDS = {
    "a stack of layers": [
        "for layer in self.layers:",
        "    x = layer(x, m)",
        "return x",
    ],
    "a stack of few layers": [
        "return self.layers[1](self.layers[0](x, m), m)",
    ],
    "a stack whose source is read later": [
        "x = self.start(x)  # N×5×8",
        "x2 = x",
        "for layer in self.layers:",
        "    x2 = layer(x2, m)",
        "return x2 * x",
    ],
    "a stack whose source every layer reads": [
        "x = self.start(x)  # N×5×8",
        "x2 = x",
        "for layer in self.layers:",
        "    x2 = layer(x2, x)",
        "return x2.add_(m)",
    ],
    "a stack in the middle of a list": [
        "x2 = self.layers[0](x, x)  # N×5×8",
        "for layer in self.layers[1:4]:",
        "    x2 = layer(x2, m)",
        "return self.layers[4](x2, x)",
    ],
}


@pytest.mark.parametrize("name", FORWARDS)
def test_the_loop(network: Network, name: str) -> None:
    text = archdsl.source(network(name))
    body = text.split("def forward(self, x, m):")[-1].split('does not fit")\n')[-1]
    assert [line.removeprefix("        ") for line in body.strip("\n").splitlines()] == FORWARDS[name]


@pytest.mark.parametrize(
    ("name", "loops"),
    {
        "stacks one after another": ["self.first", "self.second"],
        "a stack that is tapped": ["self.layers[:3]", "self.layers[3:]"],
        "a stack after layers of two outputs": ["self.layers[1:]"],
        "a stack that runs the other way": [],
        "a stack in one mode": ["self.layers", "self.aux"],
    }.items(),
)
def test_what_is_looped_over(network: Network, name: str, loops: list[str]) -> None:
    lines = [line.strip() for line in archdsl.source(network(name)).splitlines()]
    headers = [line.partition(" in ")[2].rstrip(":") for line in lines if line.startswith("for ")]
    assert [header for header in headers if header != "self.modules()"] == loops
