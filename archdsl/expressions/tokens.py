"""What is checked of an expression's text before Python's parser sees it, and what it gets to see.

Everything outside the language that can be told from the characters is refused here, so that the
messages are ours and have exact offsets: unknown signs, unclosed quotes and brackets, keywords.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from archdsl.expressions.error import ExpressionError
from archdsl.limits import MAX_BRACKETS, MAX_EXPRESSION
from archdsl.text.placeholders import in_expression

_STRING: Final = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
_NUMBER: Final = (
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?"
)
_TOKEN: Final = re.compile(
    rf"""(?P<space>\s+)|(?P<string>{_STRING})|(?P<number>{_NUMBER})|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<bad>:=|&&|\|\||\*\*=|//=|[-+*/%&|^]=|:=|=>|->|<>|<<|>>)"""
    r"""|(?P<sign>\*\*|//|[=!<>]=|[-+*/%<>=()\[\],.:])|(?P<other>.)""",
    re.DOTALL,
)
_PATH: Final = re.compile(rf"(?P<skip>{_STRING}|\.?[0-9](?:[eE][+-]|[\w.])*)|(?P<path>[^\W\d]\w*(?:\.\w+)*)")
_WORDS: Final = frozenset(("and", "or", "not", "in", "is", "if", "else", "for", "True", "False", "None"))
_PREFIXES: Final = frozenset(("f", "r", "b", "u", "fr", "rf", "br", "rb"))
_CLOSES: Final = {")": "(", "]": "["}
_ASSIGN: Final = "an expression only computes a value; it changes nothing"
_HINTS: Final = {
    "^": "a power is written `**`",
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "&": "write `and`",
    "|": "write `or`",
    "~": "write `not`",
    "<>": "write `!=`",
    "@": "use op `matmul`",
    "?": "write `a if condition else b`",
    ":=": "write `==` to compare; " + _ASSIGN,
    "{": "an expression stands without `{…}`; it has lists `[…]` and tuples `(…)`, and a table stands in `params`",
    "}": "only lists `[…]` and tuples `(…)` can be written; a table stands in `params`",
    "$": "an expression reads a name without `$`; `$` is for text, names and paths",
    "#": "a comment stands outside the quotes, behind the value",
    "<<": "write `* 2 ** n`",
    ">>": "write `// 2 ** n`",
}


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int

    @property
    def is_value(self) -> bool:
        """Whether an operand can end with it."""
        closing = self.text in (")", "]", "True", "False", "None")
        return closing or self.kind in ("string", "number") or (self.kind == "name" and self.text not in _WORDS)

    def error(self, message: str, hint: str | None = None) -> ExpressionError:
        return ExpressionError(message, self.start, self.end, hint)


def check_length(text: str) -> None:
    """Raises ExpressionError for a text that is too long to be one expression."""
    if len(text) > MAX_EXPRESSION:
        message = f"an expression of {len(text)} characters is too long"
        raise ExpressionError(message, 0, len(text), f"at most {MAX_EXPRESSION} are read")


