"""Words for what varies between the instances of a class."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Env, Scope, ScopeKind
from archdsl_torch.lowering.tree import Code, Fixed, Infix, Variable
from archdsl_torch.writing.arguments import UNSET, Arguments, Atom


def arguments(count: int, *atoms: Atom) -> Arguments:
    """Of a class of so many instances, whose block has neither parameters nor ports."""
    scopes = (Scope(f"b{i}", "b", None, None, Env({}), kind=ScopeKind.BLOCK) for i in range(count))
    return Arguments(tuple(scopes), (1,) * count, atoms=[*atoms])


def test_an_argument_is_filled_in_where_it_says_something_already() -> None:
    """And one of which an instance says nothing yet is none of what it needs."""
    given = arguments(4)
    assert given.resolve([8, 16], [0, 1], "first") == Variable("first")
    assert given.resolve([8, 16, 24], [0, 1, 2], "same") == Variable("first")
    assert given.resolve([9, 32], [0, 3], "other") == Variable("other")
    apart = arguments(4)
    assert apart.resolve([8, 16], [0, 1], "first") == Variable("first")
    assert apart.resolve([24, 32], [2, 3], "second") == Variable("second")
    assert [atom.values for atom in apart.atoms] == [[8, 16, UNSET, UNSET], [UNSET, UNSET, 24, 32]]


@pytest.mark.parametrize(
    ("sizes", "wanted", "words"),
    [
        ([2, 3], [8, 12], Infix("*", Fixed(4), Variable("width"))),
        ([8, 12], [2, 3], Infix("//", Variable("width"), Fixed(4))),
        ([0, 3], [8, 12], None), ([2, 0], [8, 12], None), ([-2, 3], [8, 12], None), ([2, 3], [0, 12], None),
        ([2, 3], [8, 13], None),
    ],
)  # fmt: skip
def test_a_size_is_a_multiple_of_one_that_has_a_name(sizes: list[int], wanted: list[int], words: Code | None) -> None:
    given = arguments(2, Atom("width", sizes, size=True))
    found = given.resolve(wanted, [0, 1], "out_features")
    assert found == (Variable("out_features") if words is None else words)
