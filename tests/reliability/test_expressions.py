"""Expressions have Python's values."""

from tests.mutants.seeds import seed
from tests.reliability.expressions import compared


def test_expressions_against_python() -> None:
    drawn = seed()
    found, valued = compared(f"{drawn}", 4000)
    assert valued > 1000
    assert not found, f"seed {drawn}: {found[0]}"
