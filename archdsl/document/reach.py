"""Which files a spec may name: a stranger's spec is not to read around on the disk of whoever checks it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.files import SHOWN, display, shortened, specs_folder
from archdsl.faults.code import Code
from archdsl.faults.fault import Span

Folders: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"


@final
class Reach(NamedTuple):
    """Folders, absolute and without links. Files under them may be named, and those that ship."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, spec: Path, include: Iterable[Path]) -> Reach:
        """That of the spec that was asked for: its folder, or the working directory above it, and `include`."""
        own, here = real(spec.parent), _here()
        if here is None or not own.is_relative_to(here) or here == Path(here.anchor):
            return cls((own, *include))
        return cls((here, *include))

    def holds(self, target: Path) -> bool:
        """Whether a file is in reach, by its real path. It need not exist."""
        return any(target.is_relative_to(folder) for folder in (*self.folders, shipped_folder()))

    def named(self, name: str, beside: Path, span: Span | None) -> Path | Diagnostic:
        """The real path of what a spec names beside itself, whether there is a file or not."""
        target = real(beside.parent / name)
        return self.refusal(name, span) if Path(name).anchor or not self.holds(target) else target

    def refusal(self, name: str, span: Span | None) -> Diagnostic:
        """The diagnostic for a name that leads out of reach."""
        listed = " and ".join(f"`{display(folder)}`" if folder != _here() else "the working directory"
                              for folder in self.folders[:SHOWN])  # fmt: skip
        why = "is an absolute path" if Path(name).anchor else f"leads out of {listed}"
        hint = (
            f"a spec names files under {listed}, by a relative path, and those that ship; "
            "`--include DIR`, in Python `include=`, adds a folder"
        )
        return Diagnostic(Code.FILE_OUTSIDE, f"`{shortened(name)}` {why}", span, hint=hint)


def folders(include: Folders) -> tuple[Path, ...]:
    """Folders that a caller names, absolute and without links; one alone may be given without a list.

    Raises NotADirectoryError where one is none.
    """
    given = [include] if isinstance(include, str | os.PathLike) else [*include]
    for each in given:
        if not os.path.isdir(each):
            raise NotADirectoryError(errno.ENOTDIR, "no such folder", os.fspath(each))
    return tuple(real(Path(each)) for each in given)


@lru_cache(maxsize=1)
def shipped_folder() -> Path:
    """The folder of the specs that ship."""
    return real(specs_folder())


def _here() -> Path | None:
    """The working directory; None where somebody has removed it."""
    try:
        return real(Path.cwd())
    except OSError:
        return None


def real(path: Path) -> Path:
    """A path, absolute and without links. One of a loop of links stays as it is."""
    return Path(os.path.realpath(path))
