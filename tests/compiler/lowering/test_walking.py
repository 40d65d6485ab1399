"""What a tree holds, and the tree over other parts."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl_torch.lowering import tree, walking
from archdsl_torch.lowering.printing import shown
from archdsl_torch.lowering.tree import AddInto, Arg, Call, Code, Fixed, Global, In, Infix, SizeOf, Variable
from archdsl_torch.lowering.walking import global_names, leaves, parts, rebuilt, uses, variables, walk
from tests.compiler.trees import TREES, WRITTEN


def kinds(union: str) -> Iterator[type[Code]]:
    for name in union.split(" | "):
        found = getattr(tree, name)
        yield from kinds(found) if isinstance(found, str) else (found,)


def test_every_kind_of_code_has_parts() -> None:
    every = set(kinds(tree.Code))
    assert set(walking._PARTS) == every
    assert set(walking._REBUILT) == every


def everything(code: Code) -> Iterator[Code]:
    yield code
    for part in parts(code):
        yield from everything(part)


@given(TREES, st.integers(0, 1))
def test_what_a_tree_holds(code: Code, index: int) -> None:
    found = [*everything(code)]
    assert [*walk(code)] == found
    assert leaves(code) == [part for part in found if isinstance(part, Arg)]
    assert uses(code, index) == sum(part in (In(index), AddInto(1)) for part in found)


@given(TREES)
def test_a_tree_over_its_own_parts_is_itself(code: Code) -> None:
    seen: list[Code] = []

    def kept(part: Code, _: str | None) -> Code:
        seen.append(part)
        return part

    assert rebuilt(code, kept) == code
    assert seen == [*parts(code)]


@given(TREES)
def test_parts_are_put_in_the_places_of_parts(code: Code) -> None:
    count = len(parts(code))
    waiting = map(Variable, (f"v{i}" for i in range(count)))
    assert parts(rebuilt(code, lambda *_: next(waiting))) == tuple(Variable(f"v{i}") for i in range(count))


@given(WRITTEN)
def test_the_names_that_are_read_are_those_that_python_reads(code: Code) -> None:
    parsed = ast.parse(shown(code), mode="eval")
    read = {node.id for node in ast.walk(parsed) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert {*variables(code), *global_names(code)} == read - {"getattr"}


def test_numbers_that_python_spells_by_name_read_its_module() -> None:
    assert [*global_names(Fixed((1, [math.inf, "inf"])))] == ["math"]
    assert not [*global_names(Fixed((1.5, "math.inf")))]


def test_variables_are_no_names_of_the_file() -> None:
    assert [*variables(SizeOf("x", 0))] == ["x"] and [*global_names(Global("nn.ReLU"))] == ["nn"]
    code = Call("F.pad", (Variable("stageF"), Variable("_pytree")))
    assert [*global_names(code)] == ["F"] and [*variables(code)] == ["stageF", "_pytree"]


def test_equal_numbers_of_two_kinds_are_two_values() -> None:
    assert Fixed(1) != Fixed(True) and Arg(1) != Arg(1.0) and Arg(1, "a") != Arg(1, "b") and Fixed((1,)) == Fixed((1,))
    assert hash(Fixed(1)) == hash(Fixed(1)) and hash(Arg(1)) == hash(Arg(1)) and Fixed(1) != Arg(1)


@pytest.mark.parametrize("place", [0, 1])
def test_a_sum_into_an_operand_reads_both(place: int) -> None:
    assert uses(AddInto(place), 0) == uses(AddInto(place), 1) == 1
    assert AddInto(place).plain == Infix("+", In(0), In(1))
