"""Where each call stands in the tree of modules: nodes in scopes, by the names that keep the module's keys."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, final

from archdsl.text.names import check_module_name, check_name
from archdsl_torch.importing.calls import said
from archdsl_torch.importing.said import Said, Unsaid
from archdsl_torch.importing.tracing import Caller, Traced, TracedCall, TracedTensor
from archdsl_torch.importing.wrapping import wrapped


@dataclass(eq=False)
class Draft:
    """A node of the spec, or a scope with its own."""

    name: str
    """In its scope; dotted where containers stand between."""
    scope: Draft | None
    said: Said | None = None
    """None for a scope."""
    children: list[Draft] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """The names that new nodes in it cannot have."""
    module: str = ""
    """The path of a scope's module."""
    share: Draft | None = None
    """The node whose module it runs again."""

    @property
    def last(self) -> Draft | None:
        """The node that gives its value: itself, or the last in the scope."""
        if self.said is not None:
            return None if self.said.declares else self
        return next((last for child in reversed(self.children) if (last := child.last) is not None), None)

    def nodes(self) -> Iterator[Draft]:
        """Every node below, in running order."""
        for child in self.children:
            yield from (child,) if child.said is not None else child.nodes()


class Failed(NamedTuple):
    """A call that could not be placed."""

    module: str
    """The path of the module that runs it."""
    kind: str
    call: str
    why: str


