"""The statements of the language, each as a function that writes one into a scope, or gives up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from archdsl import expressions
from archdsl.expressions import parse_formula
from archdsl.expressions.tree import Literal, Name, Tree
from archdsl.expressions.walking import rebuild
from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.ops.formula import formula_type
from archdsl.ops.rules import compared
from archdsl.shapes import TensorType, evaluate
from tests.generators.fields import SAFE, UNARY, known, number, options, pick, rarely
from tests.generators.fields import dim as dim_of
from tests.generators.scope import Scope, Shareable, Value, infer, output_names

Statement = Callable[[Scope], bool]
"""Writes nodes; false where nothing of the kind fits here."""
_TIED: Final = ("linear", "conv1d", "conv2d", "embedding")
_EXACT: Final = frozenset(
    ("out_channels", "out_features", "kernel_size", "num_groups", "hidden_size", "output_size", "k")
)


def proposal(scope: Scope, x: TensorType) -> tuple[str, dict[str, Any], tuple[TensorType, ...]]:
    """An op with fields that takes `x`."""
    draw = scope.draw
    names = (
        [name for name in SAFE if x.rank in UNARY[name].ranks]
        if not rarely(draw, 2)
        else sorted(name for name, op in UNARY.items() if x.rank in op.ranks)
    )
    name = pick(draw, names)
    fields = UNARY[name].fields(draw, x)
    made = infer(name, fields, x)
    if made is None or any(not ok(t) for t in made):
        return "tanh", {}, (x,)
    return name, fields, made


def ok(x: TensorType) -> bool:
    """Not so large that a test would wait, and of no size 0 at the smallest that `check` tries."""
    total = 1
    for size in x.shape:
        total *= size if isinstance(size, int) else 1
    smallest = min((evaluate(size, _SMALLEST) for size in x.shape), default=1)
    brief = all(isinstance(s, int) or len(str(s)) < 30 for s in x.shape)
    return total <= 4096 and x.rank <= 5 and smallest >= 1 and brief


_SMALLEST: Final = {"N": 1, "T": 5, "H": 4, "W": 6}


def written(scope: Scope, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with expressions for some numbers."""
    return {k: scope.expression(v) if k in _EXACT and type(v) is int else v for k, v in fields.items()}


def given(name: str, names: tuple[str, ...], types: tuple[TensorType, ...], when: str | None) -> list[Value]:
    if len(types) == 1:
        return [Value(name, types[0], when)]
    return [Value(f"{name}.{n}", t, when) for n, t in zip(names, types, strict=True)]


def head(scope: Scope) -> bool:
    """A layer of the node above that is there if it has a width, which is a parameter of its own."""
    above = scope.above
    made = None if above is None or above.when is not None else infer("linear", {"out_features": 3}, above.type)
    if above is None or made is None or not ok(made[0]):
        return False
    name = scope.name()
    scope.world.params["classes"] = 3
    entry = {"if": "classes > 0", "op": "linear", **scope.reads(above), "out_features": "classes"}
    scope.add(name, entry, [Value(name, made[0])])
    return True


def op_node(scope: Scope, when: str | None = None, extra: dict[str, Any] | None = None) -> bool:
    """`{op: …}` of one input."""
    value = scope.source()
    if value is None:
        return False
    op, fields, made = proposal(scope, value.type)
    name = scope.name()
    extra = extra or {}
    reads = scope.reads(value)
    entry: Any = {"op": op, **reads, **written(scope, fields), **extra}
    if rarely(scope.draw, 4):
        entry = _with_own_name(entry)
    if not extra and not scope.depth and op in _TIED and rarely(scope.draw, 3):
        entry["was"] = scope.world.fresh("old.name" if rarely(scope.draw, 2) else "old")
    if "weight" in OPS[op](**fields).tensors(value.type) and rarely(scope.draw, 6):
        entry["trainable"] = rarely(scope.draw)
    if extra == {} and entry == {"op": op} and not rarely(scope.draw):
        entry = op
    if made == (value.type,) and value.type.rank and scope.words and rarely(scope.draw, 6) and not extra:
        word = pick(scope.draw, sorted(scope.words))
        entry = {"op": f"${word}", **reads} if reads else f"${word}"
        op, fields, made = scope.words[word], {}, (value.type,)
    names = output_names(op, fields, len(made))
    values = given(name, names, made, when or value.when)
    tensors = OPS[op](**fields).tensors(value.type)
    own = "weight" in tensors and op in _TIED and "parametrization" not in fields
    weight = tensors["weight"].shape if own else None
    scope.add(name, entry, values, shown=when is None)
    outputs = tuple((n if len(made) > 1 else "", t) for n, t in zip(names, made, strict=True))
    if when is None:
        scope.shareable.append(Shareable(name, (value.type,), outputs, (), weight))
    return True


