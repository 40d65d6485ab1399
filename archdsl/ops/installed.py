"""Ops of installed packages, which specs call `PACKAGE.OP`: looked for where a spec names one, and never before.

PACKAGE is what `pip` and Python's `import` call it, with `_` for `-`.
A package says by entry points what it has. In the group `archdsl.ops` an op's name leads to its class; in the groups of
`archdsl.ops.mirrors.Cases` the same name leads to a module that registers cases for the class. A spec can only
name what is installed, so that it loads no code of its own.
"""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from typing import Final, NamedTuple

from archdsl.ops.base import Kind, Op, PackageError
from archdsl.text.spelled import quoted

GROUP: Final = "archdsl.ops"
_NAME: Final = re.compile(r"(?P<package>[a-z][a-z0-9_]*)\.(?P<op>[a-z][a-z0-9_]*)")


class OpOfPackage(NamedTuple):
    """An op's name in two parts."""

    package: str
    op: str


def parts_of(name: str) -> OpOfPackage | None:
    """The parts of `PACKAGE.OP`; None for a name of another form."""
    match = _NAME.fullmatch(name)
    return None if match is None else OpOfPackage(match["package"], match["op"])


def installed(name: OpOfPackage) -> type[Op]:
    """The class of an op. Raises PackageError where no installed package has it, or it cannot be loaded."""
    full = ".".join(name)
    try:
        points = distribution(name.package).entry_points
    except PackageNotFoundError:
        raise PackageError(
            f"`{full}` is an op of the package `{name.package}`, which is not installed here",
            "install it, if you know whose it is",
        ) from None
    ops = [point for point in points if point.group == GROUP]
    found = next((point for point in ops if point.name == name.op), None)
    if found is None:
        others = f"has {quoted(f'{name.package}.{point.name}' for point in ops)}" if ops else "brings no ops"
        raise PackageError(f"the installed package `{name.package}` has no op `{name.op}`", f"it {others}")
    loaded = _loaded(found, full)
    if not isinstance(loaded, type) or not issubclass(loaded, Op) or getattr(loaded, "name", None) != full:
        raise PackageError(f"`{found.value}` of the package `{name.package}` is no class of ops with the name `{full}`")
    if not isinstance(getattr(loaded, "kind", None), Kind):
        raise PackageError(f"`{found.value}` of the package `{name.package}` has no `kind`, a member of `Kind`")
    if loaded.__module__.partition(".")[0] != name.package:
        raise PackageError(f"`{full}` is a class of `{loaded.__module__}`, expected one of `{name.package}`")
    return loaded


def load_cases(name: OpOfPackage, group: str) -> None:
    """Imports the modules with a package's cases for an op, if it has some. Raises PackageError."""
    for point in distribution(name.package).entry_points:
        if point.group == group and point.name == name.op:
            _loaded(point, ".".join(name))


def brings_ops(package: str) -> bool:
    """Whether there is an installed package of that name with ops."""
    try:
        return any(point.group == GROUP for point in distribution(package).entry_points)
    except (PackageNotFoundError, ValueError):
        return False


def _loaded(point: EntryPoint, name: str) -> object:
    try:
        return point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # `sys.exit` for one
        said = next(iter(str(error).splitlines()), "")
        reason = f"{type(error).__name__}: {said}".rstrip(": ")
        raise PackageError(f"`{name}` cannot be loaded: `{point.value}` of its package fails: {reason}") from error
