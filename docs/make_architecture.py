"""Writes what code says itself into docs/architecture.md: the pipeline, and the floors that imports keep to.

`python docs/make_architecture.py` puts it between the page's `<!-- NAME -->` and `<!-- /NAME -->`; the rest is text.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomllib

TARGET = Path(__file__).with_name("architecture.md")
ROOT = TARGET.parent.parent
sys.path.insert(0, str(ROOT))

from archdsl.pipeline import ARTEFACTS, STAGES, Stage  # noqa: E402

SOURCES = {"archdsl": ROOT / "archdsl", "archdsl_torch": ROOT / "compiler" / "archdsl_torch"}


def render(page: str) -> str:
    """The page with its made parts renewed."""
    for name, lines in parts().items():
        made = "\n".join([f"<!-- {name} -->", *lines, f"<!-- /{name} -->"])
        page, count = re.subn(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, made=made: made, page, flags=re.DOTALL)
        assert count == 1, f"{TARGET.name} has no place for {name}"
    return page


def parts() -> dict[str, Iterable[str]]:
    """The lines of every made part, by its name in the page."""
    return {
        "flow": ("```text", *flow_lines(STAGES), "```"),
        "stages": table(("stage", "takes", "gives", "function"), map(stage_cells, STAGES)),
        "artefacts": table(("what", "class", "is"), ((each.name, f"`{each.type}`", each.says) for each in ARTEFACTS)),
        **{f"floors of {package}": floor_lines(package) for package in SOURCES},
    }


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    head = tuple(head)
    yield ""
    for cells in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(cells)} |"
    yield ""


# --- the pipeline ---------------------------------------------------------------------------------


def flow_lines(stages: Iterable[Stage]) -> Iterator[str]:
    """Each stage as an arrow, behind the one that it goes on from or below what it takes."""
    line, end, columns = "", "", dict[str, int]()
    for stage in stages:
        if stage.takes != end:
            if line:
                yield line
            column = columns.setdefault(stage.takes, 0)
            line = " " * column + stage.takes
        line += f" ── {stage.name} ──> "
        columns[stage.gives] = len(line)
        line += stage.gives
        end = stage.gives
    yield line


def stage_cells(stage: Stage) -> tuple[str, ...]:
    return stage.name, stage.takes, stage.gives, f"`{stage.function}`"


# --- the floors -----------------------------------------------------------------------------------


def floor_lines(package: str) -> Iterator[str]:
    """The folders and modules of a package, the highest floor first."""
    yield from table(("floor", "on it", "is"), _floor_cells(package, floors(package)))


def floors(package: str) -> list[list[str]]:
    """What stands on each floor, from the contract that import-linter holds."""
    (found,) = [each for each in contracts() if each["type"] == "layers" and each["containers"] == [package]]
    return [[name.strip() for name in floor.split("|")] for floor in found["layers"]]


def contracts() -> list[Mapping[str, Any]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    said: list[Mapping[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return said


def _floor_cells(package: str, floors: list[list[str]]) -> Iterator[tuple[str, str, str]]:
    for height, names in zip(range(len(floors), 0, -1), floors, strict=True):
        for name in names:
            folder = SOURCES[package] / name
            path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
            shown = f"`{name}/`" if folder.is_dir() else f"`{name}.py`"
            yield str(height), shown, _first_sentence(path)


def _first_sentence(path: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert text is not None, path
    return text.partition("\n")[0]


if __name__ == "__main__":
    TARGET.write_text(render(TARGET.read_text("utf-8")), encoding="utf-8")
