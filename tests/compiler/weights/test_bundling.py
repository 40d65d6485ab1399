"""A network and its spec in one safetensors file: built again from that alone, with the same numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import nn

import archdsl
from archdsl_torch.weights.bundling import bundled
from tests.compiler.weights.support import SMALL_VIT, Save, published


def equal(one: nn.Module, other: nn.Module) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(tensor, second[key]) for key, tensor in first.items())


@pytest.fixture
def away(net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which there is nothing else."""
    folder = tmp_path / "away"
    folder.mkdir()
    return folder


def moved(graph: archdsl.Graph, module: nn.Module, away: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (away / "file.safetensors").write_bytes(bundled(graph, module))
    monkeypatch.chdir(away)
    return "file.safetensors"


def test_a_network_is_built_from_its_file_alone(net: Path, away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine.yaml").write_text("archdsl: 1\nextends: net\nname: mine\nparams: {width: 6}\n")
    graph = archdsl.graph("mine.yaml", num_classes=3, sizes={"H": 12})
    module = archdsl.build(graph, seed=1)
    file = moved(graph, module, away, monkeypatch)
    net.unlink()
    assert equal(archdsl.build(file), module)
    assert equal(archdsl.build(archdsl.graph(file)), module)
    assert not equal(archdsl.build(file, init=False), module)
    with safe_open(file, "pt") as opened:  # any program can read the tensors
        assert torch.equal(opened.get_tensor("fc.weight"), module.get_parameter("fc.weight"))


def test_its_weights_are_published_ones(net: Path, away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = archdsl.graph(net)
    module = archdsl.build(graph, seed=1)
    file = moved(graph, module, away, monkeypatch)
    other = archdsl.build(file, num_classes=2, in_channels=1)
    assert torch.equal(other.get_parameter("bn.weight"), module.get_parameter("bn.weight"))
    torch.testing.assert_close(other.get_parameter("conv.weight"), module.get_parameter("conv.weight").sum(1, True))
    report = archdsl.load_weights(file, other, file, num_classes=2, in_channels=1)
    assert report.skipped["fc.bias"] == "5 in the file, 2 here: `num_classes` and `in_channels` are changed"
    assert equal(archdsl.build("../net.yaml", weights=file), module)


def test_a_spec_that_extends_another_explains_from_the_file(
    net: Path, away: Path, saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = saved(published(net))
    Path("mine.yaml").write_text("archdsl: 1\nextends: net\nparams: {num_classes: 2}\n")
    graph = archdsl.graph("mine.yaml")
    file = moved(graph, archdsl.build(graph), away, monkeypatch)
    net.write_text("nothing")
    report = archdsl.load_weights(file, archdsl.build(file), weights)
    assert report.skipped["fc.bias"] == "5 in the file, 2 here: as in `net`"


def test_weights_for_a_part_are_in_the_file(
    net: Path, away: Path, saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("outer.yaml").write_text(
        "archdsl: 1\nname: outer\ninputs: {x: [N, 3, H = 8, W = 8]}\nnodes: {body: {op: spec.net}}\n"
        "weights: {files: {body: net.pth}}\n"
    )
    saved(published(net), "net.pth")
    graph = archdsl.graph("outer.yaml")
    module = archdsl.build(graph)
    file = moved(graph, module, away, monkeypatch)
    Path("../net.pth").unlink()
    assert equal(archdsl.build(file), module)
    report = archdsl.load_weights(file, archdsl.build(file, init=False), saved(published("../net.yaml")), prefix="body")
    assert report.missing == ()


def test_tied_and_odd_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tied.yaml").write_text(
        "archdsl: 1\nname: tied\ninputs: {x: {shape: [N, T], dtype: int64, below: 6}}\nnodes:\n"
        "  wte: {op: embedding, num_embeddings: 6, embedding_dim: 4}\n"
        "  table: {op: parameter, shape: [4, 4], value: 0.5}\n"
        "  scaled: {op: matmul, from: [wte, table]}\n"
        "  head: {op: linear, out_features: 6, bias: false, tie: {weight: wte.weight}}\n"
    )
    graph = archdsl.graph(tmp_path / "tied.yaml")
    module = archdsl.build(graph, seed=2)
    module.table.data = module.table.data.T  # does not lie in order
    file = moved(graph, module, tmp_path, monkeypatch)
    again = archdsl.build(file)
    assert equal(again, module) and again.head.weight is again.wte.weight
    half = archdsl.build(file, dtype=torch.bfloat16)
    (tmp_path / "half.safetensors").write_bytes(bundled(graph, half))
    assert equal(archdsl.build("half.safetensors", dtype=torch.bfloat16), half)


@pytest.mark.parametrize(("spec", "params"), [("vit_b_16", {**SMALL_VIT, "image_size": 32}), ("gpt2", {})])
def test_networks_that_ship(spec: str, params: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = params or {"n_layer": 1, "n_embd": 16, "n_head": 2, "vocab_size": 50, "n_positions": 8}
    graph = archdsl.graph(spec, **params)
    module = archdsl.build(graph, seed=1)
    file = moved(graph, module, tmp_path, monkeypatch)
    assert equal(archdsl.build(file), module) and archdsl.source(file) == archdsl.source(graph)


def test_a_network_without_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = archdsl.loads("archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: relu}\n")
    archdsl.build(moved(graph, archdsl.build(graph), tmp_path, monkeypatch))


def test_the_same_network_makes_the_same_file(net: Path) -> None:
    graph = archdsl.graph(net)
    assert bundled(graph, archdsl.build(graph, seed=1)) == bundled(archdsl.graph(net), archdsl.build(net, seed=1))


# --- refused --------------------------------------------------------------------------------------


def test_a_graph_from_json_has_no_spec(net: Path) -> None:
    graph = archdsl.Graph.from_json(archdsl.graph(net).to_json())
    with pytest.raises(archdsl.WeightsError, match="`net` was read from JSON, and no spec is left to go with it"):
        bundled(graph, archdsl.build(graph))


def test_without_the_package(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    graph = archdsl.graph(net)
    with pytest.raises(archdsl.WeightsError, match="`pip install safetensors` brings it"):
        bundled(graph, archdsl.build(graph))


def test_a_spec_that_is_too_long_to_be_read_again(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = archdsl.graph(net)
    monkeypatch.setattr("archdsl_torch.weights.bundling.MAX_HEADER", 100)
    with pytest.raises(archdsl.WeightsError, match=r"take [\d,]+ bytes, and at most 100 are read"):
        bundled(graph, archdsl.build(graph))


def test_a_file_without_its_tensors_is_told(net: Path, away: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = archdsl.graph(net)
    file = Path(moved(graph, archdsl.build(graph), away, monkeypatch))
    file.write_bytes(file.read_bytes()[:-10])
    assert archdsl.summary(file)
    with pytest.raises(archdsl.WeightsError, match=r"`file\.safetensors` is damaged: "):
        archdsl.build(file)
