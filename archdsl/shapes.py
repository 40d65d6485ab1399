"""Symbolic dimensions, shapes and tensor types.

A dimension is an `int` or a `Symbolic`: an integer polynomial over named sizes (`N`, `H`) and over
floor divisions and remainders of such polynomials. Every name stands for an integer of at least 1.

Polynomials are kept in one normal form, so two dimensions that simplify to the same polynomial are
`==`. Two that cannot be proved equal may still be equal at run time: `differ` tells the three cases
apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import gcd, prod
from threading import RLock
from typing import Any, Final, NamedTuple, TypeAlias, final
from weakref import WeakValueDictionary

from archdsl.limits import MAX_DIVISIONS, MAX_INT64, TooLarge, checked_each_time, current
from archdsl.text.sums import sum_text


class Division(NamedTuple):
    """`numerator // denominator` or `… % …` as one atom of a polynomial; `floor(… * …)` where that is a float."""

    sign: str
    numerator: Dim
    denominator: Any

    def __str__(self) -> str:
        text = f"{_operand(self.numerator)} {self.sign} {_operand(self.denominator)}"
        return f"floor({text})" if self.sign == "*" else text


_Atom: TypeAlias = "str | Division"
Monomial: TypeAlias = tuple[_Atom, ...]
"""A product of atoms, sorted; the empty product is 1."""


Terms: TypeAlias = tuple[tuple[Monomial, int], ...]


@final
class Symbolic:
    """A polynomial with integer coefficients that is not a plain number. Equal ones are one object.

    Raises TooLarge for one of too many terms, or of divisions that stand too deep in one another.
    """

    __slots__ = ("__weakref__", "_depth", "_text", "_weight", "terms")

    terms: Terms
    _text: str | None
    _weight: int
    _depth: int

    def __new__(cls, terms: Terms) -> Symbolic:
        """The one of these terms, so that what holds dimensions is compared and hashed without looking into them."""
        found = _MADE.get(terms)
        if found is None:
            with _MAKING:
                found = _MADE.setdefault(terms, cls._make(terms))
        if found._weight > _FEW:
            (budget := current()).check("terms", found._weight)
            budget.spend("steps", _STEPS * found._weight)
        if found._depth > MAX_DIVISIONS:
            raise TooLarge(f"more than {MAX_DIVISIONS} divisions of a dimension that stand in one another")
        return found

    @classmethod
    def _make(cls, terms: Terms) -> Symbolic:
        made = object.__new__(cls)
        made.terms, made._text = terms, None
        atoms = [atom for monomial, _ in terms for atom in monomial]
        symbolic = [side for atom in atoms if isinstance(atom, Division) for side in atom if isinstance(side, Symbolic)]
        made._weight = len(terms) + len(atoms) + sum(side._weight for side in symbolic)
        made._depth = max((side._depth + 1 for side in symbolic), default=0)
        return made

    def __reduce__(self) -> tuple[type[Symbolic], tuple[Terms]]:
        return Symbolic, (self.terms,)

    def __str__(self) -> str:
        if self._text is None:
            self._text = sum_text(self.terms)
        return self._text

    __repr__ = __str__

    def __add__(self, other: Dim) -> Dim:
        return add(self, other) if isinstance(other, _DIMS) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        return add(self, multiply(other, -1)) if isinstance(other, _DIMS) else NotImplemented

    def __rsub__(self, other: Dim) -> Dim:
        return add(multiply(self, -1), other) if isinstance(other, _DIMS) else NotImplemented

    def __neg__(self) -> Dim:
        return multiply(self, -1)

    def __mul__(self, other: Dim) -> Dim:
        return multiply(self, other) if isinstance(other, _DIMS) else NotImplemented

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_divide(self, other) if isinstance(other, _DIMS) else NotImplemented

    def __rfloordiv__(self, other: Dim) -> Dim:
        return floor_divide(other, self) if isinstance(other, _DIMS) else NotImplemented

    def __mod__(self, other: Dim) -> Dim:
        return remainder(self, other) if isinstance(other, _DIMS) else NotImplemented

    def __rmod__(self, other: Dim) -> Dim:
        return remainder(other, self) if isinstance(other, _DIMS) else NotImplemented

    @property
    def names(self) -> frozenset[str]:
        """The named sizes that the polynomial depends on."""
        return frozenset(name for monomial, _ in self.terms for atom in monomial for name in _names(atom))


Dim: TypeAlias = int | Symbolic
_DIMS: Final = (int, Symbolic)
_MADE: Final = WeakValueDictionary[Terms, Symbolic]()
"""Those that somebody has."""
_MAKING: Final = RLock()
"""Two threads that make equal ones are given the same."""
Shape: TypeAlias = tuple[Dim, ...]


def symbol(name: str) -> Symbolic:
    """The dimension called `name`, an integer of at least 1."""
    return Symbolic((((name,), 1),))


@checked_each_time(65536)
def add(left: Dim, right: Dim) -> Dim:
    """left + right"""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    total = dict(_terms(left))
    for monomial, coefficient in _terms(right):
        total[monomial] = total.get(monomial, 0) + coefficient
    return _from_terms(total)


@checked_each_time(65536)
def multiply(left: Dim, right: Dim) -> Dim:
    """left * right"""
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    left, right = (right, left) if isinstance(left, int) else (left, right)
    if isinstance(right, int):  # the order of the terms stays
        return Symbolic(tuple((monomial, a * right) for monomial, a in _terms(left))) if right else 0
    if (count := len(_terms(left)) * len(_terms(right))) > _FEW:
        current().check("terms", count)
    total: dict[Monomial, int] = {}
    for first, a in _terms(left):
        for second, b in _terms(right):
            monomial = tuple(sorted((*first, *second), key=_atom_key)) if first and second else first or second
            total[monomial] = total.get(monomial, 0) + a * b
    return _from_terms(total)


@checked_each_time(65536)
def floor_divide(left: Dim, right: Dim) -> Dim:
    """left // right, rounded towards minus infinity.

    Raises ZeroDivisionError where right is 0.
    """
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    if left == right:
        return 1
    if right == 0:
        raise ZeroDivisionError("division by zero")
    if not isinstance(right, int):
        return _divide_by_symbolic(left, right)
    if right < 0:
        return floor_divide(multiply(left, -1), -right)
    whole, rest = _split(left, right)
    return add(whole, _divide_rest(rest, right))


@checked_each_time(65536)
def remainder(left: Dim, right: Dim) -> Dim:
    """left % right, with the sign of right, as in Python."""
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    if right in (left, 1):
        return 0
    if not isinstance(right, int):
        quotient = _divide_by_symbolic(left, right)
        exact = multiply(quotient, right) == left
        return 0 if exact else _atom(Division("%", left, right))
    _, rest = _split(left, right)
    if isinstance(rest, int):
        return rest % right
    return _atom(Division("%", rest, right))


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number that `dim` is when its names have these sizes. Raises KeyError for a name without one."""
    if isinstance(dim, int):
        return dim
    return _remembered(dim, tuple(sizes.items())) if len(sizes) <= 16 else _evaluate(dim, sizes)


