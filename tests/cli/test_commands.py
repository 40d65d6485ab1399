"""The commands: exit codes, what they print, what they write, and what they leave alone."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import commands as cli
from archdsl.drawing.layout import Layout
from archdsl.formats import FORMATS
from tests.cli.tiny import BROKEN, ROOT, Cli

# --- usage ----------------------------------------------------------------------------------------


def test_version(archdsl_cli: Cli) -> None:
    assert archdsl_cli("--version") == (0, f"archdsl {archdsl.__version__}\n", "")


@pytest.mark.parametrize("command", ["", *cli.COMMANDS])
def test_every_command_has_help(archdsl_cli: Cli, command: str) -> None:
    code, out, _ = archdsl_cli(*command.split(), "--help")
    assert code == 0
    assert out.startswith(f"usage: archdsl {command}".rstrip())


def test_no_command_shows_help_and_is_bad_usage(archdsl_cli: Cli) -> None:
    code, out, err = archdsl_cli()
    assert (code, out) == (2, "")
    assert "commands:" in err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("biuld", "did you mean `build`?"),
        ("nets/my.yaml", "did you mean `archdsl build nets/my.yaml`?"),
        ("xyzzy", f"the commands are {', '.join(cli.COMMANDS)}"),
    ],
)
def test_an_unknown_command_suggests_one(archdsl_cli: Cli, word: str, hint: str) -> None:
    assert archdsl_cli(word) == (2, "", f"archdsl: unknown command `{word}`; {hint}\n")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["-p", "width"], "expected KEY=VALUE, found `width`"),
        (["-p", "a b=1"], "expected KEY=VALUE, found `a b=1`"),
        (["-p", "a..b=1"], "expected KEY=VALUE, found `a..b=1`"),
        (["-p", "width=[1"], "cannot read `[1`"),
        (["-p", "width=1\nother: 2"], "expected one value"),
        (["--size", "h=3"], "expected H=256 or x.H=256, found `h=3`"),
        (["--size", "H=0"], "expected H=256 or x.H=256, found `H=0`"),
        (["--size", f"H={'1' * 5000}"], "size `H`: sizes go up to 2 ** 63 - 1"),
        (["--batch", "1" * 5000], "expected a whole number from 1, found `1111"),
    ],
)
def test_bad_options(archdsl_cli: Cli, tiny: Path, option: list[str], message: str) -> None:
    code, out, err = archdsl_cli("summary", tiny, *option)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("seed", [str(2**64), f"-{2**63 + 1}", "1" * 5000, "1.5", "--1"])
def test_a_seed_that_torch_does_not_take(archdsl_cli: Cli, tiny: Path, seed: str) -> None:
    code, out, err = archdsl_cli("build", tiny, f"--seed={seed}")
    assert (code, out) == (2, "")
    assert f"expected a whole number from -(2 ** 63) to 2 ** 64 - 1, found `{seed}`" in err


# --- check ----------------------------------------------------------------------------------------


def test_check_says_ok(archdsl_cli: Cli, tiny: Path) -> None:
    assert archdsl_cli("check", "tiny.yaml", "lenet5") == (0, "tiny.yaml: ok\nlenet5: ok\n", "")


def test_check_tells_every_mistake_of_every_file(archdsl_cli: Cli, tiny: Path) -> None:
    Path("broken.yaml").write_text(BROKEN)
    Path("worse.yaml").write_text("archdsl: 1\nnodes: {a: reluu}\n")
    code, out, err = archdsl_cli("check", "broken.yaml", "tiny.yaml", "worse.yaml")
    assert (code, err) == (1, "")
    for piece in ("broken.yaml:8:", "did you mean `kernel_size`?", "broken.yaml:10:", "tiny.yaml: ok"):
        assert piece in out
    assert "`reluu`" in out


def test_check_as_json_and_github(archdsl_cli: Cli, tiny: Path) -> None:
    tiny.write_text(BROKEN)
    code, out, _ = archdsl_cli("check", "tiny.yaml", "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert {"unknown-field", "tiny.yaml"} <= {found[0]["code"], found[0]["file"]}
    code, out, _ = archdsl_cli("check", "tiny.yaml", "--format", "github")
    assert code == 1
    assert out.startswith("::error file=tiny.yaml,line=8,")


def test_strict_fails_on_warnings_and_on_nothing_else(archdsl_cli: Cli, tiny: Path) -> None:
    tiny.with_name("unused.yaml").write_text(tiny.read_text().replace("act: relu}", "act: relu, unused: 3}"))
    code, out, _ = archdsl_cli("check", "unused.yaml")
    assert code == 0 and "warning[unused]: nothing reads the parameter `unused`" in out
    assert archdsl_cli("check", "unused.yaml", "--strict")[0] == 1
    assert archdsl_cli("check", "unused.yaml", "tiny.yaml", "--strict", "--format", "json")[0] == 1
    assert archdsl_cli("check", "tiny.yaml", "--strict") == (0, "tiny.yaml: ok\n", "")


def test_check_takes_what_sets_a_spec(archdsl_cli: Cli, tiny: Path) -> None:
    grouped = tiny.read_text().replace("kernel_size: 3", "kernel_size: 3, groups: width // 2")
    tiny.with_name("grouped.yaml").write_text(grouped)
    assert archdsl_cli("check", "grouped.yaml")[0] == 1
    for settings in (["-p", "width=6"], ["--param", "width=6", "--size", "H=9", "--size", "x.W=10"]):
        assert archdsl_cli("check", "grouped.yaml", "tiny.yaml", *settings)[0] == 0
    code, out, _ = archdsl_cli("check", "tiny.yaml", "-p", "width=0")
    assert code == 1 and "error[bad-value]" in out


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (["-p", "widht=5"], "no parameter `widht`"),
        (["-p", "width=wide"], "parameter `width`: expected a number, found the text `wide`"),
        (["--size", "K=3", "--size", "L=4"], "no dimension `K` and `L` to give a size"),
        (["--size", f"H={2**63}"], "size `H`: sizes go up to 2 ** 63 - 1"),
    ],
)
@pytest.mark.parametrize("spec", ["tiny.yaml", "library.yaml"])
def test_check_tells_of_settings_that_do_not_fit(
    archdsl_cli: Cli, tiny: Path, setting: list[str], message: str, spec: str
) -> None:
    library = "archdsl: 1\nparams: {width: 4}\nblocks:\n  a:\n    nodes: [{op: linear, out_features: width}]\n"
    tiny.with_name("library.yaml").write_text(library)
    for form in ("text", "json", "github"):
        code, out, _ = archdsl_cli("check", spec, *setting, "--format", form)
        assert code == 2 and message in out


def test_check_of_good_files_as_json_is_an_empty_list(archdsl_cli: Cli, tiny: Path) -> None:
    assert archdsl_cli("check", "tiny.yaml", "--format", "json") == (0, "[]\n", "")


# --- one spec -------------------------------------------------------------------------------------


def test_a_missing_file_names_the_nearest_spec(archdsl_cli: Cli) -> None:
    code, out, err = archdsl_cli("summary", "resnet5")
    assert (code, out) == (2, "")
    assert "`resnet5`" in err
    assert "did you mean" in err


def test_a_size_of_no_dimension_is_bad_usage(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, err = archdsl_cli("summary", tiny, "--size", "K=3")
    assert (code, out) == (2, "")
    assert "no dimension `K`" in err


def test_a_size_reaches_the_shapes(archdsl_cli: Cli, tiny: Path) -> None:
    for size in ("H=20", "x.H=20"):
        code, out, _ = archdsl_cli("summary", tiny, "--size", size)
        assert code == 0
        assert "4×18×6" in out


def test_a_figure_that_shows_less_than_asked_for_says_so(
    archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archdsl.drawing import painting
    from archdsl.drawing.rendering import lay_out
    from archdsl.figure.errors import TooLargeError

    def slow(dots: Sequence[str]) -> list[Layout]:
        if dots[0].count(" -> ") > 20:
            raise TooLargeError("the layout took more than 15 seconds")
        return lay_out(dots)

    monkeypatch.setattr(painting, "lay_out", slow)
    code, _, err = archdsl_cli("draw", "resnet18", "--depth", "2", "-o", tmp_path / "net.svg")
    assert code == 0
    # after "drawing …" where that is slow
    assert "archdsl: drawn at depth 1: the layout took more than 15 seconds" in err.splitlines()


def test_summary_formats(archdsl_cli: Cli, tiny: Path) -> None:
    assert "| `conv` |" in archdsl_cli("summary", tiny, "--format", "markdown")[1]
    assert json.loads(archdsl_cli("summary", tiny, "--format", "json")[1])["parameters"] == 122
    assert archdsl_cli("summary", tiny, "--format", "csv")[1].startswith(
        "path,op,output,parameters,macs,memory,field\n"
    )
    assert archdsl_cli("summary", tiny)[1] == f"{archdsl.summary(tiny)}\n"


def test_summary_counts_memory_for_a_batch_and_a_dtype(archdsl_cli: Cli, tiny: Path) -> None:
    options = ("--batch", "8", "--dtype", "bfloat16")
    assert archdsl_cli("summary", tiny, *options)[1] == f"{archdsl.summary(tiny, batch=8, dtype='bfloat16')}\n"
    fixed = tiny.with_name("fixed.yaml")
    fixed.write_text("archdsl: 1\nname: fixed\ninputs: {x: [4, 3]}\nnodes: [relu]\n")
    code, out, error = archdsl_cli("summary", fixed, "--batch", "8")
    assert (code, out, error) == (2, "", "archdsl: `fixed` has a batch of a fixed size\n")


def test_source_prints_what_the_api_returns(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, _ = archdsl_cli("source", tiny)
    assert (code, out) == (0, archdsl.source(tiny))


def test_source_writes_a_file(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, _ = archdsl_cli("source", tiny, "-o", "net.py")
    assert (code, out) == (0, "")
    assert Path("net.py").read_text() == archdsl.source(tiny)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG"), ("dot", b"digraph"), ("html", b"<!doctype")],
)
def test_draw_writes_what_the_suffix_says(archdsl_cli: Cli, tiny: Path, suffix: str, start: bytes) -> None:
    code, _, err = archdsl_cli("draw", tiny, "-o", f"net.{suffix}")
    assert code == 0, err
    assert Path(f"net.{suffix}").read_bytes().lstrip().startswith(start)


@pytest.mark.parametrize("name", ["net", "net.gif", "net.svgz"])
def test_draw_refuses_other_suffixes(archdsl_cli: Cli, tiny: Path, name: str) -> None:
    code, _, err = archdsl_cli("draw", tiny, "-o", name)
    assert code == 2
    known = ", ".join(f".{suffix}" for suffix in FORMATS)
    assert err == f"archdsl: cannot draw to `{name}`: expected a name that ends in {known}\n"
    assert not Path(name).exists()


@pytest.mark.parametrize(
    ("options", "shown", "not_shown"),
    [
        (["--depth", "1"], ["rankdir=TB", "params", "layer1"], ["layer1.0.conv1", "N×"]),
        (["--depth", "1", "--expand", "layer1.0", "--expand", "layer2.1"], ["layer1.0.conv1", "layer2.1.conv1"], []),
        (["--depth", "2", "--collapse", "layer1"], ["layer2.0.conv1"], ["layer1.0.conv1"]),
        (["--only", "layer1.0"], ["layer1.0.conv1", "Basic block"], ["layer1.1", "fc"]),
        (["--depth", "1", "--direction", "LR"], ["rankdir=LR"], ["rankdir=TB"]),
        (["--depth", "1", "--style", "dark"], ['bgcolor="#12161D"'], ['#FFFFFF" fontcolor']),
        (["--depth", "1", "--no-counts"], ["layer1"], ["params", "MACs"]),
        (["--depth", "1", "--batch"], ["N×64×56×56"], []),
        (["--depth", "1", "--title", "A network"], ["<B>A network</B>"], ["<B>resnet18</B>"]),
        (["--depth", "1", "--title", ""], ["layer1"], ["<B>resnet18</B>", "11.69"]),
    ],
)
def test_draw_shows_what_the_options_say(
    archdsl_cli: Cli, tiny: Path, options: list[str], shown: list[str], not_shown: list[str]
) -> None:
    code, _, err = archdsl_cli("draw", "resnet18", "-o", "net.dot", *options)
    assert code == 0, err
    text = Path("net.dot").read_text("utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert [each for each in shown if each not in text] == []
    assert [each for each in not_shown if each in text] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--expand", "layer1.O"], "there is no block `layer1.O` in `resnet18`; did you mean `layer1.1`?"),
        (["--collapse", "layr2"], "there is no block `layr2` in `resnet18`; did you mean `layer2`?"),
        (
            ["--only", "layer1.0.bn1"],
            "`layer1.0.bn1` is an op, `batch_norm2d`, expected a block; the block around it is `layer1.0`",
        ),
        (["--only", "layer1", "--expand", "layer2.0"], "`layer2.0` is not in `layer1`, which is all that is drawn"),
    ],
)  # fmt: skip
def test_draw_refuses_paths_that_are_no_blocks(archdsl_cli: Cli, tiny: Path, options: list[str], message: str) -> None:
    code, _, err = archdsl_cli("draw", "resnet18", "-o", "net.svg", *options)
    assert (code, err) == (2, f"archdsl: {message}\n")
    assert not Path("net.svg").exists()


def test_draw_refuses_a_direction_and_a_style_that_there_is_not(archdsl_cli: Cli, tiny: Path) -> None:
    assert archdsl_cli("draw", tiny, "-o", "net.dot", "--direction", "up")[0] == 2
    assert archdsl_cli("draw", tiny, "-o", "net.dot", "--style", "neon")[0] == 2


def test_draw_needs_a_file(archdsl_cli: Cli, tiny: Path) -> None:
    assert archdsl_cli("draw", tiny)[0] == 2


# --- list -----------------------------------------------------------------------------------------


def test_list_names_every_network_that_ships(archdsl_cli: Cli) -> None:
    code, out, _ = archdsl_cli("list")
    assert code == 0
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert names == sorted(path.stem for path in (ROOT / "specs").glob("*.yaml"))


# --- build ----------------------------------------------------------------------------------------


def test_build_writes_source_figure_and_summary(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, _ = archdsl_cli("build", "tiny.yaml")
    assert code == 0
    folder = Path("build/tiny")
    assert sorted(path.name for path in folder.iterdir()) == ["summary.json", "tiny.py", "tiny.svg"]
    assert (folder / "tiny.py").read_text() == archdsl.source(tiny)
    assert json.loads((folder / "summary.json").read_text())["parameters"] == 122
    assert out.startswith(str(archdsl.summary(tiny)))
    names = ("tiny.py", "tiny.svg", "summary.json")
    assert out.splitlines()[-3:] == [f"wrote {folder / name}" for name in names]


def test_a_failed_build_leaves_nothing(archdsl_cli: Cli, tiny: Path) -> None:
    tiny.write_text(BROKEN)
    code, out, err = archdsl_cli("build", tiny)
    assert (code, out) == (1, "")
    assert "unknown-field" in err
    assert not Path("build").exists()


def test_a_failed_build_keeps_the_last_good_one(archdsl_cli: Cli, tiny: Path) -> None:
    archdsl_cli("build", tiny)
    before = {path.name: path.read_bytes() for path in Path("build/tiny").iterdir()}
    tiny.write_text(BROKEN)
    assert archdsl_cli("build", tiny)[0] == 1
    assert {path.name: path.read_bytes() for path in Path("build/tiny").iterdir()} == before


def test_a_network_that_does_not_run_is_a_bad_spec(
    archdsl_cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archdsl_torch import trial

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("sizes differ")

    monkeypatch.setattr(trial, "run_once", fail)
    code, out, err = archdsl_cli("build", tiny)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "archdsl: `tiny` was built but does not run: sizes differ"
    assert not Path("build").exists()


@pytest.mark.parametrize("target", ["file", "file/below"])
def test_a_file_where_the_directory_should_be(archdsl_cli: Cli, tiny: Path, target: str) -> None:
    Path("file").write_text("mine")
    code, out, err = archdsl_cli("build", tiny, "-o", target)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"archdsl: `{target}`: not a directory"
    assert Path("file").read_text() == "mine"


def test_a_disk_error_is_one_line(archdsl_cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, out, err = archdsl_cli("build", tiny)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"archdsl: `{Path('build/tiny/tiny.py').resolve()}`: no space left on device"
    assert not Path("build").exists()


def test_a_slow_step_says_so(archdsl_cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.cli.sharing.PATIENCE", 0.0)
    assert "drawing …\n" in archdsl_cli("build", tiny)[2]


def test_an_interrupt_is_quiet(archdsl_cli: Cli, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("archdsl.elaboration.analyse.analyse", interrupt)
    assert archdsl_cli("build", tiny) == (130, "", "archdsl: interrupted\n")


def test_graph_prints_or_writes_json(tiny: Path, archdsl_cli: Cli, tmp_path: Path) -> None:
    code, out, _ = archdsl_cli("graph", tiny)
    assert code == 0
    assert archdsl.Graph.from_json(out) == archdsl.graph(tiny)
    code, printed, said = archdsl_cli("graph", tiny, "-o", tmp_path / "net.json")
    assert (code, printed, said) == (0, "", f"wrote {tmp_path / 'net.json'}\n")
    assert (tmp_path / "net.json").read_text("utf-8") == out
