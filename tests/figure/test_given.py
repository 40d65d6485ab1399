"""What constants and parameters do to what reads them is said, or they are drawn as sources."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.drawing.painting import sheet
from archdsl.figure.distinct import distinct_blocks
from archdsl.figure.figure import Box, Figure, Style
from archdsl.figure.flow import Flow
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scope_at
from tests.elaboration.support import graph_of
from tests.figure.seeing import plain


def said(figure: Figure) -> list[str]:
    """All that stands in the boxes of a figure."""
    texts = (plain(" ".join((box.title, box.fields, box.aside, *box.lines))) for box in figure.boxes())
    return [" ".join(text.split()) for text in texts]


def panels(graph: Graph) -> dict[str, Figure]:
    """The figure of each distinct block, by the block's name; of several the first."""
    found: dict[str, Figure] = {}
    for figure in sheet(graph, View())[1:]:
        scope = scope_at(graph, figure.name)
        assert scope is not None
        found.setdefault(scope.block or scope.name, figure)
    return found


def attention(folder: Path, nodes: str) -> str:
    """The text of the box of attention with the mask `m`."""
    attending = "  out: {op: scaled_dot_product_attention, from: {query: x, key: x, value: x, attn_mask: m}}\n"
    graph = graph_of(folder, f"inputs: {{x: [N, 4, T, 16]}}\nnodes:\n{nodes}{attending}")
    (found,) = (text for text in said(outline(graph, View(depth=2))) if "ttention" in text)
    return found


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ("  m: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: u <= t}\n", "causal"),
        ("  m: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: t >= u}\n", "causal"),
        ("  m: {op: constant, shape: [T, T], index: [t, u], value: -inf if u > t else 0}\n", "causal"),
        ("  m: {op: constant, shape: [1, 1, T, T], index: [_, h, t, u], value: -10000.0 if u > t else 0}\n", "causal"),
        ("  m: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: 0 <= t - u and t - u < 32}\n",
         "causal, window 32"),
        ("  m: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: u < t + 2}\n", "masked"),
        ("  m: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: u >= t}\n", "masked"),
        ("  m: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: abs(t - u) < 500}\n",
         "masked at larger sizes"),
        ("  ones: {op: constant, dtype: bool, shape: [T, T], value: true}\n  m: {op: tril, from: ones}\n", "causal"),
        ("  p: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: u > t}\n  m: = -inf if p else 0\n",
         "causal"),
        ("  m: {op: constant, dtype: bool, shape: [T, T], value: true}\n", ""),
        ("  m: {op: constant, shape: [T, T], index: [t, u], value: -0.5 * abs(t - u)}\n", "+ relative position bias"),
        ("  m: {op: constant, shape: [T, T], index: [t, u], value: t * u}\n", "+ bias"),
        ("  m: {op: constant, shape: [T, T], index: [t, u], value: -inf if u > t else (u - t) / 8}\n",
         "causal + relative position bias"),
        (
            "  p: {op: constant, dtype: bool, shape: [T, T], index: [t, u], value: u >= t}\n"
            "  r: {op: unsqueeze, from: p, dim: 0}\n  s: {op: expand, size: [4, T, T]}\n"
            "  m: {op: transpose, dim0: 1, dim1: 2}\n",
            "causal",
        ),
    ],
)  # fmt: skip
def test_a_mask_is_called_for_what_it_hides_and_adds(tmp_path: Path, nodes: str, words: str) -> None:
    between = f"{', ' if words[:1] not in ('', '+') else ' ' if words else ''}{words}"
    assert attention(tmp_path, nodes) == f"Attention 4 heads{between}"


