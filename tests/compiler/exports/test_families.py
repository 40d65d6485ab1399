"""Every family of networks with images, small, as an ONNX file: onnxruntime computes what the module does.

The batch varies, and so do height and width where the spec leaves them free. `python -m tests.export_survey` takes
every network that ships, at its own size, as ONNX and pt2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.cli.zoo import families
from tests.export_survey import BATCHES, PAGE, SMALLEST, compared, filled, onnx_runner, survey
from tests.references.small_networks import NO_IMAGES, SMALL, Small

GPT: Mapping[str, Any] = {"vocab_size": 50, "n_positions": 160, "n_embd": 32, "n_layer": 2, "n_head": 4}


def test_every_family_with_images_is_here() -> None:
    assert sorted(each.family or each.spec for each in SMALL) == sorted({*families().values()} - NO_IMAGES)


def test_the_page_says_where_height_and_width_vary() -> None:
    page = PAGE.read_text("utf-8")
    free = page[page.index("Height and width vary as well in") : page.index("The other families'")]
    assert re.findall(r"`(\w+)`", free) == sorted(each.family or each.spec for each in SMALL if each.others)


@pytest.mark.slow
@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.family or small.spec)
def test_onnxruntime_computes_what_the_module_does(small: Small, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    own = small.image or (0, 0)
    graphs = [archdsl.graph(small.spec, sizes=dict(zip("HW", each, strict=True)) if any(each) else None, **small.params)
              for each in (own, *small.others)]  # fmt: skip
    module = filled(graphs[0])
    free = [*graphs[0].batch, *("HW" if small.others else "")]
    report = archdsl.export(graphs[0], tmp_path / "net.onnx", module=module, dynamic=free)
    run = onnx_runner(report.files[0])
    for graph, batch in product(graphs, BATCHES):
        assert compared(graph, module, run, batch) <= SMALLEST, (graph.sample_sizes, batch)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params"), [("gpt2", GPT), ("elman_rnn", {}), ("capsnet", {"channels": 16, "capsules": 2})]
)
def test_both_files_compute_what_the_module_does(name: str, params: Mapping[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    for result in survey(name, params, tmp_path):
        assert result.error is not None, result
        assert result.error <= (SMALLEST if result.target == "onnx" else 0), result
