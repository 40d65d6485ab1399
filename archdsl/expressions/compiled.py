"""Tree -> nested Python closures: evaluation is on the hot path of elaboration.

Each node becomes one function of a frame, in which the usual case (numbers) is dealt with in place
and everything else goes to `expression_values` and `expression_calls`. The names that comprehensions
bind are slots of the frame; all others are looked up in the frame's environment. A tree without
comprehensions and lists needs no frame and gets the environment itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from archdsl.expressions import tree as trees
from archdsl.expressions import values
from archdsl.expressions.calls import apply
from archdsl.expressions.error import ExpressionError
from archdsl.expressions.functions import FORMULA_FUNCTIONS
from archdsl.expressions.parts import column, elements, item_of, slice_of
from archdsl.expressions.tree import Tree
from archdsl.expressions.values import Spend
from archdsl.expressions.walking import walk
from archdsl.limits import MAX_INT, TooLarge, current
from archdsl.shapes import Symbolic
from archdsl.text.nearest import did_you_mean


class Names(Protocol):
    """What an expression reads names from; `keys`, where there is one, serves suggestions."""

    def __getitem__(self, name: str, /) -> Any: ...
    def __contains__(self, name: object, /) -> bool: ...


Closure: TypeAlias = Callable[[Any], Any]


class _Frame:
    """One evaluation: the names outside, the loop variables inside and the budget."""

    __slots__ = ("env", "slots", "spend")

    def __init__(self, env: Names, slots: int) -> None:
        self.env = env
        self.slots: list[Any] = [None] * slots
        self.spend: Spend = partial(current().spend, "steps")


def _free(steps: int) -> None:
    """Without loops the steps are bounded by the text and the limits on each value."""


def compile_tree(tree: Tree) -> Closure:
    """The function from names to the tree's value; it raises ExpressionError."""
    nodes = [*walk(tree)]
    framed = any(map(_makes_list, nodes))
    compiler = _Compiler(framed)
    run = compiler.compile(tree)
    if not framed and len(nodes) <= _SHORT:
        return run
    return _counting(run, len(nodes), tree, compiler.slots if framed else None)


_SHORT: Final = 50
"""The parts of an expression that are not worth counting: how often it is evaluated is counted elsewhere."""


def _counting(run: Closure, size: int, tree: Tree, slots: int | None) -> Closure:
    """The function that pays for its steps; one with loops, which are `slots`, runs in a frame."""
    if slots is None:
        return lambda env: _counted(run, size, tree, env)
    return lambda env: _counted(run, size, tree, _Frame(env, slots))


def _counted(run: Closure, size: int, tree: Tree, frame: Any) -> Any:
    try:
        current().spend("steps", size)
    except TooLarge as error:
        raise _located(error, tree) from None
    return run(frame)


def _makes_list(node: Tree) -> bool:
    if isinstance(node, trees.Call):
        return node.function in ("range", "enumerate", "zip", "linspace")
    return isinstance(node, trees.Comprehension | trees.Sequence | trees.Slice)


def _spender(frame: Any) -> Spend:
    return frame.spend if isinstance(frame, _Frame) else _free


def _located(error: ValueError, tree: Tree) -> ExpressionError:
    if isinstance(error, TooLarge):
        return ExpressionError(error.message, tree.start, tree.end, error.hint, error.code, tree=tree)
    located = ExpressionError(error.args[0], tree.start, tree.end, *error.args[1:2], tree=tree)
    located.undecided = isinstance(error, values.Undecided)
    return located


