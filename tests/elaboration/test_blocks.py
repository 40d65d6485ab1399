"""Blocks: ports, parameters, derived values, what their expressions see."""

from pathlib import Path

import pytest

from archdsl.elaboration.analyse import analyse
from archdsl.ir.graph import Scope, ScopeKind
from tests.elaboration.support import HEAD, graph_of, mistakes, paths, shape, sources


def test_ports_bind_dimensions_and_let_sees_them(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8, H = 16, W = 16]}
        blocks:
          wide:
            inputs: {x: [N, C, H, W]}
            params: {factor: 2}
            let: {width: C * factor, half: width // 2}
            nodes:
              conv: {op: conv2d, out_channels: width, kernel_size: 1}
              back: {op: conv2d, out_channels: half, kernel_size: 1}
        nodes:
          a: wide
          b: {op: wide, factor: 3}
    """,
    )
    assert [shape(graph, p) for p in paths(graph)] == ["N×16×H×W", "N×8×H×W", "N×24×H×W", "N×12×H×W"]
    b = graph.root.children["b"]
    assert isinstance(b, Scope) and b.kind is ScopeKind.BLOCK
    assert b.block == "wide" and b.arguments == {"factor": 3}


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("[N, 4, H, W]", "4"), ("[N, C, C, W]", "C = 8"), ("[N, C, C // 2 + 1, W]", "C // 2 + 1 = 5"),
     ("[N, 2 * width, H, W]", "2 * width = 6")],
)  # fmt: skip
def test_what_a_pattern_says_is_told_with_the_number_that_it_means(pattern: str, says: str, tmp_path: Path) -> None:
    text = f"""
        inputs: {{x: [N, 8, 16, 16]}}
        params: {{width: 3}}
        blocks: {{b: {{params: {{width: $width}}, inputs: {{x: {pattern}}}, nodes: [relu]}}}}
        nodes: {{a: b}}
    """
    ((_, message),) = mistakes(tmp_path, text)
    assert message.partition("where its pattern says ")[2] == says


def test_a_template_is_passed_on(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
        params: {norm: {op: batch_norm2d, eps: 0.001}}
        inputs: {x: [N, 8, H = 16, W = 16]}
        blocks:
          unit:
            params: {norm: batch_norm2d, act: relu}
            nodes:
              norm: {op: $norm, momentum: 0.05}
              act: $act
        nodes:
          a: {op: unit, norm: $norm}
          b: {op: unit, norm: {op: batch_norm2d, eps: 1 / 8}, act: gelu}
          c: {op: unit, act: null}
    """, )  # fmt: skip
    by_path = {node.path: node for node in graph.nodes}
    assert by_path["a.norm"].fields == {"eps": 0.001, "momentum": 0.05}
    assert by_path["b.act"].op.name == "gelu"
    assert "c.act" not in by_path


def test_momentum_is_no_field_of_group_norm(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, 8, H = 16, W = 16]}
        nodes:
          a: {op: group_norm, num_groups: 2, momentum: 0.05}
    """,
    )
    assert [code for code, _ in found] == ["unknown-field"]


def test_several_ports_by_name_by_order_and_from_above(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        blocks:
          cell:
            inputs: {a: [N, C], b: [N, C]}
            nodes:
              sum: = a + b
              difference: = a - b
            outputs: {a: sum, b: difference}
        nodes:
          first: {op: cell, from: [x, x]}
          second: cell
          third: {op: cell, from: {b: x}}
          out: = third.a * third.b
    """,
    )
    assert sources(graph, "second.sum") == ["first.sum", "first.difference"]
    assert sources(graph, "third.sum") == ["second.sum", "x"]


@pytest.mark.parametrize("ports", [["a", "b"], ["b", "a"], ["a", "b", "c"], ["c", "a"]])
def test_ports_read_the_outputs_above_that_are_called_so(ports: list[str], tmp_path: Path) -> None:
    count = max(2, *("abc".index(port) + 1 for port in ports))
    graph = graph_of(tmp_path, f"""
        inputs: {{x: [N, 6]}}
        blocks:
          sum: {{inputs: {{{", ".join(f"{port}: [N, C]" for port in ports)}}}, nodes: {{sum: "= {" + ".join(ports)}"}}}}
        nodes:
          parts: {{op: chunk, chunks: {count}, dim: 1, names: [{", ".join("abc"[:count])}]}}
          out: sum
    """)  # fmt: skip
    assert sources(graph, "out.sum") == [f"parts.{port}" for port in ports]


