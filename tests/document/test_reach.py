"""Which files a spec may name, and that nothing of a file is told which is no spec."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.document import files
from archdsl.document.inherit import Reader
from archdsl.elaboration.analyse import analyse
from archdsl.viewer.watching import Watched
from tests.thorough import examples

Cli = Callable[..., tuple[int, str, str]]
SECRET = "password: hunter2\nkey: [-----BEGIN\n"
NET = "archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: relu}\n"
WAYS = {
    "extends": "archdsl: 1\nextends: %s\n",
    "use": "archdsl: 1\nuse: [%s]\ninputs: {x: [N, 3]}\nnodes: {a: relu}\n",
    "spec": 'archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: {op: "spec.%s"}}\n',
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a folder `mine` for specs; `tmp_path` holds files that are nobody's business."""
    (tmp_path / "base.yaml").write_text(NET)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "here/mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def told(spec: str, include: object = ()) -> list[str]:
    """The codes of all mistakes; that a library is used for nothing is none here."""
    codes = [found.code for found in archdsl.check(spec, include=include)]  # type: ignore[arg-type]
    return [code for code in codes if code != "unused"]


@pytest.mark.parametrize("way", WAYS)
def test_files_out_of_reach(home: Path, way: str) -> None:
    def names(name: str) -> list[str]:
        (home / "mine/net.yaml").write_text(WAYS[way] % name)
        return told("mine/net.yaml")

    (home / "near.yaml").write_text(NET)
    assert names("../near") == [], "the working directory stands above the spec"
    assert names("resnet50" if way == "extends" else "alexnet") in ([], ["shape-mismatch"], ["rank-error"])
    assert names("../../base") == names("../../base.yaml") == ["file-outside"]
    assert names("../../no_such_file") == ["file-outside"], "whether there is one is not told"
    assert names(f"{home}/near.yaml") == names("/no/such/file") == ["file-outside"]
    assert names("../near/../../../base") == ["file-outside"]


@pytest.mark.parametrize("way", WAYS)
def test_links_lead_where_they_lead(home: Path, way: str) -> None:
    (home / "mine/net.yaml").write_text(WAYS[way] % "link")
    link = home / "mine/link.yaml"
    for target in (home.parent / "base.yaml", home.parent / "gone.yaml", Path("/etc/passwd")):
        link.symlink_to(target)
        assert told("mine/net.yaml") == ["file-outside"], target
        link.unlink()
    (home / "near.yaml").write_text(NET)
    link.symlink_to(home / "near.yaml")
    assert told("mine/net.yaml") == []


def test_a_loop_of_links_cannot_be_read(home: Path) -> None:
    (home / "a.yaml").symlink_to("b.yaml")
    (home / "b.yaml").symlink_to("a.yaml")
    (home / "net.yaml").write_text("archdsl: 1\nextends: a.yaml\n")
    assert told("net.yaml") == told("a.yaml") == ["file-unreadable"]


def test_a_link_to_a_name_too_long_cannot_be_read(home: Path) -> None:
    (home / "mine/link.yaml").symlink_to("a" * 300)
    (home / "mine/link").symlink_to("a" * 300)
    for way in WAYS.values():
        (home / "mine/net.yaml").write_text(way % "link")
        assert len(told("mine/net.yaml")) == 1


def test_from_elsewhere_only_the_own_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "near.yaml").write_text(NET)
    (home / "mine/net.yaml").write_text("archdsl: 1\nextends: ../near\n")
    spec = str(home / "mine/net.yaml")
    monkeypatch.chdir("/")
    assert told(spec) == ["file-outside"], "the root of all files is no project"
    monkeypatch.chdir(home.parent)
    assert told(spec) == []
    monkeypatch.chdir(home / "mine")
    assert told("net.yaml") == ["file-outside"]
    assert told("net.yaml", home) == told("net.yaml", [".."]) == []


def test_the_hint_says_what_is_allowed(home: Path, archdsl_cli: Cli) -> None:
    (home / "mine/net.yaml").write_text("archdsl: 1\nextends: ../../base\n")
    code, output, _ = archdsl_cli("check", "mine/net.yaml")
    assert code == 1 and "net.yaml:2:10" in output and "--include DIR" in output and "include=" in output
    assert archdsl_cli("check", "mine/net.yaml", "--include", "..")[0] == 0
    assert archdsl_cli("check", "mine/net.yaml", "--include", "nowhere")[::2] == (
        2, "archdsl: `nowhere`: no such folder\n",
    )  # fmt: skip


