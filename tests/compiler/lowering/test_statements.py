"""Statements as lines: Python reads what was meant, and what is read is known without the lines."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from archdsl_torch.lowering.spelling import WIDTH
from archdsl_torch.lowering.statements import (
    Assign,
    Body,
    Continue,
    Effect,
    For,
    If,
    Return,
    Statement,
    assign,
    changed,
    codes,
    global_names,
    lines,
    variables,
)
from archdsl_torch.lowering.tree import NONE, SELF, Attribute, Call, Code, Fixed, Global, Many, Subscript, Variable
from tests.compiler.trees import WRITTEN

X, Y = Variable("x"), Variable("y")


def _grown(inner: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    bodies = st.lists(inner, min_size=1, max_size=2).map(tuple)
    return st.one_of(
        st.builds(If, st.lists(st.tuples(WRITTEN, bodies), min_size=1, max_size=2).map(tuple), bodies | st.just(())),
        st.builds(For, st.just(("a", "b")), WRITTEN, bodies),
    )


SIMPLE: st.SearchStrategy[Statement] = st.one_of(
    st.builds(assign, st.sampled_from([X, Attribute(SELF, "weight")]), WRITTEN),
    st.builds(Effect, WRITTEN),
    st.builds(Return, st.lists(WRITTEN, min_size=1, max_size=2).map(tuple), st.sampled_from(["", "a remark"])),
    st.just(Continue()),
)
STATEMENTS = st.recursive(SIMPLE, _grown, max_leaves=4)


def written(*body: Statement) -> str:
    return "\n".join(lines(body, 0))


@given(STATEMENTS)
def test_what_is_read_is_what_python_reads(statement: Statement) -> None:
    (loop,) = ast.parse("\n".join(["for _ in ():", *lines((statement,), 4)])).body
    assert isinstance(loop, ast.For)
    found = {node.id for each in loop.body for node in ast.walk(each) if isinstance(node, ast.Name)}
    bound = {"a", "b", "c", "k"}
    assert (variables((statement,)) | global_names((statement,))) - bound == found - bound - {"getattr"}


@given(STATEMENTS)
def test_every_code_is_put_through_a_change(statement: Statement) -> None:
    body: Body = (statement,)
    assert changed(body, lambda code: code) == body
    assert {*codes(changed(body, lambda code: NONE))} <= {NONE}


def test_statements() -> None:
    long: Code = Variable("x" * (WIDTH - 14))
    assert written(Assign((X, Y), (Y, X))) == "x, y = y, x"
    assert written(Assign((X,), (Many(()),), annotation=Subscript(Global("list"), (Global("nn.Module"),)))) == (
        "x: list[nn.Module] = []"
    )
    assert written(Assign((X,), (Many((Y,)),), "+=")) == "x += [y]"
    assert written(Assign((X,), (Y,), remark="N×3")) == "x = y  # N×3"
    assert written(Assign((X,), (long,), remark="N×300000")) == f"x = {'x' * (WIDTH - 14)}"
    assert written(Return((X, Y), "why")) == "# why\nreturn x, y"
    assert written(For(("a", "b"), Call("zip", (X, Y)), (Continue(),))) == "for a, b in zip(x, y):\n    continue"
    one, other = (X, (Effect(Call("f")),)), (Y, (assign(X, Fixed(1)),))
    assert written(If((one,))) == "if x:\n    f()"
    assert written(If((one, other), (Continue(),))) == "if x:\n    f()\nelif y:\n    x = 1\nelse:\n    continue"


def test_a_long_loop_breaks_before_its_colon() -> None:
    call = Call("zip", (Variable("x" * 60), Variable("y" * 60)))
    assert lines((For(("a",), call, (Continue(),)),), 0)[-2:] == ["):", "    continue"]
