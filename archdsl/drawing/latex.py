"""Text for LaTeX: nothing in it is a command, and pdflatex can set every character."""

from __future__ import annotations

import re
from typing import Final

_SET: Final = {
    **{each: f"\\{each}" for each in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "\N{NO-BREAK SPACE}": " ",
    "\N{MULTIPLICATION SIGN}": r"\texttimes{}",
    "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{RIGHTWARDS ARROW}": r"$\rightarrow$",
    "\N{CIRCLED PLUS}": r"$\oplus$",
    "\N{MINUS SIGN}": "$-$",
    "\N{GREEK SMALL LETTER SIGMA}": r"$\sigma$",
    "\N{PRIME}": "$'$",
    "\N{SUPERSCRIPT TWO}": r"\texttwosuperior{}",
    "\N{SQUARE ROOT}": r"$\surd$",
    "\N{INFINITY}": r"$\infty$",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{HORIZONTAL ELLIPSIS}": r"\dots{}",
}
_LIGATURE: Final = re.compile(r"(?<=([-,]))(?=\1)")
"""Between two characters that LaTeX would draw as one."""


def escaped(text: str) -> str:
    """The text as LaTeX; letters other than those of Latin-1 become `?`."""
    return "".join(map(_escaped, _LIGATURE.sub("\0", text)))


def _escaped(character: str) -> str:
    if character == "\0":
        return "{}"
    if character in _SET:
        return _SET[character]
    known = " " <= character <= "~" or ("À" <= character <= "ÿ" and character.isalpha())
    return character if known else "?"
