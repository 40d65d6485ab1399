"""Expressions and sizes that cost more than they say."""

from __future__ import annotations

from tests.explosive.writing import HEAD, explicit, many, nodes


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
    return HEAD + f"let: {{s: \"'a' * 9\"}}\nnodes:\n  {explicit('$s' * count, 'relu')}\n"


def lets_double(count: int) -> str:
    """Lists that hold the one before twice."""
    lets = many(count, lambda i: f"  l{i + 1}: '[l{i}, l{i}]'\n")
    return HEAD + "let:\n  l0: '[1, 1]'\n" + "".join(lets) + "nodes: [relu]\n"


def expression_long(count: int) -> str:
    """A long expression, evaluated again and again."""
    part = f"max({', '.join(['i'] * 40)})"
    return nodes(
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
    return nodes(f"pad: {{op: pad, pad: {[1, 0] * len(dims)}}}", "flat: {op: flatten, start_dim: 1}", head=head)


def dims_quotients(count: int) -> str:
    """Quotients of quotients that nothing simplifies."""
    head = f"archdsl: 1\nname: net\ninputs: {{x: [N, 1, H = {10**6}]}}\n"
    wider = "- {op: conv_transpose1d, out_channels: 1, kernel_size: 1, stride: 3}"
    return nodes(
        *[wider, "- {op: max_pool1d, kernel_size: 2}", "- {op: max_pool1d, kernel_size: 2}"] * count, head=head
    )


def dims_doubled(count: int) -> str:
    """A dimension and a third of it, side by side: each takes twice as long to say as the one before."""
    head = f"archdsl: 1\nname: net\ninputs: {{x: [N, 1, H = {10**6}]}}\n"
    lines = ["p0: {op: max_pool1d, kernel_size: 3}", "c0: {op: cat, dim: 2, from: [x, p0]}"]
    for i in range(1, count):
        lines += [f"p{i}: {{op: max_pool1d, kernel_size: 3, from: c{i - 1}}}"]
        lines += [f"c{i}: {{op: cat, dim: 2, from: [c{i - 1}, p{i}]}}"]
    return nodes(*lines, head=head)


def dims_joined(count: int) -> str:
    """A thousand inputs of sizes of their own in one row."""
    head = "archdsl: 1\nname: net\ninputs:\n" + "".join(many(count, lambda i: f"  x{i}: [N, T{i} = 1]\n"))
    return nodes(f"c: {{op: cat, dim: 1, from: [{', '.join(many(count, lambda i: f'x{i}'))}]}}", head=head)
