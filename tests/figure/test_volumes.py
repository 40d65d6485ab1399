"""What a figure of volumes shows: values of the graph as large as they are, in the right order, none twice.

After a wanted change: `ARCHDSL_UPDATE=1 pytest tests/figure/test_volumes.py`, then look at the figures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings

import archdsl
from archdsl.figure.errors import DrawingError
from archdsl.figure.extents import ExtentForm
from archdsl.figure.figure import Style
from archdsl.figure.view import View
from archdsl.figure.volumes import Volume, VolumeFigure, volume_figure
from archdsl.ir.graph import Graph
from archdsl.shapes import evaluate
from tests.figure.building import SMALL, Builder, conv
from tests.generators import Spec, networks
from tests.reliability import promises
from tests.thorough import examples

GOLDEN = Path(__file__).parent / "golden"
SHIPPED = ("alexnet", "vgg16", "unet", "dcgan_generator", "resnet50", "googlenet", "swin_t", "gpt2", "detr_resnet50")
VIEWS = (View(style="volumes"), View(style="volumes", depth=2))


def said(volume: Volume) -> str:
    """`64×56×56 conv banded`."""
    extent = volume.extent
    marks = [name for name in ("banded", "slab", "joined") if getattr(volume, name)]
    return " ".join(["×".join(filter(None, (str(extent.channels), extent.sides))), volume.paint, *marks])


def told(found: VolumeFigure) -> Iterator[str]:
    """A line for each box with its volumes, and for each link."""
    for box in found.figure.boxes():
        times = f" ×{box.times}" if box.times > 1 else ""
        apart = " apart" if box.name in found.apart else ""
        volumes = " | ".join(map(said, found.volumes.get(box.name, ())))
        yield f"{box.name}: {box.title}{times}{apart}: {volumes}".replace("\N{NO-BREAK SPACE}", " ").rstrip(" :")
    for link in found.figure.links:
        yield f"{link.source} -> {link.target} {link.role.value}".replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_volumes_of_shipped_networks_are_what_they_were(name: str) -> None:
    path = GOLDEN / f"{name}.volumes"
    text = "\n".join(told(volume_figure(archdsl.graph(name), VIEWS[0]))) + "\n"
    if os.environ.get("ARCHDSL_UPDATE"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def untruths(graph: Graph, view: View) -> Iterator[str]:
    """What a figure says that the graph does not."""
    found = volume_figure(graph, view)
    boxes = {box.name: box for box in found.figure.boxes()}
    for link in found.figure.links:
        if not {link.source, link.target} <= boxes.keys():
            yield f"a link between {link.source} and {link.target}, which are not there"
    for name, volumes in found.volumes.items():
        if name not in boxes:
            yield f"volumes of {name}, which is not there"
        for volume in volumes:
            extent, shape = volume.extent, graph.without_batch(volume.value.type.shape)
            numbers = [evaluate(dim, graph.counted_sizes) for dim in shape]
            shown = [extent.channels, extent.height, extent.width, *extent.more]
            if sorted(number for number in shown if number != 1) != sorted(each for each in numbers if each != 1):
                yield f"{volume.value.name} is {numbers} and shown as {extent}"


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_every_volume_is_as_large_as_its_value(name: str, view: View) -> None:
    try:
        assert list(untruths(archdsl.graph(name), view)) == []
    except DrawingError as error:
        assert "expected at most" in error.message and view.depth


@pytest.mark.parametrize("name", SMALL)
def test_the_volumes_of_small_graphs_are_true(name: str) -> None:
    for view in VIEWS:
        assert list(untruths(SMALL[name](), view)) == []


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck), deadline=None)
@given(networks())
def test_the_volumes_of_generated_networks_are_true(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        graph = archdsl.graph(file)
        for view in VIEWS:
            assert list(untruths(graph, view)) == []


def test_every_box_but_text_and_signs_has_a_volume() -> None:
    found = volume_figure(archdsl.graph("unet"), VIEWS[0])
    bare = {box.name for box in found.figure.boxes()} - found.volumes.keys()
    assert {box.style for box in found.figure.boxes() if box.name in bare} == {Style.PORT}


def test_a_layer_and_what_follows_it_are_one_volume() -> None:
    b = Builder()
    x = conv(b, "a", b.input(3, 8, 8), 4)
    x = b.add("pool", "max_pool2d", x, kernel_size=2)
    x = b.add("flatten", "flatten", x)
    graph = b.graph(b.add("fc", "linear", x, out_features=10))
    volumes = [each for found in volume_figure(graph, VIEWS[0]).volumes.values() for each in found]
    assert [said(each) for each in volumes] == [
        "4×8×8 conv banded", "4×4×4 pool slab", "10 linear", "3×8×8 reshape",
    ]  # fmt: skip
    assert [each.value.node.path for each in volumes] == ["a.relu", "pool", "fc", "x"]


def test_what_is_joined_is_its_parts_and_one_from_elsewhere_is_told_from_those_made_there() -> None:
    b = Builder()
    kept = conv(b, "a", b.input(3, 8, 8), 4)
    x = conv(b, "b", b.add("pool", "max_pool2d", kept, kernel_size=2), 8)
    b.scope("up", "up")
    x = b.add("up.up", "conv_transpose2d", x, out_channels=6, kernel_size=2, stride=2)
    graph = b.graph(b.add("up.cat", "cat", kept, x, dim=1))
    found = volume_figure(graph, VIEWS[0])
    assert [said(each) for each in found.volumes["up"]] == ["4×8×8 block", "6×8×8 conv joined"]


def test_only_one_block_is_drawn_with_what_enters_it() -> None:
    found = volume_figure(archdsl.graph("resnet50"), View(style="volumes", only="layer1.0"))
    assert [said(each) for each in found.volumes["input\N{NO-BREAK SPACE}x"]] == ["64×56×56 reshape"]
    assert "layer1.0.bn1" not in found.volumes, "norms and activations are seen on the layer before them"


def test_what_drops_values_is_no_activation() -> None:
    found = volume_figure(archdsl.graph("swin_t"), View(style="volumes", only="features.1.0"))
    assert [each.banded for each in found.volumes["features.1.0.mlp"]] == [True, False]


def test_layouts_are_known_from_the_layers() -> None:
    def volumes(name: str) -> list[Volume]:
        return [each for found in volume_figure(archdsl.graph(name), VIEWS[0]).volumes.values() for each in found]

    assert {each.extent.sides for each in volumes("swin_t")} == {"224×224", "56×56", "28×28", "14×14", "7×7", ""}
    assert {each.extent.channels for each in volumes("wav2vec2_base")} == {512, 768, 32, 16000}
    rows = [each.extent for each in volumes("gpt2") if each.extent.form is ExtentForm.ROWS]
    assert {each.height for each in rows} == {128} and {each.channels for each in rows} == {1, 768, 50257}


def test_colours_may_stand_for_what_parts_cost() -> None:
    found = volume_figure(archdsl.graph("alexnet"), View(style="volumes", colour_by="parameters"))
    assert {each.paint for each in found.volumes["classifier.1"]} == {"heat5"}
    assert len(found.figure.legend) == 5
    kinds = volume_figure(archdsl.graph("alexnet"), View(style="volumes", legend=True)).figure.legend
    assert [paint for paint, _ in kinds] == ["conv", "pool", "linear"]


def test_too_many_boxes_are_refused() -> None:
    b = Builder()
    x = b.input(3, 8, 8)
    for number in range(16):
        b.scope(f"part{number}", f"part{number}")
        for layer in range(9):
            x = b.add(f"part{number}.conv{layer}", "conv2d", x, out_channels=layer + 1, kernel_size=1)
    graph = b.graph(x)
    with pytest.raises(DrawingError, match="there are 146 boxes to draw as volumes, expected at most 120"):
        volume_figure(graph, VIEWS[1])


def test_a_network_of_anything_has_a_figure() -> None:
    b = Builder()
    x = b.input()
    graph = b.graph(b.add("relu", "relu", x))
    found = volume_figure(graph, VIEWS[0])
    assert prod(each.extent.channels for volumes in found.volumes.values() for each in volumes) == 1
