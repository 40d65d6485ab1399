"""Small specs, one for every construct that the compiler must print."""

from __future__ import annotations

from tests.compiler.loops import LOOPS
from tests.compiler.outputs import OUTPUTS
from tests.compiler.stacks import LAYER, STACKS

IMAGE = "inputs: {x: [N, 3, H = 16, W = 16]}\n"
ROWS = "inputs: {x: [N, T = 5, 8]}\n"

NETWORKS: dict[str, str] = {
    "chain": IMAGE
    + """
nodes:
  features:
    - {op: conv2d, out_channels: 4, kernel_size: 3}
    - relu
    - {op: max_pool2d, kernel_size: 2}
    - flatten
  fc: {op: linear, out_features: 5, if: false}
""",
    "residual": IMAGE
    + """
blocks:
  block:
    inputs: {x: [N, C, H, W]}
    params: {planes: int, stride: 1}
    nodes:
      conv: {op: conv2d, out_channels: planes, kernel_size: 3, stride: stride, padding: 1, bias: false}
      bn: batch_norm2d
      down:
        if: stride != 1 or C != planes
        from: x
        nodes:
          - {op: conv2d, out_channels: planes, kernel_size: 1, stride: stride}
          - batch_norm2d
      add: = bn + down
      relu: relu
nodes:
  layers:
    - for i, n in enumerate([4, 4, 8, 8, 8, 8]):
        {op: block, planes: n, stride: 1 if i % 2 else 2}
""",
    "branches": IMAGE
    + """
blocks:
  mix:
    inputs: {x: [N, C, H, W]}
    params: {wide: false}
    nodes:
      a: {op: conv2d, from: x, out_channels: 2, kernel_size: 1}
      b: {op: conv2d, from: x, out_channels: 3, kernel_size: 3, padding: 1}
      b2: {op: conv2d, if: wide, out_channels: 5, kernel_size: 3, padding: 1}
      cat: {op: cat, dim: 1, from: [a, b2, x]}
nodes:
  one: mix
  two: {op: mix, wide: true}
  three: mix
  pool: {op: adaptive_avg_pool2d, output_size: 1}
""",
    "functional option": IMAGE
    + """
blocks:
  unit:
    params: {scale: false, last: false}
    nodes:
      conv: {op: conv2d, out_channels: 3, kernel_size: 3, padding: 1}
      scaled: {if: scale, value: conv * 0.5, else: conv}
      moved: {if: scale, value: scaled + 1, else: scaled}
      tanh: {op: tanh, if: not last}
nodes:
  a: unit
  b: {op: unit, scale: true}
  c: {op: unit, scale: true, last: true}
""",
    "two ways": IMAGE
    + """
blocks:
  unit:
    params: {deep: bool}
    nodes:
      first: {op: conv2d, out_channels: 3, kernel_size: 3, padding: 1}
      second: {op: conv2d, if: deep, out_channels: 4, kernel_size: 1}
      third: {op: conv2d, if: not deep, from: first, out_channels: 4, kernel_size: 3, padding: 1}
      act: relu
nodes:
  a: {op: unit, deep: true}
  b: {op: unit, deep: false}
""",
    "several outputs": ROWS
    + """
blocks:
  halves:
    inputs: {x: [N, T, C]}
    nodes:
      fc: {op: linear, out_features: 2 * C}
      parts: {op: chunk, chunks: 2, dim: -1, names: [left, right]}
      act: {op: tanh, from: parts.left}
    outputs: {a: act, b: parts.right}
nodes:
  one: halves
  two: {op: halves, from: one.a}
  three: {op: halves, from: two.b}
  sum: = one.b + three.a
outputs: {total: sum, rest: three.b}
""",
    "optional port": ROWS
    + """
blocks:
  attend:
    inputs: {q: [N, T, C], k: [N, S, C], bias: {optional: true}}
    nodes:
      query: {op: linear, from: q, out_features: C}
      key: {op: linear, from: k, out_features: C}
      scores: {op: einsum, equation: "ntc,nsc->nts", from: [query, key]}
      biased: {if: true, value: scores * 2}
      soft: {op: softmax, dim: -1}
      out: {op: matmul, from: [soft, k]}
nodes:
  fc: {op: linear, out_features: 8}
  self: {op: attend, from: {q: fc, k: fc}}
  cross: {op: attend, from: {q: self, k: x}}
""",
    "masks": ROWS
    + """
blocks:
  attend:
    inputs: {x: [N, T, C], mask: {optional: true}}
    nodes:
      qkv: {op: linear, out_features: 3 * C}
      part: {op: chunk, chunks: 3, dim: -1, names: [q, k, v]}
      out: {op: scaled_dot_product_attention, from: {query: part.q, key: part.k, value: part.v, attn_mask: mask}}
nodes:
  causal: {op: constant, shape: [T, T], index: [t, u], value: 0 if u <= t else -inf}
  a: {op: attend, from: {x: x, mask: causal}}
  b: {op: attend, from: {x: a}}
  c: {op: attend, from: {x: b, mask: causal}}
""",
    "modes": IMAGE
    + """
blocks:
  head:
    nodes: [{op: adaptive_avg_pool2d, output_size: 1}, flatten, {op: linear, out_features: 4}]
nodes:
  conv: {op: conv2d, out_channels: 6, kernel_size: 3}
  aux: {op: head, when: training}
  relu: {op: relu, from: conv}
  calm: {op: sigmoid, when: evaluation, from: relu, else: relu}
  head: {op: head, from: calm}
outputs: {logits: head, aux: aux}
""",
    "share and tie": """
inputs: {a: {shape: [N, T = 4], dtype: int64, below: 11}, b: {shape: [N, T], dtype: int64, below: 11}}
blocks:
  tower:
    nodes:
      fc: {op: linear, out_features: 6}
      act: tanh
      norm: layer_norm
nodes:
  embed: {op: embedding, from: a, num_embeddings: 11, embedding_dim: 6}
  tower: tower
  embed_b: {share: embed, from: b}
  other: {share: tower, from: embed_b}
  distance: = abs(tower - other)
  decode: {op: linear, out_features: 11, bias: false, tie: {weight: embed.weight}}
  scaled: = decode * 2
  back: {op: matmul, from: [scaled, embed.weight]}
  total: = back + distance
""",
    "share at another size": """
inputs: {a: [N, 3, H = 16, W = 16], b: [N, 3, G = 8, V = 8]}
blocks:
  tower:
    inputs: {x: [N, C, H, W]}
    nodes:
      conv: {op: conv2d, out_channels: 4, kernel_size: 3, padding: 1}
      rows: {op: rearrange, pattern: n c h w -> n (h w) c}
      tall: = rows * 2
      mean: {op: mean, dim: 1}
nodes:
  one: {op: tower, from: a}
  two: {share: one, from: b}
  sum: = one + two
""",
    "containers": IMAGE
    + """
nodes:
  features.conv0: {op: conv2d, out_channels: 4, kernel_size: 3}
  sparse.3: {op: conv2d, out_channels: 3, kernel_size: 1}
  sparse.5: {op: conv2d, out_channels: 4, kernel_size: 1}
  heads.main.fc: {op: conv2d, out_channels: 2, kernel_size: 1}
  features.norm0: {op: batch_norm2d, from: sparse.5}
  for i in range(3):
    convs.$i: {op: conv2d, out_channels: 4 + i, kernel_size: 1}
  table.weight: {op: parameter, shape: [1, 6, 1, 1], init: normal(std=0.5)}
  sum: = convs.2 * table.weight
  mean: {op: mean, dim: [2, 3]}
  side: {op: mean, from: heads.main.fc, dim: [2, 3]}
outputs: {a: mean, b: side}
""",
    "reading inside": IMAGE
    + """
blocks:
  unit:
    params: {out: int}
    nodes:
      conv: {op: conv2d, out_channels: out, kernel_size: 3, stride: 2, padding: 1}
      act: relu
  trunk:
    nodes:
      stem: {op: unit, out: 4}
      stages:
        - {op: unit, out: 4}
        - {op: unit, out: 4}
      last: {op: unit, out: 5}
nodes:
  body: trunk
  up: {op: interpolate, scale_factor: 4, mode: nearest, from: body.stages.1.conv}
  lateral: {op: conv2d, from: body.stem, out_channels: 4, kernel_size: 1}
  small: {op: adaptive_avg_pool2d, from: up, output_size: 2}
  other: {op: adaptive_avg_pool2d, from: lateral, output_size: 2}
  sum: = small + other
outputs: {sum: sum, last: body}
""",
    "run-time sizes": IMAGE
    + """
blocks:
  up:
    inputs: {below: [N, C, G, V], skip: [N, S, H, W]}
    let: {dy: H - 2 * G, dx: W - 2 * V}
    nodes:
      up: {op: conv_transpose2d, from: below, out_channels: C // 2, kernel_size: 2, stride: 2}
      pad: {op: pad, pad: [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2]}
      cat: {op: cat, dim: 1, from: [skip, pad]}
nodes:
  one: {op: conv2d, out_channels: 4, kernel_size: 3}
  down: {op: max_pool2d, kernel_size: 2}
  two: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  down2: {op: max_pool2d, kernel_size: 2}
  join2: {op: up, from: {below: down2, skip: two}}
  join: {op: up, from: {below: join2, skip: one}}
""",
    "run-time constants": """
inputs: {tokens: {shape: [N, T = 6], dtype: int64, below: 9}}
nodes:
  embed: {op: embedding, num_embeddings: 9, embedding_dim: 8}
  place: {op: constant, dtype: int64, shape: [T], index: [t], value: t}
  positions: {op: embedding, from: place, num_embeddings: 20, embedding_dim: 8}
  waves:
    op: constant
    shape: [T, 8]
    index: [p, j]
    value: sin(p / 100 ** (j / 8)) if j % 2 == 0 else cos(p / 100 ** ((j - 1) / 8))
  zeros: {op: constant, shape: [N, T, 8], value: 0.5}
  sum: = embed + positions + waves * zeros
  mask: {op: constant, shape: [T, T], index: [t, u], value: 0 if u <= t else -inf}
  attended: {op: scaled_dot_product_attention, from: {query: sum, key: sum, value: sum, attn_mask: mask}}
""",
    "constants": ROWS
    + """
blocks:
  table:
    inputs: {x: [N, T, C]}
    params: {size: int, keep: false}
    nodes:
      rows: {op: constant, shape: [size, size], index: [i, j], value: (i // 2 >= size // 4) + (j >= 2) - i * j / size}
      kept: {op: constant, dtype: int64, persistent: true, shape: [size], index: [i], value: (i * 3) % size}
      near: {op: index_select, from: {input: rows, index: kept}, dim: 0}
      total: {op: sum, dim: [0, 1]}
      out: = x * total
nodes:
  one: {op: table, size: 4}
  two: {op: table, size: 6}
  part: {op: constant, shape: [8], value: 0.5}
  last: = two + part
""",
    "formulas": """
inputs: {x: [N, 4], y: [N, 4]}
params: {scale: 3}
nodes:
  a: = -(x - y) ** 2 / (scale + abs(y)) - (x - (y - 1))
  b: = a if x > y and not y > 0 else min(x, y, 0.5) + (x > 0) * 2 + (y > 0)
  c: = clamp(b, -1, 1) + sigmoid(x) * tanh(y) + relu(x) + gelu(y) + silu(x) + softplus(y) + erf(x)
  d: = sqrt(abs(c)) + exp(-abs(x)) + log(1 + abs(y)) + sign(x) + floor(y) + max(x, y) + rsqrt(1 + x * x)
  e: = d % 2 + round(x) + 2 ** y - (0 if x < 0 <= y else 1)
  f: = x // 0.5 >= y
  g: = x if (x > 0) != (y > 0) else ((x > 1) == (y > 1) == (x > y)) + ((x > 0) < (y > 0))
outputs: {e: e, f: f, g: g}
""",
    "repeats": ROWS
    + """
blocks:
  layer:
    inputs: {x: [N, T, C]}
    params: {rate: 0.0, hidden: 4}
    nodes:
      norm: layer_norm
      up: {op: linear, out_features: hidden}
      act: gelu
      down: {op: linear, out_features: C}
      scale: {op: parameter, shape: [C], init: ones}
      out: = x + down * (1 - rate) * scale
nodes:
  for s in range(2):
    stage$s:
      nodes:
        for k in range(4):
          layer$(k + 1): {op: layer, rate: 0.1 * (s + k) / 7, hidden: 4 + 2 * k}
  tail:
    - for k in range(3): layer
  ends:
    - for k in range(4): {op: layer, hidden: 3 if k == 0 else 5}
""",
    "stages of different lengths": ROWS
    + """
blocks:
  stage:
    inputs: {x: [N, T, C]}
    params: {depth: int, out: int}
    nodes:
      layers:
        - for k in range(depth): {op: linear, out_features: out}
nodes:
  a: {op: stage, depth: 1, out: 4}
  b: {op: stage, depth: 3, out: 4}
  c: {op: stage, depth: 4, out: 6}
""",
    "listed blocks": ROWS
    + """
blocks:
  pair:
    inputs: {x: [N, T, C], b: {optional: true}}
    nodes:
      - {op: linear, from: x, out_features: C}
      - {op: permute, dims: [0, 2, 1]}
      - {op: permute, dims: [0, 2, 1]}
      - = 2 * x
  fork:
    inputs: {x: [N, T, C]}
    nodes:
      layer:
        - pair
        - {op: rearrange, pattern: n t c -> t n c}
        - {op: linear, out_features: 3}
    outputs: {x: layer, first: layer.0}
nodes:
  chain:
    - {op: rearrange, pattern: n t (h c) -> n h t c, h: 2}
    - {op: permute, dims: [0, 2, 1, 3]}
    - {op: flatten, start_dim: 2}
    - {op: linear, out_features: 4}
  fork: fork
outputs: {x: fork.x, first: fork.first}
""",
    "inline scopes": ROWS
    + """
blocks:
  unit:
    inputs: {x: [N, T, C]}
    params: {width: int}
    nodes:
      outer: {from: x}
      gate: {op: linear, out_features: width}
      mix:
        nodes:
          left: {op: linear, out_features: width}
          right: {op: linear, from: outer, out_features: width}
          out: = left * right + input
      end: {op: linear, out_features: C}
nodes:
  a: {op: unit, width: 3}
  b: {op: unit, width: 4}
  both:
    nodes:
      left: {op: linear, from: a, out_features: 2}
      right: {op: linear, from: b, out_features: 2}
      out: = left - right
""",
    "awkward names": """
inputs: {input: [N, 8], lambda_: [N, 8]}
nodes:
  sum: = input + lambda_
  torch: {op: linear, out_features: 8}
  F: {op: linear, out_features: 8}
  map: = torch * F
  nn: {op: linear, out_features: 8}
  self: = nn + map
  math: {op: linear, from: self, out_features: 8}
  Outputs: = math / 2
  items.keys: {op: linear, out_features: 3}
  items.values: {op: linear, out_features: 3}
outputs: {sum: Outputs, "0": items.values}
""",
    "initialised": ROWS
    + """
blocks:
  unit:
    inputs: {x: [N, T, C]}
    nodes:
      one: {op: linear, out_features: C}
      two: {op: linear, out_features: C, init: {bias: ones}}
      att: {op: multihead_attention, from: [two, two, two], num_heads: 2}
nodes:
  a: unit
  b: unit
  head: {op: linear, out_features: 3, bias: false}
init:
  linear: {weight: normal(std=0.02), bias: zeros}
  "*.two": {weight: zeros}
  head: {weight: constant(val=0.25)}
""",
}

