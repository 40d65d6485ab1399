"""What every test shares: one thread each, property tests that can be repeated, and the `slow` mark.

Here property tests draw the same examples each time, fewer than in CI (`tests.thorough`), where they draw new ones,
from a seed that is printed: `--hypothesis-seed=N` with CI set draws them again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

# Before torch is imported: pytest-xdist runs as many processes as there are cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

from archdsl.cli import commands as cli
from tests.thorough import CI, examples

settings.register_profile(
    "archdsl", max_examples=examples(100), deadline=None, derandomize=not CI, database=None, print_blob=CI,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("archdsl")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """In CI all processes draw from one seed."""
    if CI and getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(random.randrange(2**32))


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = getattr(config.option, "hypothesis_seed", None)
    return f"property tests: CI=true --hypothesis-seed={seed} draws them again" if CI else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or CI:
        return
    skip = pytest.mark.skip(reason="slow: give --slow, or set CI")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.fixture
def archdsl_cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command here; gives its exit code, output and error output."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        try:
            code = cli.run([str(argument) for argument in arguments])
        except SystemExit as leave:
            code = int(leave.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
