"""A document's raw `nodes` -> templates, once for all of their instances.

Names and words become `Text` (with `$` parsed), conditions and loops expressions, and fields stay raw until the op
that they belong to is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archdsl.document.model import plain_name
from archdsl.document.positions import Path
from archdsl.document.splices import NAME, Splice, code_of, compile_splice, is_splice, sole_splice, word_of
from archdsl.document.substitution import Text, TextPart, parse_text
from archdsl.document.template import (
    UNIVERSAL,
    IfTemplate,
    LoopTemplate,
    NodeTemplate,
    Template,
    TemplateError,
    Written,
    located,
)
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, Place
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import excerpt, kind_of

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved


class TemplateMaker:
    """Compiles one document's nodes. What is wrong is collected in `faults`; what is right is kept."""

    def __init__(self, home: Resolved) -> None:
        self.home = home
        self.faults: list[Fault] = []
        self.groups: tuple[IfTemplate, ...] = ()
        """The `if` keys around, in the scope or loop whose nodes are compiled."""

    def body(self, raw: Any, path: Path) -> tuple[tuple[Template, ...], bool]:
        """The templates of a `nodes` value, and whether it is a list."""
        if isinstance(raw, list):
            return self._inside((), self._items, raw, path), True
        if isinstance(raw, Mapping):
            return self._inside((), self._entries, raw, path), False
        message = f"expected nodes, found {kind_of(raw)}"
        self.faults.append(Fault(Code.WRONG_TYPE, message, "give a mapping or a list", Place(path)))
        return (), False

    def _inside(
        self, groups: tuple[IfTemplate, ...], make: Callable[..., Iterator[Template]], *arguments: Any
    ) -> tuple[Template, ...]:
        """The templates that stand directly under some `if` keys."""
        outer, self.groups = self.groups, groups
        try:
            return tuple(make(*arguments))
        finally:
            self.groups = outer

    def _entries(self, raw: Mapping[str, Any], path: Path) -> Iterator[Template]:
        for key, value in raw.items():
            at = (*path, key)
            if isinstance(key, Gap):
                yield self._broken(path, "for")
            elif is_splice(key) or key == "for":
                yield from self._guard(self._spliced, key, value, at, False)
            else:
                yield from self._guard(self._named, key, value, at)

    def _items(self, raw: list[Any], path: Path) -> Iterator[Template]:
        for position, value in enumerate(raw):
            yield from self._item(value, (*path, position))

    def _item(self, value: Any, path: Path) -> Iterator[Template]:
        key = sole_splice(value)
        if key is not None:
            yield from self._guard(self._spliced, key, value[key], (*path, key), True)
        else:
            yield from self._guard(self._node, None, value, path)

    def _guard(self, make: Callable[..., Template | tuple[Template, ...]], *arguments: Any) -> Iterator[Template]:
        try:
            made = make(*arguments)
        except TemplateError as error:
            self.faults.append(error.fault)
            made = self._broken(error.fault.place.path or (), arguments[0])
        yield from made if isinstance(made, tuple) else (made,)

    def _broken(self, path: Path, key: str | None) -> NodeTemplate:
        """What stands for what could not be read."""
        return NodeTemplate(self.home, path, _broken_name(key), broken=True, groups=self.groups)

    def _spliced(self, key: str, value: Any, path: Path, listed: bool) -> LoopTemplate | tuple[Template, ...]:
        """A loop, or what stands under an `if` key."""
        splice: Splice | None = None
        try:
            splice = compile_splice(key, path)
        except TemplateError as error:
            self.faults.append(error.fault)
        if word_of(key) == "if":
            group = IfTemplate(self.home, path, splice)
            return self._inside((*self.groups, group), self._under, key, value, path, listed)
        targets = tuple(dict.fromkeys(NAME.findall(key)[1:])) if splice is None else splice.targets
        body = self._inside((), self._under, key, value, path, listed)
        return LoopTemplate(self.home, path, targets, splice, key, body, groups=self.groups)

    def _under(self, key: str, value: Any, path: Path, listed: bool) -> Iterator[Template]:
        """What stands under a `for` or `if` key: named nodes, or in a list one node or several."""
        if value is UNKNOWN:
            yield self._broken(path, "for")
        elif listed and not isinstance(value, list):
            yield from self._item(value, path)
        elif listed:
            yield from self._items(value, path)
        elif isinstance(value, Mapping) and "op" not in value:
            yield from self._entries(value, path)
        else:
            raise TemplateError(
                code_of(key), f"`{key}` in a mapping holds named nodes", path,
                hint=f"give each node a name: `{'block$i' if word_of(key) == 'for' else 'block'}: {{op: …}}`",
            )  # fmt: skip

    def _named(self, key: str, value: Any, path: Path) -> NodeTemplate:
        try:
            return self._node(parse_text(key), value, path)
        except ExpressionError as error:
            raise located(error, path, key=True) from None

    def _node(self, name: Text | None, value: Any, path: Path) -> NodeTemplate:
        node = NodeTemplate(self.home, path, name, groups=self.groups)
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
                Code.WRONG_TYPE, f"expected a node, found {kind_of(value)}", path,
                hint="write an op's name, `{op: …}`, a list, or `= a + b`",
            )  # fmt: skip
        return node

    def _short(self, node: NodeTemplate, value: str, path: Path) -> None:
        if value.startswith("for "):
            key = value.partition(" - ")[0]
            raise TemplateError(Code.BAD_FOR, "a colon is missing after this `for`", path, hint=f"write `{key}:`")
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
                self._guarded(node, reader, node, raw, at)
        if node.op is None and "value" in node.written and node.body is None:
            written = node.written.pop("value")
            node.formula = self._formula(str(written.value), written.path)
            node.formula_path = written.path
        if node.body is not None:  # else it is a field
            node.order = node.written.pop("order", None)
        if not node.broken:
            self._guarded(node, self._check, node, path)

    def _guarded(self, node: NodeTemplate, step: Callable[..., None], *arguments: Any) -> None:
        """What is wrong with one key of a node leaves the others to be looked at."""
        try:
            step(*arguments)
        except TemplateError as error:
            self.faults.append(error.fault)
            node.broken = True

    def _check(self, node: NodeTemplate, path: Path) -> None:
        kinds = [
            word
            for word, given in (("op", node.op), ("nodes", node.body), ("value", node.formula))
            if given is not None
        ]
        if len(kinds) > 1:
            raise TemplateError(
                Code.BAD_NODE, f"a node has one of `op`, `nodes` and `value`, found {' and '.join(kinds)}", path,
                hint="write what stands under `nodes` as a node of its own" if "nodes" in kinds else None,
            )  # fmt: skip
        if node.op is None and node.written:
            key = next(iter(node.written))
            _check_node_name(path)
            nested = f"put the `{word_of(key)}` inside `nodes:`" if is_splice(key) else None
            hint = nested or _key_hint(key, node.written[key].value, path)
            raise TemplateError(
                Code.UNKNOWN_KEY, f"`{key}` is not a key of a node without `op`", (*path, key), hint=hint, key=True
            )
        self._check_companions(node, kinds, path)
        if not kinds and node.source is None and node.share is None:
            raise TemplateError(
                Code.BAD_NODE, "an empty node", path, hint="write an op's name, `{op: …}` or `{from: …}`"
            )

    def _check_companions(self, node: NodeTemplate, kinds: list[str], path: Path) -> None:
        """Keys that mean something beside others only."""
        may_be_null = node.op is not None and node.op.literal is None
        conditions = (node.condition, node.when, *node.groups)
        if node.otherwise is not None and not any(conditions) and not may_be_null:
            raise TemplateError(
                Code.BAD_NODE, "`else` without `if` or `when`", (*path, "else"), key=True,
                hint="`else` says what is read where `if` is false or in the other mode",
            )  # fmt: skip
        if node.share is not None and kinds:
            raise TemplateError(
                Code.BAD_NODE, f"`share` runs another node's module, and here is `{kinds[0]}` as well",
                (*path, "share"), key=True, hint=f"remove `share` or `{kinds[0]}`",
            )  # fmt: skip
        if node.let and kinds not in (["op"], ["value"]):
            raise TemplateError(
                Code.BAD_NODE, "`let` is for the fields of an op or block, or for a formula", (*path, "let"), key=True,
                hint="say it at each node that reads it; a block has a `let` for all of its nodes",
            )  # fmt: skip
        for code, key, given in ((Code.BAD_TIE, "tie", node.tie), (Code.BAD_INIT, "init", node.init)):
            if given and (node.op is None or node.body is not None):
                other = ", or by path in the file's `init`" if key == "init" else ""
                raise TemplateError(
                    code, f"`{key}` is for the node of an op, which has parameters of its own",
                    (*path, key), key=True, hint=f"say it at the node of the op{other}",
                )  # fmt: skip

    def _key_op(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.op, node.op_path = self._word(raw, path, "the name of an op or block"), path

    def _key_from(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if raw is None or isinstance(raw, bool | float):
            raise TemplateError(
                Code.WRONG_TYPE, f"`from` names nodes, found {kind_of(raw)}", path,
                hint="write a path, a list of paths, or a mapping from port to path",
            )  # fmt: skip
        node.source = Written(raw, path)

    def _key_if(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.condition, node.condition_path = self._condition(raw, path, "if"), path

    def _condition(self, raw: Any, path: Path, key: str) -> Expression:
        text = str(raw) if isinstance(raw, bool | int | str) and raw is not None else None
        if text is None:
            raise TemplateError(Code.WRONG_TYPE, f"`{key}` is an expression, found {kind_of(raw)}", path)
        try:
            return parse(text)
        except ExpressionError as error:
            raise located(error, path) from None

    def _key_else(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.otherwise = self._word(raw, path, "the path of a node")

    def _key_nodes(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.body, node.listed = self.body(raw, path)

    def _key_when(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if raw not in ("training", "evaluation"):
            message = f"`when` is `training` or `evaluation`, found {kind_of(raw)}"
            hint = did_you_mean(str(raw), ("training", "evaluation"))
            raise TemplateError(Code.BAD_VALUE, message, path, hint=hint)
        node.when = raw

    def _key_share(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.share = self._word(raw, path, "the path of a node")

    def _key_tie(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if not isinstance(raw, Mapping):
            raise TemplateError(
                Code.WRONG_TYPE, f"`tie` is a mapping, found {kind_of(raw)}", path,
                hint="write `tie: {weight: embed.weight}`",
            )  # fmt: skip
        node.tie = {key: self._word(value, (*path, key), "a path") for key, value in raw.items()}

    def _key_let(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        if not isinstance(raw, Mapping):
            message = f"`let` is a mapping, found {kind_of(raw)}"
            raise TemplateError(Code.WRONG_TYPE, message, path, hint="write `let: {name: expression}`")
        for name, value in raw.items():
            if isinstance(name, Gap) or value is UNKNOWN:
                node.broken = True
            elif name != name.lower() or not plain_name(name):
                message = f"`{excerpt(name)}` is no name of a derived value"
                hint = "a name is lower-case letters, digits and `_`"
                raise TemplateError(Code.BAD_NAME, message, (*path, name), hint=hint, key=True)
            else:
                node.let[name] = Written(value, (*path, name))

    def _key_init(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.init = Written(raw, path)

    def _key_trainable(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.trainable = self._condition(raw, path, "trainable")

    def _key_note(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.note = self._plain(raw, path, "text for the figure")

    def _key_was(self, node: NodeTemplate, raw: Any, path: Path) -> None:
        node.was = self._plain(raw, path, "the name that the node had before")

    def _plain(self, raw: Any, path: Path, what: str) -> str:
        if isinstance(raw, bool | list | dict) or raw is None:
            raise TemplateError(Code.WRONG_TYPE, f"expected {what}, found {kind_of(raw)}", path)
        return raw if isinstance(raw, str) else self.home.scalar_text(path)

    def _word(self, raw: Any, path: Path, what: str) -> Text:
        if isinstance(raw, bool | float | list | dict) or raw is None:
            raise TemplateError(Code.WRONG_TYPE, f"expected {what}, found {kind_of(raw)}", path)
        return self._text(str(raw), path)

    def _text(self, raw: str, path: Path) -> Text:
        try:
            return parse_text(raw)
        except ExpressionError as error:
            raise located(error, path) from None


def _check_node_name(path: Path) -> None:
    """Raises TemplateError for a node that has the name of a key, or of a loop that is misspelt."""
    name = str(path[-1])
    if name == "nodes":
        message = "`nodes` stands where the name of a node is expected"
        raise TemplateError(Code.BAD_NODE, message, path, hint="write the name of their scope above it", key=True)
    if name == "else" or (" " in name and "$" not in name and not is_splice(name)):
        from archdsl.document.otherkeys import around_hint

        loop = "a loop is written `for name in expression:`" if " in " in name else None
        hint = around_hint(name) or loop
        raise TemplateError(Code.BAD_NAME, f"`{name}` is no name of a node", path, hint=hint, key=True)


def _key_hint(key: str, value: Any, path: Path) -> str:
    """What to do about a key that a node without `op` does not have."""
    from archdsl.document.otherkeys import around_hint, node_hint
    from archdsl.ops import OPS

    known = around_hint(str(path[-1])) or node_hint(key, value, key in OPS, isinstance(path[-1], int))
    near = did_you_mean(key, [*UNIVERSAL, "op", "nodes", "value"]) if len(key) > 1 else None
    return known or near or "name the op that takes it, `op: …`; children stand under `nodes:`"


KNOWN = frozenset((*UNIVERSAL, "op", "nodes"))


def _broken_name(key: str | None) -> Text | None:
    """The name of what could not be read; its literal is None where the names it makes are not known."""
    if key is None:
        return None
    known = not is_splice(key) and key != "for"
    if "$" in key and known:
        with suppress(ExpressionError):
            return parse_text(key)
    return Text(key, (TextPart(key, None, 0),), key if known and "$" not in key else None)
