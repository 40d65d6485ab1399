"""Blocks that are chains: one class where their lengths agree, else the layers where they are used."""

from __future__ import annotations

from collections.abc import Callable

import archdsl
from archdsl.ir.graph import Graph

Network = Callable[[str], Graph]

TOWER = """
inputs: {x: [N, 3, H = 16, W = 16]}
blocks:
  tower:
    params: {convs: list, padding: same}
    nodes:
      - for i, out in enumerate(convs):
          {op: conv2d, out_channels: out, kernel_size: 3, padding: $(padding if i == len(convs) - 1 else 'same')}
nodes:
"""


def test_chains_of_one_length_are_a_class(network: Network) -> None:
    text = archdsl.source(network(TOWER + "  a: {op: tower, convs: [4, 5]}\n  b: {op: tower, convs: [6, 5]}\n"))
    assert "class Tower(nn.Sequential):" in text
    assert "self.b = Tower(5, 6)" in text


def test_chains_of_several_lengths_stand_where_they_are_used(network: Network) -> None:
    text = archdsl.source(network(TOWER + "  a: {op: tower, convs: [4, 5, 7]}\n  b: {op: tower, convs: [6, 8]}\n"))
    assert "class Tower" not in text
    assert "self.b = nn.Sequential(" in text


def test_a_choice_that_the_place_decides_is_decided(network: Network) -> None:
    """The loop's index is known; whether the padding is the last one's depends on nothing else."""
    uses = "  a: {op: tower, convs: [4, 5]}\n  b: {op: tower, convs: [6, 5], padding: valid}\n"
    text = archdsl.source(network(TOWER + uses))
    assert " if True else " not in text
    assert "kernel_size=3, padding=padding" in text


def test_the_most_common_word_is_an_argument_s_default(network: Network) -> None:
    uses = "".join(f"  {name}: {{op: tower, convs: [4, 5]}}\n" for name in "abc")
    text = archdsl.source(network(TOWER + uses + "  d: {op: tower, convs: [4, 5], padding: valid}\n"))
    assert 'padding="same"):' in text
    assert 'self.d = Tower(5, padding="valid")' in text


def test_instances_stay_together_that_use_the_same_classes(network: Network) -> None:
    text = archdsl.source(
        network("""
inputs: {x: [N, 3, H = 16, W = 16]}
blocks:
  pooled:
    params: {pool: text, out: int}
    nodes: [{op: $pool, kernel_size: 3, stride: 1, padding: 1}, {op: conv2d, out_channels: out, kernel_size: 1}]
  unit:
    inputs: {x: [N, C, H, W]}
    params: {pool: {type: text, default: {op: avg_pool2d, count_include_pad: false}}, out: int}
    nodes:
      pooled: {op: pooled, pool: $pool, out: out}
      add: = pooled * 2
nodes:
  a: {op: unit, out: 4}
  b: {op: unit, out: 5}
  c: {op: unit, out: 6, pool: max_pool2d}
  d: {op: unit, out: 7}
""")
    )
    assert "The block `unit`: `a` and 2 more." in text
    assert "The block `unit`: `c`." in text


def test_a_chain_may_start_from_a_tensor(network: Network) -> None:
    """From a parameter or a buffer just as from an activation."""
    text = archdsl.source(network("a chain of a table"))
    assert "self.mlp(self.table)" in text
    assert "self.own(self.start)" in text
