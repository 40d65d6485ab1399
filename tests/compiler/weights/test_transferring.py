"""Weights from before an edit in the network after it: real edits, and every value looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl
from archdsl.cli import commands as cli
from archdsl.ir.transfer import FoundBy, Outcome, TransferReport
from tests.compiler.weights.support import SMALL_VIT, State, published

BASE = "archdsl: 1\nextends: resnet18\nname: base\nparams: {channels: 8, num_classes: 5}\n"
IMAGE = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """The weights of a small residual network, in `old.pth` beside its spec."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)
    state = published("base.yaml")
    torch.save(state, "old.pth")
    return state


def loaded(spec: str, file: str, **params: object) -> nn.Module:
    """The network with the file, which is to load strictly and whole."""
    module = archdsl.build(spec, init=False, **params).double().eval()  # type: ignore[arg-type]
    module.load_state_dict(torch.load(file, weights_only=True), strict=True)
    return module


def output(module: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        made = module(IMAGE.double())
    assert isinstance(made, torch.Tensor)
    return made


def sources(report: TransferReport) -> dict[str, str]:
    """Where what was carried under another name comes from."""
    return {each.tensor: each.source or "" for each in report.of(Outcome.CARRIED) if each.source != each.tensor}


# --- edits of a residual network --------------------------------------------------------------------


def test_what_nothing_has_changed_is_carried_as_it_is(state: State) -> None:
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth")
    new = torch.load("new.pth", weights_only=True)
    assert all(torch.equal(new[key], tensor) for key, tensor in state.items()) and new.keys() == state.keys()
    assert {each.by for each in report.tensors} == {FoundBy.PATH} and report.before == "base" and not report.unused
    assert str(report) == "old.pth (base) -> base: 122 carried"


def test_another_classifier_keeps_its_initial_values(state: State) -> None:
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth", num_classes=3, seed=4)
    fresh = archdsl.build("base.yaml", num_classes=3, seed=4).state_dict()
    new = torch.load("new.pth", weights_only=True)
    for key, tensor in new.items():
        assert torch.equal(tensor, (fresh if key.startswith("fc.") else state)[key]), key
    assert str(report).splitlines() == [
        "old.pth (base) -> base: 120 carried, 2 initial",
        "  initial",
        "    fc.weight: 5×64 before, 3×64 now",
        "    fc.bias: 5 before, 3 now",
    ]


@pytest.mark.parametrize("fit", [False, True])
def test_a_deeper_stage(state: State, fit: bool) -> None:
    layers = [2, 3, 2, 2]
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth", layers=layers, seed=4, fit=fit)
    new = torch.load("new.pth", weights_only=True)
    assert all(torch.equal(new[key], tensor) for key, tensor in state.items())
    fresh = archdsl.build("base.yaml", layers=layers, seed=4).state_dict()
    added = {key for key in new if key.startswith("layer2.2.")}
    zeros = {"layer2.2.bn2.weight", "layer2.2.bn2.bias"} if fit else set()
    assert {each.tensor for each in report.of(Outcome.ZERO)} == zeros and not any(new[key].any() for key in zeros)
    assert all(torch.equal(new[key], fresh[key]) for key in added - zeros)
    difference = output(loaded("base.yaml", "new.pth", layers=layers)) - output(loaded("base.yaml", "old.pth"))
    assert (difference.abs().max() == 0) == fit


def test_a_shallower_stage_leaves_the_rest_unused(state: State) -> None:
    report = archdsl.transfer("old.pth", "base.yaml", layers=[2, 1, 2, 2])
    gone = {key for key in state if key.startswith("layer2.1.") and not key.endswith("tracked")}
    assert report.unused.keys() == gone and report.unused["layer2.1.conv1.weight"] == "16×16×3×3"
    assert not report.of(Outcome.INITIAL)


def test_a_wider_network_is_the_same_function(state: State) -> None:
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth", channels=16, fit=True)
    assert not report.of(Outcome.INITIAL) and len(report.of(Outcome.FITTED)) == 101
    new = torch.load("new.pth", weights_only=True)
    turns = torch.arange(16) % 8
    assert torch.equal(new["bn1.running_mean"], state["bn1.running_mean"][turns])
    assert torch.equal(new["layer1.0.conv1.weight"], state["layer1.0.conv1.weight"][turns][:, turns] / 2)
    wider = output(loaded("base.yaml", "new.pth", channels=16))
    torch.testing.assert_close(wider, output(loaded("base.yaml", "old.pth")), rtol=1e-9, atol=1e-9)


def test_a_narrower_network_has_the_first_channels(state: State) -> None:
    archdsl.transfer("old.pth", "base.yaml", "new.pth", channels=5, num_classes=2, fit=True)
    new = torch.load("new.pth", weights_only=True)
    assert all(torch.equal(new[key], tensor[tuple(map(slice, new[key].shape))]) for key, tensor in state.items())


def test_without_being_asked_nothing_is_fitted(state: State) -> None:
    report = archdsl.transfer("old.pth", "base.yaml", channels=16)
    assert (
        not report.of(Outcome.FITTED) and len(report.of(Outcome.CARRIED)) == 21
    )  # the counts of batches and `fc.bias`


def test_a_renamed_stage_is_found_by_structure_or_by_was(state: State) -> None:
    text = (Path(archdsl.__file__).parents[1] / "specs/families/resnet.yaml").read_text()
    assert "layer$(i + 1):" in text
    renamed = text.replace("layer$(i + 1):", "stage$(i + 1):")
    params = "params:\n  channels: 8\n  num_classes: 5\n  block: basic_block\n  layers: [2, 2, 2, 2]\n"
    own = {"channels", "num_classes", "block", "layers"}
    kept = [line for line in renamed.split("params:\n", 1)[1].splitlines(True) if line.split(":")[0].strip() not in own]
    Path("renamed.yaml").write_text(renamed.split("params:\n")[0] + params + "".join(kept))
    report = archdsl.transfer("old.pth", "renamed.yaml", "new.pth", before="base.yaml")
    found = sources(report)
    assert len(found) == 114 and all(now.replace("stage", "layer") == before for now, before in found.items())
    assert {each.by for each in report.tensors if each.tensor in found} == {FoundBy.STRUCTURE}
    assert torch.equal(output(loaded("renamed.yaml", "new.pth")), output(loaded("base.yaml", "old.pth")))


def test_grey_images_without_being_asked(state: State) -> None:
    (fitted,) = archdsl.transfer("old.pth", "base.yaml", "new.pth", in_channels=1).of(Outcome.FITTED)
    assert fitted.detail == "3 input channels to 1"
    new = torch.load("new.pth", weights_only=True)["conv1.weight"]
    torch.testing.assert_close(new, state["conv1.weight"].sum(1, keepdim=True))


# --- other edits ------------------------------------------------------------------------------------

NORM = ("weight", "bias", "running_mean", "running_var")
LIST = """
archdsl: 1
name: {name}
inputs: {{x: [N, 3, 16, 16]}}
nodes:
  body:
    - {{op: conv2d, out_channels: 4, kernel_size: 3}}
    - relu
    {inserted}- {{op: conv2d, out_channels: 6, kernel_size: 1}}
    - batch_norm2d
  head: {{op: flatten}}
"""


def test_a_layer_inserted_into_a_list_moves_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(LIST.format(name="old", inserted=""))
    Path("new.yaml").write_text(
        LIST.format(name="new", inserted="- {op: conv2d, out_channels: 4, kernel_size: 1}\n    - relu\n    ")
    )
    state = published("old.yaml")
    torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, "old.pth")
    report = archdsl.transfer("old.pth", "new.yaml", "new.pth", before="old.yaml")
    new = torch.load("new.pth", weights_only=True)
    assert sources(report)["body.4.weight"] == "body.2.weight" and torch.equal(
        new["body.4.weight"], state["body.2.weight"]
    )
    assert torch.equal(new["body.5.running_var"], state["body.3.running_var"])
    assert [each.tensor for each in report.of(Outcome.INITIAL)] == ["body.2.weight", "body.2.bias"]
    # without the spec from before, paths are all there is: another layer's numbers do not fit, and are not taken
    alone = archdsl.transfer("old.pth", "new.yaml")
    assert alone.before is None and [*alone.unused] == [f"body.3.{name}" for name in NORM]
    assert {each.tensor for each in alone.of(Outcome.CARRIED)} == {"body.0.weight", "body.0.bias"}


