"""Formulas and constants of a spec turned into ops: names resolved, numbers folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any, TypeGuard

from archdsl.document.substitution import Text
from archdsl.elaboration.elements import ElementTree, check_extent
from archdsl.elaboration.fields import formula_text, freeze, shapes_read
from archdsl.elaboration.frames import Frame, PathError, find, type_at
from archdsl.elaboration.knowing import name_places, unknown_name
from archdsl.elaboration.placing import read
from archdsl.elaboration.sources import around
from archdsl.elaboration.unfound import unknown_path
from archdsl.expressions import Expression, ExpressionError, parse_formula
from archdsl.expressions.tokens import candidates
from archdsl.expressions.tree import Binary, Call, Choice, Compare, Literal, Logic, Name, Unary, literal_of
from archdsl.expressions.walking import free_names, reads, rebuild, substitute, walk
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Env, Value
from archdsl.ops.formula import ELEMENTWISE, check_formula
from archdsl.shapes import Symbolic, evaluate


def _check_paths(text: str, frame: Frame) -> None:
    """Refuses paths that begin with a node and then lead nowhere. Raises PathError with offsets, FollowOn."""
    for start, ends in candidates(text):
        path = text[start : ends[0]]
        head = path.partition(".")[0]
        if "." not in path or find(frame, head) is None:
            continue
        known = next((e for e in ends if find(frame, text[start:e]) is not None), start)
        rest = text[known : ends[0]].lstrip(".")
        if rest and rest.partition(".")[0] != "shape":
            error = unknown_path(frame, path)
            error.fault = error.fault._replace(notes=())  # the nodes that are near are named in the hint
            error.move(start, ends[0])
            raise error


def formula_reads(text: str, frame: Frame) -> tuple[Expression, tuple[str, ...], tuple[Value, ...]]:
    """A formula parsed, the paths of the nodes that it reads and their tensors.

    Raises ExpressionError and PathError with offsets in the text, and FollowOn.
    """
    if "." in text:
        _check_paths(text, frame)
    try:
        expression = parse_formula(text, lambda path: find(frame, path) is not None)
    except ExpressionError as error:
        if error.call is not None:
            from archdsl.ops.othernames import call_hint

            error.advise(call_hint(error.call) or error.hint)
        raise
    if ".shape" in text:
        expression = Expression(text, shapes_read(expression.tree, lambda path: type_at(frame, path)))
    places = name_places(expression.tree)
    tensors = tuple(n for n in sorted(expression.names, key=places.__getitem__) if find(frame, n) is not None)
    values = tuple(_operand(expression, path, frame) for path in tensors)
    for path in sorted(expression.names, key=places.__getitem__):
        if _means_nothing(path, frame):
            raise _placed(unknown_path(frame, path), expression, path)
    check_formula(expression, frozenset(tensors))
    if not tensors and any(map(frame.env.may_miss, expression.names)):
        raise FollowOn
    if not tensors:
        raise _no_tensor(text)
    return expression, tensors, values


def _means_nothing(path: str, frame: Frame) -> bool:
    """Whether a name of a formula is neither a node's nor a value's, and none that could not be read."""
    return path not in frame.env and find(frame, path) is None and not frame.env.may_miss(path)


def _operand(expression: Expression, path: str, frame: Frame) -> Value:
    try:
        return read(frame, path)
    except PathError as error:
        raise _placed(error, expression, path) from None


def _placed(error: PathError, expression: Expression, path: str) -> PathError:
    """The same error at the path's place in the formula."""
    start = name_places(expression.tree)[path]
    error.move(start, start + len(path))
    return error


def bind_values(expression: Expression, tensors: Mapping[str, int], env: Env, sizes: Mapping[str, int]) -> Any:
    """The formula's tree: tensors named by their input's index, other names and sums of numbers folded.

    What only the run knows is tried with the sample `sizes` of dimensions.
    Raises ExpressionError for a name that is neither a node nor a value.
    """
    replaced: dict[str, Any] = {name: Name(str(index)) for name, index in tensors.items()}
    replaced |= _literals(_values(expression, expression.names - tensors.keys(), env))
    tree = fold(substitute(expression.tree, replaced), frozenset(str(i) for i in tensors.values()), sizes)
    if not free_names(tree):
        raise _no_tensor(expression.text)
    return tree


def _no_tensor(text: str) -> ExpressionError:
    return ExpressionError(
        "a formula reads at least one node", 0, len(text),
        "for a tensor of numbers, use `{op: constant, shape: …, value: …}`",
    )  # fmt: skip


def _values(expression: Expression, names: Set[str], env: Env) -> dict[str, Any]:
    """What names mean that are no nodes. Raises ExpressionError for one that means nothing."""
    for name in sorted(names):
        if name not in env and not env.may_miss(name):
            raise unknown_name(expression, name, env)
    return {name: env[name] for name in names}