def _with_own_name(entry: dict[str, Any]) -> dict[str, Any]:
    """The node with a derived value for one of its numbers."""
    key = next((key for key in entry if key in _EXACT and isinstance(entry[key], int | str)), None)
    return entry if key is None else {**entry, "let": {"own": entry[key], "same": "own"}, key: "same"}


def formula(scope: Scope) -> bool:
    """`= a + b`: values that broadcast."""
    draw = scope.draw
    first = scope.source(floats=not rarely(draw, 6))
    others = [v for v in scope.readable() if "-" not in v.path]
    if first is None or "-" in first.path or not others:
        return False
    values = [first, pick(draw, others), pick(draw, others)]
    text = pick(draw, _FORMULAS)
    if scope.numbers and rarely(draw, 4):
        text = f"({text}) * {pick(draw, sorted(scope.numbers))}"
    if scope.dims and rarely(draw, 4):
        text = f"({text}) {pick(draw, _OF_SIZES).replace('SIZE', pick(draw, sorted(scope.dims)))}"
    shape = f".shape[{dim_of(draw, first.type)}]" if first.type.rank and rarely(draw, 8) else None
    text = text if shape is None else f"({text}) / {{0}}{shape}"
    made = formula_of(text if shape is None else text.replace(f"{{0}}{shape}", "2"), [v.type for v in values])
    if made is None or not ok(made):
        return False
    when = next((v.when for i, v in enumerate(values) if v.when is not None and f"{{{i}}}" in text), None)
    name = scope.name()
    entry: Any = f"= {text.format(*(v.path for v in values))}"
    if rarely(draw, 6):
        entry = {"let": {"own": 2}, "value": f"({text.format(*(v.path for v in values))}) * own"}
    scope.add(name, entry, [Value(name, made, when)])
    return True


_FORMULAS: Final = (
    "{0} + {1}", "{0} * {1}", "{0} - {1}", "{0} * 0.5 + {1}", "tanh({0}) * sigmoid({1})", "{0} if {1} > 0 else {2}",
    "{0} + {0}", "{0} + {1} + {2}", "-{0}", "abs({0}) ** 2", "max({0}, {1})", "{0} / (1 + abs({1}))", "relu({0}) + {1}",
    "({0} > {1}) * {2}", "clamp({0}, -1, 1)", "{0} * {1} + {0}", "min({0}, 0.5)", "1 - {0}", "exp(-abs({0}))",
    "{0} if {1} > 0 and {2} < 1 else 0", "sqrt(abs({0}) + 1)", "{0} % 2", "silu({0})", "{0} >= {1}", "round({0})",
    "{0} - (2 < 3)", "{0} + exp({0} if 2 < 1 else 0.5)", "{0} * ({0} if 3 == 3 else 1)",
)  # fmt: skip


_OF_SIZES: Final = (
    "* SIZE ** -0.5", "* log(SIZE + 1)", "+ 1 / SIZE", "* ceil(SIZE / 2)", "- SIZE // 2", "* sqrt(SIZE)",
    "+ sin(SIZE)", "* (1 if SIZE > 2 else 0.5)", "* max(SIZE, 3)", "+ SIZE % 3", "/ float(SIZE)", "+ exp(-SIZE)",
    "- (SIZE > 2)", "* cos(SIZE >= 3)",
)  # fmt: skip


def formula_of(template: str, types: list[TensorType]) -> TensorType | None:
    """The type of a formula with places for these values; None where they do not fit."""
    names = {f"v{place}": str(place) for place in range(len(types))}
    tree = parse_formula(template.format(*names), names.__contains__).tree
    try:
        made = formula_type(_numbered(tree, names), types)
    except OpError:
        return None
    read = [types[int(names[name])].shape for name in names if f"{{{names[name]}}}" in template]
    sizes = [tuple(evaluate(size, _SMALLEST) for size in shape) for shape in read]
    return made if all(sizes[a][at] == sizes[b][at] for a, b, at in compared(read)) else None


def _numbered(tree: Tree, names: dict[str, str]) -> Tree:
    """The values by their numbers, and any number for another name."""
    if isinstance(tree, Name):
        return Name(names[tree.name]) if tree.name in names else Literal(2)
    return rebuild(tree, lambda child: _numbered(child, names))


