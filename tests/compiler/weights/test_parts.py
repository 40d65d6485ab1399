"""Published weights for a part of a network: named by the spec, or loaded below a prefix."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.cli import commands as cli
from archdsl.elaboration.analyse import analyse
from tests.compiler.weights.support import SMALL_VIT, Save, State, published

OUTER = """
archdsl: 1
name: outer
inputs: {x: [N, 3, H = 8, W = 8]}
nodes:
  backbone: {op: spec.net, num_classes: 2}
  head: {op: linear, out_features: 7}
"""
NAMED = OUTER + "weights: {files: {backbone: net.pth}}\n"


@pytest.fixture
def outer(net: Path) -> Path:
    Path("outer.yaml").write_text(NAMED)
    return Path("outer.yaml")


def below(module: torch.nn.Module, prefix: str) -> State:
    return {k.removeprefix(prefix): v for k, v in module.state_dict().items() if k.startswith(prefix)}


def test_a_spec_names_the_file_of_a_part(outer: Path, saved: Save, caplog: pytest.LogCaptureFixture) -> None:
    state = published("net.yaml")
    saved(state, "net.pth")
    module, fresh = archdsl.build(outer, seed=3), archdsl.build(outer, seed=3, init=True, weights=None, strict=False)
    own = below(module, "backbone.")
    assert {key for key in own if not torch.equal(own[key], state[key])} == {"fc.weight", "fc.bias"}
    assert torch.equal(module.get_parameter("head.weight"), fresh.get_parameter("head.weight"))
    record = caplog.records[0]
    assert (record.levelno, record.getMessage()) == (
        logging.WARNING,
        "net.pth -> backbone: 8 tensors loaded, 2 skipped\n"
        "  skipped\n"
        "    fc.weight: 5×4 in the file, 2×4 here: `num_classes` is changed\n"
        "    fc.bias: 5 in the file, 2 here: `num_classes` is changed",
    )


def test_the_same_by_hand(outer: Path, saved: Save) -> None:
    state = published("net.yaml")
    module = archdsl.build(outer, init=False)
    report = archdsl.load_weights(outer, module, saved({"module." + k: v for k, v in state.items()}), prefix="backbone")
    assert report.prefix == "backbone" and report.renamed == {} and report.missing == ()
    assert report.loaded[0] == "backbone.conv.weight" and len(report.loaded) == 8
    assert report.fresh == ("backbone.fc.weight", "backbone.fc.bias")
    assert torch.equal(module.get_parameter("backbone.conv.weight"), state["conv.weight"])


def test_a_file_for_the_whole_network_stands_for_those_of_its_parts(outer: Path, saved: Save) -> None:
    saved(published("net.yaml"), "net.pth")
    state = published(outer)
    module = archdsl.build(outer, weights=saved(state, "outer.pth"))
    assert all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


@pytest.mark.parametrize("how", [{"init": False}, {"device": "meta"}])
def test_without_initial_values_the_files_are_left_alone(outer: Path, how: dict[str, object]) -> None:
    archdsl.build(outer, **how)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        archdsl.build(outer)


def test_the_inner_spec_renames_and_resizes_below_the_prefix(net: Path, saved: Save) -> None:
    settings = ", ".join(f"{key}: {value}" for key, value in SMALL_VIT.items())
    Path("outer.yaml").write_text(
        "archdsl: 1\nname: outer\ninputs: {x: [N, 3, 64, 64]}\nnodes:\n"
        f"  body: {{op: spec.vit_b_16, image_size: 64, num_classes: 0, {settings}}}\n"
    )
    state = published("vit_b_16", image_size=40, num_classes=10, **SMALL_VIT)
    older = {re.sub(r"\.mlp\.([03])\.", lambda m: f".mlp.linear_{1 + int(m[1]) // 3}.", k): v for k, v in state.items()}
    assert older.keys() != state.keys()
    module = archdsl.build("outer.yaml")
    report = archdsl.load_weights("outer.yaml", module, saved(older), prefix="body", strict=False)
    assert report.resized == {"body.encoder.pos_embedding": "5×5 to 8×8, bicubic"}
    assert len(report.renamed) == 8 and all(now.startswith("body.") for now in report.renamed.values())
    own = below(module, "body.")
    assert all(torch.equal(own[key], state[key]) for key in own if key != "encoder.pos_embedding")


def test_the_first_convolution_of_a_part_takes_other_channels(net: Path, saved: Save) -> None:
    Path("outer.yaml").write_text(
        "archdsl: 1\nname: outer\ninputs: {x: [N, 1, H = 8, W = 8]}\nnodes:\n"
        "  scaled: '= x * 2'\n  body: {op: spec.net, in_channels: 1}\n"
    )
    module, state = archdsl.build("outer.yaml"), published("net.yaml")
    report = archdsl.load_weights("outer.yaml", module, saved(state), prefix="body")
    assert report.resized == {"body.conv.weight": "3 input channels to 1"}
    torch.testing.assert_close(module.get_parameter("body.conv.weight"), state["conv.weight"].sum(1, keepdim=True))


def test_what_of_a_part_nobody_reads_is_skipped(net: Path, saved: Save) -> None:
    Path("net.yaml").write_text(net.read_text() + "outputs: {body: body, logits: fc}\n")
    Path("outer.yaml").write_text(
        "archdsl: 1\nname: outer\ninputs: {x: [N, 3, 8, 8]}\nnodes:\n"
        "  backbone: {op: spec.net}\n  head: {op: flatten, from: backbone.body}\n"
    )
    module = archdsl.build("outer.yaml")
    report = archdsl.load_weights("outer.yaml", module, saved(published("net.yaml")), prefix="backbone")
    assert report.skipped == dict.fromkeys(("fc.weight", "fc.bias"), "no such tensor here: nothing here reads it")
    assert report.missing == ()


def test_an_inner_spec_may_name_files_too_and_the_outer_one_is_heard(net: Path, saved: Save) -> None:
    Path("middle.yaml").write_text(
        "archdsl: 1\nname: middle\ninputs: {x: [N, 3, 8, 8]}\nnodes:\n  a: {op: spec.net}\n  b: {op: linear, "
        "out_features: 2}\nweights: {files: {a: inner.pth}}\n"
    )
    Path("outer.yaml").write_text(
        "archdsl: 1\nname: outer\nparams: {n: 2}\ninputs: {x: [N, 3, 8, 8]}\nnodes:\n"
        "  for i in range(n):\n    part$i: {op: spec.middle, from: x}\n  sum: = part0 + part1\n"
        "weights:\n  files:\n    for i in range(1, n):\n      part$i.a: file$i.pth\n"
    )
    first, second = published("net.yaml"), published("net.yaml")
    second["conv.weight"] = second["conv.weight"] + 1
    saved(first, "inner.pth"), saved(second, "file1.pth")
    module = archdsl.build("outer.yaml")
    assert torch.equal(module.get_parameter("part0.a.conv.weight"), first["conv.weight"])
    assert torch.equal(module.get_parameter("part1.a.conv.weight"), second["conv.weight"])


def test_a_graph_from_json_has_no_files(outer: Path) -> None:
    graph = archdsl.Graph.from_json(archdsl.graph(outer).to_json())
    archdsl.build(graph)


# --- bad calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("bakbone", "`bakbone` is no part of `outer` that has tensors; did you mean `backbone`?"),
        ("x", "`x` is no part of `outer` that has tensors; the parts are `backbone`, `head`"),
        ("backbone.relu", "`backbone.relu` is no part of `outer` that has tensors; did you mean `backbone.fc`?"),
        ("head", "`net.pth` has no tensor that fits `head`: it begins with `conv.weight`, `bn.weight`, `bn.bias`"),
    ],
)
def test_a_prefix_for_which_there_is_nothing(outer: Path, saved: Save, prefix: str, message: str) -> None:
    module, file = archdsl.build(outer, init=False), saved(published("net.yaml"), "net.pth")
    with pytest.raises(archdsl.WeightsError) as caught:
        archdsl.load_weights(outer, module, file, prefix=prefix)
    assert str(caught.value) == message


def test_a_file_of_the_whole_network_given_for_a_part(outer: Path, saved: Save) -> None:
    module = archdsl.build(outer, init=False)
    with pytest.raises(archdsl.WeightsError, match=r"and is for the whole network: load it without `prefix`$"):
        archdsl.load_weights(outer, module, saved(module.state_dict()), prefix="backbone")


def test_the_command_tells_what_each_file_gave(outer: Path, saved: Save, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["build", "outer.yaml"]) == 2
    assert re.fullmatch("archdsl: `[^`]*/net.pth`: no such file or directory\n", capsys.readouterr().err)
    saved(published("net.yaml"), "net.pth")
    assert cli.run(["build", "outer.yaml"]) == 0
    assert capsys.readouterr().out.startswith("net.pth -> backbone: 8 tensors loaded, 2 skipped\n")
    archdsl.build("outer.yaml", weights="build/outer/outer.pth")


def test_what_reads_no_weights_asks_for_no_file(outer: Path) -> None:
    assert analyse(outer)[1] == []
    assert "self.backbone = " in archdsl.source(outer)
