"""What is said with a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.elaboration.mistakes import MOST_NAMES
from tests.elaboration.support import analyse_text


@pytest.mark.parametrize("more", [-MOST_NAMES + 1, -1, 0, 1, 2])
def test_the_names_that_there_are_are_listed_where_they_are_few(more: int, tmp_path: Path) -> None:
    names = ["N", *(f"a{i}" for i in range(MOST_NAMES + more - 1))]
    params = "".join(f"\n          {name}: 1" for name in names[1:]) or " {}"
    (found,) = analyse_text(tmp_path, f"""
        inputs: {{x: [N, 3]}}
        params:{params}
        nodes: [{{op: linear, out_features: zzqq}}]
    """)[1]  # fmt: skip
    assert found.hint == (f"the names here are {', '.join(f'`{name}`' for name in names)}" if more <= 0 else None)
