"""A network in numbers: a tree of modules with shapes, parameters, multiply-accumulates, memory and fields."""

from __future__ import annotations

from archdsl.summary.report import Summary, convention, summarise, typed
from archdsl.summary.rows import Row

__all__ = ["Row", "Summary", "convention", "summarise", "typed"]
