"""Finds spec files, by path or by name among those that ship, and reads their text."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.loader import load
from archdsl.faults.code import Code
from archdsl.faults.fault import Span
from archdsl.limits import limits
from archdsl.text.bundles import SUFFIX, BundleError, inside, named_in, text_in
from archdsl.text.nearest import did_you_mean
from archdsl.text.ordinary import NotOrdinaryError, open_ordinary

SUFFIXES = (".yaml", ".yml")
SHOWN: Final = 3
"""How many folders or files a message lists."""
_LONGEST: Final = 200
"""Of a longer name a message shows only the start."""
_MOST_NEIGHBOURS: Final = 10_000
"""How many files of a folder are looked at for one that a misspelt name means."""
_VERSION: Final = frozenset({"archdsl"})
_TELLING: Final = frozenset({"archdsl", "nodes", "blocks", "extends"})
"""Keys by which a YAML file that was asked for is known as a spec whose author forgot the version."""


@lru_cache(maxsize=1)
def specs_folder() -> Path:
    """The folder of the specs that ship: inside the installed package, else beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def shipped() -> list[Path]:
    """The files of the networks that ship, sorted; not the families and blocks that they share."""
    return sorted(specs_folder().glob("*.yaml"))


def shipped_names() -> list[str]:
    """The names by which everything that ships is found: `name`, `families/name`, `blocks/name`."""
    folder = specs_folder()
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def find(spec: str, beside: Path | None = None) -> Path | None:
    """The file that a path or name means; None if there is none.

    Inside a spec (`beside` is its file) paths are relative to that file's folder, and the file itself
    comes last: `extends: name` in a file called name.yaml means the one that ships. Inside a bundle it is what the
    bundle says. Raises BundleError.
    """
    if beside is not None and inside(beside) is not None:
        return named_in(beside, spec)
    if SUFFIX in spec and (place := inside(Path(spec))) is not None:
        return Path(spec) if text_in(*place) is not None else None
    base = Path() if beside is None else beside.parent
    places = [base / spec]
    if not spec.endswith(SUFFIXES):
        places += [] if beside is None else [base / f"{spec}.yaml"]
        places.append(specs_folder() / f"{spec}.yaml")
    elif beside is not None:
        places.append(specs_folder() / spec)
    there = [place for place in places if _exists(place)] if spec else []
    if len(there) < 2:
        return there[0] if there else None
    return min(there, key=lambda place: (os.path.isdir(place), _same(place, beside)))


def _exists(place: Path) -> bool:
    """Whether something has the path, be it a link that leads nowhere: that is told when it is read."""
    try:
        place.lstat()
    except OSError as error:
        return error.errno == errno.EACCES
    except ValueError:  # a name with NUL in it
        return False
    return True


def _same(place: Path, other: Path | None) -> bool:
    try:
        return other is not None and place.samefile(other)
    except OSError:
        return False


def not_found(spec: str, span: Span | None, beside: Path | None = None) -> Diagnostic:
    """The diagnostic for a path or name that means no file; `beside` is the file that names it."""
    if not spec.isprintable():
        return _unseen(spec, span)
    message = f"no file `{shortened(spec)}`, and no spec of that name ships with archdsl"
    neighbours = list(_neighbours(spec, beside))
    listed = "`archdsl list` shows what ships, or give the path of a spec file"
    if neighbours and span is None:
        listed = f"{_there_are(neighbours)} here; `archdsl list` shows what ships"
    near = did_you_mean(spec, [*neighbours, *shipped_names()])
    hint = near or did_you_mean(spec.removesuffix(".yaml"), shipped_names())
    return Diagnostic(Code.FILE_NOT_FOUND, message, span, hint=hint or listed)


def not_bundled(name: str, bundle: Path, span: Span | None) -> Diagnostic:
    """The diagnostic for a name in a bundle that means none of its files."""
    message = f"`{display(bundle)}` has no file `{shortened(name)}`, and its spec can name no others"
    return Diagnostic(Code.FILE_NOT_FOUND, message, span, hint="write the file again with the parameters that you need")


def _unseen(spec: str, span: Span | None) -> Diagnostic:
    """The same for a name with characters that nobody sees."""
    place, hidden = next((place, each) for place, each in enumerate(spec, 1) if not each.isprintable())
    why = f"character {place} of its name is U+{ord(hidden):04X}, which does not show"
    near = did_you_mean("".join(filter(str.isprintable, spec)), shipped_names())
    message = f"no file `{shortened(spec)}`: {why}"
    return Diagnostic(Code.FILE_NOT_FOUND, message, span, hint=near or "write the name without it")


