"""Draft -> the text's tree: each node with the paths of what it reads, each block once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from archdsl.expressions import tree as trees
from archdsl.expressions.walking import substitute
from archdsl.ir.graph import Node, port_names
from archdsl.ops.base import Kind, Op
from archdsl.ops.special import ByMode, Formula
from archdsl.text.alike import same
from archdsl.unparsing.aligning import Unalike
from archdsl.unparsing.classes import NAME, ClassWidth
from archdsl.unparsing.draft import DraftItem, DraftNode, DraftScope, DraftValue, meant, passed_over, read_below
from archdsl.unparsing.grouping import BlockGroup, BlockGroups
from archdsl.unparsing.heading import is_wholly_frozen
from archdsl.unparsing.holes import ABSENT, Holes
from archdsl.unparsing.ordering import order_of
from archdsl.unparsing.parameters import parametrise
from archdsl.unparsing.pathfinding import Pathfinder, entering, reads
from archdsl.unparsing.starting import Rules, own, spelled_init
from archdsl.unparsing.text_tree import SpecBlock, SpecBody, SpecNode

_Above = tuple[DraftValue, ...]
"""What the node above gives."""


@final
class Describer:
    """Writes the rows of a scope, of all instances of a block at once."""

    def __init__(self, paths: Pathfinder, groups: BlockGroups, rules: Rules, classes: ClassWidth) -> None:
        self.paths, self.groups, self.rules, self.classes = paths, groups, rules, classes

    def network(self, root: DraftScope, above: _Above) -> SpecBlock:
        return _Body(self, Holes(False), None, root).whole(above)

    def block(self, group: BlockGroup) -> SpecBlock:
        """A block's definition; its parameters and its instances' arguments are then in `group`."""
        first = group.first
        body = _Body(self, group.holes, group, first)
        made = body.whole(tuple(group.ports)[:1])
        parametrise(group, made)
        return made


@final
class _Body:
    """The rows of the network or of a block."""

    def __init__(self, run: Describer, holes: Holes, group: BlockGroup | None, top: DraftScope) -> None:
        self._run, self._holes, self._group, self._top = run, holes, group, top

    def whole(self, above: _Above) -> SpecBlock:
        body, order = self._body(self._top, above)
        if not body.rows:  # there is a node at least: another name for what comes in
            body.rows.append(SpecNode("output", {"from": self._run.paths.path(above[0], self._top, None)}))
        return SpecBlock(body, order=order)

    def _aligned(self, child: DraftItem) -> list[DraftItem | None]:
        """The child in every instance."""
        return [child] if self._group is None else self._group.aligned(child)

    def _body(self, scope: DraftScope, above: _Above) -> tuple[SpecBody, list[str]]:
        """The rows under `nodes`, and the order in which they are registered."""
        given = above[0] if len(above) == 1 else None
        rows: list[SpecNode] = []
        named: set[str] = set()
        aliases = self._run.paths.aliases[scope]
        aliases.clear()
        for child in scope.children:
            row = self._row(child, scope, above, given)
            while new := [name for name in aliases if name not in named]:
                named.update(new)
                rows += [SpecNode(name, {"from": self._run.paths.path(aliases[name], scope, given)}) for name in new]
                above = (aliases[new[-1]],)
                row = self._row(child, scope, above, given)
            rows.append(row)
            above = above if passed_over(child) else read_below(child) if child.outputs() else above
        order = order_of(scope)
        listed = scope.listed and not named and not order and bool(rows)
        for row in rows if listed else ():
            row.name = None
        return SpecBody([*rows], listed), order

    def _row(self, child: DraftItem, scope: DraftScope, above: _Above, given: DraftValue | None) -> SpecNode:
        around = _Here(self._run.paths, scope, above, given)
        keys, otherwise = self._condition(child, around)
        keys |= self._node(child, around) if isinstance(child, DraftNode) else self._scope(child, around)
        if child.item.when is not None and not isinstance(getattr(child.item, "op", None), ByMode):
            keys["when"] = child.item.when.value
        if otherwise is not None:
            keys["else"] = otherwise
        keys |= {key: text for key in ("note", "was") if (text := getattr(child.item, key)) is not None}
        return SpecNode(child.name, keys)

    def _condition(self, child: DraftItem, here: _Here) -> tuple[dict[str, Any], str | None]:
        """The `if` and the `else` of a child that some instances do not have."""
        if self._group is None:
            return {}, None
        holder, alike = child.holder, self._aligned(child)
        assert holder is not None
        around = alike if holder is self._top else self._aligned(holder)
        if not any(
            each is None and (holder is self._top or outer is not None)
            for each, outer in zip(alike, around, strict=True)
        ):
            return {}, None
        there: list[Any] = [
            ABSENT if outer is None and holder is not self._top else each is not None
            for each, outer in zip(alike, around, strict=True)
        ]  # fmt: skip
        other = self._group.instead(child)
        return {"if": self._holes.leaf(there, (child.name, "has"))}, None if other is None else here.path(other)

    # --- nodes -------------------------------------------------------------------------------------

    def _node(self, child: DraftNode, here: _Here) -> dict[str, Any]:
        node, op = child.item, child.item.op
        if isinstance(op, ByMode):
            first, other = (here.path(meant(value)) for value in node.inputs if value is not None)
            return {"when": op.mode, "from": first, "else": other}
        if node.share is not None:
            return {"share": self._run.paths.module(node.share, here.scope), **here.source(node)}
        alike = [each.item if isinstance(each, DraftNode) else None for each in self._aligned(child)]
        if isinstance(op, Formula):
            return {"value": self._formula(node, alike, here)}
        names = [ABSENT if each is None else each.op.name for each in alike]
        keys: dict[str, Any] = {
            "op": self._holes.leaf(names, ("", "norm" if op.kind is Kind.NORM else "act")),
            **here.source(node),
        }
        keys |= self._fields(child.name, alike)
        if said := own(node, self._run.rules):
            spelled = {name: spelled_init(init) for name, init in said.items()}
            keys["init"] = spelled[""] if [*spelled] == [""] else spelled
        if node.tie:
            keys["tie"] = {name: here.path(meant(value)) for name, value in node.tie.items()}
        if is_wholly_frozen(node):
            keys["trainable"] = trees.Literal(False)
        return keys

    def _formula(self, node: Node, alike: Sequence[Node | None], here: _Here) -> Any:
        expressions = [ABSENT if each is None else getattr(each.op, "expression") for each in alike]  # noqa: B009
        made = self._holes.leaf(expressions, (node.name, "scale"))
        assert not isinstance(made, str)
        values = [meant(value) for value in node.inputs if value is not None]
        paths = [here.operand(value, values[:place].count(value)) for place, value in enumerate(values)]
        return substitute(made, {str(place): trees.Name(path) for place, path in enumerate(paths)})

    def _fields(self, name: str, alike: Sequence[Node | None]) -> dict[str, Any]:
        """The fields that differ from their defaults somewhere."""
        ops = [each.op for each in alike if each is not None]
        found: dict[str, Any] = {}
        keys = [*type(ops[0]).model_fields, *(ops[0].model_extra or {})]
        for key in sorted(keys, key=lambda key: isinstance(getattr(ops[0], key), bool)):
            if not any(key in op.model_fields_set and not _default(op, key) for op in ops):
                continue
            if self._run.classes.is_said(alike[0], key):
                found[key] = trees.Name(NAME)
                continue
            values = [ABSENT if each is None else getattr(each.op, key) for each in alike]
            single = [value if value is ABSENT else scalar(type(ops[0]), key, value) for value in values]
            found[key] = self._holes.leaf(values if None in single else single, (name, key))
        return found

    # --- scopes ------------------------------------------------------------------------------------

    def _scope(self, child: DraftScope, here: _Here) -> dict[str, Any]:
        if child.loop is not None:
            return self._scan(child, here)
        if child.shares is not None:
            path = self._run.paths.module(child.shares.item, here.scope)
            return {"share": path, **self._shared_source(child, child.shares, here)}
        if child.is_block:
            return self._instance(child, here)
        value = _coming_into(child, here.above)
        source = {} if value is None or (value,) == here.above else {"from": here.path(value)}
        body, order = self._body(child, here.above if value is None else (value,))
        return {**source, **({"order": order} if order else {}), "nodes": body}

    def _instance(self, child: DraftScope, here: _Here) -> dict[str, Any]:
        group = self._run.groups.of(child)
        names = [
            self._run.groups.of(each).name if isinstance(each, DraftScope) else ABSENT for each in self._aligned(child)
        ]
        return {
            "op": self._holes.leaf(names, (child.name, "op")),
            **self._ports(group.given(child), here), **self._arguments(group, child),
        }  # fmt: skip

    def _arguments(self, group: BlockGroup, child: DraftScope) -> dict[str, Any]:
        """A block's arguments in every instance of the block around."""
        alike = [
            self._run.groups.of(each).arguments[each] if isinstance(each, DraftScope) else None
            for each in self._aligned(child)
        ]
        if any(each is not None and [*each] != [*group.params] for each in alike):
            raise Unalike  # blocks of which one is chosen take other arguments
        found: dict[str, Any] = {}
        for name in group.params:
            values = [ABSENT if each is None else each[name] for each in alike]
            found[name] = self._holes.leaf(values, (child.name, name))
        return {name: leaf for name, leaf in found.items() if leaf != group.params[name]}

    def _ports(self, ports: Mapping[str, DraftValue], here: _Here) -> dict[str, Any]:
        if not ports:
            return {}
        if len(ports) == 1:
            value = next(iter(ports.values()))
            return {} if (value,) == here.above else {"from": here.path(value)}
        return {"from": {port: here.path(value) for port, value in ports.items()}}

    def _shared_source(self, child: DraftScope, first: DraftScope, here: _Here) -> dict[str, Any]:
        given = dict(zip(reads(first), reads(child), strict=True))
        if first.is_block:
            return self._ports(
                {port: given[value] for port, value in self._run.groups.of(first).given(first).items()}, here
            )
        inside = entering(child)
        return self._ports({"x": inside[0]} if inside else {}, here)

    def _scan(self, child: DraftScope, here: _Here) -> dict[str, Any]:
        loop, group, scan = child.loop, self._run.groups.of(child), child.item.scan
        assert loop is not None and scan is not None
        arguments = self._arguments(group, child)
        keys: dict[str, Any] = {"op": "scan", "body": {"op": group.name, **arguments} if arguments else group.name}
        capture = {port: value for port, value in group.given(child).items() if port not in loop.inside.values()}
        if loop.dim is not None:
            keys["dim"] = trees.Literal(loop.dim)
        if not loop.over:
            alike = [each.item if isinstance(each, DraftScope) else None for each in self._aligned(child)]
            counts = [ABSENT if each is None or each.scan is None else each.scan.steps for each in alike]
            keys["steps"] = self._holes.leaf(counts, (child.name, "count"))
        if scan.reverse:
            keys["reverse"] = trees.Literal(True)
        for key, ports in (("over", loop.over), ("carry", loop.carry), ("capture", capture)):
            if ports:
                keys[key] = {port: here.path(value) for port, value in ports.items()}
        if loop.collect:
            keys["collect"] = {name: name for name in loop.collect}
        return keys