class _Compiler:
    """Compiles one tree; `scope` maps the loop variables in sight to their slots."""

    def __init__(self, framed: bool) -> None:
        self._framed = framed
        self._scope: dict[str, int] = {}
        self.slots = 0

    def compile(self, tree: Tree) -> Closure:
        return _COMPILERS[type(tree)](self, tree)

    def _applied(self, tree: Tree, operands: Iterable[Tree], function: Callable[..., Any]) -> Closure:
        """What a function makes of the frame and of the operands' values; what it refuses is told at the tree."""
        runs = [self.compile(operand) for operand in operands]

        def run(frame: Any) -> Any:
            given = [run(frame) for run in runs]
            try:
                return function(frame, *given)
            except ValueError as error:
                raise _located(error, tree) from None

        return run

    def _literal(self, tree: trees.Literal) -> Closure:
        value = tree.value
        return lambda frame: value

    def _name(self, tree: trees.Name) -> Closure:
        name = tree.name
        if name in self._scope:
            slot = self._scope[name]
            return lambda frame: frame.slots[slot]

        def run(env: Any) -> Any:
            try:
                return env[name]
            except KeyError:
                raise _unknown(tree, env) from None

        return (lambda frame: run(frame.env)) if self._framed else run

    def _unary(self, tree: trees.Unary) -> Closure:
        sign = tree.sign
        if sign == "not":
            return self._applied(tree, [tree.operand], lambda _, value: not values.truth(value))
        return self._applied(tree, [tree.operand], lambda _, value: values.negative(sign, value))

    def _binary(self, tree: trees.Binary) -> Closure:
        sign, left, right = tree.sign, self.compile(tree.left), self.compile(tree.right)
        fast = values.FAST.get(sign)

        def careful(frame: Any, a: Any, b: Any) -> Any:
            try:
                return values.arithmetic(sign, a, b, _spender(frame))
            except ValueError as error:
                raise _located(error, tree) from None

        if fast is None:
            return lambda frame: careful(frame, left(frame), right(frame))

        def run(frame: Any) -> Any:
            a, b = left(frame), right(frame)
            if a.__class__ is int and b.__class__ is int:
                result = fast(a, b)
                if -MAX_INT <= result <= MAX_INT:
                    return result
            return careful(frame, a, b)

        return run

    def _compare(self, tree: trees.Compare) -> Closure:
        first = self.compile(tree.first)
        if len(tree.rest) == 1:
            return self._compare_two(tree, first)
        rest = [(sign, self.compile(part)) for sign, part in tree.rest]

        def run(frame: Any) -> bool:
            left = first(frame)
            for sign, part in rest:
                right = part(frame)
                try:
                    if not values.compare(sign, left, right, _spender(frame)):
                        return False
                except ValueError as error:
                    raise _located(error, tree) from None
                left = right
            return True

        return run

    def _compare_two(self, tree: trees.Compare, left: Closure) -> Closure:
        sign, right = tree.rest[0][0], self.compile(tree.rest[0][1])
        compare, types = values.PLAIN.get(sign, (None, frozenset()))

        def run(frame: Any) -> bool:
            a, b = left(frame), right(frame)
            if compare is not None and a.__class__ in types and b.__class__ in types:
                return compare(a, b)
            try:
                return values.compare(sign, a, b, _spender(frame))
            except ValueError as error:
                raise _located(error, tree) from None

        return run

    def _logic(self, tree: trees.Logic) -> Closure:
        parts, stops = [(self.compile(part), part) for part in tree.parts], tree.word == "or"

        def run(frame: Any) -> Any:
            value = None
            for part, source in parts:
                value = part(frame)
                if holds(value, source) is stops:
                    break
            return value

        return run

    def _choice(self, tree: trees.Choice) -> Closure:
        condition, then, otherwise = map(self.compile, (tree.condition, tree.then, tree.otherwise))

        def run(frame: Any) -> Any:
            return then(frame) if holds(condition(frame), tree.condition) else otherwise(frame)

        return run

    def _call(self, tree: trees.Call) -> Closure:
        sole = tree.arguments[0] if len(tree.arguments) == 1 else None
        if tree.function in values.ROUNDING and isinstance(sole, trees.Binary) and sole.sign in "/*":
            return self._rounded(tree, sole)
        function = tree.function
        return self._applied(tree, tree.arguments, lambda frame, *given: apply(function, [*given], _spender(frame)))

    def _rounded(self, tree: trees.Call, quotient: trees.Binary) -> Closure:
        """`ceil(H / 2)`, `floor(H * 0.3)`: of dimensions only the rounded value is a whole number."""
        function, left, right = tree.function, self.compile(quotient.left), self.compile(quotient.right)
        sign = quotient.sign

        def run(frame: Any) -> Any:
            a, b = left(frame), right(frame)
            whole = all(isinstance(side, int | Symbolic) for side in (a, b))
            try:
                if sign == "/" and whole and (isinstance(a, Symbolic) or isinstance(b, Symbolic)):
                    return values.rounded_quotient(function, a, b)
                for size, factor in ((a, b), (b, a)) if sign == "*" else ():
                    if isinstance(size, Symbolic) and isinstance(factor, float):
                        return values.rounded_product(function, size, factor)
                divided = values.arithmetic(sign, a, b, _spender(frame))
            except ValueError as error:
                raise _located(error, quotient) from None
            try:
                return apply(function, [divided], _spender(frame))
            except ValueError as error:
                raise _located(error, tree) from None

        return run

    def _attribute(self, tree: trees.Attribute) -> Closure:
        name = tree.name
        return self._applied(tree, [tree.value], lambda _, value: column(value, name))

    def _item(self, tree: trees.Subscript) -> Closure:
        return self._applied(tree, [tree.value, tree.index], lambda _, value, place: item_of(value, place))

    def _slice(self, tree: trees.Slice) -> Closure:
        bounds = (bound or trees.Literal(None) for bound in (tree.lower, tree.upper, tree.step))
        operands = [tree.value, *bounds]
        return self._applied(tree, operands, lambda frame, value, *cut: slice_of(value, cut, frame.spend))

    def _sequence(self, tree: trees.Sequence) -> Closure:
        kind = tuple if tree.kind == "tuple" else list

        def made(frame: _Frame, *items: Any) -> Any:
            result = kind(items)
            values.new_list(values.weight(result), frame.spend)
            return result

        return self._applied(tree, tree.items, made)

    def _comprehension(self, tree: trees.Comprehension) -> Closure:
        outer = self._scope
        loops = [self._loop(loop) for loop in tree.loops]
        element = self.compile(tree.element)
        self._scope = outer
        cost = sum(1 for _ in walk(tree))

        def fill(frame: _Frame, level: int, found: list[Any]) -> None:
            if level == len(loops):
                value = element(frame)
                found.append(value)
                values.new_list(len(found), _free)
                frame.spend(values.weight(value))
                return
            turns, store, conditions = loops[level]
            for item in turns(frame):
                frame.spend(cost)
                store(frame.slots, item)
                if all(holds(condition(frame), source) for condition, source in conditions):
                    fill(frame, level + 1, found)

        def run(frame: _Frame) -> list[Any]:
            found: list[Any] = []
            try:
                fill(frame, 0, found)
            except ValueError as error:
                raise _located(error, tree) from None
            return found

        return run

    def _loop(self, loop: trees.Loop) -> tuple[Closure, Callable[[list[Any], Any], None], list[tuple[Closure, Tree]]]:
        iterable = self.compile(loop.iterable)
        self._scope = dict(self._scope)
        targets = loop.targets if len(loop.targets) > 1 else loop.targets[0]
        store = self._store(targets, loop.iterable)

        def turns(frame: _Frame) -> list[Any] | tuple[Any, ...]:
            value = iterable(frame)
            try:
                return elements(value, frame.spend)
            except ValueError as error:
                raise _located(error, loop.iterable) from None

        return turns, store, [(self.compile(condition), condition) for condition in loop.conditions]

    def _store(self, target: trees.Target, source: Tree) -> Callable[[list[Any], Any], None]:
        """What puts an element of the loop into the slots of its names."""
        if isinstance(target, str):
            slot = self._scope[target] = self.slots
            self.slots += 1
            return lambda slots, value: slots.__setitem__(slot, value)
        stores = [self._store(part, source) for part in target]

        def unpack(slots: list[Any], value: Any) -> None:
            if not isinstance(value, list | tuple) or len(value) != len(stores):
                message = f"cannot unpack {values.show(value)} into {len(stores)} names"
                raise ExpressionError(message, source.start, source.end)
            for store, part in zip(stores, value, strict=True):
                store(slots, part)

        return unpack


