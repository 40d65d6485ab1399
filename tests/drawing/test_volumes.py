"""Pictures of volumes: what stands where, which ways links take, and the same in every format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.drawing import rendering
from archdsl.drawing.canvas import Canvas, CanvasPart, dot_picture, mixed, svg_source
from archdsl.drawing.courses import ARC, courses
from archdsl.drawing.grid import places_of
from archdsl.drawing.layout import Point, Spot
from archdsl.drawing.rendering import pictures
from archdsl.drawing.solids import LengthRule, Solid, rule_for
from archdsl.drawing.tikz_volumes import tikz_volumes
from archdsl.drawing.volumes import volume_canvas
from archdsl.figure.errors import DrawingError
from archdsl.figure.figure import Link, LinkRole
from archdsl.figure.view import View
from archdsl.figure.volumes import volume_figure
from archdsl.formats import DrawingWarning, draw, render
from archdsl.ir.graph import Graph
from tests.figure.building import SMALL, tangle
from tests.generators import Spec, networks
from tests.reliability import promises
from tests.thorough import examples

VOLUMES = View(style="volumes")
SHIPPED = (
    "alexnet",
    "unet",
    "googlenet",
    "detr_resnet50",
    "transformer",
    "fcos_resnet50_fpn",
    "capsnet",
    "ddpm_256",
    "resnet50_fpn",
)


def canvas_of(graph: Graph, view: View = VOLUMES) -> Canvas:
    return volume_canvas(volume_figure(graph, view), view.width)


def standing(canvas: Canvas) -> dict[str, CanvasPart]:
    """What stands in the picture, by the name of its box."""
    return {part.name: part for part in canvas.parts if part.kind in ("volumes", "merge", "port")}


def frame(part: CanvasPart, words: bool = True) -> Spot:
    """The rectangle around what a part shows."""
    boxes = [(each.left, each.top, each.right, each.bottom) for each in part.solids]
    for circle in part.circles:
        (x, y), radius = circle.middle, circle.radius
        boxes.append((x - radius, y - radius, x + radius, y + radius))
    for text in part.texts if words or not boxes else ():
        boxes.append((text.left, text.at.y - text.size / 2, text.left + text.width, text.at.y + text.size / 2))
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return Spot((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)


def faults(canvas: Canvas) -> Iterator[str]:
    """What no picture may have."""
    parts = standing(canvas)
    for (one, first), (other, second) in combinations(((name, frame(part)) for name, part in parts.items()), 2):
        if min(first.right, second.right) > max(first.left, second.left) + 0.1 and (
            min(first.bottom, second.bottom) > max(first.top, second.top) + 0.1
        ):
            yield f"{one} lies on {other}"
    for name, part in parts.items():
        for before, after in pairwise(part.solids):
            if after.exit.x - after.width < before.exit.x - 0.1:
                yield f"the solids of {name} are in one another"
    for part in canvas.parts:
        for text, solid in product(part.texts, part.solids):
            across = min(text.left + text.width, solid.x + solid.width) > max(text.left, solid.x) + 0.5
            if across and min(text.at.y + 2.5, solid.bottom) > max(text.at.y - 2.5, solid.y) + 0.1:
                yield f"{text.text} of {part.name} lies on a solid"
        for text in part.texts:
            if text.left < -0.1 or text.left + text.width > canvas.width + 0.1:
                yield f"{text.text} of {part.name} is cut off"
        yield from (f"{part.name} crosses {name}" for name in _crossed(part, parts))


def _crossed(link: CanvasPart, parts: Mapping[str, CanvasPart]) -> Iterator[str]:
    """The boxes, other than its own, whose solids a link runs through."""
    for line in link.lines:
        for name, part in parts.items():
            if not part.solids or name in link.name.split(" → "):
                continue
            spot = frame(part, words=False)
            for a, b in pairwise(line.points):
                across = min(a.x, b.x) < spot.right - 0.1 and max(a.x, b.x) > spot.left + 0.1
                if across and min(a.y, b.y) < spot.bottom - 0.1 and max(a.y, b.y) > spot.top + 0.1:
                    yield name


# --- where things are --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", ["", "7in", "16:9"])
@pytest.mark.parametrize("name", SHIPPED)
def test_pictures_of_shipped_networks_are_clean(name: str, width: str) -> None:
    canvas = canvas_of(archdsl.graph(name), View(style="volumes", width=width))
    assert list(faults(canvas)) == []


@pytest.mark.parametrize("name", SMALL)
def test_pictures_of_small_graphs_are_clean(name: str) -> None:
    for depth in (1, 2):
        assert list(faults(canvas_of(SMALL[name](), View(style="volumes", depth=depth)))) == []


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=1, max_size=40), st.sampled_from(["", "3.3in"]))
def test_the_picture_of_any_tangle_is_clean(steps: list[tuple[bool, int]], width: str) -> None:
    assert list(faults(canvas_of(tangle(steps), View(style="volumes", width=width)))) == []


@settings(max_examples=examples(30), suppress_health_check=list(HealthCheck), deadline=None)
@given(networks())
def test_the_picture_of_any_network_is_clean(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        assert list(faults(canvas_of(archdsl.graph(file)))) == []


def test_larger_maps_and_more_channels_are_longer() -> None:
    rule = rule_for([1, 7, 56, 224], 10, 100, 20)
    lengths = [rule.length(size) for size in (1, 7, 14, 28, 56, 112, 224)]
    assert lengths == sorted(lengths) and lengths[-1] == 100 and lengths[0] >= 10
    assert not rule.is_linear
    steps = [round(after - before, 6) for before, after in pairwise(lengths[1:])]
    assert len(set(steps)) == 1, "each doubling is the same step"
    linear = rule_for([64, 256], 10, 100, 20)
    assert linear.is_linear and linear.length(64) == pytest.approx(25)


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_any_sizes_have_lengths_that_can_be_seen(sizes: list[int]) -> None:
    rule: LengthRule = rule_for(sizes, 10, 100, 20)
    assert all(9.9 <= rule.length(max(1, size)) <= 100.1 for size in sizes)


def test_the_faces_of_a_solid_join() -> None:
    solid = Solid(0, 10, 8, 20, 6, 5, "conv", band=3)
    faces = dict(solid.fronts())
    assert set(faces) == {"side", "top", "front", "band top", "band"}
    assert solid.entry == Point(0, 17.5) and solid.exit == Point(11, 17.5) and solid.crown == Point(7, 7.5)
    assert faces["front"][1] == faces["band"][0] == Point(5, 10)
    assert faces["side"][2] == Point(14, 25)


def test_links_of_a_row_run_above_it_and_others_between() -> None:
    links = [Link(a, b, LinkRole.BRANCH) for a, b in ("ab", "bc", "cd", "ad", "be", "ed")]
    places = places_of("abcde", links)
    assert [places[name].row for name in "abcde"] == [0, 0, 0, 0, 1]
    found = {course.link.source + course.link.target: course for course in courses(links, places)}
    assert found["ad"].kind == ARC and found["ad"].lane == 0
    assert [found[each].kind for each in ("ab", "bc", "cd")] == ["straight"] * 3
    assert found["be"].gaps == (1,) and found["ed"].gaps == (2,)


def test_an_encoder_with_its_decoder_is_a_u() -> None:
    canvas = canvas_of(archdsl.graph("unet"))
    heights = {name: part.solids[0].exit.y for name, part in standing(canvas).items() if part.solids}
    down, up = [f"level{level}" for level in range(4)], [f"up{level}" for level in range(4)]
    assert [heights[name] for name in down] == pytest.approx([heights[name] for name in up])
    levels = [heights[name] for name in (*down, "level4")]
    assert levels == sorted(levels) and len(set(levels)) == 5
    across = [line.points for part in canvas.parts if part.kind == "skip" for line in part.lines]
    assert len(across) == 4 and all(len(points) == 2 and points[0].y == points[1].y for points in across)


def test_for_a_width_the_levels_of_a_u_stand_below_each_other() -> None:
    canvas = canvas_of(archdsl.graph("unet"), View(style="volumes", width="7in"))
    assert canvas.scale * 8 >= 5.95
    parts = standing(canvas)
    for side in ("level", "up"):
        spots = [frame(parts[f"{side}{level}"], words=False) for level in range(4)]
        assert all(above.bottom < below.top for above, below in pairwise(spots))
        assert max(spot.left for spot in spots) < min(spot.right for spot in spots)


def test_a_link_leaves_the_volume_that_it_carries() -> None:
    canvas = canvas_of(archdsl.graph("fcn_resnet50"))
    inner, last = standing(canvas)["backbone"].solids
    starts = {part.name: part.lines[0].points[0] for part in canvas.parts if part.lines}
    assert starts["backbone → classifier"] == pytest.approx(last.exit)
    assert starts["backbone → aux_classifier"].y == pytest.approx(inner.crown.y)
    assert inner.left < starts["backbone → aux_classifier"].x < inner.right


def test_a_feature_pyramid_has_a_row_for_each_level() -> None:
    canvas = canvas_of(archdsl.graph("resnet50_fpn"))
    heights = {name: part.solids[0].exit.y for name, part in standing(canvas).items() if part.solids}
    for level in range(4):
        merged = [f"fpn.merged{level}"] if level < 3 else []
        row = [f"body.layer{level + 1}.0", f"fpn.inner_blocks.{level}", *merged, f"fpn.layer_blocks.{level}"]
        assert len({round(heights[name], 3) for name in row}) == 1
    assert heights["body.layer1.0"] > heights["body.layer2.0"] > heights["body.layer4.0"] > heights["fpn.pool"]


def test_lanes_are_shared_by_those_that_do_not_meet_or_begin_together() -> None:
    links = [Link(a, b, LinkRole.SPINE) for a, b in pairwise("abcdefg")]
    skips = [Link(a, b, LinkRole.SKIP) for a, b in ("ac", "ce", "bf", "eg")]
    found = courses([*links, *skips], places_of("abcdefg", [*links, *skips]))
    heights = {course.link.source + course.link.target: course.height for course in found if course.kind == ARC}
    assert heights == {"ac": 0, "ce": 0, "eg": 0, "bf": 1}


# --- formats -----------------------------------------------------------------------------------------


def test_every_format_says_the_same() -> None:
    canvas = canvas_of(archdsl.graph("unet"))
    texts = sorted(text.text for part in canvas.parts for text in part.texts)
    own = ElementTree.fromstring(svg_source(canvas))
    assert sorted(each.text or "" for each in own.iter("{http://www.w3.org/2000/svg}text")) == texts
    drawn = ElementTree.fromstring(pictures([dot_picture(canvas)], "svg")[0])
    assert sorted(each.text or "" for each in drawn.iter("{http://www.w3.org/2000/svg}text")) == texts
    tikz = tikz_volumes(canvas)
    solids = [solid for part in canvas.parts for solid in part.solids]
    assert len(re.findall(r"^\\volume[\[{]", tikz, re.MULTILINE)) == len(solids)
    assert len(re.findall(r" \\band[\[{]", tikz)) == sum(solid.band > 0 for solid in solids)
    assert tikz.count("\n\\draw[") == sum(len(part.lines) for part in canvas.parts)
    assert tikz.count("\n\\node[words of") == len(texts)
    used = {solid.paint for solid in solids}
    assert all(rf"\kind{{{paint}}}" in tikz for paint in used)


def test_parts_of_the_svg_have_names_and_kinds() -> None:
    svg = render(archdsl.graph("unet"), "svg", VOLUMES).decode()
    assert '<g class="volumes"><title>level0</title>' in svg
    assert svg.count('<g class="skip">') == 4
    assert len(re.findall('<g class="conv"', svg)) == 23


@pytest.mark.parametrize("format", ["svg", "pdf", "png", "tikz"])
def test_it_is_drawn_to(format: str, tmp_path: Path) -> None:
    file = tmp_path / f"net.{format}"
    assert draw(archdsl.graph("lenet5"), file, View(style="volumes", width="3.3in")) == [file]
    assert file.stat().st_size > 1000


@pytest.mark.parametrize("format", ["pptx", "drawio", "mmd", "dot", "html"])
def test_what_has_no_such_shapes_is_refused(format: str, tmp_path: Path) -> None:
    with pytest.raises(DrawingError) as caught:
        draw(archdsl.graph("lenet5"), tmp_path / f"net.{format}", VOLUMES)
    assert caught.value.message == (
        f"volumes are not drawn to `.{format}`: expected a name that ends in .svg, .pdf, .png, .tikz"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_difference_is_not_drawn_as_volumes(tmp_path: Path) -> None:
    difference = archdsl.diff("resnet18", "resnet34")
    with pytest.raises(DrawingError, match="a difference is not drawn as volumes"):
        difference.draw(tmp_path / "net.svg", style="volumes")


def test_sizes_are_of_one_sample() -> None:
    with pytest.raises(DrawingError, match="of one sample"):
        render(archdsl.graph("lenet5"), "svg", View(style="volumes", batch=True))


def test_without_graphviz_there_is_svg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    graph = archdsl.graph("lenet5")
    assert render(graph, "svg", VOLUMES).startswith(b"<svg")
    with pytest.raises(DrawingError, match=r"Graphviz.*\.png") as caught:
        draw(graph, tmp_path / "net.png", VOLUMES)
    assert "draw to .svg" in (caught.value.hint or "")


def test_text_is_large_enough_for_the_width_or_one_is_told(tmp_path: Path) -> None:
    for name in ("alexnet", "vgg16", "resnet50"):
        for width, points in (("3.3in", 237.6), ("7in", 504)):
            canvas = canvas_of(archdsl.graph(name), View(style="volumes", width=width))
            assert canvas.width * canvas.scale <= points + 0.01
            assert canvas.scale * 8 >= 5.95
    small = canvas_of(archdsl.graph("inception_v3"), View(style="volumes", width="7in"))
    assert small.scale * 8 >= 5.95, "solids are smaller before text is"
    with pytest.warns(DrawingWarning, match=r"the smallest text is .* pt in a figure of 1in"):
        render(archdsl.graph("googlenet"), "svg", View(style="volumes", width="1in"))


def test_a_page_is_as_large_as_it_says() -> None:
    canvas = canvas_of(archdsl.graph("alexnet"), View(style="volumes", width="A4"))
    assert (canvas.width * canvas.scale, canvas.height * canvas.scale) == pytest.approx((595.28, 841.89))
    found = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", render(archdsl.graph("lenet5"), "pdf", VOLUMES))
    assert found is not None
    small = canvas_of(archdsl.graph("lenet5"))
    assert list(map(float, found.groups())) == pytest.approx([small.width, small.height], abs=1.5)


def test_titles_and_counts_are_said_or_not() -> None:
    graph = archdsl.graph("alexnet")
    svg = render(graph, "svg", View(style="volumes", title="Our net", counts=False)).decode()
    assert ">Our net<" in svg and "params" not in svg
    assert ">alexnet<" not in render(graph, "svg", View(style="volumes", title="")).decode()


def test_a_colour_is_mixed_of_two() -> None:
    assert mixed("#000000", "#FFFFFF", 0.5) == "#808080"
    assert mixed("#102030", "#405060", 0) == "#102030"
