"""Where each call stands in the tree of modules: nodes in scopes, by the names that keep the module's keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import final

import torch

from archdsl.text.names import check_module_name, check_name
from archdsl_torch.importing.calls import said
from archdsl_torch.importing.drafts import Draft, keep_only
from archdsl_torch.importing.fitting import fitted
from archdsl_torch.importing.said import Said, Steps, TiedPaths, Unsaid, constant
from archdsl_torch.importing.stubs import stub, told_of
from archdsl_torch.importing.tracing import Caller, Traced, TracedCall, TracedTensor
from archdsl_torch.importing.wrapping import wrapped
from archdsl_torch.importing.writes import WrittenTensors


@final
class DraftTree:
    """The tree that a trace makes; `failed` are the calls that no op says, and `stubs` those that a stub stands for."""

    def __init__(self, trace: Traced, names: Mapping[str, frozenset[str]], groups: TiedPaths) -> None:
        """`names` are those of each module's children and tensors, by its path."""
        self.root = Draft("", None, taken={*names.get("", ()), *trace.inputs})
        self.made: dict[str, tuple[Draft, int]] = {}
        """The node that makes each tensor, and as which of its outputs."""
        self.failed: list[str] = []
        self.stubs: list[str] = []
        self._names, self._groups = names, groups
        self._scopes: dict[str, Draft] = {}
        """By the turn of the module."""
        self._leaves: dict[str, Draft] = {}
        """The first node or scope of each module, by path."""
        self._owned: dict[str, Draft] = {}
        """The node that has each of the module's tensors, by path."""
        self._declared: set[str] = set()
        """The modules whose own tensors were read, and so declared around them, before they ran."""
        self._holders: dict[str, str] = {}
        """The path by which the first of these has it, by the first of all its paths."""
        self._formulas: set[str] = set()
        """The paths of those that formulas give: no `state_dict` has them."""
        self._memory = WrittenTensors()
        found = [*self._said(trace)]
        self._counts = Counter(s.turn for call, each in found if not _renames(each) for s in call.around)
        self._running = {caller.path for call in trace.calls for caller in call.around}
        self._around = {caller.path for call in trace.calls for caller in call.around[:-1]}
        """The modules in which others run."""
        self._readers = Counter(each.owned for call in trace.calls for each in call.tensors)
        self._wrapped = wrapped(found, groups)
        """The layers of modules that have other calls around them, by turn."""
        for call, each in found:
            if each is not None:
                self._try(call, each)
        self.outputs = [*self._given(trace)]
        """What the network gives, after all that has been written."""
        if not self.failed:
            self._forget_unread()

    @property
    def owned(self) -> frozenset[str]:
        """The paths of the tensors that nodes have, and a `state_dict` holds."""
        return frozenset(self._owned) - self._formulas

    @property
    def held(self) -> frozenset[str]:
        """Of each tensor the one path by which a node has it as its own."""
        return frozenset(self._holders.values())

    def maker(self, tensor: TracedTensor) -> tuple[Draft, int | str]:
        """The node that makes a tensor, or has it, and as which of its outputs, or by which name. Raises Unsaid."""
        if tensor.name in self.made:
            return self.made[tensor.name]
        owned = self._held(tensor.owned or "")
        if owned is None:
            raise Unsaid(f"nothing gives `{tensor.owned or tensor.name}`")
        place = self._owned[owned]
        assert place.said is not None and place.scope is not None
        if place.said.declares:
            return place, 0
        if tensor.buffer:
            raise Unsaid(f"`{tensor.owned}` is a layer's own, and is read beside it")
        return place, _below(owned, f"{place.scope.module}.{place.name}".lstrip("."))

    def _held(self, path: str) -> str | None:
        """By which of its paths a node has a tensor of the module; of several nodes the first."""
        return self._holders.get(self._groups.get(path, (path,))[0])

    def _own(self, path: str, place: Draft) -> None:
        self._owned[path] = place
        if place.said is not None and place.said.declares and "." in place.name:
            self._declared.add(path.rpartition(".")[0])
        self._holders.setdefault(self._groups.get(path, (path,))[0], path)

    def _said(self, trace: Traced) -> Iterator[tuple[TracedCall, Said | Steps | None]]:
        """The calls, each with what it is in the language; None for one of which that says nothing."""
        for call in trace.calls:
            try:
                yield call, said(call)
            except Unsaid as error:
                yield call, self._stub(call, error)

    def _try(self, call: TracedCall, found: Said | Steps) -> None:
        try:
            self._memory.meet(call)
            if isinstance(found, list):
                around, leaf, _ = self._apart(call)
                scope = self._scope(around if leaf is None else (*around, leaf))
                for each, gives in found:
                    self._put(replace(call, gives=(gives,)), each, scope)
            else:
                self._place(call, found)
            for name in call.written:
                around, *_ = self._apart(call)
                make = partial(self._made, around)
                result = self._memory.now(call.gives[0], make)
                self._memory.write(call.argument(name), result, make)
        except Unsaid as error:
            self._fail(call, error)

    def _given(self, trace: Traced) -> Iterator[TracedTensor]:
        """Raises Unsaid."""
        for each in trace.outputs.values() if not self.failed else ():
            tensor = self._memory.now(each, partial(self._made, self.root))
            self._tensors(self.root, Said(None, [tensor]))
            yield tensor

    def _forget_unread(self) -> None:
        """Takes out what has no keys and nothing reads: earlier states of what has been written over."""
        read = {id(self._source(each)) for each in self.outputs}
        for node in reversed([*self.root.nodes()]):
            assert node.said is not None
            if id(node) in read or node.keyed:
                read |= {id(self._source(each)) for each in node.said.tensors}
        keep_only(self.root, read)

    def _source(self, tensor: TracedTensor) -> Draft | None:
        """The node that a tensor comes from; None for an input."""
        found = self.made.get(tensor.name)
        return found[0] if found is not None else self._owned.get(self._held(tensor.owned or "") or "")

    def _stub(self, call: TracedCall, error: Unsaid) -> Said | None:
        """What stands for a call that no op says."""
        try:
            made = stub(call, error)
        except Unsaid:
            self._fail(call, error)
            return None
        self.stubs.append(f"{told_of(call)}: {error}")
        return made

    def _fail(self, call: TracedCall, error: Unsaid) -> None:
        self.failed.append(f"{told_of(call)}: {error}")

    def _place(self, call: TracedCall, found: Said) -> None:
        """As the node of the module that is this call alone, or as one of the nodes of those around it."""
        around, leaf, base = self._apart(call)
        if leaf is None and (idle := self._idle(found)) is not None:
            leaf = Caller(idle, "", idle)
        layer = None if leaf is None else self._layer(found, leaf.path)
        found = found.fed() if layer is None else layer
        own = leaf is not None and self._has_scope(found, leaf.path)
        if leaf is None or own or found.renames or (layer is None and leaf.path in self._declared):
            self._put(call, found, self._scope((*around, leaf) if own and leaf is not None else around), base)
            return
        scope = self._scope(around)
        name = _below(leaf.path, around[-1].path if around else "")
        self._give(call.gives, self._leaf(scope, name, leaf, self._read(scope, found)), call.mode)

    def _has_scope(self, found: Said, module: str) -> bool:
        """Whether a call stands in a scope of its own for its module, which has tensors that it reads."""
        return any((t.owned or "").startswith(f"{module}.") for t in found.tensors) and module not in self._declared

    def _put(self, call: TracedCall, found: Said, scope: Draft, base: str = "") -> None:
        """As a node that no module stands for, called `base` or as its op is, or as another name."""
        found = self._read(scope, found)
        if found.renames:
            self._memory.rename(call.gives[0], found.tensors[0])
        else:
            name = call.name if found.unwritten else found.op or call.name
            self._give(call.gives, self._new(scope, base or name, found), call.mode)

    def _give(self, tensors: Sequence[TracedTensor], place: Draft, mode: str = "") -> None:
        """A node gives these."""
        place.mode = mode
        self.made |= {each.name: (place, number) for number, each in enumerate(tensors)}
        assert place.said is not None
        self._memory.hold(place.said, tensors[0])

    def _read(self, scope: Draft, found: Said) -> Said:
        """With the tensors as they are now."""
        reads, make = found.reads, partial(self._made, scope)
        if isinstance(reads, dict):
            now = {port: self._memory.now(each, make) for port, each in reads.items()}
            needless = found.blank if all(self._is_zero(now[port]) for port in found.blank if port in now) else ()
            return replace(found, reads={port: each for port, each in now.items() if port not in needless})
        return replace(found, reads=[self._memory.now(each, make) for each in reads])

    def _is_zero(self, tensor: TracedTensor) -> bool:
        """Whether it is a constant of zeros."""
        maker = self.made.get(tensor.name, (self.root, 0))[0].said
        return maker is not None and maker.op == "constant" and maker.fields["value"] == 0

    def _made(self, place: Draft | tuple[Caller, ...], found: Said, *gives: TracedTensor) -> None:
        """A node that a write makes, or what is read after it, in a scope or in that of these modules."""
        scope = place if isinstance(place, Draft) else self._scope(place)
        self._give(gives, self._new(scope, found.op or "value", found))

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

    def _idle(self, found: Said) -> str | None:
        """The path of a module that does not run itself, and of which the call's weights are, and no other's."""
        path = next((each.owned or "" for each in found.weights.values()), "").rpartition(".")[0]
        runs = path in self._running or any(self._readers[each.owned] > 1 for each in found.weights.values())
        return None if not path or runs or found.layer(path, self._groups) is None else path

    def _layer(self, found: Said, path: str) -> Said | None:
        """As the layer of the module at a path; None where it is none, or has been read before the layer runs."""
        layer = found.layer(path, self._groups)
        if layer is None or path in self._leaves:
            return layer
        if any(own in self._owned for own in layer.owns):
            return None
        ties = {}
        for own in layer.owns:
            name = _below(own, path)
            holder = self._held(own) or self._declared_apart(own)
            if holder is not None and holder != own:
                ties[name] = replace(found.weights[name], owned=holder)
        return replace(layer, ties=ties)

    def _declared_apart(self, path: str) -> str | None:
        """The path by which no layer that runs has a tensor: that of a module with others in it, or of an idle one."""
        for each in self._groups.get(path, ()):
            holder = each.rpartition(".")[0]
            if holder in self._around or holder not in self._running:
                return each
        return None

    def _beside(self, call: TracedCall, around: tuple[Caller, ...], layer: Caller) -> str:
        """What a call is called that stands beside a layer, in whose module it is."""
        last = call.around[-1]
        name = _below(last.path, around[-1].path if around else "")
        return name if last != layer and self._counts[last.turn] == 1 else f"{name}_{call.name}"

    def keep(self, path: str, tensor: torch.Tensor) -> None:
        """A tensor that no call reads is a key all the same. Raises Unsaid where the layer that has it is one op."""
        if path in self._owned:
            return
        if (other := self._held(path)) is not None:
            raise Unsaid(f"`{path}` is `{other}` by another name, by which no call reads it")
        scope, above = self.root, path.split(".")[:-1]
        for length in range(len(above)):
            inner = self._leaves.get(".".join(above[: length + 1]))
            if inner is None:
                continue
            if inner.said is not None:
                raise Unsaid(f"`{path}` is a tensor of a layer that the language's op has not")
            scope = inner
        kind = str(tensor.dtype).removeprefix("torch.")
        buffer = not isinstance(tensor, torch.nn.Parameter)
        known = TracedTensor(path, tuple(tensor.shape), kind, path, buffer, True)
        self._own(path, self._add(scope, _below(path, scope.module), _declared(known)))

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
        place = self._leaves[leaf.path] = self._add(scope, name, found)
        for path in found.owns:
            self._own(path, place)
        return place

    def _new(self, scope: Draft, base: str, found: Said) -> Draft:
        """A node that no module stands for."""
        self._tensors(scope, found)
        return self._add(scope, self._free(scope, base), found)

    def _tensors(self, scope: Draft, found: Said) -> None:
        """The nodes of the parameters that a node reads, in its scope where they have none. Raises Unsaid."""
        for tensor in (*found.tensors, *found.ties.values()):
            if tensor.owned is None or tensor.name in self.made:
                continue
            if self._held(tensor.owned) is not None:
                self.maker(tensor)
                continue
            path = self._declared_apart(tensor.owned) or tensor.owned
            self._own(path, self._declare(scope, replace(tensor, owned=path), path))

    def _declare(self, scope: Draft, tensor: TracedTensor, path: str) -> Draft:
        """The node of a tensor that is read in a scope: in the nearest one that has it, before what reads it there."""
        if tensor.numbers is not None:
            self._formulas.add(path)
            return self._add(scope, self._free(scope, path.rpartition(".")[2]), _declared(tensor))
        reader: Draft | None = None
        while scope.scope is not None and not path.startswith(f"{scope.module}."):
            reader, scope = scope, scope.scope
        place = self._add(scope, _below(path, scope.module), _declared(tensor))
        if reader is not None:
            scope.children.insert(scope.children.index(reader), scope.children.pop())
        return place

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
    assert tensor.owned is not None
    if not tensor.buffer:
        return Said("parameter", {}, {"shape": [*tensor.shape]}, owns=(tensor.owned,))
    if tensor.numbers is not None:
        return fitted(tensor, tensor.numbers)
    return replace(constant(tensor, 0, persistent=True), owns=(tensor.owned,))


def _renames(found: Said | Steps | None) -> bool:
    return isinstance(found, Said) and found.renames


def _below(path: str, above: str) -> str:
    """A module's path in one of those around it. Raises Unsaid."""
    if above and not path.startswith(f"{above}."):
        raise Unsaid(f"`{path}` runs inside of `{above}`, where it does not stand")
    return path.removeprefix(f"{above}.") if above else path
