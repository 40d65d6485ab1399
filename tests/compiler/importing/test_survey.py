"""A few quick networks of the survey, whose table stands in docs/importing.md."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl
from tests.cli.tiny import Cli, spawn
from tests.importing_survey.networks import COLLECTIONS, TIMM
from tests.importing_survey.proof import difference, verdict
from tests.references import torchvision_shim

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/importing.md").read_text("utf-8")
QUICK = [("timm", name) for name in ("test_byobnet", "test_vit")] + [("transformers", "vit")]
SLOW = [("timm", name) for name in ("test_nfnet", "test_vit_relpos", "levit_128s")]
SLOW += [("transformers", name) for name in ("llama", "t5_encoder", "swin", "clip_text")]


@pytest.mark.parametrize(
    ("collection", "name"), [*QUICK, *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW)]
)
def test_a_network_is_what_its_spec_makes(collection: str, name: str) -> None:
    found = verdict(*COLLECTIONS[collection][name]())
    assert (found.result, found.why) == ("equal", "")


def test_what_differs_at_another_image_size_alone_is_told() -> None:
    images = [(torch.randn(2, 3, 8, 8),), (torch.randn(2, 3, 16, 8),)]
    assert difference(nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d(1), images) == ""
    assert difference(nn.AdaptiveAvgPool2d(1), nn.AvgPool2d(8), images[:1]) == ""
    assert difference(nn.AdaptiveAvgPool2d(1), nn.AvgPool2d(8), images) == "outputs differ by inf at (2, 3, 16, 8)"


def test_the_survey_has_a_network_of_each_of_timm_s_modules() -> None:
    import timm

    assert [*TIMM] == timm.list_modules()
    for module, name in TIMM.items():
        assert name in timm.list_models(module=module)


def test_the_page_tells_of_every_network() -> None:
    (survey,) = re.findall(r"<!-- survey -->(.*?)<!-- /survey -->", PAGE, re.DOTALL)
    told = re.findall(r"^\| `(\w+)` \| (?:equal|refused|differs|not compared)", survey, re.MULTILINE)
    assert told == [name for kind in COLLECTIONS for name in COLLECTIONS[kind]]


CALL = ("model_name=test_vit", "num_classes=7", "--input", "2,3,160,160", "-o")
BESIDE = "from tests.references import torchvision_shim\nfrom timm import create_model\n"
"""A file of one's own: with this torch, torchvision can be imported behind the shim alone."""


@pytest.mark.slow
def test_the_command_reads_timm_s_factory(tmp_path: Path, archdsl_cli: Cli) -> None:
    assert archdsl_cli("import", "timm:create_model", *CALL, str(tmp_path / "here.yaml"))[0] == 0
    (tmp_path / "beside.py").write_text(BESIDE, "utf-8")
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "compiler", tmp_path)))
    command = (sys.executable, "-m", "archdsl", "import", "beside:create_model", *CALL, str(tmp_path / "there.yaml"))
    ran = spawn(*command, PYTHONPATH=paths)
    assert ran.returncode == 0, ran.stderr
    module = torchvision_shim.timm_model("test_vit", num_classes=7).eval()
    images = torch.randn(3, 3, 160, 160)
    for name in ("here.yaml", "there.yaml"):
        built = archdsl.build(tmp_path / name, init=False).eval()
        built.load_state_dict(module.state_dict())
        torch.testing.assert_close(built(images), module(images), rtol=1e-4, atol=1e-4)


def test_the_page_s_factory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archdsl_cli: Cli) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (example,) = re.findall(r"```python\n(from transformers.*?)```", PAGE, re.DOTALL)
    (call,) = re.findall(r"^archdsl (import small_bert:.*)$", PAGE, re.MULTILINE)
    Path("small_bert.py").write_text(example)
    assert archdsl_cli(*call.split())[0] == 0
    assert archdsl.graph("small_bert.yaml").sample_sizes["N"] == 1
