"""`check` is a promise: what it takes is built, runs, and computes what the graph says."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.internal.conjecture import engine

import archdsl
from tests.generators import Spec, networks
from tests.reliability import promises
from tests.thorough import examples

QUICK = settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
engine.MAX_SHRINKING_SECONDS = 60  # a network takes a tenth of a second; five minutes would be Hypothesis's own bound


@QUICK
@given(networks())
def test_numbers_gradients_and_source(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        promises.numbers(file)


@settings(QUICK, max_examples=examples(20))
@given(networks())
def test_copies(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        promises.copies(file)


@settings(QUICK, max_examples=examples(100))
@given(networks(most=6))
def test_generated_networks_are_mostly_accepted(spec: Spec) -> None:
    """What is refused, is refused with words, each with its place."""
    with TemporaryDirectory() as folder:
        for found in archdsl.check(spec.write(Path(folder))):
            assert found.message and found.span is not None


@pytest.mark.parametrize(("batch", "shape", "expected"), [
    ("N = 4", "[2, 6]", [{}]),                                  # 12 numbers, only with a batch of 4
    ("N = 4", "[N * 3]", [{"N": 2}, {"N": 1}, {"N": 3}]),
    ("4", "[2, 6]", [{}]),
])  # fmt: skip
def test_a_network_runs_at_every_batch_that_it_takes(
    batch: str, shape: str, expected: list[dict[str, int]], tmp_path: Path
) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(f"archdsl: 1\ninputs: {{x: [{batch}, 3]}}\nnodes: {{a: {{op: reshape, shape: {shape}}}}}\n")
    assert list(promises.trials(file, archdsl.graph(file))) == expected
    assert promises.numbers(file) == 2 * len(expected)


@pytest.mark.parametrize(("head", "passes"), [("if: classes > 0, ", 4), ("", 2), ("if: classes > 0, else: x, ", 0)])
def test_a_class_is_made_with_other_widths(head: str, passes: int, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(f"""archdsl: 1
inputs: {{x: [N, 4]}}
params: {{classes: 3}}
nodes: {{a: layer_norm, b: {{op: dropout, p: 0.3}}, c: {{{head}op: linear, out_features: classes}}}}
""")
    assert promises.widths(file, type(archdsl.build(file))) == passes


def test_tensors_load_under_the_names_that_nodes_had_before(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("""archdsl: 1
inputs: {x: [N, 4]}
nodes:
  part.a: {op: linear, out_features: 4, was: old.name}
  s: {was: t, nodes: {b: {op: linear, out_features: 3, bias: false, was: c}, d: relu}}
""")
    graph = archdsl.graph(file)
    before = promises.under_earlier_names(graph, archdsl.build(graph).state_dict())
    assert [*before] == ["part.old.name.weight", "part.old.name.bias", "t.c.weight"]
    promises.copies(file)
