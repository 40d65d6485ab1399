"""Small specs with loops over time, one for every way in which they meet the rest of the language."""

from __future__ import annotations

STEPS = "inputs: {x: [N, T = 5, 4]}\n"
ZEROS = "nodes:\n  zeros: {op: constant, shape: [N, 4], value: 0}\n"
CELL = """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
"""

LOOPS: dict[str, str] = {
    "inside and outside": STEPS
    + CELL
    + ZEROS
    + """\
  first: {op: select, from: x, dim: 1, index: 0}
  once: {op: step, from: {x: first, h: zeros}}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: once.h}, collect: {y: h}}
  again: {op: step, from: {x: first, h: loop.h}}
outputs: {y: loop.y, h: again.h}
""",
    "two loops collect differently": STEPS
    + CELL
    + ZEROS
    + """\
  l1: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  l2: {op: scan, body: step, dim: 1, over: {x: l1.y}, carry: {h: l1.h}, collect: {y: h, p: pre}}
  l3: {op: scan, body: step, dim: 1, reverse: true, over: {x: l2.y}, carry: {h: l2.h}, collect: {y: h, p: pre}}
  l4: {op: scan, body: step, dim: 1, over: {x: l3.p}, capture: {h: l2.h}, collect: {y: h, p: pre}}
outputs: {y: l4.y, h: l3.h, p: l2.p, q: l4.p}
""",
    "collected before and after": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      n: {op: linear, from: x, out_features: C}
      next: = n + h
    outputs: {h: next, before: h, raw: n, seen: x}
"""
    + ZEROS
    + """\
  loop:
    {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros},
     collect: {after: h, before: before, raw: raw, seen: seen}}
outputs: {a: loop.after, b: loop.before, c: loop.raw, d: loop.h, e: loop.seen}
""",
    "relu on slices and captured": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C], k: [N, C]}
    nodes:
      rx: {op: relu, from: x}
      rh: {op: relu, from: h}
      rk: {op: relu, from: k}
      sk: = k + rx
      next: = rx + rh + rk * sk
    outputs: {h: next}
nodes:
  lin: {op: linear, from: x, out_features: 4}
  key: {op: select, from: x, dim: 1, index: 1}
  key2: {op: linear, out_features: 4}
  start: {op: linear, from: key, out_features: 4}
  loop: {op: scan, body: step, dim: 1, over: {x: lin}, carry: {h: start}, capture: {k: key2}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "when in body": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    params: {deep: false}
    nodes:
      a: {op: linear, from: x, out_features: C}
      bn: batch_norm1d
      noisy: {when: training, value: a * 2, else: a}
      deep: {if: deep, op: linear, out_features: C}
      next: = deep + h + bn
    outputs: {h: next}
"""
    + ZEROS
    + """\
  l1: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  l2: {op: scan, body: {op: step, deep: true}, dim: 1, over: {x: l1.y}, carry: {h: zeros}, collect: {y: h}}
outputs: {y: l2.y}
""",
    "when around": STEPS
    + CELL
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  aux: {when: training, op: scan, body: step, dim: 1, over: {x: loop.y}, carry: {h: zeros}, collect: {y: h}}
outputs: {y: loop.y, aux: aux.y}
""",
    "optional ports": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C], m: {optional: true}}
    nodes:
      g: {if: false, from: x}
      n: {op: linear, from: x, out_features: C}
      next: = n + h
    outputs: {h: next}
"""
    + ZEROS
    + """\
  l1: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  l2: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, capture: {m: x}, collect: {y: h}}
outputs: {y: l1.y, z: l2.y}
""",
    "optional mask": """\
inputs: {x: [N, T = 5, 6, 4]}
blocks:
  step:
    inputs: {x: [N, L, C], h: [N, L, C], m: {optional: true}}
    nodes:
      att: {op: scaled_dot_product_attention, from: {query: x, key: h, value: h, attn_mask: m}}
      next: {op: linear, out_features: C}
    outputs: {h: next}
nodes:
  zeros: {op: constant, shape: [N, 6, 4], value: 1}
  m: {op: constant, shape: [6, 6], index: [i, j], value: i - j}
  l1: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  l2: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, capture: {m: m}, collect: {y: h}}
outputs: {y: l1.y, z: l2.y}
""",
    "in block in for": STEPS
    + """\
blocks:
  layer:
    inputs: {x: [N, T, C]}
    params: {back: false}
    nodes:
      zeros: {op: constant, shape: [N, C], value: 0}
      norm: {op: layer_norm, from: x}
      rnn: {op: scan, body: step, dim: 1, reverse: back, over: {x: norm}, carry: {h: zeros}, collect: {y: h}}
      out: = rnn.y + x
    outputs: out
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
nodes:
  layers:
    - for i in range(4):
        {op: layer, back: i % 2 == 1}
""",
    "in inline scope": STEPS
    + CELL
    + ZEROS
    + """\
  for i in range(2):
    part$i:
      nodes:
        norm: {op: layer_norm}
        rnn: {op: scan, body: step, dim: 1, over: {x: norm}, carry: {h: zeros}, collect: {y: h}}
        out: = rnn.y + norm
outputs: part1
""",
    "list with scans": STEPS
    + CELL
    + ZEROS
    + """\
  stack:
    - {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  n: {op: layer_norm, from: stack.0.y}
""",
    "sizes inside": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C], k: [N, S, C]}
    nodes:
      w: {op: linear, from: x, out_features: C}
      big: {op: rearrange, pattern: n (a b) -> n a b, a: 2}
      flat: {op: reshape, shape: [N, C]}
      pos: {op: constant, shape: [S, C], index: [i, j], value: i + j / S}
      s: = k * pos
      m: {op: mean, dim: 1}
      next: = m + flat + h * S
    outputs: {h: next}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, capture: {k: x}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "captured parameters": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C], w: [G, C], b: [G]}
    nodes:
      a: {op: linear, from: {input: x, weight: w, bias: b}}
      next: = a + h
    outputs: {h: next}