def _neighbours(spec: str, beside: Path | None) -> Iterator[str]:
    """The specs of the folder that a name leads to, as the name would be written."""
    folder = PurePosixPath(spec).parent
    base = Path() if beside is None else beside.parent
    bare = beside is not None and not spec.endswith(SUFFIXES)
    try:
        with os.scandir(base / folder) as entries:
            names = [entry.name for entry in islice(entries, _MOST_NEIGHBOURS)]
    except (OSError, ValueError):
        return
    for name in sorted(names):
        stem, suffix = os.path.splitext(name)
        if suffix in SUFFIXES and not stem.startswith("."):
            yield str(folder / (stem if bare and suffix == ".yaml" else name))


def _there_are(names: list[str]) -> str:
    some = ", ".join(f"`{shortened(name)}`" for name in names[:SHOWN])
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"there {'is' if len(names) == 1 else 'are'} {some}{rest}"


def shortened(name: str) -> str:
    """A name as messages show it."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def display(path: Path) -> str:
    """The path as messages show it: relative to the current folder where it lies inside."""
    absolute = Path(os.path.abspath(path))
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return absolute.as_posix()


def read_text(path: Path, span: Span | None = None) -> tuple[str | None, Diagnostic | None]:
    """A file's text, or why there is none. `span` is where another file names it."""
    if (place := inside(path)) is not None:
        return _text_in_bundle(path, *place, span)
    try:
        with open_ordinary(path) as opened:
            data = opened.read(4 * limits().characters + 1)
    except NotOrdinaryError as error:
        found = list(_neighbours(f"{path}/…", None)) if path.is_dir() else []
        hint = f"{_there_are(found)} in it" if found else None
        return None, _unreadable(path, f"is {error.strerror}", span, hint)
    except OSError as error:
        return None, _unreadable(path, f"cannot be read: {(error.strerror or str(error)).lower()}", span)
    if len(data) > 4 * limits().characters:
        message = f"`{display(path)}` has more than {4 * limits().characters:,} bytes, too many for a spec"
        return None, Diagnostic(Code.FILE_TOO_LARGE, message, span or start(path))
    return _decode(path, data, span)


def _text_in_bundle(path: Path, bundle: Path, name: str, span: Span | None) -> tuple[str | None, Diagnostic | None]:
    try:
        text = text_in(bundle, name)
    except BundleError as error:
        return None, _unreadable(bundle, error.message, span)
    return (None, _unreadable(path, "is not in that file", span)) if text is None else (text, None)


def _decode(path: Path, data: bytes, span: Span | None) -> tuple[str | None, Diagnostic | None]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, _wrong_encoding(path, data, error)
    if text.strip():
        return text, None
    hint = "a spec begins with `archdsl: 1`"
    return None, Diagnostic(Code.FILE_EMPTY, f"`{display(path)}` is empty", span or start(path), hint=hint)


def _wrong_encoding(path: Path, data: bytes, error: UnicodeDecodeError) -> Diagnostic:
    # The decoder counts from after a byte order mark.
    place = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
    line = data.count(b"\n", 0, place) + 1
    column = len(data[data.rfind(b"\n", 0, place) + 1 : place].decode("utf-8", "replace")) + 1
    value = f" is 0x{data[place]:02X}" if is_spec(path, data.decode("latin-1"), None, asked=True) else ""
    message = f"`{display(path)}` is not UTF-8: byte {place}{value}"
    where = Span(display(path), line, column, line, column + 1)
    return Diagnostic(Code.FILE_ENCODING, message, where, hint="save the file as UTF-8")


def _unreadable(path: Path, why: str, span: Span | None, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Code.FILE_UNREADABLE, f"`{display(path)}` {why}", span or start(path), hint=hint)


def start(path: Path) -> Span:
    """The place of what is wrong with a file as a whole."""
    return Span(display(path), 1, 1, 1, 1)


_KEY: Final = re.compile(r"""(?:^\ufeff?|[{,][ \t]*)["']?(\w+)["']?[ \t]*:(?:\s|$)""", re.MULTILINE)


def is_spec(path: Path, text: str, data: object, *, asked: bool) -> bool:
    """Whether a file is a spec, of which messages may tell the content. `data` is what its YAML holds, if it is known.

    Its top level says `archdsl`. Where it was `asked` for, not named by another file, other keys of a spec will do.
    """
    keys = _TELLING if asked and path.suffix in SUFFIXES else _VERSION
    if any(match[1] in keys for match in _KEY.finditer(text)):
        return True
    return isinstance(data, dict) and not keys.isdisjoint(data)


def no_spec(path: Path, span: Span | None) -> Diagnostic:
    """The diagnostic for a file that is none; nothing of its content is told."""
    message = f"`{display(path)}` is no spec: it has no key `archdsl`"
    return Diagnostic(Code.NOT_A_SPEC, message, span or start(path), hint="a spec begins with `archdsl: 1`")


def source_of(file: str) -> str | None:
    """The text of a spec by the name that spans give it, for showing its lines; None if it is gone, or no spec."""
    path = Path(file)
    text = read_text(path)[0]
    if text is None:
        return None
    known = is_spec(path, text, None, asked=True) or is_spec(path, text, load(text, file)[0], asked=True)
    return text if known else None