def test_was_without_the_spec_from_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("new.yaml").write_text(
        "archdsl: 1\nname: new\ninputs: {x: [N, 3]}\nnodes:\n  head: {op: linear, out_features: 4, was: fc}\n"
        "  more: {op: linear, out_features: 2}\n"
    )
    torch.save({"fc.weight": torch.rand(4, 3), "fc.bias": torch.rand(4)}, "old.pth")
    report = archdsl.transfer("old.pth", "new.yaml")
    assert [(each.tensor, each.source, each.by) for each in report.of(Outcome.CARRIED)] == [
        ("head.weight", "fc.weight", FoundBy.WAS), ("head.bias", "fc.bias", FoundBy.WAS),
    ]  # fmt: skip


@pytest.mark.parametrize("change", [{"num_layers": 3}, {"mlp_dim": 64}])
def test_a_transformer_that_grows_is_the_same_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, int]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ", ".join(f"{key}: {value}" for key, value in {**SMALL_VIT, "image_size": 64, "num_classes": 5}.items())
    Path("base.yaml").write_text(f"archdsl: 1\nextends: vit_b_16\nname: base\nparams: {{{settings}}}\n")
    torch.save(published("base.yaml"), "old.pth")
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth", fit=True, **change)
    assert report.of(Outcome.ZERO) or report.of(Outcome.FITTED)
    grown = output(loaded("base.yaml", "new.pth", **change))
    torch.testing.assert_close(grown, output(loaded("base.yaml", "old.pth")), rtol=1e-9, atol=1e-9)


