"""Formulas as terms: one for each operation, as a trace has them, and constants as numbers or as indices."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

import torch

from archdsl.expressions import Expression
from archdsl.expressions.tree import Binary, Call, Choice, Compare, Literal, Logic, Name, Tree, Unary
from archdsl.ops import OPS
from archdsl.ops.formula import formula_type
from archdsl.ops.special import Constant
from archdsl.shapes import Shape, Symbolic, TensorType
from tests.compiler.interpreter import formula
from tests.round_trip.layout import VIEW, reshaped
from tests.round_trip.terms import Term, Terms

NUMBER: Final = "number"
_EITHER_WAY: Final = frozenset(("+", "*", "==", "!=", "and", "or", "min", "max"))
"""What two operands may stand in either order for."""
_CONDITIONS: Final = {"where": (0,), "not": (0,), "and": (0, 1), "or": (0, 1)}
"""Which operands are conditions."""
_FLIPPED: Final = {">": "<", ">=": "<="}


def number(terms: Terms, value: Any) -> Term:
    """A number that stands in a formula, of any kind: what kind the result has its type says."""
    if isinstance(value, Symbolic):
        return terms.make(NUMBER, TensorType((), "int64"), (), [value])
    return terms.make(NUMBER, TensorType((), "float64"), (), [float(value)])


def computed(terms: Terms, tree: Tree, names: Mapping[str, Term]) -> Term:
    """The term of a formula over tensors, and numbers, by name."""

    def of(part: Tree) -> Term:
        return computed(terms, part, names)

    match tree:
        case Literal(value=value):
            return number(terms, value)
        case Name(name=name):
            return names[name]
        case Unary(sign="not", operand=operand):
            return elementwise(terms, "not", [of(operand)])
        case Unary(sign=sign, operand=operand):
            return of(operand) if sign == "+" else elementwise(terms, "neg", [of(operand)])
        case Binary(sign=sign, left=left, right=right):
            return elementwise(terms, sign, [of(left), of(right)])
        case Compare(first=first, rest=rest):
            sides = [of(first), *(of(part) for _, part in rest)]
            found = [elementwise(terms, s, [a, b]) for (s, _), a, b in zip(rest, sides, sides[1:], strict=False)]
            return reduce(lambda left, right: elementwise(terms, "and", [left, right]), found)
        case Logic(word=word, parts=parts):
            return reduce(lambda left, right: elementwise(terms, word, [left, right]), map(of, parts))
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return elementwise(terms, "where", [of(condition), of(then), of(otherwise)])
        case Call(function=function, arguments=arguments):
            return _called(terms, function, arguments, of)
    raise AssertionError(tree)


def _called(terms: Terms, function: str, arguments: Sequence[Tree], of: Callable[[Tree], Term]) -> Term:
    first = of(arguments[0])
    if function == "clamp":
        bounds = [(sign, bound) for sign, bound in zip(("max", "min"), arguments[1:], strict=True)]
        given = [(sign, of(bound)) for sign, bound in bounds if bound != Literal(None)]
        return reduce(lambda x, each: elementwise(terms, each[0], [x, each[1]]), given, first)
    if function == "log" and len(arguments) > 1:
        natural = [elementwise(terms, "log", [each]) for each in (first, of(arguments[1]))]
        return elementwise(terms, "/", natural)
    if function in ("min", "max"):
        return reduce(lambda left, right: elementwise(terms, function, [left, of(right)]), arguments[1:], first)
    return elementwise(terms, function, [of(each) for each in arguments])


def elementwise(terms: Terms, sign: str, args: Sequence[Term]) -> Term:
    """One operation, element by element; numbers alone are worked out."""
    args = [_truth(terms, each) if place in _CONDITIONS.get(sign, ()) else each for place, each in enumerate(args)]
    if sign in _FLIPPED:
        sign, args = _FLIPPED[sign], args[::-1]
    if all(each.kind == NUMBER and not isinstance(each.data[0], Symbolic) for each in args):
        found = Expression("", tree_of(sign, [Literal(each.data[0]) for each in args])).evaluate({})
        return number(terms, found)
    type = _type(sign, args)
    for place, each in enumerate(args):
        plain = each.args[0] if each.kind in ("filled", "expand") else None
        if plain is not None and _type(sign, fewer := [*args[:place], plain, *args[place + 1 :]]) == type:
            args = fewer
    numbers = [known(terms, each) for each in args]
    if all(each is not None for each in numbers):
        tree = tree_of(sign, [Name(str(place)) for place in range(len(args))])
        return held(terms, type, torch.as_tensor(formula(tree, lambda name: numbers[int(name)], {})))
    if sign in _EITHER_WAY:
        args = sorted(args, key=lambda term: term.place)
    if sign == "/" and args[1].kind == NUMBER and not isinstance(args[1].data[0], Symbolic) and _exact(args[1].data[0]):
        return elementwise(terms, "*", [args[0], number(terms, 1 / args[1].data[0])])
    op = OPS[sign]() if sign in OPS and len(args) == 1 else None
    return terms.make(sign, type, args, sorted(op.model_dump().items()) if op is not None else (), op)


def _truth(terms: Terms, term: Term) -> Term:
    """A number that stands for a condition holds where it is not 0."""
    plain = term.type.dtype == "bool" or term.kind == NUMBER
    return term if plain else elementwise(terms, "!=", [term, number(terms, 0)])


def _symbolic(shape: Shape) -> bool:
    return any(isinstance(size, Symbolic) for size in shape)


def _type(sign: str, args: Sequence[Term]) -> TensorType:
    return formula_type(tree_of(sign, [*map(_leaf, args, range(len(args)))]), [each.type for each in args])


def _exact(divisor: float) -> bool:
    """Whether dividing by it is multiplying: a power of two."""
    return divisor != 0 and abs(math.frexp(divisor)[0]) == 0.5


def _leaf(term: Term, place: int) -> Tree:
    if term.kind != NUMBER:
        return Name(str(place))
    value = term.data[0]
    return Literal(int(value) if not isinstance(value, Symbolic) and float(value).is_integer() else value)


def tree_of(sign: str, parts: Sequence[Tree]) -> Tree:
    """An operation over its operands."""
    match sign, parts:
        case ("not", (operand,)):
            return Unary("not", operand)
        case ("neg", (operand,)):
            return Unary("-", operand)
        case ("+" | "-" | "*" | "/" | "//" | "%" | "**", (left, right)):
            return Binary(sign, left, right)
        case ("<" | "<=" | "==" | "!=", (left, right)):
            return Compare(left, ((sign, right),))
        case ("and" | "or", _):
            return Logic(sign, tuple(parts))
        case ("where", (condition, then, otherwise)):
            return Choice(condition, then, otherwise)
    return Call(sign, tuple(parts))


def constant(terms: Terms, op: Constant) -> Term:
    """Numbers by their bits where its sizes are known, else what the formula makes of indices."""
    shape, tree = op.shape, op.value if isinstance(op.value, Tree) else Literal(op.value)
    type = TensorType(shape, op.dtype.removeprefix("torch."))
    if isinstance(tree, Literal):
        return filled(terms, type, number(terms, tree.value))
    if not any(isinstance(value, Symbolic) for value in (*shape, *_literals(tree))):
        return table(terms, type, tree, op.index)
    names = {name: _along(terms, place, shape) for place, name in enumerate(op.index)}
    return cast(terms, expanded(terms, computed(terms, tree, names), shape), type.dtype)


def _literals(tree: Tree) -> list[Any]:
    from archdsl.expressions.walking import walk

    return [part.value for part in walk(tree) if isinstance(part, Literal)]


def table(terms: Terms, type: TensorType, tree: Tree, index: Sequence[str]) -> Term:
    """Numbers, computed in float64 and cast."""
    rank = len(type.shape)
    places = {
        name: torch.arange(type.shape[at], dtype=torch.float64).reshape([-1 if i == at else 1 for i in range(rank)])
        for at, name in enumerate(index)
    }
    return held(terms, type, torch.as_tensor(formula(tree, places.__getitem__, {}), dtype=torch.float64))


def held(terms: Terms, type: TensorType, numbers: torch.Tensor) -> Term:
    """Numbers that are known, by their bits; one alone everywhere is that number."""
    found = numbers.expand(type.shape).to(getattr(torch, type.dtype)).contiguous()
    if found.numel() and bool((found == found.flatten()[0]).all()):
        return filled(terms, type, number(terms, found.flatten()[0].item()))
    digest = hashlib.sha256(found.numpy().tobytes()).hexdigest()
    terms.tables[digest] = found.flatten()
    flat = TensorType((found.numel(),), type.dtype)
    return reshaped(terms, terms.make("table", flat, (), [digest]), type.shape)


def known(terms: Terms, term: Term) -> torch.Tensor | None:
    """The numbers of a term that depends on nothing."""
    if term.kind == "table":
        return terms.tables[term.data[0]]
    if term.kind == NUMBER:
        return None if isinstance(term.data[0], Symbolic) else torch.tensor(term.data[0], dtype=torch.float64)
    if term.kind not in (VIEW, "expand", "filled") or term.args[0] is None:
        return None
    numbers = known(terms, term.args[0])
    if term.kind != VIEW:
        return None if numbers is None or _symbolic(term.shape) else numbers.expand(term.shape)  # type: ignore[arg-type]
    axes, order, shape = term.data
    moved = None if numbers is None else numbers.reshape(axes).permute(order) if axes else numbers
    return None if moved is None else moved.reshape(shape)


def filled(terms: Terms, type: TensorType, value: Term) -> Term:
    """One number everywhere; of no dimension the number itself."""
    return terms.make("filled", type, [value]) if type.shape else value


def _along(terms: Terms, place: int, shape: Shape) -> Term:
    """The index of a dimension, to be broadcast with the others."""
    type = TensorType((shape[place],), "int64")
    size = shape[place]
    counted = terms.make("index", type) if isinstance(size, Symbolic) else held(terms, type, torch.arange(size))
    return reshaped(terms, counted, tuple(size if at == place else 1 for at, size in enumerate(shape)))


def expanded(terms: Terms, term: Term, shape: Shape) -> Term:
    """A tensor, or number, repeated to a shape."""
    if term.shape == tuple(shape):
        return term
    if term.kind == NUMBER:
        return filled(terms, TensorType(tuple(shape), term.type.dtype), term)
    if term.kind == "filled" and term.args[0] is not None:
        return filled(terms, TensorType(tuple(shape), term.type.dtype), term.args[0])
    source = term.args[0] if term.kind == "expand" else None
    if source is not None:
        return expanded(terms, source, shape)
    missing = len(shape) - len(term.shape)
    if missing:
        term = reshaped(terms, term, (*[1] * missing, *term.shape))
        return expanded(terms, term, shape)
    return terms.make("expand", TensorType(tuple(shape), term.type.dtype), [term])


def cast(terms: Terms, term: Term, dtype: str) -> Term:
    """A tensor's numbers of another kind."""
    dtype = dtype.removeprefix("torch.")
    if term.type.dtype == dtype:
        return term
    if term.kind == NUMBER and not isinstance(term.data[0], Symbolic):
        value = term.data[0]
        return number(
            terms, value if dtype.startswith(("float", "bfloat")) else bool(value) if dtype == "bool" else int(value)
        )
    type, numbers = TensorType(term.shape, dtype), known(terms, term)
    if term.kind == "filled" and term.args[0] is not None and term.args[0].kind == NUMBER:
        return filled(terms, type, cast(terms, term.args[0], dtype))
    return terms.make("cast", type, [term]) if numbers is None else held(terms, type, numbers)