NETWORKS["channels at run time"] = """
inputs: {x: [N, T = 5, 4]}
nodes:
  a: {op: batch_norm1d, affine: false, track_running_stats: false, eps: 0.01}
  b: {op: instance_norm1d}
  c: {op: linear, out_features: 3}
"""
NETWORKS["cut into one part"] = """
inputs: {x: [N, 1, 4]}
nodes:
  a: {op: unbind, dim: 1}
  b: tanh
  c: {op: split, split_size: 4, dim: 1}
  d: = c * 2
  e: {op: chunk, chunks: 1, dim: -1, names: [all]}
  f: {op: tensor_split, indices_or_sections: 1, dim: 1}
  g: {op: linear, out_features: 3}
outputs: {a: a, g: g}
"""
NETWORKS["an output that only some instances have"] = (
    ROWS
    + """
blocks:
  unit:
    inputs: {x: [N, T, C]}
    params: {extra: bool}
    nodes:
      fc: {op: linear, out_features: C}
      side: {if: extra, from: x, op: linear, out_features: C}
      y: {op: tanh, from: fc}
    outputs: {y: y, side: side}
nodes:
  a: {op: unit, extra: true}
  b: {op: unit, extra: false, from: a.y}
  c: {op: unit, extra: true, from: b.y}
  out: = c.y + a.side
"""
)
NETWORKS["unproved sizes"] = """
inputs: {x: [N, T = 4, 8], y: [N, S = 4, 8]}
blocks:
  both:
    inputs: {a: [N, T, C], b: [N, T, C]}
    nodes:
      sum: = a + b
nodes:
  both: {op: both, from: [x, y]}
"""