@final
class DraftTree:
    """The tree that a trace makes; `failed` are the calls that no op says."""

    def __init__(self, trace: Traced, names: Mapping[str, frozenset[str]]) -> None:
        """`names` are those of each module's children and tensors, by its path."""
        self.root = Draft("", None, taken={*names.get("", ()), *trace.inputs})
        self.made: dict[str, tuple[Draft, int]] = {}
        """The node that makes each tensor, and as which of its outputs."""
        self.failed: list[Failed] = []
        self._names = names
        self._scopes: dict[str, Draft] = {}
        """By the turn of the module."""
        self._leaves: dict[str, Draft] = {}
        """The first node or scope of each module, by path."""
        self._owned: dict[str, Draft] = {}
        """The node that has each of the module's tensors, by path."""
        self._same: dict[str, str] = {}
        """Tensors that are another's by another name, or what has been written into it."""
        self._sharing: defaultdict[int, dict[str, TracedTensor]] = defaultdict(dict)
        """The tensors of each storage, by name."""
        self._stale: set[str] = set()
        """Tensors of which a part has been written, by a view of the same storage."""
        found = [*self._said(trace)]
        self._counts = Counter(s.turn for call, each in found if each is None or not each.renames for s in call.around)
        self._wrapped = wrapped(found)
        """The layers of modules that have other calls around them, by turn."""
        for call, each in found:
            if each is not None:
                self._try(call, each)

    @property
    def owned(self) -> frozenset[str]:
        """The paths of the tensors that nodes have."""
        return frozenset(self._owned)

    def now(self, tensor: TracedTensor) -> TracedTensor:
        """The tensor that one stands for, after what has been written into it so far. Raises Unsaid."""
        if tensor.name in self._stale:
            raise Unsaid("it reads a tensor after a write into another one that shares its memory")
        name = self._same.get(tensor.name, tensor.name)
        return tensor if name == tensor.name else replace(tensor, name=name)

    def maker(self, tensor: TracedTensor) -> tuple[Draft, int]:
        """The node that makes a tensor, or has it, and as which of its outputs. Raises Unsaid."""
        if tensor.name in self.made:
            return self.made[tensor.name]
        if tensor.owned not in self._owned:
            raise Unsaid(f"nothing gives `{tensor.owned or tensor.name}`")
        place = self._owned[tensor.owned]
        if place.said is None or not place.said.declares:
            raise Unsaid(f"`{tensor.owned}` is a layer's own, and is read beside it")
        return place, 0

    def _said(self, trace: Traced) -> Iterator[tuple[TracedCall, Said | None]]:
        """The calls, each with what it is in the language; None for one of which that says nothing."""
        for call in trace.calls:
            try:
                yield call, said(call)
            except Unsaid as error:
                self._fail(call, error)
                yield call, None

    def _try(self, call: TracedCall, found: Said) -> None:
        try:
            self._put(call, found)
        except Unsaid as error:
            self._fail(call, error)

    def _fail(self, call: TracedCall, error: Unsaid) -> None:
        last = call.around[-1] if call.around else Caller("", "", "")
        self.failed.append(Failed(last.path, last.kind, call.target, str(error)))

    def _put(self, call: TracedCall, found: Said) -> None:
        around, leaf, base = self._apart(call)
        layer = None if leaf is None else found.layer(leaf.path)
        found = found.fed() if layer is None else layer
        if leaf is not None and any((t.owned or "").startswith(f"{leaf.path}.") for t in found.tensors):
            around, leaf, base = (*around, leaf), None, ""
        reads = found.reads
        for tensor in (*found.tensors, *call.gives):
            self._sharing[tensor.storage][tensor.name] = tensor
        now = {p: self.now(t) for p, t in reads.items()} if isinstance(reads, dict) else [*map(self.now, reads)]
        found = replace(found, reads=now)
        if found.renames:
            self._same[call.gives[0].name] = found.tensors[0].name
            return
        scope = self._scope(around)
        if leaf is None:
            place = self._new(scope, base or found.op or call.name, found)
        else:
            place = self._leaf(scope, _below(leaf.path, around[-1].path if around else ""), leaf, found)
        self.made |= {each.name: (place, number) for number, each in enumerate(call.gives)}
        for name in call.written:
            self._write(call.argument(name), call.gives[0].name)

    def _write(self, target: TracedTensor, result: str) -> None:
        """What is another name of the target has the result now; a view has more or less of it. Raises Unsaid."""
        before = self.now(target).name
        for name, tensor in self._sharing[target.storage].items():
            if tensor.owned is not None:
                raise Unsaid(f"it writes into `{tensor.owned}`")
            if name == result:
                continue
            if name not in self._stale and self.now(tensor).name == before:
                self._same[name] = result
            else:
                self._stale.add(name)

    def _apart(self, call: TracedCall) -> tuple[tuple[Caller, ...], Caller | None, str]:
        """The modules around a call, and the innermost apart, where it is this call alone; else what it is called.

        Of a module that is a layer with other calls around it, that is the layer; the others are called by both.
        """
        around = call.around[1:]
        for depth, caller in enumerate(around):
            layer = self._wrapped.get(caller.turn)
            if layer is call:
                return around[:depth], caller, ""
            if layer is not None:
                return around[:depth], None, self._beside(call, around[:depth], caller)
        if not around or self._counts[around[-1].turn] > 1:
            return around, None, ""
        return around[:-1], around[-1], ""

    def _beside(self, call: TracedCall, around: tuple[Caller, ...], layer: Caller) -> str:
        """What a call is called that stands beside a layer, in whose module it is."""
        last = call.around[-1]
        name = _below(last.path, around[-1].path if around else "")
        return name if last != layer and self._counts[last.turn] == 1 else f"{name}_{call.name}"

    def _scope(self, around: tuple[Caller, ...]) -> Draft:
        scope, above = self.root, ""
        for stack in around:
            found = self._scopes.get(stack.turn)
            if found is None:
                name = _below(stack.path, above)
                if stack.path in self._leaves:
                    name = self._free(scope, name)
                found = self._add(scope, name, None)
                found.taken, found.module = {*self._names.get(stack.path, ())}, stack.path
                self._scopes[stack.turn] = found
                self._leaves.setdefault(stack.path, found)
            scope, above = found, stack.path
        return scope

    def _leaf(self, scope: Draft, name: str, leaf: Caller, found: Said) -> Draft:
        """The node of a module that is one call; where that runs again, a second node."""
        first = self._leaves.get(leaf.path)
        if first is not None:
            place = self._new(scope, name, found)
            place.share = first if found.owns else None
            return place
        self._tensors(scope, found)
        if read := [path for path in found.owns if path in self._owned]:
            raise Unsaid(f"`{read[0]}` is a layer's own, and is read beside it")
        place = self._leaves[leaf.path] = self._add(scope, name, found)
        self._owned |= dict.fromkeys(found.owns, place)
        return place

    def _new(self, scope: Draft, base: str, found: Said) -> Draft:
        """A node that no module stands for."""
        self._tensors(scope, found)
        return self._add(scope, self._free(scope, base), found)

    def _tensors(self, scope: Draft, found: Said) -> None:
        """The nodes of the parameters that a node reads, in its scope where they have none. Raises Unsaid."""
        for tensor in found.tensors:
            if tensor.owned is None or tensor.name in self.made:
                continue
            if tensor.owned in self._owned:
                self.maker(tensor)
                continue
            name = _below(tensor.owned, scope.module)
            self._owned[tensor.owned] = self._add(scope, name, _declared(tensor))

    def _add(self, scope: Draft, name: str, found: Said | None) -> Draft:
        """A node, or a scope. Raises Unsaid where the language has no such name."""
        if (wrong := check_name(name) or check_module_name(name)) is not None:
            raise Unsaid(wrong[0])
        place = Draft(name, scope, found)
        scope.taken.add(name)
        scope.children.append(place)
        return place

    def _free(self, scope: Draft, base: str) -> str:
        """A name that no node of the scope has, and none of the module's children and tensors."""
        base = re.sub(r"\W", "_", base, flags=re.ASCII).lstrip("_")
        base = base if base[:1].isalpha() else f"module_{base}"
        name, count = base, 0
        while name in scope.taken or name == "input" or check_name(name) or check_module_name(name):
            count += 1
            name = f"{base}_{count}"
        scope.taken.add(name)
        return name


def _declared(tensor: TracedTensor) -> Said:
    """A parameter, or a buffer whose numbers come with the weights. Raises Unsaid for numbers that no file has."""
    fields: dict[str, Any] = {"shape": [*tensor.shape]}
    if not tensor.buffer:
        return Said("parameter", {}, fields)
    if not tensor.persistent:
        raise Unsaid(f"it reads `{tensor.owned}`, whose numbers are in no `state_dict`")
    kind = {} if tensor.dtype == "float32" else {"dtype": tensor.dtype}
    return Said("constant", {}, {**fields, "value": 0, **kind, "persistent": True})


def _below(path: str, above: str) -> str:
    """A module's path in one of those around it. Raises Unsaid."""
    if above and not path.startswith(f"{above}."):
        raise Unsaid(f"`{path}` runs inside of `{above}`, where it does not stand")
    return path.removeprefix(f"{above}.") if above else path