def parameter(scope: Scope) -> bool:
    """A learned tensor, mostly one that broadcasts with a value."""
    value = scope.source()
    if value is None:
        return False
    trailing = [s if isinstance(s, int) else 1 for s in value.type.shape[1:]]
    shape = trailing if not rarely(scope.draw) else trailing[-1:]
    name = scope.name()
    entry: dict[str, Any] = {"op": "parameter", "shape": [scope.expression(n) for n in shape]}
    entry |= pick(scope.draw, [{"init": "normal(std=0.5)"}, {"init": "ones"}, {}, {"value": 0.25}])
    if shape and rarely(scope.draw, 4):
        index = [f"i{k}" for k in range(len(shape))]
        entry = {**entry, "index": index, "value": f"{index[-1]} / 4"}
        entry.pop("init", None)
    scope.add(name, entry, [Value(name, TensorType(tuple(shape)), still=True)], shown=False)
    return True


def constant(scope: Scope) -> bool:
    """A tensor of numbers, as a buffer or computed at run time."""
    value = scope.source()
    if value is None:
        return False
    shape = value.type.shape[1:] if not rarely(scope.draw, 3) else value.type.shape
    named = [(dim, scope.size(dim)) for dim in shape]
    sizes: list[Any] = [1 if size is None else size for _, size in named]
    types: list[Any] = [1 if size is None else dim for dim, size in named]
    index = [f"i{k}" for k in range(len(sizes))]
    values = ["0.5", "-1", *([f"{index[-1]} / 3", f"1 if {index[-1]} > 0 else {index[0]}"] if index else [])]
    of_sizes = [size for size, dim in zip(sizes, types, strict=True) if not isinstance(dim, int)]
    values += [f"({index[0]} + 1) / ({size} + 1e-6)" for size in of_sizes]
    entry: dict[str, Any] = {"op": "constant", "shape": sizes, "value": pick(scope.draw, values)}
    if "i" in str(entry["value"]):
        entry["index"] = index
    entry |= options(scope.draw, persistent=[True]) if all(isinstance(s, int) for s in types) else {}
    if rarely(scope.draw, 4):
        entry |= {"let": {"own": entry["value"], "twice": "own + own"}, "value": "twice * own"}
    dtype = "int64" if entry["value"] == "-1" and rarely(scope.draw, 3) else "float32"
    entry |= {"dtype": dtype} if dtype != "float32" else {}
    name = scope.name()
    scope.add(name, entry, [Value(name, TensorType(tuple(types), dtype), still=True)], shown=False)
    return True


def sized(scope: Scope) -> bool:
    """A field worked out from a size that is known at run time."""
    draw = scope.draw
    value = scope.source()
    if value is None:
        return False
    places = [(i, name) for i, dim in enumerate(value.type.shape) if (name := scope.size(dim)) and not known(dim)]
    if not places:
        return False
    at, name = pick(draw, places)
    read = pick(draw, [name, f"{value.path}.shape[{at}]"])
    text = pick(draw, ["ceil({0} / 2)", "({0} + 1) // 2", "{0} - {0} // 2", "ceil({0} * 2 / 3)", "{0}"])
    size = expressions.parse(text.format(name)).evaluate(scope.dims)
    reads, made = scope.reads(value), infer("narrow", {"dim": at, "start": 0, "length": size}, value.type)
    if made is None or not ok(made[0]):
        return False
    own, entry = scope.name(), {"op": "narrow", "dim": at, "start": 0, "length": text.format(read)}
    scope.add(own, entry | reads, [Value(own, made[0], value.when)])
    return True


def alias(scope: Scope) -> bool:
    """`{from: x}`: another name."""
    value = scope.source(floats=False)
    if value is None:
        return False
    name = scope.name()
    scope.add(name, {"from": value.path}, [value._replace(path=name)], shown=not value.still)
    return True


