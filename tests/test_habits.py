"""The hooks of pre-commit: what runs here is what CI runs, and what users get checks specs."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def hooks(file: str) -> list[dict[str, Any]]:
    said = yaml.safe_load((ROOT / file).read_text("utf-8"))
    return said if isinstance(said, list) else [hook for repo in said["repos"] for hook in repo["hooks"]]


@pytest.mark.parametrize("hook", hooks(".pre-commit-config.yaml"), ids=lambda hook: hook["id"])
def test_a_hook_here_is_a_step_of_ci(hook: dict[str, Any]) -> None:
    command = hook["entry"].removesuffix(" --force-exclude")
    assert f"bin/{command}" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert hook["language"] == "system", "the tools are those of the environment"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("archdsl: 1\ninputs: {x: [N, 4]}\nnodes: {a: relu}\n", 0),
        ("archdsl: 1\nblocks: {b: {inputs: {x: [N, C]}, nodes: {a: relu}}}\n", 0),
        ("nodes: 1\n", 1),
    ],
)
def test_the_hook_for_users_checks_the_files_that_it_is_given(text: str, code: int, tmp_path: Path) -> None:
    (hook,) = hooks(".pre-commit-hooks.yaml")
    program, *arguments = shlex.split(hook["entry"])
    assert program == "archdsl"
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments, "net.yaml"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert "net.yaml" in done.stdout + done.stderr
