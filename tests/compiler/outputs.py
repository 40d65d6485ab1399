"""Small specs whose blocks and networks give one value under several names, beside uses where the values differ."""

from __future__ import annotations

_IMAGE = "inputs: {x: [N, 3, H = 8, W = 8]}\n"
_ROWS = "inputs: {x: [N, T = 5, 4], y: [N, T, 4]}\n"
_TWO = """
blocks:
  two:
    inputs: {x: [N, C, H, W]}
    params: {same: true}
    nodes:
      conv: {op: conv2d, out_channels: 4, kernel_size: 1}
      relu: relu
      more: {if: not same, op: tanh}
    outputs: {a: relu, b: more}
"""
_FIRST = """
blocks:
  first:
    inputs: {x: [N, C, H, W]}
    params: {same: true}
    nodes:
      conv: {op: conv2d, out_channels: 4, kernel_size: 1}
      conv2: {op: conv2d, from: x, out_channels: 4, kernel_size: 1}
      sum: = conv + conv2
      skip: {if: same, from: sum}
    outputs: {x: sum, skip: skip}
  second:
    inputs: {x: [N, C, H, W], skip: [N, D, H, W]}
    nodes:
      conv: {op: conv2d, from: x, out_channels: 4, kernel_size: 1}
      add: = conv + skip
"""

OUTPUTS: dict[str, str] = {
    "one value under two names": _IMAGE + _TWO + "nodes:\n  two: two\n  out: = two.a + two.b\n",
    "one value here and two there": _IMAGE
    + _TWO
    + """
nodes:
  one: two
  both: {op: two, from: one.b, same: false}
  again: {op: two, from: one.a}
  out: = one.a + both.a * both.b + again.b
""",
    "two values, of which one is read": _IMAGE
    + _TWO
    + """
nodes:
  one: {op: two, same: false}
  other: {op: two, from: one.b, same: false}
  third: {op: two, from: other.a, same: false}
  out: = third.a + third.b
""",
    "one value for two ports in a list": _IMAGE + _FIRST + "nodes:\n  features: [first, second]\n",
    "a list, and a use with two values": _IMAGE
    + _FIRST.replace("      skip: {if: same, from: sum}", "      skip: {if: not same, op: tanh, from: conv2}").replace(
        "skip: skip}", "skip: skip}\n  plain:\n    inputs: {x: [N, C, H, W]}\n    nodes: {relu: relu}", 1
    )
    + """
nodes:
  features: [first, plain]
  more: [{op: first, same: false}, second]
  last: {op: first, same: false}
  end: = last.x + last.skip
""",
    "a list that reads one value of a block whose others are read elsewhere": _IMAGE
    + """
blocks:
  split:
    inputs: {x: [N, C, H, W]}
    nodes:
      conv: {op: conv2d, out_channels: 4, kernel_size: 1}
      more: tanh
    outputs: {x: more, skip: conv}
  plain: {inputs: {x: [N, C, H, W]}, nodes: [{op: conv2d, out_channels: 4, kernel_size: 1}, relu]}
nodes:
  features: [split, plain, split, plain]
  last: split
  end: = last.x + last.skip
""",
    "a list that feeds one value to ports that differ elsewhere": _IMAGE
    + _FIRST
    + """
nodes:
  features: [first, second, first, second]
  one: {op: conv2d, out_channels: 4, kernel_size: 1}
  other: {op: conv2d, from: x, out_channels: 4, kernel_size: 1}
  last: {op: second, from: [one, other]}
  end: = last * 2
""",
    "a block that is a chain of such": _IMAGE
    + _FIRST
    + """
  both: {nodes: [first, second]}
nodes:
  one: both
  two: {op: both}
  deep: [[both, both], both]
  last: {op: second, from: [deep, two]}
""",
    "a port is an output": _IMAGE
    + """
blocks:
  through:
    inputs: {x: [N, C, H, W], y: [N, C, H, W]}
    nodes:
      relu: {op: relu, from: x}
    outputs: {x: relu, y: y, again: relu, before: x}
nodes:
  conv: {op: conv2d, out_channels: 4, kernel_size: 1}
  one: {op: through, from: [conv, conv]}
  two: through
  out: = two.x + two.y + two.again * one.before
""",
    "a parameter and a constant are outputs": _ROWS
    + """
blocks:
  owns:
    inputs: {x: [N, T, C]}
    nodes:
      w: {op: parameter, shape: [4], init: normal}
      c: {op: constant, shape: [4], index: [i], value: i + 1}
      scaled: = x * w
    outputs: {w: w, c: c, w2: w, out: scaled, same: scaled}
nodes:
  one: {op: owns, from: x}
  two: {op: owns, from: y}
  out: = one.out * two.w + one.same * two.w2 + two.same + two.c + one.c
""",
    "the network gives one value twice": _IMAGE + "nodes: {a: relu, b: tanh}\noutputs: {one: b, two: b, three: a}\n",
    "the network gives its input and a value twice": _IMAGE + "nodes: {a: relu}\noutputs: {x: x, a: a, again: a}\n",
    "a network gives a block's one value twice": _IMAGE + _TWO + "nodes: {two: two}\noutputs: {a: two.a, b: two.b}\n",
    "one value of one mode twice": _IMAGE
    + _TWO
    + """
nodes:
  trunk: {op: conv2d, out_channels: 4, kernel_size: 1}
  aux: {op: two, from: trunk, when: training}
  end: {op: relu, from: trunk}
outputs: {end: end, a: aux.a, b: aux.b}
""",
    "one value of a shared block": _IMAGE
    + _TWO
    + """
nodes:
  conv: {op: conv2d, out_channels: 4, kernel_size: 1}
  one: two
  two: {share: one, from: one.b}
  out: = two.a + two.b + one.a
""",
    "one value in a loop over time": _ROWS
    + """
blocks:
  cell:
    inputs: {x: [N, C], h: [N, C], g: [N, C]}
    nodes:
      next: = tanh(x + h * g)
    outputs: {h: next, g: next, y: next}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  rnn: {op: scan, body: cell, dim: 1, over: {x: x}, carry: {h: zeros, g: zeros}, collect: {s: y, t: h, u: y}}
  last: {op: unsqueeze, from: rnn.h, dim: 1}
  out: = rnn.s + rnn.t * rnn.u + last + y
outputs: {out: out, h: rnn.h, g: rnn.g}
""",
    "a carried value is an output of two names": _ROWS
    + """
blocks:
  cell:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      next: = x - h
    outputs: {h: next, before: h, x: x}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  rnn: {op: scan, body: cell, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {a: before, b: before, c: x}}
  out: = rnn.a + rnn.b + rnn.c * y
""",
    "an inline scope that names its input": _IMAGE
    + """
nodes:
  conv: {op: conv2d, out_channels: 4, kernel_size: 1}
  scope:
    nodes:
      a: {from: conv}
      b: relu
      c: {from: b}
  out: = scope.c + scope.b
""",
}

