"""A spec that was written by hand beside its module: what is the same, and the first value that is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl
from tests.compiler.importing.support import Of
from tests.compiler.verifying.support import SPEC, Port


def verified(old: str = "name: port", new: str = "name: port", **more: str) -> archdsl.Verification:
    assert old in SPEC
    return archdsl.verify(archdsl.loads(SPEC.replace(old, new), name="port.yaml"), Port(), **more)


def test_the_same() -> None:
    module = Port()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    found = archdsl.verify(archdsl.loads(SPEC), module, torch.randn(3, 3, 20, 16))
    assert found and found.same
    assert found.first is None and found.training == ""
    assert found.largest is not None and found.largest < 1e-12
    assert str(found).splitlines()[:2] == ["port is Port", "  keys and shapes: 14 the same"]
    assert module.training
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("old", "new", "part", "path", "told"),
    [
        # a wrong field is told with both modules
        ("op: layer_norm", "op: layer_norm, eps: 1e-3", "output", "ln", "LayerNorm((8,), eps=0.001"),
        ("op: batch_norm2d", "op: batch_norm2d, eps: 1e-3", "output", "norm", "BatchNorm2d(8, eps=1e-05"),
        # as is a map of another size
        ("stride: 2, padding: 1, b", "stride: 1, padding: 1, b", "output", "stem", "2×8×12×12 in the spec, 2×8×6×6"),
        # what is no module on one side or on both stands between two that are
        ("  act: relu\n", "", "input", "block", "since what is the same, the spec computes nothing"),
        ("act: relu", "act: gelu", "input", "block", "the spec computes `act` (gelu, port.yaml:7)"),
        ("      relu: relu\n", "", "input", "block.conv2", "and the module has run `block.relu` (ReLU(inplace=True))"),
        ("relu: relu", "relu: {op: leaky_relu}", "output", "block.relu", "LeakyReLU(negative_slope=0.01"),
        ("conv2 + input", "2 * conv2 + input", "output", "block", "the spec computes `block.add` (formula, port.yam"),
        ("pool: {op: adaptive_avg", "pool: {op: adaptive_max", "input", "ln", "`pool` (adaptive_max_pool2d, port.ya"),
    ],
)
def test_a_planted_mistake_is_named(old: str, new: str, part: str, path: str, told: str) -> None:
    found = verified(old, new)
    assert not found and found.keys.same
    assert [each.name for each in found.outputs] == ["output"]
    assert found.first is not None
    assert (found.first.part, found.first.path) == (part, path)
    assert told in str(found)


def test_a_mistake_that_only_training_shows() -> None:
    found = verified("op: batch_norm2d", "op: batch_norm2d, momentum: 0.3")
    assert not found.outputs and not found.gradients
    assert "`norm.running_mean` after the step" in [each.name for each in found.trained]


def test_a_mistake_that_only_gradients_show() -> None:
    text = "{archdsl: 1, name: a, inputs: {x: [N, 3]}, nodes: {y: = x * 2}}"
    found = archdsl.verify(archdsl.loads(text), Of(lambda x: x + x.detach()))
    assert not found.outputs
    assert [each.name for each in found.gradients] == ["the gradient of `input 0`"]


def test_a_random_module_is_compared_in_evaluation_alone() -> None:
    spec = "{archdsl: 1, name: a, inputs: {x: [N, 3]}, nodes: {y: {op: dropout, p: 0.5}}}"
    found = archdsl.verify(archdsl.loads(spec), nn.Dropout(0.5))
    assert found and "random" in found.training


def test_keys_that_differ_are_told_with_what_they_may_be() -> None:
    found = verified("head: {op: linear, out_features: 5}", "heads: {op: linear, out_features: 5}")
    assert not found
    assert found.keys.likely == {"head.weight": "heads.weight", "head.bias": "heads.bias"}
    assert "head.weight 5×8: is it `heads.weight`?" in str(found)
    assert found.first is None and found.largest is None
    found = verified("out_features: 5", "out_features: 6")
    assert found.keys.reshaped == {"head.weight": ((6, 8), (5, 8)), "head.bias": ((6,), (5,))}
    assert "head.bias: 6 in the spec, 5 in the module" in str(found)
    found = verified("padding: 1, bias: false", "padding: 1")
    assert found.keys.unexpected == {"stem.bias": (8,)}


@pytest.mark.parametrize("was", [True, False])
def test_names_that_the_spec_knows(was: bool) -> None:
    text = SPEC.replace("  head: {", "  classifier: {was: head, " if was else "  classifier: {")
    text += "" if was else "weights: {renames: {head.*: classifier.*}}\n"
    found = archdsl.verify(archdsl.loads(text), Port())
    assert found, str(found)
    assert found.keys.renamed == {"head.weight": "classifier.weight", "head.bias": "classifier.bias"}
    planted = archdsl.verify(archdsl.loads(text.replace("out_features: 5}", "out_features: 5}\n  s: sigmoid")), Port())
    assert planted.first is not None and planted.first.path == ""
    assert "`s` (sigmoid" in str(planted)


def test_values_of_a_file(tmp_path: Path) -> None:
    module = Port()
    torch.save(module.state_dict(), tmp_path / "port.pth")
    assert verified(weights=str(tmp_path / "port.pth"))
    state = module.state_dict()
    del state["head.bias"]
    torch.save(state, tmp_path / "port.pth")
    with pytest.raises(archdsl.WeightsError, match=r"lacks tensors of `Port`, 1 of them: `head\.bias`"):
        verified(weights=str(tmp_path / "port.pth"))


def test_data() -> None:
    found = verified("op: layer_norm", "op: layer_norm, eps: 1e-3")
    data = json.loads(found.json())
    assert data["same"] is False
    assert data["keys"]["matched"] == 14
    assert data["outputs"][0]["name"] == "output"
    first = data["first"]
    assert (first["path"], first["part"], first["module_path"], first["place"]) == (
        "ln",
        "output",
        "ln",
        "port.yaml:16",
    )
    assert first["network"]["shape"] == first["module"]["shape"] == [2, 8]


def test_the_same_values_in_another_order_are_no_difference_by_themselves() -> None:
    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.fc(self.act(x.transpose(1, 2)))
            return found.tanh()

    spec = "{archdsl: 1, name: a, inputs: {x: [N, 4, T = 5]}, nodes: {act: relu, ENDS}}"
    end = "t: {op: transpose, dim0: 1, dim1: 2}, fc: {op: linear, out_features: 4}"
    assert archdsl.verify(archdsl.loads(spec.replace("ENDS", end + ", end: tanh")), Late())
    found = archdsl.verify(archdsl.loads(spec.replace("ENDS", end + ", end: sigmoid")), Late())
    assert found.first is not None
    assert (found.first.part, found.first.path) == ("output", "")
    assert "computes `end` (sigmoid" in str(found)


def test_a_module_without_values() -> None:
    with pytest.raises(archdsl.ModuleError, match="`Port` is on the device `meta`, and has no values"):
        archdsl.verify(archdsl.loads(SPEC), Port().to("meta"))


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ([torch.randn(2, 4, 12, 12)], "`Port` does not run on these inputs: "),
        ([torch.randn(2, 3, 12, 12)] * 2, "`Port.forward`: too many positional arguments"),
    ],
)
def test_what_does_not_run_is_told(inputs: list[torch.Tensor], told: str) -> None:
    with pytest.raises(archdsl.ModuleError) as error:
        archdsl.verify(archdsl.loads(SPEC), Port(), *inputs)
    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)
