"""Parameters that a command sets, one by one or from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.tiny import Cli


def test_a_param_is_read_as_the_file_would_read_it(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, _ = archdsl_cli("summary", tiny, "-p", "width=0x10", "-p", "act=gelu", "--format", "json")
    assert code == 0
    params = json.loads(out)["params"]
    assert (params["width"], params["act"]) == (16, "gelu")


@pytest.mark.parametrize("option", ["widht=5", "width=wide", "words=3"])
def test_a_param_that_does_not_fit_is_bad_usage(archdsl_cli: Cli, tiny: Path, option: str) -> None:
    code, out, err = archdsl_cli("summary", tiny, "-p", option)
    assert (code, out) == (2, "")
    assert f"`{option.partition('=')[0]}`" in err


def test_params_of_a_file(archdsl_cli: Cli, tiny: Path) -> None:
    Path("narrow.yaml").write_text("width: 5\n")
    Path("wide.json").write_text('{"width": 50}')
    for options, width in (
        (["--params", "narrow.yaml"], 5),
        (["--params", "narrow.yaml", "-p", "width=6"], 6),
        (["-p", "width=6", "--params", "narrow.yaml"], 5),
        (["--params", "narrow.yaml", "--params", "wide.json"], 50),
    ):
        code, out, _ = archdsl_cli("summary", tiny, *options, "--format", "json")
        assert (code, json.loads(out)["params"]["width"]) == (0, width)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- width\n", "`p.yaml` holds no parameters: expected lines of `KEY: VALUE`, as `num_classes: 10`"),
        ("a b: 3\n", "`p.yaml` holds no parameters: expected lines of `KEY: VALUE`, as `num_classes: 10`"),
        ("width: 3\nwidth: 4\n", "`p.yaml`, line 2: duplicate key `width`: it is already on line 1"),
        ("a: &a [1]\nwidth: [*a, *a]\n", "`p.yaml`, line 1: anchors (`&name`) are not part of the language"),
        ("width: !!python/name:os.system\n", "`p.yaml`, line 1: tags (`!name`) are not part of the language"),
        (f"{'k' * 5000}: 3\n", "`p.yaml`, line 1: a name of 5,000 characters"),
        ("", "`p.yaml` is empty"),
        (None, "`p.yaml` cannot be read: no such file or directory"),
    ],
)
def test_a_file_that_holds_no_params(archdsl_cli: Cli, tiny: Path, content: str | None, message: str) -> None:
    if content is not None:
        Path("p.yaml").write_text(content)
    assert archdsl_cli("check", tiny, "--params", "p.yaml") == (2, "", f"archdsl: {message}\n")


def test_a_number_beyond_all_numbers(archdsl_cli: Cli, tiny: Path) -> None:
    Path("p.yaml").write_text(f"width: {'9' * 5000}\n")
    code, out, _ = archdsl_cli("check", tiny, "--params", "p.yaml")
    assert code == 2 and "parameter `width`: expected a number" in out and max(map(len, out.splitlines())) < 120
