"""A section that cannot be read is one mistake: nothing is told of what reads it, in the file or in what it extends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from archdsl.elaboration.analyse import examine
from tests.thorough import some

SPECS = sorted([*Path("specs").glob("*.yaml"), *Path("specs/families").glob("*.yaml")])
WORDS = {"archdsl", "name", "summary", "reference", "extends"}
"""Keys of one word, which nothing can be read from."""


def broken(text: str) -> Iterator[tuple[str, str]]:
    """The file with each of its sections, and each section of its blocks, broken in several ways."""
    for section in re.finditer(r"(?m)^(?:    )?([a-z]+):(?:.*\n)(?: +.*\n|\n)*", text):
        if (key := section[1]) in WORDS:
            continue
        begins = section[0].partition(":")[0]
        ways = {"number": f"{begins}: 3\n", "text": f'{begins}: "abc"\n'}
        if key != "nodes":  # a list of nodes is one
            ways["list"] = f"{begins}: [[1]]\n"
        if (last := section[0].rfind("}")) >= 0:
            ways["open"] = section[0][:last] + section[0][last + 1 :]
        for way, new in ways.items():
            yield f"{begins.strip()} {way}", text[: section.start()] + new + text[section.end() :]


@pytest.mark.parametrize("spec", some(SPECS), ids=lambda spec: spec.stem)
def test_a_broken_section_is_one_mistake(spec: Path, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    found = {}
    for way, text in broken(spec.read_text().replace("../", "")):
        file.write_text(text)
        told = examine(file).diagnostics
        if len(told) != 1:
            found[way] = [(each.code, each.message) for each in told]
    assert not found
