"""What a finding does not touch is planned once, and what is printed is the same as if all were planned again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

import archdsl
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scopes_of
from archdsl_torch import source
from archdsl_torch.planning import keeping
from archdsl_torch.planning.outline import Outline
from archdsl_torch.writing.plan import ClassPlan, Planner
from tests.compiler.networks import HEAD, NETWORKS, RANDOM
from tests.thorough import some

WHOLE: Final = """
inputs: {x: {shape: [N, 8, H = 16], dtype: int64, below: 9}, scale: [N]}
blocks:
  plain:
    nodes: {abs: = abs(x), more: = x + abs}
  padded:
    params: {count: int}
    nodes:
      pad: {op: pad, pad: [0, 1]}
      plain: plain
      table: {op: constant, shape: [count], index: [i], value: i / count}
      mean: {op: mean, from: table, dim: [0]}
      last: = mean * plain
  skipping:
    inputs: {x: [N, C, L], y: [N, C, M]}
    params: {both: true}
    nodes:
      conv: {op: conv1d, from: x, out_channels: C, kernel_size: 1}
      half: = conv / 2
      cat: {op: cat, from: [half, y], dim: 2, if: both, else: half}
nodes:
  first: plain
  one: {op: padded, count: H}
  two: {op: padded, count: H, from: first}
"""
"""No tensor in `padded` tells the network's floating dtype, which its table has."""
SKIPPED: Final = """
  end: {op: skipping, from: [two, one]}
  last: {op: skipping, from: [end, one.pad], both: false}
"""


def graph(text: str, folder: Path) -> Graph:
    file = folder / "net.yaml"
    file.write_text(HEAD + text)
    return archdsl.graph(file)


def planned(network: Graph, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the first instances of the classes that are planned, in turn."""
    found: list[str] = []
    original = Planner._class

    def noted(planner: Planner, outlines: Sequence[Outline]) -> ClassPlan:
        found.append(outlines[0].scope.path)
        return original(planner, [*outlines])

    with monkeypatch.context() as patch:
        patch.setattr(Planner, "_class", noted)
        source(network)
    return found


def again(network: Graph, monkeypatch: pytest.MonkeyPatch) -> str:
    """The source where nothing is kept."""
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "touched", lambda *_: {*scopes_of(network.root)})
        return source(network)


def test_a_class_inside_of_what_is_opened_is_planned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`one` and `two` are tried, and the last of them alone; then the network is planned without them."""
    network = graph(WHOLE, tmp_path)
    assert planned(network, monkeypatch) == ["first", "one", "two", ""]
    assert again(network, monkeypatch) == source(network)


def test_what_is_given_and_not_read_is_a_port_where_it_is_at_hand_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While `one` had a class nobody else could see its `pad`."""
    network = graph(WHOLE + SKIPPED, tmp_path)
    assert planned(network, monkeypatch) == ["first", "one", "two", "end", "first", "end", ""]
    assert "self.last(self.end(x, last), pad)" in source(network)
    assert again(network, monkeypatch) == source(network)


@pytest.mark.parametrize("name", some([*NETWORKS, *RANDOM]))
def test_the_source_is_that_of_plans_made_anew(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = graph({**NETWORKS, **RANDOM}[name], tmp_path)
    assert again(network, monkeypatch) == source(network)
