"""What `docs/features.md` shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archdsl
from archdsl.cli.commands import run

PAGE = (Path(__file__).parents[1] / "docs" / "features.md").read_text("utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TEXT = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def test_the_outputs_are_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    asked = PYTHON[0].replace(', weights="resnet50.pth"', ', device="meta"')
    exec(asked, {})
    keys, said = PYTHON[1].splitlines()[-1].split("  # ")
    names: dict[str, object] = {"archdsl": archdsl}
    exec(PYTHON[1].rpartition("sorted(")[0], names)
    assert str(eval(keys, names)) == said
    exec(PYTHON[2], {"archdsl": archdsl})
    assert capsys.readouterr().out == TEXT[0]


def test_the_spec_is_a_backbone(tmp_path: Path) -> None:
    (tmp_path / "backbone.yaml").write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert archdsl.check(tmp_path / "backbone.yaml") == []
    assert [*archdsl.build(tmp_path / "backbone.yaml", device="meta").state_dict()][-1].startswith("layer4.2")


def test_the_commands_run(capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
    for line in shown[:2]:
        assert run(line.split()[1:]) == 0
    assert "return Outputs(c3=layer2, c4=layer3)" in capsys.readouterr().out


def test_both_networks_of_a_difference_have_the_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "resnet18", "resnet34", "--outputs", "conv1,bn1"]) == 0
    assert "The networks are the same" in capsys.readouterr().out
    assert run(["diff", "resnet18", "--to", "num_classes=7", "--outputs", "layr2"]) == 2
    assert run(["view", "resnet18", "--outputs", "layr2"]) == 2
    assert capsys.readouterr().err.count(TEXT[1]) == 2


def test_the_mistake_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["source", "resnet18", "--outputs", "layr2"]) == 2
    assert capsys.readouterr().err == TEXT[1]


@pytest.mark.parametrize(("given", "said"), [
    ("c3=layer2,layer3", "expected a name for every output or for none, found `c3=layer2,layer3`"),
    ("layer2,layer2", "the output `layer2` is named twice"),
])  # fmt: skip
def test_what_the_command_line_refuses(given: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(["source", "resnet18", "--outputs", given])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_numbers_of_features(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["source", "resnet18", "--out-indices=-1,1", "--no-prune"]) == 0
    assert "return Outputs(layer4=layer4, layer1=layer1)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run(["source", "resnet18", "--out-indices", "one"])
    assert "expected numbers such as 1,2,3 or -1, found `one`" in capsys.readouterr().err