OUTPUTS["one value, and an optional one where it is fed"] = (
    _IMAGE
    + """
blocks:
  join:
    inputs: {x: [N, C, H, W], skip: {optional: true}}
    nodes:
      conv: {op: conv2d, out_channels: 4 if skip else 3, kernel_size: 1}
      sum: {if: skip, value: conv + skip, else: conv}
      cat: {op: cat, dim: 1, from: [sum, skip, x]}
nodes:
  one: join
  two: {op: conv2d, out_channels: 4, kernel_size: 1}
  three: {op: join, from: {x: one, skip: two}}
  four: {op: join, from: three}
"""
)
OUTPUTS["a block with as many inputs as its arguments say"] = (
    _IMAGE
    + """
blocks:
  fuse:
    inputs:
      for i, c in enumerate(widths):
        x$i: [N, c, H, W]
    params: {widths: list}
    nodes:
      for i in range(len(widths)):
        up$i: {op: conv2d, from: x$i, out_channels: 2, kernel_size: 1}
      cat: {op: cat, dim: 1, from: [{for i in range(len(widths)): up$i}]}
nodes:
  for i in range(3):
    c$i: {op: conv2d, from: x, out_channels: i + 1, kernel_size: 1}
  two: {op: fuse, widths: [2, 3], from: [c1, c2]}
  three:
    op: fuse
    widths: [1, 2, 3]
    from:
      for i in range(3):
        x$i: c$i
  again: {op: fuse, widths: [6, 4], from: [three, two]}
"""
)
