"""Formulas and constants: names resolved, numbers folded."""

from pathlib import Path

import pytest

from archdsl.elaboration.analyse import analyse
from archdsl.expressions.printer import to_text
from archdsl.ir.initialise import Initialiser
from tests.elaboration.support import graph_of, mistakes, shape, sources


def formula(graph: object, path: str) -> str:
    return to_text(next(n for n in graph.nodes if n.path == path).op.expression)  # type: ignore[attr-defined]


def test_numbers_are_folded_and_tensors_numbered(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {heads: 4, width: 64}
        inputs: {x: [N, 8], y: [N, 8]}
        nodes:
          z: = (x - y) * (width // heads) ** -0.5 + (1 if heads > 2 else 0)
    """,
    )
    assert formula(graph, "z") == "(0 - 1) * 0.25 + 1"


def test_each_formula_has_the_sign_of_its_own_zero(tmp_path: Path) -> None:
    """x / 0.0 and x / -0.0 are infinities of different signs; equal formulas of a file are one op."""
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        nodes: {a: = x / 0.0, b: = a / -0.0, c: = b / 0.0}
    """,
    )
    assert [formula(graph, path) for path in "abc"] == ["0 / 0.0", "0 / -0.0", "0 / 0.0"]
    assert graph.nodes[0].op is graph.nodes[2].op


def test_a_node_comes_before_a_value(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {a: 3}
        inputs: {x: [N, 8]}
        nodes:
          a: relu
          y: = x * a
    """,
    )
    assert sources(graph, "y") == ["x", "a"]


def test_dotted_paths_are_one_token(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 8]}
        nodes:
          layers: [relu, tanh]
          gates: {op: chunk, chunks: 2, dim: -1, names: [f, g], from: layers}
          y: = layers.0 + layers.1
          z: = sigmoid(gates.f) * gates.g
        outputs: {y: y, z: z}
    """,
    )
    assert sources(graph, "y") == ["layers.0", "layers.1"]
    assert sources(graph, "z") == ["gates.f", "gates.g"]


def test_a_constant_is_folded_for_its_values_and_with_equal_ones_once(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 3]}
        blocks:
          scaled:
            inputs: {x: [N, C]}
            params: {by: any, width: int}
            nodes:
              layer: {op: linear, out_features: width}
              scale: {op: constant, shape: [width], index: [i], value: by * i}
              out: = layer * scale
        nodes:
          for k, by in enumerate([2, 2.0, true, 1, 2]): {scaled$k: {op: scaled, by: by, width: 3 + k}}
    """,
    )
    made = [node.op.value for node in graph.nodes if node.op.name == "constant"]  # type: ignore[attr-defined]
    assert [to_text(tree) for tree in made] == ["2 * i", "2.0 * i", "True * i", "1 * i", "2 * i"]
    assert made[0] is made[4]


def test_a_constant_is_a_buffer_where_its_shape_is_known(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {w: 3}
        inputs: {x: [N, T = 4, 9]}
        nodes:
          known: {op: constant, shape: [w * w], index: [i], value: i % w + w // 2}
          run: {op: constant, shape: [T, 1], index: [t, c], value: 0 if t < T // 2 else 1}
          y: = x * known + run
    """,
    )
    known, run = graph.nodes[0], graph.nodes[1]
    assert to_text(known.op.value) == "i % 3 + 1" and known.tensors[""].buffer  # type: ignore[attr-defined]
    assert run.tensors == {}
    assert shape(graph, "y") == "N×T×9"


def test_a_parameter_has_no_run_time_dimension(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        inputs: {x: [N, T = 4, 9]}
        nodes:
          p: {op: parameter, shape: [T, 9]}
          y: = x + p
    """,
    )
    assert [code for code, _ in found] == ["size-error"]


def test_initialisers_by_op_path_and_node(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {scale: 0.5}
        inputs: {x: [N, 8]}
        nodes:
          a: {op: linear, out_features: 4}
          b: {op: linear, out_features: 4}
          c: {op: linear, out_features: 4, init: {weight: normal(std=scale / 5)}}
        init:
          linear: {weight: "uniform(a=-1 / sqrt(out_features), b=fan_in)", bias: zeros}
          "b": {weight: "kaiming_normal(mode=fan_out, nonlinearity=relu)"}
    """,
    )
    a, b, c = (node.init for node in graph.nodes)
    assert a == {"weight": Initialiser("uniform", (("a", -0.5), ("b", 8))), "bias": Initialiser("zeros")}
    assert b is not None and b["weight"] == Initialiser(
        "kaiming_normal", (("mode", "fan_out"), ("nonlinearity", "relu"))
    )
    assert c is not None and c["weight"] == Initialiser("normal", (("std", 0.1),))


