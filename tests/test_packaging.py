"""The wheel holds what it should and nothing else; every dependency is pinned for CI."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import pytest

import archdsl

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return ZipFile(path).namelist()


def test_the_wheel_installs_two_packages_and_no_other_top_level_name(wheel: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel} == {
        "archdsl",
        "archdsl_torch",
        f"archdsl-{archdsl.__version__}.dist-info",
    }


def test_the_wheel_ships_every_spec(wheel: list[str]) -> None:
    specs = {f"archdsl/specs/{path.relative_to(ROOT / 'specs')}" for path in (ROOT / "specs").rglob("*.yaml")}
    assert specs <= set(wheel)


def test_the_wheel_ships_every_source_file_and_data_file(wheel: list[str]) -> None:
    for package in (ROOT / "archdsl", ROOT / "compiler" / "archdsl_torch"):
        files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert {path.relative_to(package.parent).as_posix() for path in files} <= set(wheel)


def test_constraints_pin_every_direct_dependency() -> None:
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in wanted} - {"archdsl"}  # type: ignore[index]
    pins = re.findall(r"^([\w.-]+)==[\w.]+", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert names <= {name.lower().replace("_", "-") for name in pins}


def test_the_version_is_the_projects() -> None:
    assert f'version = "{archdsl.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")