def test_true_hides_in_multihead_attention(tmp_path: Path) -> None:
    nodes = "  m: {op: constant, dtype: bool, shape: [8, 8], index: [t, u], value: u > t}\n"
    out = "  out: {op: multihead_attention, num_heads: 2, from: {query: x, key: x, value: x, attn_mask: m}}\n"
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 8, 16]}}\nnodes:\n{nodes}{out}")
    (found,) = (each for each in said(outline(graph, View(depth=2))) if "ttention" in each)
    assert found == "Multi-head attention 2 heads, causal"


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("{op: constant, dtype: int64, shape: [7, 7], index: [t, u], value: t - u + 6}", "relative position bias"),
        ("{op: constant, dtype: int64, shape: [1, 1], index: [t, u], value: t - u + 6}", "bias"),
    ],
)
def test_rows_of_a_table_that_pairs_of_places_share_are_relative(tmp_path: Path, index: str, words: str) -> None:
    graph = graph_of(
        tmp_path,
        f"""
        inputs: {{x: [N, 4, 7, 16]}}
        nodes:
          index: {index}
          table: {{op: embedding, num_embeddings: 13, embedding_dim: 4, from: index}}
          bias: {{op: rearrange, pattern: t u h -> h t u}}
          out: {{op: scaled_dot_product_attention, from: {{query: x, key: x, value: x, attn_mask: bias}}}}
        """,
    )
    assert said(outline(graph, View(depth=2)))[1] == f"Attention 4 heads + {words}"


def test_a_padding_mask_is_an_arrow(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8, 16], padding: {shape: [N, 8], dtype: bool}}
        nodes:
          out: {op: multihead_attention, from: {query: x, key: x, value: x, key_padding_mask: padding}, num_heads: 2}
        """,
    )
    figure = outline(graph, View(depth=2))
    assert ("input\N{NO-BREAK SPACE}padding", "out") in {(link.source, link.target) for link in figure.links}
    assert "Multi-head attention 2 heads" in said(figure)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ("p: {op: parameter, shape: [7, 16]}\n  out: = x + p", "+ position embedding"),
        ("p: {op: parameter, shape: [1, 7, 16]}\n  out: = p + x", "+ position embedding"),
        ("p: {op: constant, shape: [7, 16], index: [t, c], value: sin(t + c)}\n  out: = x + p", "+ position encoding"),
        ("p: {op: constant, shape: [7, 16], value: 2}\n  out: = x + p", "+ p"),
        ("p: {op: parameter, shape: [16]}\n  out: = x + p", "+ bias"),
        ("p: {op: parameter, shape: [16]}\n  out: = x * p", "× learned scale"),
        ("p: {op: parameter, shape: [1]}\n  out: = x * exp(min(p, 4))", "× learned scale"),
        ("p: {op: parameter, shape: [16]}\n  r: {op: relu, from: x}\n  s: = r * p\n  out: = x + s", "× layer scale"),
        ("turn: {op: constant, shape: [16], index: [c], value: c % 2}\n  out: = x * turn", "× turn"),
        ("p: {op: constant, dtype: int64, shape: [7], index: [t], value: t}\n"
         "  wpe: {op: embedding, num_embeddings: 9, embedding_dim: 16, from: p}\n  out: = x + wpe",
         "+ position embedding"),
    ],
)  # fmt: skip
def test_what_is_joined_is_called_for_what_it_does(tmp_path: Path, nodes: str, words: str) -> None:
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 7, 16]}}\nnodes:\n  {nodes}\n")
    assert words in said(outline(graph, View(depth=2)))


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ("hidden: {op: constant, dtype: bool, shape: [7, 7], index: [t, u], value: u <= t}\n"
         "  joined: = scores if hidden else -inf", "causal mask"),
        ("hidden: {op: constant, shape: [7, 7], index: [t, u], value: 0 if u <= t else -inf}\n"
         "  joined: = scores + hidden", "causal mask"),
        ("index: {op: constant, dtype: int64, shape: [7, 7], index: [t, u], value: t - u + 6}\n"
         "  table: {op: parameter, shape: [13]}\n  p: {op: index, from: [table, index]}\n"
         "  joined: = scores + p", "+ relative position bias"),
        ("heat: {op: parameter, shape: [1]}\n  joined: = scores * heat", "× learned scale"),
    ],
)  # fmt: skip
def test_what_is_joined_to_scores_is_a_mask_or_a_bias(tmp_path: Path, nodes: str, words: str) -> None:
    scores = '  scores: {op: einsum, from: [q, k], equation: "ntd,nud->ntu"}\n'
    weights = "  weights: {op: softmax, dim: -1}\n"
    graph = graph_of(tmp_path, f"inputs: {{q: [N, 7, 16], k: [N, 7, 16]}}\nnodes:\n{scores}  {nodes}\n{weights}")
    assert words in said(outline(graph, View(depth=2)))


def test_learned_queries_are_a_source(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 50, 16]}
        nodes:
          latents: {op: parameter, shape: [1, 8, 16]}
          each: {op: expand, from: latents, size: [N, 8, 16]}
          out: {op: multihead_attention, from: {query: each, key: x, value: x}, num_heads: 2}
        """,
    )
    figure = outline(graph, View(depth=2))
    source = next(box for box in figure.boxes() if box.title == "Latents")
    assert (source.style, plain(source.fields)) == (Style.OP, "1×8×16")
    assert [link.target for link in figure.links if link.source == source.name] == ["each"]
    assert graph.nodes[0] not in Flow(graph).static


