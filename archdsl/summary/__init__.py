"""A network in numbers: a tree of modules with shapes, parameters, multiply-accumulates, memory and fields."""

from __future__ import annotations

from archdsl.summary.report import CONVENTION, Summary, summarise, typed
from archdsl.summary.rows import Row

__all__ = ["CONVENTION", "Row", "Summary", "summarise", "typed"]
