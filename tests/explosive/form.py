"""Files whose patterns, names and texts are too many or too long."""

from __future__ import annotations

from tests.explosive.writing import HEAD, explicit, many, nodes

# --- patterns -------------------------------------------------------------------------------------


def pattern_stars(stars: int) -> str:
    return (
        nodes(f"{'l' + 'a' * 150}: {{op: linear, out_features: 8}}")
        + f"weights:\n  resize:\n    {explicit('*a' * stars + 'b', 'bicubic', '    ')}\n"
    )


def init_stars(stars: int) -> str:
    return (
        nodes(f"{'l' + 'a' * 150}: {{op: linear, out_features: 8}}")
        + f"init:\n  {explicit('*a' * stars + 'b', 'zeros')}\n"
    )


def init_patterns(count: int) -> str:
    """As many patterns as nodes, each of which may match any."""
    init = "".join(many(count, lambda i: f"  '*x{i}*': zeros\n"))
    return nodes(f"for i in range({count}):", "  x$i: {op: linear, out_features: 8}") + "init:\n" + init


def init_suffixes(count: int) -> str:
    """As many patterns as nodes, each of which matches one."""
    init = "".join(many(count, lambda i: f"  '*.x{i}': zeros\n"))
    return nodes(f"for i in range({count}):", "  a.x$i: {op: linear, out_features: 8}") + "init:\n" + init


def init_argument(count: int) -> str:
    return nodes("a: {op: linear, out_features: 8}") + f"init: {{'*': 'zeros{' ' * count}x'}}\n"


def renames(count: int) -> str:
    lines = "".join(many(count, lambda i: f"    old{i}.*: '*x{i}'\n"))
    return nodes("a: {op: linear, out_features: 8}") + "weights:\n  renames:\n" + lines.replace("'*x", "'a.*x")


# --- the form -------------------------------------------------------------------------------------


def params_many(count: int) -> str:
    return HEAD + "params:\n" + "".join(many(count, lambda i: f"  p{i}: {i}\n")) + "nodes: [relu]\n"


def mistakes_in_ops(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: rellu{i}"))


def mistakes_in_reads(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: {{op: relu, from: z{i}}}"))


def mistakes_in_loop(count: int) -> str:
    return nodes(f"for i in range({count}):", "  a$i: {op: relu, from: nothing$i}")


def mistakes_in_keys(count: int) -> str:
    return nodes("a: relu") + "".join(many(count, lambda i: f"noodes{i}: 1\n"))


def mistakes_in_expressions(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: {{op: linear, out_features: foo{i}(3}}"))


def mistakes_in_names(count: int) -> str:
    params = "".join(many(count, lambda i: f"  param_{i}: {i}\n"))
    return (
        HEAD
        + f"params:\n{params}"
        + "nodes:\n"
        + "".join(many(count, lambda i: f"  a{i}: {{op: linear, out_features: parm_{i}}}\n"))
    )


def mistakes_in_flow(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: {{op: linear, out_features: max(1, {i})}}"))


def mistakes_in_yaml(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: {{op: relu]"))


def mistakes_in_colons(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: relu: relu"))


def dotted(depth: int) -> str:
    return nodes(explicit(".".join(["a"] * depth), "relu"))


def name_long(length: int) -> str:
    return nodes(explicit("a" * length, "relu"))


def names_long(length: int) -> str:
    """Long names in one another: their paths are as long as all of them."""
    inner = "relu"
    for _ in range(40):
        inner = f"{{nodes: {{{'a' * length}: {inner}}}}}"
    return nodes(f"for i in range({length}):", f"  b$i: {inner}")


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
    return nodes("a: relu", f"b: {{op: relu, from: {'.'.join(['a'] * length)}}}")


def formula_long(length: int) -> str:
    return nodes(f"a: = {' + '.join(['x'] * length)}")


def from_many(length: int) -> str:
    return nodes(f"c: {{op: cat, dim: 1, from: [{', '.join(['x'] * length)}]}}")
