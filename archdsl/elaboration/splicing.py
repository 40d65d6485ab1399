"""`for` and `if` keys over nodes: the turns of a loop, and whether a group of nodes is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from archdsl.document.splices import Splice
from archdsl.document.template import IfTemplate, LoopTemplate, Template, TemplateError
from archdsl.elaboration.frames import UNDECIDED, Absent, Frame, evaluate_here
from archdsl.elaboration.mistakes import Reported
from archdsl.elaboration.sources import Turn
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn, Note
from archdsl.ir.graph import Binding, Env, LoopStep

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator


@final
class Groups:
    """Which groups of one body are there: decided once, where their first node stands."""

    def __init__(self, run: Elaborator, frame: Frame) -> None:
        self._run = run
        self._frame = frame
        self._known: dict[IfTemplate, Absent | None] = {}

    def absent(self, template: Template) -> Absent | None:
        """What leaves a node or loop of the body out; None where it is there."""
        for group in template.groups:
            if group not in self._known:
                self._known[group] = self._decided(group)
            if (absent := self._known[group]) is not None:
                return absent
        return None

    def _decided(self, group: IfTemplate) -> Absent | None:
        if group.splice is None:
            return UNDECIDED
        try:
            with self._run.mistakes.at(group, self._frame):
                return None if _turns(group.splice, self._frame) else Absent(group)
        except Reported:
            return UNDECIDED


def loop(run: Elaborator, template: LoopTemplate, frame: Frame) -> None:
    """The nodes of a `for` key, once for each turn."""
    if template.splice is None or frame.absent is UNDECIDED:
        _unknown_turn(run, template, frame)
        return
    try:
        turns = _turns_here(run, template, template.splice, frame)
    except Reported:
        _unknown_turn(run, template, frame)
        return
    if not turns and frame.absent is None:
        from archdsl.elaboration.empty_loops import check_empty

        check_empty(template, frame, run.mistakes)
    run.budget.spend("expansions", len(turns) * (1 + len(template.body)))
    env, loops = frame.env, frame.loops
    run.turning.append((template, len(turns)))
    for index, turn in enumerate(turns):
        names = {n: Binding(v, "loop") for n, v in zip(template.targets, turn, strict=True)}
        frame.env = Env(names, env, Turn(template, index))
        frame.loops = (*loops, LoopStep(run.sites.of(template), index, frame.env))
        run.body(template.body, frame, index + 1 < len(turns))
        if index == 0 and len(turns) > 1 and frame.absent is None:
            _foresee(run, template, len(turns) - 1)
    run.turning.pop()
    frame.env, frame.loops = env, loops


def _foresee(run: Elaborator, template: LoopTemplate, turns: int) -> None:
    """Refuses a loop whose other turns are sure to make too much. Raises TooLarge."""
    least = run.foreseen.of(template.body)
    run.budget.foresee("nodes", turns * least.nodes)
    run.budget.foresee("scopes", turns * least.scopes)


def loop_notes(run: Elaborator) -> tuple[Note, ...]:
    """The `for` keys around, for a message."""
    return tuple(
        Note(template.text.strip(), f"{turns:,} turns", f"line {template.home.key_span(template.path).line}")
        for template, turns in run.turning
    )


def _turns_here(run: Elaborator, template: LoopTemplate, splice: Splice, frame: Frame) -> list[tuple[Any, ...]]:
    """The turns of a loop; none where it is left out and has no turns that make sense. Raises Reported."""
    if frame.absent is not None:
        try:
            return _turns(splice, frame)
        except (TemplateError, FollowOn):
            frame.guarded.append(template)
            return []
    with run.mistakes.at(template, frame):
        for name in splice.targets:
            found = frame.env.find(name)
            if found is not None and found.kind == "loop":
                raise TemplateError(
                    Code.BAD_FOR, f"`{name}` is a loop variable already", template.path, key=True,
                    hint="call this one otherwise",
                )  # fmt: skip
        return _turns(splice, frame)


def _turns(splice: Splice, frame: Frame) -> list[tuple[Any, ...]]:
    return splice.turns(lambda expression: evaluate_here(expression, frame))


def _unknown_turn(run: Elaborator, template: LoopTemplate, frame: Frame) -> None:
    """One turn of a loop of which nobody knows what it runs over."""
    frame.maybe.append(template)
    env, frame.env = frame.env, Env({name: Binding(None, "broken") for name in template.targets}, frame.env)
    run.body(template.body, frame)
    frame.env = env
