"""Holes are filled from all instances at once; nothing else of a tree changes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given

from archdsl_torch.lowering.filling import Filler
from archdsl_torch.lowering.tree import (
    AddInto,
    Apply,
    Arg,
    Attribute,
    Call,
    Code,
    Fixed,
    In,
    Infix,
    Like,
    Many,
    Method,
    Self,
    Tuple,
    Variable,
)
from tests.compiler.trees import WRITTEN

X, Y, LAYER = Variable("x"), Variable("y"), Variable("layer")


def filled(*codes: Code) -> Code:
    def value(args: Sequence[Arg], name: str) -> Code:
        return Tuple((Variable(name), *(Fixed(arg.value) for arg in args)))

    return Filler([X, Y, None], value, lambda what: Attribute(X, what), LAYER).fill(codes)


@given(WRITTEN)
def test_a_tree_without_holes_stays(code: Code) -> None:
    assert filled(code, code) == code


def test_every_hole_is_filled() -> None:
    assert filled(Infix("+", In(0), In(1))) == Infix("+", X, Y)
    assert filled(Call("f", (Like("device"),))) == Call("f", (Attribute(X, "device"),))
    assert filled(AddInto(1)) == Method(Y, "add_", (X,))


def test_values_are_those_of_all_instances_under_their_keyword() -> None:
    one, other = (Call("f", (Arg(n),), (("dim", Arg(n + 1)),)) for n in (1, 5))
    value, dim = Variable("value"), Variable("dim")
    assert filled(one, other) == Call(
        "f", (Tuple((value, Fixed(1), Fixed(5))),), (("dim", Tuple((dim, Fixed(2), Fixed(6)))),)
    )


def test_a_module_is_called() -> None:
    assert filled(Method(Self(), "__call__", (In(0), Many((In(1),))))) == Apply(LAYER, (X, Many((Y,))))
    assert filled(Method(Self(), "other", (In(0),))) == Method(LAYER, "other", (X,))
    assert filled(Method(In(0), "__call__")) == Method(X, "__call__")
