"""Every family of networks with images, small, as an ONNX file: onnxruntime computes what the module does.

The batch varies, and so do height and width where the spec leaves them free. CI takes families until it has met every
op of them; `ARCHDSL_FAMILIES=all` asks for the others too, as `.ci/all` does. `python -m tests.export_survey` takes
every network that ships, at its own size, as ONNX and pt2.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.cli.zoo import families
from archdsl.ir.graph import Graph
from tests.export_survey import BATCHES, PAGE, SMALLEST, compared, filled, onnx_runner, survey
from tests.references.small_networks import NO_IMAGES, SELDOM, SMALL, Small

GPT: Mapping[str, Any] = {"vocab_size": 50, "n_positions": 160, "n_embd": 32, "n_layer": 2, "n_head": 4}


TAKEN = [each for each in SMALL if os.environ.get("ARCHDSL_FAMILIES") == "all" or each.called not in SELDOM]


def test_every_family_with_images_is_here() -> None:
    assert sorted(each.called for each in SMALL) == sorted({*families().values()} - NO_IMAGES)


def test_ci_exports_every_op_of_the_families() -> None:
    """At each rank of what it gives, and with sizes that vary where another family's may."""
    met: dict[bool, set[tuple[str, bool, int]]] = {True: set(), False: set()}
    for small in SMALL:
        nodes = graphs_of(small)[0].nodes
        met[small.called in SELDOM].update((n.op.name, bool(small.others), n.types[0].rank) for n in nodes)
    assert {each.called for each in SMALL} >= SELDOM
    assert met[True] <= met[False]


def test_the_page_says_where_height_and_width_vary() -> None:
    page = PAGE.read_text("utf-8")
    free = page[page.index("Height and width vary as well in") : page.index("The other families'")]
    assert re.findall(r"`(\w+)`", free) == sorted(each.called for each in SMALL if each.others)


def graphs_of(small: Small) -> list[Graph]:
    """At each size of its images, the first of which it is exported at."""
    images = (small.image or (0, 0), *small.others)
    sizes = [dict(zip("HW", each, strict=True)) if any(each) else None for each in images]
    return [archdsl.graph(small.spec, sizes=each, **small.params) for each in sizes]


@pytest.mark.slow
@pytest.mark.parametrize("small", TAKEN, ids=lambda small: small.called)
def test_onnxruntime_computes_what_the_module_does(small: Small, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    graphs = graphs_of(small)
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
