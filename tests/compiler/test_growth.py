"""Printing a source takes time that is linear in the network: twice the nodes are twice the instructions of Python."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

import archdsl
from archdsl.document.inherit import read
from archdsl.elaboration.analyse import elaborate
from archdsl.limits import analysis
from archdsl_torch import source
from benchmarks import synthetic

TEXTS: Final = {
    "a list of layers whose widths have no rule": """
inputs: {x: [N, 4]}
nodes:
  layers:
    - for i in range(COUNT): {op: linear, out_features: 4 + i * i * 7 % 11}
""",
    "layers that some instances lack": """
inputs: {x: [N, 4]}
blocks:
  unit:
    params: {k: int}
    nodes:
      for i in range(COUNT):
        fc$i: {op: linear, out_features: 4}
        drop$i: {if: (i + k) % 3 == 0, op: dropout}
nodes: {a: {op: unit, k: 1}, b: {op: unit, k: 2}, c: {op: unit, k: 3}}
""",
    "widths that differ in instances": """
inputs: {x: [N, 4]}
blocks:
  unit:
    params: {k: int}
    nodes:
      for i in range(COUNT):
        fc$i: {op: linear, out_features: 4 + (i * i * 7 + k * i) % 11}
nodes: {a: {op: unit, k: 1}, b: {op: unit, k: 2}, c: {op: unit, k: 3}}
""",
    "one block that runs again and again": """
inputs: {x: [N, 4]}
blocks:
  unit: {nodes: [{op: linear, out_features: 4}, relu]}
nodes:
  first: unit
  for i in range(COUNT):
    again$i: {share: first}
""",
    "uses of one block that differ in nothing": """
inputs: {x: [N, 4]}
blocks:
  inner: {nodes: [{op: linear, out_features: 4}, relu]}
  unit: {nodes: {a: inner, b: inner, sum: = a + b}}
nodes:
  layers:
    - for i in range(COUNT): unit
  for i in range(COUNT):
    more$i: unit
    both$i: = more$i + 1
""",
    "index tensors": """
inputs: {x: [N, T, 4]}
nodes:
  for i in range(COUNT):
    table$i: {op: constant, shape: [T, 4], index: [t, c], value: sin(t) + c}
    sum$i: = x + table$i
""",
    "values of one name": """
inputs: {x: [N, 4]}
nodes:
  for i in range(COUNT):
    scope$i: {from: x, nodes: {pad: {op: pad, pad: [0, 1]}, relu: relu}}
  for i in range(COUNT):
    last$i: = scope$i * 2
""",
    "initialisers that differ": """
inputs: {x: [N, 4]}
blocks:
  unit: {nodes: {fc: {op: linear, out_features: 4}, zero: {op: linear, out_features: 4, init: {weight: zeros}}}}
nodes:
  for i in range(COUNT):
    unit$i: unit
    fc$i: {op: linear, out_features: 4, init: {weight: ones}}
""",
}
SHAPES: Final[dict[str, Callable[[int], str]]] = {
    "paddings of sizes from outside": lambda count: synthetic.padded(3, count // 10),
    "a chain": synthetic.chained,
    "a node that reads many": synthetic.joined,
    "many inputs": synthetic.given,
    "many inputs of sizes of their own": lambda count: synthetic.HEAD + sized(count),
    "many outputs": synthetic.giving,
    **{
        name: lambda count, text=text: synthetic.HEAD + text.replace("COUNT", str(count))
        for name, text in TEXTS.items()
    },
}


def sized(count: int) -> str:
    inputs = "".join(f"  x{i}: [N, A{i}]\n" for i in range(count))
    halves = "".join(
        f"  half{i}: {{op: narrow, from: x{i}, dim: 1, start: 0, length: A{i} // 2}}\n" for i in range(count)
    )
    return f"inputs:\n{inputs}nodes:\n{halves}"


@pytest.mark.parametrize("shape", SHAPES)
def test_sources_grow_linearly(shape: str, tmp_path: Path) -> None:
    # the first fills caches of what is the same for all
    _, once, twice, four_times = (instructions(SHAPES[shape](count), tmp_path) for count in (30, 30, 60, 120))
    # what comes once cancels; of a square, the second step would be four times the first
    assert four_times - twice < 2.1 * (twice - once)


@pytest.mark.parametrize("name", ["llama_2_7b", "mixtral_8x7b", "inception_v4", "padded"])
def test_printing_a_source_takes_a_few_times_what_elaboration_takes(name: str, tmp_path: Path) -> None:
    """The time is 3 times as long at most, which `python -m benchmarks sources` measures."""
    padded = tmp_path / "padded.yaml"
    padded.write_text(synthetic.padded(10, 23))
    with analysis():
        resolved, _ = read(padded if name == "padded" else name)
        assert resolved is not None
        graph, _ = elaborate(resolved)
        assert graph is not None
        source(graph)  # what is remembered for later ones is not counted
        assert counted(lambda: source(graph)) < 5 * counted(lambda: elaborate(resolved))


def instructions(text: str, folder: Path) -> int:
    """How many Python runs to print the source of a spec."""
    file = folder / "net.yaml"
    file.write_text(text)
    graph = archdsl.graph(file)
    return counted(lambda: source(graph))


def counted(action: Callable[[], object]) -> int:
    """How many instructions Python runs."""
    run = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal run
        run += event == "opcode"
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        action()
    finally:
        sys.settrace(before)
    return run


def test_a_long_chain_of_what_passes_its_input_on_prints(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(f"""{synthetic.HEAD}
inputs: {{x: [N, 4]}}
nodes:
  fc: {{op: linear, out_features: 4}}
  for i in range(1_500):
    drop$i: dropout
  relu: {{op: relu}}
""")
    assert source(archdsl.graph(file)).count("nn.Dropout(") == 1_500
