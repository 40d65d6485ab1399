"""Equal instances of a block: the first is elaborated, the others are copies of it.

A block sees its arguments, its inputs' types and its own file's parameters, and nothing else. Where all of
these are equal to those of an earlier instance, what its body makes is equal too but for the paths and inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from archdsl.elaboration.fields import freeze
from archdsl.elaboration.frames import Entry, Frame, LeftOut
from archdsl.elaboration.placing import Fed, check_path
from archdsl.ir.graph import Env, Node, Scope, SizeCheck, Value
from archdsl.ops.special import Constant, InputOp, Parameter

if TYPE_CHECKING:
    from archdsl.elaboration.blocks import BlockSpec
    from archdsl.elaboration.walk import Elaborator


@final
@dataclass(slots=True, eq=False, repr=False)
class Instance:
    """What the body of a block made."""

    scope: Scope
    inputs: Fed
    nodes: list[Node]
    entries: dict[str, Entry]
    last: Entry
    """What reading the instance gives."""
    scopes: int
    """How many stand in it."""


@final
class Instances:
    """The instances to copy, by what they are made from."""

    def __init__(self) -> None:
        self._known: dict[Any, Instance] = {}
        self.closed = 0
        """Above 0 inside of a module that runs again: its nodes get a `share` afterwards, so they are no pattern."""

    def key(self, spec: BlockSpec, arguments: Mapping[str, Any], outer: Env | None, values: Fed, frame: Frame) -> Any:
        """What decides an instance; None for one that has to be elaborated by itself."""
        if spec.template.is_spec or any(value is not None and _is_weight(value) for value in values):
            return None
        first = {value: position for position, value in reversed(list(enumerate(values)))}
        types = tuple([None if value is None else (value.type, first[value], _below(value)) for value in values])
        key = id(spec), id(outer), frame.mode, frame.repeats, types, freeze(dict(arguments))
        try:
            hash(key)
        except TypeError:
            return None
        return key

    def find(self, key: Any) -> Instance | None:
        """An equal instance."""
        return self._known.get(key)

    def keep(self, key: Any, instance: Instance) -> None:
        """Remembers an instance that was elaborated without a mistake."""
        if not self.closed:
            self._known[key] = instance


def _below(value: Value) -> int | None:
    """What the numbers of an input stay below: whether a table has as many rows is told at each use."""
    return value.node.op.below if isinstance(value.node.op, InputOp) else None


def _is_weight(value: Value) -> bool:
    """Whether it can be tied to: that depends on more than its type."""
    return value.weight is not None or isinstance(value.node.op, Parameter | Constant)


def copied(run: Elaborator, instance: Instance, scope: Scope, values: Fed) -> tuple[Mapping[str, Entry], Entry]:
    """The nodes of an instance once more, in another scope and on other inputs of the same types."""
    run.budget.spend("nodes", len(instance.nodes))
    run.budget.spend("scopes", instance.scopes)
    copy = _Copy(run, instance, scope, values)
    copy.children(instance.scope, scope)
    for node in instance.nodes:
        copy.connect(node)
    copy.scopes()
    return _Inside(copy, instance.entries), copy.entry(instance.last)


class _Copy:
    def __init__(self, run: Elaborator, instance: Instance, scope: Scope, values: Fed) -> None:
        self._run = run
        self._nodes: dict[Node, Node] = {}
        self._scopes = {instance.scope: scope}
        self._values = dict(zip(instance.inputs, values, strict=True))
        self._entries: dict[Entry, Entry] = {}

    def children(self, source: Scope, target: Scope) -> None:
        """Adds copies of what a scope holds, not yet connected."""
        check_path(target.path)
        prefix = f"{target.path}." if target.path else ""
        for name, child in source.children.items():
            if isinstance(child, Node):
                self._nodes[child] = target.children[name] = Node(
                    name, prefix + name, target, child.site, child.env, child.loops, child.when, child.note,
                    child.was, op=child.op, inputs=(), types=child.types, output_names=child.output_names,
                    tensors=child.tensors, macs=child.macs, measured=child.measured, registered=child.registered,
                )  # fmt: skip
                continue
            made = self._scopes[child] = target.children[name] = Scope(
                name, prefix + name, target, child.site, child.env, child.loops, child.when, child.note, child.was,
                kind=child.kind, block=child.block, definition=child.definition, arguments=child.arguments,
                scan=child.scan, listed=child.listed, registered=child.registered,
            )  # fmt: skip
            if child in self._run.block_of:
                self._run.block_of[made] = self._run.block_of[child]
            self.children(child, made)

    def connect(self, source: Node) -> None:
        """Gives a copied node its inputs and its links, and puts it into the graph."""
        node = self._nodes[source]
        node.inputs = tuple([self.value(value) for value in source.inputs])
        if source.tie:
            node.tie = self._named(source.tie)
        if source.share is not None:
            node.share = self._nodes[source.share]
        self._run.nodes.append(node)

    def value(self, source: Value | None) -> Value | None:
        """What stands for a value of the first instance."""
        if source is None:
            return None
        found = self._values.get(source)
        if found is None:
            found = self._values[source] = Value(self._nodes[source.node], source.output, source.type, source.weight)
        return found

    def scopes(self) -> None:
        """Connects the scopes inside."""
        _, *inner = self._scopes.items()
        for source, scope in inner:
            scope.inputs = {name: self.value(value) for name, value in source.inputs.items()}
            scope.outputs = self._named(source.outputs)
            scope.checks = [SizeCheck(self._some(value), position, size) for value, position, size in source.checks]
            scope.share = self._scopes[source.share] if source.share is not None else None

    def entry(self, source: Entry) -> Entry:
        made = self._entries.get(source)
        if made is None:
            made = self._entries[source] = Entry(
                self._named(source.outputs), source.state, self._nodes.get(source.node) if source.node else None,
                self._scopes.get(source.scope) if source.scope else None,
                _Inside(self, source.children) if source.children else source.children, source.template, source.mode,
                source.alias, source.named, self.left(source.left),
            )  # fmt: skip
        return made

    def left(self, source: LeftOut | None) -> LeftOut | None:
        """A left-out node of the first instance in this one."""
        if source is None:
            return None
        return LeftOut(
            source.template, self._scopes.get(source.scope, source.scope), source.name, source.reads, source.where
        )

    def _named(self, source: Mapping[str, Value]) -> dict[str, Value]:
        return {name: self._some(value) for name, value in source.items()}

    def _some(self, source: Value) -> Value:
        found = self.value(source)
        assert found is not None
        return found


@final
class _Inside(Mapping[str, Entry]):
    """What paths reach inside of a copy: each is copied once it is asked for, which is seldom."""

    def __init__(self, copy: _Copy, source: Mapping[str, Entry]) -> None:
        self._copy = copy
        self._source = source

    def __getitem__(self, name: str) -> Entry:
        return self._copy.entry(self._source[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)
