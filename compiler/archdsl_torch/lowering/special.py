"""The ops that are no layer in PyTorch: formulas, tensors of numbers, choices by mode.

A formula becomes a tree of code like any other op's. `Like` stands in it for what only the forward around it
knows: a tensor's device and dtype.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from archdsl.expressions.tree import Literal, Name, Tree
from archdsl.expressions.walking import free_names
from archdsl.ir.graph import Node
from archdsl.ops.cast import Cast
from archdsl.ops.rules import SINGLE
from archdsl.ops.special import Add, ByMode, Constant, Formula, Parameter, sum_of
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, dtype_named, lower, method
from archdsl_torch.lowering.formulas import FormulaError, is_arithmetic, is_bool, size_code, tensor_code
from archdsl_torch.lowering.tree import (
    TRAINING,
    Arg,
    Code,
    Conditional,
    Fixed,
    Global,
    Grid,
    In,
    Like,
    Range,
    Subscript,
)
from archdsl_torch.lowering.walking import rebuilt

KnownForms: TypeAlias = dict[tuple[Any, ...], Lowered]
"""Forms by op and input types: equal nodes share them."""


def lowered(node: Node, known: KnownForms) -> Lowered:
    """The PyTorch form of a node that runs."""
    types = tuple([None if value is None else value.type for value in node.inputs])
    same = (id(node.op), *map(id, types))  # is found sooner than what is equal
    form = known.get(same)
    if form is None:
        form = known.get((id(node.op), types)) or _lowered(node, types)
        known[same] = known[id(node.op), types] = form
    return form


def _lowered(node: Node, types: tuple[TensorType | None, ...]) -> Lowered:
    op: Any = node.op
    kind = type(op)
    if kind is Formula:
        return Lowered(None, _formula(op, node))
    if kind is Add:
        return Lowered(None, _formula(sum_of(range(len(node.inputs))), node))
    if kind is ByMode:
        sides = (In(0), In(1)) if op.mode == "training" else (In(1), In(0))
        return Lowered(None, Conditional(TRAINING, *sides))
    if kind is Constant:
        return Lowered(None, _run_time_constant(op))
    if kind is Cast and op.dtype == "float32" and _input_dtype(node) != "float32":
        return Lowered(None, method(In(0), "to", Like("dtype")))
    return lower(op, *types)


def _input_dtype(node: Node) -> str:
    value = node.inputs[0]
    assert value is not None
    return value.type.dtype


def _formula(op: Formula, node: Node) -> Code:
    types = {str(i): value.type for i, value in enumerate(node.inputs) if value is not None}
    bools = frozenset(name for name, given in types.items() if given.dtype == "bool")
    result = tensor_code(op.expression, lambda name: In(int(name)), types)
    code = _as_dtype(result, is_bool(op.expression, bools), node.types[0].dtype)
    return _in_single(code) if any(given.dtype == SINGLE for given in types.values()) else code


def _in_single(code: Code) -> Code:
    """Among tensors of `torch.float32` there are none of the model's dtype."""
    return dtype_named(SINGLE) if code == Like("dtype") else rebuilt(code, lambda part, _: _in_single(part))


def _as_dtype(code: Code, truth: bool, dtype: str) -> Code:
    """Comparisons give bool in torch; where the formula's type says otherwise, cast."""
    if truth == (dtype == "bool"):
        return code
    return method(code, "to", dtype_named(dtype))


WHOLE: Final = frozenset(("int32", "int64"))
"""The dtypes that count without rounding."""

# --- constants ------------------------------------------------------------------------------------


def _run_time_constant(op: Constant) -> Code:
    """The constant's tensor: its formula over index tensors, in float64, cast once at the end."""
    tree = value_tree(op)
    used = [name for name in op.index if name in free_names(tree)]
    shape = Arg(tuple(op.shape), "shape")
    target = dtype_named(op.dtype)
    if not used:
        return _filled(op, tree, shape, target)
    value = tensor_code(tree, lambda name: In(used.index(name)), exact=True)
    counts = op.dtype in WHOLE and isinstance(tree, Name)
    if not counts and (op.dtype != "float64" or is_bool(tree, frozenset())):
        value = method(value, "to", target)
    if not _fills(op, used):
        value = method(value, "expand", shape)
    indices = (_index(op, op.index.index(name), op.dtype if counts else "float64") for name in used)
    return Grid(tuple(used), tuple(indices), value)


def _fills(op: Constant, used: list[str]) -> bool:
    """Whether a value over these indices has the constant's shape already."""
    spare = [size for name, size in zip(op.index, op.shape, strict=True) if name not in used]
    return op.index[0] in used and all(size == 1 for size in spare)


def value_tree(op: Constant | Parameter) -> Tree:
    """The formula of the tensor's elements, which has one."""
    assert op.value is not None
    tree: Tree = op.value
    return tree


def _filled(op: Constant, tree: Tree, shape: Arg, target: Code) -> Code:
    """A constant that is one number everywhere."""
    if isinstance(tree, Literal):
        return call("torch.full", shape, Arg(tree.value, "value"), dtype=target, device=Like("device"))
    if is_arithmetic(tree):
        return call("torch.full", shape, tensor_code(tree, _no_tensor), dtype=target, device=Like("device"))
    return method(method(size_code(tree, _no_tensor), "to", target), "expand", shape)


def _no_tensor(name: str) -> Code:
    raise FormulaError(f"`{name}` is no index of the constant")


def _index(op: Constant, place: int, dtype: str) -> Code:
    """The tensor that holds the index along one dimension, with the others of size 1."""
    size = Arg(op.shape[place], "shape")
    line = call("torch.arange", size, dtype=Global(f"torch.{dtype}"), device=Like("device"))
    return along(line, op, place)


def along(line: Code, op: Constant | Parameter, place: int) -> Code:
    """The index put along its dimension: `line[:, None]`."""
    later = len(op.shape) - place - 1
    return Subscript(line, (Range(), *[Fixed(None)] * later)) if later else line
