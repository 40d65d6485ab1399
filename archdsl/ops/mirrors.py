"""Functions over ops whose cases stand elsewhere, in a package of modules with the stems of this one.

What only figures or only reports want to know of an op does not burden those who check a spec. A module of such a
package is imported when an op of its theme is first asked about, as the ops are themselves: a spec uses few themes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, singledispatch, update_wrapper
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Generic, TypeVar, final

from archdsl.ops.base import Op, of_package

R = TypeVar("R")
Case = TypeVar("Case", bound=Callable[..., Any])
_HERE: Final = __name__.rpartition(".")[0]


@final
class Cases(Generic[R]):
    """A function whose first argument is an op, with a case by its class, as `functools.singledispatch` has them."""

    def __init__(self, otherwise: Callable[..., R], package: str, group: str) -> None:
        """`package` holds the cases; `otherwise` is for ops without one.

        Those for ops of installed packages are found by the entry points of a `group`.
        """
        self.package = package
        self.group = group
        self._cases = singledispatch(otherwise)
        self.register = self._cases.register
        update_wrapper(self, otherwise)

    def for_each(self, *ops: type[Op]) -> Callable[[Case], Case]:
        """Makes a function the case of several classes."""

        def registered(case: Case) -> Case:
            for op in ops:
                self._cases.register(op, case)
            return case

        return registered

    def __call__(self, op: Op, *arguments: Any) -> R:
        case = self.case(type(op))
        return of_package(op.name, case, op, *arguments) if "." in op.name else case(op, *arguments)

    def case(self, op: type[Op]) -> Callable[..., R]:
        """What is called for ops of this class."""
        _import(self.package, self.group, op)
        cases = self._cases.registry
        # `dispatch` would ask of each class with a case whether others are registered as subclasses of it
        return next(cases[each] for each in op.__mro__ if each in cases)

    def own(self) -> dict[type[Op], Callable[..., R]]:
        """The cases of the modules that have been imported, by the class that they are for."""
        return {op: case for op, case in self._cases.registry.items() if op is not object}


def by_class(package: str, group: str) -> Callable[[Callable[..., R]], Cases[R]]:
    """Makes a function that of ops without a case into one with the cases of a package, and of installed ones."""
    return lambda otherwise: Cases(otherwise, package, group)


@cache
def _import(package: str, group: str, op: type[Op]) -> None:
    """The modules with the cases of a class and of its bases."""
    for each in op.__mro__:
        home, _, theme = each.__module__.rpartition(".")
        if home == _HERE and find_spec(f"{package}.{theme}") is not None:
            import_module(f"{package}.{theme}")
    if "." in getattr(op, "name", ""):
        from archdsl.ops.installed import load_cases, parts_of

        if (parts := parts_of(op.name)) is not None:
            load_cases(parts, group)
