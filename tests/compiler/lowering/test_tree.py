"""Trees of code are values."""

from __future__ import annotations

from dataclasses import is_dataclass

import pytest

from archdsl_torch.lowering import statements, tree

KINDS = {
    kind.__name__: kind
    for module in (tree, statements)
    for kind in vars(module).values()
    if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_none_can_be_changed(kind: type) -> None:
    """They are compared, hashed and shared."""
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert kind.__hash__ is not None
