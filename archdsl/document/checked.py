"""A document of plain data, as far as it has the form of one, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from archdsl.document.misfits import Mistake, fault_at, validated
from archdsl.document.model import Document, Input
from archdsl.document.positions import Path
from archdsl.document.splices import is_splice
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.faults.code import Code
from archdsl.text.spelled import kind_of


class Checked(NamedTuple):
    """A document with what is wrong with it."""

    document: Document | None
    mistakes: list[Mistake]
    lost: frozenset[Path]
    """The pieces that it is without since they cannot be read: what they name may be missed. `()`: any piece."""


def check(raw: Any) -> Checked:
    """The document of plain data, and what is wrong with it.

    What is wrong is left out of the document, so that the rest of the file can be checked too.
    """
    if not isinstance(raw, dict):
        message, hint = f"expected a mapping, found {kind_of(raw)}", "a spec begins with `archdsl: 1`"
        return Checked(None, [Mistake(fault_at(Code.WRONG_TYPE, message, (), hint=hint))], frozenset())
    lost: set[Path] = set()
    raw = _without_gaps(raw, lost)
    document, mistakes = validated(Document, raw, ())
    if document is None:
        if () in lost:  # the version may be on a line that could not be read
            mistakes = [found for found in mistakes if found.fault.code is not Code.MISSING_FIELD or found.path]
        document, _ = validated(Document, _mended(raw, mistakes, lost), ())
    mistakes += _inputs(raw)
    mistakes += _hidden(raw.get("params"), raw.get("let"), ())
    for name, block in _mapping(raw.get("blocks")).items():
        if isinstance(block, dict):
            mistakes += _hidden(block.get("params"), block.get("let"), ("blocks", name))
    return Checked(document, mistakes, frozenset(lost))


_NAMED: Final = ("params", "let", "inputs", "blocks", "init", "patch")


def _without_gaps(raw: dict[str, Any], lost: set[Path]) -> dict[str, Any]:
    """The data without what could not be read; parameters, derived values and inputs keep their names."""
    found = _readable(raw, (), lost, False)
    if () in lost:
        found = {key: value for key, value in found.items() if value is not None}
    for key in _NAMED:
        if isinstance(found.get(key), dict):
            found[key] = _readable(found[key], (key,), lost, key in ("params", "let", "inputs"))
    if isinstance(found.get("weights"), dict):
        found["weights"] = _deeply_readable(found["weights"], ("weights",), lost)
    for name, block in _mapping(found.get("blocks")).items():
        inside: set[Path] = set()
        if isinstance(block, dict):
            for part in (block, *(_mapping(block.get(key)) for key in ("params", "let", "inputs"))):
                _readable(part, (), inside, False)
        if inside:
            lost.add(("blocks", name))
    if isinstance(found.get("blocks"), dict):
        found["blocks"] = {n: block for n, block in found["blocks"].items() if ("blocks", n) not in lost}
    return found


def _readable(raw: Mapping[str, Any], path: Path, lost: set[Path], keep: bool) -> dict[str, Any]:
    """A mapping's readable entries; `keep` says that a name without a value stays."""
    if UNKNOWN not in raw.values() and Gap not in map(type, raw):
        return dict(raw)
    found = {}
    for key, value in raw.items():
        if isinstance(key, Gap):
            lost.add(path)
        elif value is UNKNOWN and not keep:
            lost.add((*path, key))
        else:
            found[key] = value
    return found


def _deeply_readable(raw: dict[str, Any], path: Path, lost: set[Path]) -> dict[str, Any]:
    """The readable entries of a mapping and of those in it."""
    entries = _readable(raw, path, lost, False).items()
    return {k: _deeply_readable(v, (*path, k), lost) if isinstance(v, dict) else v for k, v in entries}


def _mended(raw: dict[str, Any], mistakes: list[Mistake], lost: set[Path]) -> dict[str, Any]:
    """The data without what is wrong with it, and with the version; what others may need is lost."""
    mended: dict[str, Any] = {"archdsl": 1, **raw}
    for found in mistakes:
        path = found.path
        inside = path[:1] == ("blocks",) and len(path) > 1
        if found.fault.code is Code.UNKNOWN_KEY and found.near is not None and found.near not in _around(raw, path):
            lost.add(path[:2] if inside else (*path[:-1], found.near))
            path = path[:2] if inside else path
        elif found.fault.code is not Code.UNKNOWN_KEY:
            path = path[:2] if inside else path  # a block is whole or lost
            lost.add(path)
        if path == ("archdsl",):
            mended["archdsl"] = 1
        elif path:
            _drop(mended, path)
    return mended


def _around(raw: Any, path: Path) -> Mapping[str, Any]:
    """The mapping in which the last key of a path stands."""
    for step in path[:-1]:
        raw = _mapping(raw).get(str(step))
    return _mapping(raw)


def _drop(place: Any, path: Path) -> None:
    """Takes a piece out of copies of the mappings and lists around it."""
    for step in path[:-1]:
        if not isinstance(place, dict) or not isinstance(place.get(step), dict | list):
            return
        place[step] = dict(place[step]) if isinstance(place[step], dict) else [*place[step]]
        if isinstance(place[step], list):
            del place[step]  # an item of a list that is wrong takes the list with it
            return
        place = place[step]
    if isinstance(place, dict):
        place.pop(path[-1], None)


def _inputs(raw: dict[str, Any]) -> Iterator[Mistake]:
    yield from _declared(raw.get("inputs"), ("inputs",))
    for name, block in _mapping(raw.get("blocks")).items():
        yield from _declared(_mapping(block).get("inputs"), ("blocks", name, "inputs"))


def _declared(inputs: Any, path: Path) -> Iterator[Mistake]:
    """What is wrong with the declarations of inputs, inside `for` and `if` keys too."""
    for name, entry in _mapping(inputs).items():
        at = (*path, name)
        if is_splice(name) and isinstance(entry, dict):
            yield from _declared(entry, at)
        elif entry is UNKNOWN:
            continue
        elif isinstance(entry, dict) and "nodes" in entry:
            message = f"`{name}` is a block, and blocks stand under `blocks`"
            form = "an input is `{shape: […], dtype: …}` or a shape"
            yield Mistake(fault_at(Code.WRONG_TYPE, message, at, True, form))
        elif isinstance(entry, dict):
            yield from validated(Input, entry, at)[1]
        elif is_splice(name) or not isinstance(entry, list):
            hint = None if is_splice(name) else "write a shape, `[N, C, H, W]`, or `{shape: […], dtype: …}`"
            expected = "a mapping of inputs" if is_splice(name) else "a shape"
            message = f"`{name}`: expected {expected}, found {kind_of(entry)}"
            yield Mistake(fault_at(Code.WRONG_TYPE, message, at, hint=hint))


def _hidden(params: Any, let: Any, path: Path) -> Iterator[Mistake]:
    """Names that are a parameter and a derived value at once."""
    for name in _mapping(let):
        if name in _mapping(params):
            there = fault_at(
                Code.DUPLICATE_NAME, f"`{name}` is derived already, by `let`", (*path, "params", name), True,
                f"set what it is derived from, or patch it: `patch: {{{'.'.join(map(str, (*path, 'let', name)))}: …}}`",
            )  # fmt: skip
            message = f"`{name}` is a parameter already"
            here = fault_at(Code.DUPLICATE_NAME, message, (*path, "let", name), True, "rename one of them")
            yield Mistake(here, there)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