def test_a_fan_is_of_the_weight_beside_the_tensor_that_starts(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        inputs: {x: [N, 3]}
        nodes:
          a: {op: linear, out_features: 4}
          b: {op: linear, out_features: 4}
        init: {linear: {bias: "uniform(a=0, b=fan_in)"}}
    """,
    )
    assert [node.init for node in graph.nodes] == [
        {"bias": Initialiser("uniform", (("a", 0), ("b", fan_in)))} for fan_in in (3, 4)
    ]


def test_an_unproved_size_passes_and_is_kept_symbolic() -> None:
    graph, diagnostics = analyse("resnet50")
    assert graph is not None and not diagnostics
    assert shape(graph, "layer1.0.conv1") == "N×64×((H + 3) // 4)×((W + 3) // 4)"


def test_choices_that_numbers_make_are_made(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        """
        params: {both: true}
        inputs: {x: [N, 8], y: [N, 8]}
        nodes:
          w: = x if both else y
          v: = w if both and x > y else 2
          u: = v + (1 if both or x > y else 2)
          t: = u if not both or x > y and y > 0 else 2
    """,
    )
    assert formula(graph, "w") == "0"
    assert formula(graph, "v") == "0 if 1 > 2 else 2"
    assert formula(graph, "u") == "0 + 1"
    assert formula(graph, "t") == "0 if 1 > 2 and 2 > 0 else 2"


def test_a_formula_of_which_numbers_leave_no_node(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        params: {both: true}
        inputs: {x: [N, 8]}
        nodes:
          w: = 1 if both else x
    """,
    )
    assert found == [("bad-expression", "a formula reads at least one node")]


def test_what_a_choice_leaves_is_computed(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, "inputs: {x: [N, 3]}\nnodes: {y: '= x + exp(x if 2 < 1 else 3 - 3)'}\n")
    assert formula(graph, "y") == "0 + 1.0"
    found = mistakes(tmp_path, "inputs: {x: [N, 3]}\nnodes: {y: {value: 'x + (x if 3 < 2 else 0.5) / (3 - 3)'}}\n")
    assert found == [("bad-expression", "0.5 / 0 divides by zero")]


def test_a_parameter_may_start_as_a_formula(tmp_path: Path) -> None:
    text = """
        params: {width: 8}
        inputs: {x: [N, T, 8]}
        nodes:
          scale: {op: parameter, shape: [width], index: [i], value: %s}
          out: = x * scale
    """
    graph = graph_of(tmp_path, text % "log(i + width)")
    node = next(n for n in graph.nodes if n.path == "scale")
    assert to_text(node.op.value) == "log(i + 8)"
    assert graph.parameters == 8
    assert [code for code, _ in mistakes(tmp_path, text % "i + T")] == ["size-error"]
    assert [code for code, _ in mistakes(tmp_path, text % "i, init: ones")] == ["bad-init"]


@pytest.mark.parametrize("formula", ["= x * h", "= h - x", "= x + (0 if h > 1 else x)"])
def test_a_batch_of_one_is_compared_and_not_broadcast(formula: str, tmp_path: Path) -> None:
    """As the network does when it runs."""
    text = f"inputs: {{x: [N, 4, 4], h: [N, 4]}}\nnodes: {{a: {formula!r}}}\n"
    ((code, message),) = mistakes(tmp_path, text)
    assert code == "shape-mismatch" and "at the sample sizes" in message
    assert not mistakes(tmp_path, text.replace("x: [N", "x: [N = 4"))
    assert not mistakes(tmp_path, text.replace("h: [N", "h: [1"))
