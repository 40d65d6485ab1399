"""Malformed YAML in plain English: what libyaml says, made into what to do."""

from __future__ import annotations

import re
from typing import Any, Final

from yaml import YAMLError
from yaml.reader import ReaderError

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.brackets import CODE, in_quotes, quote_hint
from archdsl.faults.code import Code
from archdsl.text.lines import Lines, split_lines
from archdsl.text.names import check_length
from archdsl.text.placeholders import LONGEST, statement
from archdsl.text.spelled import excerpt

_WORD: Final = r"[\w)\]'\"$=(]"
_BREAK: Final = r": |[{\n]"
"""What an expression inside a flow mapping starts after."""
_LOOP: Final = r"[\s-]*(for\b.*?\bin\b.*?[^:\s])\s*$"
_NESTED: Final = r"\s*([\w.$]+): ([\w.$]+)"
"""A key in the line of the key that holds it."""
_FOREIGN: Final = r"\s(\?|lambda)\s"
_WRITTEN: Final = {
    "?": "write `a if condition else b`",
    "lambda": "write the expression where it is needed, or in `let`",
}
"""What other languages put a colon after, and how an expression says it."""


def describe(error: YAMLError, lines: Lines) -> Diagnostic:
    """The diagnostic for an error of libyaml's."""
    if isinstance(error, ReaderError):
        return _unreadable(error, lines)
    problem: str = getattr(error, "problem", None) or str(error)
    context: str = getattr(error, "context", None) or ""
    mark = getattr(error, "problem_mark", None)
    opening = getattr(error, "context_mark", None)
    place = min(mark.index if mark is not None else 0, len(lines.text))
    start = opening.index if opening is not None else place
    return _Case(problem, context, place, start, lines).diagnostic()


def _unreadable(error: Any, lines: Lines) -> Diagnostic:
    """libyaml counts bytes here."""
    place = len(lines.text.encode()[: error.position].decode(errors="ignore"))
    code = error.character if isinstance(error.character, int) else ord(error.character)
    message = f"the control character U+{code:04X} may not stand in YAML"
    hint = "remove it; in double quotes it can be written as an escape"
    return Diagnostic(Code.YAML_SYNTAX, message, lines.span(place, place + 1), hint=hint)


