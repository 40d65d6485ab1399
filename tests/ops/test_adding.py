"""An op of one's own: a class, its lowering and a property test are all that it takes to be a primitive."""

from __future__ import annotations

import re
from pathlib import Path
from typing import final

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

import archdsl
from archdsl.cli.commands import run
from archdsl.diagnostics.diagnostic import Severity
from archdsl.faults.code import Code
from archdsl.ops import OPS
from archdsl.ops.base import Kind, Op, OpError, normal_dim
from archdsl.ops.rules import divides
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, lower
from archdsl_torch.lowering.tree import Arg, Fixed, In
from docs.make_ops import op_lines
from tests.elaboration.support import analyse_text, graph_of, mistakes
from tests.ops.harness import Case, check


@final
class SwapHalves(Op):
    """Puts the second half of a dimension before the first."""

    name = "swap_halves"
    kind = Kind.RESHAPE
    called = "Half swap"
    about = "dim"
    dim: int = Field(-1, description="the dimension whose halves change places")

    def infer(self, x: TensorType) -> TensorType:
        size = x.shape[normal_dim(self.dim, x.rank)]
        if divides(2, size) is False:
            raise OpError(f"cannot halve {size}", code=Code.SIZE_ERROR, ports=("input",), field="dim")
        return x


@lower.register
def _(op: SwapHalves, x: TensorType) -> Lowered:
    size = x.shape[op.dim]
    return Lowered(None, call("torch.roll", In(0), Fixed(size // 2), Arg(op.dim, "dim")))


NETWORK = """\
inputs: {x: [N, 4, 8]}
nodes:
  swap: {op: swap_halves}
  fc: {op: linear, out_features: 3}
"""


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The op, for as long as a test runs."""
    for names in ("_theme", "_found"):
        monkeypatch.setattr(OPS, names, dict(getattr(OPS, names)))
    OPS.add(SwapHalves)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_its_rules_hold_against_torch(shape: list[int], data: st.DataObject) -> None:
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    check(Case(SwapHalves(dim=dim), (TensorType(tuple(shape)),), stricter=True))


def test_source(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NETWORK)
    assert "torch.roll(x, 4, -1)" in archdsl.source(graph)
    module, x = archdsl.build(graph), torch.randn(2, 4, 8)
    assert torch.equal(module(x), module.fc(torch.roll(x, 4, -1)))


def test_figure(tmp_path: Path) -> None:
    picture = archdsl.draw(graph_of(tmp_path, NETWORK), tmp_path / "toy.mmd").read_text("utf-8")
    assert "Half swap" in picture.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")


def test_figure_of_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SwapHalves, "graded", {"dim": "halves"})
    before, after = (graph_of(tmp_path, NETWORK.replace("swap_halves", f"swap_halves, dim: {dim}")) for dim in (1, -1))
    assert archdsl.diff(before, after)
    picture = archdsl.diff(before, after).draw(tmp_path / "toy.dot").read_text("utf-8")
    assert "as before but for halves" in picture.replace("\N{NO-BREAK SPACE}", " ").replace("&#160;", " ")


def test_summary(tmp_path: Path) -> None:
    (line,) = (line for line in str(archdsl.summary(graph_of(tmp_path, NETWORK))).splitlines() if "swap" in line)
    assert re.search(r"swap\s+Half swap", line.replace("\N{NO-BREAK SPACE}", " ")), line


def test_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ops", "swap_halves"]) == 0
    assert "swap_halves: Puts the second half of a dimension before the first." in capsys.readouterr().out
    lines = list(op_lines(OPS["swap_halves"]))
    assert lines[0] == "### swap_halves"
    assert "| `dim` | `-1` | the dimension whose halves change places |" in lines


def test_mistakes(tmp_path: Path) -> None:
    _, (found,) = analyse_text(tmp_path, NETWORK.replace("swap_halves", "swap_halfs"))
    assert found.hint == "did you mean `swap_halves`?"
    assert mistakes(tmp_path, NETWORK.replace("8]", "7]")) == [(Code.SIZE_ERROR, "cannot halve 7")]


@final
class Noise(Op):
    """Reads nothing."""

    name = "noise"
    kind = Kind.EMBEDDING
    ports = ()

    def infer(self) -> TensorType:
        return TensorType((4,))


@pytest.mark.parametrize("node", ["noise", "{if: False, op: noise}", "{op: noise, mean: 1}"])
def test_what_follows_one_that_reads_nothing_reads_the_node_above(tmp_path: Path, node: str) -> None:
    OPS.add(Noise)
    text = f"inputs: {{x: [N, 4]}}\nnodes:\n  noise: {node}\n  fc: {{op: linear, out_features: 3}}\n"
    graph, found = analyse_text(tmp_path, text)
    assert [each.code for each in found if each.severity is Severity.ERROR] == ["unknown-field"] * ("mean" in node)
    if graph is not None:
        read = graph.nodes[-1].inputs[0]
        assert read is not None and read.name == "x"


def test_an_op_of_a_name_that_there_is_raises() -> None:
    with pytest.raises(ValueError, match=r"two ops are called `swap_halves`: in tests\.ops\.test_adding and"):
        OPS.add(SwapHalves)
