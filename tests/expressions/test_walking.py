"""What a tree of an expression holds, and the tree over other parts."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from archdsl.expressions import parse
from archdsl.expressions.tree import Name, Tree
from archdsl.expressions.walking import children, free_names, reads, rebuild, walk
from tests.expressions.test_tree import EXPRESSIONS

TREES = st.one_of(
    EXPRESSIONS,
    st.sampled_from(["a[b:c:1]", "a[:b]", "xs[a].k", "0 < a <= b", "(a, [b])", "[a + c for a, (b, _) in xs if b > a]"]),
).map(lambda text: parse(text).tree)


def everything(tree: Tree) -> Iterator[Tree]:
    yield tree
    for child in children(tree):
        yield from everything(child)


@given(TREES)
def test_a_walk_goes_through_all_as_it_is_written(tree: Tree) -> None:
    found = [*walk(tree)]
    assert found == [*everything(tree)]
    named = [part.start for part in found if isinstance(part, Name)]
    assert named == sorted(named)


@given(TREES)
def test_children_are_what_a_tree_is_rebuilt_over(tree: Tree) -> None:
    seen: list[Tree] = []

    def kept(child: Tree) -> Tree:
        seen.append(child)
        return child

    assert rebuild(tree, kept) == tree
    assert seen == [*children(tree)]


@given(TREES)
def test_names_that_no_comprehension_binds_are_free(tree: Tree) -> None:
    names = {part.name for part in walk(tree) if isinstance(part, Name)}
    assert free_names(tree) <= names
    assert all(reads(tree, frozenset({name})) == (name in free_names(tree)) for name in names)


def test_what_a_loop_binds_is_free_before_it() -> None:
    assert parse("[a for a in a]").names == {"a"}
    assert parse("[a + b for a in xs if a > c for b in a]").names == {"xs", "c"}
