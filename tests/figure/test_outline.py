"""What figures show: boxes, repeats, links and labels."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.cli.zoo import families
from archdsl.expressions.tree import Literal
from archdsl.figure.figure import Box, Figure, LinkRole, Panel, Style
from archdsl.figure.flow import Flow
from archdsl.figure.grouping import group
from archdsl.figure.outline import outline as outline_of
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Scan, Scope
from archdsl.ops.special import Constant, ScanSlice, ScanStack
from archdsl.words.quantities import count_text
from tests.figure.building import (
    SMALL,
    Builder,
    N,
    alternating,
    bottleneck,
    growing,
    loop,
    residual_network,
    tangle,
    two_loops,
    two_streams,
    u_network,
    with_head_in_training,
)
from tests.thorough import examples, some

SPECS = list(families())
FIRSTS = list({family: name for name, family in reversed(families().items())}.values())
"""One network of each family."""
WIDE = {"hifigan_v1": 17, "speecht5_hifigan": 17}
"""Networks whose blocks stand side by side, three at each of four rates: no grouping gives fewer boxes."""


def outline(graph: Graph, depth: int = 1, scope: Scope | None = None) -> Figure:
    return outline_of(graph, View(depth=depth), scope=scope)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def boxes(figure: Figure, *styles: Style) -> list[Box]:
    return [box for box in figure.boxes() if not styles or box.style in styles]


def titles(figure: Figure) -> list[str]:
    return [plain(box.title) for box in boxes(figure, Style.CARD)]


def labels(figure: Figure) -> list[str]:
    return [link.label for link in figure.links]


def test_an_overview_names_blocks_repeats_and_what_differs() -> None:
    figure = outline(residual_network())
    stem, first, second, third, fourth, pool, head = boxes(figure, Style.CARD)
    assert plain(stem.lines[0]) == "Conv 7×7, 64, /2 · BN · ReLU · MaxPool 3×3, /2"
    assert [card.times for card in (first, second, third, fourth)] == [3, 4, 6, 3]
    assert {card.title for card in (first, second, third, fourth)} == {"Bottleneck"}
    assert plain(first.aside) == "layer1 · first with downsample"
    assert plain(second.aside) == "layer2 · first /2, with downsample"
    assert plain(second.lines[0]) == "Conv 1×1, 128 → 3×3, 128 → 1×1, 512"
    assert plain(second.counts) == "1.22 M params · 1.03 GMACs"
    assert plain(pool.title) == "Global average pool"
    assert (head.title, plain(head.fields)) == ("Linear", "2048 → 1000")
    assert [box.paint for box in (stem, first, pool, head)] == ["conv", "block", "pool", "linear"]


def test_shapes_stand_on_edges_without_the_batch() -> None:
    sizes = ["3×224×224", "64×56×56", "256×56×56", "512×28×28", "1024×14×14", "2048×7×7", "2048", "1000"]
    assert labels(outline(residual_network())) == sizes


def test_a_shape_that_does_not_change_is_not_said_again() -> None:
    assert labels(outline(alternating(6))) == ["7×32", "", ""]


def test_outputs_in_a_fan_say_their_shapes_below_their_names() -> None:
    """On links that turn corners labels would not stand beside them."""
    figure = outline_of(archdsl.graph("resnet50_fpn"), View(depth=1, terraced=False))
    found = {box.title: plain(box.counts) for box in boxes(figure, Style.PORT)}
    sizes = {"0": "256×56×56", "1": "256×28×28", "2": "256×14×14", "3": "256×7×7", "pool": "256×4×4"}
    assert found == {"x": "", **sizes}
    assert labels(figure) == ["3×224×224", "256×56×56", *[""] * 5]


def test_alternating_blocks_are_pairs() -> None:
    (card,) = (box for box in boxes(outline(alternating(6))) if box.times > 1)
    assert (plain(card.title), card.times, plain(card.aside)) == ("Mixer pair", 3, "layers · 6 blocks · shift 0, 3")


def test_two_blocks_that_alternate_are_one_pair() -> None:
    card = boxes(outline(alternating(2)), Style.CARD)[1]
    assert (plain(card.title), card.times, plain(card.aside)) == ("Mixer pair", 1, "layers · 2 blocks · shift 0, 3")


def test_a_turn_is_a_whole_container() -> None:
    """Stages of different lengths are no repeat, however alike they begin."""
    b = Builder()
    x = b.input(8, 32, 32)
    for stage, rest in enumerate([1, 3, 1]):
        b.scope(f"stage{stage}.0", "down")
        x = bottleneck(b, f"stage{stage}.0", x, 8, 2)
        for i in range(rest):
            x = bottleneck(b, f"stage{stage}.{i + 1}", x, 8)
    found = [(plain(box.title), box.times) for box in boxes(outline(b.graph(x)), Style.CARD)]
    assert found == [("Down", 1), ("Bottleneck", 1), ("Down", 1), ("Bottleneck", 3), ("Down", 1), ("Bottleneck", 1)]


def test_growing_channels_are_said_as_a_range() -> None:
    (card,) = boxes(outline(growing(5)), Style.CARD)
    assert (card.times, plain(card.aside)) == (5, "layers · channels 24–56")


def test_blocks_that_read_different_skips_are_no_repeat() -> None:
    figure = outline_of(u_network(), View(depth=1, terraced=False))
    names = ["Double conv", *["Down"] * 4, *["Up"] * 4, "Conv 1×1"]
    assert titles(figure) == names
    lanes = [box.name for box in boxes(figure, Style.TRACK)]
    assert lanes == ["down3 to up1", "down2 to up2", "down1 to up3", "enter to up4"]
    assert {link.role for link in figure.links if {link.source, link.target} & set(lanes)} == {LinkRole.SKIP}


def test_blocks_that_all_read_one_memory_are_a_repeat() -> None:
    figure = outline(two_streams())
    assert [(plain(box.title), box.times) for box in boxes(figure, Style.CARD)] == [
        ("Embedding", 1), ("Embedding", 1), ("Encoder layer", 6), ("Decoder layer", 6), ("Linear", 1),
    ]  # fmt: skip
    assert [box.paint for box in boxes(figure, Style.CARD)][2:4] == ["attention", "attention"]
    assert [box.title for box in boxes(figure, Style.PORT)] == ["source", "target", "output"]
    assert ("encoder.0", "decoder.0") in {(link.source, link.target) for link in figure.links}


def test_a_head_of_training_is_dashed() -> None:
    figure = outline(with_head_in_training())
    dashed = [box.name for box in boxes(figure) if box.dashed]
    assert dashed == ["aux", "output\N{NO-BREAK SPACE}aux"]
    assert [(link.source, link.target) for link in figure.links if link.dashed] == [
        ("body", "aux"), ("aux", "output\N{NO-BREAK SPACE}aux"),
    ]  # fmt: skip


def test_depth_opens_blocks_and_shows_each_different_copy() -> None:
    figure = outline(residual_network(), 2)
    panels = [item for item in figure.items if isinstance(item, Panel)]
    assert [(panel.header.aside, panel.header.times) for panel in panels[:4]] == [
        ("layer1.0", 1), ("layer1.1\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}layer1.2", 2), ("layer2.0", 1),
        ("layer2.1\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}layer2.3", 3),
    ]  # fmt: skip
    links = {(link.source, link.target): link.role for link in figure.links}
    assert links["layer1.1 header", "layer1.1.a.conv"] is LinkRole.SPINE
    assert links["layer1.0 header", "layer1.0.downsample.conv"] is LinkRole.SIDE


def test_copies_that_all_differ_are_opened_once() -> None:
    (panel,) = (item for item in outline(growing(5), 2).items if isinstance(item, Panel))
    assert plain(panel.header.aside) == "layers · first of 5 shown · channels 24–56"
    assert panel.header.times == 5


def test_one_scope_can_be_drawn() -> None:
    graph = residual_network()
    scope = next(node.scope.scope for node in graph.nodes if node.path == "layer2.0.a.conv")  # type: ignore[union-attr]
    figure = outline(graph, scope=scope)
    assert (figure.title, plain(figure.counts)) == ("Bottleneck", "layer2.0 · 0.38 M params · 0.37 GMACs")
    assert [box.title for box in boxes(figure, Style.MERGE)] == ["+"]


def test_a_large_tangle_becomes_a_few_boxes_in_a_short_time() -> None:
    graph = tangle([(i % 3 == 0, i * 7919 % 23) for i in range(3000)])
    start = time.process_time()
    figure = outline(graph)
    assert time.process_time() - start < 5
    assert len(boxes(figure, Style.CARD)) <= 24


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=60), st.integers(1, 2))
def test_any_graph_gives_a_truthful_figure(steps: list[tuple[bool, int]], depth: int) -> None:
    check(tangle(steps), depth)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_small_graphs_give_truthful_figures(name: str, depth: int) -> None:
    check(SMALL[name](), depth)


@pytest.mark.parametrize("name", some(FIRSTS))
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_networks_give_truthful_figures(name: str, depth: int) -> None:
    check(archdsl.graph(name), depth)


@pytest.mark.parametrize("name", some(SPECS))
def test_overviews_of_networks_have_few_boxes(name: str) -> None:
    figure = outline(archdsl.graph(name))
    # a U has two sides
    assert 1 < len(boxes(figure, Style.CARD)) <= (18 if figure.places else WIDE.get(name, 12))


@pytest.mark.parametrize("bodies", [1, 2])
def test_a_repeat_inside_of_a_repeat_is_opened(bodies: int) -> None:
    b = Builder()
    x = b.input(32, 16, 16)
    for body in range(bodies):
        b.scope(f"bodies.{body}", "body")
        for i in range(3):
            x = bottleneck(b, f"bodies.{body}.layers.{i}", x, 8)
    graph = b.graph(x)
    check(graph, 3)
    assert len(boxes(outline(graph, 3), Style.MERGE)) == 1


def test_equal_ops_in_a_row_are_one_box() -> None:
    b = Builder()
    x = b.input(8)
    for i in range(4):
        x = b.add(f"relu{i}", "relu", b.add(f"linear{i}", "linear", x, out_features=64))
    found = [(plain(box.fields), box.times, plain(box.counts)) for box in boxes(outline(b.graph(x)), Style.CARD)]
    assert found == [("8 → 64", 1, "576 params · 512 MACs"), ("64 → 64", 3, "12.5 K params · 12.3 KMACs")]


def test_many_parameters_that_vary_are_not_listed() -> None:
    b = Builder()
    x = b.input(16, 8, 8)
    for i in range(3):
        b.scope(f"m.{i}", "mixed", a=i, b=i + 1, c=i + 2, d=i + 3)
        x = b.plus(
            f"m.{i}.add", x, b.add(f"m.{i}.conv", "conv2d", x, out_channels=16, kernel_size=2 * i + 1, padding=i)
        )
    (card,) = boxes(outline(b.graph(x)), Style.CARD)
    assert plain(card.aside) == "m · sizes vary"
    assert [plain(line) for line in card.lines] == ["Conv 1×1 or 3×3 or 5×5, 16"]


def test_only_the_first_copy_may_shrink_a_repeat_that_is_not_cut() -> None:
    b = Builder()
    x = b.input(16, 64, 64)
    for i in range(5):
        x = bottleneck(b, f"layers.{i}", x, 8, 2 if i in (0, 3) else 1)
    found = [(box.times, plain(box.aside)) for box in boxes(outline(b.graph(x)), Style.CARD)]
    assert found == [
        (3, "layers.0 – layers.2 · first /2, with downsample"),
        (2, "layers.3 – layers.4 · first /2, with downsample"),
    ]


def test_a_node_between_blocks_that_does_nothing_is_not_shown() -> None:
    b = Builder()
    x = bottleneck(b, "one", b.input(16, 8, 8), 8)
    x = bottleneck(b, "two", b.add("drop", "dropout", x, p=0.0), 8)
    assert [(box.name, box.times) for box in boxes(outline(b.graph(x)), Style.CARD)] == [("one", 2)]


def test_a_network_that_does_nothing_is_a_line() -> None:
    b = Builder()
    figure = outline(b.graph(b.add("same", "identity", b.input(3))))
    assert [box.style for box in figure.boxes()] == [Style.PORT, Style.PORT]
    assert labels(figure) == ["3"]


def test_parameters_are_shown_with_their_readers() -> None:
    b = Builder()
    x = b.add("stem", "linear", b.input(4, 8), out_features=8)
    x = b.plus("embedded", x, b.add("positions", "parameter", shape=[1, 4, 8]))
    (card,) = boxes(outline(b.graph(x)), Style.CARD)
    assert plain(card.lines[0]) == "+ position embedding"
    assert plain(card.counts) == "104 params · 256 MACs"


def test_notes_are_shown() -> None:
    b = Builder()
    x = bottleneck(b, "body", b.input(16, 8, 8), 8)
    b.scope("body").note = "what the paper calls stage 1"
    card = boxes(outline(b.graph(b.add("head", "conv2d", x, out_channels=4, kernel_size=1))), Style.CARD)[0]
    assert card.lines[-1] == "what the paper calls stage 1"


def check(graph: Graph, depth: int) -> None:
    """Every node is in one box, names are unique, only loop edges make a cycle, and the title has the counts."""
    flow = Flow(graph)
    covered = [node for run in group(flow, graph.root) for node in run.nodes if node not in flow.static]
    moving = [node for node in graph.nodes if node not in flow.static]
    assert len(set(covered)) == len(covered) and set(covered) <= set(moving)
    assert all(flow.hides([node]) for node in set(moving).difference(covered))
    figure = outline(graph, depth)
    names = [box.name for box in figure.boxes()]
    assert len(set(names)) == len(names)
    assert figure.counts == count_text(graph.parameters, graph.macs)
    after: dict[str, set[str]] = {name: set() for name in names}
    for link in figure.links:
        if link.role is not LinkRole.LOOP:
            after[link.source].add(link.target)
    open_, done = set[str](), set[str]()

    def visit(name: str) -> None:
        assert name not in open_, "a cycle"
        if name not in done:
            open_.add(name)
            for target in after[name]:
                visit(target)
            open_.discard(name)
            done.add(name)

    for name in names:
        visit(name)


def test_a_block_whose_last_op_comes_by_no_layer_tells_its_layers() -> None:
    b = Builder()
    x = b.input(16, 8, 8)
    b.scope("split", "two_results")
    y = b.add("split.conv", "conv2d", x, out_channels=16, kernel_size=1)
    z = b.add("split.relu", "relu", x)
    (card,) = boxes(outline(b.graph(y=y, z=b.add("act", "relu", z))), Style.CARD)[:1]
    assert [plain(line) for line in card.lines] == ["Conv 1×1, 16"]


def test_a_loop_says_how_often_it_runs_and_has_an_edge_with_what_it_passes_on() -> None:
    figure = outline(two_loops())
    assert [plain(card.aside) for card in boxes(figure, Style.CARD)[:2]] == [
        "forth · × 24 steps",
        "back · × 24 steps, backwards",
    ]
    loops = boxes(figure, Style.LOOP)
    assert [loop.title for loop in loops] == ["h, c", "h, c"]
    edges = [(link.source, link.target) for link in figure.links if link.role is LinkRole.LOOP]
    assert edges == [("forth", "forth loop"), ("forth loop", "forth"), ("back", "back loop"), ("back loop", "back")]
    assert ("forth", "forth loop") in figure.rows


def test_a_loop_is_one_box_where_it_is_all_that_a_network_has() -> None:
    b = Builder()
    x = b.input(24, 8)
    collected, _ = loop(b, "layer", x, b.put("zeros", Constant(shape=(N, 8), value=Literal(0))))
    assert [box.title for box in boxes(outline(b.graph(collected)), Style.CARD, Style.LOOP)] == ["Cell", "h, c"]


def test_a_loop_that_passes_nothing_on_has_no_edge() -> None:
    b = Builder()
    b.scope("each", "cell").scan = Scan(1, False)
    y = b.add("each.act", "linear", b.put("each.x[t]", ScanSlice(dim=1), b.input(1, 8)), out_features=8)
    figure = outline(b.graph(b.put("each.y[:]", ScanStack(dim=1, steps=1), y)))
    assert [plain(card.aside) for card in boxes(figure, Style.CARD, Style.LOOP)] == ["each · × 1 step"]


def test_an_opened_loop_shows_its_ports_and_what_goes_to_the_next_step() -> None:
    graph = two_loops()
    figure = outline(graph, 2)
    panels = [item for item in figure.items if isinstance(item, Panel)]
    assert [plain(panel.header.aside) for panel in panels] == ["forth · × 24 steps", "back · × 24 steps, backwards"]
    inside = [box for box in boxes(figure, Style.PORT) if box.name.startswith("forth.")]
    assert [(box.title, plain(box.aside)) for box in inside] == [
        ("x", ""), ("h", "from the step before"), ("c", "from the step before"),
        ("y", ""), ("h", "→ next step"), ("c", "→ next step"),
    ]  # fmt: skip
    assert not boxes(figure, Style.LOOP)
    reads = {(link.source, link.target) for link in figure.links}
    assert ("forth.h[t]", "forth.from_h") in reads
    assert ("forth.c[t]", "forth.c[-1]") not in reads, "the end of a carried value does not read its start"


def test_a_detail_panel_of_a_loop_says_its_steps_and_has_no_port_without_a_link() -> None:
    graph = two_loops()
    cell = graph.root.children["forth"]
    assert isinstance(cell, Scope)
    figure = outline(graph, scope=cell)
    assert plain(figure.counts).startswith("forth · × 24 steps · 144 params")
    joined = {name for link in figure.links for name in (link.source, link.target)}
    assert {box.name for box in boxes(figure, Style.PORT)} <= joined


def test_loops_there_and_back_that_repeat_together_are_one_loop() -> None:
    figure = outline(archdsl.graph("bilstm_tagger"), 2)
    card, beside = boxes(figure, Style.CARD, Style.LOOP)
    assert plain(card.aside).endswith("· × 24 steps, both ways")
    assert (card.times, beside.title) == (2, "h, c")
