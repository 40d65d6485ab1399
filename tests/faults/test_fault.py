"""One carrier of a mistake: what is found, moved and placed stays the same mistake."""

from __future__ import annotations

import ast
from pathlib import Path

from archdsl.document.template import located
from archdsl.elaboration.frames import PathError
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import FaultError, Note, Place
from archdsl.limits import TooLarge
from archdsl.ops.base import OpError

SOURCES = Path(__file__).parents[2] / "archdsl"


def test_an_expressions_mistake_is_the_same_at_its_place() -> None:
    error = ExpressionError("unknown name `a`", 1, 2, "did you mean `b`?", unknown="a")
    error.move(11, 12)
    found = located(error, ("nodes", "x"), key=True).fault
    assert found == error.fault._replace(place=Place(("nodes", "x"), True, (11, 12)))
    assert (found.code, found.message, found.hint, found.unknown) == (
        Code.BAD_EXPRESSION, "unknown name `a`", "did you mean `b`?", "a",
    )  # fmt: skip


def test_what_carries_a_mistake_says_it() -> None:
    notes = (Note("a", "line 1"),)
    errors: list[FaultError] = [
        PathError(Code.UNKNOWN_NODE, "no node `b`", "did you mean `a`?", notes=notes),
        OpError("no", code=Code.BAD_VALUE, field="dim", hint="yes"),
        TooLarge("too much", "less", "dim"),
    ]
    assert [str(error) for error in errors] == ["no node `b`", "no", "too much"]
    assert [error.fault.place.field for error in errors] == [None, "dim", "dim"]
    errors[0].advise("read `a`")
    errors[0].place(("nodes", "c"))
    assert errors[0].fault[2:5] == ("read `a`", Place(("nodes", "c")), notes)


def test_nothing_else_carries_a_code() -> None:
    """A class that holds a code beside its words would be a second carrier."""
    carriers = {
        node.name
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(each, ast.AnnAssign) and ast.unparse(each.target) == "code" for each in node.body)
    }
    assert carriers == {"Fault", "Diagnostic"}
