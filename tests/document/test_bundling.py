"""A spec that was read, as one bundle; and read from it, with no look at this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.cli import commands as cli
from archdsl.ir.graph import Graph
from archdsl.text.bundles import KEY, Bundle
from tests.text.test_bundles import written
from tests.thorough import examples

NET = """
archdsl: 1
name: net
extends: lib/base
use: [lib/blocks.yaml, blocks/mlp]
nodes:
  a: {op: twice, width: width}
  b: {op: spec.lib/inner, width: 2}
"""
BASE = "archdsl: 1\nparams: {width: 4, table: {deep: [1, 2]}}\ninputs: {x: [N, 3, H = 8]}\nnodes: {a: relu}\n"
BLOCKS = """
archdsl: 1
blocks:
  twice:
    params: {width: 1}
    nodes: [{op: conv1d, out_channels: width, kernel_size: 1}, relu]
"""
INNER = """
archdsl: 1
params: {width: 1}
inputs: {x: [N, C, T]}
nodes: {fc: {op: conv1d, out_channels: width, kernel_size: 1}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "net.yaml").write_text(NET)
    for name, text in {"base": BASE, "blocks": BLOCKS, "inner": INNER}.items():
        (tmp_path / "lib" / f"{name}.yaml").write_text(text)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bundle_of(graph: Graph) -> Bundle:
    assert graph.provenance.bundle is not None
    return graph.provenance.bundle


def packed(graph: Graph, file: str = "elsewhere/net.safetensors") -> Path:
    return written(Path(file), {KEY: bundle_of(graph).text()})


def test_everything_that_was_read_goes_along(home: Path) -> None:
    found = bundle_of(archdsl.graph("net.yaml", width=5, sizes={"H": 6}, **{"table.deep": [3]}))
    assert set(found.texts) == {
        "net.yaml",
        "lib/base.yaml",
        "lib/blocks.yaml",
        "lib/inner.yaml",
        "archdsl/blocks/mlp.yaml",
    }
    assert found.main == "net.yaml" and found.texts["net.yaml"] == NET
    assert found.names["net.yaml"] == {
        "lib/base": "lib/base.yaml", "lib/blocks.yaml": "lib/blocks.yaml", "blocks/mlp": "archdsl/blocks/mlp.yaml",
        "lib/inner": "lib/inner.yaml",
    }  # fmt: skip
    assert found.params == {"width": 5, "table.deep": [3]} and found.sizes == {"H": 6}


