"""Raw values of a spec, prepared once and evaluated many times.

A value becomes one of: plain data, a `Text` (a text field with `$`), an `Expression`, or a list or
mapping of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from archdsl.document.substitution import Text, TextPart, parse_text
from archdsl.document.unknown import UNKNOWN
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.expressions.tokens import check_length
from archdsl.expressions.tree import Attribute, Name, literal_of
from archdsl.expressions.tree import Sequence as List
from archdsl.expressions.walking import children, rebuild
from archdsl.faults.fault import FollowOn
from archdsl.ir.graph import Env
from archdsl.limits import current
from archdsl.ops.base import FieldSpec
from archdsl.shapes import TensorType
from archdsl.text.spelled import kind_of

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved


class ValueList(NamedTuple):
    """A list of prepared values of a text field."""

    items: tuple[Any, ...]


class ValueMap(NamedTuple):
    """A mapping of prepared values: a node template passed as an argument."""

    items: tuple[tuple[str, Any], ...]


class Spelled(NamedTuple):
    """An expression that reads the shape of a node whose path has a `$`: read when that is known."""

    text: Text
    type_of: Callable[[str], TensorType | None] | None = None


class OpName(str):
    """The name of a block in an argument, which means the block of that name where the argument is written."""

    home: Resolved

    __slots__ = ("home",)


def prepare(raw: Any, *, text: bool, words: frozenset[str] = frozenset()) -> Any:
    """A raw value ready for `evaluate`. Raises ExpressionError with offsets in the value's text."""
    if isinstance(raw, str):
        if raw in words:
            return raw
        if not text and "$" in raw and ".shape" in raw:
            return Spelled(parse_text(raw))
        return prepare_text(raw) if text or raw.startswith("$") else parse(raw)
    if isinstance(raw, Mapping):
        made = _each(raw.items(), lambda key, value: prepare(value, text=key == "op", words=words))
        return ValueMap(tuple(zip(raw, made, strict=True)))
    if isinstance(raw, list):
        return _prepare_list(raw, text, words)
    return raw


def prepare_text(raw: str) -> Any:
    text = parse_text(raw)
    return raw if text.literal is not None else text


def prepare_field(raw: Any, spec: FieldSpec) -> Any:
    """A field of an op: its type decides whether a string is text or an expression."""
    if spec.text and isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    return prepare(raw, text=spec.text, words=spec.words)


def evaluate(value: Any, env: Env) -> Any:
    """A prepared value in an environment. Raises ExpressionError, of a list for all its items that have none."""
    if isinstance(value, Expression):
        try:
            return value.evaluate(env)
        except ExpressionError as error:
            if isinstance(value.tree, List):
                _raise_all([*_of_items(value, env)] or [error])
            raise
    if isinstance(value, Text):
        return evaluate_text(value, env)
    if isinstance(value, Spelled):
        return _evaluate_spelled(value, env)
    if isinstance(value, ValueList):
        return tuple(_each(enumerate(value.items), lambda _, item: evaluate(item, env)))
    if isinstance(value, ValueMap):
        made = _each(value.items, lambda _, item: evaluate(item, env))
        return {key: item for (key, _), item in zip(value.items, made, strict=True)}
    if value is UNKNOWN:
        raise FollowOn
    return value


def _each(items: Iterable[tuple[Any, Any]], make: Callable[[Any, Any], Any]) -> list[Any]:
    """What is made of each item by its index or key. Raises ExpressionError for all that are wrong, each with where."""
    made: list[Any] = []
    errors: list[ExpressionError] = []
    for step, item in items:
        try:
            made.append(make(step, item))
        except ExpressionError as error:
            for each in (error, *error.others):
                each.steps = (step, *each.steps)
                errors.append(each)
        except FollowOn:
            if not errors:
                raise
    _raise_all(errors)
    return made


def _raise_all(errors: Sequence[ExpressionError]) -> None:
    if errors:
        first, *others = errors
        first.others = tuple(others)
        raise first


def _of_items(expression: Expression, env: Env) -> Iterator[ExpressionError]:
    """What is wrong with each item of a list that is written as one expression."""
    for item in children(expression.tree):
        try:
            evaluate(Expression(expression.text, item), env)
        except ExpressionError as error:
            yield from (error, *error.others)
        except FollowOn:
            continue


def _evaluate_spelled(value: Spelled, env: Env) -> Any:
    spelled = formula_text(value.text, env)
    try:
        expression = parse(spelled.text)
        if value.type_of is not None:
            expression = Expression(spelled.text, shapes_read(expression.tree, value.type_of))
        return expression.evaluate(env)
    except ExpressionError as error:
        error.move(*spelled.written(error.start, error.end))
        raise


def evaluate_with_shapes(value: Any, env: Env, type_of: Callable[[str], TensorType | None]) -> Any:
    """The same, where expressions may also read `x.shape` of the tensors that `type_of` knows by path."""
    try:
        return evaluate(value, env)
    except ExpressionError:
        seen = _with_shapes(value, type_of)
        if seen is value:
            raise
        return evaluate(seen, env)


def _with_shapes(value: Any, type_of: Callable[[str], TensorType | None]) -> Any:
    if isinstance(value, Expression):
        if ".shape" not in value.text:
            return value
        return Expression(value.text, shapes_read(value.tree, type_of))
    if isinstance(value, Spelled):
        return value._replace(type_of=type_of)
    if isinstance(value, ValueList):
        return ValueList(tuple(_with_shapes(item, type_of) for item in value.items))
    if isinstance(value, ValueMap):
        return ValueMap(tuple((key, _with_shapes(item, type_of)) for key, item in value.items))
    return value


