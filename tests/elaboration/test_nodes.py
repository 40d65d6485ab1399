"""Nodes in all their forms: names, lists, loops, `if`, `from`, `when`, `share`, `tie`."""

from pathlib import Path

import pytest

from archdsl.ir.graph import Mode, Scope, ScopeKind
from tests.elaboration.support import analyse_text, graph_of, graph_of_nodes, mistakes, paths, shape, sources


def test_a_chain_reads_the_node_above(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        conv: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
        relu: relu
    """,
    )
    assert sources(graph, "conv") == ["x", None, None]
    assert sources(graph, "relu") == ["conv"]
    assert shape(graph, "relu") == "N×8×H×W"


def test_a_list_numbers_what_remains(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {cfg: [4, M, 8], act: null}
        inputs: {x: [N, 3, H = 32, W = 32]}
        nodes:
          features:
            - for c in cfg:
                - {if: c == 'M', op: max_pool2d, kernel_size: 2}
                - {if: c != 'M', op: conv2d, out_channels: c, kernel_size: 3, padding: 1}
                - $act
    """,
    )
    assert [(n.path, n.op.name) for n in graph.nodes] == [
        ("features.0", "conv2d"), ("features.1", "max_pool2d"), ("features.2", "conv2d"),
    ]  # fmt: skip
    assert sources(graph, "features.2")[0] == "features.1"


def test_loops_remember_their_turn(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        for i, c in enumerate([4, 8]):
          conv$i: {op: conv2d, out_channels: c, kernel_size: 1}
          for k in range(2):
            act$(i)_$k: relu
    """,
    )
    assert paths(graph) == ["conv0", "act0_0", "act0_1", "conv1", "act1_0", "act1_1"]
    last = graph.nodes[-1]
    assert [step.index for step in last.loops] == [1, 1]
    assert last.env["c"] == 8 and last.env["k"] == 1


def test_a_left_out_node_is_what_it_would_have_read(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        conv: {op: conv2d, out_channels: 3, kernel_size: 1}
        shortcut: {if: false, from: x, op: conv2d, out_channels: 3, kernel_size: 1}
        add: = conv + shortcut
    """,
    )
    assert sources(graph, "add") == ["conv", "x"]


def test_a_left_out_scope_is_what_its_nodes_read(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        conv: {op: conv2d, out_channels: 3, kernel_size: 1}
        shortcut:
          if: false
          nodes:
            - {op: conv2d, from: x, out_channels: 3, kernel_size: 1}
            - batch_norm2d
        add: = conv + shortcut
    """,
    )
    assert sources(graph, "add") == ["conv", "x"]


def test_else_says_what_readers_get(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        block: {op: conv2d, out_channels: 3, kernel_size: 1}
        drop: {op: dropout, p: 0.5}
        add: {if: 1 > 2, else: block, value: drop + x}
        relu: relu
        more: = relu + drop
    """,
    )
    assert sources(graph, "relu") == ["block"]


def test_several_reads_need_else(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, 3, H = 8, W = 8]}
        nodes:
          a: relu
          b: {op: tanh, from: x}
          c: {if: false, value: a + b}
          d: {op: relu, from: c}
    """,
    )
    assert [code for code, _ in found] == ["missing-else"]


def test_a_missing_declaration_is_absent(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, 3]}
        nodes:
          w: {if: false, op: parameter, shape: [3]}
          y: = x * w
    """,
    )
    assert [code for code, _ in found] == ["absent"]


def test_containers_come_from_dots(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        features.conv0: {op: conv2d, out_channels: 4, kernel_size: 1}
        features.norm0: batch_norm2d
        flat: {op: flatten, start_dim: 1, from: features.norm0}
    """,
    )
    features = graph.root.children["features"]
    assert isinstance(features, Scope) and features.kind is ScopeKind.CONTAINER
    assert list(features.children) == ["conv0", "norm0"]


def test_reading_a_container_names_its_last_child(tmp_path: Path) -> None:
    _, found = analyse_text(
        tmp_path,
        """
        inputs: {x: [N, 3, H = 8, W = 8]}
        nodes:
          features.conv0: {op: conv2d, out_channels: 4, kernel_size: 1}
          relu: {op: relu, from: features}
    """,
    )
    assert found[0].code == "no-value" and "features.conv0" in str(found[0].hint)


def test_outputs_are_read_by_name(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        parts: {op: chunk, chunks: 2, dim: -1, names: [a, b]}
        y: = parts.a * sigmoid(parts.b)
    """,
        inputs="{x: [N, 8]}",
    )
    assert sources(graph, "y") == ["parts.a", "parts.b"]
    assert shape(graph, "y") == "N×4"


