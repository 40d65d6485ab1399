"""Run-time sizes in a forward: `x.shape[2] // 7` for a dimension that only the run knows.

A size is said by a tensor in scope that has it, in every instance of the class, or by a number that is passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import reduce
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any, Final, Protocol, TypeAlias, final

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Binary, Name, Tree, Unary
from archdsl.expressions.walking import rebuild, walk
from archdsl.ir.graph import Binding, Env
from archdsl.shapes import Dim, Division, Shape, Symbolic, add, floor_divide, multiply
from archdsl_torch.lowering.text import all_same
from archdsl_torch.lowering.tree import (
    Attribute,
    Call,
    Code,
    Fixed,
    Infix,
    PassedSize,
    Prefix,
    Sized,
    SizeOf,
    Subscript,
    Variable,
)
from archdsl_torch.lowering.walking import walk as walk_code
from archdsl_torch.lowering.wording import worded
from archdsl_torch.writing.folding import Untold, agrees, translate
from archdsl_torch.writing.hints import Hint, Lets, SizeNames


@final
@dataclass(frozen=True, slots=True)
class Given:
    """An argument of the forward as it was given, whatever its name is given to later."""

    name: str


Holder: TypeAlias = "Variable | Given | PassedSize"
"""What has sizes; what is passed is its only one."""

_OF_ARGUMENTS: Final = (SizeOf, PassedSize, Sized, Fixed, Infix, Prefix)

_Place: TypeAlias = tuple[int, int]
"""A tensor by its number, in the order in which they came, and one of its dimensions."""


class Asked(Protocol):
    """Gives what nothing in scope tells."""

    def is_outer(self, name: str, binding: Binding, /) -> bool: ...

    def named(self, name: str, values: Sequence[Dim], where: Sequence[int], /) -> Code: ...


def size_of(holder: Holder, axis: int) -> Code:
    """The size of a dimension; of an argument, what is settled when the forward is finished."""
    if isinstance(holder, Given):
        return SizeOf(holder.name, axis)
    return holder if isinstance(holder, PassedSize) else measured(holder, axis)


def is_of_arguments(code: Code) -> bool:
    """Whether the number is made of what the forward is given, so that it is the same throughout."""
    return all(isinstance(part, _OF_ARGUMENTS) for part in walk_code(code))


def measured(tensor: Code, axis: int) -> Code:
    """`tensor.shape[axis]`"""
    return Subscript(Attribute(tensor, "shape"), (Fixed(axis),))


@final
class _Found:
    """The dimensions of tensors by their sizes in some of the instances, which are a column."""

    def __init__(self, where: tuple[int, ...]) -> None:
        self.where = where
        self.columns: dict[int, tuple[tuple[Dim, ...], ...]] = {}
        """By tensor: the column of each of its dimensions now."""
        self.places: dict[tuple[Dim, ...], list[_Place]] = {}
        """By column: a heap of the dimensions that have it, or had it before their tensor's name was given away."""
        self.asked: dict[tuple[Dim, ...], _Place | None] = {}
        """What `first` has found."""

    def note(self, number: int, shapes: Sequence[Shape | None]) -> None:
        """The tensor of this number has these shapes now."""
        known = [shape for i in self.where if (shape := shapes[i]) is not None]
        before = self.columns.get(number, ())
        # `zip` ends with the shortest
        self.columns[number] = tuple(zip(*known)) if len(known) == len(self.where) else ()  # noqa: B905
        for axis, column in enumerate(self.columns[number]):
            if before[axis : axis + 1] != (column,):
                heappush(self.places.setdefault(column, []), (number, axis))

    def first(self, column: tuple[Dim, ...], hidden: _Place | None) -> _Place | None:
        """The first dimension that has this column, but for the hidden one."""
        heap = self.places.get(column, [])
        while heap and not self._has(heap[0], column):
            heappop(heap)
        place = heap[0] if heap else None
        if place is not None and place == hidden:
            place = min((other for other in heap if other != hidden and self._has(other, column)), default=None)
        self.asked[column] = place
        return place

    def _has(self, place: _Place, column: tuple[Dim, ...]) -> bool:
        number, axis = place
        own = self.columns[number]
        return axis < len(own) and own[axis] == column

    def all(self, hidden: _Place | None) -> list[tuple[_Place, tuple[Dim, ...]]]:
        """Every column, in the order of the first dimension that has it."""
        found = ((self.first(column, hidden), column) for column in self.places)
        return sorted(((place, column) for place, column in found if place is not None), key=itemgetter(0))


