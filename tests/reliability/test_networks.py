"""`check` is a promise: what it takes is built, runs, and computes what the graph says."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, given, settings
from hypothesis.internal.conjecture import engine

import archdsl
from tests.generators import Spec, networks
from tests.reliability import promises

QUICK = settings(max_examples=60, suppress_health_check=list(HealthCheck))
engine.MAX_SHRINKING_SECONDS = 60  # a network takes a tenth of a second; five minutes would be Hypothesis's own bound


@QUICK
@given(networks())
def test_numbers_gradients_and_source(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        promises.numbers(file)


@settings(QUICK, max_examples=20)
@given(networks())
def test_copies(spec: Spec) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        promises.copies(file)


@settings(QUICK, max_examples=100)
@given(networks(most=6))
def test_generated_networks_are_mostly_accepted(spec: Spec) -> None:
    """What is refused, is refused with words, each with its place."""
    with TemporaryDirectory() as folder:
        for found in archdsl.check(spec.write(Path(folder))):
            assert found.message and found.span is not None