@lru_cache(maxsize=4096)  # few dimensions are asked for again and again; with many sizes it would take gigabytes
def _remembered(dim: Symbolic, items: tuple[tuple[str, int], ...]) -> int:
    return _evaluate(dim, dict(items))


def _evaluate(dim: Symbolic, sizes: Mapping[str, int]) -> int:
    return sum([factor * prod([_evaluate_atom(each, sizes) for each in atoms]) for atoms, factor in dim.terms])


def differ(left: Dim, right: Dim) -> bool | None:
    """True if left and right are never equal, False if always, None if only the run can tell."""
    if left == right:
        return False
    gap = add(left, multiply(right, -1))
    if isinstance(gap, int) or least(gap) > 0 or least(multiply(gap, -1)) > 0:
        return True
    return None


_STEPS: Final = 8
"""Of evaluation, that each part of a new dimension is worth."""
_FEW: Final = 10
"""Parts of a dimension that are not worth counting: how many there are is counted elsewhere."""
UNBOUNDED: Final = -(2**63)


def least(dim: Dim) -> int:
    """A lower bound of `dim` over all sizes of at least 1; `UNBOUNDED` where there is none."""
    if isinstance(dim, int):
        return dim
    bound = 0
    for monomial, coefficient in dim.terms:
        lows = [_least_atom(atom) for atom in monomial] if coefficient > 0 else []
        if monomial and min(lows, default=-1) < 0:
            return UNBOUNDED
        bound += coefficient * prod(lows)
    return bound


def product(dims: Iterable[Dim]) -> Dim:
    """The product of the dimensions; 1 for none."""
    one: Dim = 1
    return reduce(multiply, dims, one)


@dataclass(frozen=True, slots=True)
class TensorType:
    """What is known of a tensor before it exists: its shape and its dtype.

    `dtype` is torch's name without `torch.`; `float32` stands for the model's floating dtype.
    """

    shape: Shape
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Dim:
        """The number of elements."""
        return product(self.shape)

    def with_shape(self, shape: Iterable[Dim]) -> TensorType:
        return TensorType(tuple(shape), self.dtype)

    def __str__(self) -> str:
        return format_shape(self.shape)


