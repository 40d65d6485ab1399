"""Which instances of a block share a class, and what the classes are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.ir.graph import Graph

Network = Callable[[str], Graph]

SWAPS = """
inputs: {x: [N, 6, 6, 6]}
blocks:
  swap:
    params: {pattern: text}
    nodes:
      linear: {op: linear, out_features: 6}
      rearrange: {op: rearrange, pattern: $pattern}
nodes:
  for i in range(2):
    stage$i:
      nodes:
        rows: {op: swap, pattern: n t u c -> n u t c}
        columns: {op: swap, pattern: n t u c -> n t c u}
"""


def classes(graph: Graph) -> list[str]:
    lines = archdsl.source(graph).splitlines()
    return [line.removeprefix("class ").partition("(")[0] for line in lines if line.startswith("class ")]


def test_other_dimensions_are_another_class(network: Network) -> None:
    """Which dimensions a line of code swaps is what it does, not a number in it."""
    text = archdsl.source(network(SWAPS))
    assert "transpose(1, 2)" in text
    assert "transpose(2, 3)" in text


def test_classes_of_one_block_are_named_by_their_place(network: Network) -> None:
    assert classes(network(SWAPS))[:2] == ["Rows", "Columns"]


def test_a_place_that_does_not_tell_them_apart_names_no_class(network: Network) -> None:
    spec = SWAPS.replace("n t u c -> n u t c", "$('n t u c -> n u t c' if i else 'n t u c -> n c u t')")
    assert classes(network(spec))[:3] == ["Swap", "Columns", "Swap2"]


def test_a_single_class_is_named_by_its_block(network: Network) -> None:
    assert classes(network(SWAPS.replace("n t c u", "n u t c")))[0] == "Swap"


def test_options_in_every_combination_share_a_class(network: Network) -> None:
    """The first instance has neither, the second and third have one each, and the last tells their order."""
    assert classes(network("options in every combination")) == ["Unit", "Net"]


CHOSEN = """
inputs: {x: [N, 6]}
blocks:
  unit:
    params: {act: any}
    nodes: {fc: {op: linear, out_features: 6}, act: {op: $act}, twice: = act + fc}
nodes:
  a: {op: unit, act: ONE}
  b: {op: unit, act: OTHER}
"""


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("{op: relu}", "{op: tanh}", 1), ("{op: hardshrink, lambd: 0.3}", "{op: softshrink, lambd: 0.3}", 2),
     ("{op: elu, alpha: 0.3}", "{op: celu, alpha: 0.3}", 2),
     ("{op: leaky_relu, negative_slope: 0.3}", "{op: tanh}", 2)],
)  # fmt: skip
def test_which_module_it_is_can_be_an_argument_where_it_is_made_of_nothing(
    network: Network, one: str, other: str, count: int
) -> None:
    assert len(classes(network(CHOSEN.replace("ONE", one).replace("OTHER", other)))) == count + 1


def test_instances_that_differ_in_their_tensors_fall_apart(network: Network) -> None:
    graph = network("""
inputs: {x: [N, 6, 6, 6]}
blocks:
  unit:
    params: {pattern: text}
    nodes:
      scale: {op: parameter, shape: [6], init: ones}
      rearrange: {op: rearrange, from: x, pattern: $pattern}
      scaled: = rearrange * scale
nodes:
  a: {op: unit, pattern: n t u c -> n u t c}
  b: {op: unit, pattern: n t u c -> n t c u}
""")
    assert classes(graph) == ["A", "B", "Net"]


def test_arguments_stand_as_the_block_declares_them(network: Network) -> None:
    text = archdsl.source(
        network("""
inputs: {x: [N, 3, H = 16, W = 16]}
blocks:
  conv:
    inputs: {x: [N, C, H, W]}
    params: {out: int, size: int}
    nodes:
      pad: {op: pad, pad: [size, size, size, size]}
      conv: {op: conv2d, kernel_size: size, out_channels: out}
nodes:
  a: {op: conv, out: 4, size: 3}
  b: {op: conv, out: 5, size: 5}
""")
    )
    assert "def __init__(self, in_channels, out, size):" in text


def test_a_zero_s_sign_is_an_argument(network: Network) -> None:
    """Half of what is divided by it is of the other sign."""
    graph = network("""
inputs: {x: [N, 4]}
blocks:
  over:
    params: {by: float}
    nodes: {f: = x / by}
nodes: {a: {op: over, by: 0.0}, b: {op: over, by: -0.0}}
""")
    source = archdsl.source(graph)
    assert "self.a = Over()" in source and "self.b = Over(by=-0.0)" in source


def test_a_block_that_runs_its_own_module_again_is_a_class(network: Network) -> None:
    """What stands in it and runs a module from outside is none: only what is around it reaches that."""
    graph = network("""
inputs: {x: [N, 6]}
blocks:
  unit: {nodes: {fc: {op: linear, out_features: 6}, deep: {nodes: {act: tanh, again: {share: fc}}}}}
nodes: {first: unit}
""")
    assert classes(graph) == ["Unit", "Net"]


def test_blocks_of_one_name_in_two_files_are_two_classes(tmp_path: Path) -> None:
    """Also where the children of one stand in containers, which are written nowhere."""
    (tmp_path / "other.yaml").write_text("""
archdsl: 1
name: other
inputs: {x: [N, 6]}
blocks:
  unit: {nodes: {fc: {op: linear, out_features: 6}, act: tanh}}
nodes: {here: unit}
""")
    (tmp_path / "net.yaml").write_text("""
archdsl: 1
name: net
inputs: {x: [N, 6]}
blocks:
  unit: {nodes: {parts.fc: {op: linear, out_features: 6}, parts.sum: = parts.fc * 2, out: = parts.sum + parts.fc}}
nodes: {near: unit, far: {op: spec.other}, last: unit}
""")
    assert classes(archdsl.graph(tmp_path / "net.yaml")) == ["Unit", "Unit2", "Other", "Net"]
