"""Every op is complete: in the table, lowered, documented, and held against torch."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from archdsl.ops import OPS, THEMES, Ops, ops_of
from archdsl.ops.base import Op, field_specs
from archdsl.ops.special import SCAN
from archdsl_torch.lowering.base import lower
from docs.make_ops import TARGET, render

LAYERS = [name for theme in THEMES if theme != "special" for name in THEMES[theme]]
"""The ops of `special` are lowered by the code generator, with what is around them."""
UNSAID = {"input", "formula", "by_mode", *(op.name for op in SCAN)}
"""What no spec names."""


@cache
def strategies() -> set[str]:
    names = [path.stem for path in Path(__file__).parent.glob("test_*.py") if path.stem != Path(__file__).stem]
    modules = [import_module(f"tests.ops.{name}") for name in names]
    return {op for module in modules for op in getattr(module, "STRATEGIES", {})}


@pytest.mark.parametrize("theme", THEMES)
def test_the_table_lists_each_module(theme: str) -> None:
    made = ops_of(theme)
    assert set(THEMES[theme]) == set(made) - UNSAID
    classes = [each for each in vars(import_module(f"archdsl.ops.{theme}")).values() if isinstance(each, type)]
    named = [each for each in classes if issubclass(each, Op) and hasattr(each, "name")]
    assert len(made) == len(named), "two classes of one name"


def test_what_an_overview_does_not_name() -> None:
    """What only says how a tensor is laid out, or does nothing in use."""
    assert {name for name in LAYERS if OPS[name].silent} == {
        "cast", "expand", "flatten", "identity", "permute", "rearrange", "repeat", "reshape", "squeeze",
        "stochastic_depth", "transpose", "unbind", "unflatten", "unsqueeze",
    }  # fmt: skip


def test_a_second_op_of_a_name_raises() -> None:
    with pytest.raises(ValueError, match="two ops are called `relu`: in activation and more"):
        Ops({"activation": ("relu",), "more": ("relu",)})


def test_an_unknown_op_is_a_key_error() -> None:
    assert "rellu" not in OPS
    with pytest.raises(KeyError):
        OPS["rellu"]


@pytest.mark.parametrize("name", LAYERS)
def test_has_a_lowering(name: str) -> None:
    assert lower.case(OPS[name]) is not lower.case(Op)


@pytest.mark.parametrize("name", LAYERS)
def test_is_held_against_torch(name: str) -> None:
    assert name in strategies()


@pytest.mark.parametrize("name", OPS)
def test_is_documented(name: str) -> None:
    op = OPS[name]
    doc = op.__doc__ or ""
    assert doc.strip(), f"{name} has no docstring"
    undescribed = [field for field, spec in field_specs(op).items() if not spec.doc]
    assert not undescribed
    assert f"\n### {name}\n" in TARGET.read_text(encoding="utf-8")


def test_the_documentation_is_fresh() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(), "run `python docs/make_ops.py`"
