"""A spec with everything that it names in one text, which travels in the metadata of a safetensors file.

A bundle is a stranger's: it is read within bounds, and what its files name is looked up in it, never on this machine.
A file in it has a path below that of the bundle, `net.safetensors/net.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeGuard

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError
from archdsl.text.ordinary import NotOrdinaryError, open_ordinary
from archdsl.text.plain_text import to_json

SUFFIX: Final = ".safetensors"
KEY: Final = "archdsl"
"""Of the metadata."""
MAX_HEADER: Final = 4_000_000
"""The bytes of a safetensors file's header, names, places and metadata together, that are read."""
_VERSION: Final = 1
_LENGTH: Final = 8
_DAMAGED: Final = "has a spec that is damaged: its files do not belong together"
_LONGEST: Final = 4_096
"""The characters of a file's name."""


class BundleError(FaultError):
    """A file that holds no spec, or none that can be read; the message says why."""

    def __init__(self, message: str, hint: str | None = None, code: Code = Code.FILE_UNREADABLE) -> None:
        super().__init__(Fault(code, message, hint))


class Bundle(NamedTuple):
    """The files of a spec, and with what it was built."""

    main: str
    """The name of the spec's own file."""
    texts: Mapping[str, str]
    """What the files say, by their names in the bundle."""
    names: Mapping[str, Mapping[str, str]]
    """By file: which file each name that it writes means."""
    params: Mapping[str, Any]
    sizes: Mapping[str, int]

    def text(self) -> str:
        """The bundle as a text, the same for the same bundle."""
        return to_json({"version": _VERSION, **self._asdict()})


def inside(path: Path) -> tuple[Path, str] | None:
    """The bundle that a path leads into, and the name of the file there; None for the path of an ordinary file."""
    if SUFFIX not in str(path):
        return None
    bundle = next((each for each in path.parents if each.suffix == SUFFIX and each.is_file()), None)
    return None if bundle is None else (bundle, path.relative_to(bundle).as_posix())


def named_in(beside: Path, name: str) -> Path | None:
    """The file that another of its bundle means by a name; None where the bundle has none. Raises BundleError."""
    place = inside(beside)
    if place is None:
        return None
    path, file = place
    target = opened(path).names.get(file, {}).get(name)
    return None if target is None else path / target


def text_in(path: Path, file: str) -> str | None:
    """What a file of a bundle says; None where there is none. Raises BundleError."""
    return opened(path).texts.get(file)


def opened(path: Path) -> Bundle:
    """The bundle in a file of weights. Raises BundleError."""
    try:
        state = path.stat()
        return _opened(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise BundleError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


@lru_cache(maxsize=4)
def _opened(path: Path, _stamp: int, size: int) -> Bundle:
    """Read once as long as the file is as it was: each of its files is asked for by itself."""
    header = _header(path, size)
    metadata = header.get("__metadata__")
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        hint = f"`archdsl export SPEC --to safetensors --weights {path.name} -o NEW` writes one that has both"
        raise BundleError("holds weights, and no spec beside them", hint, Code.NOT_A_SPEC)
    return _bundle(_parsed(text))


def _header(path: Path, size: int) -> dict[str, Any]:
    try:
        with open_ordinary(path) as stream:
            start = stream.read(_LENGTH)
            length = int.from_bytes(start, "little") if len(start) == _LENGTH else size
            if length + _LENGTH > size:
                raise BundleError("is no safetensors file, or damaged: it ends before its header does")
            if length > MAX_HEADER:
                raise BundleError(f"has a header of {length:,} bytes, and at most {MAX_HEADER:,} are read")
            return _parsed(stream.read(length).decode("utf-8", "replace"))
    except NotOrdinaryError as error:
        raise BundleError(f"is {error.strerror}") from None


def _parsed(text: str) -> dict[str, Any]:
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise BundleError("is no safetensors file, or damaged: its header is no JSON object")
    return data


def _bundle(data: Mapping[str, Any]) -> Bundle:
    version, main, texts = data.get("version"), data.get("main"), data.get("texts")
    names, params, sizes = (data.get(each) for each in ("names", "params", "sizes"))
    if version != _VERSION:
        hint = "a newer archdsl wrote it: update archdsl" if isinstance(version, int) else None
        raise BundleError(f"has a spec of another format than {_VERSION}, which this archdsl reads", hint)
    if not (isinstance(main, str) and _is_texts(texts) and isinstance(params, dict) and isinstance(sizes, dict)):
        raise BundleError(_DAMAGED)
    if main not in texts or not isinstance(names, dict) or not all(_are_among(each, texts) for each in names.values()):
        raise BundleError(_DAMAGED)
    if not all(map(_is_name, texts)):
        raise BundleError(_DAMAGED)
    return Bundle(main, texts, names, params, sizes)


def _is_texts(value: Any) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _are_among(names: Any, texts: Mapping[str, str]) -> bool:
    return _is_texts(names) and set(names.values()) <= texts.keys()


def _is_name(name: str) -> bool:
    """Whether a name stands below the bundle's: nothing is opened by it, and messages show it."""
    return name.isprintable() and len(name) <= _LONGEST and not {"", ".", ".."} & {*name.split("/")}
