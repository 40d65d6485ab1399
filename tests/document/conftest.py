from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.document.family import FAMILY, Write


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files, by name without suffix, into the current folder, which starts with a family."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            path = Path(f"{name.replace('__', '/')}.yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(dedent(text))

    write(families__family=FAMILY, blocks__lib="archdsl: 1\nparams: {k: 1}\nblocks: {cna: {nodes: [relu]}}\n")
    return write
