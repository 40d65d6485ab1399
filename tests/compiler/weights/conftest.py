"""A small network and its weights, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.compiler.weights.support import SPEC, Save


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small network's spec, in the current folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "net.yaml"
    file.write_text(SPEC)
    return file


@pytest.fixture
def saved(tmp_path: Path) -> Save:
    """Writes what torch can save."""

    def save(content: Any, name: str = "net.pth") -> Path:
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save