def shapes_read(tree: Any, type_of: Callable[[str], TensorType | None]) -> Any:
    """The tree with the shape in place of each `x.shape` of a tensor."""
    if isinstance(tree, Attribute) and tree.name == "shape" and (path := _dotted(tree.value)) is not None:
        found = type_of(path)
        return tree if found is None else literal_of(found.shape)
    return rebuild(tree, lambda child: shapes_read(child, type_of))


def _dotted(tree: Any) -> str | None:
    """The path that a chain of names spells."""
    if isinstance(tree, Name):
        return tree.name
    if isinstance(tree, Attribute) and (owner := _dotted(tree.value)) is not None:
        return f"{owner}.{tree.name}"
    return None


def evaluate_text(text: Text, env: Env) -> Any:
    """The text with its substitutions; where it is one substitution and nothing else, its value."""
    if len(text.parts) == 1:
        return part_value(text.parts[0], env)
    parts = [str(part_value(part, env)) for part in text.parts]
    if len(parts) > _FEW:
        current().check("text", sum(map(len, parts)))
    made = "".join(parts)
    if len(made) > _FEW:
        current().check("text", len(made))
    return made


_FEW: Final = 100
"""Parts, and characters, of a text that is not worth counting."""


def part_value(part: TextPart, env: Env) -> Any:
    """One part of a text. Raises ExpressionError with offsets in the whole text."""
    if part.expression is None:
        return part.literal
    try:
        return part.expression.evaluate(env)
    except ExpressionError as error:
        # The offsets of a substitution's own text: those of the whole text begin earlier.
        error.move(part.offset + error.start, part.offset + error.end)
        raise


class FormulaPiece(NamedTuple):
    """A stretch of a formula with its `$` substituted, and where it is written."""

    start: int
    end: int
    raw_start: int
    raw_end: int
    literal: bool


class FormulaText(NamedTuple):
    """A formula with its `$` substituted."""

    text: str
    pieces: tuple[FormulaPiece, ...] = ()
    """Empty where nothing is substituted."""

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the formula stands in the source; a substitution counts as a whole."""
        if not self.pieces:
            return start, end
        touched = [p for p in self.pieces if p.start < max(end, start + 1) and start < p.end]
        if not touched:  # the end
            return self.pieces[-1].raw_end, self.pieces[-1].raw_end
        first, last = touched[0], touched[-1]
        begin = first.raw_start + (start - first.start if first.literal else 0)
        finish = last.raw_start + end - last.start if last.literal else last.raw_end
        return begin, finish


def formula_text(text: Text, env: Env) -> FormulaText:
    """A formula with its `$` substituted."""
    check_length(text.raw)
    if text.literal is not None:
        return FormulaText(text.raw)
    pieces: list[FormulaPiece] = []
    made = ""
    for part, after in zip(text.parts, (*text.parts[1:], None), strict=True):
        value = str(part_value(part, env))
        begin = part.offset if part.expression is None else text.raw.rindex("$", 0, part.offset + 1)
        finish = len(text.raw) if after is None else after.offset
        if after is not None and after.expression is not None:
            finish = text.raw.rindex("$", 0, after.offset + 1)
        pieces.append(FormulaPiece(len(made), len(made) + len(value), begin, finish, part.expression is None))
        made += value
        check_length(made)
    return FormulaText(made, tuple(pieces))


def join_items(raw: list[Any]) -> str:
    """A list as one expression's text: YAML splits `[min(a, b), 3]` into three items."""
    return "[" + ", ".join(_item_text(item) for item in raw) + "]"


def item_at(raw: list[Any], offset: int) -> tuple[tuple[int, ...], int]:
    """The item in which a place of `join_items(raw)` is, by its indices, and where that item's text begins."""
    begin = 1
    for index, item in enumerate(raw):
        end = begin + len(_item_text(item))
        if begin <= offset < end:
            inner, start = item_at(item, offset - begin) if isinstance(item, list) else ((), 0)
            return (index, *inner), begin + start
        begin = end + 2
    return (), 0


def _item_text(item: Any) -> str:
    if isinstance(item, list):
        return join_items(item)
    return item if isinstance(item, str) else repr(item)


def _prepare_list(raw: list[Any], text: bool, words: frozenset[str]) -> Any:
    if text:
        return ValueList(tuple(_each(enumerate(raw), lambda _, item: _text_item(item))))
    if any(isinstance(item, Mapping) for item in raw):
        return ValueList(tuple(_each(enumerate(raw), lambda _, item: prepare(item, text=False, words=words))))
    if all(not isinstance(item, str | list) for item in raw):
        return tuple(raw)
    return prepare(join_items(raw), text=False)


def _text_item(item: Any) -> Any:
    if isinstance(item, Mapping | list):
        hint = "a list that is worked out is written `$([… for … in …])`"
        raise ExpressionError(f"expected text, found {kind_of(item)}", hint=hint)
    return prepare(str(item), text=True)


def freeze(value: Any) -> Any:
    """The same value, hashable; what Python takes for equal and a spec tells apart stays apart.

    That is `true`, 1 and 1.0; 0.0 and -0.0; lists, tuples and mappings; two files' blocks of one name.
    """
    kind = value.__class__
    if kind is int or kind is str or value is None:
        return value
    if kind is bool or kind is float:
        return kind, repr(value)
    if isinstance(value, OpName):
        return id(value.home), str(value)
    if isinstance(value, tuple):
        return tuple([freeze(item) for item in value])
    if isinstance(value, list):
        return kind, *[freeze(item) for item in value]
    if isinstance(value, dict):
        return kind, *[(key, freeze(item)) for key, item in value.items()]
    return value
