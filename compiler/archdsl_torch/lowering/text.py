"""Python text: literals, and documents that break over lines as ruff's formatter breaks them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias, TypeVar, final

from archdsl.shapes import Symbolic
from archdsl.text.alike import same
from archdsl_torch.lowering.spelling import WIDTH


@final
@dataclass(frozen=True, slots=True)
class Brackets:
    """Items between brackets: on one line where they fit, else indented."""

    opening: str
    items: tuple[Doc, ...]
    closing: str = ")"
    exploded: bool = False
    """One item a line, whether or not they fit."""
    single: bool = False
    """One item without a comma after it, such as a comprehension."""

    def __str__(self) -> str:
        return self.opening + ", ".join(map(str, self.items)) + self.closing


@final
@dataclass(frozen=True, slots=True)
class Operation:
    """`left + right`, which breaks before its sign."""

    sides: tuple[Doc, Doc]
    sign: str
    close: bool = False
    """Without spaces around the sign."""

    def __str__(self) -> str:
        left, right = self.sides
        return f"{left}{self.sign}{right}" if self.close else f"{left} {self.sign} {right}"


@final
@dataclass(frozen=True, slots=True)
class Dotted:
    """`x.permute(...).flatten(1)`, which breaks before its dots."""

    head: str
    calls: tuple[Brackets, ...]

    def __str__(self) -> str:
        return self.head + "".join(map(str, self.calls))


SharedType = TypeVar("SharedType")

Doc: TypeAlias = "str | Brackets | Operation | Dotted"


def prefixed(prefix: str, doc: Doc) -> Doc:
    """The document with text right before it, as in `name=value`."""
    if isinstance(doc, Brackets):
        return Brackets(prefix + doc.opening, doc.items, doc.closing, doc.exploded, doc.single)
    if isinstance(doc, Operation):
        return Operation((prefixed(prefix, doc.sides[0]), doc.sides[1]), doc.sign, doc.close)
    if isinstance(doc, Dotted):
        return Dotted(prefix + doc.head, doc.calls)
    return prefix + doc


def render(prefix: str, doc: Doc, indent: int, suffix: str = "") -> list[str]:
    """The lines of `prefix + doc + suffix`; the prefix begins a statement."""
    space = " " * indent
    line = f"{space}{prefix}{doc}{suffix}"
    if isinstance(doc, str) or (len(line) <= WIDTH and not _is_exploded(doc)):
        return [line]
    if isinstance(doc, Operation):
        return _render_operation(prefix, doc, indent, suffix)
    if isinstance(doc, Dotted):
        return _render_dotted(prefix, doc, indent, suffix)
    if not doc.items:
        return [line]
    inner = " " * (indent + 4)
    body = f"{inner}{', '.join(map(str, doc.items))}"
    if len(body) <= WIDTH and not _is_exploded(doc) and not doc.exploded:
        lines = [body]
    else:
        comma = "" if doc.single else ","
        lines = [part for item in doc.items for part in render("", item, indent + 4, comma)]
    return [f"{space}{prefix}{doc.opening}", *lines, f"{space}{doc.closing}{suffix}"]


def _render_dotted(prefix: str, doc: Dotted, indent: int, suffix: str) -> list[str]:
    """One call a line, the first beside a head that is no call; a single call breaks between its brackets."""
    if len(doc.calls) < 2:
        return render(prefix + doc.head, doc.calls[0], indent, suffix)
    space = " " * indent
    inner = " " * (indent + 4)
    parts = [doc.head, *map(str, doc.calls)]
    first, *others = parts if doc.head.endswith(")") else [parts[0] + parts[1], *parts[2:]]
    return [f"{space}{prefix}(", f"{inner}{first}", *(f"{inner}{call}" for call in others), f"{space}){suffix}"]


def _render_operation(prefix: str, doc: Operation, indent: int, suffix: str) -> list[str]:
    """One operand a line; in a statement, which is outside of any brackets, in brackets of its own."""
    if prefix:
        return render(prefix, Brackets("(", (doc,), single=True), indent, suffix)
    operands: list[tuple[str, Doc]] = []
    left: Doc = doc
    while isinstance(left, Operation) and left.sign == doc.sign:
        operands.insert(0, (f"{left.sign} ", left.sides[1]))
        left = left.sides[0]
    lines = render("", left, indent)
    for sign, operand in operands:
        lines += render(sign, str(operand) if isinstance(operand, Operation) else operand, indent)
    return [*lines[:-1], lines[-1] + suffix]


def _is_exploded(doc: Doc) -> bool:
    if isinstance(doc, Operation):
        return any(map(_is_exploded, doc.sides))
    if isinstance(doc, Dotted):
        return False
    return isinstance(doc, Brackets) and (doc.exploded or any(map(_is_exploded, doc.items)))


def distinct(values: Iterable[SharedType]) -> list[SharedType]:
    """Each object once: twins share theirs."""
    return [*{id(value): value for value in values}.values()]


def all_same(values: Sequence[Any]) -> bool:
    first = values[0]
    return all(value is first or same(first, value) for value in values[1:])


def is_static(value: Any) -> bool:
    """Whether no run-time dimension stands in the value."""
    if isinstance(value, list | tuple):
        return all(map(is_static, value))
    return not isinstance(value, Symbolic)


def counted(name: str, number: int) -> str:
    """The name for the first that wants it, and with a number for others."""
    return name if number == 1 else f"{name}{number}"


def unique(name: str, taken: Container[str]) -> str:
    """The name, or with the first free number after it."""
    return first_free(name, taken.__contains__)


def first_free(name: str, is_taken: Callable[[str], bool]) -> str:
    """The same, where what is taken is told by a question."""
    return next(found for number in count(1) if not is_taken(found := counted(name, number)))


@final
class TakenNames:
    """Names that are taken, and new ones beside them: as `unique` makes them, however many are equal."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*taken}
        self._numbers: dict[str, int] = {}
        """The first number that a wanted name may have."""

    def new(self, wanted: str) -> str:
        """The wanted name, or with the first free number after it; it is taken then."""
        number = self._numbers.get(wanted, 1)
        while (name := counted(wanted, number)) in self.taken:
            number += 1
        self._numbers[wanted] = number
        self.taken.add(name)
        return name