def test_the_attention_of_learned_queries_among_themselves_is_drawn() -> None:
    graph = archdsl.graph("detr_resnet50")
    figure = outline(graph, View(depth=1))
    (queries,) = (box for box in figure.boxes() if plain(box.title) == "Query embed")
    assert queries.fields == "100×256" and queries.style is Style.OP
    assert [link.target for link in figure.links if link.source == queries.name] == ["transformer"]
    blocks = [each for each in distinct_blocks(graph) if each.scope.block == "decoder_layer"]
    assert [(each.scope.path, each.alike) for each in blocks] == [("transformer.decoder.layers.0", 5)]
    first = outline(graph, View(depth=1), scope=blocks[0].scope)
    assert sum("Multi-head attention" in text for text in said(first)) == 2
    assert {"queries", "memory"} <= {box.title for box in first.boxes() if box.style is Style.PORT}


SHIPPED: dict[str, tuple[str, list[str]]] = {
    "transformer": ("decoder_layer", ["Multi-head attention 8 heads, causal", "Multi-head attention 8 heads"]),
    "swin_v2_t": ("window_attention", ["Attention 3 heads, masked where dashed + relative position bias"]),
    "levit_128s": ("attention", ["Attention 4 heads + relative position bias"]),
    "gemma3_1b": ("rotary_attention", ["Attention 4 heads, 1 key/value head, causal, window 512"]),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_masks_of_shipped_networks(name: str) -> None:
    block, texts = SHIPPED[name]
    assert [text for text in said(panels(archdsl.graph(name))[block]) if "ttention " in text] == texts


def test_a_shifted_window_says_that_it_is_masked() -> None:
    graph = archdsl.graph("swin_t")
    shown = [outline(graph, View(depth=1), scope=scope_at(graph, f"features.1.{i}.attn")) for i in range(2)]
    words = [text for figure in shown for text in said(figure) if text.startswith("Attention ")]
    assert words == ["Attention 3 heads + relative position bias", "Attention 3 heads, masked + relative position bias"]


def lines_of_pairs(sizes: dict[str, int]) -> list[str]:
    graph = archdsl.graph("swin_t", sizes=sizes)
    return [plain(" ".join(box.lines)) for box in outline(graph, View(depth=1)).boxes() if "shift" in box.aside]


def test_windows_of_which_a_map_is_one_are_masked_at_larger_sizes() -> None:
    said = [lines_of_pairs({"H": size, "W": size}) for size in (224, 448)]
    assert [", masked after the first" in each[0] for each in said] == [True, True]
    assert ", masked at larger sizes after the first" in said[0][-1], "7×7 is one window of 7×7"
    assert ", masked after the first" in said[1][-1]


def test_a_card_for_layers_with_different_masks_says_which_have_them() -> None:
    cards: list[Box] = [box for box in outline(archdsl.graph("swin_t"), View(depth=1)).boxes() if "shift" in box.aside]
    assert len(cards) == 4 and all(", masked " in plain(box.lines[0]) for box in cards)


def test_a_stem_tells_its_positions() -> None:
    for name in ("gpt2", "vit_b_16", "clip_vit_b_32", "simple_vit_s_16"):
        texts = said(outline(archdsl.graph(name), View(depth=1)))
        assert any(f"+ position {'encoding' if name == 'simple_vit_s_16' else 'embedding'}" in text for text in texts)


WEIGHED = """
inputs: {{a: [N, 8], b: [N, 8]}}
nodes:
  raw: {{op: parameter, shape: [2], init: ones}}
  w: = relu(raw)
  w0: {{op: select, from: w, dim: 0, index: 0}}
  w1: {{op: select, from: w, dim: 0, index: 1}}
  out: = {formula}
"""


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("(w0 * a + w1 * b) / (w0 + w1 + 0.0001)", "Weighted sum learned weights"),
        ("w0 * a + b * w1", "Weighted sum learned weights"),
        ("w0 * a - b / w1", "w0 * a - b / w1 w0, w1 learned"),
    ],
)
def test_weights_of_a_sum_are_told(tmp_path: Path, formula: str, words: str) -> None:
    assert words in said(outline(graph_of(tmp_path, WEIGHED.format(formula=formula)), View(depth=2)))


