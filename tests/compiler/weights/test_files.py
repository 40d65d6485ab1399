"""Files of weights: which they are, what training scripts put around them, and what is none."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

import archdsl
from tests.compiler.weights.support import Save, State, assert_loaded, published


def _noted(x: torch.Tensor) -> torch.Tensor:
    """With an attribute of its own, as training code hangs on tensors."""
    made = x.clone() if type(x) is torch.Tensor else x
    made.note = "of mine"  # type: ignore[attr-defined]
    return made


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.bin", "old.pth", "net.safetensors", "safetensors.pth"])
def test_the_format_is_told_by_the_content(net: Path, tmp_path: Path, name: str) -> None:
    state, file = published(net), tmp_path / name
    if "safetensors" in name:
        save_file(state, file)
    else:
        torch.save(state, file, _use_new_zipfile_serialization=name != "old.pth")
    module = archdsl.build(net, weights=file)
    assert_loaded(module, state)
    report = archdsl.load_weights(net, archdsl.build(net), file)
    assert set(report.loaded) == set(state)
    assert not (report.renamed or report.resized or report.skipped or report.missing or report.fresh)
    assert str(report) == f"{name}: 10 tensors loaded"


@pytest.mark.parametrize(
    ("wrap", "entry"),
    [
        (lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {0: state}}}, "state_dict"),
        (lambda state: {"model": state, "loss": torch.tensor(0.5)}, "model"),
        (lambda state: {"model": {k: -v for k, v in state.items()}, "model_ema": state}, "model_ema"),
        (lambda state: {"whatever": state}, "whatever"),
        (lambda state: {f"module.{k}": v for k, v in state.items()}, None),
        (lambda state: {f"_orig_mod.{k}": v for k, v in state.items()}, None),
        (lambda state: {f"module._orig_mod.{k}": v for k, v in state.items()}, None),
        (lambda state: {k.replace("body.", "body._orig_mod."): v for k, v in state.items()}, None),
        (lambda state: {"state_dict": {f"model.{k}": v for k, v in state.items()}}, "state_dict"),
        (lambda state: {"n_averaged": torch.tensor(9), **{f"module.{k}": v for k, v in state.items()}}, None),
        (lambda state: {k: nn.Parameter(v, requires_grad=False) for k, v in state.items()}, None),
        (lambda state: {k: _noted(v) for k, v in state.items()}, None),
        (lambda state: {k: _noted(nn.Parameter(v, requires_grad=False)) for k, v in state.items()}, None),
    ],
)  # fmt: skip
def test_what_training_scripts_put_around_the_weights(
    net: Path, saved: Save, wrap: Callable[[State], Any], entry: str | None
) -> None:
    state, module = published(net), archdsl.build(net)
    report = archdsl.load_weights(net, module, saved(wrap(state), "net.pth"))
    assert_loaded(module, state)
    assert report.file == (f"net.pth ({entry})" if entry else "net.pth")
    assert not report.renamed and not report.skipped


def test_two_tensors_of_one_name_once_unwrapped_are_an_error(net: Path, saved: Save) -> None:
    state = published(net)
    file = saved({**{f"_orig_mod.{k}": v for k, v in state.items()}, "fc.bias": state["fc.bias"]}, "net.pth")
    with pytest.raises(archdsl.WeightsError, match=r"two tensors for `fc\.bias`, `_orig_mod\.fc\.bias` and `fc\.bias`"):
        archdsl.load_weights(net, archdsl.build(net), file)


class Malice:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("pwned",)


MORE = (
    "`bad.pth` holds more than tensors, `%s`: only tensors are read, and no code of a file is run; "
    "where you trust the file, save the network's `state_dict()` alone"
)
SEVERAL = "`bad.pth` holds several sets of weights, `a`, `b`; save the one to load by itself"
NOT_WEIGHTS = "`bad.pth` is no file of weights, or damaged: expected torch's `.pth` or `.pt`, or `.safetensors`"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"fc.weight": Malice()}, MORE % "posix.mkdir"),
        (nn.Linear(2, 2), MORE % "torch.nn.modules.linear.Linear"),
        ([torch.zeros(2)], "`bad.pth` holds no weights: expected a mapping from names to tensors"),
        ({"epoch": 3}, "`bad.pth` holds no weights: expected a mapping from names to tensors"),
        ({"a": {"w": torch.zeros(1)}, "b": {"w": torch.zeros(1)}}, SEVERAL),
        ({"w": torch.eye(2).to_sparse()}, "`bad.pth` has no plain numbers for `w`: it is sparse, quantised or empty"),
        ({"w": torch.zeros(1)}, "`bad.pth` has no tensor that fits `net`: it begins with `w`"),
        (
            {name: torch.zeros(1) for name in "wvut"},
            "`bad.pth` has no tensor that fits `net`: it begins with `w`, `v`, `u`",
        ),
        (b"", NOT_WEIGHTS),
        (b"not a file of weights at all", NOT_WEIGHTS),
        (pickle.dumps(Malice()), NOT_WEIGHTS),
    ],
)  # fmt: skip
def test_a_file_that_is_no_file_of_weights(net: Path, saved: Save, content: Any, message: str) -> None:
    file = Path("bad.pth")
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        saved(content, "bad.pth")
    with pytest.raises(archdsl.WeightsError) as caught:
        archdsl.build(net, weights=file)
    assert str(caught.value) == message
    assert not Path("pwned").exists()


@pytest.mark.parametrize("header", [b"{", b'{"Fc.W": {"dtype": "U7", "shape": [1], "data_offsets": [0, 1]}}'])
def test_what_safetensors_says_of_a_damaged_file_is_told_in_its_own_words(net: Path, header: bytes) -> None:
    Path("bad.pth").write_bytes(len(header).to_bytes(8, "little") + header + b"\0")
    with pytest.raises(SafetensorError) as found:
        load_file("bad.pth")
    words = str(found.value)
    with pytest.raises(archdsl.WeightsError) as caught:
        archdsl.build(net, weights="bad.pth")
    assert str(caught.value) == f"`bad.pth` is damaged: {words[0].lower()}{words[1:]}"


@pytest.mark.parametrize("zipped", [True, False])
def test_a_damaged_file_is_refused_or_loads(net: Path, zipped: bool) -> None:
    torch.save(published(net), "net.pth", _use_new_zipfile_serialization=zipped)
    whole = Path("net.pth").read_bytes()
    generator = torch.Generator().manual_seed(2)
    graph = archdsl.graph(net)
    module = archdsl.build(graph)
    for _ in range(100):
        place = int(torch.randint(len(whole), (1,), generator=generator))
        cut = bool(torch.randint(2, (1,), generator=generator))
        Path("bad.pth").write_bytes(whole[:place] if cut else whole[:place] + b"\xff" + whole[place + 1 :])
        try:
            archdsl.load_weights(graph, module, "bad.pth")
        except archdsl.WeightsError as error:
            assert "bad.pth" in str(error)


def test_a_file_that_is_not_there(net: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archdsl.build(net, weights="nowhere.pth")


def test_safetensors_without_its_package(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(published(net), "net.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(archdsl.WeightsError, match="and the package for these is missing; `pip install safetensors`"):
        archdsl.build(net, weights="net.safetensors")
