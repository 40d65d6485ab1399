"""Nodes as they are written, compiled once: what the elaborator instantiates again and again.

A document's raw `nodes` become a list of templates. Names and words are `Text` (with `$` parsed),
conditions and loops are expressions, and fields stay raw until the op that they belong to is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from archdsl.diagnostics import Span, nearest
from archdsl.document import kind_of
from archdsl.expressions import Expression, ExpressionError, Tree, parse
from archdsl.substitution import Part, Text, parse_text
from archdsl.unknown import UNKNOWN, Gap

if TYPE_CHECKING:
    from archdsl.inherit import Resolved

Path = tuple[str | int, ...]

UNIVERSAL = ("from", "if", "else", "when", "share", "tie", "init", "note", "was")
"""The keys that every node understands."""

_FOR = re.compile(r"for\b(?P<targets>.*?)\bin\b(?P<rest>.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")


class TemplateError(Exception):
    """A node that cannot be read, with where: `path` in the document, or offsets in its text."""

    unknown: str | None = None
    """A name that means nothing, where that is the mistake."""

    def __init__(
        self, code: str, message: str, path: Path, *, hint: str | None = None, key: bool = False,
        offsets: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint
        self.key = key
        self.offsets = offsets
        self.tree: Tree | None = None
        """The part of an expression that has no value."""


@final
@dataclass(frozen=True, slots=True)
class Written:
    """A value of the document with where it stands."""

    value: Any
    path: Path


@dataclass(slots=True, eq=False)
class Template:
    """A piece of a document that makes nodes."""

    home: Resolved
    path: Path
    read: bool = field(default=False, kw_only=True)
    """Another name for a node that something has read."""

    @property
    def span(self) -> Span:
        return self.home.span(self.path)


@final
@dataclass(slots=True, eq=False)
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
    source: Written | None = None
    condition: Expression | None = None
    condition_path: Path = ()
    otherwise: Text | None = None
    body: tuple[Template, ...] | None = None
    listed: bool = False
    """The body is a list: its children are numbered."""
    when: str | None = None
    share: Text | None = None
    tie: dict[str, Text] = field(default_factory=dict)
    init: Written | None = None
    note: str | None = None
    was: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    """The fields of its op, unevaluated: `Expression`, `Text` or plain data. Filled when first used."""
    cache: dict[Any, Any] = field(default_factory=dict)
    """What the elaborator prepares once per template."""
    broken: bool = False
    """It could not be read, and that has been reported."""


@final
@dataclass(slots=True, eq=False)
class LoopTemplate(Template):
    """`for targets in iterable:` and the nodes that it splices in."""

    targets: tuple[str, ...]
    iterable: Expression | None
    """Gives a list of tuples, one value for each target; None where it cannot be read, which has been reported."""
    text: str
    body: tuple[Template, ...] = ()


@final
@dataclass(slots=True, eq=False)
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
    is_spec: bool = False

    @property
    def span(self) -> Span:
        return self.home.span(self.path)


def for_key(key: object) -> re.Match[str] | None:
    """The parts of a key that begins a loop."""
    if isinstance(key, str) and key.startswith(("for ", "for(")):
        return _FOR.fullmatch(key)
    return None


def compile_loop(key: str, path: Path) -> tuple[tuple[str, ...], Expression]:
    """The loop variables of a `for` key, and an expression that lists their values."""
    match = for_key(key)
    if match is None:
        raise TemplateError("bad-for", f"cannot read `{key}`", path, hint="write `for name in expression:`", key=True)
    targets = tuple(_NAME.findall(match["targets"]))
    if not targets or len(set(targets)) != len(targets):
        raise TemplateError("bad-for", f"`{key}` needs loop variables with different names", path, key=True)
    opening = f"[({', '.join(targets)},) "
    try:
        return targets, parse(f"{opening}{key.rstrip(':')}]")
    except ExpressionError as error:
        offsets = (max(error.start - len(opening), 0), max(error.end - len(opening), 1))
        raise TemplateError("bad-expression", error.message, path, hint=error.hint, key=True, offsets=offsets) from None


class Compiler:
    """Compiles one document's nodes. Mistakes are collected in `errors`; what holds none is kept."""

    def __init__(self, home: Resolved) -> None:
        self.home = home
        self.errors: list[TemplateError] = []

    def body(self, raw: Any, path: Path) -> tuple[tuple[Template, ...], bool]:
        """The templates of a `nodes` value, and whether it is a list."""
        if isinstance(raw, list):
            return tuple(self._items(raw, path)), True
        if isinstance(raw, Mapping):
            return tuple(self._entries(raw, path)), False
        self._fail("wrong-type", f"expected nodes, found {kind_of(raw)}", path, "give a mapping or a list")
        return (), False

    def _entries(self, raw: Mapping[str, Any], path: Path) -> Iterator[Template]:
        for key, value in raw.items():
            at = (*path, key)
            if isinstance(key, Gap):
                yield NodeTemplate(self.home, path, _broken_name("for"), broken=True)
            elif for_key(key) is not None or key.split(" ")[0] == "for":
                yield from self._guard(self._loop, key, value, at, False)
            else:
                yield from self._guard(self._named, key, value, at)

    def _items(self, raw: list[Any], path: Path) -> Iterator[Template]:
        for position, value in enumerate(raw):
            at = (*path, position)
            loop = _sole_for(value)
            if loop is not None:
                yield from self._guard(self._loop, loop, value[loop], (*at, loop), True)
            else:
                yield from self._guard(self._node, None, value, at)

    def _guard(self, make: Any, *arguments: Any) -> Iterator[Template]:
        try:
            yield make(*arguments)
        except TemplateError as error:
            self.errors.append(error)
            yield NodeTemplate(self.home, error.path, _broken_name(arguments[0]), broken=True)

    def _loop(self, key: str, value: Any, path: Path, listed: bool) -> LoopTemplate:
        iterable: Expression | None
        try:
            targets, iterable = compile_loop(key, path)
        except TemplateError as error:
            self.errors.append(error)
            targets, iterable = tuple(dict.fromkeys(_NAME.findall(key)[1:])), None
        if value is UNKNOWN:
            body: tuple[Template, ...] = (NodeTemplate(self.home, path, _broken_name("for"), broken=True),)
        elif not listed:
            if not isinstance(value, Mapping) or "op" in value:
                raise TemplateError(
                    "bad-for", f"`{key}` in a mapping holds named nodes", path,
                    hint="give each node a name: `block$i: {op: …}`",
                )  # fmt: skip
            body = tuple(self._entries(value, path))
        elif isinstance(value, list):
            body = tuple(self._items(value, path))
        else:
            body = tuple(self._items_of_one(value, path))
        return LoopTemplate(self.home, path, targets, iterable, key, body)

    def _items_of_one(self, value: Any, path: Path) -> Iterator[Template]:
        loop = _sole_for(value)
        if loop is not None:
            yield from self._guard(self._loop, loop, value[loop], (*path, loop), True)
        else:
            yield from self._guard(self._node, None, value, path)

    def _named(self, key: str, value: Any, path: Path) -> NodeTemplate:
        try:
            return self._node(parse_text(key), value, path)
        except ExpressionError as error:
            raise TemplateError(
                "bad-expression", error.message, path, hint=error.hint, key=True,
                offsets=(error.start, error.end),
            ) from None  # fmt: skip

    def _node(self, name: Text | None, value: Any, path: Path) -> NodeTemplate:
        node = NodeTemplate(self.home, path, name)
        if value is UNKNOWN:
            node.broken = True
        elif isinstance(value, str):
            self._short(node, value, path)
        elif isinstance(value, list):
            node.body, node.listed = self.body(value, path)
        elif isinstance(value, Mapping):
            self._long(node, value, path)
        else:
            raise TemplateError(
                "wrong-type", f"expected a node, found {kind_of(value)}", path,
                hint="write an op's name, `{op: …}`, a list, or `= a + b`",
            )  # fmt: skip
        return node

    def _short(self, node: NodeTemplate, value: str, path: Path) -> None:
        if value.startswith("for "):
            key = value.partition(" - ")[0]
            raise TemplateError("bad-for", "a colon is missing after this `for`", path, hint=f"write `{key}:`")
        if value.startswith("="):
            node.formula, node.formula_path = self._formula(value, path), path
        else:
            node.op, node.op_path = self._text(value, path), path

    def _formula(self, value: str, path: Path) -> Text:
        """Its text from after the `=`, with spaces before it, so that offsets stay true."""
        return self._text(value.replace("=", " ", 1) if value.startswith("=") else value, path)

    def _long(self, node: NodeTemplate, value: Mapping[str, Any], path: Path) -> None:
        for key, raw in value.items():
            at = (*path, key)
            reader = getattr(self, f"_key_{key}", None) if key in KNOWN else None
            if isinstance(key, Gap) or (raw is UNKNOWN and reader is not None):
                node.broken = True
            elif reader is None:
                node.written[key] = Written(raw, at)
            else:
                self._read(node, reader, raw, at)
        if node.op is None and "value" in node.written and node.body is None:
            written = node.written.pop("value")
            node.formula = self._formula(str(written.value), written.path)
            node.formula_path = written.path
        if node.broken:
            return
        try:
            self._check(node, path)
        except TemplateError as error:
            self._break(node, error)

    def _read(self, node: NodeTemplate, reader: Any, raw: Any, path: Path) -> None:
        """One of the keys that every node understands; what is wrong with it leaves the others to be looked at."""
        try:
            reader(node, raw, path)
        except TemplateError as error:
            self._break(node, error)

    def _break(self, node: NodeTemplate, error: TemplateError) -> None:
        self.errors.append(error)
        node.broken = True

    def _check(self, node: NodeTemplate, path: Path) -> None:
        kinds = [
            word
            for word, given in (("op", node.op), ("nodes", node.body), ("value", node.formula))
            if given is not None
        ]
        if len(kinds) > 1:
            raise TemplateError(
                "bad-node", f"a node has one of `op`, `nodes` and `value`, found {' and '.join(kinds)}", path,
                hint="write what stands under `nodes` as a node of its own" if "nodes" in kinds else None,
            )  # fmt: skip
        if node.op is None and node.written:
            key = next(iter(node.written))
            _check_node_name(path)
            loop = for_key(key) is not None
            hint = "put the `for` inside `nodes:`" if loop else _key_hint(key, node.written[key].value, path)
            raise TemplateError(
                "unknown-key", f"`{key}` is not a key of a node without `op`", (*path, key), hint=hint, key=True
            )
        self._check_companions(node, kinds, path)
        if not kinds and node.source is None and node.share is None:
            raise TemplateError("bad-node", "an empty node", path, hint="write an op's name, `{op: …}` or `{from: …}`")

    def _check_companions(self, node: NodeTemplate, kinds: list[str], path: Path) -> None:
        """Keys that mean something beside others only."""
        may_be_null = node.op is not None and node.op.literal is None
        if node.otherwise is not None and node.condition is None and node.when is None and not may_be_null:
            raise TemplateError(
                "bad-node", "`else` without `if` or `when`", (*path, "else"), key=True,
                hint="`else` says what is read where `if` is false or in the other mode",
            )  # fmt: skip
        if node.share is not None and kinds:
            raise TemplateError(
                "bad-node", f"`share` runs another node's module, and here is `{kinds[0]}` as well",
                (*path, "share"), key=True, hint=f"remove `share` or `{kinds[0]}`",
            )  # fmt: skip
        for key, given in (("tie", node.tie), ("init", node.init)):
            if given and (node.op is None or node.body is not None):
                other = ", or by path in the file's `init`" if key == "init" else ""
                raise TemplateError(
                    f"bad-{key}", f"`{key}` is for the node of an op, which has parameters of its own",
                    (*path, key), key=True, hint=f"say it at the node of the op{other}",
                )  # fmt: skip

    def _key_op(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.op, node.op_path = self._word(raw, path, "the name of an op or block"), path

    def _key_from(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if raw is None or isinstance(raw, bool | float):
            raise TemplateError(
                "wrong-type", f"`from` names nodes, found {kind_of(raw)}", path,
                hint="write a path, a list of paths, or a mapping from port to path",
            )  # fmt: skip
        node.source = Written(raw, path)

    def _key_if(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        text = str(raw) if isinstance(raw, bool | int | str) and raw is not None else None
        if text is None:
            raise TemplateError("wrong-type", f"`if` is an expression, found {kind_of(raw)}", path)
        try:
            node.condition, node.condition_path = parse(text), path
        except ExpressionError as error:
            raise TemplateError(
                "bad-expression", error.message, path, hint=error.hint, offsets=(error.start, error.end)
            ) from None

    def _key_else(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.otherwise = self._word(raw, path, "the path of a node")

    def _key_nodes(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.body, node.listed = self.body(raw, path)

    def _key_when(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if raw not in ("training", "evaluation"):
            near = nearest(str(raw), ("training", "evaluation"))
            message = f"`when` is `training` or `evaluation`, found {kind_of(raw)}"
            raise TemplateError("bad-value", message, path, hint=f"did you mean `{near}`?" if near else None)
        node.when = raw

    def _key_share(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.share = self._word(raw, path, "the path of a node")

    def _key_tie(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if not isinstance(raw, Mapping):
            raise TemplateError(
                "wrong-type", f"`tie` is a mapping, found {kind_of(raw)}", path,
                hint="write `tie: {weight: embed.weight}`",
            )  # fmt: skip
        node.tie = {key: self._word(value, (*path, key), "a path") for key, value in raw.items()}

    def _key_init(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.init = Written(raw, path)

    def _key_note(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.note = self._plain(raw, path, "text for the figure")

    def _key_was(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.was = self._plain(raw, path, "the name that the node had before")

    def _plain(self, raw: Any, path: Path, what: str) -> str:
        if isinstance(raw, bool | list | dict) or raw is None:
            raise TemplateError("wrong-type", f"expected {what}, found {kind_of(raw)}", path)
        return raw if isinstance(raw, str) else self.home.scalar_text(path)

    def _word(self, raw: Any, path: Path, what: str) -> Text:
        if isinstance(raw, bool | float | list | dict) or raw is None:
            raise TemplateError("wrong-type", f"expected {what}, found {kind_of(raw)}", path)
        return self._text(str(raw), path)

    def _text(self, raw: str, path: Path) -> Text:
        try:
            return parse_text(raw)
        except ExpressionError as error:
            raise TemplateError(
                "bad-expression", error.message, path, hint=error.hint, offsets=(error.start, error.end)
            ) from None

    def _fail(self, code: str, message: str, path: Path, hint: str | None = None) -> None:
        self.errors.append(TemplateError(code, message, path, hint=hint))


def _check_node_name(path: Path) -> None:
    """Raises TemplateError for a node that has the name of a key, or of a loop that is misspelt."""
    name = str(path[-1])
    if name == "nodes":
        message = "`nodes` stands where the name of a node is expected"
        raise TemplateError("bad-node", message, path, hint="write the name of their scope above it", key=True)
    if " " in name and "$" not in name and for_key(name) is None:
        from archdsl.otherkeys import around_hint

        loop = "a loop is written `for name in expression:`" if " in " in name else None
        hint = around_hint(name) or loop
        raise TemplateError("bad-name", f"`{name}` is no name of a node", path, hint=hint, key=True)


def _key_hint(key: str, value: Any, path: Path) -> str:
    """What to do about a key that a node without `op` does not have."""
    from archdsl.ops import OPS
    from archdsl.otherkeys import around_hint, node_hint

    known = around_hint(str(path[-1])) or node_hint(key, value, key in OPS, isinstance(path[-1], int))
    near = nearest(key, [*UNIVERSAL, "op", "nodes", "value"]) if len(key) > 1 else None
    if known is not None or near is not None:
        return known or f"did you mean `{near}`?"
    return "name the op that takes it, `op: …`; children stand under `nodes:`"


KNOWN = frozenset((*UNIVERSAL, "op", "nodes"))


def _broken_name(key: str | None) -> Text | None:
    """The name of what could not be read; its literal is None where the names it makes are not known."""
    if key is None:
        return None
    if "$" in key and key.split(" ")[0] != "for":
        with suppress(ExpressionError):
            return parse_text(key)
    known = key.split(" ")[0] != "for" and "$" not in key
    return Text(key, (Part(key, None, 0),), key if known else None)


def _sole_for(value: Any) -> str | None:
    """The `for` key of a list's item that is a loop."""
    if isinstance(value, Mapping) and len(value) == 1:
        key = str(next(iter(value)))
        if for_key(key) is not None:
            return key
    return None