def test_every_function_takes_include(home: Path) -> None:
    (home / "mine/net.yaml").write_text("archdsl: 1\nextends: ../../base\n")
    graph = archdsl.graph("mine/net.yaml", include="..")
    assert archdsl.load("mine/net.yaml", include="..").extends == "../../base"
    assert archdsl.summary("mine/net.yaml", include="..").table() and archdsl.source("mine/net.yaml", include="..")
    assert archdsl.draw("mine/net.yaml", "net.dot", include="..").exists()
    assert not archdsl.diff("mine/net.yaml", graph, include="..")
    module = archdsl.build("mine/net.yaml", include="..")
    with pytest.raises(OSError):
        archdsl.load_weights("mine/net.yaml", module, "gone.pth", include="..")
    for function in (archdsl.load, archdsl.graph, archdsl.build, archdsl.source, archdsl.summary):
        with pytest.raises(archdsl.SpecError, match="file-outside"):
            function("mine/net.yaml")


@pytest.mark.parametrize("command", ["build", "source", "summary", "draw", "diff"])
def test_every_command_takes_include(home: Path, archdsl_cli: Cli, command: str) -> None:
    (home / "mine/net.yaml").write_text("archdsl: 1\nextends: ../../base\n")
    more = {"draw": ("-o", "net.dot"), "diff": ("mine/net.yaml",)}.get(command, ())
    code, output, error = archdsl_cli(command, "mine/net.yaml", *more)
    assert code == 1 and "file-outside" in output + error
    assert archdsl_cli(command, "mine/net.yaml", *more, "--include", "..")[0] == 0


def test_the_viewer_obeys(home: Path) -> None:
    (home / "mine/net.yaml").write_text("archdsl: 1\nextends: ../../secret\n")
    assert "file-outside" in Watched("mine/net.yaml", {}, {}).state.wrong
    wrong = Watched("mine/net.yaml", {}, {}, (home.parent,)).state.wrong
    assert "not-a-spec" in wrong and "hunter2" not in wrong


SECRETS = {
    "text": SECRET,
    "yaml": "users:\n  - {name: admin, password: hunter2}\n",
    "broken yaml": "users: [hunter2\n",
    "scalar": "hunter2\n",
    "list": "- hunter2\n",
    "comment": "# hunter2\n",
    "latin": "hunter2 \xe9\n",
    "deep": "{a: " * 150 + "hunter2",
    "a spec inside": "hunter2:\n  archdsl: 1\n  nodes: {hunter2: hunter2}\n",
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("way", [*WAYS, "asked", "link"])
def test_nothing_is_told_of_what_is_no_spec(home: Path, archdsl_cli: Cli, kind: str, way: str) -> None:
    (home / "secret.yaml").write_bytes(SECRETS[kind].encode("latin-1"))
    (home / "net.yaml").write_text(WAYS.get(way, "") % ("secret.yaml",) if way in WAYS else "")
    if way == "link":
        (home / "net.yaml").unlink()
        (home / "net.yaml").symlink_to("secret.yaml")
    name = "secret.yaml" if way == "asked" else "net.yaml"
    for shape in ("text", "json", "github"):
        code, output, error = archdsl_cli("check", name, "--format", shape)
        assert code == 1 and "hunter2" not in output + error and error == ""
    with pytest.raises(archdsl.SpecError) as raised:
        archdsl.graph(name)
    assert "hunter2" not in str(raised.value) + repr(raised.value) + str(raised.value.sources)
    assert {found.code for found in raised.value.diagnostics} <= {"not-a-spec", "file-encoding"}


def test_a_forgotten_version_is_told_with_its_lines(home: Path, archdsl_cli: Cli) -> None:
    (home / "net.yaml").write_text("inputs: {x: [N, 3]}\nnodes: {a: rel}\n")
    output = archdsl_cli("check", "net.yaml")[1]
    assert "missing-field" in output and "1 | inputs" in output
    (home / "net.txt").write_text("inputs: {x: [N, 3]}\nnodes: {a: rel}\n")
    assert "not-a-spec" in archdsl_cli("check", "net.txt")[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "huge", "endless", "nul", "long"])
def test_what_is_no_file_is_told_at_once(home: Path, archdsl_cli: Cli, way: str, kind: str) -> None:
    thing, name = home / "thing.yaml", "thing.yaml"
    if kind == "pipe":
        os.mkfifo(thing)
    elif kind == "device":
        thing.symlink_to("/dev/zero")
    elif kind == "folder":
        thing.mkdir()
    elif kind == "huge":
        thing.touch()
        os.truncate(thing, 1 << 40)
    elif kind == "endless":
        thing.write_text("archdsl: 1\n" + "# nothing\n" * 1_000_000)
    else:
        name = "a\\0b" if kind == "nul" else "x" * 5000
    (home / "net.yaml").write_text((WAYS[way] % name).replace(name, f'"{name}"' if way != "spec" else name))
    start = time.process_time()
    code, output, error = archdsl_cli("check", "net.yaml", "--format", "json")
    assert time.process_time() - start < 2 and code == 1 and error == ""
    expected = {
        "pipe": "file-unreadable", "device": "file-outside", "folder": "file-unreadable", "huge": "file-too-large",
        "endless": "missing-field", "nul": "file-not-found", "long": "file-not-found",
    }  # fmt: skip
    codes = [found["code"] for found in json.loads(output)]
    assert codes in ([expected[kind]], ["file-too-large"]) and len(output) < 2000


