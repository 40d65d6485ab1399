"""Figures set for a width: type that can be read, nothing beyond the page, nothing on top of another, nothing lost."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from io import BytesIO
from itertools import combinations, pairwise
from pathlib import Path

import pytest

import archdsl
from archdsl.cli.zoo import families
from archdsl.drawing.dot import dot_name
from archdsl.drawing.faces import face
from archdsl.drawing.pages import COLUMN, LEAST_TYPE, ROUNDED, page_format, smallest_text
from archdsl.drawing.painting import for_width, laid_out, pages, sheet
from archdsl.drawing.process import one_process
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.drawing.wrapping import wrapped
from archdsl.figure.errors import DrawingError
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Style
from archdsl.figure.palette import PALETTES
from archdsl.figure.view import View
from archdsl.formats import DrawingWarning, draw, render
from archdsl.words.quantities import SPACE
from tests.drawing.test_tikz import in_a_column
from tests.figure.building import SMALL


def pages_of(name: str, width: str) -> list[LaidOut]:
    view = View(width=width)
    return pages(sheet(archdsl.graph(name), view), view)


@pytest.mark.parametrize("width", ["7in", "A4"])
@pytest.mark.parametrize("name", ["resnet50", "transformer", "inception_v3", "hifigan_v1"])
def test_a_page_holds_what_stands_on_it_and_its_text_can_be_read(name: str, width: str) -> None:
    assert_readable(name, width)


@pytest.mark.slow
@pytest.mark.parametrize("name", families())
def test_every_network_can_be_read_across_both_columns_of_a_paper(name: str) -> None:
    assert_readable(name, "7in")


@pytest.mark.parametrize("name", ["gemma3_1b", "efficientnet_b0", "deeplabv3_resnet50", "googlenet"])
def test_figures_that_are_slim_or_tight_can_be_read_in_a_column(name: str) -> None:
    assert_readable(name, "3.3in")


def assert_readable(name: str, width: str) -> None:
    page = page_format(width)
    view = View(width=width)
    graph = archdsl.graph(name)
    with one_process():
        found = for_width(graph, sheet(graph, view), view)
    assert smallest_text(found) >= LEAST_TYPE - ROUNDED
    for part in found:
        assert not {box.name: lost for box in part.figure.boxes() if (lost := left_out(box))}
        layout = part.layout
        assert layout.width * layout.scale <= page.width + 2 * page.margin + 0.1
        assert layout.height * layout.scale <= page.height + 2 * page.margin + 0.1
        for spot in (*layout.boxes.values(), *layout.panels.values()):
            assert spot.left >= -0.1 and spot.right <= layout.width + 0.1
            assert spot.top >= -0.1 and spot.bottom <= layout.height + 0.1
        assert_apart(part)


def left_out(box: Box) -> Counter[str]:
    """The words of a card or an op that do not stand in its box: of each layer that it names, and of all else."""
    if box.style not in (Style.CARD, Style.TILE, Style.OP):
        return Counter()
    said = " ".join((box.title, box.fields, box.aside, *box.lines, *(text for _, text in box.remarks)))
    shown = " ".join(span.text for line in face(box, PALETTES["paper"]).lines for span in line)
    one, other = (Counter(text.replace(SPACE, " ").replace("·", " ").split()) for text in (said, shown))
    return one - other


def test_a_card_is_rather_high_than_that_it_leaves_out_a_layer() -> None:
    layers = f"{SPACE}· ".join(f"Conv1d{SPACE}{kernel},{SPACE}512" for kernel in range(7))
    usual = Box("a", Style.CARD, "conv", layers, counts="1 K params")
    narrow = replace(usual, narrow=True)
    assert not left_out(usual) and not left_out(narrow) and not left_out(replace(narrow, title="Net", lines=(layers,)))
    assert left_out(replace(narrow, title=layers * 9)), "what is far too long is cut"


@pytest.mark.parametrize(("layers", "expected"), [(7, 1), (14, 2)])
def test_pages_on_which_nothing_is_cut_go_before_fewer(layers: int, expected: int) -> None:
    line = f"{SPACE}· ".join(f"Conv{SPACE}3×3,{SPACE}{number},{SPACE}/2" for number in range(100, 100 + layers))
    boxes = tuple(Box(f"b{number}", Style.CARD, "conv", "Block", lines=(line,)) for number in range(4))
    links = tuple(Link(one.name, two.name, LinkRole.SPINE) for one, two in pairwise(boxes))
    found = pages([Figure(name, name, "", boxes, links) for name in "abc"], View(width="7in"))
    assert len(found) == expected
    assert not any(left_out(box) for part in found for box in part.figure.boxes())


def test_a_slim_box_is_narrower_and_says_the_same() -> None:
    op = Box("a", Style.OP, "attention", f"Rotary{SPACE}attention", f"16{SPACE}heads, causal, window{SPACE}512")
    card = Box(
        "b", Style.CARD, "block", "Dilated residual", "3", "blocks.0", ("Conv 1×1, 64 → Conv 3×3, 256",), times=12
    )
    figure = Figure("net", "net", "", (op, card), (Link("a", "b", LinkRole.SPINE, "64×56×56"),))
    usual, narrow, slim = laid_out([figure, figure.narrowed(), figure.slimmed()])
    for box in figure.boxes():
        widths = [part.layout.boxes[box.name].width for part in (usual, narrow, slim)]
        assert widths == sorted(widths, reverse=True) and widths[2] < widths[1]
    for box in (op, card):
        (broken,) = (each for each in slim.figure.boxes() if each.name == box.name)
        words = " ".join(span.text for line in face(broken, PALETTES["paper"]).lines for span in line)
        said = " ".join((box.title, box.fields, box.aside, *box.lines)).replace(SPACE, " ")
        assert words.replace(SPACE, " ").split() == said.split()


def test_only_what_does_not_fit_is_set_closer() -> None:
    view = View(width="7in")
    graph = archdsl.graph("googlenet")
    found = for_width(graph, sheet(graph, view), view)
    assert [page.figure.tight for page in found] == [True, False]


def assert_apart(part: LaidOut) -> None:
    """No box lies on another."""
    boxes = [part.layout.boxes[dot_name(box.name)] for box in part.figure.boxes() if box.style is not Style.FORK]
    for one, other in combinations(boxes, 2):
        across = min(one.right, other.right) - max(one.left, other.left)
        down = min(one.bottom, other.bottom) - max(one.top, other.top)
        assert across < 0.1 or down < 0.1, (one, other)


def test_every_figure_of_the_sheet_is_on_one_page_and_one_alone() -> None:
    view = View(width="3.3in")
    figures = sheet(archdsl.graph("swin_t"), view)
    found = pages_of("swin_t", "3.3in")
    assert len(found) > 1
    boxes = sum(len([box for box in each.boxes() if box.style is not Style.TITLE]) for each in figures)
    titles = [box.name for page in found for box in page.figure.boxes() if box.style is Style.TITLE]
    shown = sum(len(list(page.figure.boxes())) for page in found) - len(titles)
    points = sum(box.style in (Style.TRACK, Style.FORK) for each in figures for box in each.boxes())
    assert boxes - points <= shown <= boxes
    assert len(found) + len(titles) == len(figures)


@pytest.mark.parametrize(
    ("width", "said"),
    [
        ("3.3", "the width is `3.3`"), ("in", "the width is `in`"), ("0.1in", "the width is `0.1in`"),
        ("99999in", "the width is `99999in`"), ("A5", "the width is `A5`"), ("-3in", "the width is `-3in`"),
        ("1e3in", "the width is `1e3in`"),
    ],
)  # fmt: skip
def test_a_width_that_is_none(width: str, said: str) -> None:
    with pytest.raises(DrawingError, match=re.escape(said) + r", expected a length from 1in to 200in, as 3\.3in"):
        page_format(width)


def test_lengths_and_pages() -> None:
    assert page_format("1in")[:2] == (72, COLUMN)
    assert page_format("25.4mm").width == page_format("2.54 cm").width == pytest.approx(72)
    a4 = page_format("A4")
    assert a4.whole and a4.width + 2 * a4.margin == pytest.approx(595.28)


def column(length: int, *links: Link) -> LaidOut:
    boxes = tuple(Box(f"b{number}", Style.OP, "conv", "Conv") for number in range(length))
    chain = tuple(Link(one.name, two.name, LinkRole.SPINE, "8×8") for one, two in pairwise(boxes))
    figure = Figure("net", "net", "", boxes, (*chain, *links))
    return LaidOut(figure, in_a_column(figure))


@pytest.mark.parametrize("length", [2, 7, 20, 41])
def test_a_column_that_is_too_high_goes_on_beside_itself(length: int) -> None:
    part = column(length)
    room = (1e6, 400.0)
    layout = wrapped(part, room).layout
    assert layout.height <= max(room[1], 0) and set(layout.boxes) == set(part.layout.boxes)
    assert_apart(LaidOut(part.figure, layout))
    for link in part.figure.links:
        way = layout.ways[way_key(link)]
        source, target = layout.boxes[dot_name(link.source)], layout.boxes[dot_name(link.target)]
        assert way.course[0] == pytest.approx((source.x, source.bottom))
        assert way.course[-1] == pytest.approx((target.x, target.top))
        assert len(way.points) == (2 if source.x == target.x else 6)


def test_it_is_not_cut_where_a_skip_passes() -> None:
    part = column(20, Link("b3", "b16", LinkRole.SKIP))
    layout = wrapped(part, (1e6, 1100.0)).layout
    inside = [layout.boxes[dot_name(f"b{number}")].x for number in range(3, 17)]
    assert len(set(inside)) == 1 and layout.width > part.layout.width
    assert wrapped(column(20, Link("b0", "b19", LinkRole.SKIP)), (1e6, 400.0)).layout.height > 400


def test_a_row_that_is_too_wide_goes_on_below() -> None:
    view = View(width="7in", direction="LR", depth=1)
    (part,) = pages(sheet(archdsl.graph("vgg16"), view), view)
    boxes = [part.layout.boxes[dot_name(box.name)] for box in part.figure.boxes()]
    assert len({round(spot.y / 60) for spot in boxes}) > 1
    assert part.layout.width * part.layout.scale <= 504.1
    assert_apart(part)


def test_pages_are_numbered_files_or_pages_of_one(tmp_path: Path) -> None:
    from pypdf import PdfReader

    graph = archdsl.graph("swin_t")
    view = View(width="3.3in")
    many = len(pages_of("swin_t", "3.3in"))
    paths = draw(graph, tmp_path / "net.svg", view)
    assert [path.name for path in paths] == [f"net-{number}.svg" for number in range(1, many + 1)]
    for path in paths:
        width = re.search(r'<svg [^>]*?width="(\d+)pt"', path.read_text("utf-8"))
        assert width is not None and int(width[1]) <= 3.3 * 72 + 1
    (path,) = draw(graph, tmp_path / "net.pdf", view)
    assert len(PdfReader(path).pages) == many
    with pytest.raises(DrawingError, match=f"the figure has {many} pages, each a file"):
        render(graph, "svg", view)


def test_a_whole_page_is_as_large_as_it_says() -> None:
    from pypdf import PdfReader

    data = render(SMALL["residual"](), "pdf", View(width="A4"))
    box = PdfReader(BytesIO(data)).pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx((595, 842), abs=1)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.warns(DrawingWarning, match=r"the smallest text is \d\.\d pt in a figure of 1in, less than 6"):
        draw(SMALL["residual"](), tmp_path / "net.svg", View(width="1in"))


def test_a_figure_without_a_width_is_as_it_was() -> None:
    assert not any(part.layout.framed for part in pages(sheet(SMALL["residual"](), View()), View()))
