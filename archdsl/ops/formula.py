"""Formulas over tensors: what they may hold, and the type of what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, Final, NamedTuple, NoReturn

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl.expressions.values import VERBS
from archdsl.expressions.walking import children, walk
from archdsl.faults.code import Code
from archdsl.ops.base import OpError
from archdsl.ops.rules import SINGLE, TABLED, broadcast, require_unmixed
from archdsl.shapes import Shape, Symbolic, TensorType, format_shape, least
from archdsl.text.spelled import quoted

# --- what may stand in a formula ------------------------------------------------------------------

ELEMENTWISE: Final = frozenset((
    "abs", "ceil", "clamp", "cos", "erf", "exp", "floor", "gelu", "log", "log2", "max", "min", "relu", "round", "rsqrt",
    "sigmoid", "sign", "silu", "sin", "softplus", "sqrt", "tanh",
))  # fmt: skip
_INSTEAD: Final = {
    "sum": "use op `sum`",
    "len": "a dimension is read as `x.shape[0]`",
    "int": "use op `cast`",
    "float": "use op `cast`",
    "min": "use op `min`; of several tensors `min` is elementwise",
    "max": "use op `max`; of several tensors `max` is elementwise",
    "zip": "use op `stack` or `cat`",
    "enumerate": "use op `unbind`",
}


def check_formula(expression: Expression, tensor_names: frozenset[str]) -> None:
    """Refuses what is not elementwise and yet applied to tensors, with the op to use instead.

    Raises ExpressionError.
    """
    _tensor(expression.tree, tensor_names)


def _tensor(tree: Tree, names: frozenset[str]) -> bool:
    """Whether the value is a tensor."""
    if isinstance(tree, trees.Name):
        return tree.name in names
    tensors = [_tensor(child, names) for child in children(tree)]
    # what a comprehension binds is no tensor, since a tensor cannot be looped over
    if not any(tensors):
        return False
    if isinstance(tree, trees.Attribute):
        return _attribute(tree)
    _refuse(tree, tensors)
    return True


def _attribute(tree: trees.Attribute) -> bool:
    if tree.name != "shape":
        raise ExpressionError(f"a tensor has no `{tree.name}`", tree.start, tree.end, "only `x.shape` can be read")
    return False


def _refuse(tree: Tree, tensors: list[bool]) -> None:
    match tree:
        case trees.Subscript() if not tensors[0]:
            _fail(tree, "a list cannot be indexed by what differs from element to element", TABLED)
        case trees.Subscript():
            _fail(tree, "a tensor cannot be indexed in a formula", "use op `select` or `slice`")
        case trees.Slice():
            _fail(tree, "a tensor cannot be sliced in a formula", "use op `slice`")
        case trees.Sequence() | trees.Comprehension():
            _fail(tree, "a formula makes no lists of tensors", "use op `stack` or `cat`")
        case trees.Compare(rest=rest):
            word = next((sign for sign, _ in rest if sign.isalpha() or " " in sign), None)
            if word is not None:
                _fail(tree, f"`{word}` does not compare tensors", "use `==`, `!=`, `<`, `<=`, `>`, `>=`")
        case trees.Call(function=function, arguments=arguments):
            alone = function in ("min", "max") and len(arguments) == 1
            if function not in ELEMENTWISE or alone:
                _fail(tree, f"`{function}` of a tensor is not elementwise", _INSTEAD.get(function))
            if function in ("round", "log") and any(tensors[1:]):
                _fail(tree, f"the second argument of `{function}` is a number")


def _fail(tree: Tree, message: str, hint: str | None = None) -> NoReturn:
    raise ExpressionError(message, tree.start, tree.end, hint)


# --- types ----------------------------------------------------------------------------------------


class _Operand(NamedTuple):
    """A part's shape and dtype; a number that is no tensor gives way in promotion."""

    shape: Shape
    dtype: str
    number: bool = False


