"""The examples run as a user would run them, and show what their list says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
WRITES = {
    "vary.py": set[str](),
    "draw.py": {"small.svg", "small.pdf", "block.svg", "small.mmd", "small.html"},
    "compare.py": {"deeper.svg"},
    "layers.py": set[str](),
    "load_weights.py": {"small.pth"},
}
SAYS = {
    "vary.py": "error[bad-expression]",
    "draw.py": "",
    "compare.py": "dropout: Dropout 0.2 added",
    "layers.py": "head = linear(flatten, out_features=10) -> N×10  # 650 parameters\nreturn head\n",
    "load_weights.py": "to be trained: head.weight, head.bias\n",
}


@pytest.mark.parametrize("script", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_a_script_runs(script: str, tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    done = subprocess.run(
        [sys.executable, EXAMPLES / script],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert SAYS[script] in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == WRITES[script]


@pytest.mark.parametrize("spec", sorted(path.name for path in EXAMPLES.glob("*.yaml")))
def test_a_spec_is_good(spec: str) -> None:
    assert archdsl.check(EXAMPLES / spec) == []


def test_every_example_is_in_the_list() -> None:
    listed = re.findall(r"^\| \[(\S+)\]\(\1\) \|", (EXAMPLES / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".yaml"))
