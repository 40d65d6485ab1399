"""How values of an annotated type are written as JSON and read back: one codec for every kind of annotation.

What is read is a stranger's: nothing but the types that the annotations name is ever made, and whatever else stands
there is a GraphError with its path. `book` is what references are looked up in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from inspect import Parameter, signature
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from archdsl.faults.code import Code
from archdsl.ir.exchange.error import GraphError, unexpected
from archdsl.limits import MAX_INT
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import quoted

Json: TypeAlias = Any
"""What `json` makes of a text: None, bool, int, float, str, list or dict."""


class Codec(NamedTuple):
    """How values of one type are written and read."""

    wanted: str
    """What is expected, in words for the user."""
    kinds: tuple[type, ...]
    """Of JSON, as what a value may stand there."""
    holds: Callable[[Any], bool]
    """Whether a value is of the type, where an annotation allows several."""
    write: Callable[[Any, Any], Json]
    """The value, and the book."""
    read: Callable[[Json, Any], Any]
    """What stands there, and the book. Raises GraphError."""


class FieldCodec(NamedTuple):
    """A field of a class."""

    name: str
    codec: Codec
    default: Any
    """What it is where nothing is written; `REQUIRED` for none."""

    def is_left_out(self, value: Any) -> bool:
        if isinstance(value, Mapping) and isinstance(self.default, Mapping):
            return not value and not self.default
        return type(value) is type(self.default) and bool(value == self.default)


REQUIRED: Final = Parameter.empty
_FEW: Final = 20
"""Classes that are all named where another one stands."""


class Codecs:
    """The codec of every annotation: `special` are those that are given, the others are worked out.

    `names` are what annotations name that their module does not import.
    """

    def __init__(self, special: Mapping[Any, Codec], names: Mapping[str, Any]) -> None:
        self.special = dict(special)
        self._names = dict(names)

    def of(self, annotation: Any) -> Codec:
        """Raises TypeError for an annotation that nothing can be read by."""
        if (known := self._special(annotation)) is not None:
            return known
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._annotated(args[0], args[1:])
        if origin in (Union, UnionType):
            return one_of([self.of(each) for each in args])
        if origin in _CONTAINERS:
            return _CONTAINERS[origin](self, args)
        if origin is None and isinstance(annotation, type):
            if issubclass(annotation, Enum):
                return _enum(annotation)
            return self.record(annotation)
        raise TypeError(f"nothing says how {annotation} is written")

    def _annotated(self, inner: Any, metadata: tuple[Any, ...]) -> Codec:
        known = (codec for each in metadata if (codec := self._special(each)) is not None)
        return next(known, None) or self.of(inner)

    def _special(self, annotation: Any) -> Codec | None:
        try:
            return self.special.get(annotation)
        except TypeError:  # it cannot be hashed, so it is none of those
            return None

    def record(self, kind: type) -> Codec:
        """An object with a key for every field; those with their default value are left out."""
        parts = self.parts(kind)
        return Codec(
            "an object",
            (dict,),
            lambda value: isinstance(value, kind),
            lambda value, book: write_parts(parts, value, book),
            lambda data, book: kind(**read_parts(parts, data, book)),
        )

    def parts(self, kind: type, without: Iterable[str] = ()) -> tuple[FieldCodec, ...]:
        """The fields of a class, in order, as its annotations or those of its constructor have them."""
        declared = dataclasses.is_dataclass(kind) or issubclass(kind, tuple | BaseModel)
        hints = get_type_hints(kind if declared else vars(kind)["__init__"], localns=self._names, include_extras=True)
        left_out = {*without}
        fields = ((name, default) for name, default in _defaults(kind).items() if name not in left_out)
        return tuple(FieldCodec(name, self.of(hints[name]), default) for name, default in fields)


def write_parts(parts: Sequence[FieldCodec], value: Any, book: Any) -> dict[str, Json]:
    """The fields of a value by name, but for those with their defaults."""
    values = ((part, getattr(value, part.name)) for part in parts)
    return {part.name: part.codec.write(each, book) for part, each in values if not part.is_left_out(each)}


def read_parts(parts: Sequence[FieldCodec], data: Json, book: Any, also: Iterable[str] = ()) -> dict[str, Any]:
    """The fields that are written, by name. Raises GraphError; keys of `also` belong to somebody else."""
    if not isinstance(data, dict):
        raise unexpected("an object", data)
    known = {part.name: part for part in parts}
    others = {*also}
    for key in data:
        if key not in known and key not in others:
            hint = did_you_mean(key, known) or f"the keys here are {', '.join((*known, *others))}"
            raise GraphError("unknown key", hint, Code.UNKNOWN_KEY).within(key)
    missing = next((part for part in parts if part.default is REQUIRED and part.name not in data), None)
    if missing is not None:
        raise GraphError(f"`{missing.name}` is missing", f"expected {missing.codec.wanted}", Code.MISSING_FIELD)
    return {key: read_at(key, known[key].codec, value, book) for key, value in data.items() if key in known}


def read_at(step: str | int, codec: Codec, data: Json, book: Any) -> Any:
    """What stands at a step. Raises GraphError with the step in its path."""
    try:
        return codec.read(data, book)
    except GraphError as error:
        raise error.within(step) from None


def _defaults(kind: type) -> dict[str, Any]:
    """The fields that a class is made from, each with its default."""
    if dataclasses.is_dataclass(kind):
        return {field.name: _default(field) for field in dataclasses.fields(kind)}
    if issubclass(kind, BaseModel):
        return {name: REQUIRED if info.is_required() else info.default for name, info in kind.model_fields.items()}
    made = signature(kind).parameters.values()
    return {each.name: each.default for each in made if each.kind is not Parameter.KEYWORD_ONLY}


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return REQUIRED if field.default is dataclasses.MISSING else field.default


# --- numbers, texts, words ------------------------------------------------------------------------


def plain(kind: type, wanted: str) -> Codec:
    """A value that JSON has itself."""

    def read(data: Json, book: Any) -> Any:
        if type(data) is not kind:
            raise unexpected(wanted, data)
        return data

    return Codec(wanted, (kind,), lambda value: type(value) is kind, lambda value, book: value, read)


def _read_int(data: Json, book: Any) -> int:
    if type(data) is not int or abs(data) > MAX_INT:
        raise unexpected("a whole number", data)
    return data


def write_float(value: float, book: Any) -> Json:
    """A number; JSON has none that is infinite."""
    return float(value) if isfinite(value) else {"float": repr(float(value))}


def read_float(data: Json, book: Any) -> float:
    """What `write_float` writes, and whole numbers. Raises GraphError."""
    if type(data) is int and abs(data) <= MAX_INT:
        return float(data)
    if isinstance(data, dict) and [*data] == ["float"] and data["float"] in _INFINITE:
        return float(data["float"])
    if type(data) is not float:
        raise unexpected("a number", data)
    return data


_INFINITE: Final = ("inf", "-inf", "nan")
TEXT: Final = plain(str, "text")
NULL: Final = plain(NoneType, "null")
TRUTH: Final = plain(bool, "true or false")
WHOLE: Final = Codec("a whole number", (int,), lambda value: type(value) is int, lambda value, book: value, _read_int)
NUMBER: Final = Codec("a number", (int, float, dict), lambda value: isinstance(value, float), write_float, read_float)
PLAIN: Final[dict[Any, Codec]] = {str: TEXT, NoneType: NULL, bool: TRUTH, int: WHOLE, float: NUMBER}


def _enum(kind: type[Enum]) -> Codec:
    words = {each.value: each for each in kind}
    return Codec(
        quoted(words, " or "),
        (str,),
        lambda value: isinstance(value, kind),
        lambda value, book: value.value,
        lambda data, book: words[_word(data, tuple(words))],
    )


def _word(data: Json, words: tuple[Any, ...]) -> Any:
    if not any(type(data) is type(word) and data == word for word in words):
        hint = did_you_mean(data, [each for each in words if isinstance(each, str)]) if isinstance(data, str) else None
        raise unexpected(quoted(words, " or "), data, hint, Code.BAD_VALUE)
    return data


# --- what holds others ----------------------------------------------------------------------------


def one_of(codecs: Sequence[Codec]) -> Codec:
    """A value of one of several types."""
    codecs = list({id(codec): codec for codec in codecs}.values())
    if len(codecs) == 1:
        return codecs[0]
    wanted = " or ".join(codec.wanted for codec in codecs)

    def write(value: Any, book: Any) -> Json:
        fitting = (codec for codec in codecs if codec.holds(value))
        if (codec := next(fitting, None)) is None:
            raise TypeError(f"a graph has {value!r} where it should have {wanted}")
        return codec.write(value, book)

    def read(data: Json, book: Any) -> Any:
        fitting = [codec for codec in codecs if type(data) in codec.kinds]
        failed = None
        for codec in fitting:
            try:
                return codec.read(data, book)
            except GraphError as error:
                failed = error if failed is None or len(error.path) > len(failed.path) else failed
        raise failed if failed is not None and (failed.path or len(fitting) == 1) else unexpected(wanted, data)

    kinds = tuple({kind: None for codec in codecs for kind in codec.kinds})
    return Codec(wanted, kinds, lambda value: any(codec.holds(value) for codec in codecs), write, read)


def listed(items: Codec, made: Callable[[list[Any]], Any], kind: type) -> Codec:
    """A list of any length."""

    def read(data: Json, book: Any) -> Any:
        if not isinstance(data, list):
            raise unexpected("a list", data)
        return made([read_at(place, items, each, book) for place, each in enumerate(data)])

    return Codec(
        "a list",
        (list,),
        lambda value: isinstance(value, kind),
        lambda value, book: [items.write(each, book) for each in value],
        read,
    )


def fixed(items: Sequence[Codec]) -> Codec:
    """A tuple of so many values."""
    wanted = f"a list of {len(items)}: {', '.join(codec.wanted for codec in items)}"

    def read(data: Json, book: Any) -> tuple[Any, ...]:
        if not isinstance(data, list) or len(data) != len(items):
            raise unexpected(wanted, data)
        return tuple(read_at(i, codec, each, book) for i, (codec, each) in enumerate(zip(items, data, strict=True)))

    return Codec(
        wanted,
        (list,),
        lambda value: isinstance(value, tuple),
        lambda value, book: [codec.write(each, book) for codec, each in zip(items, value, strict=True)],
        read,
    )


def mapping(items: Codec) -> Codec:
    """Values by name."""

    def read(data: Json, book: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise unexpected("an object", data)
        return {name: read_at(name, items, each, book) for name, each in data.items()}

    return Codec(
        "an object",
        (dict,),
        lambda value: isinstance(value, Mapping),
        lambda value, book: {name: items.write(each, book) for name, each in value.items()},
        read,
    )


def tagged(kinds: Mapping[str, Callable[[], Codec]], wanted: str, name_of: Callable[[Any], str | None]) -> Codec:
    """A value of one of several classes: an object whose only key is the class's name."""

    def write(value: Any, book: Any) -> Json:
        name = name_of(value)
        if name is None:
            raise TypeError(f"a graph has {value!r} where it should have {wanted}")
        return {name: kinds[name]().write(value, book)}

    def read(data: Json, book: Any) -> Any:
        if not isinstance(data, dict) or len(data) != 1:
            raise unexpected(f"{wanted}: an object with one key", data)
        (name,) = data
        if name not in kinds:
            hint = did_you_mean(name, kinds) or (f"there are {', '.join(kinds)}" if len(kinds) <= _FEW else None)
            raise GraphError(f"expected {wanted}, found `{name[:60]}`", hint)
        return read_at(name, kinds[name](), data[name], book)

    return Codec(wanted, (dict,), lambda value: name_of(value) is not None, write, read)


def _tuple(codecs: Codecs, args: tuple[Any, ...]) -> Codec:
    if args[-1] is ...:
        return listed(codecs.of(args[0]), tuple, tuple)
    return fixed([codecs.of(each) for each in args])


def _set(codecs: Codecs, args: tuple[Any, ...]) -> Codec:
    return listed(codecs.of(args[0]), frozenset, frozenset)._replace(write=lambda value, book: sorted(value))


def _literal(codecs: Codecs, args: tuple[Any, ...]) -> Codec:
    words = quoted(args, " or ")
    kinds = tuple({type(word): None for word in args})
    return Codec(words, kinds, lambda value: value in args, lambda v, book: v, lambda data, book: _word(data, args))


_CONTAINERS: Final[dict[Any, Callable[[Codecs, tuple[Any, ...]], Codec]]] = {
    tuple: _tuple,
    list: lambda codecs, args: listed(codecs.of(args[0]), list, list),
    frozenset: _set,
    dict: lambda codecs, args: mapping(codecs.of(args[1])),
    Mapping: lambda codecs, args: mapping(codecs.of(args[1])),
    Literal: _literal,
}
