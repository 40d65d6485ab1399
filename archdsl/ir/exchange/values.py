"""How dimensions, expressions, formulas and values of any type are written and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from archdsl.expressions import Expression, parse, parse_formula, tree
from archdsl.expressions.error import ExpressionError
from archdsl.expressions.printer import to_text
from archdsl.expressions.walking import free_names, rebuild
from archdsl.faults.code import Code
from archdsl.ir.exchange.codec import (
    NULL,
    PLAIN,
    TEXT,
    TRUTH,
    WHOLE,
    Codec,
    Codecs,
    Json,
    listed,
    mapping,
    read_float,
    tagged,
    write_float,
)
from archdsl.ir.exchange.error import GraphError, unexpected
from archdsl.limits import MAX_NESTING
from archdsl.shapes import Symbolic, symbol
from archdsl.text.spelled import quoted

# --- dimensions and expressions -------------------------------------------------------------------


class _Sizes(Mapping[str, Symbolic]):
    """Every name of a size, which is upper case, with its symbol."""

    def __getitem__(self, name: str) -> Symbolic:
        if not name[:1].isupper():
            raise KeyError(name)
        return symbol(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name[:1].isupper()

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _dimension(data: Json, book: Any) -> Symbolic:
    if type(data) is not str:
        raise unexpected(_DIMENSION, data)
    try:
        value = parse(data).evaluate(_Sizes())
    except ExpressionError as error:
        raise GraphError(f"expected {_DIMENSION}: {error.message}", error.hint, error.code) from None
    if not isinstance(value, Symbolic):
        raise unexpected(_DIMENSION, data)
    return value


def _expression(data: Json, book: Any) -> Expression:
    if type(data) is not str:
        raise unexpected("an expression", data)
    try:
        return parse(data)
    except ExpressionError as error:
        raise GraphError(f"expected an expression: {error.message}", error.hint, error.code) from None


_DIMENSION: Final = "a size as text, `N` or `H // 2`"
DIMENSION: Final = Codec(
    _DIMENSION, (str,), lambda value: isinstance(value, Symbolic), lambda value, book: str(value), _dimension
)
EXPRESSION: Final = Codec(
    "an expression as text", (str,),
    lambda value: isinstance(value, Expression), lambda value, book: value.text, _expression,
)  # fmt: skip

# --- formulas -------------------------------------------------------------------------------------

TREES: Final[dict[str, type[Any]]] = {
    "Literal": tree.Literal, "Name": tree.Name, "Unary": tree.Unary, "Binary": tree.Binary, "Compare": tree.Compare,
    "Logic": tree.Logic, "Choice": tree.Choice, "Call": tree.Call, "Attribute": tree.Attribute,
    "Item": tree.Subscript, "Slice": tree.Slice, "Sequence": tree.Sequence, "Comprehension": tree.Comprehension,
}  # fmt: skip
"""The parts of formulas by what the format calls them."""


def any_tree(codecs: Codecs) -> Codec:
    """A formula: an object whose key is the class of its outermost part."""

    def codec_of(kind: type[Any]) -> Callable[[], Codec]:
        return cache(lambda: codecs.record(kind))

    def name_of(value: Any) -> str | None:
        return next((name for name, kind in TREES.items() if type(value) is kind), None)

    found = tagged({name: codec_of(kind) for name, kind in TREES.items()}, "a formula", name_of)
    return found._replace(read=lambda data, book: book.inside(lambda: found.read(data, book)))


class LoopTarget:
    """What a loop binds: stands for an alias that means itself."""


def write_target(value: Any, book: Any) -> Json:
    """A name, or a list of targets."""
    return value if isinstance(value, str) else [write_target(each, book) for each in value]


def read_target(data: Json, book: Any) -> Any:
    """What `write_target` writes. Raises GraphError."""
    if isinstance(data, list):
        return book.inside(lambda: tuple([read_target(each, book) for each in data]))
    return TEXT.read(data, book)


def check_formula(found: tree.Tree, names: frozenset[str]) -> None:
    """Raises GraphError for what no formula that can be read has in it, and for names that are none of these.

    The grammar of formulas is the parser's: what it would read differently from how it is meant is no formula.
    """
    foreign = sorted(free_names(found) - names)
    if foreign:
        known = quoted(sorted(names)) or "none"
        raise GraphError(f"a formula reads `{foreign[0][:60]}`", f"the names here are {known}")
    meant = _named(found)
    try:
        text = to_text(meant)
        same = parse_formula(text, lambda path: False).tree == meant
    except (ExpressionError, RecursionError) as error:
        raise GraphError(f"this is no formula: {error}") from None
    if not same:
        raise GraphError("this is no formula: what it says would be read differently")


def _named(found: tree.Tree) -> tree.Tree:
    """The formula with names for its operands and numbers: these the parser reads in their own way."""
    if isinstance(found, tree.Name):
        return tree.Name(f"operand{found.name}") if found.name.isdecimal() else found
    if isinstance(found, tree.Literal):
        return found if isinstance(found.value, str | bool | None) else tree.Name("number")
    return rebuild(found, _named)


# --- values of any type ---------------------------------------------------------------------------


_ANY: Final = (type(None), bool, int, float, str, list, dict)


def anything() -> Codec:
    """A value of a parameter or a name: what JSON has stands for itself, all else says what it is."""
    items = Codec(
        "a value", _ANY, lambda value: True, lambda value, book: _write_any(value, book, lists, others),
        lambda data, book: _read_any(data, book, lists, others),
    )  # fmt: skip
    kinds: dict[str, Callable[[], Codec]] = {
        "float": lambda: _INFINITE,
        "dim": lambda: DIMENSION,
        "tuple": lambda: listed(items, tuple, tuple),
        "mapping": lambda: mapping(items),
    }
    others = tagged(kinds, "a value", _kind)
    lists = listed(items, list, list)
    return items


def _write_any(value: Any, book: Any, lists: Codec, others: Codec) -> Json:
    if isinstance(value, float):
        return write_float(value, book)
    if value is None or type(value) in (bool, int, str):
        return value
    return (lists if isinstance(value, list) else others).write(value, book)


def _read_any(data: Json, book: Any, lists: Codec, others: Codec) -> Any:
    own = next((codec for codec in (NULL, TRUTH, WHOLE, TEXT) if codec.holds(data)), None)
    if own is not None:
        return own.read(data, book)
    if isinstance(data, float):
        return read_float(data, book)
    if not isinstance(data, list | dict):
        raise unexpected("a value", data)
    return book.inside(lambda: (lists if isinstance(data, list) else others).read(data, book))


def _kind(value: Any) -> str | None:
    """What a value that JSON does not have is called in it."""
    if isinstance(value, Symbolic):
        return "dim"
    if isinstance(value, tuple):
        return "tuple"
    if isinstance(value, dict):
        return "mapping" if all(type(key) is str for key in value) else None
    return "float" if isinstance(value, float) else None


def _read_infinite(data: Json, book: Any) -> float:
    return read_float({"float": data}, book)


_INFINITE: Final = PLAIN[float]._replace(read=_read_infinite)


class Depth:
    """How deep values stand in one another while they are read."""

    def __init__(self) -> None:
        self._depth = 0

    def inside(self, read: Callable[[], Any]) -> Any:
        """What is read one level further down. Raises GraphError beyond the depth that files may have."""
        if self._depth >= MAX_NESTING:
            raise GraphError(f"more than {MAX_NESTING} values stand in one another", code=Code.TOO_DEEP)
        self._depth += 1
        try:
            return read()
        finally:
            self._depth -= 1
