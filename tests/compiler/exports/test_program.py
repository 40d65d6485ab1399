"""A network traced: which sizes may vary, what a line says of those that cannot, and what the module is afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from sympy import Eq, Max, Mod, Symbol

import archdsl
from archdsl_torch.exports.program import Program, false_somewhere, program_of
from archdsl_torch.trial import sample_inputs

TWO = """archdsl: 1
name: two
inputs: {x: [N, 4, H = 8, W = 8], y: [N, 6]}
nodes:
  conv: {op: conv2d, from: x, out_channels: 3, kernel_size: 3, stride: 2, padding: 1}
  drop: {op: dropout, from: y, p: 0.5}
  extra: {op: linear, from: y, out_features: 5, when: training}
outputs: {map: conv, aux: extra, vector: drop}
"""
TABLE = """archdsl: 1
name: table
inputs: {x: [N, T = 64], y: [N, S = 64]}
nodes:
  table: {op: parameter, shape: [64]}
  first: = x + table
  both: = first + y
"""
ONE_BATCH = """archdsl: 1
name: one
inputs: {x: [N, 8]}
nodes:
  single: {op: reshape, shape: [4, 2]}
"""


def traced(text: str, dynamic: list[str] | None = None) -> Program:
    graph = archdsl.loads(text)
    return program_of(graph, archdsl.build(graph, seed=0), dynamic)


def told(text: str, dynamic: list[str]) -> list[str]:
    with pytest.raises(archdsl.ExportError) as caught:
        traced(text, dynamic)
    return str(caught.value).splitlines()


def shapes(program: Program) -> tuple[str, str]:
    report = program.report()
    return str([*report.inputs.values()]), str([*report.outputs.values()])


def test_the_batch_is_free_and_outputs_have_the_specs_names() -> None:
    program = traced(TWO)
    assert shapes(program) == ("['N×4×8×8', 'N×6']", "['N×3×4×4', 'N×6']")
    assert list(program.outputs) == ["map", "vector"], "what is there in training alone is no output of the file"
    assert program.traced.graph_signature.user_inputs == ("x", "y")
    found = program.traced.module()(torch.randn(5, 4, 8, 8), torch.randn(5, 6))
    assert {name: tuple(value.shape) for name, value in found.items()} == {"map": (5, 3, 4, 4), "vector": (5, 6)}


def test_sizes_that_are_named_are_free_and_the_others_fixed() -> None:
    assert shapes(traced(TWO, ["H"])) == ("['1×4×H×8', '1×6']", "['1×3×((H + 1) // 2)×4', '1×6']")
    assert shapes(traced(TWO, [])) == ("['1×4×8×8', '1×6']", "['1×3×4×4', '1×6']")
    program = traced(TWO, ["N", "H", "W"])
    found = program.traced.module()(torch.randn(3, 4, 10, 5), torch.randn(3, 6))
    assert found["map"].shape == (3, 3, 5, 3)


def test_a_size_that_the_inputs_do_not_have() -> None:
    assert told(TWO, ["N", "Q", "T"]) == [
        "`Q`, `T`: the inputs have no such size that may vary: `x` is N×4×H×W, `y` is N×6"
    ]


def test_a_size_that_the_network_fixes_is_told_with_the_line_that_asks_for_it() -> None:
    lines = told(TABLE, ["N", "S", "T"])
    assert [line.partition(":")[0] for line in lines] == [
        "`S` cannot vary, it is 64 in the file", "`T` cannot vary, it is 64 in the file"
    ]  # fmt: skip
    assert "at 65 `torch._assert(x.shape[-1] == self.table.shape[-1]," in lines[1]
    assert lines[1].endswith("(line 25 of the source) fails: dimension -1 does not fit")


def test_a_batch_that_the_network_fixes_is_a_note_where_nobody_asked_for_it() -> None:
    program = traced(ONE_BATCH)
    assert shapes(program) == ("['1×8']", "['4×2']")
    (note,) = program.notes
    assert note.startswith("`N` cannot vary, it is 1 in the file: at 2 `")
    assert told(ONE_BATCH, ["N"]) == [note]


@pytest.mark.parametrize("shapes", ["x: [N, T = 5, 4], at: [N, 1, 1]", "x: [1, T = 5, 1], at: [N, 2, 4]"])
def test_places_along_a_dimension_leave_the_batch_free(shapes: str) -> None:
    """torch's `take_along_dim` fixes the sizes that it broadcasts to."""
    text = (
        f"archdsl: 1\nname: net\ninputs: {{{shapes.replace('at:', 'at: {shape:')}, dtype: int64}}}}\n"
        "nodes:\n  take: {op: take_along_dim, from: [x, at], dim: -2}\n"
    )
    graph = archdsl.loads(text)
    module = archdsl.build(graph)
    program = program_of(graph, module, ["N", "T"])
    assert not program.notes
    inputs = sample_inputs(graph, seed=0, sizes={"N": 7, "T": 3})
    assert torch.equal(program.traced.module()(*inputs), module(*inputs))


def test_sizes_that_are_always_equal_are_told() -> None:
    program = traced(TABLE.replace("table: {op: parameter, shape: [64]}", "table: {op: identity, from: x}"), ["T", "S"])
    assert program.notes == ("`S` is always equal to `T`: the network asks for that",)


@pytest.mark.parametrize("dynamic", [None, ["Q"]])
def test_the_module_stays_as_it_was(dynamic: list[str] | None) -> None:
    graph = archdsl.loads(TWO)
    module = archdsl.build(graph, seed=0)
    module.conv.eval()
    before = {name: each.training for name, each in module.named_modules()}
    kind, values = type(module), {name: value.clone() for name, value in module.state_dict().items()}
    try:
        program_of(graph, module, dynamic)
    except archdsl.ExportError:
        assert dynamic
    assert {name: each.training for name, each in module.named_modules()} == before
    assert type(module) is kind
    assert all(torch.equal(value, values[name]) for name, value in module.state_dict().items())


def test_what_torch_cannot_trace_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object, **named: object) -> None:
        raise RuntimeError("\x1b[96mno such thing\x1b[0m\nand many lines more")

    monkeypatch.setattr(torch.export, "export", refused)
    assert told(TWO, ["N"]) == ["`N` cannot vary, it is 1 in the file: no such thing"]
    assert told(TWO, []) == ["torch.export cannot trace `two`: no such thing"]


def test_an_equation_is_an_assumption_where_larger_sizes_make_it_false() -> None:
    height, width = Symbol("s0", integer=True, positive=True), Symbol("s53", integer=True, positive=True)
    assert false_somewhere(Eq(Mod(height, 6), 0))
    assert false_somewhere(Eq((height - 1) // 128 + 1, 1)), "a map of one pixel at the traced size"
    assert false_somewhere(Eq(height, width))
    assert not false_somewhere(Eq(Max(1, height - 3) * width, (height - 3) * width))
