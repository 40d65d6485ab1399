"""`archdsl spec`: a network as one text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.unparsing.likeness import first_difference

Run = Callable[..., tuple[int, str, str]]


def test_it_prints_one_spec(archdsl_cli: Run) -> None:
    code, text, _ = archdsl_cli("spec", "resnet18", "-p", "num_classes=10")
    assert code == 0
    assert first_difference(archdsl.graph("resnet18", num_classes=10), archdsl.loads(text)) is None
    assert text == archdsl.spec("resnet18", num_classes=10)


def test_it_reads_a_graph(archdsl_cli: Run, tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(archdsl.graph("lenet5").to_json())
    assert archdsl_cli("spec", tmp_path / "net.json", "-o", tmp_path / "net.yaml")[0] == 0
    assert (tmp_path / "net.yaml").read_text() == archdsl.spec("lenet5")


def test_every_node_can_be_written_out(archdsl_cli: Run) -> None:
    text = archdsl_cli("spec", "resnet18", "--expanded")[1]
    assert "blocks:" not in text and " for k in " not in text
    assert len(text.splitlines()) > 2 * len(archdsl.spec("resnet18").splitlines())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("net.json", "-p", "a=1"),
            "`net.json` is a graph: parameters and sizes are set when it is made from its spec",
        ),
        (("missing.json",), "missing.json"),
        (("bad.json",), "expected"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    arguments: tuple[str, ...], told: str, archdsl_cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.json").write_text(archdsl.graph("lenet5").to_json())
    Path("bad.json").write_text("[1, 2]")
    code, text, error = archdsl_cli("spec", *arguments)
    assert (code, text) == (2, "")
    assert told in error and error.count("\n") == 1
