"""What enters and what leaves a block that is drawn alone."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.figure.figure import Figure, LinkRole, Style
from archdsl.figure.outline import outline
from archdsl.figure.paths import block_at
from archdsl.figure.view import View
from tests.figure.building import SMALL


def detail(name: str, path: str) -> Figure:
    graph = SMALL[name]() if name in SMALL else archdsl.graph(name)
    return outline(graph, View(depth=1), scope=block_at(graph, path))


def reads(figure: Figure) -> dict[str, list[str]]:
    """By port, the last names of what reads it, or what it reads."""
    titles = {box.name: box.title for box in figure.boxes() if box.style is Style.PORT}
    found: dict[str, list[str]] = {title: [] for title in titles.values()}
    for link in figure.links:
        for port, other in ((link.source, link.target), (link.target, link.source)):
            if port in titles:
                found[titles[port]].append(other.rpartition(".")[2])
    return found


def test_outputs_of_one_op_that_enter_at_two_ports_are_told_apart() -> None:
    ports = reads(detail("mamba_130m", "backbone.layers.0.mixer.scan"))
    assert ports["b"] == ["input"]
    assert ports["c"] == ["scan"]


def test_a_value_that_enters_at_two_ports_is_drawn_once() -> None:
    ports = reads(detail("t5_small", "encoder.block.1.layer.0.SelfAttention"))
    assert [title.replace("\N{NO-BREAK SPACE}", " ") for title in ports] == ["x, memory", "mask", "output"]


def test_what_is_read_from_inside_a_block_leaves_it_and_an_output_that_nothing_reads_does_not() -> None:
    ports = reads(detail("resnet50_fpn", "body"))
    assert {f"layer{i}" for i in range(1, 5)} < set(ports)
    assert "output" not in ports
    assert "h_n" not in reads(detail("bilstm_tagger", "lstm"))


def test_what_enters_comes_from_outside_alone() -> None:
    figure = detail("seq2seq_luong", "decoder")
    ports = {box.name for box in figure.boxes() if box.style is Style.PORT}
    assert not [link for link in figure.links if link.source in ports and link.target in ports]
    assert reads(figure)["states"] != reads(figure)["keys"]


def test_a_loop_says_each_of_its_ports_once() -> None:
    figure = detail("loops", "forth")
    ports = [
        (box.title, box.aside.replace("\N{NO-BREAK SPACE}", " ")) for box in figure.boxes() if box.style is Style.PORT
    ]
    assert ports == [
        ("x", ""), ("h", "from the step before"), ("c", "from the step before"),
        ("y", ""), ("h", "→ next step"), ("c", "→ next step, the last one leaves"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "skips"),
    [
        ("lstm", "l0", 0),
        ("swin_v2_t", "features.1.0.attn", 0),
        ("capsnet", "digit_capsules.routing0", 0),
        ("inception_resnet_v2", "repeat_1.0", 1),
        ("bert_base_uncased", "bert.encoder.layer.0", 2),
        ("mobilenet_v3_large", "features.4.block.2", 1),
    ],
)
def test_only_what_joins_again_is_a_skip(name: str, path: str, skips: int) -> None:
    figure = detail(name, path)
    lanes = {box.name for box in figure.boxes() if box.style is Style.TRACK}
    assert len([link for link in figure.links if link.role is LinkRole.SKIP and link.target not in lanes]) == skips
