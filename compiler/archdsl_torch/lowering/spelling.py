"""The only ways in which text of a spec, or of its caller, becomes code.

A spec is a stranger's. Its texts are names of nodes, ports, outputs and parameters, a summary, a reference,
values of fields, and what a caller sets. Each enters the printed source as a literal, a comment, a docstring
or an identifier, and cannot leave it: what would end it, break its line, move a terminal's cursor or turn the
direction of reading is escaped. `tests/compiler/test_flow.py` proves that nothing else makes code of them.
"""

from __future__ import annotations

import builtins
import math
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json import dumps
from keyword import iskeyword
from shlex import quote
from typing import Any, Final
from unicodedata import normalize

from archdsl.text.names import SOURCE_NAMES

WIDTH: Final = 110
"""Columns of the printed source."""


# --- literals -------------------------------------------------------------------------------------


def literal(value: Any) -> str:
    """A value as Python code. Raises TypeError for one that has none."""
    # a subclass may print itself as it likes
    if type(value) in (int, bool) or value is None:
        return repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "math.inf", -math.inf: "-math.inf"}.get(value, "math.nan")
    if isinstance(value, str):
        return _quoted(value)
    if type(value) is float:
        return repr(value)
    if isinstance(value, list | tuple):
        opening, closing = ("[", "]") if isinstance(value, list) else ("(", ",)" if len(value) == 1 else ")")
        return opening + ", ".join(map(literal, value)) + closing
    raise TypeError(f"no literal for {value!r}")


def _quoted(text: str) -> str:
    """A string in double quotes, as ruff writes it; whatever cannot be printed is escaped."""
    text = str.__str__(text)
    if '"' in text:
        return repr(text)
    # `repr` takes double quotes where there is a single one
    return '"' + repr("'" + text)[2:]


def text_literal(*parts: str) -> str:
    """A string of several parts."""
    return literal("".join(parts))


def numbered(head: str, number: str, tail: str) -> str:
    """An f-string that puts a number, the code `number`, between two texts."""
    first, last = (_escaped(part).replace('"', r"\"").replace("{", "{{").replace("}", "}}") for part in (head, tail))
    return f'f"{first}{{{number}}}{last}"'


# --- comments and docstrings ----------------------------------------------------------------------


def comment(text: str) -> str:
    """A comment at the end of a line."""
    return f"  # {_visible(text)}"


def docstring(*lines: Sequence[str], indent: int = 0) -> list[str]:
    """The lines of a docstring, each given in parts; a single one stands between its quotes."""
    space = " " * indent
    first, *rest = (_unquoting(_escaped(_whole("".join(parts)))) for parts in lines)
    if rest:
        return [f'{space}"""{first}', *(f"{space}{line}".rstrip() for line in rest), f'{space}"""']
    return [f'{space}"""{first}"""']


def _whole(text: str) -> str:
    """With halves of pairs of UTF-16 told by their number: Python 3.13 compiles no docstring that holds one."""
    return text.encode("utf-8", "backslashreplace").decode()


def _unquoting(line: str) -> str:
    """Without quotes that could end the docstring."""
    return line.replace('"', r"\"") if '"""' in line or line.endswith('"') else line


def sentences(*texts: str) -> list[tuple[str]]:
    """Texts as sentences, filled to lines of a docstring."""
    said = ". ".join(text.rstrip(".") for text in texts if text)
    return [(line,) for line in textwrap.wrap(f"{said}.", WIDTH)] if said else []


def command(name: str, overrides: Mapping[str, Any], outputs: Mapping[str, str], pruned: bool) -> str:
    """The command that prints this source, as a shell takes it."""
    given = [f" -p {quote(f'{key}={_yaml(value)}')}" for key, value in overrides.items()]
    paths = ",".join(path if name == path else f"{name}={path}" for name, path in outputs.items())
    given += [f" --outputs {quote(paths)}"] if paths else []
    given += [" --no-prune"] if paths and not pruned else []
    return f"archdsl source {quote(name)}{''.join(given)}"


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _escaped(text: str) -> str:
    """The inside of a string: what a backslash would start, and what cannot be printed, is escaped."""
    return _visible(text.replace("\\", r"\\"))


def _visible(text: str) -> str:
    """Text on one line that means what it shows: no control characters, no marks that turn its direction."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


# --- paths ----------------------------------------------------------------------------------------


def dotted(*parts: str) -> str:
    """A path in the network: text of the spec still, and no code."""
    return ".".join(filter(None, parts))


# --- identifiers ----------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def is_attribute(name: str) -> bool:
    """Whether code reads an attribute of this name as `x.name`; Python folds look-alikes such as `ﬁ` to `fi`."""
    return name.isidentifier() and not iskeyword(name) and normalize("NFKC", name) == name


def word(name: str) -> str:
    """Code that is a name, which nothing else becomes. Raises AssertionError."""
    assert is_attribute(name), f"no name: {name!r}"
    return name


def attribute(owner: str, name: str) -> str:
    """Code that reads a child, parameter or buffer of `owner`."""
    return f"{owner}.{name}" if is_attribute(name) else f"getattr({owner}, {_quoted(name)})"


def identifier(*parts: str, between: str = "_") -> str:
    """The text as a Python name."""
    name = normalize("NFKC", between.join(parts))
    if not name.isidentifier():
        name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in name)
    if not name.strip("_"):
        return "value"
    if not name.isidentifier() or name.startswith("__"):  # Python keeps two to itself
        name = f"_{name.lstrip('_')}"
    return f"{name}_" if iskeyword(name) else name


@lru_cache(maxsize=4096)
def argument(name: str) -> str:
    """The text as the name of a function's argument, which hides nothing that the source reads."""
    name = identifier(name)
    return f"{name}_" if name in SOURCE_NAMES else name


def output_name(text: str) -> str:
    """The text as a field of a NamedTuple, which may not begin with `_`."""
    name = identifier(text)
    return f"output{name}" if name.startswith("_") else name


def variable(*parts: str, between: str = "_") -> str:
    """The text as the name of a local variable, which hides nothing of Python's."""
    name = identifier(*parts, between=between)
    return f"{name}_" if hasattr(builtins, name) else name


def camel(text: str) -> str:
    """`conv_norm_act` -> `ConvNormAct`, `net50` -> `Net50`, `MBConv` stays."""
    parts = [part for part in identifier(text).split("_") if part]
    name = "".join(part[0].upper() + part[1:] for part in parts)
    return identifier(name if name and not name[0].isdigit() else f"Net{name}")