class _Case:
    """One error: where libyaml noticed it, and where the construct began."""

    def __init__(self, problem: str, context: str, place: int, start: int, lines: Lines) -> None:
        self.problem = problem
        self.context = context
        self.place = place
        self.start = start
        self.lines = lines
        self.text = lines.text
        self.character = lines.text[place : place + 1]

    def diagnostic(self) -> Diagnostic:
        for words, rule in _RULES:
            if words in self.problem or words in self.context:
                return rule(self)
        return self.say(f"malformed YAML: {self.problem}", self.place)

    def say(self, message: str, place: int, hint: str | None = None, end: int | None = None) -> Diagnostic:
        place = self._visible(place)
        span = self.lines.span(place, max(end or 0, min(place + 1, len(self.text))))
        return Diagnostic(Code.YAML_SYNTAX, message, span, hint=hint)

    def _visible(self, place: int) -> int:
        """The end of a file is shown after its last character."""
        return place if place < len(self.text) else len(self.text.rstrip())

    def line(self, place: int) -> str:
        return self.text[self.lines.starts[self.lines.place(place)[0] - 1] :].split("\n", 1)[0]

    def tab(self) -> Diagnostic:
        hint = "indent with spaces: YAML does not allow tabs there"
        return self.say("a tab in the indentation", self.place, hint)

    def character_(self) -> Diagnostic:
        if self.character == "\t":
            return self.tab()
        if (begin := self._operand()) is not None:
            return self._brackets(begin)
        hint = statement(self.text[max(self.place - 1, 0) : self.place + LONGEST])
        message = f"a value cannot start with `{self.character}`"
        return self.say(message, self.place, hint or "put the value in quotes")

    def bracket(self) -> Diagnostic:
        """A list or mapping in brackets that goes on where it should have ended."""
        if self._indexes():
            return self.index()
        opening = self.text[self.start : self.start + 1]
        closing = "]" if opening == "[" else "}"
        first, here = self.lines.place(self.start)[0], self.lines.place(self.place)[0]
        if here > first or self.place >= len(self.text):
            return self.say(f"`{opening}` is never closed", self.start, f"add the `{closing}` that ends it")
        if self.character in "]}":
            message = f"`{self.character}` where `{closing}` must close the `{opening}` of column"
            return self.say(f"{message} {self.lines.place(self.start)[1]}", self.place)
        if self.character == ":":
            hint = "put a comma before the next key, or quotes around a value that holds `: `"
            return self.say("a second `:` in one entry", self.place, hint)
        message = f"`,` or `{closing}` is missing before `{self._word(self.place)}`"
        return self.say(message, self.place, "put quotes around a value that goes on after a quote or bracket")

    def _word(self, place: int) -> str:
        return self.text[place:].split(maxsplit=1)[0][:20]

    def _indexes(self) -> bool:
        """Whether a bracket follows directly on a word, as in `depths[i]`."""
        before = self.text[self.place - 1 : self.place]
        if self.character and self.character in "[{(":
            return bool(re.match(_WORD, before))
        return before == "]" and bool(self.character) and self.character in ".)+-*/"

    def index(self) -> Diagnostic:
        """An expression with brackets inside brackets."""
        first = self._bracket_before(self.start)
        begin = max((found.end() for found in re.compile(_BREAK).finditer(self.text, first, self.place)), default=first)
        if self.text[self.start : self.start + 1] == "[" and self.start >= begin - 1:
            begin = max(begin, self.start + 1, self.text.rfind(", ", self.start, self.place) + 2)
        begin += len(self.text[begin : self.place]) - len(self.text[begin : self.place].lstrip())
        return self._brackets(begin)

    def _operand(self) -> int | None:
        """Where the expression begins of which a sign follows on a closing bracket, as in `[a.shape[1] % 2]`."""
        before = self.text[: self.place].rstrip(" ")
        start = self.lines.starts[self.lines.place(self.place)[0] - 1]
        if before[-1:] != "]" or len(before) <= start:
            return None
        depth = 0
        for place in range(len(before) - 1, start - 1, -1):
            character = before[place]
            depth += (character in ")]}") - (character in "([{")
            if depth < 0 or (depth == 0 and (character == "," or before[place : place + 2] == ": ")):
                begin = place + 1
                return begin + len(before[begin:]) - len(before[begin:].lstrip())
        return None

    def _brackets(self, begin: int) -> Diagnostic:
        """An expression inside brackets that has brackets."""
        end = self._expression_end(begin)
        expression = " ".join(self.text[begin:end].split())
        message = f"`{expression}` has brackets, which make a list or mapping inside {{...}}"
        instead = in_quotes(self.text[begin:end])
        return Diagnostic(CODE, message, self.lines.span(begin, end), hint=quote_hint(expression), instead=instead)

    def _bracket_before(self, place: int) -> int:
        """Where the construct begins; the start of the line if it is no bracket."""
        return place if self.text[place] in "[{" else self.lines.starts[self.lines.place(place)[0] - 1]

    def _expression_end(self, begin: int) -> int:
        depth = 0
        for place in range(begin, len(self.text)):
            character = self.text[place]
            depth += (character in "([{") - (character in ")]}")
            if depth < 0 or character == "\n" or (character == "," and depth == 0):
                return place
        return len(self.text)

    def colon(self) -> Diagnostic:
        """A mapping where a value stands already."""
        line = self.line(self.place)
        column = self.lines.place(self.place)[1]
        if (word := re.search(_FOREIGN, line[: column - 1])) is not None:
            hint = _WRITTEN[word[1]]
            return self.say(f"a second `: ` on one line, after `{word[1]}`", self.place, hint)
        if line[: column - 1].count(": ") or line[: column - 1].rstrip().endswith(("'", '"')):
            hint = 'a value that holds `: ` needs quotes: `key: "a: b"`'
            if (nested := re.fullmatch(_NESTED, line[: column - 1])) is not None:
                hint = f"write `{nested[1]}: {{{nested[2]}: …}}`, or put both on lines of their own; {hint}"
            return self.say("a second `: ` on one line", self.place, hint)
        return self._deeper(line)

    def _deeper(self, line: str) -> Diagnostic:
        number = self.lines.place(self.place)[0]
        above = self._above(number)
        start = self.lines.starts[number - 1] + len(line) - len(line.lstrip())
        key, colon, _ = line.strip().partition(":")
        if colon and (problem := check_length(key)) is not None:
            return self.say(problem[0], start, problem[1])
        if re.match(r"\s*[\w.$]+:\S", above):
            return self._no_space(number, above)
        if (loop := re.match(_LOOP, above)) is not None:
            place = self.lines.starts[number - 2] + loop.start(1)
            return self.say("a colon is missing after this `for`", place, f"write `{loop[1]}:`", place + len(loop[1]))
        if ":" in above and len(line) - len(line.lstrip()) > len(above) - len(above.lstrip()):
            message = f"`{key}` is indented deeper than the line above, which already has a value"
            return self.say(message, start, "give both lines the same indentation", start + len(key))
        if re.match(r"-[^\s-]", line.lstrip()):
            return self.say(f"no space after the `-` of `{line.strip()}`", start, "a list's item starts with `- `")
        unfinished = above.strip()
        place = self.lines.starts[number - 2] + len(above) - len(above.lstrip())
        message = f"`{excerpt(unfinished)}` is not finished, and `{excerpt(key)}` starts in line {number}"
        return self.say(message, place, "a key is followed by `:` and a space", place + len(unfinished))

    def _no_space(self, number: int, above: str) -> Diagnostic:
        start = self.lines.starts[number - 2] + len(above) - len(above.lstrip())
        name, _, value = above.strip().partition(":")
        hint = f"write `{name}: {value}`"
        return self.say(f"no space after the colon in `{above.strip()}`", start, hint, start + len(above.strip()))

    def _above(self, number: int) -> str:
        return split_lines(self.text)[number - 2] if number > 1 else ""

    def simple_key(self) -> Diagnostic:
        line = self.line(self.start).strip()
        end = self.start + len(line)
        name, colon, value = line.partition(":")
        if colon and name:
            return self.say(f"no space after the colon in `{line}`", self.start, f"write `{name}: {value}`", end)
        return self.say(f"`{line}` is not a key with a value", self.start, "write `key: value`", end)

    def block(self) -> Diagnostic:
        """Something that does not belong to the mapping or list around it."""
        line = self.line(self.place)
        column = self.lines.place(self.place)[1]
        before = line[: column - 1].strip()
        if before and before[-1] in "'\"]}":
            rest = line[column - 1 :].strip()
            hint = "remove it" if rest[:1] in ("]", "}") else "put the whole value in quotes"
            return self.say(f"`{rest}` after the end of the value", self.place, hint)
        if self.character == ":":
            return self.say("a key is missing before `:`", self.place)
        if self.character == "-" and "mapping" in self.context:
            return self.say("a list item among the keys of a mapping", self.place, "indent the list below its key")
        if "collection" in self.context:
            hint = "start the line with `- `, or indent it like the keys of the item above"
            return self.say("a key among the items of a list", self.place, hint)
        hint = f"line it up with its neighbours: its mapping starts in column {self.lines.place(self.start)[1]}"
        return self.say("the indentation fits no line above", self.place, hint)

    def document(self) -> Diagnostic:
        if self.character in "]}":
            return self.say(f"`{self.character}` closes nothing", self.place, "remove it")
        return self.say("the file goes on after its mapping has ended", self.place, "indent all top-level keys equally")

    def content(self) -> Diagnostic:
        if self.place >= len(self.text):
            before = self.text.rstrip()
            opening = self._last_open(before)
            return self.say(f"`{self.text[opening]}` is never closed", opening, "add the bracket that ends it")
        if self.character == ",":
            return self.say("nothing stands before the comma", self.place, "remove the comma, or add a value")
        if self.character == "-":
            return self._dash()
        if self.character in "]}":
            return self.say(f"`{self.character}` closes nothing", self.place, "put the value in quotes, or remove it")
        return self.say(f"a value cannot start with `{self.character}`", self.place, "put the value in quotes")

    def _dash(self) -> Diagnostic:
        """An item of a list inside of brackets, or below a line that leaves one open."""
        opening = self._last_open(self.text[: self.place])
        follows = self.text[opening + 1 :].split("\n", 1)[0].partition("#")[0].strip()
        if follows and self.lines.place(opening)[0] < self.lines.place(self.place)[0]:
            bracket = self.text[opening]
            hint = f"add the `{']' if bracket == '[' else '}'}` that ends it"
            return self.say(f"`{bracket}` is never closed", opening, hint)
        return self.say("a `- ` list inside brackets", self.place, "separate the items with commas, without `-`")

    def _last_open(self, text: str) -> int:
        opened: list[int] = []
        for place, character in enumerate(text):
            if character in "[{":
                opened.append(place)
            elif character in "]}" and opened:
                opened.pop()
        return opened[-1] if opened else 0

    def quote(self) -> Diagnostic:
        quote = self.text[self.start : self.start + 1]
        return self.say(f"the quote {quote} is never closed", self.start, f"add the {quote} that ends the text")

    def escape(self) -> Diagnostic:
        hint = "write `\\\\` for a backslash, or use single quotes"
        return self.say(
            f"`{self.text[self.place : self.place + 2]}` is not an escape", self.place, hint, self.place + 2
        )

    def items(self) -> Diagnostic:
        return self.say("a list item cannot start here", self.place, "put the `- ` on a line of its own below the key")

    def alias(self) -> Diagnostic:
        sign = self.text[self.start : self.start + 1]
        hint = "a pattern such as `*.bn3` goes in quotes" if sign == "*" else "put the value in quotes"
        return self.say(f"text cannot start with `{sign}`", self.start, hint, self.start + 1)

    def question(self) -> Diagnostic:
        return self.say("a value cannot start with `? `", self.place, "put the value in quotes")

    def header(self) -> Diagnostic:
        sign = self.text[self.start : self.start + 1]
        hint = f"text after `{sign}` starts on the next line; put a value that starts with `{sign}` in quotes"
        return self.say(f"nothing may follow `{sign}` on its line", self.place, hint)

    def directive(self) -> Diagnostic:
        return self.say("a line cannot start with `%`", self.start, "put the text in quotes, or remove the line")

    def tag(self) -> Diagnostic:
        return self.say("text cannot start with `!`", self.start, "put the value in quotes")


_RULES: Final = (
    ("tab character", _Case.tab),
    ("cannot start any token", _Case.character_),
    ("did not find expected ',' or", _Case.bracket),
    ("found unexpected ':'", _Case.index),
    ("mapping values are not allowed", _Case.colon),
    ("could not find expected ':'", _Case.simple_key),
    ("unexpected end of stream", _Case.quote),
    ("escape character", _Case.escape),
    ("hexdecimal", _Case.escape),
    ("did not find expected key", _Case.block),
    ("did not find expected '-' indicator", _Case.block),
    ("<document start>", _Case.document),
    ("expected node content", _Case.content),
    ("block sequence entries", _Case.items),
    ("mapping keys are not allowed", _Case.question),
    ("scanning an alias", _Case.alias),
    ("scanning an anchor", _Case.alias),
    ("scanning a block scalar", _Case.header),
    ("directive", _Case.directive),
    ("incompatible YAML", _Case.directive),
    ("scanning a tag", _Case.tag),
    ("parsing a tag", _Case.tag),
)
"""By libyaml's problem or context, the first that fits."""
