"""New examples in CI, the same ones elsewhere: `ARCHDSL_SEED` repeats a run; and what the long runs are asked for."""

from __future__ import annotations

import argparse
import os
from secrets import randbelow


def seed() -> str:
    """The seed of this run's examples; printed, so that a failing run can be repeated."""
    drawn = os.environ.get("ARCHDSL_SEED") or (str(randbelow(10**9)) if os.environ.get("CI") else "0")
    print(f"ARCHDSL_SEED={drawn}")
    return drawn


def options_of(description: str | None) -> argparse.Namespace:
    """What a long run is asked for: how many, from which seed, and how many examples it shows."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("count", type=int)
    arguments.add_argument("--seed", default="0")
    arguments.add_argument("--show", type=int, default=0)
    return arguments.parse_args()