_BITS: Final = {"int8": 8, "uint8": 8, "int16": 16, "int32": 32, "int64": 64}
_FLOAT_BITS: Final = {"float16": 16, "bfloat16": 16, "float32": 32, SINGLE: 32, "float64": 64}
_BOOL, _INT, _FLOAT = range(3)
FLOAT_FUNCTIONS: Final = frozenset(["cos", "erf", "exp", "log", "log2", "rsqrt", "sigmoid", "sin", "sqrt", "tanh"])
"""Those that give floating numbers for whole ones."""
_FLOAT_ONLY: Final = frozenset(("gelu", "silu", "softplus"))


def formula_type(tree: Tree, inputs: list[TensorType]) -> TensorType:
    """The type of a formula, or of a part of one, whose names `0`, `1`, … are the inputs.

    dtypes promote as torch's do, but for bool, which counts as 0 and 1: `a > b` is bool, and sums of
    bools are int64. Raises OpError, whose `ports` are the inputs at fault.
    """
    shape, dtype, _ = _typed(tree, inputs)
    return TensorType(shape, dtype)


def promoted(parts: tuple[Tree, ...], inputs: list[TensorType]) -> str:
    """The dtype in which the parts of a sum, a product or a choice are computed together. Raises OpError."""
    return _counted(_promoted([_typed(part, inputs) for part in parts]))


def _typed(tree: Tree, inputs: list[TensorType]) -> _Operand:
    typed = _TYPED.get(type(tree))
    if typed is None:
        raise OpError("a formula makes one tensor, element by element", code=Code.BAD_VALUE)
    return typed(tree, inputs)


def _literal(tree: trees.Literal, inputs: list[TensorType]) -> _Operand:
    dtype = {bool: "bool", int: "int64", Symbolic: "int64", float: "float32"}.get(type(tree.value))
    if isinstance(tree.value, dict):
        columns = quoted(list(tree.value)[:8])
        hint = f"read one of its columns: {columns}" if columns else "a formula computes numbers"
        raise OpError("a table's row is no number", code=Code.BAD_VALUE, hint=hint)
    if dtype is None:
        raise OpError(f"{tree.value!r} is no number", code=Code.BAD_VALUE, hint="a formula computes numbers")
    return _Operand((), dtype, number=True)


def _name(tree: trees.Name, inputs: list[TensorType]) -> _Operand:
    given = inputs[int(tree.name)]
    return _Operand(given.shape, given.dtype)


def _unary(tree: trees.Unary, inputs: list[TensorType]) -> _Operand:
    operand = _typed(tree.operand, inputs)
    return operand._replace(dtype="bool" if tree.sign == "not" else _counted(operand.dtype))


def _binary(tree: trees.Binary, inputs: list[TensorType]) -> _Operand:
    verb = VERBS[tree.sign]
    joined = _joined((tree.left, tree.right), inputs, verb.format)
    dtype = _counted(joined.dtype)
    divides = tree.sign == "/" or (tree.sign == "**" and joined.number and not _is_count(tree.right))
    return joined._replace(dtype="float32" if divides and _category(dtype) == _INT else dtype)


def _is_count(tree: Tree) -> bool:
    """Whether it is a whole number of at least 0, so that a whole number to its power is one."""
    return isinstance(tree, trees.Literal) and isinstance(tree.value, int | Symbolic) and least(tree.value) >= 0


def _compare(tree: trees.Compare, inputs: list[TensorType]) -> _Operand:
    parts = (tree.first, *(part for _, part in tree.rest))
    return _joined(parts, inputs, "compare {0} and {1}".format)._replace(dtype="bool")


def _logic(tree: trees.Logic, inputs: list[TensorType]) -> _Operand:
    return _joined(tree.parts, inputs, f"take {{0}} {tree.word} {{1}}".format)._replace(dtype="bool")


def _choice(tree: trees.Choice, inputs: list[TensorType]) -> _Operand:
    verb = "choose between {0} and {1}".format
    sides = _joined((tree.then, tree.otherwise), inputs, verb)
    everything = _joined((tree.then, tree.otherwise, tree.condition), inputs, verb)
    return everything._replace(dtype=sides.dtype)


