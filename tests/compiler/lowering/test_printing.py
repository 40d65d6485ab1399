"""Trees of code as text: Python reads the tree that was written, whatever stands in what."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given

from archdsl_torch.lowering.printing import printed, shown
from archdsl_torch.lowering.spelling import attribute, literal, numbered
from archdsl_torch.lowering.text import render
from archdsl_torch.lowering.tree import (
    NONE,
    SELF,
    AddInto,
    Apply,
    Arg,
    Attribute,
    Call,
    Code,
    Comprehension,
    Conditional,
    Fixed,
    Global,
    In,
    Infix,
    Like,
    Loop,
    Many,
    Mapping,
    Method,
    Numbered,
    Prefix,
    Range,
    Relation,
    Self,
    Starred,
    Subscript,
    Tuple,
    Variable,
)
from tests.compiler.trees import WRITTEN

X, Y = Variable("x"), Variable("y")


def bracketed(code: Any) -> str:
    """The tree with brackets around every part."""
    match code:
        case Infix(sign, left, right):
            return f"({bracketed(left)} {sign} {bracketed(right)})"
        case Prefix(sign, operand):
            return f"({sign} {bracketed(operand)})"
        case Relation(first, rest):
            return f"({bracketed(first)} {' '.join(f'{sign} {bracketed(side)}' for sign, side in rest)})"
        case Conditional(test, then, otherwise):
            return f"({bracketed(then)} if {bracketed(test)} else {bracketed(otherwise)})"
        case Call(function, args, kwargs):
            return f"{function}({listed(args, kwargs)})"
        case Apply(function, args, kwargs):
            return f"({bracketed(function)})({listed(args, kwargs)})"
        case Method(receiver, name, args, kwargs):
            return f"({bracketed(receiver)}).{name}({listed(args, kwargs)})"
        case Comprehension(element, loops, bare):
            inner = f"{bracketed(element)} {' '.join(map(loop, loops))}"
            return inner if bare else f"[{inner}]"
        case _:
            return simple(code)


def simple(code: Any) -> str:
    match code:
        case Attribute(owner, name):
            return attribute(f"({bracketed(owner)})", name)
        case Many(items):
            return f"[{listed(items, ())}]"
        case Tuple(items):
            return f"({''.join(f'{bracketed(item)}, ' for item in items)})"
        case Mapping(pairs):
            return f"{{{', '.join(f'{literal(key)}: {bracketed(value)}' for key, value in pairs)}}}"
        case Starred(value):
            return f"*({bracketed(value)})"
        case Numbered(head, number, tail):
            return numbered(head, bracketed(number), tail)
        case Subscript(receiver, items):
            return f"({bracketed(receiver)})[{', '.join(map(item, items))}]"
        case Fixed(value):
            return f"({literal(value)})"
        case Global(name) | Variable(name):
            return str(name)
    raise AssertionError(code)


def loop(each: Loop) -> str:
    targets = {("k",): "k", ("a", ("b", "c")): "a, (b, c)"}[each.targets]
    return f"for {targets} in {bracketed(each.iterable)}{''.join(f' if {bracketed(c)}' for c in each.conditions)}"


def item(code: Any) -> str:
    if not isinstance(code, Range):
        return bracketed(code)
    return ":".join("" if bound is None else bracketed(bound) for bound in (code.start, code.stop, code.step))


def listed(args: Any, kwargs: Any) -> str:
    return ", ".join([*map(bracketed, args), *(f"{key}={bracketed(value)}" for key, value in kwargs)])


def meaning(text: str) -> str:
    return ast.dump(ast.parse(text, mode="eval"))


@given(WRITTEN)
def test_python_reads_the_tree_that_was_written(code: Code) -> None:
    assert meaning(shown(code)) == meaning(bracketed(code))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (Infix("-", X, Infix("-", X, Fixed(1))), "x - (x - 1)"),
        (Infix("-", Infix("-", X, Fixed(1)), X), "x - 1 - x"),
        (Infix("*", Infix("+", X, Fixed(1)), Infix("**", X, Prefix("-", X))), "(x + 1) * x**-x"),
        (Infix("**", Infix("**", X, Fixed(2)), Fixed(3)), "(x**2) ** 3"),
        (Infix("**", Attribute(SELF, "eps"), Fixed(-0.5)), "self.eps**-0.5"),
        (Infix("**", Subscript(X, (Fixed(0),)), Y), "x[0] ** y"),
        (Infix("**", X, Call("f", (Y,))), "x ** f(y)"),
        (Infix("+", X, Fixed(1e-05)), "x + 1e-05"),
        (Infix("*", X, Fixed(-1e-05)), "x * -1e-05"),
        (Method(Fixed(2.0), "hex"), "(2.0).hex()"),
        (Infix("<", Infix("<", X, Fixed(2)), Fixed(3)), "(x < 2) < 3"),
        (Infix("<", Infix("+", X, Fixed(2)), Infix("|", X, X)), "x + 2 < x | x"),
        (Infix("and", Infix("or", X, Y), Prefix("not", Relation(X, (("is", NONE),)))), "(x or y) and not x is None"),
        (Conditional(X, Conditional(Y, X, NONE), NONE), "(x if y else None) if x else None"),
        (Apply(Conditional(X, Global("nn.ReLU"), Global("nn.GELU")), ()), "(nn.ReLU if x else nn.GELU)()"),
        (Method(Method(X, "a"), "b", (Fixed(1),)), "x.a().b(1)"),
        (Global("torch.float32"), "torch.float32"),
        (Call("torch.cat", (), (("dim", Fixed(1)),)), "torch.cat(dim=1)"),
        (
            Subscript(X, (Range(), Range(Fixed(1)), Range(None, Fixed(-2)), Range(None, None, Fixed(2)))),
            "x[:, 1:, :-2, ::2]",
        ),
        (Apply(Subscript(Attribute(SELF, "m"), (Fixed("a"),)), (X, Many((X, X)))), 'self.m["a"](x, [x, x])'),
        (Comprehension(X, (Loop(("_",), Call("range", (Fixed(3),))),)), "[x for _ in range(3)]"),
        (Mapping((("a-b", X),)), '{"a-b": x}'),
        (Tuple((X,)), "(x,)"),
    ],
)
def test_no_bracket_is_idle(code: Code, text: str) -> None:
    assert shown(code) == text


def test_how_arguments_break_over_lines() -> None:
    long = Variable("x" * 60)
    filled, sole = Call("f", (long, long)), Call("f", (Call("g", (long, long)),), (), "sole")
    assert render("", printed(filled), 0) == ["f(", f"    {long.name},", f"    {long.name},", ")"]
    assert render("", printed(sole), 0)[-2:] == ["    )", ")"]
    assert render("", printed(Call("f", (), (("a", X), ("b", Y)), "exploded")), 0) == [
        "f(",
        "    a=x,",
        "    b=y,",
        ")",
    ]
    # a generator without brackets of its own takes no comma
    bare = Comprehension(long, (Loop(("k",), long),), bare=True)
    assert render("", printed(Call("f", (bare,))), 0) == ["f(", f"    {long.name}", f"    for k in {long.name}", ")"]


@pytest.mark.parametrize("hole", [In(0), Arg(1), Like("dtype"), Self(), AddInto(0)])
def test_a_hole_has_no_text(hole: Code) -> None:
    with pytest.raises(AssertionError, match="a hole"):
        shown(Call("f", (hole,)))


@pytest.mark.parametrize(
    "code",
    [
        Variable("x; import os"), Global("torch.x()"), Call("f(1)."), Method(X, "a b"), Call("f", (), (("a-b", X),)),
        Variable("class"), Variable("\ufb01"), Comprehension(X, (Loop(("a b",), X),)),
    ],
)  # fmt: skip
def test_what_is_no_name_is_not_written_as_one(code: Code) -> None:
    with pytest.raises(AssertionError, match="no name"):
        shown(code)
