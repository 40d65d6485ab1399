"""Export, fx, compile, DDP, figures and summaries of generated networks and of some that ship."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, example, given, settings

from archdsl.document.files import shipped
from tests.generators import Spec, networks
from tests.reliability import forms, promises
from tests.reliability.processes import Pair
from tests.thorough import examples

QUICK = settings(max_examples=examples(12), suppress_health_check=list(HealthCheck))
FILES = {path.stem: path for path in shipped()}
SLICE = ["lenet5", *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnet20", "elman_rnn"))]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with Pair() as both:
        yield both


@QUICK
@given(networks(most=6))
def test_traced(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        forms.traced(file)


@QUICK
@given(networks(most=6))
def test_shown(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        forms.shown(file, Path(folder))


PASSED_ON = (
    "archdsl: 1\nname: net\ninputs: {x: [N]}\nnodes: {a: {op: parameter, shape: [3]}, b: {op: dropout, from: a}}\n"
)
"""An output that is a parameter, while dropout is off."""


@pytest.mark.slow
@QUICK
@example(spec=Spec((("net.yaml", PASSED_ON),)))
@given(spec=networks(most=6))
def test_over_two_processes(pair: Pair, spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        wrong = pair.train(file)
        assert wrong is None, wrong


@pytest.mark.parametrize("name", SLICE)
def test_networks_that_ship(name: str, tmp_path: Path) -> None:
    forms.traced(FILES[name])
    forms.shown(FILES[name], tmp_path)
    promises.copies(FILES[name])
