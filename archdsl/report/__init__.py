"""A network in numbers: a tree of modules with shapes, parameters, multiply-accumulates, memory and fields."""

from __future__ import annotations

from archdsl.report.report import Summary, convention, summarise, typed
from archdsl.report.rows import Row

__all__ = ["Row", "Summary", "convention", "summarise", "typed"]
