"""The only ways in which text of a spec, or of its caller, becomes code.

A spec is a stranger's. Its texts are names of nodes, ports, outputs and parameters, a summary, a reference,
values of fields, and what a caller sets. Each enters the printed source as a literal, a comment, a docstring
or an identifier, and cannot leave it: what would end it, break its line, move a terminal's cursor or turn the
direction of reading is escaped. `tests/compiler/test_flow.py` proves that nothing else makes code of them.
"""

from __future__ import annotations

import builtins
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from json import dumps
from keyword import iskeyword
from shlex import quote
from typing import Any, Final, final
from unicodedata import normalize

from archdsl.elaboration.names import SOURCE_NAMES
from archdsl.expressions import Literal, Name, Tree, Unary, rebuild, to_text

WIDTH: Final = 110
"""Columns of the printed source."""


@final
class Raw:
    """A value that is code: `nn.ReLU` as an argument."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raw) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


# --- literals -------------------------------------------------------------------------------------


def literal(value: Any) -> str:
    """A value as Python code. Raises TypeError for one that has none."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "math.inf", -math.inf: "-math.inf"}.get(value, "math.nan")
    if isinstance(value, str):
        return _quoted(value)
    # a subclass may print itself as it likes
    if type(value) in (bool, int, float) or value is None:
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


# --- expressions ----------------------------------------------------------------------------------

_TEXT: Final = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_POWER: Final = re.compile(rf"{_TEXT}|(?<![\w.)\]])([\w.]+) \*\* (-?[\w.]+)(?![\w.(\[])")
"""A power of a name or number by a name or number, which ruff writes without spaces; or a text, which stays."""


def expression(tree: Tree) -> str:
    """An expression of the spec as Python code; the parser has made sure that its names are names."""
    return _POWER.sub(lambda found: f"{found[1]}**{found[2]}" if found[1] else found[0], to_text(_named(tree)))


def _named(tree: Tree) -> Tree:
    """The tree with the numbers that Python spells by name: `math.inf`, `math.pi`."""
    if not isinstance(tree, Literal):
        return rebuild(tree, _named)
    size = abs(tree.value) if isinstance(tree.value, float) else 0.0
    if size not in _CONSTANTS:
        return tree
    name = Name(_CONSTANTS[size])
    return name if tree.value > 0 else Unary("-", name)


_CONSTANTS: Final = {math.inf: "math.inf", math.pi: "math.pi"}


# --- comments and docstrings ----------------------------------------------------------------------


def comment(text: str) -> str:
    """A comment at the end of a line."""
    return f"  # {_visible(text)}"


def docstring(*lines: Sequence[str], indent: int = 0) -> list[str]:
    """The lines of a docstring, each given in parts; a single one stands between its quotes."""
    space = " " * indent
    first, *rest = (_unquoting(_escaped("".join(parts))) for parts in lines)
    if rest:
        return [f'{space}"""{first}', *(f"{space}{line}".rstrip() for line in rest), f'{space}"""']
    return [f'{space}"""{first}"""']


def _unquoting(line: str) -> str:
    """Without quotes that could end the docstring."""
    return line.replace('"', r"\"") if '"""' in line or line.endswith('"') else line


def sentences(*texts: str) -> list[tuple[str]]:
    """Texts as sentences, filled to lines of a docstring."""
    said = ". ".join(text.rstrip(".") for text in texts if text)
    return [(line,) for line in textwrap.wrap(f"{said}.", WIDTH)] if said else []


def command(name: str, overrides: Mapping[str, Any]) -> str:
    """The command that prints this source, as a shell takes it."""
    given = [f" -p {quote(f'{key}={_yaml(value)}')}" for key, value in overrides.items()]
    return f"archdsl source {quote(name)}{''.join(given)}"


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _escaped(text: str) -> str:
    """The inside of a string: what a backslash would start, and what cannot be printed, is escaped."""
    return _visible(text.replace("\\", r"\\"))


def _visible(text: str) -> str:
    """Text on one line that means what it shows: no control characters, no marks that turn its direction."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


# --- paths ----------------------------------------------------------------------------------------


def dotted(*parts: str) -> str:
    """A path in the network: text of the spec still, and no code."""
    return ".".join(part for part in parts if part)


# --- identifiers ----------------------------------------------------------------------------------


def is_attribute(name: str) -> bool:
    """Whether code reads an attribute of this name as `x.name`; Python folds look-alikes such as `ﬁ` to `fi`."""
    return name.isidentifier() and not iskeyword(name) and normalize("NFKC", name) == name


def attribute(owner: str, name: str) -> str:
    """Code that reads a child, parameter or buffer of `owner`."""
    return f"{owner}.{name}" if is_attribute(name) else f"getattr({owner}, {_quoted(name)})"


def child_of(owner: str, key: str | int) -> str:
    """Code that reads the child of a container by its name or number."""
    return f"{owner}[{literal(key)}]"


def assignment(name: str) -> str:
    """Code that begins the assignment of an attribute, by the name that `attribute` reads."""
    return f"{attribute('self', name)} = "


def keyword(name: str) -> str:
    """Code that begins a keyword argument."""
    return f"{identifier(name)}="


def identifier(*parts: str, between: str = "_") -> str:
    """The text as a Python name."""
    plain = normalize("NFKC", between.join(parts))
    name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in plain)
    if not name.strip("_"):
        return "value"
    if not name.isidentifier() or name.startswith("__"):  # Python keeps two to itself
        name = f"_{name.lstrip('_')}"
    return f"{name}_" if iskeyword(name) else name


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