def test_it_is_read_back_as_the_same_network_whatever_has_become_of_the_files(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = archdsl.graph("net.yaml", width=5, sizes={"H": 6})
    packed(graph)
    for file in (home / "lib").iterdir():
        file.write_text("archdsl: 1\nnodes: nothing\n")
    monkeypatch.chdir(home / "elsewhere")
    again = archdsl.graph("net.safetensors")
    assert again.overrides == graph.overrides and again.path == home.resolve() / "elsewhere/net.safetensors"
    assert not archdsl.diff(graph, again) and archdsl.source(graph) == archdsl.source(again)
    assert bundle_of(again) == bundle_of(graph)
    assert [each.code for each in archdsl.check("net.safetensors")] == ["unused"]  # `use: blocks/mlp`
    assert archdsl.graph("net.safetensors", width=9).overrides == {"width": 9, "H": 6}


@pytest.mark.parametrize("spec", ["resnet18", "bilstm_tagger", "detr_resnet50"])
def test_networks_that_ship_stay_what_they_are(home: Path, spec: str) -> None:
    graph = archdsl.graph(spec)
    assert not archdsl.diff(graph, packed(graph))


def test_a_spec_that_is_no_file_goes_along_too(home: Path) -> None:
    graph = archdsl.graph({"archdsl": 1, "name": "net", "extends": "lib/base"}, width=2)
    assert archdsl.graph(packed(graph)).params["width"] == 2


def test_two_files_of_one_name_keep_apart(home: Path) -> None:
    (home / "work").mkdir()
    (home / "work/base.yaml").write_text("archdsl: 1\nextends: ../lib/base\nname: other\n")
    graph = archdsl.graph("work/base.yaml")
    assert list(bundle_of(graph).texts) == ["base.yaml", "2/base.yaml"]
    assert not archdsl.diff(graph, packed(graph))


def test_a_caller_sets_what_a_table_of_the_bundle_had_set_in_part(home: Path) -> None:
    file = packed(archdsl.graph("net.yaml", **{"table.deep": [3]}))
    assert archdsl.graph(file).params["table"] == {"deep": [3]}
    assert archdsl.graph(file, table={"deep": [4]}).params["table"] == {"deep": [4]}


# --- strangers' -----------------------------------------------------------------------------------


def stranger(text: str, **parts: Any) -> Path:
    bundle = Bundle("net.yaml", {"net.yaml": text}, {}, {}, {})._replace(**parts)
    return written(Path("elsewhere/net.safetensors"), {KEY: bundle.text()})


NAMING = {
    "an absolute file": "archdsl: 1\nextends: /etc/passwd\n",
    "a file of this machine": "archdsl: 1\nextends: ../lib/base\n",
    "a file beside it": "archdsl: 1\nuse: [net.yaml]\nnodes: {a: relu}\ninputs: {x: [N]}\n",
    "what ships": "archdsl: 1\ninputs: {x: [N, 3, 64, 64]}\nnodes: {a: {op: spec.resnet18}}\n",
}


@pytest.mark.parametrize("case", NAMING)
def test_what_a_bundle_names_is_looked_for_in_it_alone(home: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "elsewhere/net.yaml").write_text(BASE)
    file, asked, before = stranger(NAMING[case]), list[str](), os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: asked.append(str(path)) or before(path, *rest, **more))
    (found,) = archdsl.check(file)
    assert found.code == "file-not-found" and "and its spec can name no others" in found.message
    assert {path for path in asked if not path.endswith(".py")} <= {str(file)}


def test_files_of_weights_that_a_bundle_names_are_not_looked_for(home: Path) -> None:
    Path("lib/inner.pth").touch()
    file = stranger(
        "archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: {op: linear, out_features: 2}}\n"
        "weights: {files: {a: ../lib/inner.pth}}\n"
    )
    assert [each.path for each in archdsl.graph(file).provenance.weights] == [home.resolve() / file]


def test_mistakes_are_shown_with_their_lines(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger("archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: rellu}\n")
    assert cli.run(["check", "elsewhere/net.safetensors"]) == 1
    assert " --> elsewhere/net.safetensors/net.yaml:3:12\n" in (out := capsys.readouterr().out) and "rellu" in out
    assert cli.run(["check", "--fix", "elsewhere/net.safetensors"]) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 20])
def test_a_file_that_is_none_is_told_in_a_line(home: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    Path("net.safetensors").write_bytes(content)
    with pytest.raises(SystemExit, match="1"):
        cli.run(["summary", "net.safetensors"])
    assert capsys.readouterr().err.splitlines()[0] == (
        "error[file-unreadable]: `net.safetensors` is no safetensors file, or damaged: it ends before its header does"
    )


def test_limits_count_for_bundles_too(home: Path) -> None:
    file = stranger("archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: relu}\n# " + "x" * 1_000_001)
    (found,) = archdsl.check(file)
    assert found.code == "too-large"


def test_settings_of_a_bundle_are_checked_as_a_caller_s(home: Path) -> None:
    file = stranger("archdsl: 1\nparams: {n: 3}\ninputs: {x: [N, n]}\nnodes: {a: relu}\n", params={"n": "x", "m": 1})
    assert {each.code for each in archdsl.check(file)} == {"wrong-type", "unknown-parameter"}


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_that_is_damaged_anywhere_is_told_or_is_another_spec(home: Path, data: st.DataObject) -> None:
    whole = packed(archdsl.graph("net.yaml"), "elsewhere/whole.safetensors").read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = data.draw(st.sampled_from([whole[:place], whole[:place] + whole[place + 1 :]]))
    for piece in data.draw(st.lists(st.binary(max_size=3), max_size=3)):
        at = data.draw(st.integers(0, len(changed)))
        changed = changed[:at] + piece + changed[at + len(piece) :]
    Path("elsewhere/net.safetensors").write_bytes(changed)
    archdsl.check("elsewhere/net.safetensors")