@final
class SizesInScope:
    """The sizes of the tensors in scope, by variable: one shape for each instance."""

    def __init__(self) -> None:
        self.holders: list[Holder] = []
        self.numbers: dict[Holder, int] = {}
        self.shapes: list[Sequence[Shape | None]] = []
        self.found: dict[tuple[int, ...], _Found] = {}
        """By instances: those that somebody asked for."""
        self._lets: Lets = {}
        self._said: dict[object, tuple[list[tuple[tuple[Dim, ...], _Place | None]], Code | None]] = {}
        """Words by what was asked for, with where the dimensions were found on which they rest."""
        self.hidden: tuple[Holder, int] | None = None
        """A dimension that says nothing, since it is what is checked."""

    def note(self, holder: Holder, shapes: Sequence[Shape | None]) -> None:
        """The tensor is in scope now."""
        if holder not in self.numbers:
            self.numbers[holder] = len(self.holders)
            self.holders.append(holder)
            self.shapes.append(shapes)
        number = self.numbers[holder]
        self.shapes[number] = shapes
        for found in self.found.values():
            found.note(number, shapes)

    def find(self, values: Sequence[Dim], where: Sequence[int], first: Sequence[Holder] = ()) -> Code | None:
        """A dimension that has exactly these sizes."""
        column, found = tuple(values), self._found(where)
        for holder in first:
            for axis, own in enumerate(found.columns[self.numbers[holder]]):
                if own == column and (holder, axis) != self.hidden:
                    return size_of(holder, axis)
        place = found.first(column, self._hidden())
        return None if place is None else size_of(self.holders[place[0]], place[1])

    def _found(self, where: Sequence[int]) -> _Found:
        where = tuple(where)
        if where not in self.found:
            found = self.found[where] = _Found(where)
            for number, shapes in enumerate(self.shapes):
                found.note(number, shapes)
        return self.found[where]

    def _hidden(self) -> _Place | None:
        return None if self.hidden is None else (self.numbers[self.hidden[0]], self.hidden[1])

    def say(
        self,
        values: Sequence[Dim],
        where: Sequence[int],
        hint: Hint | None,
        first: Sequence[Holder],
        envs: Sequence[Env] = (),
    ) -> Code | None:
        """Words for sizes that are not literals; None if nothing in scope tells them.

        `envs` are the names that the instances see, some of which may have these sizes.
        """
        own, names = self._found(where), SizeNames(tuple(envs), self._lets)
        around = tuple([(holder, own.columns[self.numbers[holder]]) for holder in first])
        key = own, tuple(values), around, names.key, hint and hint.key, self.hidden
        known = self._said.get(key)
        if known is None or any(own.first(column, self._hidden()) != place for column, place in known[0]):
            own.asked = {}
            found = self._named(values, where, names) or self.find(values, where, first)
            found = found or self.hinted(values, where, hint)
            if found is None and all_same(values) and isinstance(values[0], Symbolic):
                found = self._parts(values, where, names)
            known = self._said[key] = [*own.asked.items()], found
        found = known[1] or self._derived(values, where)
        return found or (self._parts(values, where, names) if names else None)

    # --- the spec's expression ----------------------------------------------------------------

    def hinted(
        self, values: Sequence[Dim], where: Sequence[int], hint: Hint | None, asked: Asked | None = None
    ) -> Code | None:
        """The spec's words; names that nothing in scope tells are `asked` for, if that is given."""
        if hint is None:
            return None
        try:
            for env, value in zip(hint.envs, values, strict=True):
                if not agrees(hint.expression.evaluate(env), value):
                    return None
            return self._spoken(hint.expression.tree, hint.envs, where, asked)
        except (Untold, ExpressionError):
            return None

    def _named(self, values: Sequence[Dim], where: Sequence[int], names: SizeNames) -> Code | None:
        """A `let` that is these sizes, by what it is defined as."""
        for name, definition in names.defined(values):
            try:
                return self._defined(name, definition, values, names.envs, where)
            except Untold:
                continue
        return None

    def _defined(
        self,
        name: str,
        definition: Expression,
        values: Sequence[Dim],
        envs: Sequence[Env],
        where: Sequence[int],
        asked: Asked | None = None,
    ) -> Code:
        """What a `let` of these values is defined as. Raises Untold, also where a loop hides a name that it reads."""
        try:
            if not all(agrees(definition.evaluate(env), value) for env, value in zip(envs, values, strict=True)):
                raise Untold(name)
        except ExpressionError:
            raise Untold(name) from None
        code = self._spoken(definition.tree, envs, where, asked)
        return Sized(name, code) if isinstance(code, Infix | Prefix) and is_of_arguments(code) else code

    def _spoken(self, tree: Tree, envs: Sequence[Env], where: Sequence[int], asked: Asked | None) -> Code:
        """An expression of the spec in words. Raises Untold."""
        sizes: dict[str, Code] = {}
        return worded(self._rename(_whole(tree), envs, where, sizes, asked), sizes.__getitem__)

    def _rename(
        self, tree: Tree, envs: Sequence[Env], where: Sequence[int], said: dict[str, Code], asked: Asked | None
    ) -> Tree:
        """The expression over names of the sizes that it reads, which come into `said`."""
        if any(isinstance(part, Binary) and part.sign == "/" for part in walk(tree)):
            raise Untold("a quotient, which Python makes a float")

        def named(name: str, bindings: Sequence[Binding | None]) -> Tree:
            found = [b for b in bindings if b is not None]
            sizes = [b.value for b in found]
            if len(found) < len(bindings) or not all(isinstance(s, int | Symbolic) for s in sizes):
                raise Untold(name)
            size = self._of_name(name, found[0], sizes, envs, where, asked)
            said[repr(size)] = size
            return Name(repr(size))

        return translate(tree, envs, named)

    def _of_name(
        self,
        name: str,
        binding: Binding,
        values: Sequence[Dim],
        envs: Sequence[Env],
        where: Sequence[int],
        asked: Asked | None,
    ) -> Code:
        """A name of the spec: what it is defined as, if arguments tell that, else a dimension. Raises Untold."""
        found, definition = self.find(values, where), binding.definition
        if found is None and asked is not None and (definition is None or asked.is_outer(name, binding)):
            return asked.named(name, values, where)
        if definition is not None and not isinstance(found, SizeOf | PassedSize):
            with nullcontext() if found is None else suppress(Untold):
                defined = self._defined(name, definition, values, envs, where, asked if found is None else None)
                found = defined if found is None or isinstance(defined, Sized) else found
        if found is None:
            raise Untold(name)
        return found

    # --- by value -------------------------------------------------------------------------------

    def _parts(self, values: Sequence[Dim], where: Sequence[int], names: SizeNames) -> Code | None:
        """Polynomials that differ in their atoms alone, over what says these."""
        terms = [value.terms for value in values if isinstance(value, Symbolic)]
        if len(terms) < len(values):
            return None
        shapes = [[(len(monomial), coefficient) for monomial, coefficient in each] for each in terms]
        if not all_same(shapes):
            return None
        whole: Code | None = None
        for place, (_, coefficient) in enumerate(shapes[0]):
            columns = zip(*(each[place][0] for each in terms), strict=True)
            factors = [self._atom(column, where, names) for column in columns]
            found = [factor for factor in factors if factor is not None]
            if len(found) < len(factors):
                return None
            whole = _sum(whole, coefficient, found)
        return whole

    def _atom(self, atoms: Sequence[str | Division], where: Sequence[int], names: SizeNames) -> Code | None:
        found = self._told([_alone(atom) for atom in atoms], where, names)
        divisions = [atom for atom in atoms if isinstance(atom, Division)]
        if found is not None or len(divisions) < len(atoms) or not all_same([each.sign for each in divisions]):
            return found
        above = self._side([each.numerator for each in divisions], where, names)
        if divisions[0].sign == "*":
            return None if above is None else _scaled(above, [each.denominator for each in divisions])
        below = self._side([each.denominator for each in divisions], where, names)
        return None if above is None or below is None else Infix(divisions[0].sign, above, below)

    def _side(self, dims: Sequence[Dim], where: Sequence[int], names: SizeNames) -> Code | None:
        if all_same(dims) and isinstance(dims[0], int):
            return Fixed(dims[0])
        return self._told(dims, where, names) or self._parts(dims, where, names)

    def _told(self, dims: Sequence[Dim], where: Sequence[int], names: SizeNames) -> Code | None:
        return self._named(dims, where, names) or self.find(dims, where)

    def _derived(self, values: Sequence[Dim], where: Sequence[int]) -> Code | None:
        """A multiple, a part, or a neighbour of a dimension in scope."""
        for (number, axis), column in self._found(where).all(self._hidden()):
            if all_same(column) and isinstance(column[0], int):
                continue
            related = _relation(values, column, size_of(self.holders[number], axis))
            if related is not None:
                return related
        return None


