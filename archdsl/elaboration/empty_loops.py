"""Loops that never run because they would run fewer than no times: `range(depth)` with a depth of -1.

A loop over an empty list, or `range(0)`, is an ordinary way to leave nodes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.diagnostics.diagnostic import Severity
from archdsl.elaboration.frames import place_of
from archdsl.elaboration.mistakes import traced
from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Attribute, Call, Name, Subscript, Tree
from archdsl.expressions.walking import walk
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn

if TYPE_CHECKING:
    from archdsl.document.template import LoopTemplate
    from archdsl.elaboration.frames import Frame
    from archdsl.elaboration.mistakes import Mistakes


def check_empty(template: LoopTemplate, frame: Frame, mistakes: Mistakes) -> None:
    """Tells of a loop without turns whose `range` ends below 0: a mistake where it is a value that somebody set."""
    shift = len(f"[({', '.join(template.targets)},) ")
    for call in walk(template.iterable.tree) if template.iterable is not None else ():
        if not isinstance(call, Call) or call.function != "range" or len(call.arguments) > 1:
            continue
        count = call.arguments[0]
        value = _number(count, frame)
        if value is None or value >= 0:
            continue
        span = template.home.key_within(template.path, count.start - shift, count.end - shift)
        notes, _ = traced(count, frame.env)
        plain = isinstance(count, Name | Attribute | Subscript)
        mistakes.add(
            Code.BAD_VALUE if plain else Code.UNUSED,
            f"`{to_text(count)}` is {value}, and a loop runs 0 times or more", span,
            place=place_of(frame), notes=notes, hint="0 leaves its nodes out",
            severity=Severity.ERROR if plain else Severity.WARNING,
        )  # fmt: skip


def _number(tree: Tree, frame: Frame) -> int | None:
    try:
        value = Expression("", tree).evaluate(frame.env)
    except (ExpressionError, FollowOn):
        return None
    return value if type(value) is int else None