NETWORKS["sizes out of reach"] = (
    IMAGE
    + """
nodes:
  stem: {op: conv2d, out_channels: 4, kernel_size: 1}
  tokens: {op: rearrange, pattern: n c h w -> n (h w) c}
  mix:
    nodes:
      fc: {op: linear, out_features: 4}
      map: {op: reshape, shape: [N, H, W, 4]}
      act: tanh
  deeper:
    nodes:
      flat: {op: reshape, shape: [N, H * W, 4]}
      inner:
        nodes:
          fc: {op: linear, out_features: 3}
          back: {op: reshape, shape: [N, H, W, 3]}
          mean: {op: mean, dim: [1]}
      fc: {op: linear, out_features: 2}
"""
)
NETWORKS["share from elsewhere"] = (
    ROWS
    + """
blocks:
  layer:
    inputs: {x: [N, T, C]}
    nodes:
      fc: {op: linear, out_features: C}
      act: tanh
nodes:
  encoder:
    nodes:
      first: layer
      second: layer
  decoder:
    nodes:
      fc: {op: linear, out_features: 8}
      again: {share: encoder.second, from: fc}
      other: {share: encoder.first.fc, from: again}
      out: = other + again
  last: {share: encoder, from: decoder}
"""
)
NETWORKS["ties and modes in blocks"] = """
inputs: {tokens: {shape: [N, T = 4], dtype: int64, below: 7}}
blocks:
  model:
    inputs: {tokens: [N, T]}
    params: {width: int}
    nodes:
      embed: {op: embedding, num_embeddings: 7, embedding_dim: width}
      noise: {op: tanh, when: training}
      soft: {op: sigmoid, when: evaluation, from: embed, else: embed}
      both: = soft * 2
      aux: {op: linear, when: training, from: noise, out_features: 3}
      head: {op: linear, from: both, out_features: 7, bias: false, tie: {weight: embed.weight}}
    outputs: {main: head, aux: aux}
nodes:
  a: {op: model, width: 4}
  b: {op: model, from: tokens, width: 6}
  sum: = a.main + b.main
outputs: {sum: sum, first: a.aux}
"""
NETWORKS["nothing in common"] = (
    ROWS
    + """
params: {act: [tanh, relu, {op: leaky_relu, negative_slope: 0.2}]}
blocks:
  unit:
    inputs: {x: [N, T, C]}
    params: {act: text, kind: int}
    nodes:
      one: {op: linear, out_features: 4}
      two: $act
      three: {if: kind == 1, op: layer_norm}
      four: {if: kind == 2, op: linear, out_features: 4}
      five: {if: kind == 2, value: four * one, else: two}
      six: {op: permute, if: kind == 3, dims: [0, 2, 1]}
      seven: {op: permute, if: kind == 3, dims: [0, 2, 1]}
nodes:
  a: {op: unit, act: tanh, kind: 0}
  b: {op: unit, act: relu, kind: 1}
  c: {op: unit, act: relu, kind: 2}
  d: {op: unit, act: sigmoid, kind: 3}
"""
)
NETWORKS["names with hyphens"] = (
    IMAGE
    + """
blocks:
  unit:
    inputs: {x: [N, C, H, W]}
    params: {wide: bool}
    nodes:
      conv-1: {op: conv2d, out_channels: 4, kernel_size: 1}
      conv_1: {op: conv2d, if: wide, out_channels: 4, kernel_size: 1}
      conv-2: {op: conv2d, if: wide, out_channels: 4, kernel_size: 3, padding: 1}
      scale-1: {op: parameter, shape: [1], init: ones}
      gain: {from: scale-1}
      act-1: {op: tanh, from: conv-2}
      cat: {op: cat, dim: 1, from: [conv-1, act-1, x]}
      scaled: = gain * cat
nodes:
  one-0: {op: unit, wide: true}
  two-0-1: {op: unit, wide: false}
  for k in range(3):
    block-$k: {op: unit, wide: true}
  in-line:
    nodes:
      conv-1: {op: conv2d, out_channels: 4, kernel_size: 1}
      act: relu
      cat: {op: cat, dim: 1, from: [act, conv-1]}
  chain:
    nodes:
      for k in range(2):
        conv-$k: {op: conv2d, out_channels: 4, kernel_size: 1}
  cat: {op: cat, dim: 1, from: [chain.conv-0, one-0.conv-1]}
outputs: {out-put: cat}
"""
)
NETWORKS["lists of different lengths"] = (
    IMAGE
    + """
blocks:
  conv:
    params: {out: int, size: 3, padding: same}
    nodes:
      conv: {op: conv2d, out_channels: out, kernel_size: size, padding: $padding}
      act: relu
  tower:
    params: {convs: list, padding: same}
    nodes:
      - for i, (size, out) in enumerate(convs):
          {op: conv, out: out, size: size, padding: $(padding if i == len(convs) - 1 else 'same')}
  residual:
    inputs: {x: [N, C, H, W]}
    params: {convs: list, scale: 0.5}
    nodes:
      short: {op: conv, from: x, out: 2, size: 1}
      long: {op: tower, from: x, convs: convs}
      cat: {op: cat, dim: 1, from: [short, long]}
      up: {op: conv2d, out_channels: C, kernel_size: 1}
      add: = up * scale + x
nodes:
  a:
    - for i in range(3): {op: residual, convs: [[3, 2]]}
  b: {op: residual, convs: [[1, 4], [3, 5]]}
  c: {op: residual, convs: [[1, 3], [3, 4]], scale: 1}
  d: {op: tower, convs: [[1, 4], [3, 4], [3, 5]], padding: valid}
"""
)