def _call(tree: trees.Call, inputs: list[TensorType]) -> _Operand:
    function = tree.function
    if function not in ELEMENTWISE:
        raise OpError(f"`{function}` is not elementwise", code=Code.BAD_VALUE, hint=_INSTEAD.get(function))
    given = [part for part in tree.arguments if part != trees.Literal(None)]
    # the base of a logarithm and the digits of rounding are numbers, and change no type
    given = given[:1] if function in ("log", "round") else given
    joined = _joined(tuple(given), inputs, f"take `{function}` of {{0}} and {{1}}".format)
    dtype = _counted(joined.dtype)
    if _category(dtype) == _INT and function in _FLOAT_ONLY and not joined.number:
        raise OpError(
            f"`{function}` takes floating-point numbers, not {joined.dtype}",
            code=Code.DTYPE_ERROR,
            ports=_ports(tree),
            hint="use op `cast` first",
        )
    floats = function in FLOAT_FUNCTIONS or function in _FLOAT_ONLY
    return joined._replace(dtype="float32" if floats and _category(dtype) == _INT else dtype)


_TYPED: Final[dict[type[Any], Callable[[Any, list[TensorType]], _Operand]]] = {
    trees.Literal: _literal,
    trees.Name: _name,
    trees.Unary: _unary,
    trees.Binary: _binary,
    trees.Compare: _compare,
    trees.Logic: _logic,
    trees.Choice: _choice,
    trees.Call: _call,
}


def _joined(parts: tuple[Tree, ...], inputs: list[TensorType], verb: Callable[..., str]) -> _Operand:
    """The parts broadcast and promoted together."""
    operands = [_typed(part, inputs) for part in parts]
    shape = operands[0].shape
    for i, operand in enumerate(operands[1:], start=1):
        joint = broadcast(shape, operand.shape)
        if joint is None:
            ports = tuple(dict.fromkeys(port for part in parts[: i + 1] for port in _ports(part)))
            raise OpError(f"cannot {verb(*_shown(shape, operand.shape))}", code=Code.SHAPE_MISMATCH, ports=ports)
        shape = joint
    return _Operand(shape, _promoted(operands), all(operand.number for operand in operands))


def _ports(tree: Tree) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.name for part in walk(tree) if isinstance(part, trees.Name)))


def _shown(left: Shape, right: Shape) -> tuple[str, str]:
    """Both shapes as text, without a batch dimension that they share."""
    batched = len(left) == len(right) > 1 and left[0] == right[0] and isinstance(left[0], Symbolic)
    return (format_shape(left[1:]), format_shape(right[1:])) if batched else (format_shape(left), format_shape(right))


# --- dtypes ---------------------------------------------------------------------------------------


def _category(dtype: str) -> int:
    if dtype == "bool":
        return _BOOL
    if dtype in _BITS:
        return _INT
    if dtype in _FLOAT_BITS:
        return _FLOAT
    raise OpError(f"a formula cannot compute with {dtype}", code=Code.DTYPE_ERROR, hint="use op `cast`")


def _counted(dtype: str) -> str:
    """bool counts as 0 and 1."""
    return "int64" if dtype == "bool" else dtype


def _promoted(operands: Iterable[_Operand]) -> str:
    """torch's `result_type`: tensors come before scalars, scalars before numbers, within a category."""
    ranked: list[list[str]] = [[], [], []]
    for operand in operands:
        ranked[2 if operand.number else 0 if operand.shape else 1].append(operand.dtype)
    found = [reduce(_wider, dtypes) for dtypes in ranked if dtypes]
    result = found[0]
    for dtype in found[1:]:
        if _category(dtype) > _category(result):
            result = _wider(dtype, result)
    return result


def _wider(left: str, right: str) -> str:
    """The dtype of a tensor of each together, as torch's `promote_types`."""
    if left == right or _category(left) != _category(right):
        return left if _category(left) >= _category(right) else right
    if _category(left) == _FLOAT:
        require_unmixed((left, right))
        same = _FLOAT_BITS[left] == _FLOAT_BITS[right]
        return "float32" if same else max(left, right, key=_FLOAT_BITS.__getitem__)
    same = _BITS[left] == _BITS[right]
    return "int16" if same else max(left, right, key=_BITS.__getitem__)