def tokenise(text: str) -> list[Token]:
    """The tokens of an expression, each of them within the language.

    Raises ExpressionError for a character, keyword, quote or bracket that is not.
    """
    check_length(text)
    tokens = [
        Token(match.lastgroup or "", match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    if not tokens:
        raise ExpressionError("the expression is empty", 0, len(text))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.text in ("{", "}") and (bare := in_expression(text)) is not None:
            raise token.error(f"`{token.text}` is not allowed in an expression", bare)
        _check(token, following)
    _check_brackets(tokens)
    return tokens


def _check(token: Token, following: Token | None) -> None:
    touching = following is not None and following.start == token.end
    if token.kind in ("bad", "other"):
        raise _unknown_sign(token)
    if token.kind == "name":
        _check_name(token, following.kind == "string" if following is not None and touching else False)
    elif token.kind == "number":
        joined = following is not None and touching and (following.kind in ("name", "number") or following.text == ".")
        text, end = (token.text + following.text, following.end) if joined and following else (token.text, token.end)
        if joined or not _is_number(text):
            first, dots, last = text.partition("..")
            hint = f"the whole numbers before {last} are `range({first}, {last})`" if dots and last else None
            raise ExpressionError(f"`{text}` is not a number", token.start, end, hint)


def _is_number(text: str) -> bool:
    whole = text[:2].lower() in ("0x", "0o", "0b") or not set(text) & set(".eE")
    try:
        _ = int(text, 0) if whole else float(text)
    except ValueError:
        return False
    return True


def _check_name(token: Token, before_quote: bool) -> None:
    if before_quote and token.text.lower() in _PREFIXES:
        raise token.error(f"text with the prefix `{token.text}` is not allowed", "write plain quoted text")
    if token.text == "lambda":
        raise token.error("`lambda` is not allowed", "write the expression where it is needed, or in `let`")
    if keyword.iskeyword(token.text) and token.text not in _WORDS:
        raise token.error(
            f"`{token.text}` is one of Python's keywords and cannot be a name", f"call it `{token.text}_`"
        )
    if not token.text.isidentifier():
        raise token.error(f"`{token.text}` is not a name")


def _unknown_sign(token: Token) -> ExpressionError:
    if token.text in ("'", '"'):
        return token.error(f"the quote {token.text} is never closed")
    shown = f"`{token.text}`" if token.text.isprintable() else f"the character U+{ord(token.text):04X}"
    hint = _HINTS.get(token.text)
    if hint is None and token.text.endswith("="):
        hint = _ASSIGN
    return token.error(f"{shown} is not allowed in an expression", hint)


def _check_brackets(tokens: list[Token]) -> None:
    opened: list[Token] = []
    for token in tokens:
        if token.kind != "sign":
            continue
        if token.text in "([":
            opened.append(token)
            if len(opened) > MAX_BRACKETS:
                raise token.error("the brackets are nested too deeply")
        elif token.text in _CLOSES:
            if not opened:
                raise token.error(f"`{token.text}` closes nothing")
            if (last := opened.pop()).text != _CLOSES[token.text]:
                raise token.error(f"`{token.text}` closes `{last.text}`")
    if opened:
        raise opened[-1].error(f"`{opened[-1].text}` is never closed")


def explain(tokens: list[Token], formula: bool) -> ExpressionError:
    """Why Python's parser did not take these tokens."""
    before: Token | None = None
    for token in tokens:
        if (found := _misplaced(before, token, formula)) is not None:
            return found
        before = token
    last = tokens[-1]
    if not last.is_value:
        return last.error(f"a value is missing after `{last.text}`")
    return _explain_words(tokens)


def _misplaced(before: Token | None, token: Token, formula: bool) -> ExpressionError | None:
    if token.text == "=":
        return token.error("`=` does not compare", "write `==`")
    after_value = before is not None and before.is_value
    starts_value = token.kind in ("string", "number", "name") and token.text not in (_WORDS - {"True", "False", "None"})
    if after_value and starts_value and before is not None and (before.kind, token.kind) != ("string", "string"):
        return _unjoined(before, token, formula)
    operator = token.kind == "sign" and token.text not in "+-([])" and token.text not in ",:"
    if not after_value and (operator or token.text in ("and", "or", "if", "else", "for")):
        return _no_value_before(before, token)
    empty = before is not None and before.text in (*_SIGNS, "not", "and", "or", "if", "else", "in", "is", "for")
    if empty and before is not None and token.text in (")", "]", ",", ":"):
        return before.error(f"a value is missing after `{before.text}`")
    return None


_SIGNS: Final = ("**", "//", "+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "!=", ".")


def _unjoined(before: Token, token: Token, formula: bool) -> ExpressionError:
    start, end = before.start, token.end
    if before.end < token.start or before.kind != "name" or token.kind != "number":
        return ExpressionError(f"an operator is missing between `{before.text}` and `{token.text}`", start, end)
    if formula:
        return ExpressionError(f"no node is called `{before.text}{token.text}`", start, end)
    hint = f"an item of a list is written `{before.text}[{token.text[1:]}]`"
    return ExpressionError(f"`{before.text}{token.text}` has no meaning", start, end, hint)


def _no_value_before(before: Token | None, token: Token) -> ExpressionError:
    if before is not None and before.text not in ("(", "[", ",", ":"):
        message = f"a value is missing between `{before.text}` and `{token.text}`"
        return ExpressionError(message, before.start, token.end)
    return token.error(f"a value is missing before `{token.text}`")


def _explain_words(tokens: list[Token]) -> ExpressionError:
    """Every operand is in place: a word's counterpart is missing, or it stands where it cannot."""
    words = [token for token in tokens if token.text in ("if", "else", "for")]
    looped = any(word.text == "for" for word in words)
    for word in words:
        if word.text == "if" and not looped and not any(w.text == "else" for w in words):
            hint = "write `a if condition else b`"
            return word.error("this `if` has no `else`", hint)
        if word.text == "else" and not any(w.text == "if" and w.start < word.start for w in words):
            return word.error("this `else` has no `if`", "write `a if condition else b`")
        if word.text == "for":
            hint = "write `[element for name in list if condition]`"
            return word.error("this `for` cannot be read", hint)
    return ExpressionError("this cannot be read as an expression", tokens[0].start, tokens[-1].end)


class Candidate(NamedTuple):
    """A dotted name in a formula's text: where its paths can end, longest first."""

    start: int
    ends: tuple[int, ...]


@lru_cache(maxsize=16384)
def candidates(text: str) -> tuple[Candidate, ...]:
    """The stretches of a formula that may be paths of nodes; a name before `(` is a function instead."""
    found = []
    for match in _PATH.finditer(text):
        path = match.group("path")
        if path is None or text[: match.start()].rstrip().endswith("."):
            continue
        dots = [i for i, character in enumerate(path) if character == "."]
        ends = [match.start() + length for length in (len(path), *reversed(dots))]
        ends = [end for end in ends if not re.match(r"\s*(?:\(|=(?!=))", text[end:])]
        if path not in _WORDS and ends:
            found.append(Candidate(match.start(), tuple(ends)))
    return tuple(found)


def find_paths(text: str, is_node: Callable[[str], bool]) -> tuple[tuple[int, int], ...]:
    """Where the longest dotted paths that name nodes stand in a formula."""
    found = []
    for start, ends in candidates(text[:MAX_EXPRESSION]):
        end = next((end for end in ends if is_node(text[start:end])), None)
        if end is not None:
            found.append((start, end))
    return tuple(found)


def find_owners(text: str) -> tuple[tuple[int, int], ...]:
    """Where the paths with numbers in them stand whose shape is read: `stages.1` in `stages.1.shape[2]`."""
    if ".shape" not in text:
        return ()
    found, shape = [], re.compile(r"\.shape\b")
    for start, ends in candidates(text[:MAX_EXPRESSION]):
        end = next((end for end in ends if shape.match(text, end)), None)
        if end is not None and any(part[0].isdigit() for part in text[start:end].split(".")):
            found.append((start, end))
    return tuple(found)
