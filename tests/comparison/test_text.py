"""The words, as golden files, and the data.

After a wanted change: `ARCHDSL_UPDATE=1 pytest tests/comparison/test_text.py`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl import Graph
from tests.comparison.support import changed, network

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]
RESNET: Graph = archdsl.graph("resnet50")

CASES: dict[str, tuple[Graph, Graph]] = {
    "same": (RESNET, archdsl.graph("resnet50")),
    "classes": (RESNET, archdsl.graph("resnet50", num_classes=10)),
    "deeper": (RESNET, archdsl.graph("resnet50", layers=[3, 4, 23, 3])),
    "norm": (RESNET, archdsl.graph("resnet50", norm="instance_norm2d")),
    "size": (RESNET, archdsl.graph("resnet50", sizes={"H": 256, "W": 256})),
    "inserted": (archdsl.graph("vgg16"), archdsl.graph("vgg16", norm="batch_norm2d")),
    "patches": (archdsl.graph("vit_b_16"), archdsl.graph("vit_b_16", patch_size=32)),
    "rates": (archdsl.graph("swin_t"), archdsl.graph("swin_t", depths=[2, 2, 18, 2])),
}


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_what_it_was(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    text = str(archdsl.diff(*CASES[name])) + "\n"
    if os.environ.get("ARCHDSL_UPDATE"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_small_changes_in_words(tmp_path: Path) -> None:
    before = "old: {op: conv2d, out_channels: 4, kernel_size: 1}\na: relu\nb: gelu\ns: = a + b"
    after = "new: {op: conv2d, out_channels: 4, kernel_size: 1}\na: relu\nb: silu\ns: = a + x"
    lines = str(changed(tmp_path, before, after)).splitlines()
    start = lines.index("nodes: 3 altered, 1 as before")
    assert lines[start + 1 : start + 6] == [
        "~ old → new: Conv renamed",
        "~ b: GELU → SiLU",
        "    op  gelu → silu",
        "~ s: Add altered",
        "    reads  [a, b] → [a, x]",
    ]


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    graphs = []
    for folder, op in (("one", "relu"), ("other", "gelu")):
        (tmp_path / folder).mkdir()
        graphs.append(network(tmp_path / folder, f"a: {op}"))
    title = str(archdsl.diff(*graphs)).splitlines()[0]
    assert re.fullmatch(r"net \(.*one.net\.yaml\) → net \(.*other.net\.yaml\)", title)


def test_what_only_one_file_has_is_named_once() -> None:
    text = str(archdsl.diff("lenet5", "resnet18"))
    assert re.search(r"only resnet18 has .*layers", text)


def test_the_example_in_the_docs_is_what_archdsl_says() -> None:
    assert f"```\n{archdsl.diff(*CASES['deeper'])}\n```" in (ROOT / "docs" / "diff.md").read_text("utf-8")


# --- as data --------------------------------------------------------------------------------------


def data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archdsl.diff(*CASES[name]).json())
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_key_of_the_data_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "diff.md").read_text("utf-8")
    documented = set(re.findall(r"`(\w+)`", page.partition("## As JSON")[2]))
    found = data(name)
    keys = {*found, *(key for part in found.values() if isinstance(part, dict) for key in part)}
    keys |= {key for part in found.values() if isinstance(part, list) for each in part for key in each}
    assert keys <= documented


def test_the_data_of_one_altered_node() -> None:
    found = data("classes")
    assert found["same"] is False
    assert found["settings"] == [{"name": "num_classes", "before": 1000, "after": 10}]
    assert found["nodes"] == {"added": 0, "removed": 0, "altered": 1, "resized": 0}
    assert found["changes"] == [
        {
            "change": "altered",
            "before": "fc",
            "after": "fc",
            "op": "linear",
            "block": None,
            "details": [{"name": "out_features", "before": 1000, "after": 10}],
            "output": {
                "before": [{"shape": [1000], "dtype": "float32"}],
                "after": [{"shape": [10], "dtype": "float32"}],
            },
            "parameters": {"before": 2_049_000, "after": 20_490},
            "macs": {"before": 2_048_000, "after": 20_480},
        }
    ]


def test_the_data_lists_every_change_that_the_text_groups() -> None:
    assert [each["after"] for each in data("deeper")["changes"]] == [f"layer3.{i}" for i in range(6, 23)]
    assert len(data("norm")["changes"]) == 53
    assert len(data("size")["resized"]) == 172
    assert data("size")["changes"] == []
    assert data("inserted")["renumbered"][0] == {"before": "features.1", "after": "features.2"}


def test_the_same_network_gives_empty_data() -> None:
    found = data("same")
    assert found["same"] is True
    assert found["before"] == found["after"]
    for key in ("settings", "changes", "resized", "renumbered", "outputs", "blocks"):
        assert found[key] == []
