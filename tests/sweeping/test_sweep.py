"""A sweep: its trials, and how it reads."""

from __future__ import annotations

import json
from csv import DictReader
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.limits import MAX_TRIALS
from tests.cli.tiny import Cli

NET: dict[str, Any] = {
    "archdsl": 1,
    "name": "net",
    "params": {"width": 16, "depth": 2, "heads": 4, "act": "relu"},
    "inputs": {"x": ["N", "T = 8", 16]},
    "nodes": {
        "stem": {"op": "linear", "out_features": "width"},
        "for i in range(depth)": {"layer$i": {"op": "linear", "out_features": "width"}, "act$i": "$act"},
        "split": {"op": "rearrange", "pattern": "n t (h c) -> n h t c", "h": "heads"},
    },
}


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.yaml"
    path.write_text(json.dumps(NET))
    return path


def test_every_combination_is_the_graph_of_its_settings() -> None:
    sweep = archdsl.sweep(NET, {"width": (16, 32), "depth": range(1, 4)}, act="gelu")
    assert [dict(trial.params) for trial in sweep] == [
        {"width": width, "depth": depth} for width in (16, 32) for depth in (1, 2, 3)
    ]
    for trial in sweep:
        alone = archdsl.graph(NET, act="gelu", **trial.params)
        assert trial.graph == alone
        assert (trial.parameters, trial.macs) == (alone.parameters, alone.macs)
        assert trial.memory == archdsl.summary(alone).memory.inference.total
        assert trial.latency is None


def test_a_setting_that_the_spec_refuses_is_told_beside_the_others() -> None:
    sweep = archdsl.sweep(NET, {"heads": [4, 5]})
    assert [trial.graph is None for trial in sweep] == [False, True]
    assert sweep.trials[1].mistakes[0].message == "(h c): 16 is not divisible by h = 5"
    assert sweep.table().splitlines()[-1].split()[:4] == ["5", "–", "–", "–"]
    assert sweep.trials[1].mistakes[0].message in sweep.table()
    assert json.loads(sweep.json())["trials"][1]["mistakes"] == [sweep.trials[1].mistakes[0].message]


def test_mistakes_at_every_setting_are_raised() -> None:
    with pytest.raises(archdsl.SpecError, match="no parameter `widht`"):
        archdsl.sweep(NET, {"widht": [1, 2]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "nothing to sweep: give a parameter several values"),
        ({"width": []}, "`width` has no values to try"),
        ({"width": range(1, 100), "depth": range(20)}, f"1,980 combinations, and a sweep has at most {MAX_TRIALS:,}"),
    ],
)
def test_what_cannot_be_swept(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        archdsl.sweep(NET, values)


def test_it_reads_as_a_table_csv_and_json() -> None:
    sweep = archdsl.sweep(NET, {"width": [16, 32], "act": ["relu", "gelu"]})
    lines = str(sweep).splitlines()
    assert lines[0] == "net" and lines[2].split() == ["width", "act", "Params", "MACs", "Memory"]
    assert [line.split()[:3] for line in lines[4:]] == [
        [str(trial.params["width"]), trial.params["act"], f"{trial.parameters:,}"] for trial in sweep
    ]
    rows = [*DictReader(StringIO(sweep.csv()))]
    data = json.loads(sweep.json())["trials"]
    for row, found, trial in zip(rows, data, sweep, strict=True):
        assert (row["width"], row["act"], row["parameters"]) == (str(trial.params["width"]), trial.params["act"],
                                                                 str(trial.parameters))  # fmt: skip
        assert found["params"] == trial.params and found["macs"] == trial.macs and found["memory"] == trial.memory


def test_latency_is_of_networks_that_were_built() -> None:
    sweep = archdsl.sweep(NET, {"width": [16, 32]}, latency=True)
    assert all(trial.latency is not None and 0 < trial.latency < 10 for trial in sweep)
    assert str(sweep).splitlines()[-1].endswith(" ms")


def test_the_command(archdsl_cli: Cli, net: Path) -> None:
    options = ("-p", "width=16,32", "-p", "depth=range(1, 3)", "-p", "act=gelu", "-o", "s.svg")
    code, out, err = archdsl_cli("sweep", net, *options)
    assert (code, err) == (0, "wrote s.svg\n")
    assert out == archdsl.sweep(net, {"width": [16, 32], "depth": [1, 2]}, act="gelu").table() + "\n"
    assert Path("s.svg").read_text().startswith("<svg ")
    code, out, _ = archdsl_cli("sweep", net, "-p", "heads=4,5", "--format", "csv")
    assert (code, len(out.splitlines())) == (1, 3)
    assert archdsl_cli("sweep", net, "-p", "heads=5,7")[0] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-p", "width=16"], "nothing to sweep: give a parameter several values"),
        (["-p", "width=1,2", "-o", "plot.png"], "cannot draw to `plot.png`: expected a name that ends in .svg"),
        (["-p", "width=range(0, 5000)"], "`range(0, 5000)` has more than 1,000 values"),
        (["-p", "width=range(1, 9, 0)"], "`range(1, 9, 0)` has steps of 0"),
        (["-p", "width=range(3, 3)"], "`width` has no values to try"),
        (["-p", "width"], "expected KEY=VALUE, found `width`"),
        (["-p", "width=[1, 2"], "cannot read"),
        (["-p", "widht=1,2"], "no parameter `widht`"),
    ],
)
def test_bad_usage(archdsl_cli: Cli, net: Path, options: list[str], message: str) -> None:
    code, out, err = archdsl_cli("sweep", net, *options)
    assert (code, out) == (2, "") and message in err
    assert not Path("plot.png").exists()