def test_a_bare_read_of_several_outputs(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        nodes:
          parts: {op: chunk, chunks: 2, dim: -1, names: [a, b]}
          y: = parts + x
    """,
    )
    assert found == [("several-outputs", "`parts` has several outputs: read `parts.a`, `parts.b`")]


def test_a_weight_is_a_value(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        embed: {op: embedding, num_embeddings: 10, embedding_dim: 4}
        logits: {op: linear, from: {input: embed, weight: embed.weight}}
    """,
        inputs="{x: {shape: [N, T], dtype: int64, below: 10}}",
    )
    assert sources(graph, "logits")[:2] == ["embed", "embed.weight"]
    assert graph.parameters == 40


def test_tie_counts_once(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        embed: {op: embedding, num_embeddings: 10, embedding_dim: 4}
        head: {op: linear, out_features: 10, bias: false, tie: {weight: embed.weight}}
    """,
        inputs="{x: {shape: [N, T], dtype: int64, below: 10}}",
    )
    assert graph.parameters == 40
    assert graph.nodes[1].tie["weight"].node is graph.nodes[0]


def test_share_runs_a_module_again(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {a: [N, 8], b: [N, 8]}
        blocks:
          tower:
            nodes:
              fc1: {op: linear, out_features: 4}
              act: relu
        nodes:
          left: {op: tower, from: a}
          right: {share: left, from: b}
          distance: = abs(left - right)
    """,
    )
    right = graph.root.children["right"]
    assert isinstance(right, Scope) and right.share is graph.root.children["left"]
    assert graph.parameters == 8 * 4 + 4


def test_share_needs_equal_shapes(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {a: [N, 8], b: [N, 6]}
        nodes:
          left: {op: linear, from: a, out_features: 4}
          right: {share: left, from: b}
          y: = left + right
    """,
    )
    assert [code for code, _ in found] == ["bad-share"]


def test_training_only_heads(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        nodes:
          body: {op: linear, out_features: 8}
          aux: {when: training, op: linear, out_features: 2}
          fc: {op: linear, out_features: 4}
        outputs: {logits: fc, aux: aux}
    """,
    )
    assert graph.output_modes == {"aux": Mode.TRAINING}
    assert sources(graph, "fc")[0] == "body"


def test_a_head_of_one_mode_is_not_read_in_both(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        nodes:
          aux: {when: training, op: linear, out_features: 8}
          y: = aux + x
    """,
    )
    assert [code for code, _ in found] == ["other-mode"]


def test_a_choice_by_mode(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8], label: [N, 8]}
        nodes:
          mask: {when: training, from: label, else: x}
          y: = mask * x
    """,
    )
    assert [n.op.name for n in graph.nodes] == ["by_mode", "formula"]


def test_from_may_loop(tmp_path: Path) -> None:
    graph = graph_of_nodes(
        tmp_path,
        """
        for i in range(3):
          conv$i: {op: conv2d, from: x, out_channels: 2, kernel_size: 1}
        cat: {op: cat, dim: 1, from: [x, {for i in range(3): conv$i}]}
    """,
    )
    assert sources(graph, "cat") == ["x", "conv0", "conv1", "conv2"]
    assert shape(graph, "cat") == "N×9×H×W"


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        ("{a: relu, b: {op: relu, from: c}, c: relu}", "forward-reference"),
        ("{a: relu, b: {op: relu, from: aa}}", "unknown-node"),
        ("{a: rleu}", "unknown-op"),
        ("{a: {op: conv2d, out_channels: 4, kernel: 3}}", "unknown-field"),
        ("{a: {op: conv2d, kernel_size: 3}}", "missing-field"),
        ("{a: {op: conv2d, out_channels: many, kernel_size: 3}}", "bad-expression"),
        ("{a: {op: conv2d, out_channels: 4, kernel_size: 99}}", "size-error"),
        ("{train: {op: conv2d, out_channels: 4, kernel_size: 3}}", "bad-name"),
        ("{a: {op: linear, out_features: 2.5}}", "bad-value"),
        ("{a: {if: H > 3, op: relu}}", "bad-expression"),
        ("{a: relu, b: {op: tanh, from: x}}", "unused"),
    ],
)
def test_mistakes_have_codes(tmp_path: Path, nodes: str, code: str) -> None:
    found = mistakes(tmp_path, f"inputs: {{x: [N, 3, H = 8, W = 8]}}\nnodes: {nodes}")
    assert [c for c, _ in found] == [code]


def test_all_mistakes_are_told_and_follow_ons_are_not(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, 3, H = 8, W = 8]}
        nodes:
          a: {op: conv2d, out_chanels: 4, kernel_size: 3}
          b: batch_norm2d
          c: {op: relu, from: nothing}
          d: = c + a
          e: {op: rleu, from: x}
    """,
    )
    assert [code for code, _ in found] == ["unknown-field", "unknown-node", "unknown-op"]
