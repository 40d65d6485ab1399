"""What a formula over tensors holds while it is computed, and what its backward pass needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archdsl.expressions.tree import Binary, Call, Choice, Literal, Name, Tree
from archdsl.expressions.walking import children, walk
from archdsl.measures.memory import Kept, Placed
from archdsl.ops.formula import formula_type
from archdsl.shapes import TensorType, evaluate

_FROM_OUTPUT: Final = frozenset(("exp", "sigmoid", "tanh", "sqrt", "rsqrt", "relu"))
"""Functions whose derivative is computed from their value."""
_FLAT: Final = frozenset(("floor", "ceil", "round", "sign"))
"""Functions without a derivative."""


def formula_scratch(tree: Tree, inputs: list[TensorType]) -> tuple[TensorType, ...]:
    """The steps' results that exist at once, where they take most, besides the formula's own."""
    made, held = _steps(tree, inputs)
    return tuple(step for step in held if step is not made)


def _steps(tree: Tree, inputs: list[TensorType]) -> tuple[TensorType | None, list[TensorType]]:
    """What a step makes, if it makes a tensor, and the largest set of tensors on the way."""
    if isinstance(tree, Name) or not _is_tensor(tree):
        return None, []
    live: list[TensorType] = []
    most: list[TensorType] = []
    for child in children(tree):
        made, held = _steps(child, inputs)
        most = max(most, live + held, key=_size)
        live += [made] if made is not None else []
    result = formula_type(tree, inputs)
    return result, max(most, [*live, result], key=_size)


def _size(types: Sequence[TensorType]) -> int:
    return sum(evaluate(each.size, {}) for each in types)


def formula_keeps(tree: Tree, inputs: Sequence[Placed]) -> Kept:
    """What autograd keeps of every step: factors of products, and what functions' derivatives are computed from."""
    keeper = _Keeper(tree, inputs)
    for step in walk(tree):
        keeper.keep(step)
    return Kept(tuple(keeper.inputs), (0,) * keeper.root, tuple(keeper.more.values()))


class _Keeper:
    """Collects what is kept, each step's result once."""

    def __init__(self, tree: Tree, inputs: Sequence[Placed]) -> None:
        self.tree = tree
        self.given = inputs
        self.types = [x.type for x in inputs]
        self.inputs: dict[int, None] = {}
        self.root = False
        self.more: dict[int, TensorType] = {}
        """By the identity of the step."""

    def keep(self, tree: Tree) -> None:
        """What one step needs."""
        if not self._learned(tree):
            return
        if isinstance(tree, Binary):
            self._binary(tree)
        elif isinstance(tree, Choice):
            self._add(tree.condition)
        elif isinstance(tree, Call) and tree.function in _FROM_OUTPUT:
            self._add(tree)
        elif isinstance(tree, Call) and tree.function not in _FLAT:
            for argument in tree.arguments:
                self._add(argument)

    def _binary(self, tree: Binary) -> None:
        left, right = tree.left, tree.right
        if tree.sign in ("*", "/", "%") and self._learned(left):
            self._add(right)
        if tree.sign == "*" and self._learned(right):
            self._add(left)
        if tree.sign == "/" and self._learned(right):
            self._add(left)
            self._add(right)
        if tree.sign == "**":
            self._add(left)
            if self._learned(right):
                self._add(right)
                self._add(tree)

    def _add(self, tree: Tree) -> None:
        if isinstance(tree, Name):
            self.inputs[int(tree.name)] = None
        elif tree is self.tree:
            self.root = True
        elif not isinstance(tree, Literal) and _is_tensor(tree):
            self.more[id(tree)] = formula_type(tree, self.types)

    def _learned(self, tree: Tree) -> bool:
        """Whether a gradient flows into this part."""
        return any(self.given[int(part.name)].learned for part in walk(tree) if isinstance(part, Name))


def _is_tensor(tree: Tree) -> bool:
    return any(isinstance(part, Name) for part in walk(tree))
