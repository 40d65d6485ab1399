"""What commands do not import."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.tiny import spawn

LIGHT = "{'torch', 'networkx', 'graphviz', 'pygraphviz', 'numpy'}"
WITHOUT_READERS = LIGHT.replace(
    "{", "{'archdsl.figure', 'archdsl.drawing', 'archdsl.measures', 'archdsl.words.titles', "
)
"""Without what figures and reports alone want to know."""
DRAWING = "{'torch', 'networkx', 'pygraphviz', 'numpy', 'importlib.metadata', 'archdsl.report', 'archdsl.viewer'}"
LIGHTER = "{'torch', 'networkx', 'graphviz', 'pygraphviz', 'numpy', 'pydantic', 'yaml', 'asyncio'}"


@pytest.mark.parametrize(
    ("act", "banned"),
    [
        ("import archdsl", LIGHTER),
        ("from archdsl.cli.commands import run; run(['--help'])", LIGHTER),
        ("from archdsl.cli.commands import run; run(['check', 'resnet50'])", WITHOUT_READERS),
        ("from archdsl.cli.commands import run; run(['summary', 'resnet50'])", LIGHT),
        ("from archdsl.cli.commands import run; run(['source', 'resnet50'])", WITHOUT_READERS),
        ("from archdsl.cli.commands import run; run(['list', '--family', 'lenet5'])", LIGHT),
        ("from archdsl.cli.commands import run; run(['ops', 'conv2d'])", LIGHT),
        ("sys.argv[1:] = ['draw', 'lenet5', '-o', drawn]; from archdsl.__main__ import main; main()", DRAWING),
    ],
)
def test_imports_nothing_heavy(act: str, banned: str, tmp_path: Path) -> None:
    code = f"""
import sys
drawn = {str(tmp_path / "net.svg")!r}
try:
    {act}
except SystemExit as leave:
    assert not leave.code, leave.code
print("LOADED", sorted({banned} & set(sys.modules)))
"""
    done = spawn(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "LOADED []"
