"""Overviews whose boxes stand at levels: what each box is, on which side and how deep."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.expressions.tree import Literal
from archdsl.figure.figure import Figure, LinkRole, Style
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Value
from archdsl.ops.special import Constant
from tests.figure.building import Builder, N, loop, residual_network, u_network
from tests.figure.seeing import plain


def overview(graph: Graph, **options: object) -> Figure:
    return outline(graph, View(depth=1, **options))  # type: ignore[arg-type]


def standing(figure: Figure) -> dict[str, tuple[str, int]]:
    return {plain(name): (place.side.name, place.row) for name, place in figure.places}


def skips(figure: Figure) -> list[tuple[str, str]]:
    return [(link.source, link.target) for link in figure.links if link.role is LinkRole.SKIP]


def u(rank: int, *, split: bool = False, within: str = "") -> Graph:
    """An encoder and a decoder for maps of a rank; `split` puts each into a block, `within` both into another one."""
    b = Builder("u")
    x = b.input(2, *[64] * rank)
    before, after = (f"{within}encoder.", f"{within}decoder.") if split else ("", "")
    for path in (within, before, after):
        if path:
            b.scope(path.rstrip("."), path.rstrip("."))
    kept = []
    for i in range(3):
        x = b.add(f"{before}down{i}", f"conv{rank}d", x, out_channels=8, kernel_size=3, padding=1)
        kept.append(x)
        x = b.add(f"{before}pool{i}", f"max_pool{rank}d", x, kernel_size=2)
    x = b.add(f"{before}bottom", f"conv{rank}d", x, out_channels=8, kernel_size=3, padding=1)
    for i in (2, 1, 0):
        x = b.add(f"{after}larger{i}", f"conv_transpose{rank}d", x, out_channels=8, kernel_size=2, stride=2)
        x = b.add(f"{after}cat{i}", "cat", x, kept[i], dim=1)
        x = b.add(f"{after}up{i}", f"conv{rank}d", x, out_channels=8, kernel_size=3, padding=1)
    return b.graph(b.add("end", "sigmoid", x) if within else x)


def test_a_u_has_its_levels() -> None:
    figure = overview(u_network())
    assert standing(figure) == {
        "input x": ("DOWN", 0), "enter": ("DOWN", 0), "down1": ("DOWN", 1), "down2": ("DOWN", 2), "down3": ("DOWN", 3),
        "down4": ("BOTTOM", 4), "up1": ("UP", 3), "up2": ("UP", 2), "up3": ("UP", 1), "up4": ("UP", 0),
        "leave": ("UP", 0), "output output": ("UP", 0),
    }  # fmt: skip
    assert skips(figure) == [("down3", "up1"), ("down2", "up2"), ("down1", "up3"), ("enter", "up4")]


@pytest.mark.parametrize("split", [False, True], ids=["plain", "in two blocks"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_maps_of_any_rank_are_followed_into_blocks_of_several_levels(rank: int, *, split: bool) -> None:
    figure = overview(u(rank, split=split))
    assert set(standing(figure).values()) == {
        *((side, row) for side in ("DOWN", "UP") for row in range(3)), ("BOTTOM", 3),
    }  # fmt: skip
    assert len(skips(figure)) == 3


def test_a_u_in_a_block_is_opened() -> None:
    figure = overview(u(2, split=True, within="net."))
    assert len(skips(figure)) == 3
    assert "net.decoder.up0" in standing(figure)


def test_what_all_levels_read_stands_beside_them_and_says_its_port_once() -> None:
    figure = overview(archdsl.graph("ddpm_cifar10"))
    found = standing(figure)
    assert found["temb"] == found["input t"] == ("BESIDE", 0)
    assert [found[name] for name in ("down.3.block.0", "mid", "up.3.block.0") if name in found] == [
        ("BOTTOM", 3), ("UP", 3),
    ]  # fmt: skip
    assert len([link for link in figure.links if link.names]) == 1
    assert {(found[plain(a)][0], found[plain(b)][0]) for a, b in skips(figure)} == {("DOWN", "UP")}
    assert all(found[plain(a)][1] == found[plain(b)][1] for a, b in skips(figure))


def conditioned(*, recurrent: bool = False) -> Graph:
    """A U behind a stem that makes maps smaller, each level of which reads a context."""
    b = Builder("conditioned")
    x, context = b.input(2, 64, 64), b.input(24, 8, name="context")
    if recurrent:
        _, shift = loop(b, "cell", context, b.put("zeros", Constant(shape=(N, 8), value=Literal(0))))
    else:
        shift = b.add("mean", "mean", context, dim=[1])
    x = b.add("stem", "conv2d", x, out_channels=8, kernel_size=3, stride=2, padding=1)
    x = b.add("norm", "batch_norm2d", x)
    kept = []
    for i in range(2):
        x = _shifted(b, f"down{i}", x, shift, 2)
        kept.append(x)
    x = _shifted(b, "bottom", x, shift, 2)
    for i in (1, 0):
        x = b.add(f"larger{i}", "interpolate", x, scale_factor=2)
        x = _shifted(b, f"up{i}", b.add(f"cat{i}", "cat", x, kept[i], dim=1), shift, 1)
    return b.graph(b.add("last", "interpolate", x, scale_factor=4))


def _shifted(b: Builder, path: str, x: Value, shift: Value, stride: int) -> Value:
    b.scope(path, "shifted")
    y = b.add(f"{path}.conv", "conv2d", x, out_channels=8, kernel_size=3, stride=stride, padding=1)
    return b.plus(f"{path}.add", y, b.add(f"{path}.shift", "rearrange", shift, pattern="n c -> n c 1 1"))


def test_ports_stand_at_the_ends_of_the_sides_and_what_many_read_above_them() -> None:
    figure = overview(conditioned())
    found = standing(figure)
    assert found["input x"] == found["stem"] == ("DOWN", 1)
    assert found["last"] == found["output output"] == ("UP", 0)
    assert found["input context"][0] == found["mean"][0] == "BESIDE"
    assert [found[f"down{i}"] for i in range(2)] == [("DOWN", 2), ("DOWN", 3)]


def test_an_input_that_the_last_level_reads_too_is_the_first_link_across() -> None:
    b = Builder("u")
    image = b.input(8, 64, 64)
    x, kept = image, []
    for i in range(2):
        x = b.add(f"down{i}", "conv2d", x, out_channels=8, kernel_size=3, stride=2, padding=1)
        kept.append(x)
    x = b.add("bottom", "conv2d", x, out_channels=8, kernel_size=3, stride=2, padding=1)
    for i, skip in enumerate((*kept[::-1], image)):
        x = b.add(f"larger{i}", "interpolate", x, scale_factor=2)
        x = b.add(f"up{i}", "conv2d", b.plus(f"add{i}", x, skip), out_channels=8, kernel_size=1)
    figure = overview(b.graph(x))
    assert standing(figure)["input x"] == ("DOWN", 0)
    assert [plain(source) for source, _ in skips(figure)] == ["down1", "down0", "input x"]


def test_a_card_with_a_loop_edge_keeps_it() -> None:
    figure = overview(conditioned(recurrent=True))
    assert figure.places == ()
    assert [box.style for box in figure.boxes() if box.style is Style.LOOP]


def test_ops_of_one_level_are_boxes_of_their_own_and_blocks_with_them_one() -> None:
    assert {"larger0", "cat0", "up0"} <= standing(overview(u(2))).keys()
    boxes = standing(overview(conditioned())).keys()
    assert "larger0" in boxes
    assert not {"cat0", "up0"} & boxes


@pytest.mark.parametrize("name", ["resnet50", "deeplabv3_resnet50", "segformer_b0", "densenet121", "hifigan_v1"])
def test_what_is_no_u_is_drawn_as_ever(name: str) -> None:
    graph = archdsl.graph(name)
    assert overview(graph).places == ()
    assert overview(graph) == overview(graph, terraced=False)


@pytest.mark.parametrize("options", [{"terraced": False}, {"direction": "LR"}, {"expand": ("down1",)},
                                     {"collapse": ("down1",)}])  # fmt: skip
def test_what_asks_for_another_figure_has_one(options: dict[str, object]) -> None:
    assert overview(u_network(), **options).places == ()
    assert outline(u_network(), View(depth=2)).places == ()


def test_a_network_without_larger_maps_is_not_searched() -> None:
    assert overview(residual_network()).places == ()
