"""Single lines of shipped specs changed: whether what is told first, or a note of it, is on the changed line.

`python -m tests.mutants.changed 2000 --seed 1` tries that many and prints the rates by kind.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from archdsl.diagnostics.diagnostic import Diagnostic, ordered
from tests.mutants.seeds import options_of
from tests.mutants.sites import Spec, errors, shipped

Change = Callable[[str, random.Random], "str | None"]

_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
_WORD = re.compile(r"[A-Za-z_]\w{2,}")
_KEY = re.compile(r"^(\s*(?:- )?)([A-Za-z_]\w*)(:)")
_NAME = re.compile(r"(?<![\w.$])[a-z_]\w*(?=\s*[*/+,)\]}])")


def number(line: str, draw: random.Random) -> str | None:
    """A number is another one."""
    found = [*_NUMBER.finditer(line)]
    if not found:
        return None
    place = draw.choice(found)
    value = int(place[0])
    return _put(line, place, str(draw.choice((value + 1, value * 2 + 1, 0, value + 7))))


def word(line: str, draw: random.Random) -> str | None:
    """A word is misspelt."""
    found = [*_WORD.finditer(line)]
    if not found:
        return None
    place = draw.choice(found)
    at = draw.randrange(1, len(place[0]))
    return _put(line, place, place[0][:at] + draw.choice("qzx") + place[0][at:])


def definition(line: str, draw: random.Random) -> str | None:
    """What a key defines gets another name."""
    found = _KEY.match(line)
    return None if found is None else f"{found[1]}{found[2]}_{draw.choice('ab')}{line[found.end(2) :]}"


def gone(line: str, draw: random.Random) -> str | None:
    """The line is not there."""
    return "" if line.strip() else None


def swapped(line: str, draw: random.Random) -> str | None:
    """Two letters or signs change places."""
    if len(line.strip()) < 4:
        return None
    start = len(line) - len(line.lstrip())
    at = draw.randrange(start, len(line) - 1)
    return line[:at] + line[at + 1] + line[at] + line[at + 2 :]


def sign(line: str, draw: random.Random) -> str | None:
    """A sign is missing, or there twice."""
    found = [place for place, letter in enumerate(line) if letter in "{}[]():,*+-/=$\"'"]
    if not found:
        return None
    at = draw.choice(found)
    return line[:at] + draw.choice(("", line[at] * 2)) + line[at + 1 :]


def _put(line: str, place: re.Match[str], text: str) -> str:
    return line[: place.start()] + text + line[place.end() :]


CHANGES: tuple[Change, ...] = (number, number, word, definition, gone, swapped, sign)


class Result(NamedTuple):
    """A line that was changed so that the spec is bad."""

    kind: str
    spec: Spec
    line: int
    text: str
    first: Diagnostic
    met: bool


def on_line(found: Diagnostic, line: int, file: str) -> bool:
    """Whether a diagnostic or a note of it points at a line of a file."""
    span = found.span
    if span is not None and span.file.endswith(file) and span.line <= line <= max(span.line, _last(span)):
        return True
    said = " ".join(f"{note.value} {note.detail}" for note in found.notes) + " " + (found.hint or "")
    return any(int(number) == line for number in re.findall(r"\blines? (\d+)", said + " " + found.message))


def misses(found: Diagnostic, line: int, removed: str) -> bool:
    """Whether a diagnostic tells of a line that is gone: it stands beside or around it, or names what that defined."""
    span = found.span
    if span is not None and span.line - 1 <= line <= max(span.end_line, span.line) + 1:
        return True
    key = re.match(r"\s*(?:- )?([A-Za-z_][\w.$]*)", removed)
    return key is not None and f"`{key[1].partition('$')[0].rstrip('.')}" in found.message


def _last(span: object) -> int:
    """A span over many lines is shown by its first."""
    return int(getattr(span, "line"))  # noqa: B009


def results(seed: str, count: int) -> Iterator[Result]:
    """Mutants that fail, drawn from a seed."""
    draw = random.Random(seed)
    for _ in range(count):
        spec = draw.choice(shipped())
        lines = spec.text.split("\n")
        line = draw.randrange(1, len(lines))
        change = draw.choice(CHANGES)
        changed = change(lines[line], draw)
        if changed is None or changed == lines[line] or lines[line].lstrip().startswith("#"):
            continue
        removed, lines[line] = lines[line], changed
        found = ordered(errors(spec, "\n".join(lines)))
        if found:
            told = on_line(found[0], line + 1, spec.path.name)
            met = told or (change is gone and misses(found[0], line + 1, removed))
            yield Result(change.__name__, spec, line + 1, changed, found[0], met)


def main() -> None:
    """Prints the rates by kind, and the first examples of what is shown elsewhere."""
    options = options_of(__doc__)
    failed: Counter[str] = Counter()
    met: Counter[str] = Counter()
    shown = 0
    for result in results(options.seed, options.count):
        failed[result.kind] += 1
        met[result.kind] += result.met
        if not result.met and shown < options.show:
            shown += 1
            first = result.first
            where = f"{first.span.file.rpartition('/')[2]}:{first.span.line}" if first.span else "-"
            print(f"--- {result.spec.path.name}:{result.line} {result.kind}: {result.text.strip()}")
            print(f"    {where} {first.code}: {first.message} | {first.hint} | {[tuple(n) for n in first.notes]}")
    for kind in sorted(failed):
        print(f"{kind:12} {met[kind]:6} of {failed[kind]:6}  {met[kind] / failed[kind]:.1%}")
    print(f"{'all':12} {met.total():6} of {failed.total():6}  {met.total() / failed.total():.1%}, seed {options.seed}")


if __name__ == "__main__":
    main()
