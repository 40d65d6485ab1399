"""Text -> tree: an allow-list over Python's own parser."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

from archdsl.expressions import tree as trees
from archdsl.expressions.error import CallText, ExpressionError
from archdsl.expressions.functions import ARITIES, CONSTANTS, FUNCTIONS, LIBRARIES, OPERATORS, Arity
from archdsl.expressions.tokens import explain, tokenise
from archdsl.expressions.tree import Tree
from archdsl.limits import MAX_BRACKETS, MAX_INT
from archdsl.text.nearest import did_you_mean

_SIGNS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.UAdd: "+",
    ast.USub: "-",
    ast.Not: "not",
    ast.And: "and",
    ast.Or: "or",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


def parse_tree(text: str, paths: tuple[tuple[int, int], ...] = (), formula: bool = False) -> Tree:
    """The tree of an expression; `paths` are the stretches that are names as they stand.

    Raises ExpressionError, with offsets in `text`, for everything that the language does not have.
    """
    masked = text
    for start, end in paths:
        masked = masked[:start] + "_" * (end - start) + masked[end:]
    tokens = tokenise(masked)
    # strings hold no newlines (scan), so white space is only what separates tokens
    plain = "".join(" " if c.isspace() and c != " " else c for c in masked)
    margin = len(plain) - len(plain.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = ast.parse(plain[margin:].rstrip(), mode="eval").body
        return _Reader(text, plain, margin, dict(paths), formula).read(parsed, 0)
    except SyntaxError:
        raise explain(tokens, formula) from None
    except (MemoryError, RecursionError):
        raise ExpressionError("the expression is nested too deeply", 0, len(text)) from None
    except ValueError:
        raise ExpressionError("this cannot be read as an expression", 0, len(text)) from None


class _Reader:
    """Turns Python's nodes into ours, and counts how deep they are nested."""

    def __init__(self, text: str, plain: str, margin: int, paths: dict[int, int], formula: bool) -> None:
        self._text = text
        self._paths = paths
        self._functions = frozenset(ARITIES) if formula else FUNCTIONS
        self._offsets: dict[int, int] | None = None
        self._margin = margin
        if not plain.isascii():
            self._offsets = _byte_offsets(plain[margin:])

    def read(self, node: ast.AST, depth: int) -> Tree:
        if depth > MAX_BRACKETS:
            self._refuse(node, "the expression is nested too deeply", "name parts of it in `let`")
        reader = _READERS.get(type(node))
        if reader is None:
            what, hint = _REFUSED.get(type(node), ("this", None))
            self._refuse(node, f"{what} is not allowed in an expression", hint)
        return reader(self, node, depth + 1)

    def _span(self, node: ast.AST) -> dict[str, int]:
        located = cast(ast.expr, node)
        start, end = located.col_offset, located.end_col_offset or located.col_offset
        if self._offsets is not None:
            start, end = self._offsets[start], self._offsets[end]
        return {"start": start + self._margin, "end": end + self._margin}

    def _refuse(self, node: ast.AST, message: str, hint: str | None = None, call: CallText | None = None) -> NoReturn:
        at = self._span(node)
        error = ExpressionError(message, at["start"], at["end"], hint)
        error.call = call
        raise error

    def _source(self, node: ast.AST) -> str:
        at = self._span(node)
        return self._text[at["start"] : at["end"]]

    def _constant(self, node: ast.Constant, depth: int) -> Tree:
        value = node.value
        if value is not None and type(value) not in (int, float, str, bool):
            self._refuse(node, f"`{self._source(node)}` is not allowed in an expression")
        if type(value) is int and value > MAX_INT:
            self._refuse(node, "the number is too large", "whole numbers go up to 2 ** 64")
        return trees.Literal(value, **self._span(node))

    def _name(self, node: ast.Name, depth: int) -> Tree:
        at = self._span(node)
        if at["start"] in self._paths:
            return trees.Name(self._text[at["start"] : at["end"]], **at)
        name = self._source(node)
        return trees.Literal(CONSTANTS[name], **at) if name in CONSTANTS else trees.Name(name, **at)

    def _unary(self, node: ast.UnaryOp, depth: int) -> Tree:
        sign = _SIGNS[type(node.op)]
        operand, at = self.read(node.operand, depth), self._span(node)
        if sign != "not" and isinstance(operand, trees.Literal) and type(operand.value) in (int, float):
            return trees.Literal(-operand.value if sign == "-" else operand.value, **at)
        return trees.Unary(sign, operand, **at)

    def _binary(self, node: ast.BinOp, depth: int) -> Tree:
        left, right = self.read(node.left, depth), self.read(node.right, depth)
        return trees.Binary(_SIGNS[type(node.op)], left, right, **self._span(node))

    def _compare(self, node: ast.Compare, depth: int) -> Tree:
        first = self.read(node.left, depth)
        rest = []
        for operator, part in zip(node.ops, node.comparators, strict=True):
            sign, right = _SIGNS[type(operator)], self.read(part, depth)
            if sign in ("is", "is not") and right != trees.Literal(None):
                self._refuse(node, f"`{sign}` is only for `None`", f"write `{'==' if sign == 'is' else '!='}`")
            rest.append((sign, right))
        return trees.Compare(first, tuple(rest), **self._span(node))

    def _logic(self, node: ast.BoolOp, depth: int) -> Tree:
        parts = tuple(self.read(part, depth) for part in node.values)
        return trees.Logic(_SIGNS[type(node.op)], parts, **self._span(node))

    def _choice(self, node: ast.IfExp, depth: int) -> Tree:
        condition, then, otherwise = (self.read(part, depth) for part in (node.test, node.body, node.orelse))
        return trees.Choice(condition, then, otherwise, **self._span(node))

    def _call(self, node: ast.Call, depth: int) -> Tree:
        function = self._function(node)
        if function not in self._functions:
            self._refuse_function(node, function)
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self._refuse(argument, "`*` before an argument is not allowed", "`min`, `max` and `sum` take a list")
        arguments = [self.read(argument, depth) for argument in node.args]
        if function == "clamp":
            arguments = self._clamp(node, arguments, depth)
        elif node.keywords:
            self._refuse(node.keywords[0], f"`{function}` takes no arguments by name", "give them in order")
        if (wrong := _wrong_count(function, ARITIES[function], len(arguments))) is not None:
            self._refuse(node, wrong)
        return trees.Call(function, tuple(arguments), **self._span(node))

    def _function(self, node: ast.Call) -> str:
        called = node.func
        if isinstance(called, ast.Name) and self._span(called)["start"] not in self._paths:
            return self._source(called)
        if not isinstance(called, ast.Attribute):
            self._refuse(called, f"`{self._source(called)}` is not a function")
        owner, name = self._source(called.value), called.attr
        foreign = owner in LIBRARIES
        call = self._call_text(node, name, () if foreign else (owner,))
        only = "and an expression has only functions" + (" of its own" if foreign else "")
        what = f"is a function of `{owner}`" if foreign else "calls a method"
        hint = f"write `{owner}.shape[i]`" if name in ("size", "dim") else self._rewritten(call)
        message = f"`{owner}.{name}(…)` {what}, {only}"
        self._refuse(node, message, hint, None if hint else call)

    def _call_text(self, node: ast.Call, function: str, owner: tuple[str, ...] = ()) -> CallText:
        named = ((each.arg or "", self._source(each.value)) for each in node.keywords)
        return CallText(function, (*owner, *map(self._source, node.args)), tuple(named))

    def _rewritten(self, call: CallText) -> str | None:
        """How an expression says what is a function elsewhere."""
        sign = OPERATORS.get(call.function)
        if sign is not None and len(call.given) == 2:
            left, right = (f"({part})" if " " in part else part for part in call.given)
            return f"write `{left} {sign} {right}`"
        return f"write `{call.function}({', '.join(call.given)})`" if call.function in self._functions else None

    def _refuse_function(self, node: ast.Call, name: str) -> NoReturn:
        call, at = self._call_text(node, name), node.func
        if name in ARITIES:
            self._refuse(at, f"`{name}` is a function of formulas only", f"write a node: `= {name}(…)`")
        if (hint := self._rewritten(call)) is not None:
            self._refuse(at, f"unknown function `{name}`", hint)
        hint = did_you_mean(name, self._functions) or f"there are {', '.join(sorted(self._functions))}"
        self._refuse(at, f"unknown function `{name}`", hint, call)

    def _clamp(self, node: ast.Call, given: list[Tree], depth: int) -> list[Tree]:
        """Its three arguments in order, from `clamp(x, min=0)`, `clamp(x, 0, 6)` and the like."""
        named = dict(zip(("x", "min", "max"), given, strict=False))
        for argument in node.keywords:
            if argument.arg not in ("min", "max") or argument.arg in named:
                self._refuse(argument, f"`clamp` takes no `{argument.arg}` here", "write `clamp(x, min=a, max=b)`")
            named[argument.arg] = self.read(argument.value, depth)
        if len(given) > 3 or "x" not in named or len(named) < 2:
            self._refuse(node, "`clamp` takes a value and one or two bounds", "write `clamp(x, min=a, max=b)`")
        return [named.get(name, trees.Literal(None, **self._span(node))) for name in ("x", "min", "max")]

    def _attribute(self, node: ast.Attribute, depth: int) -> Tree:
        if node.attr.startswith("_"):
            self._refuse(node, f"`{node.attr}` is not a column")
        return trees.Attribute(self.read(node.value, depth), node.attr, **self._span(node))

    def _item(self, node: ast.Subscript, depth: int) -> Tree:
        value, index, at = self.read(node.value, depth), node.slice, self._span(node)
        if isinstance(index, ast.Tuple):
            self._refuse(node, "a list takes one index at a time", "write `a[i][j]`")
        if not isinstance(index, ast.Slice):
            return trees.Subscript(value, self.read(index, depth), **at)
        bounds = (index.lower, index.upper, index.step)
        lower, upper, step = (None if bound is None else self.read(bound, depth) for bound in bounds)
        return trees.Slice(value, lower, upper, step, **at)

    def _sequence(self, node: ast.List | ast.Tuple, depth: int) -> Tree:
        items = tuple(self.read(item, depth) for item in node.elts)
        return trees.Sequence(items, "list" if isinstance(node, ast.List) else "tuple", **self._span(node))

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp, depth: int) -> Tree:
        loops = []
        for loop in node.generators:
            if loop.is_async:
                self._refuse(node, "`async` is not allowed in an expression")
            unpacked = isinstance(loop.target, ast.Tuple)
            target = self._target(loop.target)
            conditions = tuple(self.read(condition, depth) for condition in loop.ifs)
            targets = target if unpacked and isinstance(target, tuple) else (target,)
            loops.append(trees.Loop(targets, self.read(loop.iter, depth), conditions))
        return trees.Comprehension(self.read(node.elt, depth), tuple(loops), **self._span(node))

    def _target(self, node: ast.expr) -> trees.Target:
        if isinstance(node, ast.Tuple) and len(node.elts) > 1:
            return tuple(self._target(part) for part in node.elts)
        if not isinstance(node, ast.Name):
            self._refuse(node, f"`{self._source(node)}` cannot be a loop variable", "write one name or several")
        name = self._source(node)
        if name in CONSTANTS:
            self._refuse(node, f"`{name}` is a constant and cannot be a loop variable")
        return name


