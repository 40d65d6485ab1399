"""The form of a spec file: its top-level keys and its blocks.

Nodes, shape patterns and expressions stay plain data: what they mean depends on the ops and on the
parameters, and is checked where those are known.
"""

import re
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from typing import Annotated, Any, Final, NamedTuple, TypeAlias, TypeVar, final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from archdsl.diagnostics import did_you_mean, nearest
from archdsl.positions import Path
from archdsl.unknown import UNKNOWN, Gap

_NO: Final = " that is no keyword and does not begin with `__`"


def _plain_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not iskeyword(name) and not name.startswith("__")


def _lower_case(name: str) -> str:
    if name == name.lower() and _plain_name(name):
        return name
    raise PydanticCustomError("bad-name", f"a name of lower-case letters, digits and `_`{_NO}")


def _identifier(name: str) -> str:
    if _plain_name(name):
        return name
    raise PydanticCustomError("bad-name", f"a name of letters, digits and `_`{_NO}")


def _expanded(name: str) -> str:
    """A name, or what is expanded to names later."""
    return name if is_loop(name) or "$" in name else _identifier(name)


def _version(value: object) -> object:
    if value == 1 and not isinstance(value, bool):
        return value
    raise PydanticCustomError("bad-version", "version 1 of the language")


def _nodes(value: object) -> object:
    if isinstance(value, list | dict):
        return value
    raise PydanticCustomError("wrong-type", "a mapping or a list of nodes")


def _resize_mode(value: object) -> object:
    if isinstance(value, str) and value in RESIZE_MODES:
        return value
    raise PydanticCustomError("bad-value", f"one of {', '.join(RESIZE_MODES)}")


def _long_form(value: object) -> object:
    """`bicubic` alone is `{mode: bicubic}`."""
    return {"mode": value} if isinstance(value, str) else value


