"""What a box of a figure says of the changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archdsl.comparison.compare import Sign
from archdsl.comparison.details import Initialised
from archdsl.comparison.groups import Group
from archdsl.comparison.text import pairs_text
from archdsl.figure.figure import Box
from archdsl.figure.palette import SIGNS
from archdsl.words.quantities import SPACE

MOST: Final = 4
"""The most lines; the last then counts the other changes."""
DETAILS: Final = 3
"""The most details of one change."""


def box_remarks(groups: Sequence[Group], box: Box) -> list[tuple[str, str]]:
    """For each group of changes in a box its paint and a line; what is said of several groups once."""
    counts: dict[tuple[Sign, str, str], int] = {}
    for group in groups:
        key = (group.sign, group.label, ", ".join(_details(group)))
        counts[key] = counts.get(key, 0) + len(group.changes)
    remarks = [(key[0].word, _remark(*key, count, box)) for key, count in counts.items()]
    if len(remarks) <= MOST:
        return remarks
    return [*remarks[: MOST - 1], ("altered", f"and {len(remarks) - MOST + 1} more changes")]


def _remark(sign: Sign, label: str, details: str, count: int, box: Box) -> str:
    """`+ 2 × BatchNorm`; of copies what changed in each."""
    count = count // box.times if count % box.times == 0 else count
    if details and count == 1 and plain(box.title).startswith(label):
        return f"{SIGNS[sign.word]} {details}"
    many = f"{count} × " if count > 1 else ""
    return f"{SIGNS[sign.word]} {many}{label}{f': {details}' if details else ''}"


def _details(group: Group) -> list[str]:
    """What is another; not the op, which the label tells, nor how weights are initialised."""
    if group.replaced:
        return []
    if group.sign is Sign.ALTERED and not group.details:
        return ["renamed"]
    told = [(detail.name, pairs) for detail, pairs in group.details if not isinstance(detail, Initialised)]
    texts = [f"{name} {pairs_text(pairs, name)}" for name, pairs in told[:DETAILS]]
    return [*texts, "…"] if len(told) > DETAILS else texts


def plain(text: str) -> str:
    """The text with spaces that break."""
    return text.replace(SPACE, " ")
