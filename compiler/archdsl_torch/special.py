"""The ops that are no layer in PyTorch: formulas, tensors of numbers, choices by mode.

A formula becomes a tree of code like any other op's, over two more kinds of code: `Infix` and
`Prefix`. `Like` stands for what only the forward around it knows: a tensor's device and dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast, final

from archdsl.expressions import Binary, Choice, Compare, Literal, Logic, Name, Tree, Unary, free_names
from archdsl.expressions import Call as FunctionCall
from archdsl.formula import formula_type
from archdsl.graph import Node
from archdsl.ops.cast import Cast
from archdsl.ops.special import ByMode, Constant, Formula, Parameter
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.lowering import Arg, Call, Code, In, Lowered, call, lower, method


@dataclass(frozen=True, slots=True)
class Infix:
    """`left + right`"""

    sign: str
    left: AnyCode
    right: AnyCode


@dataclass(frozen=True, slots=True)
class AddInto:
    """`left.add_(right)`: a sum that overwrites an operand which nobody else reads."""

    target: int
    """Which input is overwritten."""

    @property
    def plain(self) -> Infix:
        return Infix("+", In(0), In(1))


@dataclass(frozen=True, slots=True)
class Prefix:
    """`-x`, `~x`"""

    sign: str
    operand: AnyCode


@dataclass(frozen=True, slots=True)
class Suffix:
    """`x[:, None]`"""

    value: AnyCode
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A value over index tensors, which stand before it under names of their own."""

    names: tuple[str, ...]
    indices: tuple[AnyCode, ...]
    value: AnyCode
    """`In(i)` is the i-th index."""


@dataclass(frozen=True, slots=True)
class ModeChoice:
    """`then if self.training else otherwise`"""

    mode: str
    then: AnyCode
    otherwise: AnyCode


@dataclass(frozen=True, slots=True)
class Variable:
    """A name of the method around."""

    name: str


@dataclass(frozen=True, slots=True)
class Like:
    """The `device` or the floating `dtype` of the tensors around."""

    what: str


AnyCode: TypeAlias = Any
"""A `Code`, or one of the above; they hold each other."""


def like(what: str) -> AnyCode:
    return Like(what)


class FormulaError(Exception):
    """A formula that has no PyTorch form."""


Known: TypeAlias = dict[tuple[int, tuple[TensorType | None, ...]], Lowered]
"""Forms by op and input types: equal nodes share them."""


def lowered(node: Node, known: Known) -> Lowered:
    """The PyTorch form of a node that runs."""
    op: Any = node.op
    kind = type(op)
    if kind is Formula:
        return Lowered(None, _formula(op, node))
    if kind is ByMode:
        return Lowered(None, cast(Code, ModeChoice(op.mode, In(0), In(1))))
    if kind is Constant:
        return Lowered(None, _run_time_constant(op))
    if kind is Cast and op.dtype == "float32" and _input_dtype(node) != "float32":
        return Lowered(None, method(In(0), "to", like("dtype")))
    types = tuple(None if value is None else value.type for value in node.inputs)
    form = known.get((id(op), types))
    if form is None:
        form = known[id(op), types] = lower(op, *types)
    return form


def _input_dtype(node: Node) -> str:
    value = node.inputs[0]
    assert value is not None
    return value.type.dtype


def _formula(op: Formula, node: Node) -> Any:
    bools = frozenset(str(i) for i, v in enumerate(node.inputs) if v is not None and v.type.dtype == "bool")
    result = tensor_code(op.expression, lambda name: In(int(name)), bools)
    return _as_dtype(result, _is_bool(op.expression, bools), node.types[0].dtype)


def _as_dtype(code: AnyCode, is_bool: bool, dtype: str) -> AnyCode:
    """Comparisons give bool in torch; where the formula's type says otherwise, cast."""
    if is_bool == (dtype == "bool"):
        return code
    return method(code, "to", like("dtype") if dtype == "float32" else Call(f"torch.{dtype}"))


WHOLE: Final = frozenset(("int32", "int64"))
"""The dtypes that count without rounding."""

# --- constants ------------------------------------------------------------------------------------


def _run_time_constant(op: Constant) -> AnyCode:
    """The constant's tensor: its formula over index tensors, in float64, cast once at the end."""
    tree = value_tree(op)
    used = [name for name in op.index if name in free_names(tree)]
    shape = Arg(tuple(op.shape), "shape")
    target = like("dtype") if op.dtype == "float32" else Call(f"torch.{op.dtype}")
    if not used:
        return _filled(op, tree, shape, target)
    value = tensor_code(tree, lambda name: In(used.index(name)), exact=True)
    counts = op.dtype in WHOLE and isinstance(tree, Name)
    if not counts and (op.dtype != "float64" or _is_bool(tree, frozenset())):
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
    """The formula of the tensor's elements."""
    return Literal(op.value) if isinstance(op.value, int | float) else op.value