def _whole(tree: Tree) -> Tree:
    """The expression with its rounded quotients as whole ones: `ceil(a / b)` is `-(-a // b)`."""
    tree = rebuild(tree, _whole)
    match tree:
        case trees.Call(function="ceil", arguments=(Binary(sign="/", left=left, right=right),)):
            return Unary("-", Binary("//", Unary("-", left), right))
        case trees.Call(function="floor", arguments=(Binary(sign="/", left=left, right=right),)):
            return Binary("//", left, right)
        case _:
            return tree


def _scaled(size: Code, factors: Sequence[Any]) -> Code | None:
    return Call("math.floor", (Infix("*", size, Fixed(factors[0])),)) if all_same(factors) else None


def _alone(atom: str | Division) -> Symbolic:
    return Symbolic((((atom,), 1),))


def _sum(whole: Code | None, coefficient: int, factors: Sequence[Code]) -> Code:
    """The sum with one more product."""
    numbers = [Fixed(abs(coefficient))] if abs(coefficient) != 1 or not factors else []
    term = reduce(lambda left, right: Infix("*", left, right), [*numbers, *factors])
    if whole is not None:
        return Infix("-" if coefficient < 0 else "+", whole, term)
    return Prefix("-", term) if coefficient < 0 else term


def _relation(values: Sequence[Dim], sizes: Sequence[Dim], size: Code) -> Code | None:
    """How all values come from the sizes by one number."""
    for factor in _ratios(values[0], sizes[0]):
        if all(v == multiply(s, factor) for v, s in zip(values, sizes, strict=True)):
            return Infix("*", size, Fixed(factor))
    for divisor in _ratios(sizes[0], values[0]):
        if divisor > 1 and all(v == floor_divide(s, divisor) for v, s in zip(values, sizes, strict=True)):
            return Infix("//", size, Fixed(divisor))
    gap = add(values[0], multiply(sizes[0], -1))
    if isinstance(gap, int) and all(add(v, multiply(s, -1)) == gap for v, s in zip(values, sizes, strict=True)):
        return Infix("-" if gap < 0 else "+", size, Fixed(abs(gap)))
    return None


def _ratios(large: Dim, small: Dim) -> list[int]:
    """Numbers that `large` may be a multiple of `small` by."""
    if isinstance(large, int) and isinstance(small, int):
        return [large // small] if small > 0 and large >= small else []
    if isinstance(large, Symbolic) and isinstance(small, Symbolic):
        quotient = floor_divide(large, small)
        return [quotient] if isinstance(quotient, int) and quotient > 0 else list(range(2, 65))
    return []
