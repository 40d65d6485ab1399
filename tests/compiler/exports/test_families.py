"""Networks of several families as files: what onnxruntime and torch compute of them is what the module does.

`python -m tests.export_survey` does the same for every network that ships.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.export_survey import SMALLEST, survey

GPT: Mapping[str, Any] = {"vocab_size": 50, "n_positions": 160, "n_embd": 32, "n_layer": 2, "n_head": 4}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("resnet20", {}),
        ("efficientnet_b0", {}),
        ("capsnet", {}),
        ("convformer_s18", {}),
        ("dcgan_generator", {}),
        ("elman_rnn", {}),
        ("gpt2", GPT),
    ],
)
def test_files_compute_what_the_module_does(name: str, params: Mapping[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    for result in survey(name, params, tmp_path):
        assert result.error is not None, result
        assert result.error <= (SMALLEST if result.target == "onnx" else 0), result