"""
    + ZEROS
    + """\
  W: {op: parameter, shape: [4, 4], init: normal}
  B: {op: parameter, shape: [4], init: normal}
  fc: {op: linear, from: x, out_features: 4}
  l1: {op: scan, body: step, dim: 1, over: {x: fc}, carry: {h: zeros}, capture: {w: W, b: B}, collect: {y: h}}
  l2:
    {op: scan, body: step, dim: 1, reverse: true, over: {x: fc}, carry: {h: zeros}, capture: {w: fc.weight, b: fc.bias},
     collect: {y: h}}
outputs: {y: l1.y, z: l2.y}
""",
    "steps at run time": STEPS
    + CELL
    + ZEROS
    + """\
  first: {op: select, from: x, dim: 1, index: 0}
  loop: {op: scan, body: step, dim: 1, steps: T, carry: {h: zeros}, capture: {x: first}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "size argument": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    params: {width: int}
    nodes:
      pos: {op: constant, shape: [width, C], index: [i, j], value: i + j / width}
      m: {op: mean, from: pos, dim: 0}
      next: = m + x + h * 0.5
    outputs: {h: next}
"""
    + ZEROS
    + """\
  first: {op: select, from: x, dim: 1, index: 0}
  second: {op: stack, dim: 1, from: [first, first]}
  loop: {op: scan, body: {op: step, width: T}, dim: 1, over: {x: second}, carry: {h: zeros}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "two sequences": """\
inputs: {x: [N, T = 5, 4], z: [N, U = 5, 4]}
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
nodes:
  loop: {op: scan, body: step, dim: 1, over: {x: x, h: z}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "swap": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], a: [N, C], b: [N, C]}
    nodes: {s: = a + x}
    outputs: {a: b, b: s}
"""
    + ZEROS
    + """\
  ones: {op: constant, shape: [N, 4], value: 1}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {a: zeros, b: ones}, collect: {c: a, d: b}}
outputs: {a: loop.a, b: loop.b, c: loop.c, d: loop.d}
""",
    "awkward names": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      h_t: {op: linear, from: x, out_features: C}
      x_t: = h_t + h
      y: = x_t * x
      zip: = y + h_t
      range: = zip + h
    outputs: {h: range, y: y, torch: zip}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: y, x: torch, self: h}}
outputs: {a: loop.y, b: loop.x, c: loop.self, h: loop.h}
""",
    "dim 0 and -1": """\
inputs: {x: [T = 5, N, 4]}
blocks:
  step:
    inputs: {x: [...], h: [...]}
    nodes: {next: = x * 0.5 + h}
    outputs: {h: next}
