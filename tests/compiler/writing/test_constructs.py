"""The printed source of every construct, as it is: read the change before you write it anew.

`ARCHDSL_UPDATE=1 pytest tests/compiler/writing/test_constructs.py` writes the files of `golden/constructs/`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl import __version__
from archdsl.ir.graph import Graph
from tests.compiler.networks import NETWORKS, RANDOM

PRINTED = NETWORKS | RANDOM
FOLDER = Path(__file__).parent / "golden" / "constructs"


def file_of(name: str) -> Path:
    return FOLDER / f"{name.replace(' ', '_')}.py"


@pytest.mark.parametrize("name", PRINTED)
def test_the_source_is_as_expected(name: str, network: Callable[[str], Graph]) -> None:
    text = archdsl.source(network(PRINTED[name])).replace(__version__, "VERSION")
    if os.environ.get("ARCHDSL_UPDATE"):
        FOLDER.mkdir(exist_ok=True)
        file_of(name).write_text(text, encoding="utf-8")
    assert text == file_of(name).read_text(encoding="utf-8")


def test_every_file_is_of_a_construct() -> None:
    assert {*FOLDER.iterdir()} == {*map(file_of, PRINTED)}