def _filled(op: Constant, tree: Tree, shape: Arg, target: AnyCode) -> AnyCode:
    """A constant that is one number everywhere."""
    if isinstance(tree, Literal):
        return call("torch.full", shape, Arg(tree.value, "value"), dtype=target, device=like("device"))
    if is_arithmetic(tree):
        return call("torch.full", shape, _Translator(_no_tensor, frozenset()).code(tree), dtype=target,
                    device=like("device"))  # fmt: skip
    return method(method(_SizeTranslator(_no_tensor, frozenset()).code(tree), "to", target), "expand", shape)


def _no_tensor(name: str) -> AnyCode:
    raise FormulaError(f"`{name}` is no index of the constant")


def _index(op: Constant, place: int, dtype: str) -> AnyCode:
    """The tensor that holds the index along one dimension, with the others of size 1."""
    size = Arg(op.shape[place], "shape")
    line = call("torch.arange", size, dtype=Call(f"torch.{dtype}"), device=like("device"))
    return Suffix(line, axis_suffix(op, place)) if place < len(op.shape) - 1 else line


def axis_suffix(op: Constant | Parameter, place: int) -> str:
    """`:, None` between brackets puts an index along its dimension."""
    return ", ".join([":", *["None"] * (len(op.shape) - place - 1)])


# --- formulas -------------------------------------------------------------------------------------


def tensor_code(
    tree: Tree, tensor: Callable[[str], AnyCode], bools: frozenset[str] = frozenset(), exact: bool = False
) -> AnyCode:
    """A formula's tree as code; `tensor` gives the code of each of its names, `bools` are the bool ones.

    `exact`: its numbers are float64, as those of a constant are until the end.
    """
    return _Translator(tensor, bools, exact).code(tree)


def is_arithmetic(tree: Tree) -> bool:
    """Whether it is a number that Python computes, of run-time sizes too, by operators alone."""
    if isinstance(tree, Literal):
        return True
    if isinstance(tree, Unary):
        return tree.sign != "not" and is_arithmetic(tree.operand)
    return isinstance(tree, Binary) and is_arithmetic(tree.left) and is_arithmetic(tree.right)


_METHODS: Final = frozenset(
    ["abs", "ceil", "cos", "erf", "exp", "floor", "log2", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "tanh"]
)
_FUNCTIONS: Final = frozenset(("relu", "gelu", "silu", "softplus"))


