"""Networks that no paper describes, as large as one asks for, in shapes that are slow where something is not linear."""

from __future__ import annotations

from typing import Final

HEAD: Final = "archdsl: 1\nname: synthetic\n"

LAYER: Final = """
inputs: {{x: [N, 8, H = 1024, W = 1024]}}
blocks:
  layer:
    inputs: {{x: [N, C, G, V]}}
    params: {{below: int, right: int}}
    nodes:
      pad: {{op: pad, pad: [0, right, 0, below]}}
      conv: {{op: conv2d, out_channels: C, kernel_size: 3, padding: 1}}
      norm: batch_norm2d
      relu: relu
      rows: {{op: narrow, dim: 2, start: 0, length: G}}
      crop: {{op: narrow, dim: 3, start: 0, length: V}}
nodes:
  for i in range({levels}):
    pool$i: {{op: max_pool2d, kernel_size: 2}}
    for j in range({layers}):
      layer$i-$j: {{op: layer, below: H % 2, right: W % 2}}
"""


def padded(levels: int, layers: int) -> str:
    """Levels of half the size each, whose layers pad by sizes that only the whole network tells."""
    return HEAD + LAYER.format(levels=levels, layers=layers)


def chained(count: int) -> str:
    """One activation after the other."""
    return f"{HEAD}inputs: {{x: [N, 4]}}\nnodes:\n  for i in range({count}):\n    relu$i: relu\n"


def joined(count: int) -> str:
    """Activations of one tensor, which one node reads."""
    return f"{HEAD}inputs: {{x: [N, 4]}}\n{_beside(count)}  cat: {{op: cat, dim: 1, from: [{_names('relu', count)}]}}\n"


def given(count: int) -> str:
    """A network of so many inputs, of two sizes each that only the run knows."""
    inputs = "".join(f"  x{i}: [N, D]\n" for i in range(count))
    return f"{HEAD}inputs:\n{inputs}nodes:\n  cat: {{op: cat, dim: 1, from: [{_names('x', count)}]}}\n"


def giving(count: int) -> str:
    """A network of so many outputs."""
    outputs = "".join(f"  y{i}: relu{i}\n" for i in range(count))
    return f"{HEAD}inputs: {{x: [N, 4]}}\n{_beside(count)}outputs:\n{outputs}"


def _beside(count: int) -> str:
    return f"nodes:\n  for i in range({count}):\n    relu$i: {{op: relu, from: x}}\n"


def _names(word: str, count: int) -> str:
    return ", ".join(f"{word}{i}" for i in range(count))