"""
    + ZEROS
    + """\
  col: {op: constant, shape: [T, N], value: 1}
  loop: {op: scan, body: step, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  cols: {op: scan, body: step, dim: -1, over: {x: x}, carry: {h: col}, collect: {y: h}}
outputs: {y: loop.y, h: loop.h, c: cols.y}
""",
    "nested": """\
inputs: {x: [N, S = 3, T = 5, 4]}
blocks:
  outer:
    inputs: {x: [N, T, C], h: [N, C]}
    nodes:
      loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: h}, collect: {y: h}}
      m: {op: mean, from: loop.y, dim: 1}
      next: = m + loop.h
    outputs: {h: next, all: loop.y}
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: outer, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: all}}
outputs: {y: loop.y, h: loop.h}
""",
    "unread": STEPS
    + CELL
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {p: pre}}
outputs: {p: loop.p}
""",
    "share inside": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      fc: {op: linear, from: x, out_features: C}
      act: tanh
      again: {share: fc, from: act}
      next: = again + h
    outputs: {h: next}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "tie across": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      fc: {op: linear, from: x, out_features: C}
      next: = fc + h
    outputs: {h: next}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  out: {op: linear, from: loop.y, out_features: 4, tie: {weight: loop.fc.weight}}
outputs: {y: out}
""",
    "chain body": STEPS
    + """\
blocks:
  step:
    nodes:
      - {op: linear, out_features: 4}
      - relu
      - {op: linear, out_features: 4}
  named:
    inputs: {x: [N, C]}
    nodes:
      mlp: step
      sub:
        - {op: linear, out_features: 4}
        - tanh
    outputs: {x: sub, seen: mlp}
nodes:
  first: {op: select, from: x, dim: 1, index: 0}
  loop: {op: scan, body: named, dim: 1, steps: 3, carry: {x: first}, collect: {y: seen, z: x}}
outputs: {y: loop.y, z: loop.z}
""",
    "attention": """\
inputs: {x: [N, T = 5, 4], mem: [N, S = 3, 6], mask: {shape: [N, S], dtype: bool}}
blocks:
  att:
    inputs: {q: [N, C], mem: [N, S, M], mask: [N, S]}
    nodes:
      w: {op: linear, from: q, out_features: M}
      s: {op: einsum, equation: "nm,nsm->ns", from: [w, mem]}
      masked: = s if mask else -100
      p: {op: softmax, dim: -1}
      ctx: {op: einsum, equation: "ns,nsm->nm", from: [p, mem]}
    outputs: {ctx: ctx, p: p}
  step:
    inputs: {x: [N, C], h: [N, C], mem: [N, S, M], mask: [N, S]}
    nodes:
      a: {op: att, from: {q: h, mem: mem, mask: mask}}
      j: {op: cat, dim: -1, from: [x, a.ctx]}
      next: {op: linear, out_features: C}
    outputs: {h: next, p: a.p}
"""
    + ZEROS
    + """\
  loop:
    {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, capture: {mem: mem, mask: mask},
     collect: {y: h, p: p}}
outputs: {y: loop.y, p: loop.p}
""",
    "share from outside": STEPS
    + CELL
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  again: {share: loop.a, from: loop.h}
  act: {share: loop.act, from: again}
outputs: {y: loop.y, z: act}
""",
    "share block inside": STEPS
    + """\
blocks:
  att:
    inputs: {x: [N, C], h: [N, C]}
    nodes: {f: {op: linear, from: x, out_features: C}, s: = f + h}
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      att: {op: att, from: {x: x, h: h}}
      two: {share: att, from: {x: att, h: h}}
    outputs: {h: two}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  third: {share: loop.att, from: {x: loop.h, h: zeros}}
outputs: {y: loop.y, z: third}
""",
    "share block with loop": STEPS
    + """\
blocks:
  layer:
    inputs: {x: [N, T, C]}
    nodes:
      zeros: {op: constant, shape: [N, C], value: 0}
      rnn: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
    outputs: rnn.y
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
nodes:
  one: {op: layer}
  two: {share: one, from: one}
""",
    "share block with loop at other size": STEPS
    + """\
blocks:
  layer:
    inputs: {x: [N, T, C]}
    nodes:
      zeros: {op: constant, shape: [N, C], value: 0}
      rnn: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
    outputs: rnn.y
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
nodes:
  one: {op: layer}
  both: {op: cat, dim: 1, from: [x, one]}
  two: {share: one, from: both}
""",
    "integer sequence": """\
inputs: {x: {shape: [N, T = 5], dtype: int64, below: 7}}
blocks:
  step:
    inputs: {x: [N], h: [N, C], n: [N]}
    nodes:
      e: {op: embedding, from: x, num_embeddings: 7, embedding_dim: C}
      next: = e + h
      count: = n + x
    outputs: {h: next, n: count}
nodes:
  ones: {op: constant, shape: [N], value: 0, dtype: int64}
  zeros: {op: constant, shape: [N, 4], value: 0}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros, n: ones}, collect: {y: h, k: n}}
outputs: {y: loop.y, k: loop.k, n: loop.n}
""",
    "buffers and lists": STEPS
    + """\
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    params: {depth: 2}
    nodes:
      pos: {op: constant, shape: [C], index: [i], value: i + 1, persistent: true}
      w: {op: parameter, shape: [C], init: ones}
      body:
        - for i in range(depth):
            - {op: linear, out_features: C}
            - {if: i > 0, op: batch_norm1d}
            - relu
      next: = body * pos + h * w
    outputs: {h: next}
"""
    + ZEROS
    + """\
  l1: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  l2: {op: scan, body: {op: step, depth: 3}, dim: 1, over: {x: l1.y}, carry: {h: zeros}, collect: {y: h}}
outputs: {y: l2.y}
""",
    "two nested instances": """\
inputs: {x: [N, S = 3, T = 5, 4]}
blocks:
  outer:
    inputs: {x: [N, T, C], h: [N, C]}
    nodes:
      loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: h}, collect: {y: h}}
      m: {op: mean, from: loop.y, dim: 1}
      next: = m + loop.h
    outputs: {h: next, all: loop.y}
  wrap:
    inputs: {x: [N, S, T, C]}
    nodes:
      zeros: {op: constant, shape: [N, C], value: 0}
      loop: {op: scan, body: outer, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: all}}
    outputs: loop.y
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
nodes:
  a: wrap
  b: wrap
  c: wrap
""",
    "left out": STEPS
    + CELL
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  no: {if: false, op: scan, body: step, dim: 1, over: {x: loop.y}, carry: {h: zeros}, collect: {y: h}, else: loop.y}
  out: {op: linear, from: no, out_features: 2}
