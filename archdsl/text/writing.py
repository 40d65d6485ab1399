"""Writing several files so that either all of them arrive or nothing changes."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EINVAL, ENOTDIR
from pathlib import Path
from stat import S_IMODE

from archdsl.text.ordinary import check_nameable


def write_files(files: Mapping[Path, bytes]) -> None:
    """Writes every file whole, making the directories that lack.

    Each is first written beside its place under a name that nobody else has; only when all are complete do they
    take their places. Where something fails before that, what was there is unchanged, and directories
    made on the way are gone again. A link is followed; a device or a pipe is written to as it is.
    Threads and processes may write one file at once: it is one of theirs, whole.

    Raises OSError.
    """
    with _directories({path.parent for path in files}):
        staged: dict[Path, Path] = {}
        try:
            for path, content in files.items():
                check_nameable(path)
                if path.exists() and not path.is_file():
                    _pour(path, content)  # a pipe that a link of the system leads to has no other name
                else:
                    target = Path(os.path.realpath(path))
                    # Short, since a name beside the longest that a file may have would be too long.
                    staged[target] = target.with_name(f".{secrets.token_hex(8)}.tmp")
                    _write(staged[target], content, target)
            for target, temporary in staged.items():
                temporary.replace(target)
        finally:
            for temporary in staged.values():
                temporary.unlink(missing_ok=True)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Where to make a file that is too large for memory, or that makes others; all of them take their places together.

    The path that it gives has the target's name, in a new folder beside it: what is in there when the body ends goes
    where the target is, itself last. If the body fails, nothing has changed. A link is followed.

    Raises OSError.
    """
    check_nameable(target)
    final = Path(os.path.realpath(target))
    if final.exists() and not final.is_file():
        raise OSError(EINVAL, "a folder" if final.is_dir() else "not an ordinary file", str(target))
    with _directories({final.parent}):
        folder = final.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            folder.mkdir()
        except OSError as error:
            error.filename = str(target)
            raise
        try:
            yield folder / final.name
            made = sorted(folder.iterdir(), key=lambda each: each.name == final.name)
            for each in made:
                _finish(each, final.with_name(each.name))
            for each in made:
                each.replace(final.with_name(each.name))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _finish(path: Path, target: Path) -> None:
    """Waits until a file is on the disk, with the rights of the one that it replaces."""
    if target.exists():
        os.chmod(path, S_IMODE(target.stat().st_mode))
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _pour(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as error:
        error.filename = str(target)
        raise


def _write(path: Path, content: bytes, target: Path) -> None:
    """Writes a new file and waits until it is on the disk. Errors name the file that it stands for."""
    try:
        with path.open("xb") as stream:
            if target.exists():
                os.chmod(path, S_IMODE(target.stat().st_mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        error.filename = str(target)
        raise


@contextmanager
def _directories(wanted: set[Path]) -> Iterator[None]:
    """Makes directories, and removes those that it made if the body fails."""
    made: list[Path] = []
    try:
        for directory in wanted:
            missing = [path for path in (directory, *directory.parents) if not path.exists()]
            for path in reversed(missing):
                with suppress(FileExistsError):  # another thread or process has made it since: it is theirs
                    path.mkdir()
                    made.append(path)
            if not directory.is_dir():
                raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(directory))
        yield
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        raise
