"""The tree as the text of a spec: every node with the paths of what it reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple, final

import yaml

from archdsl.text.names import check_input_name, reads_in_formula
from archdsl_torch.importing.drafts import Draft
from archdsl_torch.importing.places import DraftTree
from archdsl_torch.importing.said import Unsaid
from archdsl_torch.importing.tracing import Traced, TracedTensor

WIDTH = 110


class _Line(dict[str, Any]):
    """A mapping that is written in one line."""


class _Listed(list[str]):
    """A list that is written in one line."""


class _Dumper(yaml.SafeDumper):
    """YAML as people write specs."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(
    _Line, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)
_Dumper.add_representer(
    _Listed, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


class _Value(NamedTuple):
    """A tensor as it is read: an output of a node, a tensor that a layer has, or an input of the network."""

    place: Draft | None
    output: int | str
    """The number of the output, or the name of the layer's tensor or of the input."""

    @property
    def of_layer(self) -> bool:
        return self.place is not None and isinstance(self.output, str)


def written(trace: Traced, places: DraftTree, keys: Sequence[str], name: str, frozen: Sequence[str] = ()) -> str:
    """The text of a spec, whose network has its tensors in the order of the `keys`, and does not train the `frozen`.

    Raises Unsaid for a tensor that nothing gives.
    """
    return _Writer(trace, places, keys).text(name, frozen)


@final
class _Writer:
    def __init__(self, trace: Traced, places: DraftTree, keys: Sequence[str]) -> None:
        self._trace, self._places = trace, places
        self._number = {key: number for number, key in enumerate(keys)}
        self._outputs_of = defaultdict[Draft, int](int)
        for place, _ in places.made.values():
            self._outputs_of[place] += 1
        self._aliases: defaultdict[Draft, dict[_Value, str]] = defaultdict(dict)
        """By scope: names for what cannot be read by its own."""
        self._inputs_named = _named(trace, places.root)
        self._taken = {name for scope in _scopes(places.root) for name in scope.taken}
        """The names that are some scope's own."""

    def text(self, name: str, frozen: Sequence[str]) -> str:
        root = self._places.root
        nodes = self._body(root, None)
        head = {"archdsl": 1, "name": name, "inputs": _Line(self._inputs())}
        freeze = {"freeze": _Listed(frozen)} if frozen else {}
        data = {**head, **self._order(root), "nodes": nodes, **self._outputs(), **freeze}
        return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)

    def _inputs(self) -> dict[str, Any]:
        """The inputs; each named dimension with its traced size where it stands first, but for the batch."""
        waiting = {name: size for name, size in self._trace.samples.items() if name != "N"}
        found: dict[str, Any] = {}
        for name, tensor in zip(self._inputs_named.values(), self._trace.inputs.values(), strict=True):
            shape = [f"{size} = {waiting.pop(size)}" if size in waiting else size for size in tensor.shape]
            found[name] = shape if tensor.dtype == "float32" else {"shape": shape, "dtype": tensor.dtype}
        return found

    def _outputs(self) -> dict[str, Any]:
        root = self._places.root
        values = [*map(self._value, self._places.outputs)]
        place = values[0].place
        if len(values) == 1 and place is not None and place is root.last and self._outputs_of[place] == 1:
            return {}
        paths = [self._path(value, root, None) for value in values]
        named = dict(zip(self._trace.outputs, paths, strict=True))
        return {"outputs": paths[0] if len(paths) == 1 else _Line(named)}

    def _value(self, tensor: TracedTensor) -> _Value:
        if tensor.name in self._trace.inputs:
            return _Value(None, self._inputs_named[tensor.name])
        return _Value(*self._places.maker(tensor))

    def _body(self, scope: Draft, given: _Value | None) -> dict[str, Any]:
        nodes: dict[str, Any] = {}
        for child in scope.children:
            made = self._scope(child, given) if child.said is None else self._node(child, given)
            for value, name in self._aliases[scope].items():
                if name not in nodes:
                    nodes[name] = _Line({"from": self._path(value, scope, given)})
            nodes[child.name] = made
        return nodes

    def _scope(self, scope: Draft, given: _Value | None) -> dict[str, Any]:
        """A scope, whose input is the first thing that it reads from around it."""
        assert scope.scope is not None
        entering = None if "input" in scope.taken else next(self._entering(scope), None)
        source = {} if entering is None else {"from": self._path(entering, scope.scope, given)}
        return {**source, **_when(scope), **self._order(scope), "nodes": self._body(scope, entering)}

    def _order(self, scope: Draft) -> dict[str, Any]:
        """The order in which what has tensors is registered, where it is not that in which it runs.

        A module has its own tensors before those of its children, parameters first.
        """
        found: dict[str, Any] = {}
        for own in (True, False):
            running = [each for each in scope.children if each.keys and each.share is None and each.owned == own]
            names = _grouped([each.name for each in sorted(running, key=lambda each: each.buffer)])
            first = {each.name: min(map(self._number.__getitem__, each.keys)) for each in running}
            ordered = sorted(names, key=first.__getitem__)
            if ordered != names:
                found.setdefault("order", []).extend(ordered)
        return found and {"order": _Listed(found["order"])}

    def _entering(self, scope: Draft) -> Iterator[_Value]:
        inside = {*scope.nodes()}
        for node in scope.nodes():
            assert node.said is not None
            for value in map(self._value, node.said.tensors):
                declared = value.place is not None and value.place.said is not None and value.place.said.declares
                if value.place not in inside and not declared and not value.of_layer:
                    yield value

    def _node(self, node: Draft, given: _Value | None) -> Any:
        found, scope = node.said, node.scope
        assert found is not None and scope is not None

        def path(tensor: TracedTensor) -> str:
            return self._path(self._value(tensor), scope, given)

        if found.op is None:
            text = found.formula.format(*(self._operand(path(t), t, scope) for t in found.tensors))
            return _Line({**_when(node), "value": text}) if _when(node) else f"= {text}"
        reads = found.reads
        read: Any = [*map(path, reads)] if isinstance(reads, list) else {port: path(t) for port, t in reads.items()}
        if isinstance(read, dict) and len(read) < 2:
            read = next(iter(read.values()), None)
        source = {} if read is None else {"from": read}
        if node.share is not None:
            return _Line({"share": self._shared(node.share, scope), **source, **_when(node)})
        ties = {name: path(tensor) for name, tensor in found.ties.items()}
        return _Line({"op": found.op, **source, **_when(node), **found.fields, **({"tie": ties} if ties else {})})

    def _shared(self, first: Draft, scope: Draft) -> str:
        """The path of a node to run again, which no other name stands for. Raises Unsaid."""
        path = self._path(_Value(first, 0), scope, None, whole=True)
        if any(path in names.values() for names in self._aliases.values()):
            raise Unsaid(f"a module runs again where its name `{first.name}` is another's")
        return path

    def _path(self, value: _Value, scope: Draft, given: _Value | None, whole: bool = False) -> str:
        """How a node in a scope, into which `given` came, reads a value; `whole`: down to the node that gives it."""
        if value == given:
            return "input"
        around = [scope]
        while around[-1].scope is not None:
            around.append(around[-1].scope)
        if value.place is None:
            return str(value.output) if scope.scope is None else self._known(value, around[-1], "outer")
        steps = [value.place]
        while steps[-1].scope not in around:
            assert steps[-1].scope is not None
            steps.append(steps[-1].scope)
        common = steps[-1].scope
        head = steps[-1].name.partition(".")[0]
        between = around[: around.index(common)]
        named = {child.name.partition(".")[0] for inner in between for child in inner.children}
        if head in named or (between and head == "input"):
            return self._known(value, common, "outer")
        names = ".".join(step.name for step in steps[::-1])
        if value.of_layer:
            return f"{names}.{value.output}"
        return names if whole else self._downwards(steps[::-1], value)

    def _downwards(self, steps: list[Draft], value: _Value) -> str:
        """The names on the way into scopes, up to the first that gives the value."""
        assert value.place is not None
        if self._outputs_of[value.place] > 1:  # a number behind a scope would be a child's name
            return ".".join([*(step.name for step in steps), str(value.output)])
        names: list[str] = []
        for step in steps:
            names.append(step.name)
            if step.last is value.place:
                break
        return ".".join(names)

    def _operand(self, path: str, tensor: TracedTensor, scope: Draft) -> str:
        """The path in a formula, where `0` is a number and `norm-1` a difference: by another name there."""
        return path if reads_in_formula(path) else self._known(self._value(tensor), scope, "value")

    def _known(self, value: _Value, scope: Draft, base: str) -> str:
        """The other name of a value in a scope: one that no scope has for anything else."""
        known = self._aliases[scope]
        if value not in known:
            known[value] = next(name for n in count() if (name := f"{base}_{n}") not in self._taken)
            self._taken.add(known[value])
        return known[value]