class _Here:
    """Where a node is written: its scope, what came into that, and the node above."""

    def __init__(self, paths: Pathfinder, scope: DraftScope, above: _Above, given: DraftValue | None) -> None:
        self._paths, self.scope, self.above, self._given = paths, scope, above, given

    def path(self, value: DraftValue) -> str:
        return self._paths.path(value, self.scope, self._given)

    def operand(self, value: DraftValue, time: int) -> str:
        """The name of what a formula reads, and has read some times before under other names."""
        if time:
            return self._paths.again(value, self.scope, time)
        return self._paths.operand(value, self.scope, self._given)

    def source(self, node: Node) -> dict[str, Any]:
        """What a node reads, where that is not the node above alone."""
        fed = {
            port: meant(value) for port, value in zip(port_names(node), node.inputs, strict=True) if value is not None
        }
        values = tuple(fed.values())
        if not values:
            return {}
        if node.op.ports[0].variadic:
            return {"from": [*map(self.path, values)]}
        if len(values) == 1 and node.op.ports[0].name in fed:
            return {} if values == self.above else {"from": self.path(values[0])}
        return {"from": {port: self.path(value) for port, value in fed.items()}}


def _coming_into(scope: DraftScope, above: _Above) -> DraftValue | None:
    """What a nested scope calls its input: what is read first in it, or the node above where that is a parameter."""
    inside = entering(scope)
    first = next((value for value in inside if value.node.op.ports or value.node.op.name == "input"), None)
    return above[0] if first is None and len(above) == 1 and above[0] in inside else first or next(iter(inside), None)


def _default(op: Op, key: str) -> bool:
    info = type(op).model_fields.get(key)
    if info is None or info.is_required():
        return False
    default, value = info.get_default(), getattr(op, key)
    single = scalar(type(op), key, value)
    return same(value, default) or (single is not None and same(single, default))


def scalar(kind: type[Op], key: str, value: Any) -> Any:
    """One number for a tuple of equal ones, where the field takes that; None where it does not."""
    if not isinstance(value, tuple) or not value or any(item != value[0] for item in value):
        return None
    return value[0] if _takes_scalar(kind, key, value) else None


_KNOWN: dict[tuple[type[Op], str, int], bool] = {}


def _takes_scalar(kind: type[Op], key: str, value: tuple[Any, ...]) -> bool:
    """Whether the field makes the tuple of one number."""
    if (kind, key, len(value)) not in _KNOWN:
        _KNOWN[kind, key, len(value)] = _makes(kind, key, value)
    return _KNOWN[kind, key, len(value)]


def _makes(kind: type[Op], key: str, value: tuple[Any, ...]) -> bool:
    try:
        made = kind.__pydantic_validator__.validate_assignment(kind.model_construct(), key, value[0])
    except ValueError:
        return False
    return bool(getattr(made, key) == value)
