"""`analyse` never raises, whatever stands where."""

from pathlib import Path

import pytest

from archdsl.elaboration.analyse import analyse
from tests.mutants import hostile
from tests.mutants.seeds import seed
from tests.mutants.tour import TOUR, neighbours
from tests.thorough import examples

VALUES = examples(1500)


@pytest.mark.parametrize("number", range(len(TOUR)))
def test_the_specs_that_are_changed_are_good(number: int, tmp_path: Path) -> None:
    neighbours(tmp_path)
    (tmp_path / "spec.yaml").write_text(TOUR[number])
    graph, _ = analyse(tmp_path / "spec.yaml")
    assert graph is not None


def test_no_value_makes_a_traceback(tmp_path: Path) -> None:
    drawn = seed()
    raised = [*hostile.raised(drawn, VALUES, tmp_path)]
    assert not raised, f"{len(raised)} of {VALUES} raise, seed {drawn}: {raised[0][0]}\n{raised[0][1]}"
