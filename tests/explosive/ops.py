"""Ops with more outputs, layers and elements than fit."""

from __future__ import annotations

from tests.explosive.writing import HEAD, many, nodes


def op_chunk(count: int) -> str:
    return nodes(
        f"u: {{op: chunk, dim: 1, chunks: {count}}}", "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count))
    )


def op_split(count: int) -> str:
    return nodes(
        "u: {op: split, dim: 1, split_size: 1}", "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count))
    )


def op_tensor_split(count: int) -> str:
    line = f"u: {{op: tensor_split, dim: 1, indices_or_sections: {count}}}"
    return nodes(line, "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count)))


def op_unbind(count: int) -> str:
    return nodes("u: {op: unbind, dim: 1}", "r: {op: relu, from: u.0}", head=HEAD.replace("8", str(count)))


def op_names(count: int) -> str:
    names = ", ".join(many(count, lambda i: f"n{i}"))
    return nodes(
        f"u: {{op: chunk, dim: 1, chunks: {count}, names: [{names}]}}",
        "r: {op: relu, from: u.n0}",
        head=HEAD.replace("8", str(count)),
    )


def op_layers(count: int) -> str:
    head = "archdsl: 1\nname: net\ninputs: {x: [N, 5, 4]}\n"
    return nodes(f"l: {{op: lstm, hidden_size: 4, num_layers: {count}}}", "f: {from: l.output}", head=head)


def op_rearrange(axes: int) -> str:
    left = " ".join(many(axes, lambda i: f"a{i}"))
    return nodes(f"r: {{op: rearrange, pattern: '{left} -> {left}'}}")


def op_einsum(axes: int) -> str:
    return nodes(f"e: {{op: einsum, equation: '{'ab' * axes},{'ab' * axes}->{'ba' * axes}', from: [x, x]}}")


def op_repeat(count: int) -> str:
    return nodes(f"r: {{op: repeat, repeats: {[2] * count}}}")


def op_reshape(count: int) -> str:
    return nodes(f"r: {{op: reshape, shape: {[1] * count}}}")


def op_sizes(size: int) -> str:
    return nodes(f"a: {{op: linear, out_features: {size}}}", f"b: {{op: linear, out_features: {size}}}")


def constant_large(size: int) -> str:
    line = f"m: {{op: constant, shape: [{size}, {size}], index: [t, u], value: 0 if u <= t else -inf}}"
    return nodes(line, "a: = x + m.shape[0]", "b: {op: matmul, from: [x, m]}")


def constants_many(count: int) -> str:
    line = "m$i: {op: constant, shape: [4096, 4096], index: [t, u], value: 0 if u <= t else -inf}"
    return nodes(f"for i in range({count}):", f"  {line}", "a: {op: relu, from: x}")


def scan_steps(steps: int) -> str:
    head = HEAD + "blocks:\n  b: {inputs: {h: [N, F]}, nodes: {t: tanh}, outputs: {h: t}}\n"
    return nodes(f"s: {{op: scan, body: b, steps: {steps}, carry: {{h: x}}}}", "y: {from: s.h}", head=head)


def index_moved(count: int) -> str:
    """Numbers that are moved again and again, and count something after each time."""
    head = HEAD.replace("x: [", "n: {shape: [N, 4], dtype: int64}, x: [")
    return nodes(
        "for i in range(" + str(count) + "):",
        '  flip$i: {op: flip, dims: [1], from: \'$("n" if i == 0 else "flip" + str(i - 1))\'}',
        "  hot$i: {op: one_hot, from: flip$i, num_classes: 2}",
        head=head,
    )


def index_constant(count: int) -> str:
    """A table of numbers that count something again and again."""
    return nodes(
        "t: {op: constant, shape: [100, 100], index: [t, u], value: (t * u) % 2, dtype: int64}",
        "for i in range(" + str(count) + "):",
        "  hot$i: {op: one_hot, from: t, num_classes: 2}",
        "a: {op: relu, from: x}",
    )
