"""Which networks are compared with which references, by area; `parity.py` says how."""

from __future__ import annotations

from tests.references.cases import (
    dense,
    detection,
    efficient,
    first,
    inception,
    mobile,
    resnets,
    timm_networks,
    vision,
)
from tests.references.parity import Case

CASES: tuple[Case, ...] = (
    *first.CASES,
    *dense.CASES,
    *mobile.CASES,
    *efficient.CASES,
    *inception.CASES,
    *resnets.CASES,
    *vision.CASES,
    *timm_networks.CASES,
    *detection.CASES,
)