def test_a_pipe_that_takes_the_place_of_a_file_keeps_nobody_waiting(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(home / "pipe.yaml")
    monkeypatch.setattr(Path, "stat", lambda self: os.stat(home.parent / "base.yaml"))
    text, problem = files.read_text(home / "pipe.yaml")
    assert text is None and problem is not None and problem.message.endswith("is not an ordinary file")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("extends: parts/famly", "parts/family"),
        ("extends: parts/famly.yaml", "parts/family.yaml"),
        ("use: [./parts/famly]", "parts/family"),
        ("extends: alexnt", "alexnet"),
        ("use: [blocks/rotry]", "blocks/rotary"),
        ("nodes: {a: spec.parts/famly}", "parts/family"),
    ],
)
def test_a_misspelt_name_suggests_a_file_beside_it(home: Path, text: str, hint: str) -> None:
    (home / "parts").mkdir()
    (home / "parts/family.yaml").write_text(NET)
    (home / "parts/family.txt").write_text(NET)
    (home / "net.yaml").write_text(f"archdsl: 1\ninputs: {{x: [N, 3]}}\n{text}\n")
    (found,) = (found for found in archdsl.check("net.yaml") if found.code == "file-not-found")
    assert found.hint == f"did you mean `{hint}`?"


def test_a_misspelt_file_suggests_one_beside_it(home: Path) -> None:
    (home / "mine/resnet50.yaml").write_text(NET)
    (found,) = archdsl.check("mine/resnet5.yaml")
    assert (found.code, found.hint) == ("file-not-found", "did you mean `mine/resnet50.yaml`?")


def test_weights_of_what_it_extends_are_known_for_what_they_are(home: Path) -> None:
    base = "archdsl: 1\nname: base\ninputs: {x: [N, 3]}\nnodes:\n  a: {op: linear, out_features: 4}\n"
    (home.parent / "base.yaml").write_text(base + "  fc: {op: linear, out_features: 5}\n")
    torch.save(archdsl.build(home.parent / "base.yaml").state_dict(), "base.pth")
    net = "archdsl: 1\nextends: ../../base\npatch: {nodes.fc: {op: linear, out_features: 2}}\n"
    (home / "mine/net.yaml").write_text(net)
    module = archdsl.build("mine/net.yaml", include="..")
    report = archdsl.load_weights("mine/net.yaml", module, "base.pth", include="..")
    assert report.loaded == ("a.weight", "a.bias") and list(report.skipped) == ["fc.weight", "fc.bias"]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody can remove it")
def test_where_the_working_directory_is_gone(home: Path, archdsl_cli: Cli) -> None:
    spec = home / "mine/net.yaml"
    spec.write_text("archdsl: 1\nextends: ../base\n")
    (home / "gone").mkdir()
    os.chdir(home / "gone")
    (home / "gone").rmdir()
    assert archdsl_cli("check", "alexnet")[0] == 0
    assert "file-outside" in archdsl_cli("check", spec)[1]


def test_a_network_that_was_read_keeps_its_reach(home: Path) -> None:
    (home / "mine/net.yaml").write_text("archdsl: 1\nextends: ../../base\n")
    graph = archdsl.graph("mine/net.yaml", include=home.parent)
    assert graph.provenance.folders == (home, home.parent)


ODD = ("", ".", "~", "a\\0b", "é", "C:", "x" * 300, "/etc/passwd", "loop/loop")
WAY = st.lists(st.sampled_from(("..", "..", "mine", "parts", "out", ".")), max_size=4)
FILE = st.sampled_from(("base", "base.yaml", "secret", "in", "out", "parts/in", *ODD))
NAME = st.builds(lambda way, file: "/".join([*way, file]), WAY, FILE)


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(NAME, min_size=3, max_size=3),
    links=st.lists(st.tuples(st.sampled_from(("out", "in", "in.yaml", "parts/in", "loop")), NAME), max_size=3),
)
def test_no_file_out_of_reach_is_ever_read(home: Path, names: list[str], links: list[tuple[str, str]]) -> None:
    """Whatever is named, through whatever links."""
    shutil.rmtree(home)
    (home / "mine/parts").mkdir(parents=True)
    (home / "mine/base.yaml").write_text(NET)
    os.chdir(home)
    for name, target in links:
        with suppress(OSError):
            (home / "mine" / name).symlink_to(target)
    first, second = (json.dumps(name).replace("\\\\0", "\\0") for name in names[:2])
    text = (
        f"archdsl: 1\nextends: {first}\nuse: [{second}]\ninputs: {{x: [N, 3]}}\nnodes: {{a: {{op: spec.{names[2]}}}}}\n"
    )
    (home / "mine/net.yaml").write_text(text)
    reader = Reader()
    analyse("mine/net.yaml", None, None, reader)
    for file in reader.files:
        assert file.is_relative_to(home) or file.is_relative_to(files.specs_folder()), (file, text)
