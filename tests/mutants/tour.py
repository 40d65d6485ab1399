"""Small specs that together use the whole language, to be changed at random."""

from __future__ import annotations

from pathlib import Path

TOUR = (
    """
archdsl: 1
name: convolutional
summary: A tour
reference: nowhere
params: {width: 8, layers: [1, 2], norm: batch_norm2d, act: {op: relu}, rows: [{out: 8, k: 3}, {out: 16, k: 1}]}
let: {twice: width * 2, wide: "[r.out * 2 for r in rows]"}
inputs: {x: [N, 3, H = 32, W = 32]}
blocks:
  unit:
    inputs: {x: [N, C, H, W], skip: {shape: [N, C, H, W], optional: true}}
    params: {out: int, k: 3, act: text, norm: {type: text, default: null}}
    let: {inner: out // 2}
    nodes:
      conv: {op: conv2d, out_channels: inner, kernel_size: k, padding: k // 2, init: {weight: zeros}}
      norm: $norm
      act: {op: $act, note: it is here}
      side: {if: C != out, else: x, op: conv2d, from: x, out_channels: out, kernel_size: 1}
      last: {op: conv2d, from: act, out_channels: out, kernel_size: 1, was: end}
      sum: {value: "last + side * 0.5", note: sum}
    outputs: {y: sum, z: last}
nodes:
  stem: {op: conv2d, out_channels: width, kernel_size: 3, padding: 1}
  for i, r in enumerate(rows):
    stage$i:
      - for j in range(layers[i]):
          - {op: unit, out: r.out, k: r.k, act: $act, norm: $norm}
          - {op: relu, from: "$(2 * j).y"}
    go$i: {from: stage$i}
  aux: {when: training, op: conv2d, from: stem, out_channels: 4, kernel_size: 1}
  best: {when: evaluation, else: go1, op: relu, from: go1}
  pool: {op: adaptive_avg_pool2d, from: best, output_size: 1}
  flat: flatten
  fc: {op: linear, out_features: "twice + wide[0] - x.shape[1]"}
  again: {share: fc, from: flat}
  tied: {op: linear, from: flat, out_features: "twice + wide[0] - x.shape[1]", tie: {weight: fc.weight}, bias: false}
  out: = fc + again * tanh(tied) - width
outputs: {logits: out, aux: aux, for i in range(2): {part$i: stage$i}}
init:
  conv2d: {weight: "kaiming_normal(mode=fan_out, nonlinearity=relu)", bias: zeros}
  "*c": {weight: "normal(std=width ** -0.5)"}
weights:
  renames: {"old.*": "stem.*", for i in range(2): {"l$i.*": "stage$i.*"}, "gone": null}
  resize: {"stem.weight": {mode: bicubic, prefix: 0}}
""",
    """
archdsl: 1
name: sequences
params: {width: 8, heads: 2, rows: [1, 2, 3], state: {h: start}}
inputs:
  tokens: {shape: [N, T = 16], dtype: int64, below: width}
  for i in range(2): {mem$i: [N, S = 4, 8]}
blocks:
  cell:
    inputs: {x: [N, C], h: [N, H], w: {shape: [H, C], optional: true}}
    params: {size: {type: int, default: 8}}
    nodes:
      a: {op: linear, from: x, out_features: size}
      b: {op: linear, from: {input: h}, out_features: H}
      next: = tanh(a + b)
    outputs: {h: next, more: a}
nodes:
  embed: {op: embedding, num_embeddings: width, embedding_dim: width}
  cls: {op: parameter, shape: [1, 1, width], init: zeros}
  mask: {op: constant, shape: [T, T], index: [t, u], value: 0 if u <= t else -inf, persistent: false}
  attn: {op: multihead_attention, num_heads: heads, from: {query: embed, key: embed, value: embed}}
  qkv: {op: chunk, chunks: 2, dim: -1, names: [q, k], from: attn}
  both: {op: cat, dim: -1, from: [qkv.q, qkv.k, for i in range(1): [embed]]}
  cut: {op: rearrange, pattern: n t (h c) -> n h t c, h: heads, from: embed}
  ein: {op: einsum, equation: "nhtc,nhuc->nhtu", from: [cut, cut]}
  masked: = ein * width ** -0.5 + mask
  start: {op: constant, shape: [N, 8], value: 0}
  loop: {op: scan, body: {op: cell, size: 8}, dim: 1, over: {x: both}, carry: $state, collect: {all: h, more: more}}
  rnn: {op: lstm, hidden_size: 4, batch_first: true, from: loop.all}
  size: {op: constant, shape: ["x_y.shape[1] if false else T"], value: 1}
  last: {op: linear, from: loop.h, out_features: "make_divisible(3, 8) if false else 3"}
outputs: [last, rnn.output, for i in range(2): embed]
""",
    """
archdsl: 1
name: outer
extends: base
use: [library]
params: {width: 4}
patch:
  nodes.two: {op: linear, out_features: width}
  nodes.three: null
  nodes.new: {after: two, op: lib, size: 3}
  blocks.own.nodes.0: {op: linear, out_features: 5}
""",
    """
archdsl: 1
params: {width: 8, inner: {op: own, size: 3}, pick: own}
inputs: {x: [N, 8]}
blocks:
  own:
    inputs: {x: [N, C]}
    params: {size: 4, op: {type: text, default: null}}
    nodes: [{op: linear, out_features: size}]
nodes:
  a.one: $inner
  a.two: {op: $pick, size: 5}
  b: {op: spec.inner, width: width, from: x}
  c: {from: x, nodes: {d: relu, e: {op: linear, from: d, out_features: "d.shape[1] * 2"}}}
  d: {op: cat, from: {tensors: c}, dim: 1}
  e: [relu, {op: dropout, p: 0.5}, [relu]]
  f: {if: width > 4, from: a.two}
outputs: {d: d, e: e, f: f, g: a.one}
init: {linear: zeros, "*.e": {weight: "uniform(a=-1, b=1)"}}
""",
)


def neighbours(folder: Path) -> None:
    """Writes the files that the specs of the tour extend and use."""
    for name, text in _NEIGHBOURS.items():
        (folder / f"{name}.yaml").write_text(text)


_NEIGHBOURS = {
    "base": """
archdsl: 1
params: {width: 8, rows: [3]}
inputs: {x: [N, 8]}
blocks: {own: {nodes: [{op: linear, out_features: 3}]}}
nodes: {one: own, two: relu, three: relu}
outputs: two
""",
    "library": """
archdsl: 1
params: {scale: 2}
blocks:
  lib: {inputs: {x: [N, C]}, params: {size: int}, nodes: [{op: linear, out_features: size * scale}]}
""",
    "inner": """
archdsl: 1
params: {width: 8}
let: {half: width // 2}
inputs: {x: [N, 8]}
nodes: [{op: linear, out_features: half}]
init: {linear: {weight: "normal(std=half)"}}
""",
}
