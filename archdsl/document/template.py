"""Nodes as they are written: what the elaborator instantiates again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, final

from archdsl.document.positions import Path
from archdsl.document.substitution import Text
from archdsl.expressions import Expression, ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, Place, Span

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.document.splices import Splice


UNIVERSAL = ("from", "if", "else", "when", "share", "tie", "let", "init", "trainable", "note", "was")
"""The keys that every node understands."""


class TemplateError(FaultError):
    """A node that cannot be read, at `path` in the document, or at its key."""

    def __init__(self, code: Code, message: str, path: Path, *, hint: str | None = None, key: bool = False) -> None:
        super().__init__(Fault(code, message, hint, Place(path, key)))


def located(error: ExpressionError, path: Path, key: bool = False) -> TemplateError:
    """The same mistake of the text at a path of the document, or of its key."""
    found = TemplateError(error.code, error.message, path)
    found.fault = error.fault.at(path, key)
    return found


class Written(NamedTuple):
    """A value of the document with where it stands."""

    value: Any
    path: Path


@dataclass(slots=True, eq=False, repr=False)
class Template:
    """A piece of a document that makes nodes."""

    home: Resolved
    path: Path
    groups: tuple[IfTemplate, ...] = field(default=(), kw_only=True)
    """The `if` keys between it and the scope or loop that it stands in, outermost first."""
    read: bool = field(default=False, kw_only=True)
    """Another name for a node that something has read."""

    @property
    def span(self) -> Span:
        return self.home.span(self.path)


@final
@dataclass(slots=True, eq=False, repr=False)
class NodeTemplate(Template):
    """One node: an op, a block, a formula, a nested scope, or a name for what it reads."""

    name: Text | None = None
    """None for an item of a list."""
    op: Text | None = None
    op_path: Path = ()
    formula: Text | None = None
    formula_path: Path = ()
    written: dict[str, Written] = field(default_factory=dict)
    """The op's fields, raw."""
    let: dict[str, Written] = field(default_factory=dict)
    """Derived values, raw, that it alone sees."""
    source: Written | None = None
    condition: Expression | None = None
    condition_path: Path = ()
    otherwise: Text | None = None
    body: tuple[Template, ...] | None = None
    listed: bool = False
    """The body is a list: its children are numbered."""
    order: Written | None = None
    when: str | None = None
    share: Text | None = None
    tie: dict[str, Text] = field(default_factory=dict)
    init: Written | None = None
    trainable: Expression | None = None
    note: str | None = None
    was: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    """The fields of its op, unevaluated: `Expression`, `Text` or plain data. Filled when first used."""
    cache: dict[Any, Any] = field(default_factory=dict)
    """What the elaborator prepares once per template."""
    broken: bool = False
    """It could not be read, and that has been reported."""


@final
@dataclass(slots=True, eq=False, repr=False)
class LoopTemplate(Template):
    """`for targets in iterable:` and the nodes that it splices in."""

    targets: tuple[str, ...]
    splice: Splice | None
    """None where it cannot be read, which has been reported."""
    text: str
    body: tuple[Template, ...] = ()

    @property
    def iterable(self) -> Expression | None:
        """Gives a list of tuples, one value for each target."""
        return None if self.splice is None else self.splice.expression


@final
@dataclass(slots=True, eq=False, repr=False)
class IfTemplate(Template):
    """`if condition:` as a key: what stands under it is there or not."""

    splice: Splice | None
    """None where it cannot be read, which has been reported."""


@final
@dataclass(slots=True, eq=False, repr=False)
class BlockTemplate:
    """A block's definition, or a whole spec used as one."""

    name: str
    home: Resolved
    path: Path
    inputs: dict[str, Any] | None
    params: dict[str, Any]
    let: dict[str, Any]
    body: tuple[Template, ...]
    listed: bool
    outputs: Written | None
    order: Written | None = None
    is_spec: bool = False

    @property
    def span(self) -> Span:
        return self.home.span(self.path)
