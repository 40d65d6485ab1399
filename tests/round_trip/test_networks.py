"""Specs that ship, of a dozen families and small: their modules, read again, are the same networks."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.document.files import shipped
from tests.round_trip.__main__ import MARKS, PAGE, Row, table
from tests.round_trip.comparing import INITIALISERS, LOOPS, MODES, round_trip
from tests.round_trip.networks import sized_down

SMALL: dict[str, dict[str, Any]] = {
    "lenet5": {},
    "resnet18": {"layers": [1, 1, 1, 1], "channels": 8},
    "vit_b_16": {"num_layers": 1, "image_size": 32},
    "gpt2": {"n_layer": 1, "n_positions": 128, "n_embd": 32, "n_head": 4, "vocab_size": 50},
    "gru": {"hidden_size": 8, "sizes": {"T": 4}},
    "convmixer_768_32": {"depth": 1},
    "mixer_b16": {"depth": 1, "image_size": 32},
    "alexnet_2012": {},
    "bert_base_uncased": {"num_layers": 1, "hidden_size": 32, "num_heads": 4, "vocab_size": 50},
    "llama_3_8b": {**sized_down("llama_3_8b"), "num_layers": 1},
    "deit_b_16_distilled": {"depth": 1, "image_size": 32},
    "gmlp_ti16": {"depth": 1, "image_size": 32},
}
BUT = {"gru": LOOPS, "deit_b_16_distilled": MODES}
"""What does not come back, beside initialisers."""


@pytest.mark.parametrize("name", SMALL)
def test_a_spec_comes_back(name: str) -> None:
    found = round_trip(archdsl.graph(name, **SMALL[name]), free=False)
    assert found.why == ""
    assert {*found.but} - {INITIALISERS} == ({BUT[name]} if name in BUT else set())


def test_a_module_that_is_another_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    build = archdsl.build
    graph = archdsl.graph("lenet5")
    monkeypatch.setattr(archdsl, "build", lambda _, **settings: build("lenet5", num_classes=9, **settings))
    assert "`(10, 84)`" in round_trip(graph, free=False).why or "tensor" in round_trip(graph, free=False).why
    assert not logging.getLogger("archdsl").disabled


def test_a_row_says_what_did_not_come_back() -> None:
    assert str(Row("net", nodes=3)) == "| `net` | equal |  | 3 |  |"
    assert "equal but for modes | a = 1, H = 4" in str(Row("net", "", ("modes",), ("H = 4",), "a = 1"))
    assert "| differs |  | 0 | a\\|b |" in str(Row("net", "a|b"))
    assert table([Row("b"), Row("a", "why")]).startswith("1 of 2 come back")


def test_the_page_has_every_spec() -> None:
    page = Path(PAGE).read_text().split(MARKS[0])[1].split(MARKS[1])[0]
    assert [path.stem for path in shipped() if f"`{path.stem}`" not in page] == []
