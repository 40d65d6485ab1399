"""Small specs with layers of one list that run one after another and read more than the one before."""

from __future__ import annotations

from typing import Final

LAYER: Final = """
inputs: {x: [N, T = 5, 8], m: [N, T, 8]}
blocks:
  layer:
    inputs: {x: [N, T, C], m: [N, T, C]}
    nodes:
      linear: {op: linear, from: x, out_features: C}
      out: = linear + m * x
  two:
    inputs: {x: [N, T, C], m: [N, T, C]}
    nodes:
      linear: {op: linear, from: x, out_features: C}
      out: = linear * m
    outputs: {x: linear, m: out}
nodes:
"""

STACKS: Final = {
    "a stack of layers": """
  layers:
    - for i in range(4): {op: layer, from: {m: m}}
""",
    "a stack of few layers": """
  layers:
    - for i in range(2): {op: layer, from: {m: m}}
""",
    "stacks one after another": """
  start: {op: linear, from: x, out_features: 8}
  first:
    - for i in range(3): {op: layer, from: {m: m}}
  second:
    - for i in range(3): {op: layer, from: {m: start}}
""",
    "a stack whose source is read later": """
  start: {op: linear, from: x, out_features: 8}
  layers.0: {op: layer, from: {m: m}}
  layers.1: {op: layer, from: {m: m}}
  layers.2: {op: layer, from: {m: m}}
  out: = layers.2 * start
""",
    "a stack whose source every layer reads": """
  start: {op: linear, from: x, out_features: 8}
  layers.0: {op: layer, from: {x: start, m: start}}
  layers.1: {op: layer, from: {m: start}}
  layers.2: {op: layer, from: {m: start}}
  out: = layers.2 + m
""",
    "a stack in the middle of a list": """
  layers.0: {op: layer, from: {x: x, m: x}}
  layers.1: {op: layer, from: {m: m}}
  layers.2: {op: layer, from: {m: m}}
  layers.3: {op: layer, from: {m: m}}
  layers.4: {op: layer, from: {m: x}}
""",
    "a stack that is tapped": """
  layers.0: {op: layer, from: {x: x, m: m}}
  layers.1: {op: layer, from: {m: m}}
  layers.2: {op: layer, from: {m: m}}
  layers.3: {op: layer, from: {m: m}}
  layers.4: {op: layer, from: {m: m}}
  layers.5: {op: layer, from: {m: m}}
  layers.6: {op: layer, from: {m: m}}
  out: = layers.6 * layers.2
""",
    "a stack after layers of two outputs": """
  layers.0: {op: two, from: {x: x, m: m}}
  layers.1: {op: layer, from: {x: layers.0.x, m: layers.0.m}}
  layers.2: {op: layer, from: {m: layers.0.m}}
  layers.3: {op: layer, from: {m: layers.0.m}}
  layers.4: {op: layer, from: {m: layers.0.m}}
""",
    "a stack that runs the other way": """
  layers.1: {op: layer, from: {x: x, m: m}}
  layers.0: {op: layer, from: {m: m}}
  layers.2: {op: layer, from: {m: m}}
""",
    "a stack in one mode": """
  layers.0: {op: layer, from: {x: x, m: m}}
  layers.1: {op: layer, from: {m: m}}
  layers.2: {op: layer, from: {m: m}}
  aux.0: {op: layer, from: {x: m, m: m}, when: training}
  aux.1: {op: layer, from: {x: aux.0, m: m}, when: training}
  aux.2: {op: layer, from: {x: aux.1, m: m}, when: training}
outputs: {out: layers.2, aux: aux.2}
""",
}
