"""Networks with several outputs: torch.export saves and loads what they give."""

from __future__ import annotations

import copy
import importlib
import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl
from archdsl_torch import runtime

SPEC = """archdsl: 1
name: {name}
inputs: {{x: [N, 4]}}
nodes:
  a: {{op: linear, out_features: 3}}
  b: {{op: linear, out_features: 2}}
outputs: {outputs}
"""


def spec(folder: Path, name: str = "two", outputs: str = "{first: a, second: b}") -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(SPEC.format(name=name, outputs=outputs))
    return file


def exported(module: nn.Module, x: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module.eval(), (x,)), buffer)
    return buffer.getvalue()


def loaded(saved: bytes) -> nn.Module:
    return torch.export.load(io.BytesIO(saved)).module()


def same(found: object, expected: tuple[torch.Tensor, ...]) -> bool:
    assert isinstance(found, tuple)
    fields = type(found)._fields == type(expected)._fields  # type: ignore[attr-defined]
    return fields and all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_an_exported_program_gives_the_same_after_loading(tmp_path: Path) -> None:
    module, x = archdsl.build(spec(tmp_path), seed=0), torch.randn(2, 4)
    found = loaded(exported(module, x))(x)
    assert same(found, module(x))
    assert torch.equal(found.second, module(x).second)


@pytest.mark.parametrize("name", ["two", "one_mode"])
def test_every_kind_of_outputs_is_saved(tmp_path: Path, name: str) -> None:
    file = spec(tmp_path)
    if name == "one_mode":
        file.write_text(
            "archdsl: 1\ninputs: {x: [N, 4]}\nnodes:\n  a: {op: linear, out_features: 3}\n"
            "  b: {op: linear, from: a, out_features: 2, when: training}\noutputs: {out: a, aux: b}\n"
        )
    module, x = archdsl.build(file, seed=0).eval(), torch.randn(2, 4)
    found, expected = loaded(exported(module, x))(x), module(x)
    assert type(found)._fields == type(expected)._fields
    assert all((a is None and b is None) or torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_networks_of_several_outputs_live_together(tmp_path: Path) -> None:
    """Their classes are all called `Outputs`; torch knows each by the network and the fields."""
    x = torch.randn(2, 4)
    files = [
        spec(tmp_path, "one"),
        spec(tmp_path, "other", "{a: a, b: b}"),
        spec(tmp_path, "third", "{second: b, first: a, again: a}"),
    ]
    modules = [archdsl.build(file, seed=0) for file in files]
    saved = [exported(module, x) for module in modules]
    assert all(same(loaded(data)(x), module(x)) for data, module in zip(saved, modules, strict=True))


def test_a_network_of_the_same_name_with_other_outputs(tmp_path: Path) -> None:
    x = torch.randn(2, 4)
    first = archdsl.build(spec(tmp_path), seed=0)
    saved = exported(first, x)
    second = archdsl.build(spec(tmp_path, outputs="{third: b, first: a}"), seed=0)
    assert same(loaded(saved)(x), first(x))
    assert same(loaded(exported(second, x))(x), second(x))


def test_the_same_text_twice(tmp_path: Path) -> None:
    """As when a printed file is reloaded, or when a generated module is dropped and made again."""
    module, x = archdsl.build(spec(tmp_path), seed=0), torch.randn(2, 4)
    saved = exported(module, x)
    again = archdsl.build(spec(tmp_path), seed=0)
    assert type(again) is type(module)
    del sys.modules[type(module).__module__]
    new = archdsl.build(spec(tmp_path), seed=0)
    assert type(new) is not type(module)
    assert same(loaded(saved)(x), new(x))
    assert same(loaded(exported(new, x))(x), new(x))


def test_the_printed_file_and_its_reload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "printed_two.py"
    file.write_text(archdsl.source(spec(tmp_path)))
    monkeypatch.syspath_prepend(str(tmp_path))
    printed = importlib.import_module("printed_two")
    x = torch.randn(2, 4)
    saved = exported(printed.Two(), x)
    printed = importlib.reload(printed)
    module = printed.Two()
    assert same(loaded(exported(module, x))(x), module(x))
    assert loaded(saved)(x)._fields == ("first", "second")


def test_pickles_and_copies(tmp_path: Path) -> None:
    module, x = archdsl.build(spec(tmp_path), seed=0), torch.randn(2, 4)
    expected = module(x)
    assert same(pickle.loads(pickle.dumps(module))(x), expected)
    assert same(copy.deepcopy(module)(x), expected)
    assert same(pickle.loads(pickle.dumps(expected)), expected)
    detached = type(expected)(*(tensor.detach() for tensor in expected))
    assert same(copy.deepcopy(detached), detached)


def test_another_process_loads_it_by_the_printed_file(tmp_path: Path) -> None:
    (tmp_path / "printed.py").write_text(archdsl.source(spec(tmp_path)))
    module, x = archdsl.build(spec(tmp_path), seed=0), torch.randn(2, 4)
    (tmp_path / "saved.pt2").write_bytes(exported(module, x))
    torch.save({"x": x, "expected": tuple(module(x))}, tmp_path / "values.pt")
    code = (
        "import torch, printed\n"
        "values = torch.load('values.pt')\n"
        "found = torch.export.load('saved.pt2').module()(values['x'])\n"
        "assert type(found) is printed.Outputs\n"
        "assert all(torch.equal(a, b) for a, b in zip(found, values['expected']))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    ("outputs", "fields"),
    [
        ("[a, b]", ("a", "b")),
        ("{class: a, _x: b}", ("class_", "output_x")),
        ("{'0': a, count: b}", ("output_0", "count")),
        ("{a.b: a, a_b: b}", ("a_b", "a_b2")),
        ("{a-b: a, a b: b}", ("a_b", "a_b2")),
        ('{"a\'b": a, \'"""\': b}', ("a_b", "value")),
        ("{index: a, self: b}", ("index", "self")),
    ],
)
def test_fields_are_names_and_differ(tmp_path: Path, outputs: str, fields: tuple[str, ...]) -> None:
    module = archdsl.build(spec(tmp_path, outputs=outputs))
    assert module(torch.zeros(1, 4))._fields == fields


def test_outputs_go_through_the_gate(tmp_path: Path) -> None:
    text = archdsl.source(spec(tmp_path))
    assert runtime.load(text, "two").Outputs._fields == ("first", "second")
