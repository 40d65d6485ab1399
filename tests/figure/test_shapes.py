"""Shapes on links never begin with the batch, unless that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from tests.elaboration.support import graph_of

ZOO = sorted(path.stem for path in (Path(__file__).parents[2] / "specs").glob("*.yaml"))


def shapes(graph: Any, **options: Any) -> list[str]:
    return [link.label for link in outline(graph, View(depth=1, **options)).links if link.label]


def test_inputs_with_batches_of_their_own() -> None:
    graph = archdsl.graph("clip_vit_b_32")
    found = shapes(graph)
    assert {"77", "3×224×224", "77×512", "50×768"} <= set(found)
    assert {"M×77", "N×3×224×224"} <= set(shapes(graph, batch=True))


def test_a_batch_of_one_that_the_file_fixes(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path, "inputs: {x: [1, 3, 8, 8]}\nnodes: [{op: conv2d, out_channels: 4, kernel_size: 1}, relu]\n"
    )
    assert shapes(graph) == ["3×8×8", "4×8×8"]
    assert shapes(graph, batch=True) == ["1×3×8×8", "1×4×8×8"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_no_shipped_network_begins_with_the_batch(name: str) -> None:
    """At a batch of 977 no shape but that of a stack of outputs of the batch names it."""
    graph = archdsl.graph(name)
    graph.sample_sizes.update(dict.fromkeys(graph.batch, 977))
    assert not [text for text in shapes(graph) if text.startswith("977")]
