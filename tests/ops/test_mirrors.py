"""Functions over ops whose cases stand in a package of the same stems."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from archdsl.measures.rules import keeps, scratch, sees, views
from archdsl.ops import THEMES
from archdsl.ops.activation import Activation, Relu
from archdsl.ops.base import Kind, Op
from archdsl.ops.mirrors import Cases
from archdsl.ops.special import SCAN
from archdsl.words.titles import title_of
from archdsl_torch.lowering.base import lower

MIRRORS: Final[dict[str, tuple[Cases[Any], ...]]] = {
    "archdsl.words.ops": (title_of,),
    "archdsl.measures.ops": (views, scratch, keeps, sees),
    "archdsl_torch.ops": (lower,),
}
SHARED: Final = {"__init__", "layers"}
"""By package, the functions whose cases it holds."""


def stems(package: str) -> set[str]:
    file = import_module(package).__file__
    assert file is not None
    return {path.stem for path in Path(file).parent.glob("*.py")} - SHARED


@pytest.mark.parametrize("package", MIRRORS)
def test_a_package_mirrors_the_ops(package: str) -> None:
    """Each module has the stem of a theme, and cases for ops of that theme alone: else they would not be found."""
    assert stems(package) <= set(THEMES)
    for stem in stems(package):
        import_module(f"{package}.{stem}")
    for cases in MIRRORS[package]:
        # what a loop's borders are in code stands with what writes loops; tests have ops of their own
        shipped = {
            op: case for op, case in cases.own().items() if op.__module__.startswith("archdsl.") and op not in SCAN
        }
        for op, case in shipped.items():
            assert case.__module__ == f"{package}.{op.__module__.rpartition('.')[2]}"


def test_every_theme_has_its_rules() -> None:
    assert stems("archdsl.measures.ops") == set(THEMES)


def test_a_class_from_elsewhere_has_the_case_of_its_base() -> None:
    class Swish(Activation):
        name = "swish"

    class Alone(Op):
        name = "alone"
        kind = Kind.RESHAPE

    assert title_of.case(Swish) is title_of.case(Relu)
    assert title_of.case(Alone) is title_of.case(Op)