def holds(value: Any, tree: Tree) -> bool:
    """Whether a condition's value holds; raises ExpressionError for one that is neither true nor false."""
    if value is True or value is False:
        return value
    try:
        return values.truth(value)
    except ValueError as error:
        raise _located(error, tree) from None


_FOREIGN: Final = {
    **dict.fromkeys(("yes", "no", "on", "off"), "write `true` or `false`"),
    **dict.fromkeys(("none", "nil", "undefined"), "write `null`"),
    "infinity": "write `inf`",
}
"""Words that mean a value elsewhere."""


def _unknown(tree: trees.Name, env: Any) -> ExpressionError:
    keys: Callable[[], Iterable[str]] | None = getattr(env, "keys", None)
    hint = did_you_mean(tree.name, map(str, keys()) if keys is not None else ())
    if hint is None and tree.name in FORMULA_FUNCTIONS:
        hint = f"`{tree.name}` is a function: write `{tree.name}(…)`"
    hint = _FOREIGN.get(tree.name.lower(), hint)
    return ExpressionError(f"unknown name `{tree.name}`", tree.start, tree.end, hint, unknown=tree.name)


_COMPILERS: Final[dict[type[Any], Callable[[_Compiler, Any], Closure]]] = {
    trees.Literal: _Compiler._literal,
    trees.Name: _Compiler._name,
    trees.Unary: _Compiler._unary,
    trees.Binary: _Compiler._binary,
    trees.Compare: _Compiler._compare,
    trees.Logic: _Compiler._logic,
    trees.Choice: _Compiler._choice,
    trees.Call: _Compiler._call,
    trees.Attribute: _Compiler._attribute,
    trees.Subscript: _Compiler._item,
    trees.Slice: _Compiler._slice,
    trees.Sequence: _Compiler._sequence,
    trees.Comprehension: _Compiler._comprehension,
}
