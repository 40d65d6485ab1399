"""`archdsl diff`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.elaboration import analyse
from tests.cli.tiny import Cli, spawn
from tests.comparison.support import HEAD

TEXT = """
params: {width: 4}
inputs: {x: [N, 3, H = 8, W = 8]}
nodes:
  conv: {op: conv2d, out_channels: width, kernel_size: 3}
  act: relu
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A good spec, `net.yaml`, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(HEAD + TEXT)
    return "net.yaml"


def test_the_same_network_ends_with_0(archdsl_cli: Cli, net: str) -> None:
    code, out, err = archdsl_cli("diff", net, net)
    assert (code, err) == (0, "")
    assert "The networks are the same" in out


def test_a_spec_that_is_refused_is_analysed_once(archdsl_cli: Cli, net: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile one takes its two seconds, and not twice as long."""
    Path(net).write_text(HEAD + TEXT.replace("relu", "rleu"))
    seen = []

    def counting(*given: Any) -> Any:
        seen.append(given[0])
        return real(*given)

    real = analyse.analyse
    monkeypatch.setattr(analyse, "analyse", counting)
    code, _, err = archdsl_cli("diff", net, net)
    assert (code, seen, err.count("unknown op")) == (1, [net], 1)
    assert archdsl_cli("diff", net, net, "--to", "width=6")[0] == 1
    assert seen == [net] * 3


def test_two_networks_end_with_3(archdsl_cli: Cli, net: str) -> None:
    Path("other.yaml").write_text(HEAD + TEXT.replace("relu", "gelu"))
    code, out, err = archdsl_cli("diff", net, "other.yaml")
    assert (code, err) == (3, "")
    assert "~ act: ReLU → GELU" in out
    assert out.rstrip("\n") == str(archdsl.diff(net, "other.yaml"))


def test_settings_of_the_second_alone_and_of_both(archdsl_cli: Cli, net: str) -> None:
    code, out, _ = archdsl_cli("diff", net, "-p", "width=8", "--to", "width=6", "--size", "W=16", "--to", "H=16")
    assert code == 3
    assert out.startswith("net (width=8) → net (width=6, H=16)\n")
    assert "  width  8 → 6\n  H      8 → 16\n" in out
    assert "out_channels  8 → 6" in out
    assert archdsl_cli("diff", net, "-p", "width=6", "--to", "width=6")[0] == 0


def test_json_is_printed_whole(archdsl_cli: Cli, net: str) -> None:
    code, out, _ = archdsl_cli("diff", net, "--to", "width=6", "--format", "json")
    assert code == 3
    assert json.loads(out) == archdsl.diff(net, archdsl.graph(net, width=6)).data()


@pytest.mark.parametrize("suffix", ["svg", "dot"])
def test_the_figure_is_written_beside_the_text(archdsl_cli: Cli, net: str, suffix: str) -> None:
    code, out, err = archdsl_cli("diff", net, "--to", "width=6", "-o", f"diff.{suffix}", "--depth", 2)
    assert code == 3
    assert "wrote diff." in err
    assert "out_channels  4 → 6" in out
    assert "altered" in Path(f"diff.{suffix}").read_text()


def test_the_figure_takes_the_options_of_draw(archdsl_cli: Cli, net: str) -> None:
    figure = ("diff", net, "--to", "width=6", "-o", "diff.dot")
    assert archdsl_cli(*figure, "--title", "Wider", "--direction", "LR", "--style", "print", "--no-counts")[0] == 3
    text = Path("diff.dot").read_text()
    assert "Wider" in text
    assert "rankdir=LR" in text
    assert "params" not in text
    code, _, err = archdsl_cli(*figure, "--colour-by", "macs")
    assert code == 2
    assert "--colour-by" in err


def test_a_figure_that_cannot_be_written_ends_with_2(archdsl_cli: Cli, net: str) -> None:
    assert archdsl_cli("diff", net, "--to", "width=6", "-o", "diff.bmp")[0] == 2


def test_one_spec_and_no_settings_are_nothing_to_compare(archdsl_cli: Cli, net: str) -> None:
    code, out, err = archdsl_cli("diff", net)
    assert (code, out) == (2, "")
    assert "--to KEY=VALUE" in err


def test_mistakes_of_both_specs_are_told(archdsl_cli: Cli, net: str) -> None:
    Path("one.yaml").write_text(HEAD + TEXT.replace("relu", "relux"))
    Path("two.yaml").write_text(HEAD + TEXT.replace("conv2d", "conv2e"))
    code, out, err = archdsl_cli("diff", "one.yaml", "two.yaml")
    assert (code, out) == (1, "")
    assert "relux" in err
    assert "conv2e" in err


def test_a_mistake_of_one_spec_is_told_once(archdsl_cli: Cli, net: str) -> None:
    Path("bad.yaml").write_text(HEAD + TEXT.replace("relu", "relux"))
    code, _, err = archdsl_cli("diff", "bad.yaml", "--to", "width=6")
    assert code == 1
    assert err.count("error[") == 1
    assert archdsl_cli("diff", net, "--to", "wide=6")[0] == 2
    assert archdsl_cli("diff", net, "missing.yaml")[0] == 2


@pytest.mark.parametrize("value", ["width", "h =3", "H=0"])
def test_settings_that_cannot_be_read(archdsl_cli: Cli, net: str, value: str) -> None:
    code, _, err = archdsl_cli("diff", net, "--to", value)
    assert code == 2
    assert value in err


def test_comparing_imports_nothing_heavy(net: str) -> None:
    code = (
        "import sys; from archdsl.cli.commands import run; run(['diff', 'net.yaml', '--to', 'width=6']); "
        "print(sorted({'torch', 'networkx', 'graphviz', 'pygraphviz', 'numpy'} & set(sys.modules)))"
    )
    assert spawn(sys.executable, "-c", code).stdout.splitlines()[-1] == "[]"
