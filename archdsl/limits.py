"""How large a spec may grow: one budget for a whole analysis, and the bounds on its form.

A spec is a stranger's, and a few lines of it can ask for a billion nodes. What it asks for is counted while it is
analysed, in bulk where a loop begins or a block is copied, and refused with one diagnostic, `too-large`, before it
is made. The defaults leave ten times the room that the largest network that ships needs.

The bounds on form (`MAX_…`) keep recursion shallow and texts readable, and are not to be raised.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar, final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, Place, Span

MAX_NESTING: Final = 100
"""How deep lists and mappings of a file may nest."""
MAX_SCOPES: Final = 60
"""How deep blocks, lists and containers of a network may stand in one another."""
MAX_CHAIN: Final = 50
"""How many files may extend or use one another in a row."""
MAX_PATH: Final = 1_000
"""The characters of the path of a block, list or container in the network."""
MAX_NAME: Final = 200
"""The characters of a node's name."""
MAX_EXPRESSION: Final = 10_000
"""The characters of an expression."""
MAX_NOTATION: Final = 2_000
"""The characters of an equation of `einsum`, a pattern of `rearrange`, an initialiser."""
MAX_BRACKETS: Final = 60
"""How deep an expression's brackets and its tree may nest."""
MAX_SUMMANDS: Final = 50
"""The tensors of one sum: it becomes an expression, whose tree may not nest deeper."""
MAX_MESSAGE: Final = 2_000
"""The characters of a message, and of a hint: what they quote may be long."""
MAX_DIGITS: Final = 20
"""Of `round`: Python computes the power of ten."""
MAX_INT: Final = 2**64
"""The largest whole number in an expression."""
MAX_DIVISIONS: Final = 50
"""How deep divisions of a dimension may stand in one another, `(H // 2 + 1) // 3`."""
MAX_INT64: Final = 2**63 - 1
"""The largest size, product of sizes and whole number that torch takes."""
SEEDS: Final = range(-(2**63), 2**64)
"""The seeds that torch takes."""
SEED: Final = "a whole number from -(2 ** 63) to 2 ** 64 - 1"
"""These in words."""
MAX_RANK: Final = 64
"""The most dimensions of a tensor that torch takes."""

MAX_TRIALS: Final = 1_000
"""The settings of one sweep."""
MAX_LABEL: Final = 100
"""The characters of a theme's name for a box."""
MAX_THEMED: Final = 200
"""The entries of each part of a theme."""
MAX_GRAPH: Final = 50_000_000
"""The characters of a graph as JSON: ten times those of the largest that ships."""

VARIABLE: Final = "ARCHDSL_BUDGET"
"""What sets the limits from outside: `10x`, `nodes=1000000`, or several of these with commas between them."""


@final
class Limits(NamedTuple):
    """What one analysis may use. Each can be raised by its name."""

    characters: int = 1_000_000
    """Of all files that are read, together."""
    files: int = 200
    """That are read: what a spec extends, uses and embeds."""
    expansions: int = 100_000
    """Nodes visited and turns of `for` taken, whether anything comes of them or not."""
    nodes: int = 38_000
    """Primitives of the network."""
    scopes: int = 10_000
    """Blocks, lists and mappings of nodes in the network."""
    steps: int = 2_000_000
    """Of evaluation: parts of long expressions, turns of comprehensions, elements of the lists that they make."""
    elements: int = 100_000
    """In one list."""
    text: int = 10_000
    """Characters of one text that is put together from others."""
    terms: int = 1_300
    """In one dimension that is known only at run time, `H // 2 + W`."""
    outputs: int = 2_000
    """Of one op."""
    layers: int = 200
    """Of one recurrent op."""
    computed: int = 2**26
    """Elements that constants and parameters with a `value` compute when the network is built, together."""
    matches: int = 300_000
    """Paths that patterns of `init` and `weights` are compared with."""
    mistakes: int = 1_000
    """Found before the rest is left unread; the first fifth of so many is told."""
    suggestions: int = 60_000
    """Comparisons of misspelt names with right ones, of eight letters each; then nothing more is suggested."""


NAMES: Final = Limits._fields

_SAID: Final = {
    "characters": "characters in its files",
    "files": "files",
    "expansions": "nodes and turns of `for` to expand",
    "nodes": "nodes",
    "scopes": "blocks and lists of nodes",
    "steps": "steps of evaluation",
    "elements": "elements in a list",
    "text": "characters in a text",
    "terms": "terms in a dimension",
    "outputs": "outputs of one op",
    "layers": "layers of one op",
    "computed": "elements of constants to compute",
    "matches": "paths to compare with patterns",
}


@final
class TooLarge(FaultError, ValueError):
    """A spec asks for too much; `field` is the op's field that asks for it, where it is one's."""

    def __init__(
        self, message: str, hint: str | None = None, field: str | None = None, code: Code = Code.TOO_LARGE
    ) -> None:
        super().__init__(Fault(code, message, hint, Place(field=field)))
        self.span: Span | None = None
        """Where it is asked for, where that is another place than where it was met."""


def _exceeded(limit: str, allowed: int, asked: int | None = None, field: str | None = None) -> TooLarge:
    said = f"more than {allowed:,} {_SAID[limit]}" + (f": {asked:,}" if asked is not None else "")
    larger = max(10 * allowed, asked or 0)
    hint = f"`{VARIABLE}={limit}={larger}` allows more, and `{VARIABLE}=10x` ten times as much of everything"
    return TooLarge(said, hint, field)