NETWORKS["patterns as arguments"] = """
inputs: {x: [N, 3, 16, 16]}
blocks:
  mixer:
    inputs: {x: [N, C, H, W]}
    params: {rows: text, columns: text}
    nodes:
      split: {op: rearrange, pattern: n c $rows $columns -> n (h w) c (p q), p: 4, q: 4}
      mix: {op: linear, out_features: 16}
      join: {op: rearrange, pattern: n (h w) c (p q) -> n c $rows $columns, p: 4, q: 4, h: H // 4}
nodes:
  for i in range(2):
    stages.$i:
      nodes:
        near: {op: mixer, rows: (h p), columns: (w q)}
        far: {op: mixer, rows: (p h), columns: (q w)}
"""
NETWORKS["a chain of a table"] = (
    ROWS
    + """
blocks:
  unit:
    inputs: {x: [N, T, C]}
    params: {heads: int, wide: false}
    nodes:
      table: {op: constant, shape: [3, 2], index: [i, j], value: i - j, persistent: true}
      start: {op: parameter, shape: [3], init: normal}
      mlp:
        from: table
        nodes:
          - {op: linear, out_features: 4}
          - relu
          - {op: linear, out_features: heads}
      own: {if: wide, from: start, nodes: [tanh, {op: linear, out_features: 5}]}
      sum: {op: mean, from: mlp, dim: 0}
      linear: {op: linear, from: x, out_features: heads}
      scaled: = linear * sum
      cat: {if: wide, op: linear, out_features: 5}
      added: {if: wide, value: cat + own, else: scaled}
nodes:
  a: {op: unit, heads: 3}
  b: {op: unit, heads: 4, wide: true}
  c: {op: unit, heads: 2}
"""
)
NETWORKS["options in every combination"] = (
    ROWS
    + """
blocks:
  unit:
    params: {mask: bool, shift: bool}
    nodes:
      scale: {op: parameter, shape: [8], init: normal}
      masked: {if: mask, value: scale * 2, else: scale}
      shift: {if: shift, op: roll, from: x, shifts: 1, dims: 1}
      roll: {if: mask, op: roll, shifts: 1, dims: 2}
      linear: {op: linear, out_features: 8}
      scaled: = linear * masked
nodes:
  a: {op: unit, mask: false, shift: false}
  b: {op: unit, mask: true, shift: false}
  c: {op: unit, mask: false, shift: true}
  d: {op: unit, mask: true, shift: true}
"""
)
NETWORKS["turns of several children"] = (
    ROWS
    + """
blocks:
  unit:
    params: {depth: int}
    nodes:
      body:
        - for i in range(depth):
            - {op: linear, out_features: 8}
            - {if: i > 0, op: layer_norm}
            - relu
      add: = body + x
nodes:
  a: {op: unit, depth: 2}
  b: {op: unit, depth: 3}
"""
)
NETWORKS["a parameter that starts as a formula"] = (
    ROWS
    + """
blocks:
  scaled:
    inputs: {x: [N, T, C]}
    params: {base: 1}
    nodes:
      weight: {op: parameter, shape: [2, C], index: [i, j], value: log(j + base) * (i - 1)}
      first: {op: select, from: weight, dim: 0, index: 0}
      out: = x * first
nodes:
  a: scaled
  b: {op: scaled, base: 3}
"""
)
NETWORKS["run-time sizes are numbers"] = (
    ROWS
    + """
blocks:
  scaled:
    inputs: {x: [N, L, C]}
    params: {shift: 0.5}
    nodes:
      root: = x * L ** -0.5 + log(L) * shift
      rows: {op: constant, shape: [L, 1], index: [i, j], value: (i + shift) / (L + 1e-6)}
      add: = root / sqrt(L) + rows * (L / 2)
nodes:
  a: scaled
  pad: {op: pad, pad: [0, 0, 1, 1]}
  b: {op: scaled, shift: 2}
"""
)
NETWORKS |= LOOPS
NETWORKS |= {name: LAYER + nodes for name, nodes in STACKS.items()}
NETWORKS |= OUTPUTS
