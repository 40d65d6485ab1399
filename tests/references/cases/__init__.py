"""Which networks are compared with which references, by area; `parity.py` says how."""

from __future__ import annotations

from tests.references.cases import first
from tests.references.parity import Case

CASES: tuple[Case, ...] = (*first.CASES,)
