"""The names that a node alone sees: its `let`.

A derived value that reads an index of a constant is one for each element. It is no value here but a tree over the
indices, which takes the place of its name in the constant's formula.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

from archdsl.diagnostics.diagnostic import Severity
from archdsl.document.substitution import parse_text
from archdsl.document.template import NodeTemplate, TemplateError, Written
from archdsl.elaboration.elements import ElementTree, extent, is_bounded
from archdsl.elaboration.fields import evaluate_text, prepare
from archdsl.elaboration.formulas import bind_constant
from archdsl.elaboration.frames import Frame, evaluate_here
from archdsl.elaboration.mistakes import Reported
from archdsl.elaboration.sources import Own
from archdsl.elaboration.unused import words_of
from archdsl.expressions import Expression, ExpressionError, parse, parse_formula
from archdsl.expressions.tree import Tree, literal_of
from archdsl.expressions.walking import substitute
from archdsl.faults.code import Code
from archdsl.ir.graph import Binding, Env

if TYPE_CHECKING:
    from archdsl.elaboration.walk import Elaborator


def own_names(
    run: Elaborator, template: NodeTemplate, frame: Frame, again: bool = False
) -> AbstractContextManager[None]:
    """Lets a frame see what the fields of a node see; `again` says that its mistakes are told. Raises Reported."""
    return _seen(run, template, frame, again) if template.let else _NOTHING


_NOTHING: Final = nullcontext()


@contextmanager
def _seen(run: Elaborator, template: NodeTemplate, frame: Frame, again: bool) -> Iterator[None]:
    run.budget.spend("expansions", len(template.let))
    outer = frame.env
    frame.env = Env({}, outer, Own(template, {}))
    try:
        index = _index(template, outer)
        wrong = [not _derived(run, template, frame, name, index) for name in template.let]
        if any(wrong) and not again:
            raise Reported
        if not again and "read" not in template.cache:
            template.cache["read"] = True
            _warn_unread(run, template)
        yield
    finally:
        frame.env = outer


def _warn_unread(run: Elaborator, template: NodeTemplate) -> None:
    """Warns of derived values that nothing of the node reads, where the file that was asked for says them."""
    words = words_of([written.value for written in template.written.values()])
    words |= words_of(None if template.formula is None else template.formula.raw)
    words = words.union(*(words_of(each.value) - {name} for name, each in template.let.items()))
    for name, written in template.let.items():
        span = template.home.key_span(written.path)
        if name not in words and span.file == run.resolved.file:
            run.mistakes.add(
                Code.UNUSED, f"nothing of this node reads the derived value `{name}`", span,
                hint="remove it, or use it", severity=Severity.WARNING,
            )  # fmt: skip


def _index(template: NodeTemplate, env: Env) -> tuple[str, ...]:
    """The names of a constant's indices, as far as they can be read: what is wrong with them is told as a field."""
    written = template.written.get("index")
    raw = [] if written is None else written.value if isinstance(written.value, list) else [written.value]
    with suppress(ExpressionError):
        return tuple(str(evaluate_text(parse_text(str(item)), env)) for item in raw)
    return ()


def _derived(run: Elaborator, template: NodeTemplate, frame: Frame, name: str, index: tuple[str, ...]) -> bool:
    """Gives the frame one derived value; false after a mistake."""
    written, elements = template.let[name], frame.env.source.elements
    try:
        with run.mistakes.at(template, frame, written.path):
            if name in index:
                _taken(name, "an index of this node", written)
            formula = _formula(written, index, elements)
            if formula is not None:
                if name in frame.env:  # where there are no elements it would still be that
                    _taken(name, "a value already, and here one for each element", written)
                tree = bind_constant(formula.text, index, frame.env, run.applier.sizes, elements, template.cache)
                elements[name] = ElementTree(tree, *extent(formula.tree, elements))
            else:
                value = template.cache.get(("let", name))
                if value is None:
                    value = template.cache["let", name] = prepare(written.value, text=False)
                frame.env.names[name] = Binding(evaluate_here(value, frame), "let")
    except Reported:
        frame.env.names[name] = Binding(None, "broken")
        return False
    return True


def _formula(written: Written, index: tuple[str, ...], elements: Container[str]) -> Expression | None:
    """A derived value that differs from element to element. Raises ExpressionError."""
    if not index or not isinstance(written.value, str):
        return None
    formula = parse_formula(written.value, lambda _: False)
    return formula if any(name in index or name in elements for name in formula.names) else None


def _taken(name: str, what: str, written: Written) -> NoReturn:
    message, hint = f"`{name}` is {what}", "call one of them otherwise"
    raise TemplateError(Code.DUPLICATE_NAME, message, written.path, hint=hint, key=True)


def in_outer_names(template: NodeTemplate, expression: Expression | None) -> Expression | None:
    """An expression of a node with its derived values put in: in the names that are seen around the node.

    None where one of them is no expression, and for a long one.
    """
    if expression is None or not template.let:
        return expression
    known = template.cache.get("inlined")
    if known is None:
        known = template.cache["inlined"] = {}
        for name, written in template.let.items():
            known[name] = _inlined(_tree(written.value), known)
    tree = _inlined(expression.tree, known)
    return None if tree is None else Expression(expression.text, tree)


def _tree(raw: Any) -> Tree | None:
    if not isinstance(raw, str):
        return literal_of(raw) if raw is None or isinstance(raw, bool | int | float) else None
    with suppress(ExpressionError):
        return parse(raw).tree
    return None


def _inlined(tree: Tree | None, known: Mapping[str, Tree | None]) -> Tree | None:
    if tree is None or any(known.get(name, tree) is None for name in Expression("", tree).names):
        return None
    read = {name: each for name in Expression("", tree).names if (each := known.get(name)) is not None}
    sizes = {name: ElementTree(each, *extent(each, {})) for name, each in read.items()}
    return substitute(tree, read) if is_bounded(*extent(tree, sizes)) else None
