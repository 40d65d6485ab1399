"""Small networks from their text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.ir.graph import Graph
from tests.compiler.networks import HEAD, NETWORKS


@pytest.fixture
def network(tmp_path: Path) -> Callable[[str], Graph]:
    """The graph of one of `NETWORKS`, or of a spec's text after its first two lines."""

    def make(text: str) -> Graph:
        file = tmp_path / "net.yaml"
        file.write_text(HEAD + NETWORKS.get(text, text))
        return archdsl.graph(file)

    return make
