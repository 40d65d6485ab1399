"""Specs that ask for too much, as texts: families with a size, small ones good, large ones to be refused or borne.

Each is a few lines that would cost far more than they say. `EXPLOSIVE` has them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

Family: TypeAlias = Callable[[int], str]

HEAD: Final = "archdsl: 1\nname: net\ninputs: {x: [N, 8]}\n"


def _nodes(*lines: str, head: str = HEAD) -> str:
    return head + "nodes:\n" + "".join(f"  {line}\n" for line in lines)


def _explicit(key: str, value: str, indent: str = "  ") -> str:
    """An entry whose key is longer than YAML takes without a question mark."""
    return f"? '{key}'\n{indent}: {value}"


def _many(count: int, line: Callable[[int], str]) -> list[str]:
    return [line(i) for i in range(count)]


# --- what is expanded -----------------------------------------------------------------------------


def blocks_twice(depth: int) -> str:
    """Blocks that use the next one twice."""
    blocks = _many(depth, lambda i: f"  b{i}: {{nodes: [b{i + 1}, b{i + 1}]}}")
    return HEAD + "\n".join(["blocks:", *blocks, f"  b{depth}: {{nodes: [relu]}}", "nodes: [b0]", ""])


def blocks_empty(depth: int) -> str:
    """The same without a single node."""
    blocks = _many(depth, lambda i: f"  b{i}: {{nodes: [b{i + 1}, b{i + 1}]}}")
    return HEAD + "\n".join(["blocks:", *blocks, f"  b{depth}: {{nodes: []}}", "nodes: [b0, relu]", ""])


def blocks_apart(depth: int) -> str:
    """Blocks whose every use has other arguments, so that none is a copy of another."""
    one = "{op: b%d, n: n * 2}, {op: b%d, n: n * 2 + 1}"
    blocks = _many(depth, lambda i: f"  b{i}: {{params: {{n: int}}, nodes: [{one % (i + 1, i + 1)}]}}")
    last = f"  b{depth}: {{params: {{n: int}}, nodes: [{{op: leaky_relu, negative_slope: n}}]}}"
    return HEAD + "\n".join(["blocks:", *blocks, last, "nodes: [{op: b0, n: 0}]", ""])


def blocks_deep(depth: int) -> str:
    """A chain of blocks."""
    blocks = _many(depth, lambda i: f"  b{i}: {{nodes: [b{i + 1}]}}")
    return HEAD + "\n".join(["blocks:", *blocks, f"  b{depth}: {{nodes: [relu]}}", "nodes: [b0]", ""])


def for_nested(turns: int) -> str:
    return _nodes(f"- for i in range({turns}):", f"    - for j in range({turns}):", "        - relu")


def for_left_out(turns: int) -> str:
    body = "        - {if: false, op: relu}"
    return _nodes(f"- for i in range({turns}):", f"    - for j in range({turns}):", body, "- relu")


def for_empty(turns: int) -> str:
    return _nodes(f"- for i in range({turns}):", f"    - for j in range({turns}): []", "- relu")


def for_outputs(turns: int) -> str:
    return _nodes("a: relu") + f"outputs:\n  for i in range({turns}):\n    for j in range({turns}):\n      o$i-$j: a\n"


def for_inputs(turns: int) -> str:
    head = (
        f"archdsl: 1\nname: net\ninputs:\n  for i in range({turns}):\n    for j in range({turns}): {{}}\n  x: [N, 8]\n"
    )
    return _nodes("a: relu", head=head)


def for_renames(turns: int) -> str:
    inner = f"    for i in range({turns}):\n      for j in range({turns}):\n        a$i-$j: null\n"
    return _nodes("a: relu") + f"weights:\n  renames:\n{inner}"


def nodes_plain(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: relu"))


def scans_nested(depth: int) -> str:
    """A loop over time in a loop over time, …"""
    head = "archdsl: 1\nname: net\ninputs: {x: [N, 4]}\nblocks:\n"
    ports = "inputs: {h: [N, 4]}"
    inner = "{op: scan, body: b%d, steps: 1000, carry: {h: h}}"
    blocks = _many(depth, lambda i: f"  b{i}: {{{ports}, nodes: {{s: {inner % (i + 1)}}}, outputs: {{h: s.h}}}}\n")
    last = f"  b{depth}: {{{ports}, nodes: {{t: tanh}}, outputs: {{h: t}}}}\n"
    nodes = "nodes: {s: {op: scan, body: b0, steps: 1000, carry: {h: x}}, y: {from: s.h}}\n"
    return head + "".join(blocks) + last + nodes


# --- what is evaluated ----------------------------------------------------------------------------


def comprehension(count: int) -> str:
    return HEAD + f'let: {{n: "sum([a * b for a in range({count}) for b in range({count})])"}}\nnodes: [relu]\n'


def comprehension_empty(count: int) -> str:
    return HEAD + f'let: {{n: "len([1 for a in range({count}) for b in range({count}) if false])"}}\nnodes: [relu]\n'


def list_product(count: int) -> str:
    return HEAD + f'let: {{n: "len([[0] * {count}] * {count})"}}\nnodes: [relu]\n'


def text_product(count: int) -> str:
    return HEAD + f"let: {{s: \"'ab' * {count}\"}}\nnodes: [relu]\n"


def text_joined(count: int) -> str:
    """A name put together from many long ones."""
    return HEAD + f"let: {{s: \"'a' * 9\"}}\nnodes:\n  {_explicit('$s' * count, 'relu')}\n"


def lets_double(count: int) -> str:
    """Lists that hold the one before twice."""
    lets = _many(count, lambda i: f"  l{i + 1}: '[l{i}, l{i}]'\n")
    return HEAD + "let:\n  l0: '[1, 1]'\n" + "".join(lets) + "nodes: [relu]\n"


def expression_long(count: int) -> str:
    """A long expression, evaluated again and again."""
    part = f"max({', '.join(['i'] * 40)})"
    return _nodes(
        f"- for i in range({count}):", f'    - {{if: "max({", ".join([part] * 40)}) < 0", op: relu}}', "- relu"
    )


def expression_nested(depth: int) -> str:
    return HEAD + f'let: {{n: "{"(" * depth}1{")" * depth}"}}\nnodes: [relu]\n'


def numbers_huge(digits: int) -> str:
    number = "9" * digits
    params = f"params: {{a: {number}, b: {number}.5e99, c: 1e{number}}}\n"
    return HEAD + params + "let: {n: a * a}\nnodes: [{op: linear, out_features: a}]\n"


# --- symbolic sizes -------------------------------------------------------------------------------


def dims_product(count: int) -> str:
    """The product of sums of dimensions: twice as many terms with each."""
    dims = [f"A{i}" for i in range(min(count, 18))]
    head = f"archdsl: 1\nname: net\ninputs: {{x: [N, {', '.join(f'{dim} = 1' for dim in dims)}]}}\n"
    return _nodes(f"pad: {{op: pad, pad: {[1, 0] * len(dims)}}}", "flat: {op: flatten, start_dim: 1}", head=head)


def dims_quotients(count: int) -> str:
    """Quotients of quotients that nothing simplifies."""
    head = f"archdsl: 1\nname: net\ninputs: {{x: [N, 1, H = {10**6}]}}\n"
    wider = "- {op: conv_transpose1d, out_channels: 1, kernel_size: 1, stride: 3}"
    return _nodes(
        *[wider, "- {op: max_pool1d, kernel_size: 2}", "- {op: max_pool1d, kernel_size: 2}"] * count, head=head
    )


def dims_doubled(count: int) -> str:
    """A dimension and a third of it, side by side: each takes twice as long to say as the one before."""
    head = f"archdsl: 1\nname: net\ninputs: {{x: [N, 1, H = {10**6}]}}\n"
    lines = ["p0: {op: max_pool1d, kernel_size: 3}", "c0: {op: cat, dim: 2, from: [x, p0]}"]
    for i in range(1, count):
        lines += [f"p{i}: {{op: max_pool1d, kernel_size: 3, from: c{i - 1}}}"]
        lines += [f"c{i}: {{op: cat, dim: 2, from: [c{i - 1}, p{i}]}}"]
    return _nodes(*lines, head=head)


def dims_joined(count: int) -> str:
    """A thousand inputs of sizes of their own in one row."""
    head = "archdsl: 1\nname: net\ninputs:\n" + "".join(_many(count, lambda i: f"  x{i}: [N, T{i} = 1]\n"))
    return _nodes(f"c: {{op: cat, dim: 1, from: [{', '.join(_many(count, lambda i: f'x{i}'))}]}}", head=head)


# --- ops ------------------------------------------------------------------------------------------


def op_chunk(count: int) -> str:
    return _nodes(
        f"u: {{op: chunk, dim: 1, chunks: {count}}}", "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count))
    )


def op_split(count: int) -> str:
    return _nodes(
        "u: {op: split, dim: 1, split_size: 1}", "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count))
    )


def op_tensor_split(count: int) -> str:
    line = f"u: {{op: tensor_split, dim: 1, indices_or_sections: {count}}}"
    return _nodes(line, "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count)))


def op_unbind(count: int) -> str:
    return _nodes("u: {op: unbind, dim: 1}", "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count)))


def op_names(count: int) -> str:
    names = ", ".join(_many(count, lambda i: f"n{i}"))
    return _nodes(
        f"u: {{op: chunk, dim: 1, chunks: {count}, names: [{names}]}}",
        "r: {op: relu, from: u.n0}",
        head=HEAD.replace("8", str(count)),
    )


def op_layers(count: int) -> str:
    head = "archdsl: 1\nname: net\ninputs: {x: [N, 5, 4]}\n"
    return _nodes(f"l: {{op: lstm, hidden_size: 4, num_layers: {count}}}", "f: {from: l.output}", head=head)


def op_rearrange(axes: int) -> str:
    left = " ".join(_many(axes, lambda i: f"a{i}"))
    return _nodes(f"r: {{op: rearrange, pattern: '{left} -> {left}'}}")


def op_einsum(axes: int) -> str:
    return _nodes(f"e: {{op: einsum, equation: '{'ab' * axes},{'ab' * axes}->{'ba' * axes}', from: [x, x]}}")


def op_repeat(count: int) -> str:
    return _nodes(f"r: {{op: repeat, repeats: {[2] * count}}}")


def op_reshape(count: int) -> str:
    return _nodes(f"r: {{op: reshape, shape: {[1] * count}}}")


def op_sizes(size: int) -> str:
    return _nodes(f"a: {{op: linear, out_features: {size}}}", f"b: {{op: linear, out_features: {size}}}")


def constant_large(size: int) -> str:
    line = f"m: {{op: constant, shape: [{size}, {size}], index: [t, u], value: 0 if u <= t else -inf}}"
    return _nodes(line, "a: = x + m.shape[0]", "b: {op: matmul, from: [x, m]}")


def constants_many(count: int) -> str:
    line = "m$i: {op: constant, shape: [4096, 4096], index: [t, u], value: 0 if u <= t else -inf}"
    return _nodes(f"for i in range({count}):", f"  {line}", "a: {op: relu, from: x}")


def scan_steps(steps: int) -> str:
    head = HEAD + "blocks:\n  b: {inputs: {h: [N, F]}, nodes: {t: tanh}, outputs: {h: t}}\n"
    return _nodes(f"s: {{op: scan, body: b, steps: {steps}, carry: {{h: x}}}}", "y: {from: s.h}", head=head)


# --- patterns -------------------------------------------------------------------------------------


def pattern_stars(stars: int) -> str:
    return (
        _nodes(f"{'l' + 'a' * 150}: {{op: linear, out_features: 8}}")
        + f"weights:\n  resize:\n    {_explicit('*a' * stars + 'b', 'bicubic', '    ')}\n"
    )


def init_stars(stars: int) -> str:
    return (
        _nodes(f"{'l' + 'a' * 150}: {{op: linear, out_features: 8}}")
        + f"init:\n  {_explicit('*a' * stars + 'b', 'zeros')}\n"
    )


def init_patterns(count: int) -> str:
    """As many patterns as nodes, each of which may match any."""
    init = "".join(_many(count, lambda i: f"  '*x{i}*': zeros\n"))
    return _nodes(f"for i in range({count}):", "  x$i: {op: linear, out_features: 8}") + "init:\n" + init


def init_suffixes(count: int) -> str:
    """As many patterns as nodes, each of which matches one."""
    init = "".join(_many(count, lambda i: f"  '*.x{i}': zeros\n"))
    return _nodes(f"for i in range({count}):", "  a.x$i: {op: linear, out_features: 8}") + "init:\n" + init


def init_argument(count: int) -> str:
    return _nodes("a: {op: linear, out_features: 8}") + f"init: {{'*': 'zeros{' ' * count}x'}}\n"


def renames(count: int) -> str:
    lines = "".join(_many(count, lambda i: f"    old{i}.*: '*x{i}'\n"))
    return _nodes("a: {op: linear, out_features: 8}") + "weights:\n  renames:\n" + lines.replace("'*x", "'a.*x")


# --- the form -------------------------------------------------------------------------------------


def params_many(count: int) -> str:
    return HEAD + "params:\n" + "".join(_many(count, lambda i: f"  p{i}: {i}\n")) + "nodes: [relu]\n"


def mistakes_in_ops(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: rellu{i}"))


def mistakes_in_reads(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: {{op: relu, from: z{i}}}"))


def mistakes_in_loop(count: int) -> str:
    return _nodes(f"for i in range({count}):", "  a$i: {op: relu, from: nothing$i}")


def mistakes_in_keys(count: int) -> str:
    return _nodes("a: relu") + "".join(_many(count, lambda i: f"noodes{i}: 1\n"))


def mistakes_in_expressions(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: {{op: linear, out_features: foo{i}(3}}"))


def mistakes_in_names(count: int) -> str:
    params = "".join(_many(count, lambda i: f"  param_{i}: {i}\n"))
    return (
        HEAD
        + f"params:\n{params}"
        + "nodes:\n"
        + "".join(_many(count, lambda i: f"  a{i}: {{op: linear, out_features: parm_{i}}}\n"))
    )


def mistakes_in_flow(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: {{op: linear, out_features: max(1, {i})}}"))


def mistakes_in_yaml(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: {{op: relu]"))


def mistakes_in_colons(count: int) -> str:
    return _nodes(*_many(count, lambda i: f"a{i}: relu: relu"))


def dotted(depth: int) -> str:
    return _nodes(_explicit(".".join(["a"] * depth), "relu"))


def name_long(length: int) -> str:
    return _nodes(_explicit("a" * length, "relu"))


def names_long(length: int) -> str:
    """Long names in one another: their paths are as long as all of them."""
    inner = "relu"
    for _ in range(40):
        inner = f"{{nodes: {{{'a' * length}: {inner}}}}}"
    return _nodes(f"for i in range({length}):", f"  b$i: {inner}")


def line_long(length: int) -> str:
    return HEAD + "nodes: [" + ", ".join(["relu"] * length) + "]\n"


def brackets(depth: int) -> str:
    return HEAD + "nodes: " + "[" * depth + "relu" + "]" * depth + "\n"


def brackets_open(depth: int) -> str:
    return HEAD + "nodes: " + "[" * depth + "\n"


def lists_deep(depth: int) -> str:
    return (
        HEAD
        + "blocks:\n  b: {nodes: "
        + "[" * 40
        + "relu"
        + "]" * 40
        + "}\nnodes: ["
        + ", ".join(["b"] * depth)
        + "]\n"
    )


def comment_long(length: int) -> str:
    return HEAD + "#" * length + "\nnodes: [relu]\n"


def text_odd(length: int) -> str:
    odd = "\u202e\u2066\u0301\U0001f600\u200d" * length
    return HEAD.replace("name: net", f"name: net\nsummary: '{odd}'") + f"nodes: [{{op: relu, note: '{odd}'}}]\n"


def path_long(length: int) -> str:
    return _nodes("a: relu", f"b: {{op: relu, from: {'.'.join(['a'] * length)}}}")


def formula_long(length: int) -> str:
    return _nodes(f"a: = {' + '.join(['x'] * length)}")


def from_many(length: int) -> str:
    return _nodes(f"c: {{op: cat, dim: 1, from: [{', '.join(['x'] * length)}]}}")


_MODULE = globals()
EXPLOSIVE: Final[dict[str, Family]] = {
    name: made
    for name, made in list(_MODULE.items())
    if callable(made) and not name.startswith("_") and getattr(made, "__module__", None) == __name__
}