def test_a_mask_at_the_end_of_a_long_chain(tmp_path: Path) -> None:
    """Elements are computed for little, or not at all: what hides is among what the mask is made of."""
    chain = "".join(f"  m{i}: = m{i - 1} * 1.5 + m{i - 1}\n" for i in range(1, 400))
    first = "  m0: {op: constant, shape: [T, T], index: [t, u], value: -inf if u > t else 0}\n"
    assert attention(tmp_path, f"{first}{chain}  m: = m399 * 2\n") == "Attention 4 heads, masked"


def test_masks_that_are_made_alike_are_computed_once(tmp_path: Path) -> None:
    layers = "".join(
        f"  m{i}: {{op: constant, dtype: bool, shape: [T, T], index: [t, u], value: u <= t}}\n"
        f"  a{i}: {{op: scaled_dot_product_attention, from: {{query: x, key: x, value: x, attn_mask: m{i}}}}}\n"
        for i in range(3)
    )
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 4, T, 16]}}\nnodes:\n{layers}  out: = a0 + a1 + a2\n")
    flow = Flow(graph)
    assert said(outline(graph, View(depth=2), flow=flow)).count("Attention 4 heads, causal") == 3
    assert len(flow.masks) == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("p: {op: parameter, shape: [7, 16]}", "P 7×16"),
        ("at: {op: constant, dtype: int64, shape: [7], index: [t], value: t}\n"
         "  p: {op: embedding, num_embeddings: 9, embedding_dim: 16, from: at}", "Position embedding 7×16"),
    ],
)  # fmt: skip
def test_what_a_circle_joins_to_two_values_is_a_source(tmp_path: Path, table: str, words: str) -> None:
    graph = graph_of(tmp_path, f"inputs: {{x: [N, 7, 16], y: [N, 7, 16]}}\nnodes:\n  {table}\n  out: = x + p + y\n")
    figure = outline(graph, View(depth=2))
    assert words in said(figure)
    assert {link.source for link in figure.links if link.target == "out"} > {"p"}


def test_an_embedding_of_several_things_has_its_positions() -> None:
    assert "Position embedding 128×768" in said(panels(archdsl.graph("bert_base_uncased"))["embeddings"])


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["cls_token"], "Concat cls token"),
        (["cls_token", "dist_token"], "Concat cls, dist token"),
        (["cls", "register"], "Concat cls, register"),
        (["cls", "dist_token"], "Concat cls, dist token"),
        (["a", "b", "c", "d"], "Concat a, b, …"),
    ],
)
def test_all_that_is_put_before_is_named(tmp_path: Path, names: list[str], words: str) -> None:
    made = "".join(f"  {name}: {{op: parameter, shape: [1, 16]}}\n" for name in names)
    graph = graph_of(
        tmp_path, f"inputs: {{x: [T, 16]}}\nnodes:\n{made}  out: {{op: cat, from: [{', '.join(names)}, x]}}\n"
    )
    assert said(outline(graph, View(depth=2)))[1:-1] == [words]


def test_a_tied_weight_is_said_and_a_parameter_of_its_own_counts() -> None:
    boxes = outline(archdsl.graph("bert_base_uncased"), View(depth=1)).boxes()
    (decoder,) = (box for box in boxes if "30522" in box.fields and box.name.startswith("cls"))
    assert plain(decoder.lines[0]) == "weight tied to bert.embeddings.word_embeddings"
    assert plain(decoder.counts).startswith("30.5 K params")


def test_a_weight_that_several_are_tied_to_counts_with_the_first() -> None:
    cards = [box for box in outline(archdsl.graph("t5_small"), View(depth=1)).boxes() if "32128" in str(box)]
    tied = [any("tied to" in plain(line) for line in box.lines) for box in cards]
    assert tied == [False, True, True] and plain(cards[0].counts) == "16.45 M params"
