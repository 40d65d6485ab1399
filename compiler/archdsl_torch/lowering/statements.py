"""Statements as a tree, and their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

from archdsl_torch.lowering import walking
from archdsl_torch.lowering.printing import printed, shown
from archdsl_torch.lowering.spelling import WIDTH, comment
from archdsl_torch.lowering.text import render
from archdsl_torch.lowering.tree import Code, never

Body: TypeAlias = "tuple[Statement, ...]"


@final
@dataclass(frozen=True, slots=True)
class Assign:
    """`a, b = x, y`"""

    targets: tuple[Code, ...]
    values: tuple[Code, ...]
    sign: str = "="
    annotation: Code | None = None
    remark: str = ""
    """Text of a comment after it, where it fits on the line."""


@final
@dataclass(frozen=True, slots=True)
class Effect:
    """An expression that is run for what it does."""

    value: Code


@final
@dataclass(frozen=True, slots=True)
class Return:
    """`return a, b`"""

    values: tuple[Code, ...]
    remark: str = ""
    """Text of a comment on the line before."""


@final
@dataclass(frozen=True, slots=True)
class If:
    """`if`, `elif`, …, `else`; without an `else` where nothing stands in it."""

    branches: tuple[tuple[Code, Body], ...]
    otherwise: Body = ()


@final
@dataclass(frozen=True, slots=True)
class For:
    """`for a, b in values:`"""

    targets: tuple[str, ...]
    values: Code
    body: Body


@final
@dataclass(frozen=True, slots=True)
class With:
    """`with context:`"""

    context: Code
    body: Body


@final
@dataclass(frozen=True, slots=True)
class Continue:
    """`continue`"""


Statement: TypeAlias = "Assign | Effect | Return | If | For | With | Continue"


def assign(target: Code, value: Code) -> Assign:
    return Assign((target,), (value,))


# --- lines ----------------------------------------------------------------------------------------


def lines(body: Iterable[Statement], indent: int) -> list[str]:
    """The statements as text, at this depth."""
    return [line for statement in body for line in _lines(statement, indent)]


def _lines(statement: Statement, indent: int) -> list[str]:
    space = " " * indent
    match statement:
        case Assign(targets, values, sign, annotation, remark):
            noted = "" if annotation is None else f": {shown(annotation)}"
            return _remarked(_rendered(f"{_listed(targets)}{noted} {sign} ", values, indent), remark)
        case Effect(value):
            return render("", printed(value), indent)
        case Return(values, remark):
            before = [f"{space}{comment(remark).strip()}"] if remark else []
            return [*before, *_rendered("return ", values, indent)]
        case If(branches, otherwise):
            return [
                *_branches(branches, indent),
                *([f"{space}else:", *lines(otherwise, indent + 4)] if otherwise else []),
            ]
        case For(targets, values, body):
            *head, last = render(f"for {', '.join(targets)} in ", printed(values), indent)
            return [*head, f"{last}:", *lines(body, indent + 4)]
        case With(context, body):
            return [f"{space}with {shown(context)}:", *lines(body, indent + 4)]
        case Continue():
            return [f"{space}continue"]
        case _:
            never(statement)


def _rendered(prefix: str, values: tuple[Code, ...], indent: int) -> list[str]:
    return render(prefix, printed(values[0]) if len(values) == 1 else _listed(values), indent)


def _listed(codes: tuple[Code, ...]) -> str:
    return ", ".join(map(shown, codes))


def _remarked(written: list[str], remark: str) -> list[str]:
    after = comment(remark) if remark else ""
    *head, last = written
    return [*head, last + after] if len(last) + len(after) <= WIDTH else written


def _branches(branches: tuple[tuple[Code, Body], ...], indent: int) -> Iterator[str]:
    word = "if"
    for test, body in branches:
        yield f"{' ' * indent}{word} {shown(test)}:"
        yield from lines(body, indent + 4)
        word = "elif"


# --- what stands in them --------------------------------------------------------------------------


def codes(body: Iterable[Statement]) -> Iterator[Code]:
    """The code in the statements, what is assigned to included."""
    for statement in body:
        match statement:
            case Assign(targets, values, _, annotation):
                yield from (*targets, *values)
                yield from () if annotation is None else (annotation,)
            case Effect(value):
                yield value
            case Return(values):
                yield from values
            case If(branches, otherwise):
                for test, inner in branches:
                    yield test
                    yield from codes(inner)
                yield from codes(otherwise)
            case For(_, iterable, inner) | With(iterable, inner):
                yield iterable
                yield from codes(inner)
            case Continue():
                pass
            case _:
                never(statement)


def variables(body: Iterable[Statement]) -> set[str]:
    """The variables that the statements read or assign."""
    return {name for code in codes(body) for name in walking.variables(code)}


def global_names(body: Iterable[Statement]) -> set[str]:
    """The names of the file that the statements read."""
    return {name for code in codes(body) for name in walking.global_names(code)}


def changed(body: Iterable[Statement], change: Callable[[Code], Code]) -> Body:
    """The statements with every code in them put through `change`."""
    return tuple(_changed(statement, change) for statement in body)


def _changed(statement: Statement, change: Callable[[Code], Code]) -> Statement:
    match statement:
        case Assign(targets, values, sign, annotation, remark):
            return Assign(tuple(map(change, targets)), tuple(map(change, values)), sign, annotation, remark)
        case Effect(value):
            return Effect(change(value))
        case Return(values, remark):
            return Return(tuple(map(change, values)), remark)
        case If(branches, otherwise):
            found = tuple((change(test), changed(body, change)) for test, body in branches)
            return If(found, changed(otherwise, change))
        case For(targets, values, body):
            return For(targets, change(values), changed(body, change))
        case With(context, body):
            return With(change(context), changed(body, change))
        case Continue():
            return statement
        case _:
            never(statement)