def test_an_optional_port(tmp_path: Path) -> None:
    text = """
        inputs: {{q: [N, T = 4, 8], m: [T, T]}}
        blocks:
          attend:
            inputs: {{x: [N, T, C], mask: {{optional: true}}}}
            nodes:
              sdpa: {{op: scaled_dot_product_attention, from: {{query: x, key: x, value: x, attn_mask: mask}}}}
        nodes:
          y: {{op: attend, from: {{x: q{more}}}}}
          z: = y + 0 * sum_m
    """
    text = text.replace("          z: = y + 0 * sum_m\n", "")
    fed = graph_of(tmp_path, text.format(more=", mask: m"))
    assert sources(fed, "y.sdpa")[3] == "m"
    bare = graph_of(tmp_path, text.format(more="").replace(", m: [T, T]", ""))
    assert sources(bare, "y.sdpa")[3] is None


def test_a_path_reaches_inside_a_finished_block(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        blocks:
          deep:
            nodes:
              layers: [relu, tanh, sigmoid]
        nodes:
          body: deep
          y: = body + body.layers.1
    """,
    )
    assert sources(graph, "y") == ["body.layers.2", "body.layers.1"]


def test_blocks_see_their_own_file_only(tmp_path: Path) -> None:
    (tmp_path / "library.yaml").write_text("""
archdsl: 1
params: {slope: 0.2}
blocks:
  leaky:
    nodes:
      act: {op: leaky_relu, negative_slope: slope}
""")
    graph = graph_of(
        tmp_path,
        """
        use: [library]
        params: {slope: 0.7}
        inputs: {x: [N, 8]}
        nodes:
          a: leaky
          b: {op: leaky_relu, negative_slope: slope}
    """,
    )
    assert [node.fields["negative_slope"] for node in graph.nodes] == [0.2, 0.7]


def test_a_whole_spec_is_a_block(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {image: [N, 3, H = 64, W = 64]}
        nodes:
          backbone: spec.resnet18
          c3: {op: conv2d, from: backbone.layer2, out_channels: 16, kernel_size: 1}
          c4: {op: conv2d, from: backbone.layer3, out_channels: 16, kernel_size: 1}
        outputs: {c3: c3, c4: c4}
    """,
    )
    built = set(paths(graph))
    assert "backbone.layer3.1.conv2" in built
    assert not any(path.startswith(("backbone.layer4", "backbone.fc")) for path in built)


def test_blocks_of_a_spec_see_what_the_use_was_given(tmp_path: Path) -> None:
    """Its parameters, and what its `let` makes of them; equal uses of a block in two specs differ."""
    (tmp_path / "tower.yaml").write_text(
        """
archdsl: 1
name: tower
params: {width: 4, norm: batch_norm2d}
let: {double: 2 * width}
inputs: {x: [N, 3, H = 8, W = 8]}
blocks:
  layer:
    params: {out: 4}
    nodes:
      - {op: conv2d, out_channels: out + double, kernel_size: 1}
      - $norm
  outer: {nodes: [layer]}
nodes: [outer, {op: layer, out: 1}]
"""
    )
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 3, H = 8, W = 8]}
        blocks:
          scale: {nodes: {weight: {op: parameter, shape: [1]}, out: = weight * x}, inputs: {x: [N, ...]}}
        nodes:
          narrow: {op: spec.tower, from: x}
          wide: {op: spec.tower, from: x, width: 5, norm: scale}
          cat: {op: cat, dim: 1, from: [narrow, wide]}
          inner: {op: cat, dim: 1, from: [narrow.0.0.0, wide.0.0.0]}
        outputs: {cat: cat, inner: inner}
        """,
    )
    assert shape(graph, "narrow.0.0.0") == "N×12×H×W"
    assert shape(graph, "wide.0.0.0") == "N×14×H×W"
    assert shape(graph, "cat") == "N×20×H×W"
    assert {"narrow.1.1", "wide.1.1.weight"} <= set(paths(graph))


def test_extends_and_patch(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        HEAD
        + """
extends: resnet50
params: {num_classes: 10}
patch:
  nodes.maxpool: null
  blocks.bottleneck.nodes.gate: {after: bn3, op: sigmoid}
  nodes.fc: {op: linear, out_features: 2 * num_classes}
"""
    )
    graph, diagnostics = analyse(file)
    assert graph is not None, diagnostics
    built = {node.path for node in graph.nodes}
    assert "maxpool" not in built and "layer1.0.gate" in built
    assert shape(graph, "fc") == "N×20"


def test_parameters_are_overridden_and_checked(tmp_path: Path) -> None:
    graph, _ = analyse("resnet50", {"num_classes": 10})
    assert graph is not None and shape(graph, "fc") == "N×10"
    _, wrong = analyse("resnet50", {"num_clases": 10})
    assert [d.code for d in wrong] == ["unknown-parameter"]


def test_sizes_are_overridden(tmp_path: Path) -> None:
    graph, _ = analyse("resnet50", {}, {"H": 256, "x.W": 320})
    assert graph is not None and graph.sample_sizes == {"N": 1, "H": 256, "W": 320}
    _, wrong = analyse("resnet50", {}, {"Q": 1})
    assert [d.code for d in wrong] == ["unknown-size"]