def several_inputs(scope: Scope) -> bool:
    """An op of several inputs of one type."""
    draw = scope.draw
    value = scope.source()
    if value is None or value.type.rank < 1:
        return False
    x = value.type
    others = scope.same(x)
    other = pick(draw, others)
    at = number(draw, 1 if x.rank > 1 else 0, x.rank - 1)
    when = value.when or other.when
    letters = "abcde"[: x.rank]
    forms: list[tuple[str, dict[str, Any], tuple[Value, ...]]] = [
        ("cat", {"dim": at}, (value, other)),
        ("stack", {"dim": at}, (value, other)),
        ("cat", {"dim": at}, (value, other, value)),
        ("einsum", {"equation": f"{letters},{letters}->{letters}"}, (value, other)),
        ("einsum", {"equation": f"{letters},{letters}->{letters[:1]}"}, (value, other)),
        ("cosine_similarity", {"dim": at}, (value, other)),
    ]
    if x.rank >= 2:
        forms += [("cdist", {}, (value, other)), ("bilinear", {"out_features": 2}, (value, other))]
    if x.rank == 3:
        forms += [
            ("scaled_dot_product_attention", options(draw, is_causal=[True], scale=[0.3]), (value, other, other)),
            ("multihead_attention", {"num_heads": 2 if x.shape[-1] in (4, 6, 8) else 1}, (value, other, value)),
        ]
    op, fields, inputs = pick(draw, forms)
    made = infer(op, fields, *(v.type for v in inputs))
    if made is None or not all(map(ok, made)):
        return False
    name = scope.name()
    ports = OPS[op].ports
    reads: Any = [v.path for v in inputs]
    if ports[0].variadic and rarely(draw, 2):
        reads = _some_under_if(scope, reads)
    elif not ports[0].variadic and rarely(draw, 2):
        reads = {port.name: v.path for port, v in zip(ports, inputs, strict=False)}
    scope.add(name, {"op": op, **fields, "from": reads}, [Value(name, made[0], when)])
    return True


def _some_under_if(scope: Scope, paths: list[str]) -> list[Any]:
    """The same members of `from`, and others that are not there."""
    gone = {f"if {condition(scope, False)}": pick(scope.draw, [paths, paths[0]])}
    return [gone, *paths[:-1], {f"if {condition(scope, True)}": paths[-1]}]


def integers(scope: Scope) -> bool:
    """What whole numbers and truths are good for."""
    draw = scope.draw
    ints = [v for v in scope.readable() if v.type.dtype in ("int64", "bool", "int32")]
    if not ints:
        return False
    value = pick(draw, ints)
    name = scope.name()
    op, fields = pick(draw, [("cast", {"dtype": "float32"}), ("embedding", {"num_embeddings": 7, "embedding_dim": 4}),
                             ("one_hot", {"num_classes": 7}), ("flatten", {})])  # fmt: skip
    if op == "embedding" and rarely(draw):
        fields = {**fields, "padding_idx": 1}
    if op in ("embedding", "one_hot") and not value.path.startswith("tokens"):
        op, fields = "cast", {"dtype": "float32"}
    made = infer(op, fields, value.type)
    if made is None or not all(map(ok, made)):
        return False
    scope.add(name, {"op": op, **fields, "from": value.path}, [Value(name, made[0], value.when)])
    if op == "embedding":
        scope.shareable.append(Shareable(name, (value.type,), (("", made[0]),), (), (7, 4)))
    return True


def left_out(scope: Scope) -> bool:
    """`if`, which holds or not, with or without `else`."""
    value = scope.source()
    if value is None:
        return False
    draw = scope.draw
    holds = draw_bool(scope)
    op, fields, made = proposal(scope, value.type)
    if len(made) > 1:
        return False
    name = scope.name()
    entry: dict[str, Any] = {"if": condition(scope, holds), "op": op, "from": value.path, **fields}
    result = value._replace(path=name) if not holds else Value(name, made[0], value.when)
    if rarely(draw, 2):
        other = pick(draw, scope.readable())
        if other.when is None:
            entry["else"] = other.path
            result = result if holds else other._replace(path=name)
    scope.add(name, entry, [result])
    return True


def draw_bool(scope: Scope) -> bool:
    return not rarely(scope.draw, 2)


def condition(scope: Scope, holds: bool) -> str | bool:
    """An expression that holds, or does not."""
    if not scope.numbers or rarely(scope.draw, 3):
        return holds
    name = pick(scope.draw, sorted(scope.numbers))
    given = scope.numbers[name]
    return f"{name} == {given if holds else given + 1}"


def by_mode(scope: Scope) -> bool:
    """`when` with `else`: one value in training, another in evaluation."""
    value = scope.source()
    if value is None or value.when is not None or scope.when is not None:
        return False
    same = scope.same(value.type)
    mode = pick(scope.draw, ["training", "evaluation"])
    name = scope.name()
    entry = {
        "when": mode,
        "op": pick(scope.draw, ["tanh", "sigmoid", "relu"]),
        "from": value.path,
        "else": pick(scope.draw, same).path,
    }
    scope.add(name, entry, [Value(name, value.type)])
    return True


def one_mode(scope: Scope) -> bool:
    """`when` without `else`."""
    if scope.when is not None or scope.depth:
        return False
    value = scope.source()
    if value is None or value.when is not None:
        return False
    mode = pick(scope.draw, ["training", "evaluation"])
    return (
        op_node(scope, when=mode, extra={"from": value.path, "when": mode}) if value == scope.readable()[0] else False
    )