class _Translator:
    def __init__(self, tensor: Callable[[str], AnyCode], bools: frozenset[str], exact: bool = False) -> None:
        self.tensor = tensor
        self.bools = bools
        self.exact = exact

    def code(self, tree: Tree) -> AnyCode:
        """A value; a comparison is a bool tensor."""
        if not free_names(tree) and not is_arithmetic(tree):
            return self.sized(tree)
        return self.plain(tree)

    def sized(self, tree: Tree) -> AnyCode:
        """A function of run-time sizes: a tensor of rank 0, in float64 until the end."""
        code = _SizeTranslator(self.tensor, frozenset()).code(tree)
        if self.exact or _is_bool(tree, frozenset()):
            return code
        dtype = formula_type(tree, []).dtype
        return method(code, "to", like("dtype") if dtype == "float32" else Call(f"torch.{dtype}"))

    def is_number(self, tree: Tree) -> bool:
        """Whether its code is a number, and not a tensor."""
        return is_arithmetic(tree)

    def plain(self, tree: Tree) -> AnyCode:
        match tree:
            case Literal(value=value):
                return Arg(value)
            case Name(name=name):
                return self.tensor(name)
            case Unary(sign="not", operand=operand):
                return Prefix("~", self.condition(operand))
            case Unary(sign=sign, operand=operand):
                return Prefix(sign, self.number(operand))
            case Binary(sign=sign, left=left, right=right):
                return Infix(sign, self.number(left), self.number(right))
            case Compare(first=first, rest=rest):
                return self._compare(first, rest)
            case Logic(word=word, parts=parts):
                return _joined("&" if word == "and" else "|", [self.condition(part) for part in parts])
            case Choice(condition=condition, then=then, otherwise=otherwise):
                return call("torch.where", self.condition(condition), self.number(then), self.number(otherwise))
            case FunctionCall(function=function, arguments=arguments):
                return self._call(function, arguments)
        raise FormulaError(f"no tensor form of {tree!r}")

    def number(self, tree: Tree) -> AnyCode:
        """A value for arithmetic: comparisons count as 0 and 1."""
        code = self.code(tree)
        return method(code, "long") if _is_bool(tree, self.bools) else code

    def condition(self, tree: Tree) -> AnyCode:
        """A bool tensor."""
        code = self.code(tree)
        return code if _is_bool(tree, self.bools) else Infix("!=", code, Arg(0))

    def _compare(self, first: Tree, rest: tuple[tuple[str, Tree], ...]) -> AnyCode:
        signs = [{"is": "==", "is not": "!="}.get(sign, sign) for sign, _ in rest]
        trees = [first, *(part for _, part in rest)]
        equality = {*signs} <= {"==", "!="} and all(_is_bool(tree, self.bools) for tree in trees)
        sides = [self.code(tree) if equality else self.number(tree) for tree in trees]
        return _joined("&", [Infix(s, a, b) for s, a, b in zip(signs, sides, sides[1:], strict=False)])

    def _call(self, function: str, arguments: tuple[Tree, ...]) -> AnyCode:
        codes = [self.number(argument) for argument in arguments]
        first, *others = codes
        if function in _METHODS and len(codes) == 1:
            return call(f"torch.{function}", first)
        if function in _FUNCTIONS:
            return call(f"F.{function}", first)
        match function:
            case "log":
                return self._log(first, arguments[1:])
            case "round":
                return call("torch.round", first, decimals=others[0])
            case "clamp":
                return self._clamp(*arguments)
            case "min" | "max":
                return self._extreme(function, codes, [self.is_number(argument) for argument in arguments])
            case "float":
                return first
        raise FormulaError(f"`{function}` has no tensor form")

    def _log(self, first: AnyCode, base: tuple[Tree, ...]) -> AnyCode:
        code = call("torch.log", first)
        if not base:
            return code
        if isinstance(base[0], Literal) and isinstance(base[0].value, int | float):
            return Infix("/", code, Arg(math.log(base[0].value)))
        return Infix("/", code, self.code(FunctionCall("log", (base[0],))))

    def _clamp(self, first: Tree, low: Tree, high: Tree) -> AnyCode:
        given = [(key, bound) for key, bound in (("min", low), ("max", high)) if bound != Literal(None)]
        if not self.is_number(first) and all(self.is_number(bound) for _, bound in given):
            return call("torch.clamp", self.number(first), **{key: self.number(bound) for key, bound in given})
        for key, bound in given:
            first = _extreme_of("max" if key == "min" else "min", first, bound)
        return self.code(first)

    @staticmethod
    def _extreme(function: str, codes: list[AnyCode], numbers: list[bool]) -> AnyCode:
        """Element by element: `torch.clamp` against numbers, `torch.minimum` between tensors."""
        tensors = [code for code, number in zip(codes, numbers, strict=True) if not number]
        result = tensors[0]
        for other in tensors[1:]:
            result = call(f"torch.{function}imum", result, other)
        bound = "min" if function == "max" else "max"
        for code, number in zip(codes, numbers, strict=True):
            if number:
                result = call("torch.clamp", result, **{bound: code})
        return result


def _extreme_of(function: str, left: Tree, right: Tree) -> Tree:
    known = [side.value for side in (left, right) if isinstance(side, Literal) and not isinstance(side.value, Symbolic)]
    if len(known) == 2:
        return Literal(max(known) if function == "max" else min(known))
    return FunctionCall(function, (left, right))


@final
class _SizeTranslator(_Translator):
    """Functions of run-time sizes, which become tensors of rank 0: a tracer cannot follow Python's own functions."""

    def code(self, tree: Tree) -> AnyCode:
        if isinstance(tree, Choice):
            sides = [self._filled(side) for side in (tree.then, tree.otherwise)]
            return call("torch.where", self.condition(tree.condition), *sides)
        return self.plain(tree) if self.is_number(tree) or not is_arithmetic(tree) else self._filled(tree)

    def is_number(self, tree: Tree) -> bool:
        return isinstance(tree, Literal) and not isinstance(tree.value, Symbolic)

    def _filled(self, tree: Tree) -> AnyCode:
        if not is_arithmetic(tree):
            return self.number(tree)
        number = _Translator(self.tensor, self.bools).plain(tree)
        return call("torch.full", Arg(()), number, dtype=Call("torch.float64"), device=like("device"))


def _joined(sign: str, parts: list[AnyCode]) -> AnyCode:
    result = parts[0]
    for part in parts[1:]:
        result = Infix(sign, result, part)
    return result


def _is_bool(tree: Tree, bools: frozenset[str]) -> bool:
    """Whether the tree's code is a bool tensor."""
    if isinstance(tree, Name):
        return tree.name in bools
    return isinstance(tree, Compare | Logic) or (isinstance(tree, Unary) and tree.sign == "not")
