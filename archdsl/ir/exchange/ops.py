"""How an op is written and read: by its name, with the fields that differ from their defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, Final

from pydantic import ValidationError

from archdsl.faults.code import Code
from archdsl.ir.exchange.codec import REQUIRED, Codec, Codecs, FieldCodec, Json, read_parts, tagged
from archdsl.ir.exchange.error import GraphError, unexpected
from archdsl.ops import OPS, ops_of
from archdsl.ops.base import Op, PackageError
from archdsl.ops.extent import uncountable
from archdsl.ops.wanted import wanted
from archdsl.shapes import Dim


def any_op(codecs: Codecs) -> Codec:
    """An op: an object whose key is the op's name, with the fields that it was given."""
    return tagged(_Ops(codecs), "an op", lambda op: op.name)


_OWN: Final = ops_of("special")
"""The ops that no spec names."""


class _Ops(Mapping[str, Callable[[], Codec]]):
    """The codec of every op, made when it is first asked for."""

    def __init__(self, codecs: Codecs) -> None:
        self._made = cache(partial(_codec, codecs))

    def __getitem__(self, name: str) -> Callable[[], Codec]:
        return partial(self._made, _OWN.get(name) or OPS[name])

    def __contains__(self, name: object) -> bool:
        """Raises GraphError for an op of a package that cannot be used here."""
        try:
            return name in _OWN or (isinstance(name, str) and OPS.find(name) is not None)
        except PackageError as error:
            raise GraphError(error.message, error.hint) from None

    def __iter__(self) -> Iterator[str]:
        return iter({**_OWN, **dict.fromkeys(OPS)})

    def __len__(self) -> int:
        return len({**_OWN, **dict.fromkeys(OPS)})


def _codec(codecs: Codecs, kind: type[Op]) -> Codec:
    parts = codecs.parts(kind)
    more = codecs.of(Dim) if kind.model_config.get("extra") == "allow" else None

    def write(op: Op, book: Any) -> Json:
        given = [part for part in parts if part.name in op.model_fields_set]
        extra = op.model_extra or {}
        return {
            **{part.name: part.codec.write(getattr(op, part.name), book) for part in given},
            **({name: more.write(extra[name], book) for name in sorted(extra)} if more is not None else {}),
        }

    def read(data: Json, book: Any) -> Op:
        names = {part.name for part in parts}
        others = [] if more is None or not isinstance(data, dict) else [key for key in data if key not in names]
        dims = tuple(FieldCodec(name, more, REQUIRED) for name in others) if more is not None else ()
        return _made(kind, _fields(kind, (*parts, *dims), data, book))

    return Codec(f"the fields of `{kind.name}`", (dict,), lambda value: type(value) is kind, write, read)


def _fields(kind: type[Op], parts: tuple[FieldCodec, ...], data: Json, book: Any) -> dict[str, Any]:
    """The fields that are written. Raises GraphError, with what a field takes in the words that specs are told."""
    try:
        return read_parts(parts, data, book)
    except GraphError as error:
        if error.code is not Code.WRONG_TYPE or len(error.path) != 1 or error.path[0] not in kind.model_fields:
            raise
        field = str(error.path[0])
    raise unexpected(wanted(kind, field, data[field]), data[field]).within(field)


def _made(kind: type[Op], fields: dict[str, Any]) -> Op:
    """The op with these fields. Raises GraphError."""
    for name, value in fields.items():
        if uncountable(value) is not None:
            raise GraphError("expected whole numbers up to 2 ** 63 - 1, which torch takes").within(name)
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    steps = [step for step in first["loc"][:1] if step in kind.model_fields]
    cause = first.get("ctx", {}).get("error") if first["type"] == "value_error" else None
    if not steps or cause is not None:
        raise GraphError(str(cause or first["msg"])).within(*steps)
    field = str(steps[0])
    raise unexpected(wanted(kind, field, fields.get(field)), fields.get(field), code=Code.BAD_VALUE).within(field)