def _named(trace: Traced, root: Draft) -> dict[str, str]:
    """What the inputs are called: as `forward` calls them, where no node has the name and the language takes it."""
    taken = {*root.taken} - {*trace.inputs} | {child.name.partition(".")[0] for child in root.children}
    if any(child.said is None for child in root.children):
        taken.add("input")  # what came into a scope
    named: dict[str, str] = {}
    for given in trace.inputs:
        name = given.lstrip("_") or "given"
        while name in taken or check_input_name(name):
            name += "_"
        taken.add(name)
        named[given] = name
    return named


def _when(place: Draft) -> dict[str, Any]:
    """The mode in which alone a node or scope runs, where those around it run in both."""
    assert place.scope is not None
    return {"when": place.only} if place.only and not place.scope.only else {}


def _grouped(names: Sequence[str]) -> list[str]:
    """As containers have them, which stand where the first of them stands."""
    heads: dict[str, list[str]] = {}
    for name in names:
        head, _, rest = name.partition(".")
        heads.setdefault(head, []).append(rest)
    return [
        f"{head}.{rest}" if rest else head for head, found in heads.items()
        for rest in (_grouped(found) if any(found) else found)
    ]  # fmt: skip


def _scopes(scope: Draft) -> Iterator[Draft]:
    yield scope
    for child in scope.children:
        yield from _scopes(child)
