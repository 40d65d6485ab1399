"""New examples in CI, the same ones elsewhere: `ARCHDSL_SEED` repeats a run."""

from __future__ import annotations

import os
from secrets import randbelow


def seed() -> str:
    """The seed of this run's examples; printed, so that a failing run can be repeated."""
    drawn = os.environ.get("ARCHDSL_SEED") or (str(randbelow(10**9)) if os.environ.get("CI") else "0")
    print(f"ARCHDSL_SEED={drawn}")
    return drawn
