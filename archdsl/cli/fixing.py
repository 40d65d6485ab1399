"""`check --fix`: the mistakes of a file of which it is sure what is meant, mended in the file.

A change is made where the file, read again with it, does not have its mistake any more, nor a new one that stands in
its way. Everything else of the file stays as it is, byte for byte.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import unified_diff
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

from archdsl.cli.sharing import Failure
from archdsl.diagnostics.diagnostic import Diagnostic, Edit, Severity
from archdsl.document.files import display, find, read_text, specs_folder
from archdsl.document.inherit import Reader
from archdsl.document.reach import real
from archdsl.elaboration.analyse import examine
from archdsl.faults.code import Code
from archdsl.faults.fault import Span
from archdsl.limits import BadBudget, budget, limits
from archdsl.text.lines import Lines, split_lines
from archdsl.text.plain_text import visible

_ROUNDS: Final = 20
"""How often a file is mended again, at most: what brackets have hidden comes to light when they are in quotes, and of
many mistakes only the first are told."""
_MORE: Final = 10
"""Times as many mistakes are looked for as where they are told."""
_MOST_READ: Final = 200_000
"""Characters that a round reads, at most, to find out which changes go together."""
_MARK: Final = b"\xef\xbb\xbf"
_READING: Final = (Code.YAML_SYNTAX, Code.FLOW_SYNTAX, Code.DUPLICATE_KEY)
"""The codes of what stands in the way of all else."""


class Fixes(NamedTuple):
    """What a file would say without the mistakes that are sure to be slips."""

    path: Path
    before: str
    after: str
    edits: tuple[Edit, ...]
    """In the order in which they are made; places are those of the text before each round."""
    told: tuple[str, ...]
    """What became of each, for people."""

    def diff(self) -> str:
        """The changes as a patch."""
        name = display(self.path)
        before, after = (split_lines(text, keepends=True) for text in (self.before, self.after))
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in unified_diff(before, after, name, name))

    def write(self) -> None:
        """Writes the file whole. Raises OSError, and Failure where it has changed meanwhile."""
        from archdsl.text.writing import write_files

        data = self.path.read_bytes()
        mark = _MARK if data.startswith(_MARK) else b""
        if data != mark + self.before.encode():
            raise Failure(f"`{display(self.path)}` has changed meanwhile, and is left as it is")
        write_files({self.path: mark + self.after.encode()})


class _Asked(NamedTuple):
    """A file as a caller asks for it."""

    path: Path
    include: tuple[Path, ...]
    params: Mapping[str, Any]
    sizes: Mapping[str, int]

    def found(self, text: str) -> list[Diagnostic]:
        """What would be found in it if it said this."""
        reader = Reader(self.include, texts={real(self.path): text})
        return examine(self.path, self.params, self.sizes, reader).diagnostics


def fixes(
    spec: str,
    include: tuple[Path, ...],
    params: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Fixes | None:
    """What is to be changed in the file of a spec, with what a caller sets of it; None where nothing is."""
    path = find(spec)
    if path is None or real(path).is_relative_to(real(specs_folder())):
        return None
    with suppress(BadBudget), budget(mistakes=_MORE * limits().mistakes):  # a bad one is told when the file is checked
        before = read_text(path)[0]
        return None if before is None else _mended(_Asked(path, include, params or {}, sizes or {}), before)
    return None


def _mended(asked: _Asked, before: str) -> Fixes | None:
    text, told, edits = before, list[str](), list[Edit]()
    for _ in range(_ROUNDS):
        made = _round(asked, text)
        if not made:
            break
        lines = Lines("", text)
        told += [_told(lines, text, edit) for edit in made]
        edits += made
        text = edited(text, made)
    return Fixes(asked.path, before, text, tuple(edits), tuple(told)) if edits else None


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A text with changes made that do not overlap."""
    lines = Lines("", text)
    for start, end, new in sorted(((*_offsets(lines, edit), edit.text) for edit in edits), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _round(asked: _Asked, text: str) -> list[Edit]:
    """The changes that mend what they are to mend: all together, else by halves, as often as the file's length allows.

    A file of thousands of mistakes, each of which hides another, would be read thousands of times.
    """
    found, name = asked.found(text), display(asked.path)
    wanted = _apart([each.edit for each in found if each.edit is not None and each.edit.span.file == name])
    made, waiting, left = list[Edit](), [wanted] if wanted else [], 1 + _MOST_READ // (len(text) + 1)
    while waiting and left:
        edits, left = waiting.pop(), left - 1
        if _mends(asked, text, found, [*made, *edits]):
            made += edits
        elif (half := len(edits) // 2) > 0:
            waiting += [edits[half:], edits[:half]]
    return made


def _apart(edits: Sequence[Edit]) -> list[Edit]:
    """The changes that do not overlap one before them."""
    made: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.span):
        if not made or (made[-1].span.end_line, made[-1].span.end_column) <= (edit.span.line, edit.span.column):
            made.append(edit)
    return made


def _mends(asked: _Asked, text: str, found: Sequence[Diagnostic], edits: Sequence[Edit]) -> bool:
    """Whether a file that is changed so has none of these mistakes any more, and no new one in how it is read.

    They are known by their places: of many mistakes only the first are told, so that others come to light instead.
    """
    made, changed, name = {*edits}, edited(text, edits), display(asked.path)
    after = [each for each in asked.found(changed) if each.severity is Severity.ERROR]
    moved, lines = _Moved(Lines(name, text), edits), Lines(name, changed)
    mended = {(each.code, moved.place(each)) for each in found if each.edit in made}
    if any((each.code, _start(lines, each)) in mended for each in after):
        return False
    before = Counter((each.code, each.message) for each in found)
    left = Counter((each.code, each.message) for each in after)
    return not any(left[key] > before[key] for key in left if key[0] in _READING)


class _Moved:
    """Where the places of a text are once it has been changed."""

    def __init__(self, lines: Lines, edits: Sequence[Edit]) -> None:
        offsets = sorted((*_offsets(lines, edit), len(edit.text)) for edit in edits)
        self.lines = lines
        self.ends = [end for _, end, _ in offsets]
        self.longer = [0, *accumulate(length - (end - start) for start, end, length in offsets)]

    def place(self, found: Diagnostic) -> int | Span | None:
        """Where a mistake would begin."""
        start = _start(self.lines, found)
        return start + self.longer[bisect_right(self.ends, start)] if isinstance(start, int) else start


def _start(lines: Lines, found: Diagnostic) -> int | Span | None:
    """The offset at which a mistake begins; its span as it is where that is in another file."""
    span = found.span
    return span if span is None or span.file != lines.file else lines.starts[span.line - 1] + span.column - 1


def _offsets(lines: Lines, edit: Edit) -> tuple[int, int]:
    span = edit.span
    return lines.starts[span.line - 1] + span.column - 1, lines.starts[span.end_line - 1] + span.end_column - 1


def _told(lines: Lines, text: str, edit: Edit) -> str:
    start, end = _offsets(lines, edit)
    place = f"{edit.span.file}:{edit.span.line}:{edit.span.column}"
    return f"{place}: `{text[start:end].strip()}` is now `{edit.text.strip()}`"


def show(found: Fixes, write: bool) -> None:
    """Makes the changes and tells of them, or shows them as a patch."""
    if not write:
        print("\n".join(visible(line) for line in found.diff().split("\n")), end="")
        return
    found.write()
    for line in found.told:
        print(visible(line), file=sys.stderr)
