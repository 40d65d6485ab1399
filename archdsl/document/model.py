"""The form of a spec file: its top-level keys and its blocks.

Nodes, shape patterns and expressions stay plain data: what they mean depends on the ops and on the
parameters, and is checked where those are known.
"""

from keyword import iskeyword
from typing import Annotated, Any, Final, TypeAlias, final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from archdsl.document.splices import is_splice
from archdsl.faults.code import Code
from archdsl.limits import MAX_NAME

LOWER_CASE: Final = "lower-case"
"""The kind of pydantic's error for a name that is to be in lower case, of which there are only keys."""
_NO: Final = " that is no keyword and does not begin with `__`"


def plain_name(name: str) -> bool:
    """Whether a name needs no changes to stand in Python."""
    return name.isascii() and name.isidentifier() and not iskeyword(name) and not name.startswith("__")


def _short(name: str) -> None:
    if len(name) > MAX_NAME:
        raise PydanticCustomError(Code.BAD_NAME, f"a name of at most {MAX_NAME} characters")


def _lower_case(name: str) -> str:
    _short(name)
    if name == name.lower() and plain_name(name):
        return name
    raise PydanticCustomError(LOWER_CASE, f"a name of lower-case letters, digits and `_`{_NO}")


def _identifier(name: str) -> str:
    _short(name)
    if plain_name(name):
        return name
    raise PydanticCustomError(Code.BAD_NAME, f"a name of letters, digits and `_`{_NO}")


def _expanded(name: str) -> str:
    """A name, or what is expanded to names later."""
    return name if is_splice(name) or "$" in name else _identifier(name)


def _version(value: object) -> object:
    if value == 1 and not isinstance(value, bool):
        return value
    raise PydanticCustomError(Code.BAD_VERSION, "version 1 of the language")


def _nodes(value: object) -> object:
    if isinstance(value, list | dict):
        return value
    raise PydanticCustomError(Code.WRONG_TYPE, "a mapping or a list of nodes")


def _resize_mode(value: object) -> object:
    if isinstance(value, str) and value in RESIZE_MODES:
        return value
    raise PydanticCustomError(Code.BAD_VALUE, f"one of {', '.join(RESIZE_MODES)}")


def _long_form(value: object) -> object:
    """`bicubic` alone is `{mode: bicubic}`."""
    return {"mode": value} if isinstance(value, str) else value


def _row_count(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise PydanticCustomError(Code.BAD_VALUE, "a whole number of at least 0")


def _empty_list() -> list[Any]:
    """Pydantic asks what a factory takes; of `list` itself that compiles Python's tokeniser at every start."""
    return []


Identifier: TypeAlias = Annotated[str, AfterValidator(_identifier)]
Nodes: TypeAlias = Annotated[Any, AfterValidator(_nodes)]
Inputs: TypeAlias = dict[Annotated[str, AfterValidator(_expanded)], Any]
Named: TypeAlias = dict[Annotated[str, AfterValidator(_lower_case)], Any]


class Form(BaseModel):
    """Knows all its keys. Plain data is kept as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


@final
class Input(Form):
    """The long form of an input; the short form is its shape."""

    shape: list[Any] | None = None
    dtype: str | None = None
    below: Any = None
    optional: bool = False


@final
class Block(Form):
    """A reusable sub-graph with ports and parameters of its own."""

    inputs: Inputs | None = None
    params: Named = Field(default_factory=dict)
    let: Named = Field(default_factory=dict)
    nodes: Nodes
    order: Any = None
    outputs: Any = None
    note: str | None = None


RESIZE_MODES: Final = ("bilinear", "bicubic")


@final
class Resize(Form):
    """How a parameter whose second last dimension is a square grid follows that grid's size."""

    mode: Annotated[Any, AfterValidator(_resize_mode)] = "bicubic"
    prefix: Annotated[Any, AfterValidator(_row_count)] = 0
    """Rows before the grid, which are kept: a class token's."""
    align_corners: bool = False


@final
class Weights(Form):
    """What weights that others publish need to fit the network."""

    renames: dict[str, Any] = Field(default_factory=dict)
    """New names by old ones, or null for a tensor that is not needed; `*` stands for any text."""
    resize: dict[str, Annotated[Resize, BeforeValidator(_long_form)]] = Field(default_factory=dict)
    """By pattern of paths: parameters that depend on the size of the image."""
    files: dict[str, Any] = Field(default_factory=dict)
    """By the path of a part: the file whose weights it begins with."""


@final
class Document(Form):
    """A spec file; after `archdsl.document.inherit`, with what it inherits merged in."""

    archdsl: Annotated[Any, AfterValidator(_version)]
    name: Identifier | None = None
    summary: str | None = None
    reference: str | None = None
    extends: str | None = None
    use: list[str] = Field(default_factory=_empty_list)
    params: Named = Field(default_factory=dict)
    let: Named = Field(default_factory=dict)
    inputs: Inputs | None = None
    blocks: dict[Identifier, Block] = Field(default_factory=dict)
    nodes: Nodes = Field(default=None, validate_default=False)
    order: Any = None
    outputs: Any = None
    features: Any = None
    init: dict[str, Any] = Field(default_factory=dict)
    freeze: list[Any] = Field(default_factory=_empty_list)
    """Patterns of paths: what is not trained."""
    weights: Weights = Weights()
    patch: dict[str, Any] = Field(default_factory=dict)
    note: str | None = None


TEXT_KEYS: Final = ("name", "summary", "reference", "extends", "note")
"""Top-level keys whose value is text, whatever it looks like: `reference: 1512.03385`."""
