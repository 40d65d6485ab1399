"""Names of boxes for languages whose names are letters, digits and underscores."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable


def identifiers(names: Iterable[str], reserved: Collection[str] = ()) -> dict[str, str]:
    """For each name one that is like it: no two are the same, none is a reserved word in any case."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "box"
        chosen, number = stem, 1
        while chosen in taken or chosen.lower() in reserved:
            number += 1
            chosen = f"{stem}_{number}"
        taken.add(chosen)
        found[name] = chosen
    return found
