"""Run-time sizes in a forward: `x.shape[2] // 7` for a dimension that only the run knows.

A size is said by a tensor in scope that has it, in every instance of the class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

from archdsl.expressions import Binary, Expression, ExpressionError, Name, Tree, walk
from archdsl.graph import Binding, Env
from archdsl.shapes import Dim, Division, Shape, Symbolic, add, floor_divide, multiply, symbol
from archdsl_torch.arguments import Hint, agrees
from archdsl_torch.folding import Untold, translate
from archdsl_torch.spelling import expression
from archdsl_torch.text import all_same


@final
class Sizes:
    """The sizes of the tensors in scope, by variable: one shape for each instance."""

    def __init__(self, tell: Callable[[str, int], str]) -> None:
        self.shapes: dict[str, Sequence[Shape | None]] = {}
        self.tell = tell
        """How the size of a variable's dimension is written."""
        self.hidden: tuple[str, int] | None = None
        """A dimension that says nothing, since it is what is checked."""

    def find(self, values: Sequence[Dim], where: Sequence[int], first: Sequence[str] = ()) -> str | None:
        """A dimension that has exactly these sizes."""
        names = [*first, *(name for name in self.shapes if name not in first)]
        for name in names:
            shapes = [self.shapes[name][i] for i in where]
            if any(shape is None for shape in shapes):
                continue
            for axis in range(min(len(shape) for shape in shapes if shape is not None)):
                if (name, axis) == self.hidden:
                    continue
                if all(shape[axis] == value for shape, value in zip(shapes, values, strict=True) if shape is not None):
                    return self.tell(name, axis)
        return None

    def say(self, values: Sequence[Dim], where: Sequence[int], hint: Hint | None, first: Sequence[str]) -> str | None:
        """Python text for sizes that are not literals; None if nothing in scope tells them."""
        found = self.find(values, where, first) or self._hinted(values, where, hint)
        if found is None and all_same(values) and isinstance(values[0], Symbolic):
            found = self._polynomial(values[0], where, len(values))
        return found or self._derived(values, where)

    # --- the spec's expression ----------------------------------------------------------------

    def _hinted(self, values: Sequence[Dim], where: Sequence[int], hint: Hint | None) -> str | None:
        if hint is None:
            return None
        try:
            for env, value in zip(hint.envs, values, strict=True):
                if not _agrees_dim(hint.expression.evaluate(env), value):
                    return None
            return expression(self._rename(hint.expression.tree, hint.envs, where))
        except (Untold, ExpressionError):
            return None

    def _rename(self, tree: Tree, envs: Sequence[Env], where: Sequence[int]) -> Tree:
        if any(isinstance(part, Binary) and part.sign == "/" for part in walk(tree)):
            raise Untold("a quotient, which Python makes a float")

        def named(name: str, bindings: Sequence[Binding | None]) -> Tree:
            found = [b for b in bindings if b is not None]
            sizes = [b.value for b in found]
            if len(found) < len(bindings) or not all(isinstance(s, int | Symbolic) for s in sizes):
                raise Untold(name)
            text = self.find(sizes, where)
            if text is not None:
                return Name(text)
            if isinstance(found[0].definition, Expression):
                return self._rename(found[0].definition.tree, envs, where)
            raise Untold(name)

        return translate(tree, envs, named)

    # --- by value -------------------------------------------------------------------------------

    def _polynomial(self, dim: Symbolic, where: Sequence[int], count: int) -> str | None:
        """The size over named sizes that tensors in scope have."""
        terms: list[str] = []
        for monomial, coefficient in dim.terms:
            factors = [self._atom(atom, where, count) for atom in monomial]
            if any(factor is None for factor in factors):
                return None
            sign = "-" if coefficient < 0 else "+"
            size = abs(coefficient)
            spelled = [str(size)] if size != 1 or not factors else []
            terms.append(f"{sign} {' * '.join([*spelled, *(f for f in factors if f)])}")
        text = " ".join(terms)
        return text[2:] if text.startswith("+ ") else f"-{text[2:]}"

    def _atom(self, atom: str | Division, where: Sequence[int], count: int) -> str | None:
        if isinstance(atom, str):
            return self.find([symbol(atom)] * count, where)
        whole = Symbolic((((atom,), 1),))
        found = self.find([whole] * count, where)
        if found is not None:
            return found
        sides = [self._side(side, where, count) for side in (atom.numerator, atom.denominator)]
        return None if None in sides else f"({sides[0]} {atom.sign} {sides[1]})"

    def _side(self, dim: Dim, where: Sequence[int], count: int) -> str | None:
        if isinstance(dim, int):
            return str(dim)
        text = self.find([dim] * count, where) or self._polynomial(dim, where, count)
        return f"({text})" if text is not None and " " in text else text

    def _derived(self, values: Sequence[Dim], where: Sequence[int]) -> str | None:
        """A multiple, a part, or a neighbour of a dimension in scope."""
        for name, all_shapes in self.shapes.items():
            shapes = [all_shapes[i] for i in where]
            if any(shape is None for shape in shapes):
                continue
            for axis in range(min(len(shape) for shape in shapes if shape is not None)):
                sizes = [shape[axis] for shape in shapes if shape is not None]
                if (name, axis) == self.hidden or (all_same(sizes) and isinstance(sizes[0], int)):
                    continue
                text = _relation(values, sizes)
                if text is not None:
                    return text.replace("@", self.tell(name, axis))
        return None


def _relation(values: Sequence[Dim], sizes: Sequence[Dim]) -> str | None:
    """How all values come from the sizes by one number."""
    for factor in _ratios(values[0], sizes[0]):
        if all(v == multiply(s, factor) for v, s in zip(values, sizes, strict=True)):
            return f"@ * {factor}"
    for divisor in _ratios(sizes[0], values[0]):
        if divisor > 1 and all(v == floor_divide(s, divisor) for v, s in zip(values, sizes, strict=True)):
            return f"@ // {divisor}"
    gap = add(values[0], multiply(sizes[0], -1))
    if isinstance(gap, int) and all(add(v, multiply(s, -1)) == gap for v, s in zip(values, sizes, strict=True)):
        return f"@ {'-' if gap < 0 else '+'} {abs(gap)}"
    return None


def _ratios(large: Dim, small: Dim) -> list[int]:
    """Numbers that `large` may be a multiple of `small` by."""
    if isinstance(large, int) and isinstance(small, int):
        return [large // small] if small > 0 and large >= small else []
    if isinstance(large, Symbolic) and isinstance(small, Symbolic):
        quotient = floor_divide(large, small)
        return [quotient] if isinstance(quotient, int) and quotient > 0 else list(range(2, 65))
    return []


def _agrees_dim(said: object, value: Dim) -> bool:
    if isinstance(said, Symbolic) or isinstance(value, Symbolic):
        return said == value
    return agrees(said, value)