""",
    "opened and not": STEPS
    + CELL
    + ZEROS
    + """\
  first: {op: select, from: x, dim: 1, index: 0}
  l1: {op: scan, body: step, dim: 1, steps: T, carry: {h: zeros}, capture: {x: first}, collect: {y: h}}
  l2: {op: scan, body: step, dim: 1, steps: 3, carry: {h: zeros}, capture: {x: first}, collect: {y: h}}
  l3: {op: scan, body: step, dim: 1, steps: T * 2, carry: {h: zeros}, capture: {x: first}, collect: {y: h}}
outputs: {y: l1.y, z: l2.y, w: l3.y}
""",
    "opened in block": STEPS
    + """\
blocks:
  wrap:
    inputs: {x: [N, C]}
    params: {n: int}
    nodes:
      zeros: {op: constant, shape: [N, C], value: 0}
      loop: {op: scan, body: step, dim: 1, steps: n, capture: {x: x}, carry: {h: zeros}, collect: {y: h}}
    outputs: loop.y
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      a: {op: linear, from: x, out_features: C}
      b: {op: linear, from: h, out_features: C}
      sum: = a + b
      act: relu
      next: {op: tanh}
    outputs: {h: next, pre: sum}
nodes:
  first: {op: select, from: x, dim: 1, index: 0}
  w: {op: wrap, n: T + 1}
""",
    "let and template": STEPS
    + """\
params: {unit: {op: step, k: 3}}
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    params: {k: int}
    let: {d: 'x.shape[1] * k'}
    nodes:
      a: {op: linear, from: x, out_features: d}
      b: {op: linear, out_features: C}
      next: = b + h
    outputs: {h: next}
"""
    + ZEROS
    + """\
  loop: {op: scan, body: $unit, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
outputs: {y: loop.y}
""",
    "collect same twice": STEPS
    + CELL
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h, z: h}}
outputs: {y: loop.y, z: loop.z}
""",
    "same seq twice": STEPS
    + CELL
    + ZEROS
    + """\
  loop: {op: scan, body: step, dim: 1, over: {x: x, h: x}, collect: {y: h}}
  cap: {op: scan, body: step, dim: 1, over: {x: x}, capture: {h: zeros}, collect: {y: h}}
outputs: {y: loop.y, z: cap.y}
""",
    "fused ops": STEPS
    + """\
nodes:
  g: {op: gru, hidden_size: 3, num_layers: 2, bidirectional: true, batch_first: true}
  l: {op: lstm, from: g.output, hidden_size: 4, batch_first: true, proj_size: 2}
  r: {op: rnn, from: x, hidden_size: 3}
  l2: {op: lstm, from: {input: g.output, h_0: l.h_n, c_0: l.c_n}, hidden_size: 4, batch_first: true, proj_size: 2}
outputs: {a: l.output, b: l.c_n, c: r.output, d: l2.output, e: g.h_n}
""",
}
