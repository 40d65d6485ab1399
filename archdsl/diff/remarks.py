"""What a box of a figure says of the changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archdsl.diagram.figure import Box
from archdsl.diagram.palette import SIGNS
from archdsl.diagram.quantities import SPACE
from archdsl.diff.compare import Sign
from archdsl.diff.groups import ARROW, Group
from archdsl.diff.text import pairs_text

MOST: Final = 4
"""The most lines; the last then counts the other changes."""
DETAILS: Final = 3
"""The most details of one change."""
PAINTS: Final = {Sign.ADDED: "added", Sign.REMOVED: "removed", Sign.ALTERED: "altered"}


def box_remarks(groups: Sequence[Group], box: Box) -> list[tuple[str, str]]:
    """For each group of changes in a box its paint and a line; what is said of several groups once."""
    counts: dict[tuple[Sign, str, str], int] = {}
    for group in groups:
        key = (group.sign, group.label, ", ".join(_details(group)))
        counts[key] = counts.get(key, 0) + len(group.changes)
    remarks = [(PAINTS[key[0]], _remark(*key, count, box)) for key, count in counts.items()]
    if len(remarks) <= MOST:
        return remarks
    return [*remarks[: MOST - 1], ("altered", f"and {len(remarks) - MOST + 1} more changes")]


def _remark(sign: Sign, label: str, details: str, count: int, box: Box) -> str:
    """`+ 2 × BatchNorm`; of copies what changed in each."""
    count = count // box.times if count % box.times == 0 else count
    if details and count == 1 and plain(box.title).startswith(label):
        return f"{SIGNS[PAINTS[sign]]} {details}"
    many = f"{count} × " if count > 1 else ""
    return f"{SIGNS[PAINTS[sign]]} {many}{label}{f': {details}' if details else ''}"


def _details(group: Group) -> list[str]:
    """What is another; not the op, which the label tells, nor how weights are initialised."""
    if ARROW in group.label:
        return []
    if group.sign is Sign.ALTERED and not group.details:
        return ["renamed"]
    told = [(name, pairs) for name, pairs in group.details if not name.startswith("init ")]
    texts = [f"{name} {pairs_text(pairs, name)}" for name, pairs in told[:DETAILS]]
    return [*texts, "…"] if len(told) > DETAILS else texts


def plain(text: str) -> str:
    """The text with spaces that break."""
    return text.replace(SPACE, " ")
