"""Where the sizes come from in which values differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.elaboration.makers import MOST_NOTES
from tests.elaboration.support import analyse_text

FIELDS = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "groups": 1}


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_there_are_no_more_lines_under_a_message_than_may_be(count: int, tmp_path: Path) -> None:
    """However many operands it names, each of which has a line of its own."""
    fields = "".join(f"\n    {name}: {number}" for name, number in FIELDS.items())
    nodes = "".join(f"  n{i}:\n    op: conv2d\n    from: x\n    out_channels: {i + 2}{fields}\n" for i in range(count))
    formula = " + ".join(f"n{i}" for i in range(count))
    (found,) = analyse_text(tmp_path, f"inputs: {{x: [N, 1, 8, 8]}}\nnodes:\n{nodes}  sum: = {formula}\n")[1]
    assert len(found.notes) == MOST_NOTES
    assert [note.subject for note in found.notes[:count]] == [f"n{i}" for i in range(count)]