def format_shape(shape: Shape) -> str:
    """`64×56×56`; a dimension that is a sum or a quotient is bracketed; `scalar` for rank 0."""
    return "×".join(_operand(dim) for dim in shape) if shape else "scalar"


def _terms(dim: Dim) -> tuple[tuple[Monomial, int], ...]:
    if isinstance(dim, Symbolic):
        return dim.terms
    return (((), dim),) if dim else ()


def _from_terms(total: Mapping[Monomial, int]) -> Dim:
    kept = {monomial: coefficient for monomial, coefficient in total.items() if coefficient}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    terms = sorted(kept.items(), key=lambda term: _monomial_key(term[0])) if len(kept) > 1 else kept.items()
    return Symbolic(tuple(terms))


def _atom(atom: _Atom) -> Symbolic:
    return Symbolic((((atom,), 1),))


def _atom_key(atom: _Atom) -> tuple[bool, str]:
    return not isinstance(atom, str), str(atom)


def _monomial_key(monomial: Monomial) -> tuple[int, list[tuple[bool, str]]]:
    return -len(monomial), [_atom_key(atom) for atom in monomial]


def _split(dim: Dim, divisor: int) -> tuple[Dim, Dim]:
    """whole and rest with dim == divisor * whole + rest, as much in whole as divides exactly."""
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in _terms(dim):
        quotient, left_over = divmod(coefficient, divisor)
        if monomial and left_over:
            rest[monomial] = coefficient
        else:
            whole[monomial] = quotient
            rest[monomial] = left_over
    return _from_terms(whole), _from_terms(rest)


def _divide_rest(rest: Dim, divisor: int) -> Dim:
    if divisor == 1 or isinstance(rest, int):
        return rest // divisor
    # ((a // m) + c) // n == (a + c * m) // (m * n)
    atom = next((m[0] for m, c in rest.terms if c == 1 and len(m) == 1 and isinstance(m[0], Division)), None)
    if isinstance(atom, Division):
        others = add(rest, multiply(_atom(atom), -1))
        if atom.sign == "//" and isinstance(atom.denominator, int) and isinstance(others, int):
            lifted = add(atom.numerator, others * atom.denominator)
            return floor_divide(lifted, atom.denominator * divisor)
    # (g * a + c) // (g * n) == (a + c // g) // n
    common = reduce(gcd, (c for m, c in rest.terms if m), divisor)
    if common > 1:
        shrunk = _from_terms({m: c // common for m, c in rest.terms})
        return floor_divide(shrunk, divisor // common)
    return _atom(Division("//", rest, divisor))


def _divide_by_symbolic(left: Dim, right: Symbolic) -> Dim:
    """Exact where right is one product that divides every term of left."""
    if len(right.terms) == 1:
        divisor, scale = right.terms[0]
        quotients: dict[Monomial, int] = {}
        for monomial, coefficient in _terms(left):
            rest = _without(monomial, divisor)
            if rest is None or coefficient % scale:
                break
            quotients[rest] = coefficient // scale
        else:
            return _from_terms(quotients)
    return _atom(Division("//", left, right))


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    left = Counter(monomial)
    left.subtract(divisor)
    return None if min(left.values(), default=0) < 0 else tuple(left.elements())


def _evaluate_atom(atom: _Atom, sizes: Mapping[str, int]) -> int:
    if isinstance(atom, str):
        return sizes[atom]
    if atom.sign == "*":
        size, (over, under) = evaluate(atom.numerator, sizes), atom.denominator.as_integer_ratio()
        return int(size * atom.denominator // 1) if abs(size) <= MAX_INT64 else size * over // under
    numerator, denominator = evaluate(atom.numerator, sizes), evaluate(atom.denominator, sizes)
    return numerator // denominator if atom.sign == "//" else numerator % denominator


def _least_atom(atom: _Atom) -> int:
    if isinstance(atom, str):
        return 1
    low = least(atom.numerator)
    if low >= 0 and atom.sign != "%" and not isinstance(atom.denominator, Symbolic) and atom.denominator > 0:
        return low // atom.denominator if atom.sign == "//" else int(min(low, MAX_INT64) * atom.denominator // 1)
    return 0 if atom.sign == "%" and least(atom.denominator) > 0 else UNBOUNDED


def _names(atom: _Atom) -> frozenset[str]:
    if isinstance(atom, str):
        return frozenset({atom})
    return frozenset(name for side in atom[1:] if isinstance(side, Symbolic) for name in side.names)


def _operand(dim: Dim) -> str:
    return f"({dim})" if " " in str(dim) else str(dim)
