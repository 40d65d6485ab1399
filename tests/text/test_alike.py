"""What Python takes for equal and a spec tells apart."""

from itertools import product

from archdsl.expressions.tree import Literal
from archdsl.ops.index import MaskedFill
from archdsl.text.alike import same

VALUES = (
    True,
    1,
    1.0,
    False,
    0,
    0.0,
    -0.0,
    "1",
    None,
    float("nan"),
    (1,),
    (1.0,),
    ((-0.0,),),
    ((0.0,),),
    (1, 1),
    [1],
    [2],
)


def test_each_value_is_itself_alone() -> None:
    for (i, one), (j, other) in product(enumerate(VALUES), repeat=2):
        assert same(one, other) is (i == j)
        assert (Literal(one) == Literal(other)) is (i == j)
    assert same(float("nan"), float("nan"))


def test_ops_are_told_apart_by_their_numbers() -> None:
    """They stand in one table with what their rules say."""
    numbers = (1, 1.0, 0.0, -0.0)
    ops = [MaskedFill(value=number) for number in numbers]
    assert [ops.index(MaskedFill(value=number)) for number in numbers] == [0, 1, 2, 3]
    assert len({*ops, *[MaskedFill(value=number) for number in numbers]}) == 4
    assert ops[0] != 1