class BadBudget(ValueError):
    """A setting of the limits that cannot be read."""


@final
class Budget:
    """What one analysis may use, and has used."""

    __slots__ = ("_allowed", "answers", "limits", "spent")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.answers: dict[Hashable, str | None] = {}
        """What misspelt names mean, as far as it has been asked."""
        self.spent = dict.fromkeys(NAMES, 0)
        self._allowed: dict[str, int] = limits._asdict()

    def spend(self, limit: str, amount: int) -> None:
        """Counts an amount against a limit. Raises TooLarge where that is more than is left."""
        total = self.spent[limit] = self.spent[limit] + amount
        if total > self._allowed[limit]:
            raise _exceeded(limit, self._allowed[limit])

    def foresee(self, limit: str, amount: int) -> None:
        """Raises TooLarge where an amount that is still to be spent is more than is left."""
        if self.spent[limit] + amount > self._allowed[limit]:
            raise _exceeded(limit, self._allowed[limit])

    def check(self, limit: str, amount: int, field: str | None = None) -> None:
        """Raises TooLarge where one thing alone is more than a limit allows."""
        self.spent[limit] = max(self.spent[limit], amount)
        if amount > self._allowed[limit]:
            raise _exceeded(limit, self._allowed[limit], amount, field)

    def take(self, limit: str, amount: int) -> bool:
        """Counts an amount against a limit where so much is left, and says whether it is."""
        enough = self.spent[limit] + amount <= self._allowed[limit]
        if enough:
            self.spent[limit] += amount
        return enough


_LIMITS: ContextVar[Limits | None] = ContextVar("limits", default=None)
_BUDGET: ContextVar[Budget | None] = ContextVar("budget", default=None)


def current() -> Budget:
    """The budget of the analysis that runs; a new one where none does. Raises BadBudget."""
    return _BUDGET.get() or Budget(limits())


def limits() -> Limits:
    """The limits in force: those of `budget`, else the environment's, else the defaults. Raises BadBudget."""
    return _LIMITS.get() or _read(os.environ.get(VARIABLE, ""))


@contextmanager
def analysis() -> Iterator[Budget]:
    """One budget for all that happens inside; that of the analysis around, if there is one. Raises BadBudget."""
    if (running := _BUDGET.get()) is not None:
        yield running
        return
    token = _BUDGET.set(Budget(limits()))
    try:
        with collector_paused():
            yield current()
    finally:
        _BUDGET.reset(token)


ParamsType = ParamSpec("ParamsType")
MadeType = TypeVar("MadeType")


def checked_each_time(maxsize: int) -> Callable[[Callable[ParamsType, MadeType]], Callable[ParamsType, MadeType]]:
    """A memory of what a pure function of dimensions gives, and of the terms that it met on the way.

    Where a smaller limit is in force than when it was made, it is refused. Arguments are given by position.
    """

    def remembering(function: Callable[ParamsType, MadeType]) -> Callable[ParamsType, MadeType]:
        known = lru_cache(maxsize)(lambda *args: _with_terms(function, args))

        @wraps(function)
        def asked(*args: ParamsType.args, **_: ParamsType.kwargs) -> MadeType:
            made: MadeType
            made, terms = known(*args)
            if terms:
                current().check("terms", terms)
            return made

        return asked

    return remembering


def _with_terms(function: Callable[..., MadeType], args: tuple[Any, ...]) -> tuple[MadeType, int]:
    """What a function gives, and the most terms that are counted for it."""
    with analysis() as budget:
        before, budget.spent["terms"] = budget.spent["terms"], 0
        made = function(*args)
        terms, budget.spent["terms"] = budget.spent["terms"], before
    return made, terms


@contextmanager
def collector_paused() -> Iterator[None]:
    """Analysing and printing make much that stays and no garbage to speak of: looking for it takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def budget(times: float = 1, /, **limit: int) -> Iterator[None]:
    """Lets specs grow beyond the limits: `with archdsl.budget(10): …`, `with archdsl.budget(nodes=10**6): …`.

    `times` multiplies every limit in force, and a limit given by name replaces it. Raises TypeError for a name that
    is no limit, and ValueError for an amount that is none.
    """
    token = _LIMITS.set(_changed(limits(), times, limit))
    try:
        yield
    finally:
        _LIMITS.reset(token)


def _changed(old: Limits, times: float, limit: dict[str, int]) -> Limits:
    if unknown := limit.keys() - set(NAMES):
        raise TypeError(f"no limit `{min(unknown)}`; there are {', '.join(NAMES)}")
    if not 0 < times < 1e9 or any(not 0 < amount < 2**63 for amount in limit.values()):
        raise BadBudget("a limit is a whole number from 1 on, and so is what it is multiplied with")
    raised = {name: int(getattr(old, name) * times) for name in NAMES}
    return old._replace(**{**raised, **limit})


@lru_cache(maxsize=16)
def _read(text: str) -> Limits:
    """The defaults as a text of the environment changes them. Raises BadBudget."""
    times, limit = 1.0, {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, amount = part.rpartition("=")
        try:
            if name:
                limit[name] = int(amount)
            else:
                times = float(part.removesuffix("x")) if part.endswith("x") else float("nan")
        except ValueError:
            times = float("nan")
    try:
        return _changed(Limits(), times, limit)
    except (BadBudget, TypeError) as error:
        hint = "write `10x`, `nodes=1000000` or `10x,nodes=1000000`"
        raise BadBudget(f"{VARIABLE} is `{text}`: {error}", hint) from None
