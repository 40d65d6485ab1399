"""YAML text to plain data with a position for every key and value.

libyaml's events are read once. Scalars are resolved here, as YAML 1.2's core schema has them: `1e-6`
is a number, `on`, `3:4` and `2015-12-10` are text. Of a flow mapping that YAML's commas have broken
(`{groups: gcd(8, 4)}`) the pieces are put together again, so that one mistake is reported once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from yaml import YAMLError
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.brackets import Mender
from archdsl.document.positions import Collection, Path, Positions, Scalar, SourceMap
from archdsl.document.splices import is_splice
from archdsl.faults.code import Code
from archdsl.faults.fault import Note
from archdsl.limits import MAX_NESTING, TooLarge, current
from archdsl.text.lines import Lines, hidden_separators
from archdsl.text.placeholders import in_value

if TYPE_CHECKING:
    from archdsl.document.mending import Mending

__all__ = ["Path", "SourceMap", "load", "scalar"]


_WORDS: Final[Mapping[str, object]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMERIC: Final = frozenset("0123456789+-.")
_TELLING: Final = _NUMERIC | {word[:1] for word in _WORDS}
"""What a plain scalar that is not text starts with; for speed."""
_LONGEST_NUMBER: Final = 400
"""A longer run of digits stays text: Python refuses to convert very long ones."""

_FEATURES: Final = {
    "anchor": ("anchors (`&name`) are not part of the language", "put what is shared into `params` or a block"),
    "alias": (
        "aliases (`*name`) are not part of the language",
        "put what is shared into `params` or a block; quote a pattern that starts with `*`",
    ),
    "tag": ("tags (`!name`) are not part of the language", "remove it, or quote text that starts with `!`"),
    "merge": ("merge keys (`<<`) are not part of the language", "put what is shared into `params` or a block"),
    "key": ("a list or mapping cannot be a key", "a key is a name, or text in quotes"),
    "documents": ("a file holds one document, and here a second one starts", "remove the `---`, or split the file"),
}  # fmt: skip


class _Stop(Exception):
    """The rest of the file cannot be read; its diagnostic has been added."""


def load(text: str, file: str) -> tuple[Any, SourceMap, list[Diagnostic]]:
    """Plain data, the positions of it, and what is wrong with the YAML.

    Mapping keys are the source text as `str`. A key that is repeated keeps its first value, except
    that a second equal `for` or `if` key is told apart by spaces at its end. `UNKNOWN` stands for what cannot be
    read, and a `Gap` for such a key. Where nothing can be read the data is None.
    """
    try:
        current().check("characters", len(text))
    except TooLarge as error:
        found = Diagnostic(Code.FILE_TOO_LARGE, error.message, Lines(file, "").span(0, 0), hint=error.hint)
        return None, SourceMap(file, "", None), [found]
    text = text.removeprefix("\ufeff")
    reader = _Reader(text, file)
    data, root = reader.document()
    return data, SourceMap(file, text, root), reader.diagnostics


def scalar(text: str) -> Any:
    """What an unquoted scalar means in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "", 1)) if _SPECIAL.fullmatch(text) else text


def _events(text: str, separators: Mapping[int, str]) -> Callable[[], Any]:
    """The parser's events, with the separators in their texts that it was not shown."""
    events: Callable[[], Any] = CParser(text).get_event
    if not separators:
        return events

    def following() -> Any:
        event = events()
        if type(event) is ScalarEvent:
            event.value = event.value.translate(separators)
        return event

    return following


