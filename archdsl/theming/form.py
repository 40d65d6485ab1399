"""The form of a theme file: its keys, and what their values are."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias, TypeGuard, final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from archdsl.document.model import Form
from archdsl.faults.code import Code
from archdsl.figure.palette import KINDS
from archdsl.figure.theme import USUAL_SIZE
from archdsl.limits import MAX_LABEL, MAX_PATH, MAX_THEMED

LEAST_SIZE, MOST_SIZE = 8, 36
"""Of names, in points: the smallest text is then 6 points high."""
HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
KNOWN: Final = f'a colour such as "#DCE9FB", in quotes, or one of {", ".join(KINDS)}'


def is_hex(value: object) -> TypeGuard[str]:
    """Whether it is a colour as `#rrggbb`."""
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def _text(value: object) -> object:
    """One line of text, as long as a figure has room for."""
    if isinstance(value, str) and 0 < len(value) <= MAX_LABEL and value.isprintable() and value.strip():
        return value
    raise PydanticCustomError(Code.BAD_VALUE, f"one line of text, of at most {MAX_LABEL} characters")


def _title(value: object) -> object:
    return value if value == "" else _text(value)


def _name(value: object) -> object:
    if isinstance(value, str) and 0 < len(value) <= MAX_PATH:
        return value
    raise PydanticCustomError(Code.BAD_VALUE, "a path in the network, as `layer1.0`")


def _fill(value: object) -> object:
    if is_hex(value) or value in KINDS:
        return value
    raise PydanticCustomError(Code.BAD_VALUE, KNOWN)


def _hex(value: object) -> object:
    if is_hex(value):
        return value
    raise PydanticCustomError(Code.BAD_VALUE, 'a colour such as "#4A7FC1", in quotes')


def _long_form(value: object) -> object:
    """`"#DCE9FB"` alone is `{fill: "#DCE9FB"}`."""
    return value if isinstance(value, dict) else {"fill": _fill(value)}


def _size(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and LEAST_SIZE <= value <= MOST_SIZE:
        return value
    raise PydanticCustomError(Code.BAD_VALUE, f"a number of points from {LEAST_SIZE} to {MOST_SIZE}")


def _few(value: object) -> object:
    if isinstance(value, dict | list) and len(value) > MAX_THEMED:
        raise PydanticCustomError(Code.BAD_VALUE, f"at most {MAX_THEMED} entries")
    return value


def _one_or_more(value: object) -> object:
    if isinstance(value, list) and value:
        return value
    raise PydanticCustomError(Code.BAD_VALUE, "a list of paths")


ThemeText: TypeAlias = Annotated[Any, AfterValidator(_text)]
ThemePaths: TypeAlias = Annotated[list[Annotated[Any, AfterValidator(_name)]], BeforeValidator(_few)]


@final
class ColourForm(Form):
    """The colours of a box."""

    fill: Annotated[Any, AfterValidator(_fill)]
    border: Annotated[Any, AfterValidator(_hex)] = ""
    text: Annotated[Any, AfterValidator(_hex)] = ""


@final
class ThemeForm(Form):
    """A theme file."""

    title: Annotated[Any, AfterValidator(_title)] = None
    legend: bool = False
    font_size: Annotated[Any, AfterValidator(_size)] = USUAL_SIZE
    labels: Annotated[dict[str, ThemeText], BeforeValidator(_few)] = Field(default_factory=dict)
    colours: Annotated[dict[str, Annotated[ColourForm, BeforeValidator(_long_form)]], BeforeValidator(_few)] = Field(
        default_factory=dict
    )
    hide: ThemePaths = Field(default_factory=list)
    group: Annotated[dict[ThemeText, Annotated[ThemePaths, BeforeValidator(_one_or_more)]], BeforeValidator(_few)] = (
        Field(default_factory=dict)
    )
