"""Shipped specs, changed at random: `check` answers within 2 s, never raises, and runs nothing of what it reads."""

from __future__ import annotations

import gc
import pkgutil
import random
import time
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

import archdsl
from archdsl.document.files import shipped
from archdsl.ops import OPS
from tests.mutants import hostile
from tests.reliability.guard import watched

PATIENCE: Final = 2.0
"""Seconds of the processor in which `check` answers."""
PAYLOADS: Final = (
    '__import__("os").system("true")', '"""; __import__("os").system("true"); """', "$(__import__('os').getcwd())",
    "= (lambda: open('/tmp/reached', 'w'))()", "{x: [", "\u2028", "\x85", "&a", "*a", "<<: *a",
    "!!python/object:os.system",    "!!python/name:os.system", "---",
    "%YAML 1.1", "\t", "\\", "'", '"', ": ", "- ", "# ", "[[", "}}", "| ", "> ",
    "9 ** 9 ** 9", "[i for i in range(10 ** 9)]", "../../../etc/passwd", "/etc/passwd", "for i in range(10 ** 7):",
)  # fmt: skip


class Found(NamedTuple):
    """A mutant at which something went wrong."""

    what: str
    text: str


@cache
def originals() -> tuple[tuple[str, str, Any], ...]:
    """Name, text and data of every shipped spec."""
    texts = [(path.stem, path.read_text()) for path in shipped()]
    return tuple((name, text, yaml.safe_load(text)) for name, text in texts)


def mutant(draw: random.Random) -> str:
    """One shipped spec's text with some places changed: of its data, or of its letters."""
    _, text, data = draw.choice(originals())
    if draw.random() < 0.5:
        return hostile.written(hostile.mutant(data, draw))
    for _ in range(draw.choice((1, 1, 2, 4))):
        text = _changed(text, draw)
    return text


def _changed(text: str, draw: random.Random) -> str:
    """One line dropped, doubled, moved or indented; or a stretch of letters dropped or replaced."""
    lines = text.splitlines(keepends=True)
    at = draw.randrange(len(lines)) if lines else 0
    kind = draw.randrange(8)
    if kind == 0:
        return "".join(lines[:at] + lines[at + 1 :])
    if kind == 1:
        return "".join(lines[: at + 1] + lines[at:])
    if kind == 2:
        moved = draw.randrange(len(lines) + 1)
        rest = lines[:at] + lines[at + 1 :]
        return "".join(rest[:moved] + lines[at : at + 1] + rest[moved:])
    if kind == 3:
        return "".join([*lines[:at], draw.choice((" ", "  ", "\t")) + "".join(lines[at : at + 1]), *lines[at + 1 :]])
    start = draw.randrange(len(text) + 1)
    stop = min(len(text), start + draw.choice((0, 1, 1, 2, 5, 20)))
    new = draw.choice(PAYLOADS) if kind < 6 else draw.choice((*"abNx0159-+*/=:,[]{}()'\"$#&!|>%@`~.\n ", "", ""))
    return text[:start] + new + text[stop:]


def checked(seed: str, count: int, folder: Path) -> list[Found]:
    """What went wrong at so many mutants drawn from a seed."""
    draw = random.Random(seed)
    file = folder / "mutant.yaml"
    found: list[Found] = []
    import_everything()
    for _ in range(count):
        text = mutant(draw)
        file.write_text(text, encoding="utf-8", newline="")
        found += [Found(what, text) for what in _checked(file)]
    return found


@cache
def import_everything() -> None:
    """Modules run when they are imported, and make classes by `exec`: that is before anybody looks."""
    for module in pkgutil.walk_packages(archdsl.__path__, "archdsl."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for op in OPS.values():
        op.model_rebuild()
    for path in shipped():
        archdsl.check(path)


def _checked(file: Path) -> list[str]:
    wrong, took = _tried(file)
    if took > PATIENCE:
        # What hangs does so again; what waited for the garbage of other pieces of the run does not.
        gc.collect()
        wrong, took = _tried(file)
    return wrong + ([f"took {took:.1f} s"] if took > PATIENCE else [])


def _tried(file: Path) -> tuple[list[str], float]:
    """What goes wrong in a check, and the seconds of the processor that it takes."""
    began = time.process_time()
    wrong = []
    with watched() as reached:
        try:
            archdsl.check(file)
        except Exception as error:
            wrong.append(f"raised {type(error).__name__}: {error}")
    return wrong + [f"reached {event}" for event in reached], time.process_time() - began