def _too_deep(text: str, error: YAMLError) -> int | None:
    """Where more brackets are open than may nest: newer releases of libyaml stop there before they tell of any."""
    mark = getattr(error, "problem_mark", None)
    opened: list[int] = []
    for place, character in enumerate("" if mark is None else text[: mark.index + 1]):
        if character in "[{":
            opened.append(place)
        elif character in "]}" and opened:
            opened.pop()
    return opened[MAX_NESTING] if len(opened) > MAX_NESTING else None


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.lines = Lines(file, text)
        self.diagnostics: list[Diagnostic] = []
        self.mender = Mender(self.lines)
        self.next: Callable[[], Any]

    def document(self) -> tuple[Any, Any]:
        """The data of the only document and its place; both None where it cannot be read.

        Where libyaml stops, that is told, the piece at fault covered, and the text read again.
        """
        mending: Mending | None = None
        text, separators = hidden_separators(self.lines.text)
        try:
            while True:
                try:
                    self.next = _events(text, separators)
                    data, root = self._document()
                    return (data if mending is None else mending.filled(data, root)), root
                except YAMLError as error:
                    if (place := _too_deep(text, error)) is not None:
                        self._deep(place)
                        return None, None
                    from archdsl.document.mending import Mending
                    from archdsl.document.syntax import describe

                    mending = mending or Mending(text)
                    found = describe(error, Lines(self.lines.file, text.translate(separators)))
                    self.mender.fail(found, mending.is_new(found))
                    if not mending.cover(found, self.lines):
                        return None, None
                    text = mending.text
                    self.diagnostics.clear()  # what is wrong beside this will be found again
        except UnicodeEncodeError as error:
            message = "half of a surrogate pair, which is not a character"
            self._add(Code.YAML_SYNTAX, message, error.start, error.end)
        except _Stop:
            pass
        finally:
            self.diagnostics += self.mender.broken.values()
        return None, None

    def _document(self) -> tuple[Any, Any]:
        data, root, documents = None, None, 0
        while (kind := type(event := self.next())) is not StreamEndEvent:
            if kind in {StreamStartEvent, DocumentEndEvent}:
                continue
            if kind is not DocumentStartEvent:
                data, root = self._value(event, 1)
                continue
            documents += 1
            if documents > 1:
                self._feature("documents", event.start_mark.index, event.end_mark.index)
                break
        return data, root

    def _value(self, event: Any, depth: int) -> tuple[Any, Positions]:
        """The data of a value that starts with this event, and its place."""
        self._plain(event)
        kind, start, end = type(event), event.start_mark.index, event.end_mark.index
        if kind is AliasEvent:
            return None, (start, end, "", "")
        if kind is ScalarEvent:
            text, style = event.value, event.style
            return (text if style else scalar(text)), (start, end, text, style)
        if depth > MAX_NESTING:
            self._deep(start)
            raise _Stop
        return self._mapping(event, depth) if kind is MappingStartEvent else self._sequence(event, depth)

    def _deep(self, start: int) -> None:
        self._add(Code.TOO_DEEP, f"lists and mappings nest more than {MAX_NESTING} deep", start, start + 1)

    def _sequence(self, opening: Any, depth: int) -> tuple[list[Any], Collection]:
        data: list[Any] = []
        box = Collection(opening.start_mark.index, opening.flow_style)
        following, places = self.next, box.values
        while (kind := type(event := following())) is not SequenceEndEvent:
            if kind is ScalarEvent and event.tag is None and event.anchor is None:
                text, style = event.value, event.style
                place: Positions = (event.start_mark.index, event.end_mark.index, text, style)
                value = text if style or text[:1] not in _TELLING else scalar(text)
            else:
                value, place = self._value(event, depth + 1)
            places[len(data)] = place
            data.append(value)
        box.end = event.end_mark.index
        return (self.mender.sequence(data, box) if box.flow else data), box

    def _mapping(self, opening: Any, depth: int) -> tuple[dict[str, Any], Collection]:
        data: dict[str, Any] = {}
        box = Collection(opening.start_mark.index, opening.flow_style)
        following, keys, places, flow, gap = self.next, box.keys, box.values, box.flow, False
        while (kind := type(event := following())) is not MappingEndEvent:
            if kind is ScalarEvent and event.tag is None and event.anchor is None:
                key: Scalar | None = (event.start_mark.index, event.end_mark.index, event.value, event.style)
            else:
                key = self._key(event, depth)
            kind = type(event := following())
            if kind is ScalarEvent and event.tag is None and event.anchor is None:
                text, style = event.value, event.style
                place: Positions = (event.start_mark.index, event.end_mark.index, text, style)
                value = text if style or text[:1] not in _TELLING else scalar(text)
            else:
                value, place = self._value(event, depth + 1)
            if flow and (gap or value is None):
                key = self.mender.entry(data, box, key, place)
                if len(self.mender.broken) > current().limits.mistakes:
                    raise _Stop
            gap = value is None
            if key is None:
                continue
            name: str | None = key[2]
            if name in data or name == "<<":
                name = self._repeated(box, key)
            if name is None:
                continue
            data[name] = value
            keys[name] = key
            places[name] = place
        box.end = event.end_mark.index
        return data, box

    def _key(self, event: Any, depth: int) -> Scalar | None:
        """The place of a key; None for one that has no name, after saying so."""
        kind = type(event)
        if kind is ScalarEvent:
            if event.tag is not None or event.anchor is not None:
                self._plain(event)
            return event.start_mark.index, event.end_mark.index, event.value, event.style
        if kind is AliasEvent:
            self._plain(event)
            return None
        _, place = self._value(event, depth + 1)
        if isinstance(place, Collection) and not self._placeholder(place):
            self._feature("key", place.start, place.end)
        return None

    def _placeholder(self, key: Collection) -> bool:
        """Tells of `{{k}}`, which is a mapping as a key."""
        found = in_value(self.lines.text[key.start - 1 : key.end + 1])
        if found is None or self.lines.text[key.start - 1] != "{" or self.lines.text[key.end : key.end + 1] != "}":
            return False
        text = self.lines.text[key.start - 1 : key.end + 1]
        self._add(Code.YAML_FEATURE, f"`{text}` is how other tools read a value", key.start - 1, key.end + 1, found)
        return True

    def _plain(self, event: Any) -> None:
        """Refuse aliases, anchors and tags."""
        kind, start, end = type(event), event.start_mark.index, event.end_mark.index
        if kind is AliasEvent:
            self._feature("alias", start, end)
        elif event.anchor is not None:
            self._feature("anchor", start, start + 1 + len(event.anchor))
        elif event.tag is not None:
            self._feature("tag", start, start + len(self.lines.text[start:end].split(maxsplit=1)[0]))

    def _repeated(self, box: Collection, key: Scalar) -> str | None:
        """The name to keep a repeated or merge key under; None where it is a mistake."""
        start, end, name, style = key
        if name == "<<" and not style:
            self._feature("merge", start, end)
            return None
        if name not in box.keys:
            return name
        if is_splice(name):
            return self._apart(name, box)
        line = self.lines.place(start)[0]
        first = self.lines.place(box.keys[name][0])[0]
        where = f"on line {first}" if first != line else "earlier on this line"
        self.diagnostics.append(
            Diagnostic(
                Code.DUPLICATE_KEY,
                f"duplicate key `{name}`: it is already {where}",
                self.lines.span(start, end),
                notes=(Note("first", f"line {first}"), Note("again", f"line {line}")),
                hint="rename one of them, or remove it",
            )
        )
        return None

    def _apart(self, name: str, box: Collection) -> str:
        while name in box.keys:
            name += " "
        return name

    def _feature(self, feature: str, start: int, end: int) -> None:
        message, hint = _FEATURES[feature]
        self._add(Code.YAML_FEATURE, message, start, end, hint)

    def _add(self, code: Code, message: str, start: int, end: int, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, message, self.lines.span(start, end), hint=hint))
