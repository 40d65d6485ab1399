"""Formulas as code: elementwise arithmetic over tensors, and over a run's sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, final

from archdsl.expressions.tree import Binary, Choice, Compare, Literal, Logic, Name, Tree, Unary
from archdsl.expressions.tree import Call as FunctionCall
from archdsl.expressions.walking import free_names
from archdsl.ops.formula import formula_type, promoted
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.lowering.base import call, dtype_named, method
from archdsl_torch.lowering.makings import Making, Makings
from archdsl_torch.lowering.tree import Arg, Code, Global, Infix, Like, Prefix


class FormulaError(Exception):
    """A formula that has no PyTorch form."""


def tensor_code(
    tree: Tree,
    tensor: Callable[[str], Code],
    types: Mapping[str, TensorType] | None = None,
    numbers: frozenset[str] = frozenset(),
    exact: bool = False,
) -> Code:
    """A formula's tree as code; `tensor` gives the code of each of its names, `types` those that are known, and
    `numbers` those that are numbers of Python's.

    `exact`: its numbers are float64, as those of a constant are until the end.
    """
    return _Translator(tensor, types or {}, numbers, exact).code(tree)


def size_code(tree: Tree, tensor: Callable[[str], Code]) -> Code:
    """A function of run-time sizes alone: a tensor of rank 0, in float64."""
    return _SizeTranslator(tensor, {}, frozenset()).code(tree)


def is_arithmetic(tree: Tree, numbers: frozenset[str] = frozenset()) -> bool:
    """Whether it is a number that Python computes, of run-time sizes and these names too, by operators alone."""
    if isinstance(tree, Literal):
        return True
    if isinstance(tree, Name):
        return tree.name in numbers
    if isinstance(tree, Unary):
        return tree.sign != "not" and is_arithmetic(tree.operand, numbers)
    return isinstance(tree, Binary) and is_arithmetic(tree.left, numbers) and is_arithmetic(tree.right, numbers)


_METHODS: Final = frozenset(
    ["abs", "ceil", "cos", "erf", "exp", "floor", "log2", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "tanh"]
)
_OF_DEFAULT_DTYPE: Final = (Making.CHOSEN, Making.FRACTION)
_NARROW: Final = frozenset(("uint8", "int8", "int16", "int32"))
_FUNCTIONS: Final = frozenset(("relu", "gelu", "silu", "softplus"))


class _Translator:
    def __init__(
        self, tensor: Callable[[str], Code], types: Mapping[str, TensorType], numbers: frozenset[str],
        exact: bool = False,
    ) -> None:  # fmt: skip
        self.tensor = tensor
        self.types = types
        self.numbers = numbers
        self.bools = frozenset(name for name, known in types.items() if known.dtype == "bool")
        self.exact = exact
        self.makings = Makings(types, numbers)

    def code(self, tree: Tree) -> Code:
        """A value; a comparison is a bool tensor."""
        if not free_names(tree) and not is_arithmetic(tree):
            return self.sized(tree)
        if self.exact or is_arithmetic(tree) or self.makings.of(tree) not in _OF_DEFAULT_DTYPE:
            return self.plain(tree)
        exact = self.makings.of(tree) is Making.FRACTION
        return method(self.within().plain(tree) if exact else self.plain(tree), "to", Like("dtype"))

    def within(self) -> _Translator:
        """The same in float64, as what is cast once or compared is computed."""
        return _Translator(self.tensor, self.types, self.numbers, exact=True)

    def parts(self, tree: Tree, parts: tuple[Tree, ...]) -> list[Code]:
        """The parts of what is computed, of which one is float64 where that is to be exact."""
        codes = [self.number(part, parts) for part in parts]
        made = [self.makings.of(part) for part in parts]
        if not self.exact or self.makings.of(tree) is not Making.FRACTION or Making.FRACTION in made:
            return codes
        place = next((i for i, kind in enumerate(made) if kind in (Making.WHOLE, Making.CHOSEN)), None)
        if place is None:
            return [_filled(codes[0]), *codes[1:]]
        codes[place] = method(self.code(parts[place]), "double")
        return codes

    def sized(self, tree: Tree) -> Code:
        """A function of run-time sizes: a tensor of rank 0, in float64 until the end."""
        code = size_code(tree, self.tensor)
        if self.exact or is_bool(tree, frozenset()):
            return code
        dtype = formula_type(tree, []).dtype
        return method(code, "to", dtype_named(dtype))

    def is_number(self, tree: Tree) -> bool:
        """Whether its code is a number, and not a tensor."""
        return is_arithmetic(tree, self.numbers)

    def plain(self, tree: Tree) -> Code:
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
                return Infix(sign, *self.parts(tree, (left, right)))
            case Compare(first=first, rest=rest):
                return self._compare(first, rest)
            case Logic(word=word, parts=parts):
                return _joined("&" if word == "and" else "|", [self.condition(part) for part in parts])
            case Choice(condition=condition, then=then, otherwise=otherwise) if is_bool(tree, self.bools):
                return call("torch.where", self.condition(condition), self.code(then), self.code(otherwise))
            case Choice(condition=condition, then=then, otherwise=otherwise):
                return call("torch.where", self.condition(condition), *self.parts(tree, (then, otherwise)))
            case FunctionCall():
                return self._call(tree, tree.function, tree.arguments)
        raise FormulaError(f"no tensor form of {tree!r}")

    def number(self, tree: Tree, beside: tuple[Tree, ...] = ()) -> Code:
        """A value for arithmetic with those beside it: comparisons count as 0 and 1."""
        if isinstance(tree, Literal) and isinstance(tree.value, bool):
            return Arg(int(tree.value))
        code = self.code(tree)
        return self.counted(code, beside) if is_bool(tree, self.bools) else code

    def counted(self, code: Code, beside: tuple[Tree, ...]) -> Code:
        """A bool tensor as numbers."""
        dtype = self.whole(beside)
        return method(code, "long") if dtype == "int64" else method(code, "to", Global(f"torch.{dtype}"))

    def whole(self, parts: tuple[Tree, ...]) -> str:
        """The dtype of whole numbers that bools among these parts become: as torch promotes them."""
        names = frozenset().union(*map(free_names, parts))
        if not names or not names <= self.types.keys():
            return "int64"
        dtype = promoted(parts, [self.types[str(i)] for i in range(len(self.types))])
        return dtype if dtype in _NARROW else "int64"

    def condition(self, tree: Tree) -> Code:
        """A bool tensor."""
        code = self.compared(tree).code(tree)
        return code if is_bool(tree, self.bools) else Infix("!=", code, Arg(0))

    def compared(self, *parts: Tree) -> _Translator:
        """Who translates what is compared: among whole numbers and what is made of them, nothing is cast."""
        return self.within() if self.makings.greatest(parts) in _OF_DEFAULT_DTYPE else self

    def _compare(self, first: Tree, rest: tuple[tuple[str, Tree], ...]) -> Code:
        signs = [{"is": "==", "is not": "!="}.get(sign, sign) for sign, _ in rest]
        trees = [first, *(part for _, part in rest)]
        equality = {*signs} <= {"==", "!="} and all(is_bool(tree, self.bools) for tree in trees)
        within = self.compared(*trees)
        sides = [within.code(tree) if equality else within.number(tree) for tree in trees]
        return _joined("&", [Infix(s, a, b) for s, a, b in zip(signs, sides, sides[1:], strict=False)])

    def _call(self, tree: FunctionCall, function: str, arguments: tuple[Tree, ...]) -> Code:
        if function == "clamp":
            return self._clamp(tree, *arguments)
        given = arguments[:1] if function in ("log", "round") else arguments
        codes = self.parts(tree, given)
        first = codes[0]
        if function in _METHODS and len(arguments) == 1:
            return call(f"torch.{function}", first)
        if function in _FUNCTIONS:
            return call(f"F.{function}", first)
        match function:
            case "log":
                return self._log(first, arguments[1:])
            case "round":
                return call("torch.round", first, decimals=self.number(arguments[1]))
            case "min" | "max":
                return self._extreme(function, codes, [self.is_number(argument) for argument in arguments])
        raise FormulaError(f"`{function}` has no tensor form")

    def _log(self, first: Code, base: tuple[Tree, ...]) -> Code:
        code = call("torch.log", first)
        if not base:
            return code
        if isinstance(base[0], Literal) and isinstance(base[0].value, int | float):
            return Infix("/", code, Arg(math.log(base[0].value)))
        return Infix("/", code, self.code(FunctionCall("log", (base[0],))))

    def _clamp(self, tree: Tree, first: Tree, low: Tree, high: Tree) -> Code:
        given = [(key, bound) for key, bound in (("min", low), ("max", high)) if bound != Literal(None)]
        if not self.is_number(first) and all(self.is_number(bound) for _, bound in given):
            code, *bounds = self.parts(tree, (first, *(bound for _, bound in given)))
            return call("torch.clamp", code, **{key: bound for (key, _), bound in zip(given, bounds, strict=True)})
        for key, bound in given:
            first = _extreme_of("max" if key == "min" else "min", first, bound)
        return self.code(first)

    @staticmethod
    def _extreme(function: str, codes: list[Code], numbers: list[bool]) -> Code:
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

    def code(self, tree: Tree) -> Code:
        if isinstance(tree, Choice):
            sides = [self._filled(side) for side in (tree.then, tree.otherwise)]
            return call("torch.where", self.condition(tree.condition), *sides)
        return self.plain(tree) if self.is_number(tree) or not is_arithmetic(tree) else self._filled(tree)

    def is_number(self, tree: Tree) -> bool:
        return isinstance(tree, Literal) and not isinstance(tree.value, Symbolic)

    def _filled(self, tree: Tree) -> Code:
        if not is_arithmetic(tree):
            return self.number(tree)
        return _filled(_Translator(self.tensor, self.types, self.numbers).plain(tree))

    def counted(self, code: Code, beside: tuple[Tree, ...]) -> Code:
        """In float64: torch's functions of whole numbers compute in its default dtype."""
        return method(code, "double")

    def within(self) -> _Translator:
        """It is in float64 already."""
        return self


def _filled(number: Code) -> Code:
    return call("torch.full", Arg(()), number, dtype=Global("torch.float64"), device=Like("device"))


def _joined(sign: str, parts: list[Code]) -> Code:
    result = parts[0]
    for part in parts[1:]:
        result = Infix(sign, result, part)
    return result


def is_bool(tree: Tree, bools: frozenset[str]) -> bool:
    """Whether the tree's code is a bool tensor."""
    if isinstance(tree, Name):
        return tree.name in bools
    if isinstance(tree, Choice):
        return is_bool(tree.then, bools) and is_bool(tree.otherwise, bools)
    return isinstance(tree, Compare | Logic) or (isinstance(tree, Unary) and tree.sign == "not")
