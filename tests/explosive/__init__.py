"""Specs that ask for too much, as texts: families with a size, small ones good, large ones to be refused or borne.

Each is a few lines that would cost far more than they say. `EXPLOSIVE` has them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from tests.explosive import evaluated, expanded, form, ops

Family: TypeAlias = Callable[[int], str]

EXPLOSIVE: Final[dict[str, Family]] = {
    name: made
    for module in (expanded, evaluated, ops, form)
    for name, made in vars(module).items()
    if callable(made) and not name.startswith("_") and getattr(made, "__module__", None) == module.__name__
}