def test_a_branch_with_a_scale_of_its_own_begins_with_the_scale_at_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = "{widths: [8, 12, 12, 12], depths: [1, 1, 1, 1], num_classes: 5}"
    Path("base.yaml").write_text(f"archdsl: 1\nextends: convnext_tiny\nname: base\nparams: {small}\n")
    torch.save(published("base.yaml"), "old.pth")
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth", depths=[1, 2, 1, 1], fit=True)
    (zero,) = report.of(Outcome.ZERO)
    assert zero.tensor.endswith("layer_scale")
    grown = output(loaded("base.yaml", "new.pth", depths=[1, 2, 1, 1]))
    assert torch.equal(grown, output(loaded("base.yaml", "old.pth")))


def test_tables_are_computed_and_not_carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = "{embed_dim: 8, depths: [2, 1], num_heads: [2, 4], num_classes: 10, image_size: 32, window: 4}"
    Path("base.yaml").write_text(f"archdsl: 1\nextends: swin_t\nname: base\nparams: {small}\n")
    torch.save(published("base.yaml"), "old.pth")
    report = archdsl.transfer("old.pth", "base.yaml", "new.pth", window=6)
    assert {each.detail for each in report.of(Outcome.FITTED)} == {"7×7 to 11×11, bicubic"} and not report.unused
    assert not any("position_index" in each.tensor for each in report.tensors)
    archdsl.build("base.yaml", window=6, weights="new.pth")


def test_tied_tensors_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tied.yaml").write_text(
        "archdsl: 1\nname: tied\nparams: {rows: 6}\ninputs: {x: {shape: [N, T], dtype: int64, below: 6}}\nnodes:\n"
        "  wte: {op: embedding, num_embeddings: rows, embedding_dim: 4}\n"
        "  head: {op: linear, out_features: rows, bias: false, tie: {weight: wte.weight}}\n"
    )
    state = published("tied.yaml")
    torch.save({"wte.weight": state["wte.weight"]}, "old.pth")
    report = archdsl.transfer("old.pth", "tied.yaml", "new.pth", before="tied.yaml", rows=9, fit=True)
    (fitted,) = report.tensors
    assert (fitted.tensor, fitted.detail) == ("wte.weight", "6×4 before, 9×4 now")
    module = archdsl.build("tied.yaml", rows=9, weights="new.pth")
    assert torch.equal(module.get_parameter("head.weight"), state["wte.weight"][torch.arange(9) % 6])


def test_a_safetensors_file_says_itself_what_it_was(state: State) -> None:
    archdsl.transfer("old.pth", "base.yaml", "old.safetensors", layers=[1, 2, 2, 2])
    Path("other.yaml").write_text("archdsl: 1\nextends: resnet18\nname: other\nparams: {channels: 8, num_classes: 2}\n")
    report = archdsl.transfer("old.safetensors", "other.yaml", "new.safetensors")
    assert report.before == "base" and len(report.of(Outcome.INITIAL)) == 12
    Path("other.yaml").unlink(), Path("base.yaml").unlink()
    module = archdsl.build("new.safetensors")
    assert torch.equal(module.get_parameter("layer1.0.conv1.weight"), state["layer1.0.conv1.weight"])


# --- the command ----------------------------------------------------------------------------------


def test_the_command_tells_each_tensor_and_writes_what_build_loads(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["transfer", "old.pth", "base.yaml", "-p", "num_classes=3", "--from", "base.yaml"]
    assert cli.run([*call, "--format", "json", "-o", "new.pth"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["before"] == "base" and len(told["tensors"]) == 122 and told["not_used"] == {}
    assert told["tensors"][-2] == {
        "tensor": "fc.weight", "outcome": "initial", "source": "fc.weight", "by": "path",
        "detail": "5×64 before, 3×64 now",
    }  # fmt: skip
    assert cli.run(["build", "base.yaml", "-p", "num_classes=3", "--weights", "new.pth"]) == 0
    assert capsys.readouterr().out.startswith("new.pth: 122 tensors loaded\n")
    assert cli.run([*call]) == 0 and Path("base.pth").exists()
    assert capsys.readouterr().out.startswith("old.pth (base) -> base: 120 carried, 2 initial\n")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["base.yaml", "base.yaml"], "`base.yaml` is no file of weights, or damaged: "),
        (["nowhere.pth", "base.yaml"], "`nowhere.pth`: no such file or directory"),
        (["old.pth", "lenet5"], "`old.pth` has no tensor that goes into `lenet5`: it begins with `conv1.weight`, "),
        (["old.pth", "base.yaml", "--from", "lenet5"], "`old.pth` has no tensor of `lenet5`: it begins with "),
        (["old.pth", "base.yaml", "-o", "old.pth"], "`old.pth` is what this command reads, and would be lost: "),
        (["old.pth", "base.yaml", "-o", "new.onnx"], "`new.onnx` is no name of a file of weights: they end in "),
        (["old.pth", "base.yaml", "-o", "old.pth/new.pth"], "`old.pth`: not a directory"),
    ],
)
def test_the_command_refuses_with_a_line(
    state: State, capsys: pytest.CaptureFixture[str], call: list[str], message: str
) -> None:
    before = sorted(Path().rglob("*"))
    assert cli.run(["transfer", *call]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"archdsl: {message}")
    assert sorted(Path().rglob("*")) == before