def _row_count(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PydanticCustomError("bad-value", "a whole number of at least 0")


def is_loop(key: str) -> bool:
    """Whether a key is a `for` that holds further entries."""
    return key.startswith(("for ", "for("))


Identifier: TypeAlias = Annotated[str, AfterValidator(_identifier)]
Nodes: TypeAlias = Annotated[Any, AfterValidator(_nodes)]
Inputs: TypeAlias = dict[Annotated[str, AfterValidator(_expanded)], Any]
Values: TypeAlias = dict[Annotated[str, AfterValidator(_lower_case)], Any]


class _Form(BaseModel):
    """Knows all its keys. Plain data is kept as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@final
class Input(_Form):
    """The long form of an input; the short form is its shape."""

    shape: list[Any] | None = None
    dtype: str | None = None
    below: Any = None
    optional: bool = False


@final
class Block(_Form):
    """A reusable sub-graph with ports and parameters of its own."""

    inputs: Inputs | None = None
    params: Values = Field(default_factory=dict)
    let: Values = Field(default_factory=dict)
    nodes: Nodes
    outputs: Any = None
    note: str | None = None


RESIZE_MODES: Final = ("bilinear", "bicubic")


@final
class Resize(_Form):
    """How a parameter whose second last dimension is a square grid follows that grid's size."""

    mode: Annotated[Any, AfterValidator(_resize_mode)] = "bicubic"
    prefix: Annotated[Any, AfterValidator(_row_count)] = 0
    """Rows before the grid, which are kept: a class token's."""
    align_corners: bool = False


@final
class Weights(_Form):
    """What weights that others publish need to fit the network."""

    renames: dict[str, Any] = Field(default_factory=dict)
    """New names by old ones, or null for a tensor that is not needed; `*` stands for any text."""
    resize: dict[str, Annotated[Resize, BeforeValidator(_long_form)]] = Field(default_factory=dict)
    """By pattern of paths: parameters that depend on the size of the image."""


@final
class Document(_Form):
    """A spec file; after `archdsl.inherit`, with what it inherits merged in."""

    archdsl: Annotated[Any, AfterValidator(_version)]
    name: Identifier | None = None
    summary: str | None = None
    reference: str | None = None
    extends: str | None = None
    use: list[str] = Field(default_factory=list)
    params: Values = Field(default_factory=dict)
    let: Values = Field(default_factory=dict)
    inputs: Inputs | None = None
    blocks: dict[Identifier, Block] = Field(default_factory=dict)
    nodes: Nodes = Field(default=None, validate_default=False)
    outputs: Any = None
    init: dict[str, Any] = Field(default_factory=dict)
    weights: Weights = Field(default_factory=Weights)
    patch: dict[str, Any] = Field(default_factory=dict)
    note: str | None = None


TEXT_KEYS: Final = ("name", "summary", "reference", "extends", "note")
"""Top-level keys whose value is text, whatever it looks like: `reference: 1512.03385`."""


class Mistake(NamedTuple):
    """Something wrong with a document's form; `key` says that the path's last key is what is wrong."""

    code: str
    message: str
    path: Path
    key: bool = False
    hint: str | None = None
    other: "Mistake | None" = None
    """The same, told at another piece: the one to change where it stands in the file itself, and this is inherited."""
    near: str | None = None
    """The key that an unknown one may mean."""
    missing: str | None = None
    """The key that is missing."""


class Checked(NamedTuple):
    """A document with what is wrong with it."""

    document: Document | None
    mistakes: list[Mistake]
    lost: frozenset[Path]
    """The pieces that it is without since they cannot be read: what they name may be missed. `()`: any piece."""


def check(raw: Any) -> Checked:
    """The document of plain data, and what is wrong with it.

    What is wrong is left out of the document, so that the rest of the file can be checked too.
    """
    if not isinstance(raw, dict):
        hint = "a spec begins with `archdsl: 1`"
        return Checked(None, [Mistake("wrong-type", f"expected a mapping, found {kind_of(raw)}", (), hint=hint)], _NONE)
    lost: set[Path] = set()
    raw = _without_gaps(raw, lost)
    document, mistakes = _validate(Document, raw, ())
    if document is None:
        if () in lost:  # the version may be on a line that could not be read
            mistakes = [found for found in mistakes if found.code != "missing-field" or found.path]
        document, _ = _validate(Document, _mended(raw, mistakes, lost), ())
    mistakes += _inputs(raw)
    mistakes += _hidden(raw.get("params"), raw.get("let"), ())
    for name, block in _mapping(raw.get("blocks")).items():
        if isinstance(block, dict):
            mistakes += _hidden(block.get("params"), block.get("let"), ("blocks", name))
    return Checked(document, mistakes, frozenset(lost))


_NONE: Final[frozenset[Path]] = frozenset()
_NAMED: Final = ("params", "let", "inputs", "blocks", "init", "patch")


def _without_gaps(raw: dict[str, Any], lost: set[Path]) -> dict[str, Any]:
    """The data without what could not be read; parameters, derived values and inputs keep their names."""
    found = _readable(raw, (), lost, False)
    if () in lost:
        found = {key: value for key, value in found.items() if value is not None}
    for key in _NAMED:
        if isinstance(found.get(key), dict):
            found[key] = _readable(found[key], (key,), lost, key in ("params", "let", "inputs"))
    for name, block in _mapping(found.get("blocks")).items():
        inside: set[Path] = set()
        if isinstance(block, dict):
            for part in (block, *(_mapping(block.get(key)) for key in ("params", "let", "inputs"))):
                _readable(part, (), inside, False)
        if inside:
            lost.add(("blocks", name))
    if isinstance(found.get("blocks"), dict):
        found["blocks"] = {n: block for n, block in found["blocks"].items() if ("blocks", n) not in lost}
    return found


def _readable(raw: Mapping[str, Any], path: Path, lost: set[Path], keep: bool) -> dict[str, Any]:
    """A mapping's readable entries; `keep` says that a name without a value stays."""
    found = {}
    for key, value in raw.items():
        if isinstance(key, Gap):
            lost.add(path)
        elif value is UNKNOWN and not keep:
            lost.add((*path, key))
        else:
            found[key] = value
    return found


def kind_of(value: object) -> str:
    """What a value of plain data is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text `{value if len(value) <= _SHOWN else value[:_SHOWN] + '…'}`"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


_SHOWN: Final = 40
_Model = TypeVar("_Model", bound=_Form)


def _validate(model: type[_Model], raw: Any, prefix: Path) -> tuple[_Model | None, list[Mistake]]:
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        return None, _without_misspelt([_mistake(model, each, prefix) for each in details])


def _without_misspelt(mistakes: list[Mistake]) -> list[Mistake]:
    """Without the keys that are missing only since they are misspelt."""
    meant = {(*found.path[:-1], found.near) for found in mistakes if found.near is not None}
    return [found for found in mistakes if found.missing is None or (*found.path, found.missing) not in meant]


_EXPECTED: Final = {
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
}


def _mistake(model: type[_Form], found: ErrorDetails, prefix: Path) -> Mistake:
    """One of pydantic's errors, in our words."""
    kind, value = found["type"], found["input"]
    path = (*prefix, *found["loc"])
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return _unknown(_keys(model, found["loc"]), name, path)
    if kind == "missing":
        return _missing(name, path[:-1])
    if name == "[key]":
        message = f"`{value}` is no name here: expected {found['msg']}"
        return Mistake("bad-name", message, path[:-1], True, _name_hint(value, "lower" in found["msg"]))
    expected = _EXPECTED.get(kind, found["msg"])
    code = kind if kind in {"bad-name", "bad-version", "bad-value"} else "wrong-type"
    at_key = len(path) == 2 and path[0] == "blocks"  # its value is of another kind and stands below
    return Mistake(
        code, f"`{name}`: expected {expected}, found {kind_of(value)}", path, at_key, _hint(kind, name, value)
    )


def _hint(kind: str, name: str, value: Any) -> str | None:
    """What to write instead of a value of another kind."""
    if kind == "bad-name":
        return _name_hint(value, False)
    if kind == "bad-version":
        return "remove the quotes: `archdsl: 1`" if value == "1" else "this archdsl reads `archdsl: 1`"
    if kind == "dict_type" and isinstance(value, list):
        if name == "inputs":
            return f"give the input a name: `inputs: {{x: [{', '.join(map(str, value))}]}}`"
        return f"write `name: value` under `{name}`, without `-`"
    if name == "nodes" and isinstance(value, str):
        return f"a single node stands in a list: `nodes: [{value}]`"
    if name == "mode":
        return did_you_mean(str(value), RESIZE_MODES)
    return None


def _name_hint(name: Any, lower: bool) -> str | None:
    """A name of the same letters."""
    made = re.sub(r"\W+", "_", str(name), flags=re.ASCII).strip("_")
    made = made.lower() if lower else made
    made = f"{made}_" if iskeyword(made) else made
    return f"write `{made}`" if _plain_name(made) and made != name else None


def _keys(model: type[_Form], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the mapping may have in which an unknown one was found."""
    inner: type[_Form] = model
    if model is Document and len(loc) > 1:
        inner = Block if loc[0] == "blocks" else Weights if len(loc) == 2 else Resize
    return [*inner.model_fields]


def _unknown(keys: list[str], name: str, path: Path) -> Mistake:
    from archdsl.otherkeys import TOP

    meant = TOP.get(name) if len(path) == 1 else None
    hint = f"did you mean `{meant}`?" if meant else did_you_mean(name, keys) or f"the keys here are {', '.join(keys)}"
    return Mistake("unknown-key", f"unknown key `{name}`", path, True, hint, near=meant or nearest(name, keys))


def _missing(name: str, path: Path) -> Mistake:
    if name == "archdsl":
        hint = "put `archdsl: 1` first: the version of the language"
        return Mistake("missing-field", "the version of the language is missing", path, hint=hint, missing=name)
    return Mistake("missing-field", f"`{name}` is missing", path, bool(path), missing=name)


def _mended(raw: dict[str, Any], mistakes: list[Mistake], lost: set[Path]) -> dict[str, Any]:
    """The data without what is wrong with it, and with the version; what others may need is lost."""
    mended: dict[str, Any] = {"archdsl": 1, **raw}
    for found in mistakes:
        path = found.path
        inside = path[:1] == ("blocks",) and len(path) > 1
        if found.code == "unknown-key" and found.near is not None and found.near not in _around(raw, path):
            lost.add(path[:2] if inside else (*path[:-1], found.near))
            path = path[:2] if inside else path
        elif found.code != "unknown-key":
            path = path[:2] if inside else path  # a block is whole or lost
            lost.add(path)
        if path == ("archdsl",):
            mended["archdsl"] = 1
        elif path:
            _drop(mended, path)
    return mended


def _around(raw: Any, path: Path) -> Mapping[str, Any]:
    """The mapping in which the last key of a path stands."""
    for step in path[:-1]:
        raw = _mapping(raw).get(str(step))
    return _mapping(raw)


def _drop(place: Any, path: Path) -> None:
    """Takes a piece out of copies of the mappings and lists around it."""
    for step in path[:-1]:
        if not isinstance(place, dict) or not isinstance(place.get(step), dict | list):
            return
        place[step] = dict(place[step]) if isinstance(place[step], dict) else [*place[step]]
        if isinstance(place[step], list):
            del place[step]  # an item of a list that is wrong takes the list with it
            return
        place = place[step]
    if isinstance(place, dict):
        place.pop(path[-1], None)


def _inputs(raw: dict[str, Any]) -> Iterator[Mistake]:
    yield from _declared(raw.get("inputs"), ("inputs",))
    for name, block in _mapping(raw.get("blocks")).items():
        yield from _declared(_mapping(block).get("inputs"), ("blocks", name, "inputs"))


def _declared(inputs: Any, path: Path) -> Iterator[Mistake]:
    """What is wrong with the declarations of inputs, inside `for` keys too."""
    for name, entry in _mapping(inputs).items():
        at = (*path, name)
        if is_loop(name) and isinstance(entry, dict):
            yield from _declared(entry, at)
        elif entry is UNKNOWN:
            continue
        elif isinstance(entry, dict) and "nodes" in entry:
            message = f"`{name}` is a block, and blocks stand under `blocks`"
            yield Mistake("wrong-type", message, at, True, "an input is `{shape: […], dtype: …}` or a shape")
        elif isinstance(entry, dict):
            yield from _validate(Input, entry, at)[1]
        elif is_loop(name) or not isinstance(entry, list):
            hint = None if is_loop(name) else "write a shape, `[N, C, H, W]`, or `{shape: […], dtype: …}`"
            expected = "a mapping of inputs" if is_loop(name) else "a shape"
            yield Mistake("wrong-type", f"`{name}`: expected {expected}, found {kind_of(entry)}", at, hint=hint)


def _hidden(params: Any, let: Any, path: Path) -> Iterator[Mistake]:
    """Names that are a parameter and a derived value at once."""
    for name in _mapping(let):
        if name in _mapping(params):
            there = Mistake(
                "duplicate-name", f"`{name}` is derived already, by `let`", (*path, "params", name), True,
                f"set what it is derived from, or patch it: `patch: {{{'.'.join(map(str, (*path, 'let', name)))}: …}}`",
            )  # fmt: skip
            message = f"`{name}` is a parameter already"
            yield Mistake("duplicate-name", message, (*path, "let", name), True, "rename one of them", there)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
