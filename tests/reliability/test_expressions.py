"""Expressions have Python's values."""

from tests.mutants.seeds import seed
from tests.reliability.expressions import compared
from tests.thorough import examples


def test_expressions_against_python() -> None:
    drawn = seed()
    found, valued = compared(f"{drawn}", examples(4000))
    assert valued > examples(1000)
    assert not found, f"seed {drawn}: {found[0]}"
