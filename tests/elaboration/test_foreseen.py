"""What a loop is foreseen to make is never more than it makes, and enough to refuse a large one at its `for`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings

from archdsl.document.inherit import read
from archdsl.elaboration.foreseen import Foreseen, Least
from archdsl.elaboration.walk import Elaborator
from archdsl.limits import Limits, analysis
from tests.elaboration.support import HEAD, analyse_text
from tests.generators import Spec, networks
from tests.thorough import examples, some

SPECS = sorted(path for path in Path("specs").glob("*.yaml"))


def foreseen(spec: Path) -> tuple[Least, Least] | None:
    """What a network is foreseen to make, and what it makes; None where it is refused."""
    with analysis() as budget:
        resolved, _ = read(spec)
        assert resolved is not None
        run = Elaborator(resolved, {})
        graph, _ = run.run()
        if graph is None:
            return None
        network = run.catalogue.network(resolved)
        assert network is not None
        least = Foreseen(run.catalogue).of(network.template.body)
        return least, Least(budget.spent["nodes"], budget.spent["scopes"])


@pytest.mark.parametrize("spec", some(SPECS), ids=lambda path: path.stem)
def test_no_more_than_a_shipped_network_has(spec: Path) -> None:
    found = foreseen(spec)
    assert found is not None
    least, made = found
    assert 0 < least.nodes <= made.nodes
    assert least.scopes <= made.scopes


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(networks())
def test_no_more_than_a_network_has(spec: Spec) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = foreseen(spec.write(Path(folder)))
    assume(found is not None)
    assert found is not None
    least, made = found
    assert least.nodes <= made.nodes
    assert least.scopes <= made.scopes


@pytest.mark.parametrize(
    ("nodes", "least"),
    [
        ("{a: relu, b: {op: linear, out_features: 3}}", (2, 0)),
        ("{a: {if: k, op: relu}, b: {op: pair}, c: [relu, pair]}", (5, 3)),
        ("{a: {op: $act}, b: = a + x, 'for i in range(3)': {c$i: relu}, 'if k': {d: relu}}", (0, 0)),
        ("{a: {op: tower, depth: 2}, b: {share: a}}", (1, 1)),
    ],
)
def test_what_is_sure(nodes: str, least: tuple[int, int], tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        HEAD + "inputs: {x: [N, 3]}\nparams: {k: true, act: relu}\nblocks:\n  pair: {nodes: [relu, tanh]}\n  tower:\n"
        "    params: {depth: int}\n    nodes: [{if: depth > 1, op: tower, depth: depth - 1}, relu]\n"
        f"nodes: {nodes}\n"
    )
    found = foreseen(spec)
    assert found is not None and found[0] == least


def test_it_is_refused_at_its_key_after_one_turn(tmp_path: Path) -> None:
    text = (
        "inputs: {x: [N, 3]}\nblocks:\n  pair: {nodes: [relu, tanh]}\nnodes:\n  for i in range(20_000): {a$i: pair}\n"
    )
    (found,) = analyse_text(tmp_path, text)[1]
    assert (found.code, found.message) == ("too-large", f"more than {Limits().nodes:,} nodes")
    assert found.span is not None and found.span.line == 7