def _literals(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: literal_of(value) for name, value in values.items()}


def bind_constant(
    raw: Any, index: tuple[str, ...], env: Env, sizes: Mapping[str, int], elements: Mapping[str, ElementTree],
    known: dict[Any, Any],
) -> Any:  # fmt: skip
    """A constant's element; `sizes` as above, `elements` are those of its derived values.

    What is made of the same values once more is found in `known`, which is the template's. Raises ExpressionError.
    """
    if not isinstance(raw, str):
        return literal_of(raw if not isinstance(raw, list) else tuple(raw))
    expression = parse_formula(raw, lambda _: False)
    check_extent(expression, elements)
    put_in = {name: elements[name].tree for name in expression.names if name in elements}
    values = _values(expression, expression.names - {*index} - put_in.keys(), env)
    key = (raw, index, freeze(values), *put_in.values())
    if key not in known:
        tree = substitute(expression.tree, put_in | _literals(values))
        check_formula(Expression(expression.text, tree), frozenset(index))
        known[key] = fold(tree, frozenset(index), sizes)
    return known[key]


def fold(tree: Any, tensors: frozenset[str], sizes: Mapping[str, int]) -> Any:
    """The tree with every part that no tensor enters computed."""
    if isinstance(tree, Literal | Name):
        return tree
    if not reads(tree, tensors):
        return _folded(tree, sizes)
    rest = _decided(rebuild(tree, lambda child: fold(child, tensors, sizes)))
    # a choice may have left the only part that a tensor enters
    return rest if reads(rest, tensors) else _folded(rest, sizes)


def _folded(tree: Any, sizes: Mapping[str, int]) -> Any:
    """A part that no tensor enters, computed as far as it is known before the run. Raises ExpressionError."""
    if isinstance(tree, Literal):
        return tree
    try:
        return literal_of(Expression("", tree).evaluate({}))
    except ExpressionError:
        if not isinstance(tree, _ARITHMETIC) and not _is_elementwise(tree):
            raise
        parts = rebuild(tree, lambda child: _folded(child, sizes))
        asked = [part.value for part in walk(parts) if isinstance(part, Literal) and isinstance(part.value, Symbolic)]
        if not asked or not isinstance(_at_sample(parts, asked, sizes), int | float):
            raise
        return _decided(parts)


def _at_sample(tree: Any, asked: list[Symbolic], sizes: Mapping[str, int]) -> Any:
    """The value at the sample sizes; what has none there is told as that. Raises ExpressionError."""
    try:
        return Expression("", _sampled(tree, sizes)).evaluate({})
    except ExpressionError as error:
        names = sorted({name for size in asked for name in size.names})
        error.advise(error.hint or f"the sample sizes are {', '.join(f'{name} = {sizes[name]}' for name in names)}")
        raise


_ARITHMETIC = Unary | Binary | Compare | Logic | Choice
"""What stays as it is written, over sizes that only the run knows; elementwise functions do, too."""


def _is_elementwise(tree: Any) -> bool:
    if not isinstance(tree, Call) or tree.function not in ELEMENTWISE:
        return False
    return len(tree.arguments) > 1 or tree.function not in ("min", "max")


def _sampled(tree: Any, sizes: Mapping[str, int]) -> Any:
    """The tree at the sample sizes."""
    if isinstance(tree, Literal) and isinstance(tree.value, Symbolic):
        return Literal(evaluate(tree.value, sizes), start=tree.start, end=tree.end)
    return rebuild(tree, lambda child: _sampled(child, sizes))


def _decided(tree: Any) -> Any:
    """The tree without the choices that numbers have made."""
    if isinstance(tree, Choice) and _is_known(tree.condition):
        return tree.then if tree.condition.value else tree.otherwise
    if not isinstance(tree, Logic):
        return tree
    if any(_is_known(part) and bool(part.value) == (tree.word == "or") for part in tree.parts):
        return Literal(tree.word == "or")
    parts = tuple(part for part in tree.parts if not _is_known(part))
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Compare) else Logic(tree.word, parts)


def _is_known(tree: Any) -> TypeGuard[Literal]:
    return isinstance(tree, Literal) and isinstance(tree.value, bool | int | float)


def formula_mistakes(text: Text, frame: Frame) -> Iterator[ExpressionError | PathError]:
    """What is wrong with the names of a formula of which not every one has a value, each once."""
    try:
        formula = formula_text(text, around(frame.env))
        expression = parse_formula(formula.text, lambda path: find(frame, path) is not None)
    except (ExpressionError, FollowOn):
        return
    for path, start in name_places(expression.tree).items():
        if path in expression.names and _means_nothing(path, frame):
            try:
                error = unknown_path(frame, path)
            except FollowOn:
                continue
            error.move(*formula.written(start, start + len(path)))
            yield error
