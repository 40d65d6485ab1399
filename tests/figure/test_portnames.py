"""Links say which port they enter and which output they leave by, where a box has several."""

from __future__ import annotations

from pathlib import Path

import archdsl
from archdsl.figure.distinct import distinct_blocks
from archdsl.figure.figure import Figure
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from tests.elaboration.support import graph_of
from tests.figure.seeing import plain


def named(figure: Figure) -> dict[tuple[str, str], str]:
    return {(link.source, link.target): plain(link.names) for link in figure.links if link.names}


def panel(name: str, block: str) -> Figure:
    graph = archdsl.graph(name)
    scope = next(each.scope for each in distinct_blocks(graph) if each.scope.block == block)
    return outline(graph, View(depth=1), scope=scope)


def test_a_block_with_several_ports() -> None:
    names = named(outline(archdsl.graph("transformer"), View(depth=1)))
    assert names["encoder.layers.0", "decoder.layers.0"] == "memory"
    assert names["decoder.embed", "decoder.layers.0"] == "x"
    assert names["input\N{NO-BREAK SPACE}src_padding", "encoder.layers.0"] == "padding"


def test_attention_tells_its_queries_keys_and_values() -> None:
    layer = "transformer.decoder.layers.0"
    names = named(panel("detr_resnet50", "decoder_layer"))
    assert names[f"{layer}.asked", f"{layer}.self_attn"] == "q, k"
    assert names[f"{layer} header", f"{layer}.self_attn"] == "v"
    assert names["input\N{NO-BREAK SPACE}memory", f"{layer}.multihead_attn"] == "v"


def test_outputs_by_their_names() -> None:
    names = named(panel("gru", "gru_cell"))
    assert names["l0.of_x", "l0.reset"] == names["l0.of_h", "l0.reset"] == "r"
    assert named(outline(archdsl.graph("gru"), View(depth=1)))["l0", "h_n"] == "h"


def test_an_output_into_a_port_has_both_names(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        blocks:
          ends:
            inputs: {x: [N, C]}
            nodes: {a: {op: relu, from: x}, b: {op: tanh, from: x}}
            outputs: {low: a, high: b}
          both: {inputs: {left: [N, C], right: [N, C]}, nodes: {c: {op: cat, dim: 1, from: [left, right]}, d: relu}}
        nodes:
          e: {op: ends, from: x}
          s: {op: softmax, from: e.high, dim: 1}
          t: {op: both, from: {left: e.low, right: s}}
        """,
    )
    names = named(outline(graph, View(depth=1)))
    assert names == {("e", "s"): "high", ("e", "e to t"): "low → left", ("s", "t"): "right"}


def test_one_way_in_and_one_way_out_need_no_names() -> None:
    assert not named(outline(archdsl.graph("resnet18"), View(depth=1)))
    assert not named(panel("swin_t", "window_attention"))


def test_what_stands_at_the_end_of_a_link_is_not_said_again() -> None:
    names = named(panel("bert_base_uncased", "projected_attention"))
    assert sorted(names.values()) == ["k", "q", "v"]
