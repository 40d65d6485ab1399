"""A mistake as data, and the exception that carries it to where it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archdsl.faults.code import Code

if TYPE_CHECKING:
    from archdsl.expressions.tree import Tree


class Span(NamedTuple):
    """A stretch of a file; lines and columns count from 1, `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Note(NamedTuple):
    """An aligned line under the source: `| bn3         N×256×56×56   from conv3 (line 24)`."""

    subject: str
    value: str
    detail: str = ""


class Cause(Note):
    """Where the value is written that is at fault, however often it is read."""

    __slots__ = ()


class Place(NamedTuple):
    """Where a mistake stands in a document, as far as the one who finds it knows; who tells it knows the rest."""

    path: tuple[str | int, ...] | None = None
    """The keys and indices that lead there."""
    key: bool = False
    """The last key is at fault, not its value."""
    offsets: tuple[int, int] | None = None
    """The stretch of the text there, where it is only a part of it."""
    field: str | None = None
    """The field of an op that is at fault, by name."""
    item: int | None = None
    """The item of the field's list that is at fault."""


class Fault(NamedTuple):
    """One mistake, in words for the user."""

    code: Code
    message: str
    """Lower case, without a final dot; it holds the offending value."""
    hint: str | None = None
    """What to do about it."""
    place: Place = Place()
    notes: tuple[Note, ...] = ()
    unknown: str | None = None
    """A name that means nothing, where that is the mistake."""
    tree: Tree | None = None
    """The part of an expression that has no value."""
    instead: str | None = None
    """What is surely meant in place of what is at fault, as the file would say it."""

    def at(self, path: tuple[str | int, ...], key: bool = False) -> Fault:
        """The same mistake, of the text at a path of the document, or of its key."""
        return self._replace(place=self.place._replace(path=path, key=key))


class FaultError(Exception):
    """A mistake on its way to where it is told."""

    also: tuple[Fault, ...] = ()
    """Others of the same kind, found with it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault

    @property
    def code(self) -> Code:
        return self.fault.code

    @property
    def message(self) -> str:
        return self.fault.message

    @property
    def hint(self) -> str | None:
        return self.fault.hint

    def advise(self, hint: str | None) -> None:
        """Says what to do about it, in place of what was said before."""
        self.fault = self.fault._replace(hint=hint)

    def place(self, path: tuple[str | int, ...] | None, key: bool = False) -> None:
        """Says where in the document it stands."""
        self.fault = self.fault._replace(place=self.fault.place._replace(path=path, key=key))

    def move(self, start: int, end: int) -> None:
        """Says which stretch of the text it is."""
        self.fault = self.fault._replace(place=self.fault.place._replace(offsets=(start, end)))


class FollowOn(Exception):
    """What is read has no value since its own mistake has been told: who reads it tells none.

    It names no place. Where a place is known, `Mistakes.at`, it becomes `Reported` of the node that reads.
    """