def _byte_offsets(text: str) -> dict[int, int]:
    """Python's parser counts UTF-8 bytes: from them to characters."""
    offsets, position = {}, 0
    for index, character in enumerate(text):
        offsets[position] = index
        position += len(character.encode())
    offsets[position] = len(text)
    return offsets


def _wrong_count(function: str, arity: Arity, count: int) -> str | None:
    least, most = arity
    if count >= least and (most is None or count <= most):
        return None
    expected = f"{least}" if most == least else f"{least} or more" if most is None else f"{least} to {most}"
    noun = "argument" if expected == "1" else "arguments"
    return f"`{function}` takes {expected} {noun}, not {count}"


_READERS: Final[dict[type[ast.AST], Callable[[_Reader, Any, int], Tree]]] = {
    ast.Constant: _Reader._constant,
    ast.Name: _Reader._name,
    ast.UnaryOp: _Reader._unary,
    ast.BinOp: _Reader._binary,
    ast.Compare: _Reader._compare,
    ast.BoolOp: _Reader._logic,
    ast.IfExp: _Reader._choice,
    ast.Call: _Reader._call,
    ast.Attribute: _Reader._attribute,
    ast.Subscript: _Reader._item,
    ast.List: _Reader._sequence,
    ast.Tuple: _Reader._sequence,
    ast.ListComp: _Reader._comprehension,
    ast.GeneratorExp: _Reader._comprehension,
}
_REFUSED: Final[dict[type[ast.AST], tuple[str, str | None]]] = {
    ast.Starred: ("`*` before an item", "join lists with `+`")
}
